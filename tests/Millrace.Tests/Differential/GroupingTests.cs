// Grouping sets and ordered-set aggregates as live views beside PostgreSQL: after every change of the table the view is what PostgreSQL's query says.
using Npgsql;
using Xunit;

namespace Millrace.Tests.Differential;

[Collection("postgres")]
public sealed class GroupingTests(PostgresServer server)
{
    private static readonly string[] Queries =
    [
        "SELECT a, b, count(*) AS n, sum(v) AS v, grouping(a, b) AS g FROM t GROUP BY ROLLUP (a, b)",
        "SELECT a, b, c, count(*) AS n, max(v) AS v, grouping(a) + 2 * grouping(c, b) AS g FROM t GROUP BY CUBE (a, b, c)",
        "SELECT a, b, grouping(a, b) AS g, count(v) AS n, array_agg(v ORDER BY v) AS vs FROM t GROUP BY GROUPING SETS ((a, b), (a), (b), ())",
        "SELECT a, c, grouping(c) AS g, count(DISTINCT v) AS n FROM t GROUP BY a, ROLLUP (c, b)",
        "SELECT a, b, count(*) AS n FROM t GROUP BY DISTINCT ROLLUP (a, b), CUBE (a)",
        "SELECT coalesce(a, -1) AS a, grouping(coalesce(a, -1)) AS g, avg(v) AS v FROM t GROUP BY ROLLUP (coalesce(a, -1)) HAVING count(*) > 1 OR grouping(coalesce(a, -1)) = 1",
        "SELECT g, sum(n) AS n FROM (SELECT grouping(a, b) AS g, count(*) AS n FROM t GROUP BY CUBE (a, b)) x GROUP BY g",
        "SELECT a, percentile_cont(ARRAY[0, 0.25, NULL, 0.9]) WITHIN GROUP (ORDER BY w) AS p, percentile_disc('{0.5,1}'::float8[]) WITHIN GROUP (ORDER BY c DESC) AS d FROM t GROUP BY a",
        "SELECT a, mode() WITHIN GROUP (ORDER BY c) AS m, mode() WITHIN GROUP (ORDER BY v DESC) AS d, percentile_disc(0.3) WITHIN GROUP (ORDER BY v DESC NULLS LAST) AS p FROM t GROUP BY ROLLUP (a)",
        "SELECT b, rank(3) WITHIN GROUP (ORDER BY v) AS r, dense_rank(3) WITHIN GROUP (ORDER BY v DESC) AS d, percent_rank(2, 'c') WITHIN GROUP (ORDER BY v, c DESC NULLS FIRST) AS p, "
            + "cume_dist(3) WITHIN GROUP (ORDER BY v NULLS FIRST) AS q FROM t GROUP BY ROLLUP (b)",
        "SELECT rank(1.5) WITHIN GROUP (ORDER BY v) AS r, cume_dist('b') WITHIN GROUP (ORDER BY c) FILTER (WHERE a > 1) AS q, "
            + "percent_rank(NULL::int) WITHIN GROUP (ORDER BY v) AS p, count(*) AS n FROM t",
    ];

    // Over a window's columns: what is a table function here is a column of date_bin there.
    private static readonly string[] Windowed =
    [
        "SELECT window_start, a, count(*) AS n, grouping(window_start, a) AS g FROM {0} GROUP BY ROLLUP (window_start, a)",
        "SELECT window_start, a, c, sum(v) AS v, grouping(a, c) AS g FROM {0} GROUP BY window_start, CUBE (a, c)",
        "SELECT window_end, b, max(v) AS v FROM {0} GROUP BY GROUPING SETS ((window_start, window_end), (b), (window_end, b), ())",
    ];

    private const string Window = "«TUMBLE(t, at, INTERVAL '10 seconds')¦(SELECT *, date_bin('10 seconds', at, '1970-01-01') AS window_start, "
        + "date_bin('10 seconds', at, '1970-01-01') + interval '10 seconds' AS window_end FROM t WHERE at IS NOT NULL) w»";

    [PostgresFact]
    public async Task GroupingSetsAndOrderedSetsEqualPostgreSqlAfterEveryStep()
    {
        const int Seed = 11;
        string[] queries = [.. Queries, .. Windowed.Select(q => string.Format(System.Globalization.CultureInfo.InvariantCulture, q, Window))];
        var random = new Random(Seed);
        await using var connection = new NpgsqlConnection(server.ConnectionString);
        await connection.OpenAsync();
        await using Pair pair = await Pair.OpenAsync(connection);
        Assert.Null((await pair.WriteAsync("CREATE TABLE t (id int PRIMARY KEY, a int, b int, c text, v int, w double precision, at timestamp)")).Difference);
        for (int i = 0; i < queries.Length; i++)
        {
            Answer made = await pair.AskMillraceAsync($"CREATE MATERIALIZED VIEW v{i} AS {queries[i]}");
            Assert.True(made.SqlState is null, $"{queries[i]}: {made.SqlState} {made.Message}");
        }

        for (int step = 0; step < 60; step++)
        {
            string sql = random.Next(6) switch
            {
                0 => $"DELETE FROM t WHERE id % 7 = {random.Next(7)}",
                1 => $"UPDATE t SET v = v + 1, a = {Value(3)} WHERE b = {random.Next(3)}",
                2 when step % 20 == 10 => "DELETE FROM t",
                _ => "INSERT INTO t VALUES " + string.Join(", ", Enumerable.Range(0, 1 + random.Next(5)).Select(i =>
                    $"({(step * 10) + i}, {Value(3)}, {Value(3)}, {Letter()}, {Value(6)}, {Value(8)} + 0.5, timestamp '2026-01-01' + {Value(40)} * interval '1 second')")),
            };
            (_, string? difference) = await pair.WriteAsync(sql);
            Assert.True(difference is null, $"seed {Seed} step {step}: {difference}");
            for (int i = 0; i < queries.Length; i++)
            {
                Answer expected = await pair.AskPostgresAsync(queries[i]);
                Answer live = await pair.AskMillraceAsync($"SELECT * FROM v{i}");
                Answer once = await pair.AskMillraceAsync(queries[i]);
                Assert.True(expected.SqlState is null, $"{queries[i]}: {expected.Message}");
                Assert.True(live.DifferenceTo(expected, ordered: false) is null, $"seed {Seed} step {step}, view: {queries[i]}\n{live.DifferenceTo(expected, ordered: false)}");
                Assert.True(once.DifferenceTo(expected, ordered: false) is null, $"seed {Seed} step {step}, query: {queries[i]}\n{once.DifferenceTo(expected, ordered: false)}");
            }
        }

        string Letter() => random.Next(5) == 0 ? "NULL" : $"'{(char)('a' + random.Next(4))}'";

        string Value(int end) => random.Next(6) == 0 ? "NULL" : random.Next(end).ToString(System.Globalization.CultureInfo.InvariantCulture);
    }
}
