// Cursors in sessions: how long they live, and those over changes. How FETCH moves over rows is compared with PostgreSQL in Differential.
using Millrace.Core;
using Xunit;

namespace Millrace.Tests.Sessions;

public sealed class CursorTests : OneSession
{
    private protected override async Task SetUpAsync()
    {
        await Run("CREATE TABLE t (id int PRIMARY KEY, x text); INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c')");
    }

    [Fact]
    public async Task ACursorEndsWithItsTransactionUnlessItIsHeld()
    {
        await StateAsync("25P01", "DECLARE c CURSOR FOR SELECT id FROM t");
        await Run("BEGIN");
        await Run("DECLARE c CURSOR FOR SELECT id FROM t ORDER BY id");
        await Run("DECLARE h CURSOR WITH HOLD FOR SELECT id FROM t ORDER BY id");
        Assert.Equal("1", await Rows("FETCH c"));
        await Run("COMMIT");
        await StateAsync("34000", "FETCH c");
        Assert.Equal("1|2", await Rows("FETCH 2 FROM h"));
        await Run("BEGIN");
        await Run("DECLARE h2 CURSOR WITH HOLD FOR SELECT id FROM t");
        await Run("ROLLBACK");
        await StateAsync("34000", "FETCH h2");
        Assert.Equal("3", await Rows("FETCH h"));
        await Run("CLOSE h");
        await StateAsync("34000", "CLOSE h");
        await Run("DECLARE h CURSOR WITH HOLD FOR SELECT 1");
        await StateAsync("42P03", "DECLARE h CURSOR WITH HOLD FOR SELECT 1");
        await Run("CLOSE ALL");
        await StateAsync("34000", "FETCH h");
    }

    [Fact]
    public async Task ACursorOfATextOfSeveralStatementsEndsWithIt()
    {
        Assert.Equal("1", await Rows("DECLARE c CURSOR FOR SELECT id FROM t ORDER BY id; FETCH c"));
        await StateAsync("34000", "FETCH c");
    }

    [Fact]
    public async Task ACursorShowsWhatWasThereWhenItWasDeclared()
    {
        await Run("BEGIN");
        await Run("INSERT INTO t VALUES (4, 'd')");
        await Run("DECLARE c CURSOR FOR SELECT id FROM t ORDER BY id");
        await Run("DELETE FROM t");
        Assert.Equal("1|2|3|4", await Rows("FETCH ALL c"));
        await Run("ROLLBACK");
    }

    [Fact]
    public async Task ChangesAreFetchedOnce()
    {
        await Run("DECLARE c CURSOR FOR SUBSCRIBE (SELECT id, x FROM t WHERE id < 10)");
        Assert.Equal("+1 1 a|+1 2 b", Weighed(await Rows("FETCH 2 FROM c")));
        Assert.Equal("+1 3 c", Weighed(await Rows("FETCH 10 FROM c WITH (timeout = '1s')")));
        Assert.Equal("", await Rows("FETCH ALL c WITH (timeout = '0s')"));
        Assert.Equal("", await Rows("FETCH c WITH (timeout = '10 ms')"));
        await Run("UPDATE t SET x = 'z' WHERE id = 2");
        await Run("INSERT INTO t VALUES (20, 'y'), (4, 'd')");
        Assert.Equal("-1 2 b", Weighed(await Rows("FETCH c")));
        Assert.Equal("+1 2 z", Weighed(await Rows("FETCH NEXT FROM c WITH (timeout = '1 minute')")));
        Assert.Equal("+1 4 d", Weighed(await Rows("FETCH 5 c")));
        await StateAsync("55000", "FETCH BACKWARD 1 FROM c");
        await StateAsync("55000", "FETCH ABSOLUTE 1 FROM c");
        await StateAsync("22023", "FETCH c WITH (timeout = 'soon')");
        await StateAsync("22023", "FETCH c WITH (timeout = '-1s')");
        await StateAsync("22023", "FETCH c WITH (patience = '1s')");
        await Run("CLOSE c");
        await StateAsync("34000", "FETCH c");
        await UnsubscribedAsync();
    }

    [Fact]
    public async Task AFetchWaitsForAChangeAndCanBeCancelled()
    {
        await Run("DECLARE c CURSOR FOR SUBSCRIBE t WITH (snapshot = false)");
        Task<string> waiting = Rows("FETCH 10 FROM c");
        await using Session other = Database.NewSession();
        await other.ExecuteAsync("INSERT INTO t VALUES (7, 'g')");
        Assert.Equal("+1 7 g", Weighed(await waiting));
        using var cancel = new CancellationTokenSource();
        ValueTask<IReadOnlyList<StatementResult>> stuck = Session.ExecuteAsync("FETCH 10 FROM c", cancel.Token);
        await cancel.CancelAsync();
        Assert.Equal("57014", (await Assert.ThrowsAsync<SqlException>(() => stuck.AsTask())).SqlState);
        await other.ExecuteAsync("INSERT INTO t VALUES (8, 'h')");
        Assert.Equal("+1 8 h", Weighed(await Rows("FETCH 10 FROM c")));
        Assert.Equal("MOVE 0", (await Session.ExecuteAsync("MOVE ALL FROM c WITH (timeout = '0s')"))[0].CommandTag);
    }

    [Fact]
    public async Task ChangesEndWithTheirTransactionTheirSessionAndTheirTable()
    {
        await Run("BEGIN");
        await Run("DECLARE c CURSOR FOR SUBSCRIBE t");
        await Run("DECLARE h CURSOR WITH HOLD FOR SUBSCRIBE t");
        await Run("COMMIT");
        await StateAsync("34000", "FETCH c");
        Assert.Equal("+1 1 a", Weighed(await Rows("FETCH h")));
        await using (Session other = Database.NewSession())
        {
            await other.ExecuteAsync("DECLARE mine SUBSCRIPTION CURSOR FOR t");
            await other.ExecuteAsync("BEGIN; DECLARE gone CURSOR FOR SUBSCRIBE t; ROLLBACK");
        }

        await Run("DISCARD ALL");
        await UnsubscribedAsync();
        await Run("DECLARE d CURSOR FOR SUBSCRIBE t WITH (snapshot = false)");
        await Run("INSERT INTO t VALUES (5, 'e'); DROP TABLE t");
        Assert.Equal("+1 5 e", Weighed(await Rows("FETCH ALL d")));
        await StateAsync("42P01", "FETCH ALL d");
        await StateAsync("42P01", "FETCH ALL d");
    }

    [Fact]
    public async Task WhatCannotBeFollowedIsRefused()
    {
        await StateAsync("0A000", "DECLARE c CURSOR FOR SUBSCRIBE (SELECT relname FROM pg_class)");
        await StateAsync("0A000", "DECLARE c SCROLL CURSOR FOR SUBSCRIBE t");
        await StateAsync("42P01", "DECLARE c CURSOR FOR SUBSCRIBE nothing");
        await Run("CREATE USER app");
        await using Session app = Database.NewSession();
        app.User = "app";
        Assert.Equal("42501", (await Assert.ThrowsAsync<SqlException>(() => app.ExecuteAsync("DECLARE c CURSOR FOR SUBSCRIBE t").AsTask())).SqlState);
    }

    private async Task UnsubscribedAsync() => Assert.Equal(0, (await Database.SubmitAsync(new Millrace.Engine.InspectRequest<int>(e => e.Subscriptions), default)));

    private async Task<string> Rows(string sql) => string.Join('|', (await Session.ExecuteAsync(sql))[^1].Batches.SelectMany(b =>
        Enumerable.Range(0, b.Count).Select(r => string.Join(' ', b.Columns.Select(c => TextFormat.ToText(c, r))))));

    // Without the epochs; the sign of the weight in front.
    private static string Weighed(string rows) => string.Join('|', rows.Split('|').Select(r => r.Split(' ', 2)[1]).Select(r => r[0] == '-' ? r : "+" + r));
}
