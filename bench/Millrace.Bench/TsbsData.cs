// Metrics in the shape of TSBS's cpu-only work: hosts with ten tags and ten fields that walk between 0 and 100, one row a host every ten seconds.
using System.Text;
using Millrace.Core;

namespace Millrace.Bench;

/// <summary>The same rows on every machine, from one seed (splitmix64), as batches of columns.</summary>
internal sealed class TsbsData(int hosts, bool decimals)
{
    public const long Start = 1_767_225_600_000_000; // 2026-01-01, µs
    public const long Step = 10_000_000;

    public static readonly string[] Fields =
    [
        "usage_user", "usage_system", "usage_idle", "usage_nice", "usage_iowait", "usage_irq", "usage_softirq", "usage_steal", "usage_guest", "usage_guest_nice",
    ];

    public static readonly string[] Tags =
        ["hostname", "region", "datacenter", "rack", "os", "arch", "team", "service", "service_version", "service_environment"];

    private static readonly string[][] Choices =
    [
        ["us-east-1", "us-west-1", "us-west-2", "eu-west-1", "eu-central-1", "ap-southeast-1", "ap-southeast-2", "ap-northeast-1", "sa-east-1"],
        ["a", "b", "c"],
        [.. Enumerable.Range(0, 100).Select(n => $"{n}")],
        ["Ubuntu16.10", "Ubuntu16.04LTS", "Ubuntu15.10"],
        ["x64", "x86"],
        ["SF", "NYC", "LON", "CHI"],
        [.. Enumerable.Range(0, 20).Select(n => $"{n}")],
        ["0", "1"],
        ["production", "staging", "test"],
    ];

    private readonly string[][] _tags = new string[hosts][];
    private readonly double[] _walk = new double[hosts * Fields.Length];
    private ulong _state = 123;
    private long _row;

    public int Hosts => hosts;

    public static string Definition(string name, bool decimals) =>
        $"CREATE STREAM {name} ({string.Join(", ", Tags.Select(t => t + " text"))}, {string.Join(", ", Fields.Select(f => f + (decimals ? " double precision" : " bigint")))}, " +
        $"ts timestamptz, WATERMARK FOR ts AS ts) WITH (key = '{string.Join(", ", Tags)}')";

    /// <summary>The tags of a host, in the order of <see cref="Tags"/>.</summary>
    public IReadOnlyList<string> TagsOf(int host)
    {
        if (_tags[host] is { } made)
        {
            return made;
        }

        ulong state = (ulong)host + 1;
        string[] picked = [.. Choices.Select(c => c[(int)(Next(ref state) % (ulong)c.Length)])];
        picked[1] = picked[0] + picked[1];
        return _tags[host] = [$"host_{host}", .. picked];
    }

    /// <summary>The next rows, one host after the other.</summary>
    public Batch Take(int rows)
    {
        var builder = new BatchBuilder(new Schema(
        [
            .. Tags.Select(t => new Field(t, SqlType.Text)),
            .. Fields.Select(f => new Field(f, decimals ? SqlType.Double : SqlType.BigInt)),
            new Field("ts", SqlType.TimestampTz),
        ]));
        byte[][][] tags = [.. Enumerable.Range(0, hosts).Select(h => TagsOf(h).Select(Encoding.UTF8.GetBytes).ToArray())];
        for (int i = 0; i < rows; i++, _row++)
        {
            int host = (int)(_row % hosts);
            for (int t = 0; t < Tags.Length; t++)
            {
                ((BytesBuilder)builder.Columns[t]).Append(tags[host][t]);
            }

            for (int f = 0; f < Fields.Length; f++)
            {
                ref double walk = ref _walk[(host * Fields.Length) + f];
                if (_row < hosts)
                {
                    walk = Uniform(ref _state) * 100;
                }

                walk = Math.Clamp(walk + Normal(ref _state), 0, 100);
                if (decimals)
                {
                    ((FixedBuilder<double>)builder.Columns[Tags.Length + f]).Append(Math.Round(walk, 2));
                }
                else
                {
                    ((FixedBuilder<long>)builder.Columns[Tags.Length + f]).Append((long)walk);
                }
            }

            ((FixedBuilder<long>)builder.Columns[^1]).Append(Start + (_row / hosts * Step));
            builder.EndRow();
        }

        return builder.ToBatch();
    }

    public static ulong Next(ref ulong state)
    {
        ulong z = state += 0x9E37_79B9_7F4A_7C15;
        z = (z ^ (z >> 30)) * 0xBF58_476D_1CE4_E5B9;
        z = (z ^ (z >> 27)) * 0x94D0_49BB_1331_11EB;
        return z ^ (z >> 31);
    }

    private static double Uniform(ref ulong state) => (Next(ref state) >> 11) * (1.0 / (1UL << 53));

    private static double Normal(ref ulong state) => Math.Sqrt(-2 * Math.Log(1 - Uniform(ref state))) * Math.Cos(2 * Math.PI * Uniform(ref state));
}
