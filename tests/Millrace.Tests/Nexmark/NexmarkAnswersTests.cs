// Every Nexmark query against PostgreSQL, step by step, over events in order and out of order, across restarts.
using System.Text;
using Millrace.Core;
using Millrace.Generators.Nexmark;
using Millrace.Tests.Differential;
using Npgsql;
using Xunit;

namespace Millrace.Tests.Nexmark;

/// <summary>q12, whose answer depends on when events come in, is in <see cref="ProcessingTimeTests"/>.</summary>
[Collection("postgres")]
public sealed class NexmarkAnswersTests(PostgresServer server)
{
    private const int EventsPerWrite = 500;
    private const int Writes = 12;

    // 150 events a second: the 6,000 events span 40 seconds, four tumbling windows and many sessions.
    private static readonly NexmarkOptions s_ordered = new() { Rate = 150, FirstEvent = 10_000 };

    private static readonly string[] s_names = [.. NexmarkQueries.All.Select(q => q.Name).Where(n => n != "q12")];

    /// <summary>What PostgreSQL says differently: windows are joins with a series, sessions are gaps between rows, ties are broken by all columns.</summary>
    private static string ForPostgres(NexmarkQuery query)
    {
        const string hops = "(SELECT b.*, w AS window_start, w + INTERVAL '10 seconds' AS window_end FROM bid b, LATERAL generate_series("
            + "date_bin('2 seconds', b.date_time, '1970-01-01') - INTERVAL '8 seconds', date_bin('2 seconds', b.date_time, '1970-01-01'), INTERVAL '2 seconds') w) h";
        static string Tumbled(string table) =>
            $"(SELECT *, date_bin('10 seconds', date_time, '1970-01-01') AS window_start, date_bin('10 seconds', date_time, '1970-01-01') + INTERVAL '10 seconds' AS window_end FROM {table}) t";
        return query.Name switch
        {
            "q5" => query.Sql.Replace("HOP(bid, date_time, INTERVAL '2 seconds', INTERVAL '10 seconds')", hops),
            "q7" => query.Sql.Replace("TUMBLE(bid, date_time, INTERVAL '10 seconds')", Tumbled("bid")),
            "q8" => query.Sql.Replace("TUMBLE(person, date_time, INTERVAL '10 seconds')", Tumbled("person"))
                .Replace("TUMBLE(auction, date_time, INTERVAL '10 seconds')", Tumbled("auction")),
            "q11" => """
                SELECT bidder, count(*) AS bid_count, min(date_time) AS window_start, max(date_time) + INTERVAL '10 seconds' AS window_end
                FROM (
                    SELECT bidder, date_time, count(*) FILTER (WHERE fresh) OVER (PARTITION BY bidder ORDER BY date_time) AS session
                    FROM (
                        SELECT bidder, date_time,
                            coalesce(date_time - lag(date_time) OVER (PARTITION BY bidder ORDER BY date_time) >= INTERVAL '10 seconds', true) AS fresh
                        FROM bid) b) s
                GROUP BY bidder, session
                """,
            "q13" => query.Sql.Replace(" FOR SYSTEM_TIME AS OF PROCTIME()", ""),
            "q18" => query.Sql.Replace("date_time DESC", "date_time DESC, price, channel, url, extra"),
            "q19" => query.Sql.Replace("price DESC", "price DESC, bidder, channel, url, date_time, extra"),
            _ => query.Sql,
        };
    }

    [PostgresFact]
    public Task In_order() => CompareAsync(s_ordered, restart: true);

    [PostgresFact]
    public Task Out_of_order() => CompareAsync(s_ordered with { OutOfOrderGroup = 600, FirstEvent = 0 }, restart: false);

    private async Task CompareAsync(NexmarkOptions options, bool restart)
    {
        Assert.Null(PostgresServer.Missing);
        await using var postgres = new NpgsqlConnection(server.ConnectionString);
        await postgres.OpenAsync();
        await using Pair pair = await Pair.OpenAsync(postgres);
        await DefineAsync(pair);
        var generator = new NexmarkGenerator(options);
        for (int write = 1; write <= Writes; write++)
        {
            foreach (string insert in Inserts(generator))
            {
                Assert.Null((await pair.WriteAsync(insert)).Difference);
            }

            if (restart && write is Writes / 3)
            {
                await pair.ReopenAsync();
            }
            else if (restart && write is Writes / 2)
            {
                await pair.AbandonAsync();
            }

            if (write is 1 or Writes / 3 or Writes)
            {
                await CompareViewsAsync(pair, $"{options}, after {write} writes");
            }
        }
    }

    private static async Task DefineAsync(Pair pair)
    {
        Answer made = await pair.AskMillraceAsync(NexmarkQueries.Schema);
        Assert.True(made.SqlState is null, made.Message);
        foreach ((string name, Schema columns) in Streams)
        {
            string list = string.Join(", ", columns.Fields.Select(f => $"{f.Name} {f.Type}"));
            Assert.Null((await pair.AskPostgresAsync($"CREATE TABLE {name} ({list})")).SqlState);
        }

        Assert.Null((await pair.AskPostgresAsync("CREATE TABLE side_input (key bigint PRIMARY KEY, value text)")).SqlState);
        Assert.Null((await pair.AskPostgresAsync("INSERT INTO side_input SELECT i, i::text FROM generate_series(0, 9999) AS i")).SqlState);
        foreach (string name in s_names)
        {
            Answer view = await pair.AskMillraceAsync(NexmarkQueries.Find(name)!.Definition);
            Assert.True(view.SqlState is null, $"{name}: {view.Message}");
            Assert.Null(await pair.FollowAsync(name));
        }
    }

    private static async Task CompareViewsAsync(Pair pair, string when)
    {
        foreach (string name in s_names)
        {
            Answer expected = await pair.AskPostgresAsync(ForPostgres(NexmarkQueries.Find(name)!));
            Assert.True(expected.SqlState is null, $"{name}: {expected.Message}");
            Answer got = await pair.AskMillraceAsync($"SELECT * FROM {name}");
            string? difference = got.DifferenceTo(expected, ordered: false) ?? await pair.FollowedDifferenceAsync(name, expected);
            Assert.True(difference is null, $"{name}, {when}: {difference}");
        }
    }

    private static IEnumerable<(string Name, Schema Columns)> Streams =>
        [("person", NexmarkGenerator.Person), ("auction", NexmarkGenerator.Auction), ("bid", NexmarkGenerator.Bid)];

    private static IEnumerable<string> Inserts(NexmarkGenerator generator)
    {
        (string Name, BatchBuilder Rows)[] drawn = [.. Streams.Select(s => (s.Name, new BatchBuilder(s.Columns)))];
        generator.Generate(EventsPerWrite, drawn[0].Rows, drawn[1].Rows, drawn[2].Rows);
        foreach ((string name, BatchBuilder rows) in drawn)
        {
            Batch batch = rows.View();
            var sql = new StringBuilder($"INSERT INTO {name} VALUES ");
            for (int r = 0; r < batch.Count; r++)
            {
                sql.Append(r > 0 ? ",(" : "(").AppendJoin(", ", batch.Columns.Select(c => $"'{TextFormat.ToText(c, r)}'")).Append(')');
            }

            yield return sql.ToString();
        }
    }
}
