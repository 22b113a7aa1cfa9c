// Readers on other threads while writers write and checkpoints are made: every one sees one epoch, whole.
using Millrace.Core;
using Millrace.Log;
using Xunit;

namespace Millrace.Tests.Engine;

public sealed class ConcurrentReadersTests
{
    private const int Accounts = 20;
    private const int Writers = 2;
    private const int Transfers = 120;

    [Fact]
    public async Task EveryReaderSeesOneEpoch()
    {
        using var folder = new TempFolder();
        await using Database db = await Database.OpenAsync(
            folder.Path, new DatabaseOptions { Durability = Durability.Os, TailBytesMax = 20_000, CheckpointLogBytes = 20_000 });
        await db.ExecuteAsync("CREATE STREAM moves (src int, dst int, coins bigint, note text)");
        await db.ExecuteAsync("CREATE TABLE accounts (id int PRIMARY KEY, balance bigint)");
        await db.ExecuteAsync("CREATE MATERIALIZED VIEW held AS SELECT sum(balance) AS coins, count(*) AS n FROM accounts");
        await db.ExecuteAsync("CREATE MATERIALIZED VIEW moved AS SELECT src, sum(coins) AS coins FROM moves GROUP BY src");
        await db.ExecuteAsync("CREATE MATERIALIZED VIEW got AS SELECT dst, sum(coins) AS coins FROM moves GROUP BY dst");
        await db.ExecuteAsync($"INSERT INTO accounts SELECT g, 1000 FROM generate_series(0, {Accounts - 1}) AS g");
        using var done = new CancellationTokenSource();
        Task[] readers = [.. Enumerable.Range(0, 3).Select(_ => Task.Run(() => ReadAsync(db, done.Token)))];
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(w => Task.Run(() => WriteAsync(db, new Random(w)))));
        await done.CancelAsync();
        await Task.WhenAll(readers);
        Assert.Equal(Writers * Transfers, Assert.Single(await db.QueryAsync<long>("SELECT count(*) FROM moves")));
        Assert.Equal(Writers * Transfers, Assert.Single(await db.QueryAsync<long>("SELECT count(DISTINCT note) FROM moves")));
    }

    private static async Task WriteAsync(Database db, Random random)
    {
        int writer = random.Next();
        await using Session session = db.NewSession();
        for (int i = 0; i < Transfers;)
        {
            (int from, int to, int coins) = (random.Next(Accounts), random.Next(Accounts), random.Next(10));
            try
            {
                await session.ExecuteAsync("BEGIN");
                await session.ExecuteAsync($"UPDATE accounts SET balance = balance - {coins} WHERE id = {from}");
                await session.ExecuteAsync($"UPDATE accounts SET balance = balance + {coins} WHERE id = {to}");
                await session.ExecuteAsync($"INSERT INTO moves VALUES ({from}, {to}, {coins}, '{writer}-{i}')");
                await session.ExecuteAsync("COMMIT");
                i++;
            }
            catch (SqlException e) when (e.SqlState == "40001")
            {
                if (session.Status != TransactionStatus.Idle)
                {
                    await session.ExecuteAsync("ROLLBACK");
                }
            }
        }
    }

    // Balances add up, in the table and in the view; what left one account came into another, in two views and in the stream.
    private static async Task ReadAsync(Database db, CancellationToken done)
    {
        long epoch = 0;
        while (!done.IsCancellationRequested)
        {
            StatementResult result = Assert.Single(await OneAsync(db, """
                SELECT (SELECT sum(balance)::bigint FROM accounts), (SELECT coins::bigint FROM held),
                  coalesce((SELECT sum(coins)::bigint FROM moved), 0), coalesce((SELECT sum(coins)::bigint FROM got), 0), coalesce((SELECT sum(coins)::bigint FROM moves), 0),
                  (SELECT sum(abs(a.balance - 1000 + coalesce(m.coins, 0) - coalesce(g.coins, 0)))::bigint
                    FROM accounts AS a LEFT JOIN moved AS m ON m.src = a.id LEFT JOIN got AS g ON g.dst = a.id)
                """));
            Batch row = Assert.Single(result.Batches);
            long[] values = [.. row.Columns.Select(c => ((FixedColumn<long>)c).Values[0])];
            Assert.Equal((Accounts * 1000L, Accounts * 1000L), (values[0], values[1]));
            Assert.Equal((values[4], values[4], 0L), (values[2], values[3], values[5]));
            Assert.True(result.Epoch >= epoch, $"epoch {result.Epoch} after epoch {epoch}");
            epoch = result.Epoch;
        }
    }

    private static async Task<StatementResult[]> OneAsync(Database db, string sql) => [await db.ExecuteAsync(sql)];
}
