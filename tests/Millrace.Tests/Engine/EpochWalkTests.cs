// An epoch steps only what its changes reach: what it reaches by a watermark alone is stepped all the same.
using Xunit;

namespace Millrace.Tests.Engine;

public sealed class EpochWalkTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("millrace-test-").FullName;
    private Database _db = null!;

    public async Task InitializeAsync() => _db = await Database.OpenAsync(_folder);

    public async Task DisposeAsync()
    {
        await _db.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task AWatermarkPassesThroughAViewThatDoesNotChange()
    {
        await _db.ExecuteAsync("CREATE STREAM s (k int, ts timestamp, WATERMARK FOR ts AS ts - INTERVAL '1 second')");
        await _db.ExecuteAsync("CREATE MATERIALIZED VIEW large AS SELECT k, ts FROM s WHERE k > 10");
        await _db.ExecuteAsync(
            "CREATE MATERIALIZED VIEW closed AS SELECT window_start, count(*) AS n FROM TUMBLE(large, ts, INTERVAL '10 seconds') GROUP BY window_start, window_end EMIT ON WINDOW CLOSE");
        await _db.ExecuteAsync("INSERT INTO s VALUES (11, '2024-01-01 00:00:01'), (12, '2024-01-01 00:00:02')");
        Assert.Empty(await _db.QueryAsync<long>("SELECT n FROM closed"));

        // Not a row of large, and yet the window has ended for it.
        await _db.ExecuteAsync("INSERT INTO s VALUES (1, '2024-01-01 00:01:00')");
        Assert.Equal([2L], await _db.QueryAsync<long>("SELECT n FROM closed"));
    }

    [Fact]
    public async Task ViewsOfOtherStreamsKeepTheirAnswersAndDroppedOnesAreGone()
    {
        await _db.ExecuteAsync("CREATE STREAM a (v int)");
        await _db.ExecuteAsync("CREATE STREAM b (v int)");
        await _db.ExecuteAsync("CREATE MATERIALIZED VIEW of_a AS SELECT sum(v) AS total FROM a");
        await _db.ExecuteAsync("CREATE MATERIALIZED VIEW of_b AS SELECT sum(v) AS total FROM b");
        await _db.ExecuteAsync("CREATE MATERIALIZED VIEW of_both AS SELECT of_a.total + of_b.total AS total FROM of_a, of_b");
        await _db.ExecuteAsync("INSERT INTO a VALUES (1), (2)");
        await _db.ExecuteAsync("INSERT INTO b VALUES (10)");
        await _db.ExecuteAsync("INSERT INTO a VALUES (4)");
        Assert.Equal([17L], await _db.QueryAsync<long>("SELECT total FROM of_both"));
        int id = _db.Catalog.Find(null, "of_both")!.Id;
        await _db.ExecuteAsync("DROP MATERIALIZED VIEW of_both");
        await _db.ExecuteAsync("INSERT INTO b VALUES (20)");
        Assert.Null(_db.Engine.Current.Objects[id]);
        Assert.Equal([30L], await _db.QueryAsync<long>("SELECT total FROM of_b"));
    }
}
