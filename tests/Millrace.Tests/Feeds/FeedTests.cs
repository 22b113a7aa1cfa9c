// Shared feeds: what readers put together from them is the answer, whenever they join, however slow they are, and when they come back.
using Millrace.Core;
using Xunit;

namespace Millrace.Tests.Feeds;

public sealed class FeedTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("millrace-feeds-").FullName;
    private Database _db = null!;

    public Task InitializeAsync() => Open(16 << 20);

    public async Task DisposeAsync()
    {
        await _db.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData("SELECT k, v FROM t")]
    [InlineData("SELECT k % 7 AS g, count(*) AS n, sum(v) AS v FROM t GROUP BY k % 7")]
    [InlineData("SELECT v FROM t")]
    [InlineData("SELECT k, v FROM t ORDER BY v DESC, k LIMIT 5")]
    public async Task ReadersThatJoinAnyTimeAndReadAnyHowArriveAtTheAnswer(string query)
    {
        const int Seed = 20261126;
        var random = new Random(Seed);
        await Sql("CREATE TABLE t (k int PRIMARY KEY, v int)");
        var readers = new List<(FeedReader Reader, Dictionary<string, long> Rows)>();
        for (int step = 0; step < 120; step++)
        {
            await Sql(random.Next(3) == 0
                ? $"DELETE FROM t WHERE k = {random.Next(30)}"
                : $"INSERT INTO t VALUES ({random.Next(30)}, {random.Next(100)}) ON CONFLICT (k) DO UPDATE SET v = excluded.v");
            if (step % 10 == 0)
            {
                FeedReader reader = await _db.FollowAsync(query);
                var rows = new Dictionary<string, long>();
                readers.Add((reader, rows));
                Replace(rows, reader);
            }

            if (random.Next(4) == 0)
            {
                (FeedReader reader, Dictionary<string, long> rows) = readers[random.Next(readers.Count)];
                Take(reader, rows, random.Next(2) == 0 ? int.MaxValue : random.Next(5));
            }

            if (random.Next(10) == 0)
            {
                // One loses its connection and comes back with the place it had.
                int at = random.Next(readers.Count);
                string place = readers[at].Reader.Place;
                await readers[at].Reader.DisposeAsync();
                FeedReader back = await _db.FollowAsync(query, place);
                Assert.True(back.Resumed, $"seed {Seed} step {step}");
                readers[at] = (back, readers[at].Rows);
            }
        }

        string[] expected = await Rows(query);
        long epoch = _db.Epoch;
        foreach ((FeedReader reader, Dictionary<string, long> rows) in readers)
        {
            await Reach(reader, rows, epoch);
            Assert.Equal(expected, Sorted(rows));
            await reader.DisposeAsync();
        }

        Assert.Equal(1, _db.FeedCounters.Feeds);
    }

    [Fact]
    public async Task AStreamIsFollowedWithoutGapOrRepeatWhileItIsWrittenTo()
    {
        await Sql("CREATE STREAM s (n int)");
        const int Total = 3_000;
        Task writing = Task.Run(async () =>
        {
            for (int n = 0; n < Total; n += 10)
            {
                await Sql("INSERT INTO s VALUES " + string.Join(", ", Enumerable.Range(n, 10).Select(i => $"({i})")));
            }
        });
        var readings = Enumerable.Range(0, 8).Select(i => Task.Run(async () =>
        {
            while (_db.Epoch < i * 30)
            {
                await Task.Yield();
            }

            await using FeedReader reader = await _db.FollowAsync("SELECT n FROM s");
            var got = new List<int>();
            foreach (Batch batch in reader.Snapshot())
            {
                got.AddRange(Ints(batch));
            }

            while (got.Count < Total)
            {
                await reader.WaitAsync(CancellationToken.None);
                while (reader.Next(i) is { } update)
                {
                    Assert.Equal(FeedUpdateKind.Delta, update.Kind);
                    // Merged changes of a stream lose their order within the merge, and nothing else.
                    got.AddRange(Ints(update.Batch!).Order());
                }
            }

            Assert.Equal(Enumerable.Range(0, Total), got);
        })).ToList();
        await writing;
        await Task.WhenAll(readings);
    }

    [Fact]
    public async Task WhoFallsOffTheRingIsToldAndGetsTheAnswerAnew()
    {
        await _db.DisposeAsync();
        await Open(2_000);
        await Sql("CREATE TABLE t (k int PRIMARY KEY, v int)");
        FeedReader slow = await _db.FollowAsync("SELECT * FROM t");
        string place = slow.Place;
        FeedReader quick = await _db.FollowAsync("SELECT * FROM t");
        var rows = new Dictionary<string, long>();
        for (int i = 0; i < 200; i++)
        {
            await Sql($"INSERT INTO t VALUES (1, {i}) ON CONFLICT (k) DO UPDATE SET v = excluded.v");
        }

        await Reach(quick, rows, _db.Epoch);
        FeedUpdate gap = slow.Next()!;
        Assert.Equal(FeedUpdateKind.Gap, gap.Kind);
        Assert.InRange(gap.Versions, 1, 200);
        rows.Clear();
        Replace(rows, slow);
        Assert.Equal(["1|199"], Sorted(rows));
        await using FeedReader late = await _db.FollowAsync("SELECT * FROM t", place);
        Assert.False(late.Resumed);
        Assert.InRange(_db.FeedCounters.Bytes, 1, 10_000);
        await slow.DisposeAsync();
        await quick.DisposeAsync();
    }

    [Fact]
    public async Task ManyChangesAreGivenAsOneWithTheLatestValues()
    {
        await Sql("CREATE TABLE t (k int PRIMARY KEY, v int); INSERT INTO t VALUES (1, 0), (2, 0)");
        await using FeedReader reader = await _db.FollowAsync("SELECT * FROM t");
        for (int i = 1; i <= 50; i++)
        {
            await Sql($"UPDATE t SET v = {i} WHERE k = 1");
        }

        long epoch = _db.Epoch;
        await Seen("SELECT * FROM t", epoch);
        FeedUpdate update = reader.Next(1)!;
        Assert.Equal((50, epoch), (update.Versions, update.Epoch));
        Assert.Equal(["-1:1|0", "1:1|50"], Weighted(update.Batch!));
        Assert.Null(reader.Next());
        await Sql("UPDATE t SET v = 7 WHERE k = 2");
        await Sql("UPDATE t SET v = 0 WHERE k = 2");
        await Seen("SELECT * FROM t", _db.Epoch);
        Assert.Null(reader.Next(1)!.Batch);
    }

    [Theory]
    [InlineData("SELECT * FROM nothing", "42P01")]
    [InlineData("INSERT INTO t VALUES (1)", "25006")]
    [InlineData("SELECT 1; SELECT 2", "42601")]
    [InlineData("SELECT $1", "42P02")]
    [InlineData("SELECT name FROM millrace.objects", "0A000")]
    public async Task WhatCannotBeFollowedIsRefused(string sql, string state)
    {
        await Sql("CREATE TABLE t (a int)");
        Assert.Equal(state, (await Assert.ThrowsAsync<SqlException>(async () => await _db.FollowAsync(sql))).SqlState);
        await Sql("INSERT INTO t VALUES (1)");
    }

    [Fact]
    public async Task AFeedEndsWithWhatItReads()
    {
        await Sql("CREATE TABLE t (a int PRIMARY KEY)");
        await using FeedReader reader = await _db.FollowAsync("SELECT * FROM t");
        await Sql("DROP TABLE t");
        await reader.WaitAsync(CancellationToken.None);
        Assert.Equal("42P01", reader.Error?.SqlState);
    }

    private async Task Open(long ring) => _db = await Database.OpenAsync(
        _folder, new DatabaseOptions { Durability = Millrace.Log.Durability.None, SubscriptionBytesMax = ring });

    private async Task Sql(string sql)
    {
        await using Session session = _db.NewSession();
        await session.ExecuteAsync(sql);
    }

    // Waits until the feed itself has taken in an epoch.
    private async Task Seen(string query, long epoch)
    {
        await using FeedReader probe = await _db.FollowAsync(query);
        while (probe.Epoch < epoch)
        {
            while (probe.Next() is not null)
            {
            }

            probe.CatchUp();
            await Task.Yield();
        }
    }

    private static async Task Reach(FeedReader reader, Dictionary<string, long> rows, long epoch)
    {
        while (reader.Epoch < epoch)
        {
            Take(reader, rows, int.MaxValue);
            reader.CatchUp();
            await Task.Yield();
        }
    }

    private static void Take(FeedReader reader, Dictionary<string, long> rows, int mergeBeyond)
    {
        while (reader.Next(mergeBeyond) is { } update)
        {
            if (update.Kind == FeedUpdateKind.Gap)
            {
                Replace(rows, reader);
                continue;
            }

            Add(rows, update.Batch);
        }
    }

    private static void Replace(Dictionary<string, long> rows, FeedReader reader)
    {
        rows.Clear();
        foreach (Batch batch in reader.Snapshot())
        {
            Add(rows, batch);
        }
    }

    private static void Add(Dictionary<string, long> rows, Batch? batch)
    {
        for (int i = 0; i < batch?.Count; i++)
        {
            string row = Row(batch, i);
            rows[row] = rows.GetValueOrDefault(row) + batch.Weight(i);
            Assert.True(rows[row] >= 0);
        }
    }

    private static string Row(Batch batch, int row) => string.Join('|', batch.Columns.Select(c => c.IsNull(row) ? "" : TextFormat.ToText(c, row)));

    private static string[] Sorted(Dictionary<string, long> rows) =>
        [.. rows.SelectMany(r => Enumerable.Repeat(r.Key, (int)r.Value)).Order(StringComparer.Ordinal)];

    private static string[] Weighted(Batch batch) => [.. Enumerable.Range(0, batch.Count).Select(i => $"{batch.Weight(i)}:{Row(batch, i)}").Order(StringComparer.Ordinal)];

    private static IEnumerable<int> Ints(Batch batch) => ((FixedColumn<int>)batch.Columns[0]).Values.Take(batch.Count);

    private async Task<string[]> Rows(string query)
    {
        StatementResult result = await _db.ExecuteAsync(query);
        return [.. result.Batches.SelectMany(b => Enumerable.Range(0, b.Count).Select(i =>
            string.Join('|', b.Columns.Take(result.Columns!.Count).Select(c => c.IsNull(i) ? "" : TextFormat.ToText(c, i))))).Order(StringComparer.Ordinal)];
    }
}
