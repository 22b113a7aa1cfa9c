// Window functions over partitions large enough to be worked out in stretches, as live views beside PostgreSQL: changes at the end, in the middle, several
// at once, moves within the order, ties, nulls and deletions.
using System.Globalization;
using Npgsql;
using Xunit;

namespace Millrace.Tests.Differential;

[Collection("postgres")]
public sealed class WindowStretchTests(PostgresServer server)
{
    private const string Rows = "OVER (PARTITION BY k ORDER BY o, id";
    private const string Peers = "OVER (PARTITION BY k ORDER BY o";

    /// <summary>Each alone in its view, since the calls of one operator share how far a stretch reaches.</summary>
    internal static readonly string[] Calls =
    [
        $"row_number() {Rows})",
        $"rank() {Peers})",
        $"dense_rank() {Peers} DESC NULLS LAST)",
        $"lag(v) {Rows})",
        $"lag(v, 3, -1) {Rows})",
        $"lead(v, 2) {Rows})",
        $"sum(v) {Rows})",
        $"sum(v) {Peers})",
        $"sum(n) {Peers} NULLS FIRST)",
        $"avg(v) {Peers})",
        $"count(*) {Peers})",
        $"count(v) FILTER (WHERE v > 3) {Rows})",
        $"min(v) {Rows})",
        $"max(c) {Peers})",
        $"bool_or(v > 8) {Rows} DESC)",
        $"stddev(v) {Rows})",
        $"first_value(v) {Rows})",
        $"last_value(v) {Rows})",
        $"first_value(v) {Rows} ROWS BETWEEN UNBOUNDED PRECEDING AND 2 PRECEDING)",
        $"last_value(c) {Rows} ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)",
        $"sum(v) {Rows} ROWS BETWEEN 5 PRECEDING AND CURRENT ROW)",
        $"sum(n) {Rows} ROWS BETWEEN 2 PRECEDING AND 3 FOLLOWING)",
        $"max(v) {Rows} ROWS BETWEEN 1 FOLLOWING AND 4 FOLLOWING)",
        $"sum(v) {Rows} ROWS BETWEEN UNBOUNDED PRECEDING AND 3 PRECEDING)",
        $"sum(v) {Rows} ROWS BETWEEN UNBOUNDED PRECEDING AND 3 FOLLOWING)",
        $"min(v) {Peers} RANGE BETWEEN 4 PRECEDING AND CURRENT ROW)",
        $"count(*) {Peers} DESC RANGE BETWEEN 3 PRECEDING AND 5 FOLLOWING)",
        $"sum(v) {Peers} RANGE BETWEEN UNBOUNDED PRECEDING AND 4 PRECEDING)",
        $"sum(v) {Peers} GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING)",
        $"count(*) {Peers} GROUPS BETWEEN UNBOUNDED PRECEDING AND 2 FOLLOWING)",
        $"nth_value(v, 2) {Rows} ROWS BETWEEN 3 PRECEDING AND 3 FOLLOWING)",
        $"sum(v) {Rows} ROWS BETWEEN 2 PRECEDING AND 2 FOLLOWING EXCLUDE CURRENT ROW)",
        $"max(n) {Peers} GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE GROUP)",
        $"count(*) {Peers} RANGE BETWEEN UNBOUNDED PRECEDING AND 3 FOLLOWING EXCLUDE TIES)",
        $"first_value(o) {Peers} RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING EXCLUDE GROUP)",
        $"last_value(id) {Rows} ROWS BETWEEN 3 PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW)",
        $"nth_value(id, 2) {Rows} ROWS BETWEEN 1 PRECEDING AND 2 FOLLOWING EXCLUDE CURRENT ROW)",
        $"array_agg(id) {Rows} ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE CURRENT ROW)",
        "max(v) OVER (PARTITION BY k)",
        "count(*) OVER (PARTITION BY k)",
        $"ntile(7) {Rows})",
        $"sum(v) {Rows} ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)",
        $"row_number() {Rows}), lead(c) {Rows}), sum(v) {Rows} ROWS 2 PRECEDING), min(v) {Rows})",
        $"rank() {Peers}), count(*) {Peers} RANGE BETWEEN 2 PRECEDING AND 2 FOLLOWING), first_value(o) {Peers}), max(n) {Peers})",
    ];

    [PostgresFact]
    public async Task StretchesOfLargePartitionsEqualPostgreSqlAfterEveryStep()
    {
        int seed = int.Parse(Environment.GetEnvironmentVariable("MILLRACE_DIFF_SEED") ?? "5", CultureInfo.InvariantCulture);
        int steps = int.Parse(Environment.GetEnvironmentVariable("MILLRACE_DIFF_STEPS") ?? "9", CultureInfo.InvariantCulture);
        var random = new Random(seed);
        await using var connection = new NpgsqlConnection(server.ConnectionString);
        await connection.OpenAsync();
        await using Pair pair = await Pair.OpenAsync(connection);
        Assert.Null((await pair.WriteAsync("CREATE TABLE t (id int PRIMARY KEY, k int, o int, v int, n numeric, c text)")).Difference);
        for (int i = 0; i < Queries.Length; i++)
        {
            Answer made = await pair.AskMillraceAsync($"CREATE MATERIALIZED VIEW v{i} AS {Queries[i]}");
            Assert.True(made.SqlState is null, $"{Queries[i]}: {made.SqlState} {made.Message}");
        }

        var changes = new WindowChanges(random);
        foreach (string sql in changes.First())
        {
            Assert.Null((await pair.WriteAsync(sql)).Difference);
        }

        for (int step = 0; step < steps; step++)
        {
            string sql = changes.Next();
            (_, string? difference) = await pair.WriteAsync(sql);
            Assert.True(difference is null, $"seed {seed} step {step}: {difference}");
            for (int i = 0; i < Queries.Length; i++)
            {
                Answer expected = await pair.AskPostgresAsync(Queries[i]);
                Assert.True(expected.SqlState is null, $"{Queries[i]}: {expected.Message}");
                string? found = (await pair.AskMillraceAsync($"SELECT * FROM v{i}")).DifferenceTo(expected, ordered: false);
                Assert.True(found is null, $"seed {seed} step {step} {sql}\n{Queries[i]}\n{found}");
            }

            if (step % 4 == 2)
            {
                await pair.ReopenAsync();
            }
        }
    }

    /// <summary>All queries: one a call, and some in which rows are there more than once.</summary>
    internal static readonly string[] Queries =
    [
        .. Calls.Select((_, i) => $"SELECT id, {Named(i)} FROM t"),
        "SELECT o, v % 2 AS v, row_number() OVER (ORDER BY o, v % 2) AS r, sum(v % 2) OVER (ORDER BY o) AS s FROM t",
        "SELECT o / 8 AS o, count(*) OVER (PARTITION BY k ORDER BY o / 8) AS n, dense_rank() OVER (PARTITION BY k ORDER BY o / 8) AS d FROM t",
        "SELECT o / 4 AS o, sum(o / 4) OVER (PARTITION BY k ORDER BY o / 4 ROWS BETWEEN 6 PRECEDING AND 2 FOLLOWING) AS s FROM t",
        "SELECT o / 4 AS o, lag(o / 4, 2) OVER (PARTITION BY k ORDER BY o / 4) AS s FROM t",
        "SELECT id, v, max(v) OVER (PARTITION BY k) AS m, first_value(k) OVER (PARTITION BY k) AS f FROM t",
    ];

    private static string Named(int call)
    {
        string[] parts = Calls[call].Split("), ");
        return string.Join(", ", parts.Select((c, i) => c + (i + 1 < parts.Length ? ")" : "") + " AS x" + i.ToString(CultureInfo.InvariantCulture)));
    }
}

/// <summary>Changes of a table t (id, k, o, v, n, c) with some hundred rows in one partition and few in two others.</summary>
internal sealed class WindowChanges(Random random)
{
    private const int Size = 420;
    private int _id;

    public IEnumerable<string> First()
    {
        for (int i = 0; i < 6; i++)
        {
            yield return Insert(Size / 6, () => random.Next(Size / 3));
        }
    }

    public string Next() => random.Next(11) switch
    {
        0 => Insert(1, () => Size),
        1 => Insert(2, () => random.Next(Size / 3)),
        2 => Insert(1, () => -1),
        3 => $"DELETE FROM t WHERE id = {random.Next(_id)}",
        4 => $"DELETE FROM t WHERE id % 97 = {random.Next(97)}",
        5 => $"UPDATE t SET v = v + 1 WHERE id = {random.Next(_id)}",
        6 => $"UPDATE t SET v = {Value(12)}, n = {Value(4)} * 1.50 WHERE id % 101 = {random.Next(101)}",
        7 => $"UPDATE t SET o = o + {random.Next(-9, 10)} WHERE id % 89 = {random.Next(89)}",
        8 => $"UPDATE t SET c = {Text()} WHERE id = {random.Next(_id)}",
        9 => $"UPDATE t SET k = {random.Next(3)} WHERE id = {random.Next(_id)}",
        _ => $"UPDATE t SET o = {Value(Size / 3)} WHERE id IN ({random.Next(_id)}, {random.Next(_id)})",
    };

    private string Insert(int rows, Func<int> order) => "INSERT INTO t VALUES " + string.Join(", ", Enumerable.Range(0, rows).Select(_ =>
        $"({_id++}, {(random.Next(12) == 0 ? random.Next(1, 3) : 0)}, {(random.Next(25) == 0 ? "NULL" : order())}, {Value(12)}, {Value(6)} * 0.25, {Text()})"));

    private string Value(int end) => random.Next(8) == 0 ? "NULL" : random.Next(end).ToString(CultureInfo.InvariantCulture);

    private string Text() => random.Next(6) == 0 ? "NULL" : $"'{(char)('a' + random.Next(6))}{random.Next(40)}'";
}
