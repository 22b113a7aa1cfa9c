// Rows with generated accessors: what goes in comes out, what does not fit says so.
using Millrace.Core;
using Xunit;

namespace Millrace.Tests.Library;

public sealed class RowTests : IAsyncLifetime
{
    private Database _db = null!;

    public async Task InitializeAsync() => _db = await Database.OpenInMemoryAsync();

    public async Task DisposeAsync() => await _db.DisposeAsync();

    private static Everything Sample(long id, bool full) => new(
        id, true, -7, 42, 1.5f, -2.25, 12345.6789m, "Grüße, 世界 \"'", [0, 255, 7], new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc).AddTicks(60),
        new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.FromHours(2)), new DateOnly(1969, 12, 31), new TimeOnly(23, 59, 59), TimeSpan.FromMinutes(-90),
        Guid.Parse("6f9619ff-8b86-d011-b42d-00cf4fc964ff"), Colour.Green)
    {
        MaybeLong = full ? long.MinValue : null,
        MaybeText = full ? "" : null,
        MaybeColour = full ? Colour.Red : null,
        Document = "{\"a\": 1}",
    };

    [Fact]
    public async Task EveryTypeComesOutAsItWentIn()
    {
        await _db.CreateAsync<Everything>();
        await _db.CreateAsync<Everything>();
        Everything[] rows = [Sample(1, full: true), Sample(2, full: false)];
        await _db.AppendAsync(rows);
        IReadOnlyList<Everything> back = await _db.QueryAsync<Everything>("SELECT * FROM everything ORDER BY id");
        Assert.Equal(rows.Length, back.Count);
        for (int i = 0; i < rows.Length; i++)
        {
            // Arrays are equal by identity, and instants come back in UTC.
            Assert.Equal(rows[i].Bytes, back[i].Bytes);
            Assert.Equal(rows[i] with { Bytes = back[i].Bytes }, back[i]);
        }

        Assert.Equal([1L], await _db.QueryAsync<long>("SELECT id FROM everything WHERE colour = 'Green' AND maybe_colour = 'Red' AND \"order\" ->> 'a' = '1'"));
    }

    [Fact]
    public async Task AKeyMakesATableThatIsUpserted()
    {
        await _db.CreateAsync<Everything>();
        await _db.AppendAsync([Sample(1, full: true)]);
        await _db.AppendAsync([Sample(1, full: false)]);
        Assert.Null(Assert.Single(await _db.QueryAsync<Everything>("SELECT * FROM everything")).MaybeLong);
    }

    [Fact]
    public async Task AStructInsideAnotherTypeIsAStreamWithAWatermark()
    {
        await _db.CreateAsync<Outer.HTTPPoint>();
        DateTime at = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        await _db.AppendAsync([new Outer.HTTPPoint { At = at, TookMs = 1 }, new Outer.HTTPPoint { At = at.AddMinutes(10), TookMs = 2 }]);
        Assert.Equal([1.0, 2.0], (await _db.QueryAsync<Outer.HTTPPoint>("SELECT took_ms, at FROM points")).Select(p => p.TookMs));
        ObjectStatistics stream = Assert.Single(_db.Statistics().Objects);
        Assert.Equal(at.AddMinutes(9), DateTime.UnixEpoch.AddTicks(stream.WatermarkMicros!.Value * 10));
    }

    [Fact]
    public async Task WhatDoesNotFitSaysWhatIsMissing()
    {
        await _db.CreateAsync<Outer.HTTPPoint>();
        SqlException e = await Assert.ThrowsAsync<SqlException>(async () => await _db.AppendAsync([new PointWithMore(DateTime.UtcNow, "")]));
        Assert.Equal(("42703", true), (e.SqlState, e.Message.Contains("missing", StringComparison.Ordinal)));
        e = await Assert.ThrowsAsync<SqlException>(async () => await _db.QueryAsync<PointWithMore>("SELECT * FROM points"));
        Assert.Equal(("42804", true), (e.SqlState, e.Message.Contains("missing", StringComparison.Ordinal)));
        e = await Assert.ThrowsAsync<SqlException>(async () => await _db.QueryAsync<Outer.HTTPPoint>("SELECT at, NULL::double precision AS took_ms FROM (VALUES (now())) v(at)"));
        Assert.Equal("22002", e.SqlState);
    }

    [Fact]
    public async Task ASubscriptionGivesTheSameObjects()
    {
        await _db.CreateAsync<Everything>();
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        List<(string, long)> seen = [];
        await _db.AppendAsync([Sample(1, full: true)]);
        await foreach (Change<Everything> change in _db.SubscribeAsync<Everything>("SELECT * FROM everything", limit.Token))
        {
            seen.Add((change.Row.MaybeText ?? "null", change.Weight));
            if (change.Snapshot)
            {
                await _db.AppendAsync([Sample(1, full: false)]);
            }

            if (seen.Count == 3)
            {
                break;
            }
        }

        Assert.Equal([("", 1), ("", -1), ("null", 1)], [seen[0], .. seen[1..].OrderBy(s => s.Item2)]);
    }
}
