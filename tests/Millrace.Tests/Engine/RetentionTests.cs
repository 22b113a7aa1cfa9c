// Retention by time and by size: what is kept, what goes, when; changed on live streams; over restarts, merges and late rows.
using Millrace.Core;
using Millrace.Engine;
using Millrace.Sim;
using Xunit;

namespace Millrace.Tests.Engine;

public sealed class RetentionTests
{
    private const long Second = 1_000_000;
    private const long Hour = 3600 * Second;
    private const long Day = 24 * Hour;

    [Fact]
    public void BySizeTheOldestSegmentsGo()
    {
        var db = new EngineOnSimDisk(new SimDisk(1), sealRows: 50);
        db.Define("CREATE STREAM s (k int, v bigint) WITH (retention_bytes = '4 kB')");
        for (long i = 0; i < 2_000; i += 10)
        {
            db.Write("s", [.. Enumerable.Range(0, 10).Select(n => ((int)i % 3, i + n))]);
        }

        ChunkList rows = Rows(db);
        Assert.InRange(rows.SegmentBytes, 1_000, 4_000);
        Suffix(db.Values("s"), 2_000);
        db.Ask(new CheckpointRequest());
        db.Write("s", (1, 2_000));
        db.Ask(new CheckpointRequest());
        Assert.Equal(rows.Segments.Length, db.Disk.List("segments").Count);
        List<long> before = db.Values("s");
        db.Reopen(crash: true);
        Assert.Equal(before, db.Values("s"));
    }

    /// <summary>A limit that is smaller than one segment must not mean that everything goes.</summary>
    [Fact]
    public void TheNewestSegmentStays()
    {
        var db = new EngineOnSimDisk(new SimDisk(2), sealRows: 50);
        db.Define("CREATE STREAM s (k int, v bigint) WITH (retention_bytes = '1 byte')");
        for (int i = 0; i < 300; i++)
        {
            db.Write("s", (i % 3, i));
        }

        Suffix(db.Values("s"), 300);
        Assert.Single(Rows(db).Segments);
    }

    [Fact]
    public void SetOnALiveStreamTakesEffectAtOnceAndSurvivesRestarts()
    {
        var db = new EngineOnSimDisk(new SimDisk(3), sealRows: 50);
        db.Define("CREATE STREAM s (k int, v bigint, at timestamp)");
        long start = db.Clock.UtcNowMicros - (10 * Day);
        for (int i = 0; i < 10; i++)
        {
            db.WriteAt("s", [.. Enumerable.Range(0, 60).Select(n => (n % 3, (i * 60L) + n, start + (i * Day) + n))]);
        }

        db.Define("CREATE STREAM timed (k int, v bigint, at timestamp, WATERMARK FOR at AS at)");
        for (int i = 0; i < 10; i++)
        {
            db.WriteAt("timed", [.. Enumerable.Range(0, 60).Select(n => (n % 3, (i * 60L) + n, start + (i * Day) + n))]);
        }

        Assert.Equal(600, db.Values("timed").Count);
        db.Define("ALTER STREAM timed SET (retention = '5 days 12 hours', key = 'k')");
        Assert.Equal([.. Enumerable.Range(300, 300).Select(v => (long)v)], db.Values("timed"));
        db.Reopen(crash: true);
        Assert.Equal([.. Enumerable.Range(300, 300).Select(v => (long)v)], db.Values("timed"));
        db.Ask(new CheckpointRequest());
        db.Reopen();
        db.Clock.Advance(TimeSpan.FromDays(2));
        db.WriteAt("s", (1, 1, start));
        Assert.Equal([.. Enumerable.Range(420, 180).Select(v => (long)v)], db.Values("timed"));
        db.Define("ALTER STREAM timed RESET (retention)");
        db.Clock.Advance(TimeSpan.FromDays(20));
        db.WriteAt("timed", (1, 600, start));
        Assert.Equal(181, db.Values("timed").Count);
        db.Define("ALTER STREAM timed SET (retention_bytes = 1)");
        Assert.True(db.Values("timed").Count < 181);
    }

    /// <summary>
    /// A value that cannot be used is refused before it is logged, with its place; it once went into the log, and the folder could not be opened again.
    /// </summary>
    [Theory]
    [InlineData("CREATE STREAM x (a int) WITH (retention = 'bananas')", "22023", "'bananas'")]
    [InlineData("CREATE STREAM x (a int) WITH (retention = '10 GB')", "22023", "'10 GB'")]
    [InlineData("CREATE STREAM x (a int) WITH (retention = 7)", "22023", "7)")]
    [InlineData("CREATE STREAM x (a int) WITH (retention_bytes = '7 days')", "22023", "'7 days'")]
    [InlineData("CREATE STREAM x (a int) WITH (retention_bytes = '0 GB')", "22023", "'0 GB'")]
    [InlineData("CREATE STREAM x (a int) WITH (key = 'a, b')", "42703", "'a, b'")]
    [InlineData("CREATE TABLE x (a int) WITH (retention = '1 day')", "22023", "retention")]
    [InlineData("CREATE MATERIALIZED VIEW x WITH (retention = '1 day') AS SELECT k, count(*) FROM s GROUP BY k", "22023", "retention")]
    [InlineData("ALTER STREAM s SET (retention = '-1 day')", "22023", "'-1 day'")]
    [InlineData("ALTER STREAM s SET (retention = '900000000 years')", "22023", "'900000000")]
    [InlineData("ALTER STREAM s SET (key = 'k, k')", "42701", "'k, k'")]
    [InlineData("ALTER STREAM s SET (retnetion = '1 day')", "22023", "retnetion")]
    [InlineData("ALTER STREAM s SET (watermark_delay = '1 day')", "0A000", "watermark_delay")]
    [InlineData("ALTER STREAM s RESET (event_time)", "0A000", "RESET")]
    public void BadValuesAreRefusedWithTheirPlace(string sql, string state, string at)
    {
        var db = new EngineOnSimDisk(new SimDisk(4) { CompleteAtOnce = true });
        db.Define("CREATE STREAM s (k int, v bigint)");
        SqlException refused = Assert.Throws<SqlException>(() => db.Define(sql));
        Assert.Equal(state, refused.SqlState);
        Assert.NotNull(refused.Hint ?? (state == "42701" ? "" : null));
        Assert.StartsWith(at, sql[refused.Position..], StringComparison.Ordinal);
        db.Write("s", (1, 1));
        db.Reopen();
        Assert.Equal([1L], db.Values("s"));
    }

    [Fact]
    public void ARenamedColumnStaysInTheKey()
    {
        var db = new EngineOnSimDisk(new SimDisk(5) { CompleteAtOnce = true });
        db.Define("CREATE STREAM s (k int, v bigint) WITH (key = 'k')");
        db.Define("ALTER STREAM s RENAME COLUMN k TO host");
        Assert.Equal([0], SeriesKey.Of(db.Engine.Current.Catalog.Find(null, "s")!));
    }

    [Fact]
    public void LateRowsLandInTheirPartition()
    {
        var db = new EngineOnSimDisk(new SimDisk(6), sealRows: 1000);
        db.Define("CREATE STREAM s (k int, v bigint, at timestamp, WATERMARK FOR at AS at - INTERVAL '1 hour') WITH (retention = '10 days', key = 'k')");
        long today = db.Clock.UtcNowMicros / Day * Day;
        db.WriteAt("s", (1, 1, today - (5 * Day)), (1, 2, today), (1, 3, today - (2 * Day)));
        db.Ask(new CompactRequest());
        db.WriteAt("s", (1, 4, today + Hour), (1, 5, today - (5 * Day) + Hour), (1, 6, today - (30 * Day)));
        db.Ask(new CompactRequest());
        // The last one was too late: it is let go as soon as it is by itself.
        Assert.Equal([1L, 2, 3, 4, 5], db.Values("s"));
        StoredSegment[] segments = [.. Rows(db).Segments.OrderBy(s => s.Info.Partition)];
        Assert.Equal([(today / Day) - 5, (today / Day) - 2, today / Day], segments.Select(s => s.Info.Partition));
        Assert.Equal([2L, 1, 2], segments.Select(s => s.Info.Rows));
        db.Clock.Advance(TimeSpan.FromDays(6));
        db.WriteAt("s", (1, 7, today + (6 * Day)));
        Assert.Equal([2L, 3, 4, 7], db.Values("s"));
    }

    /// <summary>When nothing comes in, the clock alone lets rows go, and asks for nothing once they are gone.</summary>
    [Fact]
    public void TimeAloneLetsRowsGo()
    {
        var db = new EngineOnSimDisk(new SimDisk(8) { CompleteAtOnce = true }, sealRows: 4);
        db.Define("CREATE STREAM s (k int, v bigint) WITH (retention = '1 hour')");
        for (int i = 0; i < 6; i++)
        {
            db.Write("s", (i, i));
            db.Clock.Advance(TimeSpan.FromMinutes(10));
        }

        db.Clock.Advance(TimeSpan.FromMinutes(35));
        db.Settle();
        Assert.Equal([4L, 5], db.Values("s"));
        db.Clock.Advance(TimeSpan.FromHours(2));
        db.Settle();
        Assert.Empty(db.Values("s"));
        Assert.Equal(long.MaxValue, db.Engine.DueMicros);
        db.Reopen(crash: true);
        Assert.Empty(db.Values("s"));
    }

    /// <summary>Rows that retention let go while their segment was being made, or merged, do not come back with it.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void WhatWentDoesNotComeBack(bool merging)
    {
        var db = new EngineOnSimDisk(new SimDisk(7) { CompleteAtOnce = true }, sealRows: 1000) { HoldBackground = true };
        db.Define("CREATE STREAM s (k int, v bigint, at timestamp, WATERMARK FOR at AS at) WITH (retention = '1 hour')");
        db.Define("CREATE STREAM other (k int, v bigint)");
        long now = db.Clock.UtcNowMicros / Hour * Hour;
        db.Clock.JumpTo(now);
        for (int i = 0; i < 3; i++)
        {
            db.WriteAt("s", (1, i, now + (i * 600 * Second)), (1, 100 + i, now + (i * 600 * Second)));
            db.Ask(new CheckpointRequest()); // ends a chunk
            if (merging)
            {
                db.Engine.Submit(new CompactRequest());
                db.Settle();
                db.RunBackground(1);
            }
        }

        db.Engine.Submit(new CompactRequest());
        db.Settle();
        List<long> before = db.Values("s");
        Assert.Equal(6, before.Count);
        for (int minute = 57; minute < 130; minute += 7)
        {
            db.Clock.JumpTo(now + (minute * 60 * Second));
            db.Write("other", (minute, minute));
            Subset(before, db);
            if (minute == 64)
            {
                db.RunBackground();
                Subset(before, db);
                Assert.NotEmpty(before);
            }
        }

        db.RunBackground();
        Assert.Empty(db.Values("s"));
        db.Reopen(crash: true);
        Assert.Empty(db.Values("s"));

        static void Subset(List<long> before, EngineOnSimDisk db)
        {
            List<long> after = db.Values("s");
            Assert.True(after.All(before.Contains) && after.Count <= before.Count, $"{before.Count} rows became {after.Count}");
            before.Clear();
            before.AddRange(after);
        }
    }

    /// <summary>
    /// Random lives: rows early and late, retention by time and size set, changed and lifted, sealing, merging, checkpoints, crashes. Rows are kept in order and
    /// once; none goes that must stay; nothing of what must go stays when a whole unit of it is old.
    /// </summary>
    [Fact]
    public void RandomLivesKeepWhatMustBeKept()
    {
        for (ulong seed = 1; seed <= 40; seed++)
        {
            try
            {
                OneLife(seed);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"seed {seed}: {e.Message}", e);
            }
        }
    }

    private static void OneLife(ulong seed)
    {
        var random = new SimRandom(seed);
        var db = new EngineOnSimDisk(new SimDisk(seed), sealRows: random.Between(20, 200));
        db.Define("CREATE STREAM s (k int, v bigint, at timestamp, WATERMARK FOR at AS at)");
        var times = new List<long>(); // by value, which is the offset
        long keep = long.MaxValue; // the shortest time that was in force since a row was written
        bool bySize = false;
        for (int step = 0; step < 120; step++)
        {
            switch (random.Next(12))
            {
                case 0:
                    long hours = random.Between(1, 100);
                    db.Define($"ALTER STREAM s SET (retention = '{hours} hours')");
                    keep = Math.Min(keep, hours * Hour);
                    break;
                case 1:
                    db.Define("ALTER STREAM s RESET (retention, retention_bytes)");
                    break;
                case 2 when random.OneIn(3):
                    db.Define($"ALTER STREAM s SET (retention_bytes = {random.Between(500, 5_000)})");
                    bySize = true;
                    break;
                case 3: db.Ask(new CompactRequest()); break;
                case 4: db.Ask(new CheckpointRequest()); break;
                case 5: db.Reopen(crash: random.OneIn(2)); break;
                default:
                    db.Clock.Advance(TimeSpan.FromMinutes(random.Between(0, 90)));
                    var rows = new (int, long, long)[random.Between(1, 30)];
                    for (int i = 0; i < rows.Length; i++)
                    {
                        long time = db.Clock.UtcNowMicros - (random.OneIn(4) ? random.Between(0, 60) * Hour : random.Between(0, 100) * Second);
                        rows[i] = (random.Next(4), times.Count, time);
                        times.Add(time);
                    }

                    db.WriteAt("s", rows);
                    break;
            }

            List<long> there = db.Values("s");
            Assert.Equal(there.Distinct().Order(), there);
            HashSet<long> set = [.. there];
            long now = db.Engine.Current.TimeMicros;
            for (int v = 0; v < times.Count; v++)
            {
                Assert.True(set.Contains(v) || bySize || (keep != long.MaxValue && times[v] < now - keep), $"step {step}: row {v} of {times.Count} is gone");
            }
        }

        db.Define("ALTER STREAM s SET (retention = '2 hours')");
        db.Clock.Advance(TimeSpan.FromHours(200));
        db.WriteAt("s", (0, times.Count, db.Clock.UtcNowMicros));
        db.Ask(new CompactRequest());
        Assert.Equal([(long)times.Count], db.Values("s"));
    }

    private static ChunkList Rows(EngineOnSimDisk db) => db.Engine.Objects.First(o => o.Definition.Name == "s").AppendedRows!;

    // The newest rows, without a hole, and not all of them.
    private static void Suffix(List<long> values, long end)
    {
        Assert.InRange(values.Count, 1, end - 1);
        Assert.Equal([.. Enumerable.Range(0, values.Count).Select(i => end - values.Count + i)], values);
    }
}
