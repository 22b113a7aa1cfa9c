// What an import was asked for.
namespace Millrace.Cli.Import;

/// <summary>Layouts of a file.</summary>
internal enum ImportFormat
{
    Csv,
    Ndjson,
    Lines,
}

/// <summary>Settings of <c>millrace import</c>.</summary>
internal sealed record ImportOptions
{
    public string? Into { get; init; }

    public ImportFormat? Format { get; init; }

    /// <summary>Names for CSV without a header line.</summary>
    public string[]? Columns { get; init; }

    public string? Key { get; init; }

    public string? Time { get; init; }

    public string Precision { get; init; } = "ns";

    /// <summary>Bad rows are told and left out, instead of ending the import.</summary>
    public bool Skip { get; init; }

    public bool IgnoreUnknown { get; init; }

    /// <summary>The layout that a name on the command line or the end of a file's name stands for.</summary>
    public static ImportFormat? FormatOf(string name) => name switch
    {
        "csv" => ImportFormat.Csv,
        "ndjson" or "jsonl" => ImportFormat.Ndjson,
        "lines" or "lp" or "line" or "influx" => ImportFormat.Lines,
        _ => null,
    };
}

/// <summary>A file to load, its layout, and where its rows go.</summary>
/// <param name="Path">Its path; - is standard input.</param>
/// <param name="Format">Its layout.</param>
/// <param name="Into">The stream or table; not looked at for line protocol, whose lines name theirs.</param>
internal sealed record ImportSource(string Path, ImportFormat Format, string Into)
{
    public bool IsStandardInput => Path == "-";

    public static ImportSource Of(string path, ImportOptions options)
    {
        string name = System.IO.Path.GetFileName(path);
        name = name.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? name[..^3] : name;
        ImportFormat format = options.Format ?? ImportOptions.FormatOf(System.IO.Path.GetExtension(name).TrimStart('.').ToLowerInvariant())
            ?? throw new UsageException($"{path}: its name does not say what is in it; give --format csv, ndjson or lines");
        if (path != "-" && !File.Exists(path))
        {
            throw new UsageException($"there is no file {path}");
        }

        string into = options.Into ?? System.IO.Path.GetFileNameWithoutExtension(name);
        return into.Length > 0 && into != "-" || format == ImportFormat.Lines ? new ImportSource(path, format, into)
            : throw new UsageException("standard input has no name: say with --into where the rows go");
    }
}
