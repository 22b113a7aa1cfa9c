// A stream for data that has none yet: names from the header, types from a look at the first rows.
using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Millrace.Doors.Formats;
using Millrace.Doors.LineProtocol;
using Millrace.Sql;

namespace Millrace.Cli.Import;

/// <summary>Guesses columns. A guess that later rows do not keep to is an error there, with file and line.</summary>
internal static class SchemaGuess
{
    private const int RowsMax = 1000;
    private static readonly string[] TimeNames = ["time", "timestamp", "ts"];

    [Flags]
    private enum Can
    {
        Nothing = 0,
        Boolean = 1,
        Integer = 2,
        Double = 4,
        Time = 8,
        Epoch = 16,
        Json = 32,
        All = 63,
    }

    /// <summary>The statement that makes the stream.</summary>
    /// <param name="source">The file.</param>
    /// <param name="columns">Names of CSV's fields.</param>
    /// <param name="sample">The first rows.</param>
    /// <param name="options">Event time and key, where they were given.</param>
    public static string Statement(ImportSource source, IReadOnlyList<string> columns, ReadOnlySpan<byte> sample, ImportOptions options)
    {
        List<(string Name, Can Can)> seen = source.Format == ImportFormat.Csv ? Csv(columns, sample) : Json(sample);
        if (seen.Count == 0)
        {
            throw new ImportException($"{source.Path} has no rows to make the stream \"{source.Into}\" from; create it first");
        }

        List<(string Name, string Type)> types = [.. seen.Select(c => (c.Name, TypeOf(c.Name, c.Can)))];
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

    private static List<(string, Can)> Csv(IReadOnlyList<string> columns, ReadOnlySpan<byte> sample)
    {
        var can = new Can[columns.Count];
        Array.Fill(can, Can.All);
        var record = new CsvTokenizer((byte)',', (byte)'"', (byte)'"', "");
        for (int row = 0; row < RowsMax && record.TryRead(sample, final: true, out int used); row++)
        {
            for (int i = 0; i < Math.Min(record.Count, can.Length); i++)
            {
                if (!record.IsNull(i))
                {
                    can[i] &= Of(record.Get(sample, i)) & ~Can.Json;
                }
            }

            sample = sample[used..];
        }

        return [.. columns.Select((name, i) => (name, can[i] == Can.All ? Can.Nothing : can[i]))];
    }

    private static List<(string, Can)> Json(ReadOnlySpan<byte> sample)
    {
        var seen = new List<(string Name, Can Can)>();
        for (int row = 0; row < RowsMax && !sample.IsEmpty; row++)
        {
            int end = sample.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = end < 0 ? sample : sample[..end];
            sample = end < 0 ? [] : sample[(end + 1)..];
            try
            {
                JsonRow(line, seen);
            }
            catch (JsonException)
            {
                // The import itself says what is wrong with it.
            }
        }

        return [.. seen.Select(c => (c.Name, c.Can == Can.All ? Can.Nothing : c.Can))];
    }

    private static void JsonRow(ReadOnlySpan<byte> line, List<(string Name, Can Can)> seen)
    {
        if (line.Trim(" \t\r"u8).IsEmpty)
        {
            return;
        }

        var reader = new Utf8JsonReader(line);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.GetString()!;
            reader.Read();
            Can can = reader.TokenType switch
            {
                JsonTokenType.Null => Can.All,
                JsonTokenType.True or JsonTokenType.False => Can.Boolean,
                JsonTokenType.Number => Of(reader.ValueSpan) & (Can.Integer | Can.Double | Can.Epoch),
                JsonTokenType.String => Of(reader.ValueSpan) & Can.Time,
                _ => Can.Json,
            };
            reader.Skip();
            int at = seen.FindIndex(c => c.Name == name);
            if (at < 0)
            {
                seen.Add((name, can));
            }
            else
            {
                seen[at] = (name, seen[at].Can & can);
            }
        }
    }

    private static Can Of(ReadOnlySpan<byte> text)
    {
        Can can = Can.Nothing;
        if (text.SequenceEqual("true"u8) || text.SequenceEqual("false"u8) || text.SequenceEqual("t"u8) || text.SequenceEqual("f"u8))
        {
            can |= Can.Boolean;
        }

        // 007 is more likely a name than a number.
        ReadOnlySpan<byte> digits = text.StartsWith("-"u8) ? text[1..] : text;
        if (Utf8Parser.TryParse(text, out double number, out int used) && used == text.Length && double.IsFinite(number) && !(digits.Length > 1 && digits[0] == '0' && digits[1] != '.'))
        {
            can |= Can.Double;
            if (Utf8Parser.TryParse(text, out long _, out int whole) && whole == text.Length)
            {
                can |= Can.Integer;
            }
        }

        can |= IsoTime.TryParse(text, out _) ? Can.Time : Can.Nothing;
        can |= TextValue.TryEpoch(text, out _) ? Can.Epoch : Can.Nothing;
        return can;
    }

    private static string TypeOf(string name, Can can) =>
        can.HasFlag(Can.Epoch) && TimeNames.Contains(name.ToLowerInvariant()) ? "timestamptz"
        : can.HasFlag(Can.Integer) ? "bigint"
        : can.HasFlag(Can.Double) ? "double precision"
        : can.HasFlag(Can.Time) ? "timestamptz"
        : can.HasFlag(Can.Boolean) ? "boolean"
        : can.HasFlag(Can.Json) ? "jsonb"
        : "text";

    private static string Literal(string text) => "'" + text.Replace("'", "''", StringComparison.Ordinal) + "'";
}
