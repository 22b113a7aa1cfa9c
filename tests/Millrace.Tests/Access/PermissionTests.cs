// Users, tokens and grants in sessions: who may do what, through restarts and replacements, and that no secret shows anywhere.
using System.Text;
using Millrace.Core;
using Millrace.Sql.Syntax;
using Xunit;

namespace Millrace.Tests.Access;

public sealed class PermissionTests : IAsyncLifetime
{
    private const string Password = "corr3ct-horse-battery";
    private readonly TempFolder _folder = new();
    private Database _database = null!;
    private Session _admin = null!;

    public async Task InitializeAsync() => await OpenAsync();

    public async Task DisposeAsync()
    {
        await _database.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task AUserMayDoWhatIsGrantedAndNothingElse()
    {
        await Admin("CREATE TABLE a (id int PRIMARY KEY, x text); CREATE TABLE b (id int PRIMARY KEY, x text); INSERT INTO a VALUES (1, 'one'); "
            + "CREATE VIEW over_b AS SELECT x FROM b; CREATE MATERIALIZED VIEW count_b AS SELECT count(*) AS n FROM b");
        await Admin($"CREATE USER app PASSWORD '{Password}'");
        Session app = As("app");
        foreach (string denied in new[]
        {
            "SELECT * FROM a", "SELECT 1 FROM pg_class, a", "SELECT * FROM over_b", "INSERT INTO a VALUES (2, 'two')", "UPDATE a SET x = 'y'", "DELETE FROM a", "TRUNCATE a",
            "EXPLAIN SELECT * FROM a", "EXPLAIN ANALYZE SELECT * FROM a", "COPY a TO STDOUT", "COPY a FROM STDIN", "SUBSCRIBE a", "SUBSCRIBE (SELECT * FROM a)",
            "SELECT (SELECT max(x) FROM a)", "WITH w AS (SELECT * FROM a) SELECT * FROM w", "SELECT 1 WHERE EXISTS (SELECT 1 FROM a)",
            "CREATE TABLE c (x int)", "DROP TABLE a", "ALTER TABLE a ADD COLUMN y int", "CREATE USER other", "ALTER USER app SUPERUSER", "GRANT ALL ON a TO app",
            "CREATE TOKEN t FOR app", "CREATE ENDPOINT e AS SELECT * FROM a", "CREATE VIEW v AS SELECT * FROM a", "CHECKPOINT", "BACKUP TO '/tmp/never'", "DROP USER app",
        })
        {
            await DeniedAsync(app, denied);
        }

        await Admin("GRANT SELECT ON a, over_b TO app");
        Assert.Equal("one", await One(app, "SELECT x FROM a"));
        Assert.Null(await One(app, "SELECT max(x) FROM over_b"));
        await DeniedAsync(app, "SELECT * FROM a, b");
        await DeniedAsync(app, "INSERT INTO a VALUES (2, 'two')");
        await Admin("GRANT INSERT ON b TO app");
        await app.ExecuteAsync("INSERT INTO b SELECT id, upper(x) FROM a; INSERT INTO b VALUES (1, 'twice') ON CONFLICT DO NOTHING");
        foreach (string reads in new[]
        {
            "SELECT * FROM b", "DELETE FROM b RETURNING x", "DELETE FROM b WHERE x = 'ONE'", "UPDATE b SET id = x::int", "INSERT INTO b SELECT x::int, 'x' FROM b",
            "INSERT INTO b VALUES (1, 'y') ON CONFLICT (id) DO UPDATE SET id = b.x::int", "INSERT INTO b VALUES (2, 'y') RETURNING id",
        })
        {
            await DeniedAsync(app, reads);
        }

        await Admin("GRANT SELECT ON b TO app");
        await app.ExecuteAsync("UPDATE b SET x = upper(x) WHERE id = 1; DELETE FROM b WHERE id = 9");
        await Admin("REVOKE SELECT ON b FROM app");
        await DeniedAsync(app, "INSERT INTO b SELECT n, 'x' FROM count_b");
        Assert.Equal("ONE", await One(app, "SELECT x FROM over_b"));
        await Admin("REVOKE SELECT ON a FROM app");
        await DeniedAsync(app, "SELECT * FROM a");
        await Admin("GRANT SELECT ON ALL TABLES TO app");
        Assert.Equal("1", await One(app, "SELECT n::text FROM count_b"));
        await Admin("CREATE TABLE later (x text)");
        Assert.Null(await One(app, "SELECT max(x) FROM later"));
    }

    [Fact]
    public async Task WhatWasPreparedIsAskedForWhenItRuns()
    {
        await Admin("CREATE TABLE a (id int PRIMARY KEY); CREATE USER app; GRANT SELECT ON a TO app");
        Session app = As("app");
        PreparedStatement kept = app.Prepare(SqlParser.Parse("SELECT * FROM a")[0], "SELECT * FROM a");
        await app.ExecuteAsync("PREPARE p AS SELECT * FROM a");
        await app.ExecuteAsync("EXECUTE p");
        await Admin("REVOKE ALL ON a FROM app");
        await DeniedAsync(app, "EXECUTE p");
        Assert.Equal("42501", (await Assert.ThrowsAsync<SqlException>(() => app.ExecuteAsync(kept).AsTask())).SqlState);
        await Admin("DROP USER app");
        Assert.Equal("28000", (await Assert.ThrowsAsync<SqlException>(() => app.ExecuteAsync("SELECT 1").AsTask())).SqlState);
    }

    [Fact]
    public async Task GrantsStayThroughRestartsAndReplacements()
    {
        await Admin("CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a VALUES (1); CREATE VIEW v AS SELECT id FROM a; CREATE USER app; CREATE USER chief SUPERUSER; GRANT SELECT ON v TO app, chief");
        await Admin("CREATE OR REPLACE VIEW v AS SELECT id, 2 AS two FROM a");
        for (int round = 0; round < 2; round++)
        {
            Assert.Equal("2", await One(As("app"), "SELECT two::text FROM v"));
            await DeniedAsync(As("app"), "SELECT * FROM a");
            Assert.Equal("1", await One(As("chief"), "SELECT id::text FROM a"));
            if (round == 0)
            {
                await _admin.ExecuteAsync("CHECKPOINT");
            }

            await _database.DisposeAsync();
            await OpenAsync();
        }

        Assert.Equal("{\"SELECT ON v\"}", await One(_admin, "SELECT grants::text FROM millrace.users WHERE name = 'app'"));
    }

    [Fact]
    public async Task TablesOfASchemaAreGrantedTogether()
    {
        await Admin($"CREATE USER app PASSWORD '{Password}'; CREATE SCHEMA shop; CREATE TABLE shop.a (x int); CREATE TABLE b (x int); GRANT USAGE ON SCHEMA shop TO app");
        Session app = As("app");
        await DeniedAsync(app, "SELECT * FROM shop.a");
        await Admin("GRANT SELECT ON ALL TABLES IN SCHEMA shop TO app; CREATE TABLE shop.later (x int)");
        await app.ExecuteAsync("SELECT * FROM shop.a; SELECT * FROM shop.later; SET search_path TO shop; SELECT * FROM a");
        await DeniedAsync(app, "SELECT * FROM public.b");
        await DeniedAsync(app, "INSERT INTO a VALUES (1)");
        await DeniedAsync(app, "CREATE SCHEMA mine");
        Assert.Equal("{\"SELECT ON ALL TABLES IN SCHEMA shop\"}", await One(_admin, "SELECT grants::text FROM millrace.users WHERE name = 'app'"));
        await _database.DisposeAsync();
        await OpenAsync();
        app = As("app");
        await app.ExecuteAsync("SELECT * FROM shop.a");
        await DeniedAsync(app, "SELECT * FROM b");

        // A schema of the same name is another one, and what holds everywhere is not taken in one place.
        await Admin("DROP SCHEMA shop CASCADE; CREATE SCHEMA shop; CREATE TABLE shop.a (x int)");
        await DeniedAsync(app, "SELECT * FROM shop.a");
        await Admin("GRANT SELECT ON ALL TABLES TO app");
        await app.ExecuteAsync("SELECT * FROM shop.a; SELECT * FROM b");
        Assert.Equal("0A000", ((SqlException)(await Record.ExceptionAsync(() => Admin("REVOKE SELECT ON ALL TABLES IN SCHEMA shop FROM app").AsTask()))!).SqlState);
        await Admin("GRANT SELECT ON ALL TABLES IN SCHEMA shop TO app; REVOKE SELECT ON ALL TABLES FROM app");
        await DeniedAsync(app, "SELECT * FROM shop.a");
    }

    [Fact]
    public async Task UsersAndTokensAreListedWithoutTheirSecrets()
    {
        await Admin($"CREATE USER ada SUPERUSER PASSWORD '{Password}'; CREATE USER bob; CREATE TOKEN probe FOR bob WITH (rate = 5)");
        Assert.Equal("ada true true", await One(_admin, "SELECT name || ' ' || superuser::text || ' ' || has_password::text FROM millrace.users WHERE name = 'ada'"));
        Assert.Equal("bob false false", await One(_admin, "SELECT name || ' ' || superuser::text || ' ' || has_password::text FROM millrace.users WHERE name = 'bob'"));
        Assert.Equal("probe bob 5", await One(_admin, "SELECT name || ' ' || user_name || ' ' || rate::text FROM millrace.tokens"));
        Assert.Equal("ada,bob,millrace", await One(_admin, "SELECT string_agg(rolname, ',' ORDER BY rolname) FROM pg_roles"));
        Assert.Equal("t f", await One(_admin, "SELECT left(usesuper::text, 1) || ' ' || (SELECT left(usesuper::text, 1) FROM pg_user WHERE usename = 'bob') FROM pg_user WHERE usename = 'ada'"));
        Assert.Equal("bob bob", await One(As("bob"), "SELECT current_user || ' ' || session_user"));
        Assert.Equal("millrace", await One(_admin, "SELECT current_user"));
        await Admin("CREATE TABLE t (x int); GRANT SELECT ON t TO bob");
        Assert.Equal("true false true", await One(As("bob"),
            "SELECT has_table_privilege('t', 'SELECT')::text || ' ' || has_table_privilege('t', 'INSERT')::text || ' ' || has_table_privilege('ada', 't', 'INSERT')::text"));
    }

    [Fact]
    public async Task NoSecretShowsInViewsErrorsOrFiles()
    {
        IReadOnlyList<StatementResult> made = await _admin.ExecuteAsync($"CREATE USER ada PASSWORD '{Password}'; CREATE TOKEN probe FOR ada; ALTER USER ada PASSWORD '{Password}2'");
        string token = TextOf(made[1].Batches[0], 1);
        Assert.StartsWith("mr_", token, StringComparison.Ordinal);
        Assert.Equal(46, token.Length);
        await _admin.ExecuteAsync("CHECKPOINT");
        string[] secrets = [Password, token, "SCRAM-SHA-256$", Millrace.Access.BearerToken.Hash(token)];

        // Every relation of the system, every row of it.
        StatementResult relations = (await _admin.ExecuteAsync("SELECT n.nspname || '.' || quote_ident(c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            + "WHERE n.nspname IN ('pg_catalog', 'information_schema', 'millrace')"))[0];
        Assert.True(relations.RowCount > 50);
        foreach (Batch batch in relations.Batches)
        {
            for (int row = 0; row < batch.Count; row++)
            {
                StatementResult rows = (await _admin.ExecuteAsync("SELECT * FROM " + TextOf(batch, 0, row)))[0];
                string all = string.Join('\n', rows.Batches.SelectMany(b =>
                    Enumerable.Range(0, b.Count).SelectMany(r => Enumerable.Range(0, b.Columns.Length).Select(c => TextFormat.ToText(b.Columns[c], r)))));
                Assert.All(secrets, s => Assert.DoesNotContain(s, all, StringComparison.Ordinal));
            }
        }

        // Statements that are wrong around a password.
        foreach (string wrong in new[]
        {
            $"CREATE USER x PASSWORD '{Password}' '{Password}'", $"CREATE USER ada PASSWORD '{Password}'", $"ALTER USER nobody PASSWORD '{Password}'", $"CREATE USER x '{Password}'",
            $"CREATE USER x PASSWORD {Password.Replace('-', '_')}", $"EXPLAIN CREATE USER x PASSWORD '{Password}'", $"PREPARE p AS CREATE USER x PASSWORD '{Password}'",
            $"CREATE USER x WITH PASSWORD '{Password}' CONNECTION LIMIT 5", $"CREATE USER x PASSWORD = '{Password}'", $"CREATE TOKEN t FOR nobody WITH (hash = '{Password}')",
        })
        {
            var e = await Record.ExceptionAsync(() => _admin.ExecuteAsync(wrong).AsTask()) as SqlException;
            Assert.True(e is not null, wrong);
            string told = $"{e.Message} {e.Detail} {e.Hint}";
            Assert.DoesNotContain(Password, told, StringComparison.Ordinal);
            Assert.DoesNotContain(Password.Replace('-', '_'), told, StringComparison.Ordinal);
        }

        // What lies on disk holds verifiers and hashes, and neither passwords nor tokens.
        await _database.DisposeAsync();
        string[] files = Directory.GetFiles(_folder.In("data"), "*", SearchOption.AllDirectories);
        Assert.NotEmpty(files);
        foreach (string file in files)
        {
            byte[] bytes = await File.ReadAllBytesAsync(file);
            Assert.False(bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(Password)) >= 0, file);
            Assert.False(bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(token)) >= 0, file);
        }

        await OpenAsync();
    }

    [Fact]
    public async Task StatementsSurviveBeingPrintedAndReadAgain()
    {
        foreach (string text in new[]
        {
            "CREATE USER a PASSWORD 'x''y'", "CREATE ROLE \"A b\" WITH LOGIN NOSUPERUSER ENCRYPTED PASSWORD 'x'", "ALTER USER a SUPERUSER", "ALTER ROLE a PASSWORD NULL", "CREATE USER IF NOT EXISTS a",
            "GRANT ALL PRIVILEGES ON TABLE a, b.c TO x, y", "GRANT SELECT, INSERT ON ENDPOINT e TO x",
            "REVOKE UPDATE ON ALL TABLES IN SCHEMA \"My schema\" FROM x",
            "GRANT USAGE, CREATE ON SCHEMA a, b TO x", "CREATE SCHEMA a", "GRANT SELECT ON ALL ENDPOINTS TO x",
            "CREATE TOKEN t FOR a WITH (rate = 5)", "CREATE TOKEN t FOR a", "DROP USER a", "DROP TOKEN IF EXISTS t", "DROP ROLE a CASCADE",
        })
        {
            Statement first = SqlParser.Parse(text)[0];
            string printed = SqlFormatter.Format(first);
            Assert.Equal(printed, SqlFormatter.Format(SqlParser.Parse(printed)[0]));
        }

        await Task.CompletedTask;
    }

    [Fact]
    public async Task MistakesAreToldWithAWayOut()
    {
        await Admin("CREATE USER ada PASSWORD 'x'; CREATE TABLE t (x int); CREATE TOKEN k FOR ada");
        await StateAsync("42710", "CREATE USER ada");
        await StateAsync("42704", "ALTER USER adda SUPERUSER");
        await StateAsync("42704", "GRANT SELECT ON t TO ada, nobody");
        await StateAsync("42P01", "GRANT SELECT ON nothing TO ada");
        await StateAsync("42704", "GRANT SELECT ON ENDPOINT nothing TO ada");
        await StateAsync("42704", "CREATE TOKEN k2 FOR nobody");
        await StateAsync("42710", "CREATE TOKEN k FOR ada");
        await StateAsync("22023", "CREATE TOKEN k2 FOR ada WITH (rate = 0)");
        await StateAsync("22023", "CREATE TOKEN k2 FOR ada WITH (hash = 'abc')");
        await StateAsync("42601", "CREATE USER x CREATEDB");
        await Admin("CREATE USER IF NOT EXISTS ada; DROP TOKEN IF EXISTS none; DROP USER IF EXISTS none; DROP USER ada");
        Assert.Equal("0", await One(_admin, "SELECT count(*)::text FROM millrace.tokens"));
    }

    [Fact]
    public async Task WhoLocksHimselfOutIsWarned()
    {
        IReadOnlyList<StatementResult> made = await _admin.ExecuteAsync("CREATE USER app PASSWORD 'x'");
        Assert.Contains(made[0].Notices, n => n.Message.Contains("no superuser with a password", StringComparison.Ordinal));
        made = await _admin.ExecuteAsync("CREATE USER chief SUPERUSER PASSWORD 'x'");
        Assert.Empty(made[0].Notices);
        made = await _admin.ExecuteAsync("CREATE USER other PASSWORD 'x'");
        Assert.Empty(made[0].Notices);
    }

    private async Task OpenAsync()
    {
        _database = await Database.OpenAsync(_folder.In("data"));
        _admin = _database.NewSession();
    }

    private ValueTask<IReadOnlyList<StatementResult>> Admin(string sql) => _admin.ExecuteAsync(sql);

    private Session As(string user)
    {
        Session session = _database.NewSession();
        session.User = user;
        return session;
    }

    private static async Task DeniedAsync(Session session, string sql)
    {
        var e = await Record.ExceptionAsync(() => session.ExecuteAsync(sql).AsTask()) as SqlException;
        Assert.True(e?.SqlState == "42501", $"{sql}: {e?.SqlState} {e?.Message}");
    }

    private async Task StateAsync(string state, string sql)
    {
        var e = await Record.ExceptionAsync(() => _admin.ExecuteAsync(sql).AsTask()) as SqlException;
        Assert.True(e?.SqlState == state, $"{sql}: {e?.SqlState} {e?.Message}");
    }

    private static async Task<string?> One(Session session, string sql)
    {
        StatementResult result = (await session.ExecuteAsync(sql))[0];
        Assert.Equal(1, result.RowCount);
        return TextFormat.ToText(result.Batches[0].Columns[0], 0);
    }

    private static string TextOf(Batch batch, int column, int row = 0) => TextFormat.ToText(batch.Columns[column], row)!;
}
