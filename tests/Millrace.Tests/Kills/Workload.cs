// Four writers on a real server, and the look at what is there after its end.
using System.Globalization;
using System.Net;
using System.Text;
using Npgsql;
using Xunit;

namespace Millrace.Tests.Kills;

/// <summary>
/// Each writer numbers its transactions. Transaction n of writer w adds three rows to a stream, notes n in a table and moves one coin between two
/// accounts, so that a lost, doubled or torn transaction shows. The last writer posts its three rows over HTTP. Two append-only views copy the stream; the
/// rows of one are let go by size.
/// </summary>
internal sealed class Workload
{
    internal const int Writers = 4;
    private const int Http = Writers - 1;
    private const int Accounts = 10;
    private const int RowsEach = 3;

    private static readonly (string Name, string Query)[] _views = [
        ("by_key", "SELECT k, count(*) AS n, sum(v) AS total, max(v) AS best FROM events GROUP BY k"),
        ("by_window", "SELECT window_start, k, count(*) AS n, sum(v) AS total FROM TUMBLE(events, at, INTERVAL '10 seconds') GROUP BY window_start, k"),
        ("named", "SELECT e.w, e.n, e.part, a.balance FROM events AS e JOIN accounts AS a ON e.k = a.id WHERE e.v > 90"),
        ("top", "SELECT w, n, part, v FROM events ORDER BY v DESC, w, n, part LIMIT 20"),
        ("busiest", "SELECT n AS rows, count(*) AS keys FROM by_key GROUP BY n"),
        ("coins", "SELECT sum(balance) AS coins FROM accounts"),
    ];

    /// <summary>The last transaction each writer saw acknowledged, and the last one it tried.</summary>
    private readonly int[] _acknowledged = new int[Writers];
    private readonly int[] _tried = new int[Writers];

    internal int[] AcknowledgedByWriter => [.. _acknowledged];

    /// <summary>Checks against what was acknowledged at an earlier moment: a backup knows nothing of what came later.</summary>
    internal void IsAtLeast(int[] acknowledged) => acknowledged.CopyTo(_acknowledged, 0);

    /// <summary>The most segments there were at a look, and the rows that retention has let go: whether it was wild enough.</summary>
    internal long SegmentsSeen { get; private set; }

    internal long LetGo { get; private set; }

    internal long Acknowledged => _acknowledged.Sum(a => (long)a);

    internal static string Connection(string address) =>
        $"Host={address.Split(':')[0]};Port={address.Split(':')[1]};Username=millrace;Database=millrace;Pooling=false;Server Compatibility Mode=NoTypeLoading;Timeout=30";

    internal static async Task CreateAsync(NpgsqlConnection connection)
    {
        await RunAsync(connection, "CREATE STREAM events (w int, n int, part int, k int, v bigint, at timestamp, WATERMARK FOR at AS at - INTERVAL '5 seconds') WITH (key = 'k')");
        await RunAsync(connection, "CREATE MATERIALIZED VIEW copied AS SELECT w, n, part FROM events");
        await RunAsync(connection, "CREATE MATERIALIZED VIEW recent WITH (retention_bytes = '1 byte') AS SELECT w, n, part FROM events");
        await RunAsync(connection, "CREATE TABLE progress (w int PRIMARY KEY, n int)");
        await RunAsync(connection, "CREATE TABLE accounts (id int PRIMARY KEY, balance bigint)");
        foreach ((string name, string query) in _views)
        {
            await RunAsync(connection, $"CREATE MATERIALIZED VIEW {name} AS {query}");
        }

        await RunAsync(connection, "INSERT INTO accounts SELECT g, 100 FROM generate_series(0, 9) AS g");
    }

    /// <summary>Checks all there is, and goes on from it.</summary>
    internal async Task CheckAsync(NpgsqlConnection connection)
    {
        List<string> parts = await RowsAsync(connection, "SELECT w, n, count(*), count(DISTINCT part) FROM events GROUP BY w, n ORDER BY w, n");
        int[] next = new int[Writers];
        foreach (string line in parts)
        {
            int[] row = [.. line.Split('|').Select(int.Parse)];
            Assert.True(row[1] == ++next[row[0]], $"writer {row[0]}: transaction {next[row[0]]} is missing, {row[1]} is there");
            Assert.True(row[2] == RowsEach && row[3] == RowsEach, $"writer {row[0]}, transaction {row[1]}: {row[2]} rows, {row[3]} different ones");
        }

        await CheckOrderAsync(connection, next);
        for (int w = 0; w < Writers; w++)
        {
            Assert.True(next[w] >= _acknowledged[w], $"writer {w}: {_acknowledged[w]} acknowledged, {next[w]} there");
            Assert.True(next[w] <= _tried[w], $"writer {w}: {_tried[w]} tried, {next[w]} there");
            _acknowledged[w] = next[w];
        }

        List<string> progress = await RowsAsync(connection, "SELECT w, n FROM progress ORDER BY w");
        Assert.Equal([.. next.Take(Http).Select((n, w) => (n, w)).Where(p => p.n > 0).Select(p => $"{p.w}|{p.n}")], progress);
        Assert.Equal([$"{Accounts * 100}"], await RowsAsync(connection, "SELECT * FROM coins"));
        foreach ((string name, string query) in _views)
        {
            List<string> kept = await RowsAsync(connection, $"SELECT * FROM {name}");
            List<string> fresh = await RowsAsync(connection, query);
            kept.Sort(StringComparer.Ordinal);
            fresh.Sort(StringComparer.Ordinal);
            Assert.True(fresh.SequenceEqual(kept), $"view {name} has {kept.Count} rows, its query {fresh.Count}");
        }
    }

    // Every row once and in the order in which its writer sent it; of those that may be let go, nothing twice and nothing that was never there.
    private async Task CheckOrderAsync(NpgsqlConnection connection, int[] transactions)
    {
        foreach (string name in (string[])["events", "copied", "recent"])
        {
            var last = new (int N, int Part)[Writers];
            int count = 0;
            foreach (string line in await RowsAsync(connection, $"SELECT w, n, part FROM {name}"))
            {
                int[] row = [.. line.Split('|').Select(int.Parse)];
                (int n, int part) = last[row[0]];
                bool follows = part == RowsEach - 1 || n == 0 ? row[1] == n + 1 && row[2] == 0 : row[1] == n && row[2] == part + 1;
                bool later = (row[1], row[2]).CompareTo((n, part)) > 0 || n == 0;
                Assert.True(name == "recent" ? later : follows, $"{name}: writer {row[0]}: row {row[2]} of {row[1]} comes behind row {part} of {n}");
                Assert.True(row[1] <= transactions[row[0]], $"{name}: writer {row[0]}: transaction {row[1]} of {transactions[row[0]]}");
                last[row[0]] = (row[1], row[2]);
                count++;
            }

            int all = transactions.Sum() * RowsEach;
            Assert.True(name == "recent" || count == all, $"{name}: {count} rows, {all} in events");
            LetGo = Math.Max(LetGo, all - count);
        }

        Assert.Equal(["0"], await RowsAsync(connection, "SELECT count(*) FROM millrace.segments WHERE damage IS NOT NULL"));
        SegmentsSeen = Math.Max(SegmentsSeen, long.Parse((await RowsAsync(connection, "SELECT count(*) FROM millrace.segments"))[0], CultureInfo.InvariantCulture));
    }

    /// <summary>Writes until the server goes. Each writer ends by itself then.</summary>
    internal Task WriteAsync(string postgres, string http, int seed) => Task.WhenAll(
        Enumerable.Range(0, Writers).Select(w => Task.Run(() => w == Http ? PostAsync(http, new Random(seed + w)) : InsertAsync(w, postgres, new Random(seed + w)))));

    private async Task InsertAsync(int w, string address, Random random)
    {
        try
        {
            await using var connection = new NpgsqlConnection(Connection(address));
            await connection.OpenAsync();
            while (true)
            {
                int n = _tried[w] = _acknowledged[w] + 1;
                (int from, int to) = (random.Next(Accounts), random.Next(Accounts));
                string sql = $"INSERT INTO events VALUES {string.Join(", ", Rows(w, n, random).Select(r => $"({r.W}, {r.N}, {r.Part}, {r.K}, {r.V}, '{r.At}')"))};"
                    + $"INSERT INTO progress VALUES ({w}, {n}) ON CONFLICT (w) DO UPDATE SET n = excluded.n;"
                    + $"UPDATE accounts SET balance = balance - 1 WHERE id = {from};UPDATE accounts SET balance = balance + 1 WHERE id = {to}";
                try
                {
                    await RunAsync(connection, sql);
                    _acknowledged[w] = n;
                }
                catch (PostgresException e) when (e.SqlState == "40001")
                {
                    // Another writer moved a coin of the same account: nothing happened, try again.
                }
            }
        }
        catch (Exception e) when (e is NpgsqlException or IOException)
        {
            // The server is gone. What was under way is in doubt.
        }
    }

    private async Task PostAsync(string address, Random random)
    {
        using var client = new HttpClient { BaseAddress = new Uri($"http://{address}") };
        try
        {
            while (true)
            {
                int n = _tried[Http] = _acknowledged[Http] + 1;
                string body = string.Concat(Rows(Http, n, random).Select(r =>
                    $$"""{"w":{{r.W}},"n":{{r.N}},"part":{{r.Part}},"k":{{r.K}},"v":{{r.V}},"at":"{{r.At}}"}""" + "\n"));
                using var content = new StringContent(body, Encoding.UTF8, "application/x-ndjson");
                using HttpResponseMessage response = await client.PostAsync(new Uri("/v1/streams/events", UriKind.Relative), content);
                string answer = await response.Content.ReadAsStringAsync();
                if (response.StatusCode == HttpStatusCode.ServiceUnavailable && answer.Contains("\"sqlstate\":\"58030\"", StringComparison.Ordinal))
                {
                    // Its disk failed and it says so before it goes, as it should: what was under way is in doubt.
                    return;
                }

                Assert.True(response.IsSuccessStatusCode, answer);
                _acknowledged[Http] = n;
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            // The server is gone.
        }
    }

    private static IEnumerable<(int W, int N, int Part, int K, int V, string At)> Rows(int w, int n, Random random) => Enumerable.Range(0, RowsEach).Select(part =>
        (w, n, part, random.Next(Accounts), random.Next(100), DateTime.UnixEpoch.AddSeconds(n / 10.0 - random.Next(20)).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)));

    internal static async Task RunAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    internal static async Task<List<string>> RowsAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync();
        var rows = new List<string>();
        while (await reader.ReadAsync())
        {
            rows.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount)
                .Select(i => reader.IsDBNull(i) ? "~" : Convert.ToString(reader.GetValue(i), CultureInfo.InvariantCulture))));
        }

        return rows;
    }
}
