// A stream for data that has none yet: names from the header, types from a look at the first rows.
using System.Text;
using Millrace.Doors.LineProtocol;
using Millrace.Formats;
using Millrace.Sql;

namespace Millrace.Cli.Import;

/// <summary>Makes the statement of such a stream. A guess that later rows do not keep to is an error there, with file and line.</summary>
internal static class SchemaGuess
{
    /// <summary>The statement that makes the stream.</summary>
    /// <param name="source">The file.</param>
    /// <param name="columns">Names of CSV's fields.</param>
    /// <param name="sample">The first rows.</param>
    /// <param name="options">Event time and key, where they were given.</param>
    public static string Statement(ImportSource source, IReadOnlyList<string> columns, ReadOnlySpan<byte> sample, ImportOptions options)
    {
        List<(string Name, string Type)> types = source.Format == ImportFormat.Csv ? ColumnGuess.OfCsv(columns, sample) : ColumnGuess.OfJson(sample);
        if (types.Count == 0)
        {
            throw new ImportException($"{source.Path} has no rows to make the stream \"{source.Into}\" from; create it first");
        }

        string? time = options.Time ?? types.FirstOrDefault(t => t.Type == "timestamptz").Name;
        var sql = new StringBuilder("CREATE STREAM ").Append(KeyOption.Quoted(source.Into)).Append(" (");
        sql.AppendJoin(", ", types.Select(t => $"{KeyOption.Quoted(t.Name)} {t.Type}")).Append(')');
        List<string> with = [];
        if (time is not null)
        {
            with.Add($"event_time = {Literal(time)}");
            with.Add($"watermark_delay = '{LineWriter.WatermarkDelay}'");
        }

        if (options.Key is not null)
        {
            with.Add($"key = {Literal(options.Key)}");
        }

        return with.Count == 0 ? sql.ToString() : sql.Append(" WITH (").AppendJoin(", ", with).Append(')').ToString();
    }

    private static string Literal(string text) => "'" + text.Replace("'", "''", StringComparison.Ordinal) + "'";
}
