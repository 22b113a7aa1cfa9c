// time_bucket_gapfill, locf and interpolate in views whose rows come, change and go, against a plain fill of all buckets.
using System.Globalization;
using Xunit;

namespace Millrace.Tests.Time;

public sealed class GapFillTests
{
    private const long Minute = TimedEngine.Minute;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void EveryBucketHasARow(int seed)
    {
        var random = new Random(seed);
        var engine = new TimedEngine();
        long start = engine.Now / (5 * Minute) * (5 * Minute);
        string Time(long micros) => DateTime.UnixEpoch.AddMicroseconds(micros).ToString("yyyy-MM-dd HH:mm:ss+00", CultureInfo.InvariantCulture);
        engine.Define("CREATE TABLE t (k int, v bigint, at timestamptz, PRIMARY KEY (v))",
            "CREATE MATERIALIZED VIEW g AS SELECT k, time_bucket_gapfill(INTERVAL '5 minutes', at) AS b, count(*) AS n, locf(max(v)) AS last, "
            + "interpolate(avg(v::float8)) AS mid FROM t GROUP BY k, 2",
            $"CREATE MATERIALIZED VIEW w AS SELECT time_bucket_gapfill(INTERVAL '5 minutes', at) AS b, count(*) AS n, locf(max(v)) + 1 AS last "
            + $"FROM t WHERE at >= timestamptz '{Time(start - Minute)}' AND at < timestamptz '{Time(start + (60 * Minute))}' GROUP BY 1");
        var rows = new Dictionary<long, (int K, long? At)>();
        for (int step = 0; step < 100; step++)
        {
            if (rows.Count > 0 && random.Next(3) == 0)
            {
                long v = rows.Keys.ElementAt(random.Next(rows.Count));
                engine.Delete("t", (rows[v].K, v, rows[v].At));
                rows.Remove(v);
            }
            else
            {
                long v = random.Next(30);
                rows[v] = (random.Next(2), random.Next(15) == 0 ? null : start - (20 * Minute) + random.NextInt64(90 * Minute));
                engine.Write("t", (rows[v].K, v, rows[v].At));
            }

            if (random.Next(20) == 0)
            {
                if (random.Next(2) == 0)
                {
                    engine.Checkpoint();
                }

                engine.Reopen(crash: true);
            }

            string where = $"seed {seed} step {step}";
            Same(where, rows.GroupBy(r => r.Value.K).SelectMany(g => Filled(g.Select(r => (r.Value.At, r.Key)), null, null)
                .Select(f => $"{g.Key}|{(f.Bucket is { } b ? Time(b) : "~")}|{Text(f.N)}|{Text(f.Last)}|{Text(f.Mid)}")), engine.Read("g"));
            Same(where + " with bounds", Filled(rows.Where(r => r.Value.At >= start - Minute && r.Value.At < start + (60 * Minute)).Select(r => (r.Value.At, r.Key)),
                start - (5 * Minute), start + (60 * Minute)).Select(f => $"{Time(f.Bucket!.Value)}|{Text(f.N)}|{Text(f.Last + 1)}"), engine.Read("w"));
        }
    }

    private static IEnumerable<(long? Bucket, long? N, long? Last, double? Mid)> Filled(IEnumerable<(long? At, long V)> rows, long? from, long? to)
    {
        var groups = rows.Where(r => r.At is not null).GroupBy(r => r.At!.Value / (5 * Minute) * (5 * Minute)).OrderBy(g => g.Key)
            .Select(g => (Bucket: g.Key, N: (long)g.Count(), Last: g.Max(r => r.V), Mid: g.Average(r => r.V))).ToArray();
        if (rows.Where(r => r.At is null).ToArray() is { Length: > 0 } timeless)
        {
            yield return (null, timeless.Length, timeless.Max(r => r.V), timeless.Average(r => r.V));
        }

        if (groups.Length == 0)
        {
            yield break;
        }

        for (long bucket = from ?? groups[0].Bucket; bucket < (to ?? (groups[^1].Bucket + 1)); bucket += 5 * Minute)
        {
            int at = Array.FindLastIndex(groups, g => g.Bucket <= bucket);
            if (at >= 0 && groups[at].Bucket == bucket)
            {
                yield return (bucket, groups[at].N, groups[at].Last, groups[at].Mid);
                continue;
            }

            double? mid = at < 0 || at == groups.Length - 1 ? null
                : groups[at].Mid + ((groups[at + 1].Mid - groups[at].Mid) * ((double)(bucket - groups[at].Bucket) / (groups[at + 1].Bucket - groups[at].Bucket)));
            yield return (bucket, null, at < 0 ? null : groups[at].Last, mid);
        }
    }

    private static string Text(double? value) => value is { } v ? v.ToString("R", CultureInfo.InvariantCulture) : "~";

    private static void Same(string where, IEnumerable<string> expected, List<string> found)
    {
        string[] sorted = [.. expected.Order(StringComparer.Ordinal)];
        Assert.True(sorted.AsSpan().SequenceEqual(found.ToArray()), $"{where}: missing {string.Join("; ", sorted.Except(found))}; too much {string.Join("; ", found.Except(sorted))}");
    }
}
