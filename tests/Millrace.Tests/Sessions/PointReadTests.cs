// A query that is looked up gives what the operators give: by keys, parts of keys and indexes, of tables and views, of every type, whatever happens in between.
using Millrace.Core;
using Millrace.Sessions;
using Xunit;
using Xunit.Abstractions;

namespace Millrace.Tests.Sessions;

public sealed class PointReadTests(ITestOutputHelper output) : OneSession
{
    private static readonly string[] Values =
    [
        "1", "2", "3", "-1", "0", "null", "'a'", "'b'", "'a '", "''", "'A'", "'é'", "1.0", "1.50", "1.5", "-0.0", "'NaN'", "'infinity'", "'2026-01-01'", "'2026-01-01 00:00:00+00'",
        "'2025-12-31 23:00:00-01'", "true", "false", "'6f1c2a34-0000-4000-8000-000000000000'", "'1 day'", "'24:00:00'", "'{1,2}'", "'{\"a\": 1}'", "'\\x01'", "99999999999", "'x y'",
    ];

    private static readonly string[] Types =
        ["smallint", "int", "bigint", "double precision", "real", "numeric(10,2)", "text", "varchar(2)", "date", "timestamptz", "timestamp", "boolean", "uuid", "interval", "int[]", "bytea"];

    private protected override async Task SetUpAsync()
    {
        await Run("CREATE TABLE pairs (a int, b text, c int, d numeric(10,2), PRIMARY KEY (a, b)); CREATE INDEX by_c ON pairs (c, d)");
        await Run("INSERT INTO pairs SELECT i % 7, chr(97 + i / 7), i % 5, i / 2.0 FROM generate_series(0, 48) AS g(i)");
        await Run("INSERT INTO pairs VALUES (1, 'none', NULL, NULL)");
        await Run("CREATE STREAM events (k int, t text, v int); CREATE MATERIALIZED VIEW sums AS SELECT k, t, count(*) AS n, sum(v) AS total FROM events GROUP BY k, t");
        await Run("CREATE MATERIALIZED VIEW copies AS SELECT a, c FROM pairs");
        await Run("INSERT INTO events SELECT i % 11, chr(97 + i % 3), i FROM generate_series(0, 500) AS g(i)");
    }

    [Fact]
    public async Task WhatIsLookedUpIsWhatTheOperatorsFind()
    {
        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        (string From, string[] Columns)[] relations =
            [("pairs", ["a", "b", "c", "d"]), ("sums", ["k", "t", "n", "total"]), ("copies", ["a", "c"])];
        int lookedUp = 0;
        for (int i = 0; i < 1_500; i++)
        {
            (string from, string[] columns) = relations[random.Next(relations.Length)];
            string[] compared = [.. columns.OrderBy(_ => random.Next()).Take(random.Next(1, 4))];
            string[] conditions = [.. compared.Select(c => random.Next(6) == 0 ? $"{Pick(random)} = {c}" : $"{c} = {(c is "b" or "t" ? $"'{(char)('a' + random.Next(5))}'" : random.Next(8))}")];
            string select = random.Next(3) == 0 ? "*" : string.Join(", ", columns.OrderBy(_ => random.Next()).Take(random.Next(1, columns.Length + 1)));
            lookedUp += await SameAsync($"SELECT {select} FROM {from} WHERE {string.Join(" AND ", conditions)}") ? 1 : 0;
        }

        Assert.InRange(lookedUp, 100, 1_400);
    }

    [Fact]
    public async Task KeysOfEveryTypeAreFoundByEveryValueThatEqualsThem()
    {
        int lookedUp = 0;
        foreach ((int number, string type) in Types.Index())
        {
            await Run($"CREATE TABLE k{number} (k {type} PRIMARY KEY, n int)");
            foreach (string value in Values)
            {
                // What is no value of the type is left out; the key that is there already as well.
                await Record.ExceptionAsync(() => Run($"INSERT INTO k{number} VALUES ({value}, 1)"));
            }

            foreach (string value in Values)
            {
                lookedUp += await SameAsync($"SELECT n, k FROM k{number} WHERE k = {value}") ? 1 : 0;
                lookedUp += await SameAsync($"SELECT n FROM k{number} WHERE k = CAST({value} AS {type})") ? 1 : 0;
            }
        }

        Assert.True(lookedUp > 100, $"{lookedUp}");
    }

    [Fact]
    public async Task APreparedOneTakesAnyValueAndFollowsTheCatalog()
    {
        PreparedStatement one = Session.Prepare(Session.Parse("SELECT d, b FROM pairs WHERE b = $2 AND a = $1")[0], "SELECT d, b FROM pairs WHERE b = $2 AND a = $1", []);
        Assert.NotNull(((LocalPrepared)one).Point);
        async Task<string> Of(int? a, string? b) => Text(await Session.ExecuteAsync(one, [new(a, SqlType.Integer), new(b is null ? null : Slice(b), SqlType.Text)]));
        Assert.Equal("0.00,a", await Of(0, "a"));
        Assert.Equal("7.50,c", await Of(1, "c"));
        Assert.Equal("", await Of(1, "zz"));
        Assert.Equal("", await Of(null, "a"));
        Assert.Equal("", await Of(1, null));
        await Run("UPDATE pairs SET d = 99 WHERE a = 0 AND b = 'a'");
        Assert.Equal("99.00,a", await Of(0, "a"));
        await Run("ALTER TABLE pairs ADD COLUMN e int");
        Assert.Equal("99.00,a", await Of(0, "a"));
        Assert.Equal("08P01", (await Assert.ThrowsAsync<SqlException>(async () => await Session.ExecuteAsync(one, []))).SqlState);
        await Run("CREATE USER bob");
        await using Session bob = Database.NewSession();
        bob.User = "bob";
        Assert.Equal("42501", (await Assert.ThrowsAsync<SqlException>(async () => await bob.ExecuteAsync("SELECT d FROM pairs WHERE a = 1 AND b = 'a'"))).SqlState);
        await Run("DROP MATERIALIZED VIEW copies; DROP TABLE pairs");
        Assert.Equal("42P01", (await Assert.ThrowsAsync<SqlException>(async () => await Of(0, "a"))).SqlState);
    }

    [Fact]
    public async Task ATransactionSeesItsOwnRowsAndItsOwnState()
    {
        await using Session other = Database.NewSession();
        await Run("BEGIN");
        Assert.Equal("0", await Rows("SELECT c FROM pairs WHERE a = 0 AND b = 'a'"));
        await other.ExecuteAsync("UPDATE pairs SET c = 77 WHERE a = 0 AND b = 'a'; ALTER TABLE pairs ADD COLUMN f int");
        Assert.Equal("0", await Rows("SELECT c FROM pairs WHERE a = 0 AND b = 'a'"));
        await Run("INSERT INTO pairs VALUES (100, 'mine', 3, 4.5)");
        Assert.Equal("4.50", await Rows("SELECT d FROM pairs WHERE a = 100 AND b = 'mine'"));
        Assert.Equal("100", await Rows("SELECT a FROM pairs WHERE c = 3 AND d = 4.5 AND b = 'mine'"));
        Assert.Equal("100", await Rows("SELECT a FROM pairs WHERE c = 3 AND d = 4.5"));
        Assert.True(await SameAsync("SELECT a, b FROM pairs WHERE c = 3"));
        await Run("ROLLBACK");
        Assert.Equal("", await Rows("SELECT a FROM pairs WHERE c = 3 AND d = 4.5"));
        Assert.Equal("77", await Rows("SELECT c FROM pairs WHERE a = 0 AND b = 'a'"));
    }

    // The order makes a query more than a lookup, and of few rows it changes nothing but their order. True when it was looked up without.
    private async Task<bool> SameAsync(string query)
    {
        (string plain, bool lookedUp) = await Answer(query);
        (string ordered, bool never) = await Answer(query + " ORDER BY 1");
        Assert.False(never);
        Assert.True(Sorted(plain) == Sorted(ordered), $"{query}\nlooked up: {plain}\nby operators: {ordered}");
        return lookedUp;
    }

    private static string Sorted(string rows) => string.Join('|', rows.Split('|').Order(StringComparer.Ordinal));

    private async Task<(string Rows, bool LookedUp)> Answer(string query)
    {
        try
        {
            PreparedStatement prepared = Session.Prepare(Session.Parse(query)[0], query);
            return (Text(await Session.ExecuteAsync(prepared)), ((LocalPrepared)prepared).Point is not null);
        }
        catch (SqlException e)
        {
            return ($"{e.SqlState} {e.Message}", false);
        }
    }

    private static string Pick(Random random) => Values[random.Next(Values.Length)];

    private static ByteSlice Slice(string text)
    {
        byte[] bytes = System.Text.Encoding.UTF8.GetBytes(text);
        return new ByteSlice(bytes, 0, bytes.Length);
    }

    private async Task<string> Rows(string sql) => Text((await Session.ExecuteAsync(sql))[0]);

    private static string Text(StatementResult result) => string.Join('|', result.Batches.SelectMany(b =>
        Enumerable.Range(0, b.Count).Select(r => string.Join(',', b.Columns.Select(c => TextFormat.ToText(c, r))))));
}
