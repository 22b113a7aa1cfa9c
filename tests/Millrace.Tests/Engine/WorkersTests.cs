// Whoever computes the views, and in whatever order: rows, their order, changes and checkpoints are the same to the byte.
using Millrace.Engine;
using Millrace.Sim;
using Xunit;

namespace Millrace.Tests.Engine;

public class WorkersTests
{
    private const int Epochs = 60;

    // Views on several levels, side by side and on one another, kept by key and appended; with an index on a table and on a view.
    private static readonly string[] Definitions =
    [
        "CREATE STREAM s (k int, v bigint)",
        "CREATE TABLE t (k int PRIMARY KEY, v bigint)",
        "CREATE STREAM w (k int, v bigint, ts timestamp, WATERMARK FOR ts AS ts - INTERVAL '2 seconds')",
        "CREATE INDEX t_v ON t (v)",
        "CREATE MATERIALIZED VIEW sums AS SELECT k, sum(v) AS total, count(*) AS n FROM s GROUP BY k",
        "CREATE MATERIALIZED VIEW large AS SELECT k, v FROM s WHERE v > 50",
        "CREATE MATERIALIZED VIEW pairs AS SELECT s.k, s.v + t.v AS both FROM s JOIN t ON s.k = t.k",
        "CREATE MATERIALIZED VIEW first3 AS SELECT k, v FROM (SELECT *, row_number() OVER (PARTITION BY k ORDER BY v DESC) AS r FROM s) x WHERE r <= 3",
        "CREATE MATERIALIZED VIEW over_sums AS SELECT n, count(*) AS groups, max(total) AS most FROM sums GROUP BY n",
        "CREATE MATERIALIZED VIEW twice AS SELECT a.k, a.v AS mine, b.v AS other FROM large a JOIN large b ON a.k = b.k",
        "CREATE MATERIALIZED VIEW closed AS SELECT window_start, count(*) AS n, sum(v) AS total FROM TUMBLE(w, ts, INTERVAL '10 seconds') "
            + "GROUP BY window_start, window_end EMIT ON WINDOW CLOSE",
        "CREATE MATERIALIZED VIEW of_all AS SELECT sums.k, sums.total, over_sums.groups FROM sums JOIN over_sums ON sums.n = over_sums.n",
        "CREATE INDEX sums_n ON sums (n)",
    ];

    [Fact]
    public void EverythingIsTheSameWhoeverComputesIt()
    {
        for (ulong seed = 1; seed <= 3; seed++)
        {
            List<string> alone = Life(seed, Workers.Alone);
            Assert.Equal(alone, Life(seed, new SimWorkers(new SimRandom(seed))));
            foreach (int count in new[] { 2, 4 })
            {
                using var threads = new WorkerThreads(count);
                Assert.Equal(alone, Life(seed, threads));
            }
        }
    }

    [Fact]
    public void ACheckpointOfManyIsReadByOneAndTheOtherWayRound()
    {
        using var four = new WorkerThreads(4);
        var disk = new SimDisk(5) { CompleteAtOnce = true };
        var engine = new EngineOnSimDisk(disk, workers: four);
        Array.ForEach(Definitions, engine.Define);
        Write(engine, new SimRandom(5), 20);
        engine.Ask(new CheckpointRequest());
        Write(engine, new SimRandom(6), 5);
        List<string> before = engine.Everything();
        disk.Crash();
        disk.Restart();
        var one = new EngineOnSimDisk(disk);
        Assert.Equal(before, one.Everything());
        Write(one, new SimRandom(7), 5);
        List<string> after = one.Everything();
        disk.Crash();
        disk.Restart();
        Assert.Equal(after, new EngineOnSimDisk(disk, workers: four).Everything());
    }

    [Fact]
    public void AViewThatFailsStandsStillAloneWhileOthersAreComputedBesideIt()
    {
        using var threads = new WorkerThreads(4);
        var engine = new EngineOnSimDisk(new SimDisk(1) { CompleteAtOnce = true }, workers: threads);
        engine.Define("CREATE STREAM s (k int, v bigint)");
        engine.Define("CREATE MATERIALIZED VIEW a AS SELECT k, sum(v)::bigint AS total FROM s GROUP BY k");
        engine.Define("CREATE MATERIALIZED VIEW gaps AS SELECT time_bucket_gapfill(INTERVAL '1 second', TIMESTAMP '2020-01-01' + v * INTERVAL '1 second') AS b, count(*) AS n FROM s GROUP BY b");
        engine.Define("CREATE MATERIALIZED VIEW c AS SELECT k, count(*) AS n FROM s GROUP BY k");
        engine.Write("s", (1, 5), (1, 6));
        Assert.Null(View(engine, "gaps").Error);

        // More buckets between two rows than the operator fills.
        engine.Write("s", (1, 10_000_000));
        Assert.Contains("a gap of more than", View(engine, "gaps").Error!.Message, StringComparison.Ordinal);
        engine.Write("s", (1, 1));
        Assert.Equal([10_000_012L], engine.Values("a"));
        Assert.Equal([4L], engine.Values("c"));
    }

    [Fact]
    public void ThreadsDoEachPieceOnceAndTellTheFirstFailure()
    {
        using var threads = new WorkerThreads(4);
        Assert.Equal(4, threads.Count);
        for (int round = 0; round < 2_000; round++)
        {
            int pieces = round % 9;
            int[] done = new int[pieces];
            threads.Run(pieces, i => Interlocked.Increment(ref done[i]));
            Assert.All(done, d => Assert.Equal(1, d));
        }

        int others = 0;
        var failure = Assert.Throws<InvalidOperationException>(() => threads.Run(8, i =>
        {
            Interlocked.Increment(ref others);
            if (i is 3 or 6)
            {
                throw new InvalidOperationException($"piece {i}");
            }
        }));
        Assert.Equal("piece 3", failure.Message);
        Assert.Equal(8, others);
    }

    private static ViewState View(EngineOnSimDisk engine, string name) => (ViewState)engine.Engine.Objects.Single(o => o.Definition.Name == name);

    // What readers see after each epoch, in the order in which it lies, and at the end the bytes of the checkpoint.
    private static List<string> Life(ulong seed, Workers workers)
    {
        var random = new SimRandom(seed);
        var disk = new SimDisk(seed) { CompleteAtOnce = true };
        var engine = new EngineOnSimDisk(disk, workers: workers);
        Array.ForEach(Definitions, engine.Define);
        var lines = new List<string>();
        for (int epoch = 0; epoch < Epochs; epoch++)
        {
            Write(engine, random, 1);
            DatabaseSnapshot snapshot = engine.Engine.Current;
            foreach (string name in new[] { "sums", "large", "pairs", "first3", "over_sums", "twice", "closed", "of_all" })
            {
                foreach (Core.Batch batch in snapshot.Find(snapshot.Catalog.Find(null, name)!.Id).Scan(snapshot.Load))
                {
                    for (int i = 0; i < batch.Count; i++)
                    {
                        lines.Add($"seed {seed}, epoch {snapshot.Epoch}, {name}: {SimText.Row(batch, i, batch.Columns.Length)} ×{batch.Weight(i)}");
                    }
                }
            }
        }

        engine.Ask(new CheckpointRequest());
        lines.AddRange(disk.List("checkpoint").Select(f => $"{f}: {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(disk.Content("checkpoint/" + f)))}"));
        return lines;
    }

    private static void Write(EngineOnSimDisk engine, SimRandom random, int epochs)
    {
        for (; epochs > 0; epochs--)
        {
            (int, long)[] Rows() => [.. Enumerable.Range(0, random.Next(6)).Select(_ => (random.Next(8), (long)random.Next(100)))];
            engine.Write("s", Rows());
            engine.Write("t", Rows());
            engine.Clock.Advance(TimeSpan.FromMicroseconds(random.Next(3_000_000)));
            engine.WriteAt("w", (random.Next(8), random.Next(100), engine.Clock.UtcNowMicros - random.Next(4_000_000)));
        }
    }
}
