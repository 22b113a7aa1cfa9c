// Line protocol: every form and every fault, wherever the input is cut; and random input against the plain reader.
using System.Globalization;
using System.Text;
using Millrace.Core;
using Millrace.Formats;
using Millrace.Doors.LineProtocol;
using Millrace.Sql;
using Xunit;
using Xunit.Abstractions;

namespace Millrace.Tests.Doors.LineProtocol;

public sealed class LineReaderTests(ITestOutputHelper output)
{
    private const long Now = 1_700_000_000_000_000;
    private const string Harm = " ,=\\\"\n\r\t#0-.eiu\0\u00c3\u00a9a";

    [Theory]
    [InlineData("cpu,host=a usage=1.5 1000", "1 cpu [host=a] usage=f3FF8000000000000 @1")]
    [InlineData("cpu usage=1i", "1 cpu [] usage=i1 @1700000000000000")]
    [InlineData("\n# a comment\n \t\r\n  m a=t,b=F,c=true,d=FALSE 0\r\n", "4 m [] a=bt,b=bf,c=bt,d=bf @0")]
    [InlineData("a\\ b\\,c,t\\=a\\ g=v\\,1\\=2\\  f\\,1\\=\\ x=2u 5000", "1 a b,c [t=a g=v,1=2 ] f,1= x=u2 @5")]
    [InlineData("m,t=a\\b,u=\\\\ f=\"a\\\"b\\\\c\\d\ne\" 1\nm f=\"\" 2", "1 m [t=a\\b,u=\\\\] f=sa\"b\\c\\d\ne @0;3 m [] f=s @0")]
    [InlineData("m a=1,a=2,b=\"x\" -1", "1 m [] a=f4000000000000000,b=sx @-1")]
    [InlineData("m é=1,b=\"é\"", "1 m [] b=sé,é=f3FF0000000000000 @1700000000000000")]
    [InlineData("m a=-9223372036854775808i,b=9223372036854775807i,c=18446744073709551615u,d=-0 -9223372036854775806",
        "1 m [] a=i-9223372036854775808,b=i9223372036854775807,c=u18446744073709551615,d=f8000000000000000 @-9223372036854776")]
    [InlineData("m a=.5,b=1.,c=1e3,d=-1.5E-3,e=00012i", "1 m [] a=f3FE0000000000000,b=f3FF0000000000000,c=f408F400000000000,d=fBF589374BC6A7EFA,e=i12 @1700000000000000")]
    public void GoodLines(string body, string rows)
    {
        foreach (LineReader read in EveryCut(body))
        {
            Assert.Equal(rows, string.Join(';', Rows(read)));
            Assert.Empty(read.Errors);
        }
    }

    [Theory]
    [InlineData("cpu value", "unable to parse 'cpu value': invalid field format")]
    [InlineData("cpu", "unable to parse 'cpu': missing fields")]
    [InlineData("cpu,host=a", "unable to parse 'cpu,host=a': missing fields")]
    [InlineData("cpu,host=a ", "unable to parse 'cpu,host=a ': missing fields")]
    [InlineData(",host=a v=1", "unable to parse ',host=a v=1': missing measurement")]
    [InlineData("cpu, v=1", "unable to parse 'cpu, v=1': missing tag key")]
    [InlineData("cpu,=a v=1", "unable to parse 'cpu,=a v=1': missing tag key")]
    [InlineData("cpu,host v=1", "unable to parse 'cpu,host v=1': missing tag value")]
    [InlineData("cpu,host= v=1", "unable to parse 'cpu,host= v=1': missing tag value")]
    [InlineData("cpu,host=a=b v=1", "unable to parse 'cpu,host=a=b v=1': invalid tag format")]
    [InlineData("cpu,host=a,host=b v=1", "unable to parse 'cpu,host=a,host=b v=1': duplicate tags")]
    [InlineData("cpu =1", "unable to parse 'cpu =1': missing field key")]
    [InlineData("cpu v=", "unable to parse 'cpu v=': missing field value")]
    [InlineData("cpu v=1,", "unable to parse 'cpu v=1,': missing field key")]
    [InlineData("cpu v=x", "unable to parse 'cpu v=x': invalid field format")]
    [InlineData("cpu v=tru", "unable to parse 'cpu v=tru': invalid boolean")]
    [InlineData("cpu v=-", "unable to parse 'cpu v=-': invalid number")]
    [InlineData("cpu v=1e", "unable to parse 'cpu v=1e': invalid number")]
    [InlineData("cpu v=1ii", "unable to parse 'cpu v=1ii': invalid field format")]
    [InlineData("cpu v=9223372036854775808i", "unable to parse 'cpu v=9223372036854775808i': invalid number: value out of range")]
    [InlineData("cpu v=-1u", "unable to parse 'cpu v=-1u': invalid number: value out of range")]
    [InlineData("cpu v=1e999", "unable to parse 'cpu v=1e999': invalid number: value out of range")]
    [InlineData("cpu v=\"open", "unable to parse 'cpu v=\"open': unbalanced quotes")]
    [InlineData("cpu v=1 x", "unable to parse 'cpu v=1 x': bad timestamp")]
    [InlineData("cpu v=1 1 1", "unable to parse 'cpu v=1 1 1': bad timestamp")]
    [InlineData("cpu v=1 9223372036854775807", "unable to parse 'cpu v=1 9223372036854775807': time outside range -9223372036854775806 - 9223372036854775806")]
    [InlineData("cpu v=1 99999999999999999999999", "unable to parse 'cpu v=1 99999999999999999999999': time outside range -9223372036854775806 - 9223372036854775806")]
    [InlineData("cpu time=1", "unable to parse 'cpu time=1': invalid field name: field \"time\" has the name of the time")]
    [InlineData("cpu,time=a v=1", "unable to parse 'cpu,time=a v=1': tag \"time\" has the name of the time")]
    public void BadLinesAreToldAndTheOthersTaken(string bad, string message)
    {
        bool open = bad.Contains("open", StringComparison.Ordinal);
        foreach (LineReader read in EveryCut("good v=1 1000\n" + bad + (open ? "" : "\ngood v=2 2000")))
        {
            Assert.Equal(open ? 1 : 2, Rows(read).Count);
            LineError error = Assert.Single(read.Errors);
            Assert.Equal((2, message), (error.Line, error.Message));
            Assert.Equal(["good"], read.Measurements.Where(m => m.Count > 0).Select(m => m.Name));
        }
    }

    [Fact]
    public void ABadLineTeachesNothing()
    {
        LineReader read = Read("m a=1x\nm a=1i,b=2z\nm a=\"s\"\nm a=5i\n");
        Assert.Equal(["3 m [] a=ss @1700000000000000"], Rows(read));
        Assert.Equal([1, 2, 4], read.Errors.Select(e => e.Line));
        Assert.Equal("field type conflict: input field \"a\" on measurement \"m\" is type integer, already exists as type string", read.Errors[2].Message);
    }

    [Fact]
    public void StringsOfBadLinesAreNotTakenForLines()
    {
        const string inner = "evil v=1 1";
        string body = $"m,t=a f=1 1\nm,=a v=\"\n{inner}\n\"\nm t=\"\n{inner}\n\"\nm f=\"\n{inner}\n\" 1\nm g=\"\n{inner}\n\" x\nm f=2 2000";
        foreach (LineReader read in EveryCut(body))
        {
            Assert.Equal(["1 m [t=a] f=f3FF0000000000000 @0", "14 m [] f=f4000000000000000 @2"], Rows(read));
            Assert.Equal([2, 5, 8, 11], read.Errors.Select(e => e.Line));
        }
    }

    [Fact]
    public void TypesOfTheStreamCount()
    {
        var stream = new CatalogObject
        {
            Id = 1,
            Name = "s",
            Kind = ObjectKind.Stream,
            EventTime = 0,
            Options = new Dictionary<string, string> { ["key"] = "host" },
            Columns = new Schema([
                new Field("at", SqlType.TimestampTz), new Field("host", SqlType.Text), new Field("rack", SqlType.Integer), new Field("n", SqlType.Integer),
                new Field("amount", SqlType.NumericOf(10, 2)), new Field("day", SqlType.Date), new Field("f", SqlType.Double)]),
        };
        var read = new LineReader(n => n == "s" ? stream : null, LineTime.Nanoseconds, Now, new LineLimits());
        read.Write(Encoding.UTF8.GetBytes("""
            s,host=a,rack=7 n=5i,amount=1.239,day="2024-02-29",time=3i
            s,rack=x n=1i
            s n=3000000000i
            s n=1.5
            s amount=5i
            s day="2024-02-30"
            s host="a"
            s at=1i
            s f=1i
            t,at=x n=1
            """));
        read.Complete();
        Assert.Equal([1, 5], read.Measurements[0].Lines.ToArray());
        Assert.Equal([
            "unable to parse 's,rack=x n=1i': invalid input syntax for type integer: \"x\"",
            "unable to parse 's n=3000000000i': value \"3000000000\" is out of range for type integer",
            "field type conflict: input field \"n\" on measurement \"s\" is type float, already exists as type integer",
            "unable to parse 's day=\"2024-02-30\"': date/time field value out of range: \"2024-02-30\"",
            "field type conflict: input field \"host\" on measurement \"s\" is type string, already exists as type tag",
            "unable to parse 's at=1i': invalid field name: field \"at\" has the name of the time",
            "field type conflict: input field \"f\" on measurement \"s\" is type integer, already exists as type float"], read.Errors.Select(e => e.Message));
    }

    [Fact]
    public void BoundsAreKept()
    {
        var limits = new LineLimits { LineBytesMax = 100, NewStreamsMax = 2, ColumnsMax = 4, CellsMax = 50, BadValuesMax = 3 };
        Assert.Throws<LineLimitException>(() => Read("m f=\"" + new string('x', 200), limits));
        Assert.Throws<LineLimitException>(() => Read("a v=1\nb v=1\nc v=1\n", limits));
        Assert.Equal("measurement \"m\" has 4 columns, the most there can be", Assert.Single(Read("m a=1\nm b=1\nm,c=1 a=1\nm d=1\n", limits).Errors).Message);
        Assert.Throws<LineLimitException>(() => Read(string.Concat(Enumerable.Repeat("m a=1\nm b=1\nm c=1\n", 6)), limits));
        Assert.Contains("a name is longer", Assert.Single(Read($"m {new string('n', 257)}=1\n").Errors).Message, StringComparison.Ordinal);
        LineReader many = Read(string.Concat(Enumerable.Repeat("bad\n", 1000)), new LineLimits { ErrorsTold = 5 });
        Assert.Equal((5, 1000), (many.Errors.Count, many.Dropped));
    }

    [Fact]
    public void PrecisionScalesAndKeepsItsRange()
    {
        foreach ((string name, long value, long micros) in new[] {
            ("", 1999L, 1L), ("ns", -1L, -1L), ("us", 5, 5), ("u", -5, -5), ("ms", 3, 3000), ("s", 2, 2_000_000), ("m", 2, 120_000_000), ("h", -1, -3_600_000_000) })
        {
            Assert.True(LineTime.TryParse(name, out LineTime unit));
            Assert.True(unit.TryToMicros(value, out long got));
            Assert.Equal(micros, got);
        }

        Assert.True(LineTime.TryParse("h", out LineTime hours));
        Assert.True(hours.TryToMicros(2_562_047, out _));
        Assert.False(hours.TryToMicros(2_562_048, out _));
        Assert.False(hours.TryToMicros(long.MinValue, out _));
        Assert.False(LineTime.TryParse("d", out _));
    }

    [Fact]
    public void RandomNumbersAreExact()
    {
        var random = new Random(7);
        for (int i = 0; i < 200_000; i++)
        {
            double value = random.Next(4) switch
            {
                0 => BitConverter.Int64BitsToDouble(random.NextInt64()),
                1 => random.Next(1_000_000) / 100.0,
                2 => random.NextInt64() / Math.Pow(10, random.Next(25)),
                _ => random.NextDouble(),
            };
            if (!double.IsFinite(value))
            {
                continue;
            }

            string text = random.Next(3) switch
            {
                0 => value.ToString("R", CultureInfo.InvariantCulture),
                1 => value.ToString("E" + random.Next(20), CultureInfo.InvariantCulture),
                _ => Math.Abs(value) < 1e25 ? value.ToString("F" + random.Next(30), CultureInfo.InvariantCulture) : value.ToString("R", CultureInfo.InvariantCulture),
            };
            int at = 0;
            PlainNumber number = PlainNumber.Read(Encoding.ASCII.GetBytes(text + "\n"), ref at);
            double expected = double.Parse(text, CultureInfo.InvariantCulture);
            Assert.True(at == text.Length, text);
            Assert.True(double.IsFinite(expected) ? number.Kind == NumberKind.Float : number.Kind == NumberKind.OutOfRange, text);
            Assert.True(!double.IsFinite(expected) || BitConverter.DoubleToInt64Bits(expected) == BitConverter.DoubleToInt64Bits(number.Float), text);
        }
    }

    /// <summary>Random input, mostly nearly right, gives the rows and the bad lines that the plain reader gives, wherever it is cut.</summary>
    [Fact]
    public void RandomInputIsReadAsByThePlainReader()
    {
        int seed = Environment.GetEnvironmentVariable("MILLRACE_SEED") is { } given ? int.Parse(given, CultureInfo.InvariantCulture) : 1;
        long good = 0;
        long bad = 0;
        for (int round = 0; round < 4000; round++)
        {
            var random = new Random(seed + round);
            byte[] body = RandomBody(random);
            PlainLines expected = new PlainLines(Encoding.Latin1.GetString(body), Now).Read();
            var read = new LineReader(_ => null, LineTime.Nanoseconds, Now, new LineLimits { ErrorsTold = int.MaxValue });
            for (int at = 0; at < body.Length;)
            {
                int length = Math.Min(body.Length - at, random.Next(3) == 0 ? random.Next(1, 4) : random.Next(1, 200));
                read.Write(body.AsSpan(at, length));
                at += length;
            }

            read.Complete();
            string where = $"seed {seed + round}: {Encoding.Latin1.GetString(body)}";
            string[] rows = [.. expected.Rows.Select(r => r.ToString())];
            Assert.True(rows.SequenceEqual(Rows(read, latin: true)), $"{where}\nexpected\n{string.Join('\n', rows)}\nfound\n{string.Join('\n', Rows(read, latin: true))}");
            Assert.True(expected.Bad.SequenceEqual(read.Errors.Select(e => e.Line)), $"{where}\nbad lines {string.Join(',', expected.Bad)}, found {string.Join("; ", read.Errors)}");
            good += rows.Length;
            bad += expected.Bad.Count;
        }

        output.WriteLine($"{good} good lines, {bad} bad ones");
        Assert.True(good > 5000 && bad > 5000, $"{good} good lines, {bad} bad ones: the input is not varied enough");
    }

    private static byte[] RandomBody(Random random)
    {
        var body = new StringBuilder();
        for (int line = random.Next(1, 12); line > 0; line--)
        {
            body.Append(random.Next(12) switch
            {
                0 => "",
                1 => "# x v=1",
                _ => RandomLine(random),
            });
            body.Append(random.Next(15) == 0 ? "\r\n" : "\n");
        }

        byte[] bytes = Encoding.Latin1.GetBytes(body.ToString());
        for (int harm = random.Next(3) == 0 ? random.Next(4) : 0; harm > 0; harm--)
        {
            bytes[random.Next(bytes.Length)] = (byte)Harm[random.Next(Harm.Length)];
        }

        return bytes[..(random.Next(10) == 0 ? random.Next(bytes.Length) : bytes.Length)];
    }

    private static string RandomLine(Random random)
    {
        string Pick(params string[] of) => of[random.Next(of.Length)];
        if (random.Next(2) == 0)
        {
            // Most likely good: each field keeps to its type.
            return Pick("m", "n") + Pick("", ",t=a", ",t=b,u=\"q", ",host=v\\ w") + " " + string.Join(',', Enumerable.Range(0, random.Next(1, 4)).Select(_ => Pick(
                "f1=1", "f1=-2.5e3", "f2=7i", "f2=-1i", "g=\"x\"", "g=\"a\\\"b\n c=1 \"", "h=t", "h=False", "f3=5u"))) + Pick("", " 1", " -5 ", " 1700000000123456789");
        }

        string line = Pick("m", "m", "n", "a\\ b", "x\\,y", "\u00c3\u00a9", "");
        for (int tags = random.Next(4); tags > 0; tags--)
        {
            line += $",{Pick("t", "u", "host", "a\\=b", "k\\ ", "", "f1", "time")}={Pick("a", "b", "1", "v\\ w", "a\\,b", "\\\\", "x\\y", "\"q", "")}";
        }

        line += Pick(" ", " ", " ", "  ", "");
        line += string.Join(',', Enumerable.Range(0, random.Next(1, 4)).Select(_ => $"{Pick("f1", "f2", "f\\,3", "g", "h", "t", "time", "")}={Pick(
            "1", "2.5", "-3i", "7u", "t", "false", "\"s\"", "\"a\\\"b\n c=1 \"", "\"\\\\\"", "1e5", ".5", "-", "1x", "99999999999999999999i", "\"open", "0.1", "")}"));
        return line + Pick("", " 1", " 1700000000123456789", " -5", "  77 ", " 9223372036854775807", " x", " 12 3", " 0001");
    }

    // The body in one piece, cut in two at every place, and byte by byte.
    private static IEnumerable<LineReader> EveryCut(string body)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(body);
        for (int cut = 0; cut <= bytes.Length; cut++)
        {
            LineReader read = New();
            read.Write(bytes.AsSpan(0, cut));
            read.Write(bytes.AsSpan(cut));
            read.Complete();
            yield return read;
        }

        LineReader single = New();
        foreach (byte b in bytes)
        {
            single.Write([b]);
        }

        single.Complete();
        yield return single;
    }

    private static LineReader New(LineLimits? limits = null) => new(_ => null, LineTime.Nanoseconds, Now, limits ?? new LineLimits());

    private static LineReader Read(string body, LineLimits? limits = null)
    {
        LineReader read = New(limits);
        read.Write(Encoding.UTF8.GetBytes(body));
        read.Complete();
        return read;
    }

    private static List<string> Rows(LineReader read, bool latin = false)
    {
        var rows = new List<PlainRow>();
        foreach (Measurement m in read.Measurements)
        {
            (string Name, Column Values)[] tags = [.. m.Tags.Select(t => (t.Name, t.ToColumn(m.Series)))];
            (string Name, Column Values)[] fields = [.. m.Fields.Select(f => (f.Name, f.ToColumn(m.Count)))];
            for (int row = 0; row < m.Count; row++)
            {
                rows.Add(new PlainRow(Bytes(m.Name), m.Lines[row], m.Times[row], Values(tags, row, 1), Values(fields, row, 0)));
            }
        }

        return [.. rows.OrderBy(r => r.Line).Select(r => r.ToString())];

        // Tags are text without saying so; fields say their type.
        SortedDictionary<string, string> Values((string Name, Column Values)[] columns, int row, int skip)
        {
            var values = new SortedDictionary<string, string>(StringComparer.Ordinal);
            foreach ((string name, Column column) in columns.Where(c => !c.Values.IsNull(row)))
            {
                values.Add(Bytes(name), Text(column, row, latin)[skip..]);
            }

            return values;
        }

        string Bytes(string text) => latin ? Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text)) : text;
    }

    private static string Text(Column column, int row, bool latin) => column switch
    {
        FixedColumn<double> c => "f" + BitConverter.DoubleToInt64Bits(c.Values[row]).ToString("X16", CultureInfo.InvariantCulture),
        FixedColumn<long> c => "i" + c.Values[row].ToString(CultureInfo.InvariantCulture),
        FixedColumn<bool> c => c.Values[row] ? "bt" : "bf",
        FixedColumn<Numeric> c => "u" + TextFormat.ToText(c, row),
        BytesColumn c => "s" + (latin ? Encoding.Latin1.GetString(c.Span(row)) : Encoding.UTF8.GetString(c.Span(row))),
        _ => TextFormat.ToText(column, row)!,
    };
}
