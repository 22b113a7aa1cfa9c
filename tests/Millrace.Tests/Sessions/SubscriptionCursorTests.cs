// Cursors over subscriptions: what they begin with, what each change is called, and that nothing is missed or told twice.
using Millrace.Core;
using Millrace.Log;
using Xunit;

namespace Millrace.Tests.Sessions;

public sealed class SubscriptionCursorTests
{
    [Fact]
    public async Task Each_change_is_told_once_from_where_the_cursor_begins()
    {
        using var folder = new TempFolder();
        await using Database database = await Database.OpenAsync(folder.Path, new DatabaseOptions { Durability = Durability.None });
        await using Session session = database.NewSession();
        await session.ExecuteAsync(
            "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'before'); CREATE SUBSCRIPTION s FROM t WITH (retention = '1D')");

        // One text is one transaction: of what it changes nothing in between is told.
        foreach (string change in new[] { "INSERT INTO t VALUES (2, 'b')", "UPDATE t SET v = 'B' WHERE id = 2", "DELETE FROM t WHERE id = 1" })
        {
            await session.ExecuteAsync(change);
        }

        await session.ExecuteAsync(
            "DECLARE a SUBSCRIPTION CURSOR FOR s SINCE begin(); DECLARE f SUBSCRIPTION CURSOR FOR s FULL; DECLARE n SUBSCRIPTION CURSOR FOR s; "
            + "DECLARE z SUBSCRIPTION CURSOR FOR s SINCE 0; DECLARE late SUBSCRIPTION CURSOR FOR s SINCE 250000000000000");
        Assert.Equal(["2 b Insert"], await Fetch(session, "NEXT FROM a"));
        await session.ExecuteAsync("INSERT INTO t VALUES (3, 'c')");
        Assert.Equal(["2 b UpdateDelete", "2 B UpdateInsert", "1 before Delete", "3 c Insert"], await Fetch(session, "10 FROM a"));
        Assert.Equal([], await Fetch(session, "NEXT FROM a"));
        Assert.Equal(["2 B Insert -"], await Fetch(session, "NEXT FROM f", times: true));
        Assert.Equal(["3 c Insert"], await Fetch(session, "ALL FROM f"));
        Assert.Equal(["3 c Insert"], await Fetch(session, "ALL FROM n"));
        Assert.Equal(5, (await Fetch(session, "ALL FROM z")).Count);
        Assert.Equal([], await Fetch(session, "ALL FROM late"));
        Assert.Equal("55000", (await Assert.ThrowsAsync<SqlException>(async () => await session.ExecuteAsync("FETCH PRIOR FROM a"))).SqlState);
        Assert.Equal("42809", (await Assert.ThrowsAsync<SqlException>(async () => await session.ExecuteAsync("DECLARE x SUBSCRIPTION CURSOR FOR t FULL"))).SqlState);
    }

    [Fact]
    public async Task What_comes_first_and_what_follows_meet_while_others_write()
    {
        using var folder = new TempFolder();
        await using Database database = await Database.OpenAsync(folder.Path, new DatabaseOptions { Durability = Durability.None });
        await database.ExecuteAsync("CREATE TABLE t (id int PRIMARY KEY, v int); CREATE SUBSCRIPTION s FROM t");
        Task writing = Task.Run(async () =>
        {
            for (int i = 0; i < 300; i++)
            {
                await database.ExecuteAsync($"INSERT INTO t VALUES ({i % 20}, {i}) ON CONFLICT (id) DO UPDATE SET v = excluded.v");
            }
        });
        await using Session session = database.NewSession();
        for (int round = 0; round < 10; round++)
        {
            await session.ExecuteAsync($"DECLARE c{round} SUBSCRIPTION CURSOR FOR s FULL");
        }

        await writing;
        for (int round = 0; round < 10; round++)
        {
            var rows = new SortedDictionary<string, string>(StringComparer.Ordinal);
            foreach (string change in await Fetch(session, $"ALL FROM c{round}"))
            {
                string[] parts = change.Split(' ');
                if (parts[2] is "Insert" or "UpdateInsert")
                {
                    Assert.True(rows.TryAdd(parts[0], parts[1]), $"{change} comes over {rows.GetValueOrDefault(parts[0])}");
                }
                else
                {
                    Assert.True(rows.Remove(parts[0], out string? gone) && gone == parts[1], $"{change} takes back what is not there");
                }
            }

            Assert.Equal(Enumerable.Range(0, 20).Select(i => $"{i} {280 + i}").Order(StringComparer.Ordinal), rows.Select(r => $"{r.Key} {r.Value}").Order(StringComparer.Ordinal));
        }
    }

    private static async Task<List<string>> Fetch(Session session, string what, bool times = false)
    {
        StatementResult result = (await session.ExecuteAsync("FETCH " + what))[^1];
        int columns = times ? 4 : 3;
        return
        [
            .. result.Batches.SelectMany(b => Enumerable.Range(0, b.Count)
                .Select(r => string.Join(' ', Enumerable.Range(0, columns).Select(c => TextFormat.ToText(b.Columns[c], r) ?? "-")))),
        ];
    }
}
