// A query answered from a kept plan answers what one planned by itself does: rows, errors and their places, zones, catalogs that change, transactions.
using Millrace.Core;
using Xunit;

namespace Millrace.Tests.Sessions;

public sealed class KnownQueriesTests : OneSession
{
    private static readonly string[] Texts = ["'a'", "'b'", "'it''s'", "E'a\\tb'", "''", "'é'", "null"];
    private static readonly string[] Numbers = ["0", "1", "2", "7", "2147483647", "2147483648", "99999999999", "999999999999999999", "9999999999999999999", "1.5", "'3'", "'x'", "null"];
    private static readonly string[] Times = ["'2026-01-01'", "'2026-01-01 00:00:05+00'", "'2026-01-01 01:00:00'", "'2026-01-01 01:00:00 Europe/Vienna'", "'infinity'", "'yesterday-ish'", "now()"];
    private static readonly string[] Operators = ["=", "<>", "<", "<=", ">", ">="];

    private protected override async Task SetUpAsync()
    {
        await Run("CREATE STREAM s (host text, n int, big bigint, x double precision, at timestamptz, p varchar(3), y numeric(6, 2))");
        string[] hosts = ["'a'", "'b'", "'it''s'", "E'a\\tb'", "NULL"];
        await Run("INSERT INTO s VALUES " + string.Join(", ", Enumerable.Range(0, 60).Select(i =>
            $"({hosts[i % 5]}, {i % 4}, {(i % 3 == 0 ? "99999999999" : $"{i}")}, {i}.5, '2026-01-01 00:00:{i:00}+00', 'abc', {i}.25)")));
        await Run("CREATE TABLE t (id int PRIMARY KEY, name text); INSERT INTO t VALUES (1, 'one'), (2, 'two'), (7, 'seven')");
        await Run("CREATE VIEW ranked AS SELECT * FROM (SELECT host, n, row_number() OVER (PARTITION BY host ORDER BY at) AS place FROM s) r");
    }

    [Fact]
    public async Task WhateverIsComparedTheAnswerIsThatOfAFreshPlan()
    {
        var random = new Random(20261126);
        for (int i = 0; i < 1_500; i++)
        {
            string query = random.Next(8) switch
            {
                0 => $"SELECT * FROM t WHERE id {Pick(random, Operators)} {Pick(random, Numbers)} ORDER BY id",
                1 => $"SELECT name FROM t WHERE id IN ({Pick(random, Numbers)}, {Pick(random, Numbers)}) ORDER BY name",
                2 => $"SELECT host, place FROM ranked WHERE place <= {Pick(random, Numbers)} AND n >= {Pick(random, Numbers)} ORDER BY host, place",
                3 => $"SELECT y, p FROM s WHERE y {Pick(random, Operators)} {Pick(random, Numbers)} AND p {Pick(random, Operators)} {Pick(random, Texts)} ORDER BY y",
                _ => $"SELECT date_trunc('minute', at) AS m, host, count(*), max(big), sum(x) FROM s WHERE {Condition(random)} GROUP BY m, host ORDER BY m, host",
            };
            string fresh = await Answer(query, known: false);
            string known = await Answer(query, known: true);
            Assert.True(fresh == known, $"{query}\nplanned by itself: {fresh}\nfrom a plan kept: {known}");
        }

        Assert.InRange(Database.KnownQueries.Hits, 100, 1_500);
    }

    [Fact]
    public async Task ConstantsAreReadInTheZoneOfTheirSession()
    {
        const string Query = "SELECT count(*) FROM s WHERE at >= '2026-01-01 00:00:30'";
        Assert.Equal("30", await Rows(Query));
        await Run("SET TimeZone = 'Europe/Vienna'");
        Assert.Equal("60", await Rows(Query));
        Assert.Equal("0", await Rows("SELECT count(*) FROM s WHERE at >= '2026-01-01 01:01:00'"));
        await Run("PREPARE since (timestamptz) AS SELECT count(*) FROM s WHERE at >= $1");
        Assert.Equal("30", await Rows("EXECUTE since ('2026-01-01 01:00:30')"));
        Assert.Equal("30", await Rows("EXECUTE since (timestamp '2026-01-01 01:00:30')"));
        Assert.Equal("60", await Rows("EXECUTE since (date '2026-01-01')"));
        await Run("RESET TimeZone");
        Assert.Equal("30", await Rows(Query));
    }

    [Fact]
    public async Task AChangedCatalogIsSeenAtOnce()
    {
        Assert.Equal("1,one", await Rows("SELECT * FROM t WHERE id = 1"));
        await Run("ALTER TABLE t ADD COLUMN more text");
        Assert.Equal("2,two,", await Rows("SELECT * FROM t WHERE id = 2"));
        await Run("DROP TABLE t");
        await StateAsync("42P01", "SELECT * FROM t WHERE id = 3");
        await Run("CREATE TABLE t (id text PRIMARY KEY)");
        await Run("INSERT INTO t VALUES ('3')");
        await StateAsync("42883", "SELECT * FROM t WHERE id = 3");
        Assert.Equal("3", await Rows("SELECT * FROM t WHERE id = '3'"));
    }

    [Fact]
    public async Task WhatATransactionHasWrittenIsSeen()
    {
        Assert.Equal("one", await Rows("SELECT name FROM t WHERE id = 1"));
        await Run("BEGIN");
        await Run("INSERT INTO t VALUES (9, 'nine')");
        Assert.Equal("nine", await Rows("SELECT name FROM t WHERE id = 9"));
        await Run("ROLLBACK");
        Assert.Equal("", await Rows("SELECT name FROM t WHERE id = 9"));
    }

    private static string Condition(Random random)
    {
        string one = random.Next(7) switch
        {
            0 => $"host {Pick(random, Operators)} {Pick(random, Texts)}",
            1 => $"n {Pick(random, Operators)} {Pick(random, Numbers)}",
            2 => $"big BETWEEN {Pick(random, Numbers)} AND {Pick(random, Numbers)}",
            3 => $"x {Pick(random, Operators)} {Pick(random, Numbers)}",
            4 => $"at {Pick(random, Operators)} {Pick(random, Times)}",
            5 => $"host IN ({Pick(random, Texts)}, {Pick(random, Texts)})",
            _ => $"at BETWEEN {Pick(random, Times)} AND {Pick(random, Times)}",
        };
        return random.Next(3) == 0 ? one : $"{one} {(random.Next(4) == 0 ? "OR" : "AND")} {Condition(random)}";
    }

    private static string Pick(Random random, string[] from) => from[random.Next(from.Length)];

    // A parameter of its own keeps a statement from being looked up: it is planned by itself.
    private async Task<string> Answer(string query, bool known)
    {
        try
        {
            PreparedStatement prepared = Session.Prepare(Session.Parse(query)[0], query, known ? null : []);
            StatementResult result = await Session.ExecuteAsync(prepared);
            return string.Join(',', prepared.Columns!.Fields.Select(f => $"{f.Name} {f.Type}")) + "\n" + Text(result);
        }
        catch (SqlException e)
        {
            return $"{e.SqlState} {e.Message} {e.Position} {e.Hint}";
        }
    }

    private async Task<string> Rows(string sql) => Text((await Session.ExecuteAsync(sql))[0]);

    private static string Text(StatementResult result) => string.Join('|', result.Batches.SelectMany(b =>
        Enumerable.Range(0, b.Count).Select(r => string.Join(',', b.Columns.Select(c => TextFormat.ToText(c, r))))));
}
