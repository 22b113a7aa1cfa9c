// millrace import FILE…: CSV, NDJSON and line protocol, plain or gzip, into a running server or a folder.
using System.CommandLine;
using Millrace.Doors.LineProtocol;

namespace Millrace.Cli.Import;

/// <summary>Loads files, in order, and shows how far it is.</summary>
internal static class ImportVerb
{
    public static Command Command()
    {
        var files = new Argument<string[]>("FILE") { Description = "Files to load, plain or gzip; - is standard input", Arity = ArgumentArity.OneOrMore };
        var into = new Option<string?>("--into") { Description = "The stream or table (default: the file's name); made from a look at the data when there is none", HelpName = "NAME" };
        var server = new Option<string?>("--server") { Description = $"The HTTP door of a server (default 127.0.0.1:{KnownDoors.Http.Port})", HelpName = "HOST:PORT" };
        var data = new Option<string?>("--data") { Description = "Load into this folder in process instead; no server may have it open", HelpName = "DIR" };
        var format = new Option<string?>("--format") { Description = "csv, ndjson or lines (default: by the file's name)" };
        format.AcceptOnlyFromAmong("csv", "ndjson", "lines");
        var columns = new Option<string?>("--columns") { Description = "Names for CSV without a header line", HelpName = "A,B" };
        var key = new Option<string?>("--key") { Description = "For a new stream: the columns that name a series", HelpName = "A,B" };
        var time = new Option<string?>("--time") { Description = "For a new stream: its event time (default: the first column of times)", HelpName = "COLUMN" };
        var precision = new Option<string>("--precision") { Description = "Unit of line protocol's timestamps: ns, us, ms, s, m or h", DefaultValueFactory = _ => "ns" };
        var onError = new Option<string>("--on-error") { Description = "fail: stop at the first bad row; skip: tell it and go on", DefaultValueFactory = _ => "fail" };
        onError.AcceptOnlyFromAmong("fail", "skip");
        var unknown = new Option<string>("--unknown") { Description = "error or ignore: what a field without a column is", DefaultValueFactory = _ => "error" };
        unknown.AcceptOnlyFromAmong("error", "ignore");
        var command = new Command("import", "Load CSV, NDJSON or line protocol, plain or gzip") { files, into, server, data, format, columns, key, time, precision, onError, unknown };
        command.SetAction((parsed, cancellation) => RunAsync(
            parsed.GetValue(files)!,
            parsed.GetValue(server),
            parsed.GetValue(data),
            new ImportOptions
            {
                Into = parsed.GetValue(into),
                Format = parsed.GetValue(format) is { } name ? ImportOptions.FormatOf(name) : null,
                Columns = parsed.GetValue(columns)?.Split(',', StringSplitOptions.TrimEntries),
                Key = parsed.GetValue(key),
                Time = parsed.GetValue(time),
                Precision = parsed.GetValue(precision)!,
                Skip = parsed.GetValue(onError) == "skip",
                IgnoreUnknown = parsed.GetValue(unknown) == "ignore",
            },
            cancellation));
        return command;
    }

    private static async Task<int> RunAsync(string[] files, string? server, string? data, ImportOptions options, CancellationToken cancellation)
    {
        if (server is not null && data is not null)
        {
            throw new UsageException("give --server or --data, not both");
        }

        if (!LineTime.TryParse(options.Precision, out _))
        {
            throw new UsageException($"precision {options.Precision} is none of ns, us, ms, s, m, h");
        }

        // What is wrong with a file's name or format is said before anything is loaded.
        ImportSource[] sources = [.. files.Select(f => ImportSource.Of(f, options))];
        string address = server ?? Environment.GetEnvironmentVariable("MILLRACE_HTTP") ?? $"127.0.0.1:{KnownDoors.Http.Port}";
        await using IImportTarget target = data is not null
            ? await EmbeddedTarget.OpenAsync(data, options, cancellation)
            : await ServerTarget.ConnectAsync(address, options, cancellation);
        var run = new ImportRun(target, options);
        await ImportProgress.ShowAsync(run, sources, cancellation);
        return Exit.Done;
    }
}
