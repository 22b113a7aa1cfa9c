// millrace sql: statements from the command line, a file, standard input or a prompt.
using System.CommandLine;
using Millrace.Cli.Sql;

namespace Millrace.Cli;

/// <summary>Runs SQL against a server, or with --data inside this process on a folder.</summary>
internal static class SqlVerb
{
    public static Command Command()
    {
        var server = new Argument<string?>("SERVER") { Description = "[USER@]HOST:PORT of a server (default 127.0.0.1:5433); MILLRACE_PASSWORD is the password", Arity = ArgumentArity.ZeroOrOne };
        var data = new Option<string?>("--data") { Description = "Use this data folder in process instead of a server", HelpName = "DIR" };
        var text = new Option<string[]>("-c", "--command") { Description = "Run these statements and end", HelpName = "SQL", Arity = ArgumentArity.OneOrMore };
        var file = new Option<string?>("-f", "--file") { Description = "Run the statements of this file and end", HelpName = "FILE" };
        var format = new Option<OutputFormat>("--format") { Description = "table, csv or json", DefaultValueFactory = _ => OutputFormat.Table };
        var spark = new Option<bool>("--spark") { Description = "Draw arrays of numbers as sparklines in tables" };
        var command = new Command("sql", "Run SQL: -c, -f, standard input, or a prompt") { server, data, text, file, format, spark };
        command.SetAction((parsed, cancellation) => RunAsync(
            parsed.GetValue(server), parsed.GetValue(data), parsed.GetValue(text) ?? [], parsed.GetValue(file), parsed.GetValue(format), parsed.GetValue(spark), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(
        string? server, string? data, string[] texts, string? file, OutputFormat format, bool spark, CancellationToken cancellation)
    {
        if (server is not null && data is not null)
        {
            throw new UsageException("give a server or --data, not both");
        }

        if (server?.StartsWith('-') == true)
        {
            throw new UsageException($"there is no option {server}; --help tells which there are");
        }

        var scripts = new List<string>(texts);
        if (file is not null)
        {
            scripts.Add(await File.ReadAllTextAsync(file, cancellation));
        }

        string address = server ?? Environment.GetEnvironmentVariable("MILLRACE_PG") ?? $"127.0.0.1:{KnownDoors.Postgres.Port}";
        await using ISqlRunner runner = data is not null ? await EmbeddedRunner.OpenAsync(data) : await NpgsqlRunner.ConnectAsync(address);
        if (scripts.Count == 0)
        {
            if (!Console.IsInputRedirected)
            {
                return await Prompt.RunAsync(runner, format, spark);
            }

            scripts.Add(await Console.In.ReadToEndAsync(cancellation));
        }

        // In a terminal an answer is followed in place; in a pipe every change is a line.
        (ResultPrinter printer, LiveScreen screen) = Prompt.Printers(format, spark);
        using LiveScreen drawn = screen;
        IResultSink sink = format == OutputFormat.Table && !Console.IsOutputRedirected ? drawn : printer;
        foreach (string script in scripts)
        {
            try
            {
                await ShellScript.RunAsync(runner, script, sink, cancellation);
            }
            catch (SqlShellException e)
            {
                await Console.Out.FlushAsync(cancellation);
                await Console.Error.WriteLineAsync(e.Show(script));
                return Exit.Failed;
            }
        }

        return Exit.Done;
    }
}
