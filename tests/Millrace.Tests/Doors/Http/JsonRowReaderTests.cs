// JSON into columns: every type, every cut, every kind of bad input.
using System.Text;
using Millrace.Core;
using Millrace.Formats;
using Xunit;

namespace Millrace.Tests.Doors.Http;

public sealed class JsonRowReaderTests
{
    private static readonly Schema Types = new(
    [
        new("id", SqlType.BigInt, Nullable: false), new("small", SqlType.SmallInt), new("name", SqlType.Text), new("price", SqlType.Double),
        new("ok", SqlType.Boolean), new("at", SqlType.TimestampTz), new("tags", SqlType.ArrayOf(SqlType.Integer)),
        new("pos", SqlType.RowOf([new("x", SqlType.Integer), new("y", SqlType.Integer)])),
    ]);

    [Fact]
    public void FieldsGoToTheColumnsOfTheirNames()
    {
        Batch rows = ReadLines("""
            {"id":1,"small":-3,"name":"a\"bü\u00e9","price":1.5,"ok":true,"at":"2026-01-02T03:04:05.678Z","tags":[1,null,3],"pos":{"y":2,"x":1}}

            { "name" : "b" , "id" : "2", "price" : 7, "ok":0 }
            {"id":3.0,"at":"2026-01-02 05:04:05+02","name":{"raw": [1]},"tags":[]}
            """);
        Assert.Equal(3, rows.Count);
        Assert.Equal([1, 2, 3], Longs(rows, 0));
        Assert.Equal("a\"büé", ((BytesColumn)rows.Columns[2]).Slice(0).ToString());
        Assert.Equal("{\"raw\": [1]}", ((BytesColumn)rows.Columns[2]).Slice(2).ToString());
        Assert.True(rows.Columns[1].IsNull(1));
        Assert.Equal(7, ((FixedColumn<double>)rows.Columns[3]).Values[1]);
        Assert.Equal(Micros("2026-01-02T03:04:05.678"), ((FixedColumn<long>)rows.Columns[5]).Values[0]);
        Assert.Equal(Micros("2026-01-02T03:04:05"), ((FixedColumn<long>)rows.Columns[5]).Values[2]);
        var tags = (ListColumn)rows.Columns[6];
        Assert.Equal([0, 3, 3, 3], tags.Offsets[..4]);
        Assert.True(tags.Elements.IsNull(1));
        Assert.True(tags.IsNull(1));
        Assert.Equal(2, ((FixedColumn<int>)((RowColumn)rows.Columns[7]).Fields[1]).Values[0]);
    }

    [Theory]
    [InlineData("1700000000", "2023-11-14T22:13:20")]
    [InlineData("1700000000.25", "2023-11-14T22:13:20.25")]
    [InlineData("1700000000123", "2023-11-14T22:13:20.123")]
    [InlineData("1700000000123456", "2023-11-14T22:13:20.123456")]
    [InlineData("1700000000123456789", "2023-11-14T22:13:20.123456")]
    [InlineData("-1", "1969-12-31T23:59:59")]
    [InlineData("\"2023-11-14T22:13:20Z\"", "2023-11-14T22:13:20")]
    [InlineData("\"2023-11-14T22:13\"", "2023-11-14T22:13:00")]
    [InlineData("\"2023-11-14T22:13:20.1234567+01:30\"", "2023-11-14T20:43:20.123457")]
    public void TimesAreIsoOrEpochNumbers(string json, string expected)
    {
        Batch rows = ReadLines($$"""{"id":1,"at":{{json}}}""");
        Assert.Equal(Micros(expected), ((FixedColumn<long>)rows.Columns[5]).Values[0]);
    }

    [Theory]
    [InlineData("{\"id\":1", 1, null, "not JSON")]
    [InlineData("{\"id\":1}\n{\"id\":2,}\n", 2, null, "not JSON at byte 9")]
    [InlineData("{\"id\":1}\n\n[1]", 3, null, "a row is a JSON object, this is an array")]
    [InlineData("{\"id\":1} {\"id\":2}", 1, null, "not JSON at byte 10")]
    [InlineData("{\"id\":\"x\"}", 1, "id", "\"x\"")]
    [InlineData("{\"id\":1.5}", 1, "id", "1.5 cannot be read as bigint")]
    [InlineData("{\"id\":9223372036854775808}", 1, "id", "out of range")]
    [InlineData("{\"id\":1,\"small\":40000}", 1, "small", "40000 is out of range for type smallint")]
    [InlineData("{\"id\":1,\"price\":1e9999}", 1, "price", "1e9999 is out of range")]
    [InlineData("{\"id\":1,\"name\":\"\\ud800\"}", 1, "name", "surrogate")]
    [InlineData("{\"id\":1,\"name\":\"\\u0000\"}", 1, "name", "\\u0000")]
    [InlineData("{\"id\":1,\"id\":2}", 1, "id", "given twice")]
    [InlineData("{\"id\":1,\"nmae\":\"b\"}", 1, null, "there is no column \"nmae\"")]
    [InlineData("{\"name\":\"b\"}", 1, "id", "null value in column \"id\"")]
    [InlineData("{\"id\":1,\"ok\":\"maybe\"}", 1, "ok", "maybe")]
    [InlineData("{\"id\":1,\"tags\":[1,\"x\"]}", 1, "tags", "x")]
    [InlineData("{\"id\":1,\"pos\":{\"x\":1,\"z\":2}}", 1, "pos", "\"z\"")]
    [InlineData("{\"id\":1,\"ok\":{}}", 1, "ok", "an object cannot be read as boolean")]
    public void ABadRowNamesItsLineAndReason(string body, int line, string? column, string reason)
    {
        RowException error = Assert.Throws<RowException>(() => ReadLines(body));
        Assert.Equal(line, error.Line);
        Assert.Equal(column, error.Column);
        Assert.Contains(reason, error.Error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("LineNumber", error.Error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AMisspeltNameIsHelped() =>
        Assert.Contains("did you mean \"name\"?", Assert.Throws<RowException>(() => ReadLines("{\"id\":1,\"nmae\":\"b\"}")).Error.Hint, StringComparison.Ordinal);

    [Fact]
    public void InvalidUtf8IsRefused()
    {
        byte[] body = [.. "{\"id\":1,\"name\":\""u8, 0xC3, 0x28, .. "\"}"u8];
        Assert.Throws<RowException>(() => Read(body, lines: true, piece: 1000));
    }

    [Fact]
    public void DepthIsBounded()
    {
        string deep = string.Concat(Enumerable.Repeat("[", 10_000)) + string.Concat(Enumerable.Repeat("]", 10_000));
        Assert.Throws<RowException>(() => ReadLines($$"""{"id":1,"name":{{deep}}}"""));
    }

    [Fact]
    public void GoodRowsSurviveBadOnes()
    {
        var bad = new List<long>();
        var reader = new JsonRowReader(Types, lines: true, onBadRow: e => { bad.Add(e.Line); return true; });
        reader.Write("{\"id\":1,\"tags\":[1,2]}\n{\"id\":2,\"tags\":[5,\"x\"]}\n{\"id\":3,\"name\":\"q\",\"pos\":{\"x\":\"u\"}}\noops\n{\"id\":5,\"tags\":[9]}"u8);
        reader.Complete();
        Batch rows = reader.Rows.ToBatch();
        Assert.Equal([2, 3, 4], bad);
        Assert.Equal(3, reader.Skipped);
        Assert.Equal([1, 5], Longs(rows, 0));
        var tags = (ListColumn)rows.Columns[6];
        Assert.Equal([1, 2, 9], ((FixedColumn<int>)tags.Elements).Values[..3]);
    }

    [Theory]
    [InlineData("{\"id\":1}", 1)]
    [InlineData(" [ {\"id\":1} ,\n {\"id\":2,\"name\":\"]}[{\\\"\"} ] \n", 2)]
    [InlineData("[]", 0)]
    [InlineData("\uFEFF[{\"id\":1}]", 1)]
    public void ADocumentIsAnObjectOrAnArray(string body, int rows)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(body);
        for (int piece = 1; piece <= bytes.Length; piece++)
        {
            Assert.Equal(rows, Read(bytes, lines: false, piece).Count);
        }
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("7", "neither")]
    [InlineData("[{\"id\":1}", "ends before")]
    [InlineData("[{\"id\":1},]", "missing between commas")]
    [InlineData("[,{\"id\":1}]", "missing between commas")]
    [InlineData("[{\"id\":1} {\"id\":2}]", "separated by commas")]
    [InlineData("{\"id\":1}\n{\"id\":2}", "follows")]
    [InlineData("[{\"id\":1}]]", "follows")]
    [InlineData("[{\"id\":1", "middle of a row")]
    [InlineData("[1,2]", "a row is a JSON object, this is a number")]
    [InlineData("[}]", "bracket")]
    public void ABrokenDocumentIsRefusedAtEveryCut(string body, string reason)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(body);
        for (int piece = 1; piece <= bytes.Length; piece++)
        {
            Assert.Contains(reason, Assert.Throws<RowException>(() => Read(bytes, lines: false, piece)).Error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void ErrorsInAnArrayNameTheirLine()
    {
        RowException error = Assert.Throws<RowException>(() => Read("[\n{\"id\":1},\n\n{\"id\":\n\"x\"}]"u8.ToArray(), lines: false, piece: 3));
        Assert.Equal(4, error.Line);
    }

    [Fact]
    public void CutsChangeNothing()
    {
        byte[] body = Encoding.UTF8.GetBytes("{\"id\":1,\"name\":\"x\\\"y\"}\r\n{\"id\":2,\"tags\":[1]}\n\n{\"id\":3}");
        for (int piece = 1; piece <= body.Length; piece++)
        {
            Assert.Equal([1, 2, 3], Longs(Read(body, lines: true, piece), 0));
        }
    }

    [Fact]
    public void RandomBytesGiveErrorsAndNothingElse()
    {
        var random = new Random(1);
        byte[] alphabet = "{}[]\",:\\ntrue1.e-id \n\u00e9"u8.ToArray();
        for (int round = 0; round < 20_000; round++)
        {
            byte[] body = new byte[random.Next(40)];
            for (int i = 0; i < body.Length; i++)
            {
                body[i] = alphabet[random.Next(alphabet.Length)];
            }

            try
            {
                Read(body, lines: round % 2 == 0, piece: 1 + random.Next(10));
            }
            catch (RowException)
            {
                // The only way out besides rows.
            }
        }
    }

    [Fact]
    public void ARowIsBounded()
    {
        var reader = new JsonRowReader(Types, lines: true, recordBytesMax: 1000);
        RowException error = Assert.Throws<RowException>(() =>
        {
            for (int i = 0; i < 100; i++)
            {
                reader.Write(new byte[100]);
            }
        });
        Assert.Equal("54000", error.Error.SqlState);
    }

    private static Batch ReadLines(string body) => Read(Encoding.UTF8.GetBytes(body), lines: true, piece: 1000);

    private static Batch Read(byte[] body, bool lines, int piece)
    {
        var reader = new JsonRowReader(Types, lines);
        for (int at = 0; at < body.Length; at += piece)
        {
            reader.Write(body.AsSpan(at, Math.Min(piece, body.Length - at)));
        }

        reader.Complete();
        return reader.Rows.ToBatch();
    }

    private static long[] Longs(Batch batch, int column) => ((FixedColumn<long>)batch.Columns[column]).Values[..batch.Count];

    private static long Micros(string iso) => (DateTime.Parse(iso, System.Globalization.CultureInfo.InvariantCulture) - DateTime.UnixEpoch).Ticks / 10;
}
