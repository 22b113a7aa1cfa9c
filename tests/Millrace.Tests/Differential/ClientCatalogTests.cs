// What drivers are told of results and sessions, beside PostgreSQL: where columns come from, which statements and cursors there are, which words are keywords.
using Millrace.Tests.Doors.Postgres;
using Npgsql;
using Npgsql.Schema;
using Xunit;

namespace Millrace.Tests.Differential;

[Collection("postgres")]
public sealed class ClientCatalogTests(PostgresServer server) : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private Database _database = null!;
    private DoorHost _host = null!;
    private NpgsqlConnection _ours = null!;
    private NpgsqlConnection _theirs = null!;

    public async Task InitializeAsync()
    {
        _database = await Database.OpenAsync(_folder.In("data"));
        _host = await DoorHost.StartAsync(_database.NewSession);
        _ours = new NpgsqlConnection($"Host=127.0.0.1;Port={_host.Port};Username=millrace;Database=millrace;Pooling=false");
        _theirs = new NpgsqlConnection(server.ConnectionString);
        await _ours.OpenAsync();
        await _theirs.OpenAsync();
        await Run(_theirs, "DROP SCHEMA IF EXISTS c CASCADE; CREATE SCHEMA c; SET search_path = c");
        foreach (string sql in new[]
        {
            "CREATE TABLE t (id int PRIMARY KEY, name text, n numeric(10,2))", "CREATE TABLE u (id int PRIMARY KEY, t_id int)",
            "CREATE VIEW v AS SELECT n * 2 AS twice, name AS label FROM t", "CREATE MATERIALIZED VIEW m AS SELECT name, count(*) AS rows FROM t GROUP BY name",
            "INSERT INTO t VALUES (1, 'a', 1.5)",
        })
        {
            await Run(_ours, sql);
            await Run(_theirs, sql);
        }
    }

    public async Task DisposeAsync()
    {
        await _ours.DisposeAsync();
        await _theirs.DisposeAsync();
        await _host.DisposeAsync();
        await _database.DisposeAsync();
        _folder.Dispose();
    }

    [PostgresFact]
    public async Task ColumnsSayWhereTheyComeFrom()
    {
        foreach (string sql in new[]
        {
            "SELECT * FROM t", "SELECT n AS x, id + 1, name || 'x', id FROM t WHERE id > 0 ORDER BY name", "SELECT * FROM v", "SELECT label, twice + 1 FROM v",
            "SELECT * FROM m", "SELECT a.id, b.t_id, a.name FROM t a JOIN u b ON a.id = b.t_id", "SELECT * FROM t LEFT JOIN u USING (id)",
            "SELECT * FROM t FULL JOIN u USING (id)", "SELECT name, count(*), max(n) FROM t GROUP BY name", "SELECT DISTINCT name FROM t",
            "SELECT id FROM t UNION ALL SELECT id FROM u", "SELECT q.name, q.x FROM (SELECT name, id + 1 AS x FROM t) q", "WITH w AS (SELECT id, name FROM t) SELECT name FROM w",
            "SELECT id, (SELECT max(t_id) FROM u) AS s, (SELECT name FROM t z WHERE z.id = t.id) AS own FROM t", "SELECT name, row_number() OVER (ORDER BY id) FROM t",
            "SELECT id FROM t WHERE id IN (SELECT t_id FROM u) LIMIT 3", "SELECT 1, x FROM generate_series(1, 2) AS g(x)", "VALUES (1)",
            "SELECT relname, oid FROM pg_catalog.pg_class LIMIT 1", "SELECT id::bigint, name::varchar(3) FROM t",
            "INSERT INTO t VALUES (7, 'z', 2) RETURNING n, id, id + 1", "UPDATE t SET n = 3 WHERE id = 7 RETURNING name, n", "DELETE FROM t WHERE id = 7 RETURNING *",
        })
        {
            string theirs = await Origins(_theirs, sql);
            string ours = await Origins(_ours, sql);
            Assert.True(theirs == ours, $"{sql}\nPostgreSQL: {theirs}\nMillrace:   {ours}");
        }

        // A subscription's rows begin with epoch and weight, and those of a cursor are what its query gives.
        await using NpgsqlTransaction transaction = await _ours.BeginTransactionAsync();
        await Run(_ours, "DECLARE d CURSOR FOR SELECT name, id FROM t");
        Assert.Equal("t.name t.id", await Origins(_ours, "FETCH 0 FROM d"));
        await Run(_ours, "DECLARE s CURSOR FOR SUBSCRIBE (SELECT n FROM t)");
        Assert.Equal("- - t.n", await Origins(_ours, "FETCH 0 FROM s WITH (timeout = '0s')"));
    }

    [PostgresFact]
    public async Task NpgsqlTellsTheKeyAndTheTableOfAColumn()
    {
        foreach (NpgsqlConnection connection in new[] { _theirs, _ours })
        {
            await using var command = new NpgsqlCommand("SELECT id, name AS label, n, n + 1 AS more FROM t", connection);
            await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(System.Data.CommandBehavior.KeyInfo);
            NpgsqlDbColumn[] columns = [.. (await reader.GetColumnSchemaAsync()).Cast<NpgsqlDbColumn>()];
            Assert.Equal(
                ["t.id key", "t.name ", "t.n ", ". "],
                columns.Select(c => $"{c.BaseTableName}.{(c.BaseTableName is null ? "" : c.BaseColumnName)} {(c.IsKey == true ? "key" : "")}"));
            Assert.Equal([false, true, true], columns.Take(3).Select(c => c.AllowDBNull));
            Assert.Equal([false, false, false, true], columns.Select(c => c.IsReadOnly));
        }
    }

    [PostgresFact]
    public async Task TheSessionsStatementsAndCursorsAreListed()
    {
        const string Statements = "SELECT name, statement, parameter_types::text, from_sql FROM pg_prepared_statements WHERE name LIKE 'p%' ORDER BY name";
        const string Cursors = "SELECT name, statement, is_holdable, is_binary, is_scrollable FROM pg_cursors WHERE name <> '' ORDER BY name";
        foreach (string sql in new[] { "PREPARE p1 (int, timestamptz) AS SELECT $1, $2", "PREPARE p2 AS SELECT name FROM t WHERE id = $1", "EXECUTE p2 (1)" })
        {
            await Run(_theirs, sql);
            await Run(_ours, sql);
        }

        Assert.Equal(await Text(_theirs, Statements), await Text(_ours, Statements));
        Assert.Equal(2, (await Text(_ours, Statements)).Count(c => c == '\n'));
        await using NpgsqlTransaction theirs = await _theirs.BeginTransactionAsync();
        await using NpgsqlTransaction ours = await _ours.BeginTransactionAsync();
        foreach (string sql in new[] { "DECLARE c1 CURSOR FOR SELECT id FROM t", "DECLARE c2 NO SCROLL CURSOR WITH HOLD FOR SELECT 2", "DECLARE c3 SCROLL CURSOR FOR SELECT 3" })
        {
            await Run(_theirs, sql);
            await Run(_ours, sql);
        }

        Assert.Equal(await Text(_theirs, Cursors), await Text(_ours, Cursors));
        Assert.Equal(3, (await Text(_ours, Cursors)).Count(c => c == '\n'));
        Assert.Equal("True\n", await Text(_ours, "SELECT bool_and(creation_time BETWEEN now() - interval '1 hour' AND now() + interval '1 hour') FROM pg_cursors"));
    }

    // What Npgsql and JDBC prepare and what PREPARE does are one space of names: DEALLOCATE ALL and DISCARD ALL end both.
    [PostgresFact]
    public async Task WhatTheProtocolPreparesIsListedAndDeallocated()
    {
        foreach (NpgsqlConnection connection in new[] { _theirs, _ours })
        {
            await using var command = new NpgsqlCommand("SELECT name FROM t WHERE id = $1", connection) { Parameters = { new() { Value = 1 } } };
            await command.PrepareAsync();
            Assert.Equal("a", await command.ExecuteScalarAsync());
            Assert.Equal(
                "SELECT name FROM t WHERE id = $1|{integer}|False\n",
                await Text(connection, "SELECT statement, parameter_types::text, from_sql FROM pg_prepared_statements"));

            // What Npgsql's pool sends when it keeps the statements of a connection that comes back, but for RESET ALL: it would reset the search path that this test needs.
            foreach (string reset in (string[])["SET SESSION AUTHORIZATION DEFAULT", "CLOSE ALL", "UNLISTEN *", "SELECT pg_advisory_unlock_all()", "DISCARD SEQUENCES", "DISCARD TEMP"])
            {
                await Run(connection, reset);
            }

            Assert.Equal("a", await command.ExecuteScalarAsync());
            await Run(connection, "DEALLOCATE ALL");
            Assert.Equal("", await Text(connection, "SELECT name FROM pg_prepared_statements"));
            PostgresException gone = await Assert.ThrowsAsync<PostgresException>(() => command.ExecuteScalarAsync());
            Assert.Equal("26000", gone.SqlState);
        }
    }

    [PostgresFact]
    public async Task KeywordsHaveTheClassesOfPostgres()
    {
        const string Question = "SELECT word, catcode::text, catdesc FROM pg_catalog.pg_get_keywords() WHERE catcode <> 'U' ORDER BY word COLLATE \"C\"";
        string[] theirs = (await Text(_theirs, Question)).Split('\n');
        string[] ours = (await Text(_ours, Question.Replace(" COLLATE \"C\"", "", StringComparison.Ordinal))).Split('\n');
        string[] newer = ["any_value", "system_user|R|reserved"];
        Assert.DoesNotContain(theirs.Except(ours), w => !w.StartsWith("xml", StringComparison.Ordinal));
        Assert.Empty(ours.Except(theirs).Except(newer));

        // What is free here may be no keyword there, and the other way round, but the word that a label needs AS before is the same.
        const string Bare = "SELECT word FROM pg_get_keywords() AS k WHERE NOT k.barelabel";
        Assert.Empty((await Text(_theirs, Bare)).Split('\n').Except((await Text(_ours, Bare)).Split('\n')));
    }

    // What takes a relation takes its name, its number, and either cast to regclass.
    [PostgresFact]
    public async Task RelationsAreNamedByTextNumberAndRegclass()
    {
        foreach (string sql in new[]
        {
            "SELECT pg_relation_size('t') > 0, pg_total_relation_size('t'::regclass) > 0, pg_table_size('t'::regclass::oid) > 0, pg_relation_size('t', 'main') > 0",
            "SELECT pg_relation_size(oid) > 0, pg_relation_size(oid::regclass) > 0, pg_total_relation_size(oid::regclass) > 0 FROM pg_class WHERE relname = 't' AND pg_table_is_visible(oid)",
            "SELECT pg_relation_size(1259) IS NULL, pg_relation_size(1259::regclass) IS NULL, pg_relation_size(1259::bigint) IS NULL, pg_relation_size(1259::smallint) IS NULL",
            "SELECT pg_relation_size(999999999), pg_relation_size('999999999'), pg_relation_size('t_pkey') IS NULL, pg_indexes_size('t') IS NULL",
            "SELECT pg_relation_size('nothing')", "SELECT pg_total_relation_size('nothing'::regclass)", "SELECT pg_relation_size('t', 'nothing')", "SELECT pg_database_size('nothing')",
            "SELECT oid::regclass::oid = oid, pg_table_is_visible(oid::regclass), pg_get_viewdef(oid::regclass) IS NULL FROM pg_class WHERE relname = 'v' AND pg_table_is_visible(oid)",
            "SELECT conname::text FROM pg_constraint WHERE conrelid::regclass = 't'::regclass", "SELECT 'int'::regtype::text, 23::regtype::text, '\"char\"'::regtype::oid",
            "SELECT 't'::regclass::text, 'pg_class'::regclass::text, 'initcap'::regproc::text", "SELECT 'abs'::regproc", "SELECT 'nothing'::regproc", "SELECT 'abs(uuid)'::regprocedure",
            "SELECT tableoid::regclass::text, c.tableoid FROM pg_class c WHERE relname = 't' AND pg_table_is_visible(oid)", "SELECT count(*) FROM pg_partition_tree('t')",
            "SELECT pg_get_functiondef('initcap'::regproc)", "SELECT pg_get_functiondef('sum(int)'::regprocedure)",
            "SELECT pg_size_pretty(10239::bigint), pg_size_pretty(10240::bigint), pg_size_pretty(10485247::bigint), pg_size_pretty(10485248::bigint), pg_size_pretty(-10485760::bigint)",
            "SELECT pg_size_pretty(10.5), pg_size_pretty(-10240.7), pg_size_pretty(123456789012345678901::numeric), pg_size_pretty(9223372036854775807)",
        })
        {
            (string theirs, string ours) = (await Answer(_theirs, sql), await Answer(_ours, sql));
            Assert.True(theirs == ours, $"{sql}\nPostgreSQL: {theirs}\nMillrace:   {ours}");
        }
    }

    // In text regclass and its kin are names; psql and whoever asks for text sees them so.
    [PostgresFact]
    public async Task NumbersOfTheCatalogAreShownAsNames()
    {
        foreach (string sql in new[]
        {
            "SELECT 't'::regclass, 'pg_class'::regclass, oid::regclass, 't_pkey'::regclass, 0::regclass, 999999999::regclass FROM pg_class WHERE relname = 't' AND pg_table_is_visible(oid)",
            "SELECT 'int'::regtype, 23::regtype, '\"char\"'::regtype, 'timestamptz[]'::regtype, NULL::regtype, 0::regtype",
            "SELECT 'pg_catalog'::regnamespace, 'initcap'::regproc, 'abs(int)'::regprocedure, 'abs(int)'::regprocedure::text",
            "SELECT c FROM (SELECT 't'::regclass AS c UNION ALL SELECT 'pg_class'::regclass) AS x ORDER BY c::text",
            "SELECT DISTINCT conrelid::regclass FROM pg_constraint WHERE conrelid = 't'::regclass",
        })
        {
            (string theirs, string ours) = (await Told(_theirs, sql), await Told(_ours, sql));
            Assert.True(theirs == ours, $"{sql}\nPostgreSQL: {theirs}\nMillrace:   {ours}");
        }
    }

    // Values in text, with the types they are said to be of.
    private static async Task<string> Told(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection) { AllResultTypesAreUnknown = true };
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync();
        var text = new System.Text.StringBuilder().AppendJoin('|', Enumerable.Range(0, reader.FieldCount).Select(reader.GetDataTypeName)).Append('\n');
        while (await reader.ReadAsync())
        {
            text.AppendJoin('|', Enumerable.Range(0, reader.FieldCount).Select(reader.GetValue)).Append('\n');
        }

        return text.ToString();
    }

    private static async Task<string> Answer(NpgsqlConnection connection, string sql)
    {
        try
        {
            return await Text(connection, sql);
        }
        catch (PostgresException e)
        {
            return $"{e.SqlState} {e.MessageText}";
        }
    }

    private static async Task<string> Origins(NpgsqlConnection connection, string sql)
    {
        var found = new List<(uint Table, short Column)>();
        await using (var command = new NpgsqlCommand(sql, connection))
        {
            await using NpgsqlDataReader reader = await command.ExecuteReaderAsync();
            found.AddRange((await reader.GetColumnSchemaAsync()).Cast<NpgsqlDbColumn>().Select(c => (c.TableOID, c.ColumnAttributeNumber ?? 0)));
        }

        var names = new List<string>();
        foreach ((uint table, short column) in found)
        {
            names.Add(table == 0 ? column == 0 ? "-" : "?" : (await Text(connection,
                $"SELECT c.relname || '.' || a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid WHERE c.oid = {table} AND a.attnum = {column}")).Trim());
        }

        return string.Join(' ', names);
    }

    private static async Task Run(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<string> Text(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync();
        var text = new System.Text.StringBuilder();
        while (await reader.ReadAsync())
        {
            text.AppendJoin('|', Enumerable.Range(0, reader.FieldCount).Select(reader.GetValue)).Append('\n');
        }

        return text.ToString();
    }
}
