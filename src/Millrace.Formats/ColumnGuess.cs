// Columns for data that has none yet: names from the header or the keys, types from a look at the first rows.
using System.Buffers.Text;
using System.Text.Json;

namespace Millrace.Formats;

/// <summary>Guesses columns. A guess that later rows do not keep to is an error there, with file and line.</summary>
internal static class ColumnGuess
{
    /// <summary>Rows that are looked at.</summary>
    public const int RowsMax = 1000;

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

    /// <summary>Columns of CSV, with a type of SQL for each.</summary>
    /// <param name="columns">Names of the fields.</param>
    /// <param name="sample">The first rows, without the header.</param>
    /// <param name="delimiter">Between fields.</param>
    /// <param name="isWhole">False when the sample may end within a row.</param>
    public static List<(string Name, string Type)> OfCsv(IReadOnlyList<string> columns, ReadOnlySpan<byte> sample, byte delimiter = (byte)',', bool isWhole = true) =>
        Types(Csv(columns, sample, delimiter, isWhole));

    /// <summary>Columns of NDJSON, in the order in which they are seen first, with a type of SQL for each.</summary>
    /// <param name="sample">The first rows.</param>
    public static List<(string Name, string Type)> OfJson(ReadOnlySpan<byte> sample) => Types(Json(sample));

    private static List<(string Name, string Type)> Types(List<(string Name, Can Can)> seen) => [.. seen.Select(c => (c.Name, TypeOf(c.Name, c.Can)))];

    private static List<(string, Can)> Csv(IReadOnlyList<string> columns, ReadOnlySpan<byte> sample, byte delimiter, bool isWhole)
    {
        var can = new Can[columns.Count];
        Array.Fill(can, Can.All);
        var record = new CsvTokenizer(delimiter, (byte)'"', (byte)'"', "");
        for (int row = 0; row < RowsMax && record.TryRead(sample, final: isWhole, out int used); row++)
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
}
