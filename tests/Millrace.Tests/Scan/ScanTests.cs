// Queries over segments give what they give over rows that were never sealed, whatever is passed over, split among threads or read from bounds alone.
using Millrace.Core;
using Millrace.Engine;
using Millrace.Log;
using Millrace.Store.Segments;
using Xunit;

namespace Millrace.Tests.Scan;

public sealed class ScanTests
{
    private const int Rows = 66_000;

    private static readonly string[] Queries =
    [
        "SELECT count(*) FROM s",
        "SELECT * FROM s WHERE k = 'k3' AND ts >= '2026-01-01 01:00:00+00' AND ts < '2026-01-01 01:20:00+00'",
        "SELECT * FROM s WHERE k IN ('k1', 'none', 'k7') AND n > 95",
        "SELECT * FROM s WHERE (k = 'k2' OR k = 'k5') AND n = 50 AND d < 10",
        "SELECT k, n, later FROM s WHERE k IS NULL AND n BETWEEN 10 AND 12",
        "SELECT * FROM s WHERE n < 0",
        "SELECT * FROM s WHERE '2026-01-01 02:00:00+00' < ts AND 97 <= n AND v IS NOT NULL",
        "SELECT * FROM s WHERE d > 99.5 AND d = d",
        "SELECT * FROM s WHERE later = 7",
        "SELECT n, count(*), sum(v), avg(v), min(v), max(v), count(v) FROM s GROUP BY n",
        "SELECT k, count(*), sum(d), avg(d), min(d), max(d), sum(n), avg(n), bool_and(n > 3), bool_or(v > 0) FROM s GROUP BY k",
        "SELECT date_trunc('hour', ts) AS h, k, avg(n), max(d), sum(v) FROM s WHERE ts >= '2026-01-01 00:30:00+00' GROUP BY h, k",
        "SELECT time_bucket('15 minutes', ts) AS b, count(*), min(k), max(k) FROM s GROUP BY b",
        "SELECT date_trunc('day', other), count(*), sum(v) FROM s GROUP BY 1",
        "SELECT k, window_start, count(*), sum(n) FROM TUMBLE(s, ts, INTERVAL '10 minutes') WHERE n > 20 GROUP BY k, window_start",
        "SELECT k, last(n, ts), last(v, ts), max(ts) FROM s GROUP BY k",
        "SELECT k, first(n, ts), min(ts) FROM s GROUP BY k",
        "SELECT k, n, last(v, ts) FROM s GROUP BY k, n",
        "SELECT DISTINCT ON (k) k, ts, n, v, d FROM s ORDER BY k, ts DESC, n, v, d",
        "SELECT DISTINCT ON (k, n) k, n, other, v, d FROM s ORDER BY k, n, other DESC, v, d",
        "SELECT DISTINCT ON (k) k, ts, v, d FROM s WHERE k > 'k4' ORDER BY k, ts DESC, v, d",
        "SELECT DISTINCT ON (k) k, ts, n, v, d FROM s WHERE n < 50 ORDER BY k, ts DESC, n, v, d",
        "SELECT k, count(DISTINCT n), count(*) FILTER (WHERE v > 500) FROM s GROUP BY k",
        "SELECT k, sum(n) FILTER (WHERE d > 50), max(v) FROM s WHERE n > 10 GROUP BY k HAVING count(*) > 100",
        "SELECT max(c) FROM (SELECT k, count(*) AS c FROM s WHERE ts < '2026-01-01 01:00:00+00' GROUP BY k) AS x",
        "SELECT a.k, count(*) FROM s AS a JOIN (SELECT k, max(n) AS m FROM s GROUP BY k) AS b ON a.k = b.k AND a.n = b.m GROUP BY a.k",
        "SELECT k, sum(v) FROM s WHERE ts > now() - INTERVAL '1 hour' GROUP BY k",
        "SELECT sum(n), count(*) FROM s WHERE k = 'k1'",
        "SELECT k FROM s WHERE k = 'k1' AND n = 3 UNION ALL SELECT k FROM s WHERE n = 99",
        "SELECT DISTINCT k, n / 10 FROM s",
        "SELECT k, ts, row_number() OVER (PARTITION BY k ORDER BY ts, n, v, d) AS r FROM s WHERE n = 4 AND k < 'k3'",
        "SELECT string_agg(n::text, ',') FROM (SELECT n FROM s WHERE k = 'k3' AND n > 98) AS x",
        "SELECT later, count(*) FROM s GROUP BY later",
        "SELECT k, sum(later), (SELECT sum(n) FROM early) FROM s GROUP BY k",
        "SELECT count(*), (SELECT sum(later) FROM s) FROM early",
    ];

    [Fact]
    public async Task SealedRowsAnswerLikeUnsealedOnes()
    {
        using var plainFolder = new TempFolder();
        using var sealedFolder = new TempFolder();
        await using Database plain = await Database.OpenAsync(plainFolder.Path, new DatabaseOptions { Durability = Durability.None });
        await using Database segments = await Database.OpenAsync(
            sealedFolder.Path, new DatabaseOptions { Durability = Durability.None, SegmentRows = 20_000 });
        foreach (Database db in new[] { plain, segments })
        {
            await db.ExecuteAsync(
                "CREATE STREAM s (k text, n integer, v bigint, d double precision, other timestamptz, ts timestamptz, " +
                "WATERMARK FOR ts AS ts) WITH (key = 'k')");
        }

        var random = new Random(5);
        for (int done = 0; done < Rows; done += 1_000)
        {
            if (done == 45_000)
            {
                await plain.ExecuteAsync("CREATE VIEW early AS SELECT * FROM s");
                await segments.ExecuteAsync("CREATE VIEW early AS SELECT * FROM s");
                await plain.ExecuteAsync("ALTER STREAM s ADD COLUMN later integer DEFAULT 7");
                await segments.ExecuteAsync("ALTER STREAM s ADD COLUMN later integer DEFAULT 7");
            }

            Batch batch = Some(random, done, 1_000, later: done >= 45_000);
            await plain.AppendAsync("s", batch);
            await segments.AppendAsync("s", batch);
            if (done is 35_000 or 55_000)
            {
                await segments.CompactAsync();
            }
        }

        Assert.True(segments.Segments().Count > 2);
        Assert.InRange(segments.Segments().Sum(s => s.Rows), 55_000, Rows - 1);
        foreach (string query in Queries)
        {
            Assert.Equal(await LinesAsync(plain, query), await LinesAsync(segments, query));
        }

        // Views made of history, and what they become when more comes.
        string[] views = [.. Queries.Where(q => q.Contains("GROUP BY", StringComparison.Ordinal) && !q.Contains("now()", StringComparison.Ordinal)),
            "SELECT k, n, d FROM s WHERE n > 90 AND k = 'k2'", "SELECT k, sum(1000 / (n + 1)), count(*) FROM s WHERE 10 / (n + 1) < 3 GROUP BY k"];
        for (int v = 0; v < views.Length; v++)
        {
            int columns = (await plain.ExecuteAsync(views[v])).Columns!.Count;
            string view = $"CREATE MATERIALIZED VIEW v{v} AS SELECT * FROM ({views[v]}) AS x ({string.Join(", ", Enumerable.Range(0, columns).Select(c => $"c{c}"))})";
            await plain.ExecuteAsync(view);
            await segments.ExecuteAsync(view);
        }

        Batch more = Some(random, Rows, 5_000, later: true);
        await plain.AppendAsync("s", more);
        await segments.AppendAsync("s", more);
        for (int v = 0; v < views.Length; v++)
        {
            List<string> expected = await LinesAsync(plain, $"SELECT * FROM v{v}");
            Assert.Equal(expected, await LinesAsync(segments, $"SELECT * FROM v{v}"));
            Assert.True(expected.Count > 1, views[v]);
        }

        // A plain SELECT of a stream comes in the order of arrival.
        Assert.Equal(await LinesAsync(plain, "SELECT * FROM s", sort: false), await LinesAsync(segments, "SELECT * FROM s", sort: false));
    }

    [Fact]
    public async Task UnsealedRowsAreFoundByTimeWhereverTheyAre()
    {
        using var folder = new TempFolder();
        await using Database db = await Database.OpenAsync(folder.Path, new DatabaseOptions { Durability = Durability.None });
        await db.ExecuteAsync("CREATE STREAM s (k text, n integer, v bigint, d double precision, other timestamptz, ts timestamptz, WATERMARK FOR ts AS ts)");
        var random = new Random(11);
        for (int done = 0; done < 40_000;)
        {
            // Small batches are gathered to a chunk, large ones are a chunk as they are.
            int count = random.Next(2) == 0 ? 5_000 : random.Next(1, 3_000);
            await db.AppendAsync("s", Some(random, done, count, later: false));
            done += count;
        }

        for (int i = 0; i < 30; i++)
        {
            string from = $"'2026-01-01 00:00:00+00'::timestamptz + INTERVAL '{random.Next(-7_500, 4_500)} seconds'";
            string to = $"{from} + INTERVAL '{random.Next(1, 900)} seconds'";
            Assert.Equal(
                (await LinesAsync(db, $"SELECT * FROM s WHERE ts + INTERVAL '0 seconds' >= {from} AND ts + INTERVAL '0 seconds' < {to}"))[1..],
                (await LinesAsync(db, $"SELECT * FROM s WHERE ts >= {from} AND {to} > ts"))[1..]);
        }
    }

    [Fact]
    public void StretchesOfOtherTimesAreNotLoaded()
    {
        var random = new Random(3);
        Batch[] batches = [.. Enumerable.Range(0, 4).Select(b => Some(random, b * 100_000, 5_000, later: false))];
        var chunks = new ChunkList(Layout(later: false), 5);
        for (int b = 0; b < batches.Length; b++)
        {
            chunks.Append(batches[b], b * 10, 0);
        }

        chunks.Evict(long.MaxValue, long.MaxValue);
        var loaded = new List<long>();
        Batch Load(int id, Chunk chunk)
        {
            loaded.Add(chunk.FirstOffset);
            return batches[chunk.FirstOffset / 5_000];
        }

        long start = batches[2].Columns[5] is FixedColumn<long> times ? times.Values.AsSpan(0, 5_000).ToArray().Max() : 0;
        int rows = chunks.Snapshot().Unsealed(1, Load, new ColumnRange(5) { Integers = (start - 1, start + 1) }).Sum(b => b.Count);
        Assert.Equal(loaded.Count * 5_000, rows);
        Assert.Contains(10_000, loaded);
        Assert.DoesNotContain(0, loaded);
        Assert.Equal(20_000, chunks.Snapshot().Unsealed(1, Load).Sum(b => b.Count));
    }

    // Keys in turns, times that mostly ascend, some rows late by hours, nulls, and numbers in few and in many values.
    private static Batch Some(Random random, int from, int count, bool later)
    {
        var builder = new BatchBuilder(Layout(later));
        long start = 1_767_225_600_000_000;
        for (int i = from; i < from + count; i++)
        {
            int key = i % 11;
            Append(builder.Columns[0], key == 10 ? null : ByteSlice.From($"k{key}"));
            Append(builder.Columns[1], random.Next(100));
            Append(builder.Columns[2], random.Next(5) == 0 ? null : (long)random.Next(-1_000_000, 1_000_000));
            Append(builder.Columns[3], random.Next(50) == 0 ? double.NaN : random.NextDouble() * 100);
            Append(builder.Columns[4], random.Next(20) == 0 ? null : start + (random.Next(72) * 3_600_000_000L));
            Append(builder.Columns[5], start + (i * 100_000L) - (random.Next(200) == 0 ? random.NextInt64(7_200_000_000) : 0));
            if (later)
            {
                Append(builder.Columns[6], random.Next(3) == 0 ? null : random.Next(5, 10));
            }

            builder.EndRow();
        }

        return builder.ToBatch();
    }

    private static Schema Layout(bool later)
    {
        var fields = new List<Field>
        {
            new("k", SqlType.Text), new("n", SqlType.Integer), new("v", SqlType.BigInt), new("d", SqlType.Double), new("other", SqlType.TimestampTz),
            new("ts", SqlType.TimestampTz),
        };
        if (later)
        {
            fields.Add(new Field("later", SqlType.Integer));
        }

        return new Schema(fields);
    }

    private static void Append(ColumnBuilder builder, object? value) => BoxedValue.Append(builder, value);

    private static async Task<List<string>> LinesAsync(Database db, string query, bool sort = true)
    {
        StatementResult result = await db.ExecuteAsync(query);
        var lines = new List<string> { query };
        foreach (Batch batch in result.Batches)
        {
            for (int row = 0; row < batch.Count; row++)
            {
                lines.Add(string.Join('|', batch.Columns.Select(c => BoxedValue.Get(c, row) is { } value ? Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture) : "∅")));
            }
        }

        if (sort)
        {
            lines.Sort(1, lines.Count - 1, StringComparer.Ordinal);
        }

        return lines;
    }
}
