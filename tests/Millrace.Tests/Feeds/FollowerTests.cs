// millrace.subscriptions: who follows what, how far behind, and gone when gone.
using Millrace.Core;
using Xunit;

namespace Millrace.Tests.Feeds;

public sealed class FollowerTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("millrace-followers-").FullName;
    private Database _db = null!;

    public async Task InitializeAsync()
    {
        _db = await Database.OpenAsync(_folder);
        await _db.ExecuteAsync("CREATE TABLE t (k int PRIMARY KEY, v int)");
    }

    public async Task DisposeAsync()
    {
        await _db.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task ReadersOfOneFeedAreListedEachWithWhatWaitsForIt()
    {
        await using FeedReader quick = await _db.FollowAsync("SELECT k, v FROM t");
        FeedReader slow = await _db.FollowAsync("select k, v from t");
        slow.Introduce("SELECT k, v FROM t", "events", "127.0.0.1:5");
        for (int i = 0; i < 3; i++)
        {
            await _db.ExecuteAsync("INSERT INTO t VALUES (1, $1) ON CONFLICT (k) DO UPDATE SET v = excluded.v", i);
        }

        long written = _db.Epoch;
        while (quick.Epoch < written)
        {
            if (quick.Next() is null && !quick.CatchUp())
            {
                await Task.Yield();
            }
        }

        Follower[] all = [.. _db.Followers()];
        Assert.Equal(["library", "events"], all.Select(f => f.Via));
        Assert.Equal(["SUBSCRIBE TO (SELECT k, v FROM t)", "SELECT k, v FROM t"], all.Select(f => f.Query));
        Assert.All(all, f => Assert.Equal(1, f.SharedWith));
        Assert.Equal((0, 0), (all[0].Behind, all[0].LagMicros));
        Assert.Equal(("127.0.0.1:5", 3L), (all[1].Client, all[1].Behind));
        Assert.InRange(all[1].Epoch, 1, all[0].Epoch - 3);
        Assert.True(all[0].Bytes > 0 && all[0].Bytes == all[1].Bytes);

        FeedUpdate merged = slow.Next(mergeBeyond: 1)!;
        Assert.Equal(3, merged.Versions);
        Follower now = _db.Followers()[1];
        Assert.Equal((0L, 2L, 0L, all[0].Epoch), (now.Behind, now.Merged, now.Lost, now.Epoch));
        Assert.Equal(merged.Batch!.Count, now.Rows);

        await slow.DisposeAsync();
        Assert.Equal([all[0].Id], _db.Followers().Select(f => f.Id));
    }

    [Fact]
    public async Task ASubscribingSessionIsListedUnderTheNameItGives()
    {
        await using Session session = _db.NewSession();
        session.Set("application_name", "till 7");
        Subscription subscription = (await session.ExecuteAsync("SUBSCRIBE (SELECT * FROM t)"))[0].Subscription!;
        await _db.ExecuteAsync("INSERT INTO t VALUES (1, 1), (2, 2)");
        Assert.Equal(["session|till 7|SUBSCRIBE (SELECT * FROM t)|0|True"], await Listed("rows", "behind > 0"));
        long written = _db.Epoch;
        long seen = 0;
        while (seen < written)
        {
            SubscriptionEvent e = await subscription.Events.ReadAsync();
            seen = e.Epoch;
        }

        Assert.Equal(["session|till 7|SUBSCRIBE (SELECT * FROM t)|2|False"], await Listed("rows", "behind > 0"));
        await subscription.DisposeAsync();
        Assert.Empty(await Listed("rows"));
    }

    private async Task<string[]> Listed(params string[] more)
    {
        StatementResult result = await _db.ExecuteAsync($"SELECT via, client, query, {string.Join(", ", more)} FROM millrace.subscriptions");
        return [.. result.Batches.SelectMany(b => Enumerable.Range(0, b.Count).Select(i => string.Join('|', b.Columns.Select(c => BoxedValue.Get(c, i)))))];
    }
}
