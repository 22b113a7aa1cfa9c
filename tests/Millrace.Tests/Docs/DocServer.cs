// A server for one page: SQL goes to it as from psql, commands see its addresses where the page names the usual ones.
using System.Diagnostics;
using System.Net;
using System.Text;
using Millrace.Cli.Sql;
using Millrace.Doors;

namespace Millrace.Tests.Docs;

/// <summary>A database in memory with both doors open, and a folder for the page's commands.</summary>
internal sealed class DocServer : IAsyncDisposable
{
    private static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(60);
    private readonly Database _database;
    private readonly DoorHost _doors;
    private readonly NpgsqlRunner _sql;
    private readonly string _folder;

    private DocServer(Database database, DoorHost doors, NpgsqlRunner sql, string folder)
    {
        (_database, _doors, _sql, _folder) = (database, doors, sql, folder);
        string bin = Directory.CreateDirectory(Path.Combine(_folder, "bin")).FullName;
        string millrace = Path.Combine(bin, "millrace");
        File.WriteAllText(millrace, $"#!/bin/sh\nexec dotnet '{Path.Combine(AppContext.BaseDirectory, "Millrace.Cli.dll")}' \"$@\"\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(millrace, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    /// <summary>The folder of the sources.</summary>
    public static string Root
    {
        get
        {
            string root = AppContext.BaseDirectory;
            while (!File.Exists(Path.Combine(root, "Millrace.slnx")))
            {
                root = Path.GetDirectoryName(root)!;
            }

            return root;
        }
    }

    public static async Task<DocServer> StartAsync()
    {
        string folder = Directory.CreateTempSubdirectory("millrace-docs-").FullName;
        Database database = await Database.OpenInMemoryAsync(new DatabaseOptions { DeliverAlerts = false, FilesFolder = folder });
        DoorHost doors = await DoorHost.StartAsync(database, new DoorHostOptions { Postgres = new IPEndPoint(IPAddress.Loopback, 0), Http = new IPEndPoint(IPAddress.Loopback, 0) });
        return new DocServer(database, doors, await NpgsqlRunner.ConnectAsync(doors.Postgres!.ToString()), folder);
    }

    /// <summary>Runs SQL, statement by statement.</summary>
    /// <param name="sql">The statements.</param>
    /// <param name="fails">What the last one's error says; null when it has none.</param>
    public async Task RunSqlAsync(string sql, string? fails)
    {
        List<DocStep> steps = DocPage.Statements(sql);
        for (int i = 0; i < steps.Count; i++)
        {
            string? error = await RunOneAsync(steps[i]);
            bool isToFail = fails is not null && i == steps.Count - 1;
            if (isToFail ? error?.Contains(fails!, StringComparison.Ordinal) != true : error is not null)
            {
                throw new InvalidOperationException($"{(isToFail ? $"does not fail with \"{fails}\"" : "fails")}: {steps[i].Text}\n{error}");
            }
        }
    }

    private async Task<string?> RunOneAsync(DocStep step)
    {
        using var enough = new CancellationTokenSource(WaitMax);
        var rows = new Rows(enough);
        // A subscription without its first row is one that Npgsql goes on waiting for: those are begun in process, which tells at once.
        bool follows = step.Text.StartsWith("SUBSCRIBE", StringComparison.OrdinalIgnoreCase);
        await using EmbeddedRunner? inProcess = follows ? new EmbeddedRunner(_database.NewSession()) : null;
        try
        {
            await (follows ? (ISqlRunner)inProcess! : _sql).RunAsync(step.Text, rows, enough.Token);
        }
        catch (SqlShellException e)
        {
            return e.Show(step.Text);
        }
        catch (OperationCanceledException) when (rows.IsEndless)
        {
            return null;
        }

        return step.Answer.Count > 0 && !step.Answer.SequenceEqual(rows.Texts) ? $"the page shows\n{string.Join('\n', step.Answer)}\nand the answer is\n{string.Join('\n', rows.Texts)}" : null;
    }

    /// <summary>Runs a command; one that does not end by itself until it has begun to answer.</summary>
    public async Task RunShellAsync(string command)
    {
        if (OperatingSystem.IsWindows() || (command.StartsWith("psql ", StringComparison.Ordinal) && !File.Exists("/usr/bin/psql")))
        {
            return;
        }

        string? waitsFor = command.Contains("curl -N", StringComparison.Ordinal) ? "data:" : command.Contains("millrace serve", StringComparison.Ordinal) ? "ready " : null;
        bool isServer = waitsFor == "ready ";
        command = command.Replace("127.0.0.1:8086", _doors.Http!.ToString(), StringComparison.Ordinal)
            .Replace("127.0.0.1:5433", _doors.Postgres!.ToString(), StringComparison.Ordinal)
            .Replace("-p 5433", $"-p {_doors.Postgres.Port}", StringComparison.Ordinal);
        if (command.StartsWith("curl ", StringComparison.Ordinal))
        {
            command = "curl -sS --fail-with-body" + command[4..];
        }

        var start = new ProcessStartInfo("bash", ["-c", "set -e -o pipefail\n" + command])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = _folder,
        };
        foreach (string inherited in start.Environment.Keys.Where(k => k.StartsWith("MILLRACE_", StringComparison.Ordinal)).ToArray())
        {
            start.Environment.Remove(inherited);
        }

        start.Environment["PATH"] = Path.Combine(_folder, "bin") + ":" + start.Environment["PATH"];
        start.Environment["MILLRACE_HTTP"] = isServer ? "127.0.0.1:0" : _doors.Http.ToString();
        start.Environment["MILLRACE_PG"] = isServer ? "127.0.0.1:0" : _doors.Postgres.ToString();
        start.Environment["MILLRACE_HISTORY"] = "off";
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> error = process.StandardError.ReadToEndAsync();
        var output = new StringBuilder();
        using var limit = new CancellationTokenSource(WaitMax);
        try
        {
            while (await process.StandardOutput.ReadLineAsync(limit.Token) is { } line)
            {
                output.Append(line).Append('\n');
                if (waitsFor is not null && line.StartsWith(waitsFor, StringComparison.Ordinal))
                {
                    return;
                }
            }

            await process.WaitForExitAsync(limit.Token);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
                await process.WaitForExitAsync(CancellationToken.None);
            }
        }

        if (process.ExitCode != 0 || waitsFor is not null)
        {
            throw new InvalidOperationException($"exit code {process.ExitCode}: {command}\n{output}{await error}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _sql.DisposeAsync();
        await _doors.DisposeAsync();
        await _database.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private sealed class Rows(CancellationTokenSource enough) : IResultSink
    {
        public List<string> Texts { get; } = [];

        public bool IsEndless { get; private set; }

        public void Begin(ResultColumns columns, bool endless)
        {
            Texts.Clear();
            if (endless)
            {
                // That it has begun is enough: it would go on for ever.
                IsEndless = true;
                enough.Cancel();
            }
        }

        public void Row(string?[] values) => Texts.Add(string.Join('|', values));

        public void End(string? tag)
        {
        }

        public void Notice(string text)
        {
        }
    }
}
