// millrace backup TARGET: copies a live database, or a folder that no server has open, into a new folder.
using System.CommandLine;
using System.Globalization;
using Millrace.Cli.Sql;
using Millrace.Core.Io;

namespace Millrace.Cli;

/// <summary>Asks a server with <c>BACKUP TO</c> and watches <c>millrace.backup</c>; with --data it opens the folder itself.</summary>
internal static class BackupVerb
{
    public static Command Command()
    {
        var target = new Argument<string>("TARGET") { Description = "The backup's folder, on the server's machine: empty, or made" };
        var server = new Argument<string?>("SERVER") { Description = "[USER@]HOST:PORT of a server (default 127.0.0.1:5433)", Arity = ArgumentArity.ZeroOrOne };
        var data = new Option<string?>("--data") { Description = "Back up this data folder, which no server has open", HelpName = "DIR" };
        var command = new Command("backup", "Copy a live database into a folder, as of one epoch; writes go on meanwhile") { target, server, data };
        command.SetAction((parsed, cancellation) => RunAsync(Path.GetFullPath(parsed.GetValue(target)!), parsed.GetValue(server), parsed.GetValue(data), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(string target, string? server, string? data, CancellationToken cancellation)
    {
        if (server is not null && data is not null)
        {
            throw new UsageException("give a server or --data, not both");
        }

        if (data is not null)
        {
            return await OfFolderAsync(target, data, cancellation);
        }

        string address = server ?? Environment.GetEnvironmentVariable("MILLRACE_PG") ?? $"127.0.0.1:{KnownDoors.Postgres.Port}";
        await using ISqlRunner runner = await NpgsqlRunner.ConnectAsync(address);
        await using ISqlRunner watcher = await NpgsqlRunner.ConnectAsync(address);
        var answer = new Lines();
        Task work = runner.RunAsync($"BACKUP TO '{target.Replace("'", "''", StringComparison.Ordinal)}'", answer, cancellation);
        var bar = new ByteProgress("backup");
        while (await Task.WhenAny(work, Task.Delay(300, cancellation)) != work)
        {
            var row = new Lines();
            await watcher.RunAsync("SELECT bytes_done, bytes_total FROM millrace.backup WHERE state = 'running'", row, cancellation);
            if (row.Rows is [[{ } done, { } total]])
            {
                bar.Show(long.Parse(done, CultureInfo.InvariantCulture), long.Parse(total, CultureInfo.InvariantCulture));
            }
        }

        bar.End();
        try
        {
            await work;
        }
        catch (SqlShellException e)
        {
            throw new Millrace.Core.SqlException(e.SqlState, e.Message, hint: e.Hint);
        }

        answer.Notices.ForEach(Console.WriteLine);
        return answer.Notices.Count > 1 ? Exit.Damaged : Exit.Done;
    }

    private static async Task<int> OfFolderAsync(string target, string data, CancellationToken cancellation)
    {
        if (!Directory.Exists(data))
        {
            throw new DataFolderException($"there is no folder {data}");
        }

        await using Database db = await Database.OpenAsync(data, new DatabaseOptions { DeliverAlerts = false, RunGenerators = false }, cancellation);
        Task<BackupReport> work = db.BackupAsync(target, cancellation);
        var bar = new ByteProgress("backup");
        while (await Task.WhenAny(work, Task.Delay(300, cancellation)) != work)
        {
            if (db.LastBackup is { } now)
            {
                bar.Show(now.BytesDone, now.BytesTotal);
            }
        }

        bar.End();
        BackupReport report = await work;
        report.Lines(target).ToList().ForEach(Console.WriteLine);
        return report.Missing.Count > 0 ? Exit.Damaged : Exit.Done;
    }

    private sealed class Lines : IResultSink
    {
        public List<string> Notices { get; } = [];

        public List<string?[]> Rows { get; } = [];

        public void Begin(ResultColumns columns, bool endless)
        {
        }

        public void Row(string?[] values) => Rows.Add(values);

        public void End(string? tag)
        {
        }

        public void Notice(string text) => Notices.Add(text);
    }
}

/// <summary>How far something is, on a terminal; nothing when standard error is a file.</summary>
internal sealed class ByteProgress(string what)
{
    private bool _shown;

    public void Show(long done, long total)
    {
        if (!Console.IsErrorRedirected)
        {
            _shown = true;
            Console.Error.Write(string.Create(CultureInfo.InvariantCulture, $"\r{what}: {(total == 0 ? 100 : 100 * done / total),3} %  {done / 1e6:N1} of {total / 1e6:N1} MB "));
        }
    }

    public void End()
    {
        if (_shown)
        {
            Console.Error.WriteLine();
        }
    }
}
