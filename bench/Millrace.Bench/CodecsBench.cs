// How small the columns of a segment become, and how fast they come back: metrics in the shape of TSBS's cpu-only work, one series a block.
using Millrace.Core;
using Millrace.Store.Codecs;

namespace Millrace.Bench;

/// <summary>
/// 100 hosts of 10 fields each, a row every 10 seconds: walks between 0 and 100 with normal steps, kept as whole numbers, with two decimals, or with all digits. Blocks
/// hold 5,000 rows of one host. <c>--events</c> is the number of rows, <c>--only</c> a part of the name of a data set.
/// </summary>
internal static class CodecsBench
{
    private const string Name = "codecs";
    private const int BlockRows = 5_000;
    private const int Hosts = 100;
    private const int Fields = 10;
    private const long Start = 1_767_225_600_000_000;

    public static async Task RunAsync(BenchOptions options, Report report)
    {
        int rows = options.Events ?? 1_000_000;
        foreach ((string name, Func<int, List<Column>> make) in Sets())
        {
            if (options.Only is null || name.Contains(options.Only, StringComparison.OrdinalIgnoreCase))
            {
                await MeasureAsync(options, report, name, make(rows));
            }
        }
    }

    private static IEnumerable<(string Name, Func<int, List<Column>> Make)> Sets()
    {
        yield return ("whole numbers, bigint", rows => Walks(rows, w => (long)w));
        yield return ("whole numbers, double precision", rows => Walks(rows, w => (double)(long)w));
        yield return ("two decimals, double precision", rows => Walks(rows, w => Math.Round(w, 2)));
        yield return ("two decimals, numeric", rows => Walks(rows, w => Numeric.Create((long)Math.Round(w * 100), 2)));
        yield return ("all digits, double precision", rows => Walks(rows, w => w));
        yield return ("time", rows => Times(rows, 0));
        yield return ("time with jitter of ms", rows => Times(rows, 1_000));
        yield return ("packed alone, 7 bits", rows => Numbers(rows, random => random.Next(128)));
        yield return ("latencies, log-normal", rows => Numbers(rows, random => (long)Math.Exp(9 + Normal(random))));
        yield return ("ten ids far apart", rows => Numbers(rows, random => random.Next(10) * 1_000_000_007L));
        yield return ("log lines", LogLines);
    }

    private static async Task MeasureAsync(BenchOptions options, Report report, string name, List<Column> columns)
    {
        long values = columns.Sum(c => (long)c.Length);
        long raw = columns.Sum(RawBytes);
        var blocks = new List<byte[]>();
        var writer = new ByteWriter();
        var encode = new Measure();
        var decode = new Measure();
        ColumnBuilder into = ColumnBuilder.For(columns[0].Type);
        for (int run = -1; run < options.Runs; run++)
        {
            Progress.Say($"{Name}: {name}, run {run + 1} of {options.Runs}");
            Measure At(Measure m) => run < 0 ? new Measure() : m;
            blocks.Clear();
            await At(encode).TakeAsync(values, () =>
            {
                // As in a segment: the blocks of a column know what was chosen before.
                var habit = new CodecHabit();
                foreach (Column column in columns)
                {
                    writer.Reset();
                    BlockCodec.Encode(column, 0, column.Length, writer, habit);
                    blocks.Add(writer.Written.ToArray());
                }
            });
            await At(decode).TakeAsync(values, () =>
            {
                for (int b = 0; b < blocks.Count; b++)
                {
                    into.Reset();
                    BlockCodec.Decode(blocks[b], columns[b].Type, columns[b].Length, into);
                }
            });
        }

        string codecs = string.Join(", ", blocks.Select(b => BlockCodec.Describe(b)).CountBy(d => d).OrderByDescending(p => p.Value).Take(2).Select(p => p.Key));
        long bytes = blocks.Sum(b => (long)b.Length);
        report.Add(Name, $"{name}: {codecs}", "bytes/value", bytes / (double)values);
        report.Add(Name, $"{name}: of the plain bytes", "%", bytes * 100.0 / raw);
        report.Add(Figure.Of(Name, $"{name}: encode", "M values/CPU s", encode.Cpu.Select(r => r / 1e6)));
        report.Add(Figure.Of(Name, $"{name}: decode", "M values/CPU s", decode.Cpu.Select(r => r / 1e6)));
    }

    private static List<Column> Walks<T>(int rows, Func<double, T> map)
        where T : unmanaged
    {
        var random = new Random(123);
        var columns = new List<Column>();
        for (int series = 0; series < Hosts * Fields; series++)
        {
            double walk = random.NextDouble() * 100;
            for (int left = rows / Hosts; left > 0; left -= BlockRows)
            {
                var values = new T[Math.Min(left, BlockRows)];
                foreach (ref T value in values.AsSpan())
                {
                    walk = Math.Clamp(walk + Normal(random), 0, 100);
                    value = map(walk);
                }

                columns.Add(new FixedColumn<T>(TypeOf<T>(), values, values.Length));
            }
        }

        return columns;
    }

    private static List<Column> Times(int rows, int jitter)
    {
        var random = new Random(5);
        var columns = new List<Column>();
        for (int left = rows; left > 0; left -= BlockRows)
        {
            var values = new long[Math.Min(left, BlockRows)];
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = Start + (i * 10_000_000L) + (random.Next(0, 25) * jitter);
            }

            columns.Add(new FixedColumn<long>(SqlType.TimestampTz, values, values.Length));
        }

        return columns;
    }

    private static List<Column> Numbers(int rows, Func<Random, long> next)
    {
        var random = new Random(6);
        var columns = new List<Column>();
        for (int left = rows; left > 0; left -= BlockRows)
        {
            var values = new long[Math.Min(left, BlockRows)];
            foreach (ref long value in values.AsSpan())
            {
                value = next(random);
            }

            columns.Add(new FixedColumn<long>(SqlType.BigInt, values, values.Length));
        }

        return columns;
    }

    private static List<Column> LogLines(int rows)
    {
        var random = new Random(7);
        string[] paths = ["/api/v1/users", "/api/v1/orders", "/index.html", "/static/app.js", "/metrics"];
        var columns = new List<Column>();
        for (int left = Math.Min(rows, 100_000); left > 0; left -= BlockRows)
        {
            var builder = (BytesBuilder)ColumnBuilder.For(SqlType.Text);
            for (int i = 0; i < Math.Min(left, BlockRows); i++)
            {
                string from = $"10.{random.Next(4)}.{random.Next(256)}.{random.Next(256)}";
                string request = $"GET {paths[random.Next(5)]}/{random.Next(10_000)} {(random.Next(20) == 0 ? 404 : 200)} {random.Next(100_000)}";
                builder.Append(System.Text.Encoding.UTF8.GetBytes($"{from} {request} \"Mozilla/5.0 (X11; Linux x86_64)\""));
            }

            columns.Add(builder.ToColumn());
        }

        return columns;
    }

    private static SqlType TypeOf<T>() => typeof(T) == typeof(long) ? SqlType.BigInt : typeof(T) == typeof(double) ? SqlType.Double : SqlType.Numeric;

    private static long RawBytes(Column column) => column switch
    {
        BytesColumn c => c.Offsets[c.Length] - c.Offsets[0] + (4L * c.Length),
        FixedColumn<Numeric> c => 16L * c.Length,
        _ => 8L * column.Length,
    };

    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
