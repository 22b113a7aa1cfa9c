// CSV by the short way gives what the tokenizer gives: the same rows, the same errors, and codes that say the same as the text.
using System.Globalization;
using System.Text;
using Millrace.Core;
using Millrace.Formats;
using Millrace.Sql;
using Xunit;

namespace Millrace.Tests.Doors.Formats;

public sealed class LeanRowsTests
{
    private static readonly Schema Columns = new([
        new Field("b", SqlType.BigInt), new Field("i", SqlType.Integer), new Field("d", SqlType.Double), new Field("t", SqlType.Text, Nullable: false),
        new Field("u", SqlType.Text), new Field("z", SqlType.TimestampTz), new Field("s", SqlType.Timestamp), new Field("n", SqlType.NumericOf(10, 2)),
        new Field("f", SqlType.Boolean)]);

    // A delimiter that only the tokenizer takes.
    private static readonly CopyFormat Long = RowReader.Csv with { Delimiter = '~' };

    [Fact]
    public void RandomRowsAreReadAsByTheTokenizer()
    {
        int seed = Environment.GetEnvironmentVariable("MILLRACE_SEED") is { } given ? int.Parse(given, CultureInfo.InvariantCulture) : 1;
        long good = 0;
        long bad = 0;
        for (int round = 0; round < 3000; round++)
        {
            var random = new Random(seed + round);
            bool byName = random.Next(2) == 0;
            string text = RandomText(random, byName);
            (string rows, int rowCount, int badCount) = Read(text.Replace('~', ','), RowReader.Csv, byName, new Random(round));
            (string expected, _, _) = Read(text, Long, byName, new Random(round + 1));
            Assert.True(expected == rows, $"seed {seed + round}, by name {byName}: {text}\nexpected\n{expected}\nfound\n{rows}");
            good += rowCount;
            bad += badCount;
        }

        Assert.True(good > 5000 && bad > 2000, $"{good} good rows, {bad} bad ones: the input is not varied enough");
    }

    [Theory]
    [InlineData("1700000000", 1_700_000_000_000_000)]
    [InlineData("1700000000123", 1_700_000_000_123_000)]
    [InlineData("1700000000123456", 1_700_000_000_123_456)]
    [InlineData("1700000000123456789", 1_700_000_000_123_456)]
    [InlineData("-1700000000", -1_700_000_000_000_000)]
    [InlineData("20240229", 1_709_164_800_000_000)]
    [InlineData("\"1700000000\"", 1_700_000_000_000_000)]
    public void TimesMayBeNumbersInRowsByName(string text, long micros)
    {
        var reader = new RowReader(new Schema([new Field("z", SqlType.TimestampTz)]), RowReader.Csv, HeaderUse.Match, byName: new ByName());
        reader.Write(Encoding.UTF8.GetBytes($"z\n{text}\n"));
        reader.Complete();
        Assert.Equal(micros, ((FixedColumn<long>)reader.TakeBatch().Columns[0]).Values[0]);
    }

    [Fact]
    public void TextThatRepeatsHasCodesAndTextThatDoesNotHasNone()
    {
        var reader = new RowReader(new Schema([new Field("tag", SqlType.Text), new Field("id", SqlType.Text)]), RowReader.Csv);
        var text = new StringBuilder();
        for (int i = 0; i < 40_000; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"host{i % 7},id{i}\n");
        }

        reader.Write(Encoding.UTF8.GetBytes(text.ToString()));
        Batch batch = reader.TakeBatch();
        Assert.Equal(7, ((BytesColumn)batch.Columns[0]).Coded!.Values.Length);
        Assert.Null(((BytesColumn)batch.Columns[1]).Coded);
        Assert.Equal("host3|id39000", $"{TextFormat.ToText(batch.Columns[0], 39_000)}|{TextFormat.ToText(batch.Columns[1], 39_000)}");
    }

    private static (string Rows, int Good, int Bad) Read(string text, CopyFormat format, bool byName, Random random)
    {
        var shown = new StringBuilder();
        int good = 0;
        int bad = 0;
        Column?[] defaults = new Column?[Columns.Count];
        ColumnBuilder seven = ColumnBuilder.For(SqlType.BigInt);
        ((FixedBuilder<long>)seven).Append(7);
        defaults[0] = seven.ToColumn();
        var reader = new RowReader(
            Columns, format, byName ? HeaderUse.Match : HeaderUse.None, skipEmptyLines: byName,
            e =>
            {
                bad++;
                shown.Append(CultureInfo.InvariantCulture, $"{e.Line} {e.Column} {e.Error.SqlState} {e.Error.Message.Replace('~', ',')}\n");
                return true;
            },
            byName: byName ? new ByName(true, defaults) : null);
        byte[] bytes = Encoding.Latin1.GetBytes(text);
        try
        {
            for (int at = 0; at < bytes.Length;)
            {
                int length = Math.Min(bytes.Length - at, random.Next(4) == 0 ? random.Next(1, 5) : random.Next(1, 400));
                reader.Write(bytes.AsSpan(at, length));
                at += length;
            }

            reader.Complete();
        }
        catch (RowException e)
        {
            shown.Append(CultureInfo.InvariantCulture, $"ends {e.Line} {e.Error.SqlState}\n");
        }

        Batch batch = reader.TakeBatch();
        for (int row = 0; row < batch.Count; row++)
        {
            good++;
            shown.AppendJoin('|', batch.Columns.Select(c => TextFormat.ToText(c, row) ?? "null")).Append('\n');
            foreach (BytesColumn column in batch.Columns.OfType<BytesColumn>().Where(c => c.Coded is not null && !c.IsNull(row)))
            {
                Assert.True(column.Span(row).SequenceEqual(column.Coded!.Values.Span(column.Coded.Codes[row])));
            }
        }

        return (shown.ToString(), good, bad);
    }

    private static string RandomText(Random random, bool byName)
    {
        int[] order = [.. Enumerable.Range(0, Columns.Count)];
        var text = new StringBuilder();
        if (byName)
        {
            random.Shuffle(order);
            order = order[..random.Next(Math.Max(1, order.Length - 3), order.Length + 1)];
            text.AppendJoin('~', order.Select(c => random.Next(12) == 0 ? "none" + c : Columns[c].Name)).Append('\n');
        }

        for (int rows = random.Next(1, 15); rows > 0; rows--)
        {
            bool careful = random.Next(2) == 0;
            int fields = random.Next(20) == 0 ? random.Next(order.Length + 2) : order.Length;
            text.AppendJoin('~', Enumerable.Range(0, fields).Select(f => Field(random, f < order.Length ? order[f] : 0, careful))).Append(random.Next(6) == 0 ? "\r\n" : "\n");
        }

        if (random.Next(40) == 0)
        {
            text[random.Next(text.Length)] = "\0\"\n\r\u00ff\\"[random.Next(6)];
        }

        return text.ToString(0, random.Next(5) == 0 ? random.Next(text.Length) : text.Length);
    }

    private static string Field(Random random, int column, bool careful)
    {
        // The first two are good.
        string Pick(params string[] of) => of[random.Next(careful ? 2 : of.Length)];
        if (random.Next(careful ? 150 : 15) == 0)
        {
            return Pick("", "", "x", "\"\"", " ", "\\.", "\r");
        }

        string value = column switch
        {
            0 => Pick("1", "-5", "999999999999999999", "9223372036854775807", "9223372036854775808", "+3", "007", "1.5"),
            1 => Pick("1", "-2147483648", "2147483648", "12", "3"),
            2 => Pick("1.5", "0.1", "-0", "1e5", "1e999", "NaN", "123456789012345678901234567890", ".5", "5."),
            3 => Pick("a", "a", "b", "host 1", "x\"y\"z", "\u00c3\u00a9"),
            4 => Pick("one", "two", "one", "\"q\"\"q\"", "\"two\nlines\""),
            5 => Pick("2026-02-03 04:05:06+00", "2026-02-03T04:05:06.123Z", "2026-02-03 04:05:06.1234567+02", "2026-02-30 00:00:00", "2026-02-03", "infinity", "2026-02-03 04:05+0530"),
            6 => Pick("2026-02-03 04:05:06", "2026-02-03 04:05:06.123456", "2026-02-03 04:05:06+02", "2026-02-03T04:05:06Z", "2026-02-03 04:05"),
            7 => Pick("1.239", "5", "99999999999", "-0.01"),
            _ => Pick("t", "false", "yes", "2"),
        };
        return random.Next(8) == 0 && !value.Contains('"', StringComparison.Ordinal) ? $"\"{value}\"" : value;
    }
}
