// Npgsql against a real database behind the door: every type both ways, batches, COPY, transactions, schema queries, SUBSCRIBE.
using System.Data;
using System.Globalization;
using Npgsql;
using NpgsqlTypes;
using Xunit;

namespace Millrace.Tests.Doors.Postgres;

public sealed class NpgsqlTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private Database _database = null!;
    private DoorHost _host = null!;
    private NpgsqlDataSource _source = null!;
    private NpgsqlConnection _connection = null!;

    public async Task InitializeAsync()
    {
        _database = await Database.OpenAsync(_folder.In("data"));
        _host = await DoorHost.StartAsync(_database.NewSession);
        _source = NpgsqlDataSource.Create($"Host=127.0.0.1;Port={_host.Port};Username=millrace;Database=millrace");
        _connection = await _source.OpenConnectionAsync();
    }

    public async Task DisposeAsync()
    {
        await _connection.DisposeAsync();
        await _source.DisposeAsync();
        await _host.DisposeAsync();
        await _database.DisposeAsync();
        _folder.Dispose();
    }

    public static TheoryData<string, object> Values => new()
    {
        { "int", 5 },
        { "bigint", long.MinValue },
        { "smallint", (short)-5 },
        { "text", "héllo 𝄞" },
        { "varchar(10)", "abc" },
        { "boolean", true },
        { "double precision", 1.5 },
        { "double precision", double.NaN },
        { "real", 1.5f },
        { "numeric", 123.45m },
        { "numeric", -0.0001m },
        { "numeric", 79228162514264337593543950335m },
        { "date", new DateOnly(1999, 12, 31) },
        { "timestamp", new DateTime(2024, 2, 29, 1, 2, 3, 4, DateTimeKind.Unspecified) },
        { "timestamptz", new DateTime(1969, 7, 20, 20, 17, 40, DateTimeKind.Utc) },
        { "time", new TimeOnly(23, 59, 59, 999) },
        { "interval", new TimeSpan(1, 2, 3, 4) },
        { "uuid", Guid.Parse("00112233-4455-6677-8899-aabbccddeeff") },
        { "bytea", new byte[] { 0, 1, 255 } },
        { "int[]", new[] { 1, -2, 3 } },
        { "text[]", new[] { "a", "", "c,d" } },
        { "double precision[]", Array.Empty<double>() },
    };

    // In binary regclass and its kin are the numbers, in text the names, and both say their own type.
    [Fact]
    public async Task NamesOfTheCatalogAreNumbersInBinary()
    {
        await Run("CREATE TABLE \"My T\" (id int PRIMARY KEY)");
        await using (var command = new NpgsqlCommand("SELECT 'int'::regtype, 23::regtype, NULL::regtype", _connection))
        await using (NpgsqlDataReader reader = await command.ExecuteReaderAsync())
        {
            Assert.True(await reader.ReadAsync());
            Assert.Equal((23u, 23u, true), (reader.GetFieldValue<uint>(0), reader.GetFieldValue<uint>(1), reader.IsDBNull(2)));
            Assert.Equal("regtype", reader.GetDataTypeName(0));
        }

        const string Names = "SELECT '\"My T\"'::regclass, oid::regclass, oid FROM pg_class WHERE relname = 'My T'";
        await using (var command = new NpgsqlCommand(Names, _connection) { AllResultTypesAreUnknown = true })
        await using (NpgsqlDataReader reader = await command.ExecuteReaderAsync())
        {
            Assert.True(await reader.ReadAsync());
            Assert.Equal(("\"My T\"", "\"My T\""), (reader.GetString(0), reader.GetString(1)));
        }

        await using NpgsqlBinaryExporter binary = await _connection.BeginBinaryExportAsync($"COPY ({Names}) TO STDOUT (FORMAT binary)");
        await binary.StartRowAsync();
        uint first = await binary.ReadAsync<uint>(NpgsqlDbType.Oid);
        Assert.Equal((first, first), (await binary.ReadAsync<uint>(NpgsqlDbType.Oid), await binary.ReadAsync<uint>(NpgsqlDbType.Oid)));
        Assert.NotEqual(0u, first);
    }

    [Theory]
    [MemberData(nameof(Values))]
    public async Task EveryTypeGoesAndComesBack(string type, object value)
    {
        await using var command = new NpgsqlCommand($"SELECT $1::{type}, $1::{type} IS NOT NULL", _connection);
        command.Parameters.Add(new NpgsqlParameter { Value = value });
        for (int i = 0; i < 2; i++)
        {
            await using (NpgsqlDataReader reader = await command.ExecuteReaderAsync())
            {
                Assert.True(await reader.ReadAsync());
                object got = value switch
                {
                    DateOnly => reader.GetFieldValue<DateOnly>(0),
                    TimeOnly => reader.GetFieldValue<TimeOnly>(0),
                    _ => reader.GetValue(0),
                };
                Assert.Equal(value, got);
                Assert.True(reader.GetBoolean(1));
            }

            await command.PrepareAsync();
        }
    }

    [Fact]
    public async Task NullsAndJson()
    {
        await using var command = new NpgsqlCommand("SELECT $1::int, $2::jsonb", _connection);
        command.Parameters.Add(new NpgsqlParameter { Value = DBNull.Value, NpgsqlDbType = NpgsqlDbType.Integer });
        command.Parameters.Add(new NpgsqlParameter { Value = "{\"a\": [1]}", NpgsqlDbType = NpgsqlDbType.Jsonb });
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync();
        Assert.True(await reader.ReadAsync());
        Assert.True(reader.IsDBNull(0));
        Assert.Equal("{\"a\": [1]}", reader.GetString(1));
    }

    [Fact]
    public async Task WritesBatchesAndTransactions()
    {
        await Run("CREATE TABLE t (id int PRIMARY KEY, name text)");
        await using (var insert = new NpgsqlCommand("INSERT INTO t VALUES (@id, @name)", _connection))
        {
            insert.Parameters.Add("id", NpgsqlDbType.Integer);
            insert.Parameters.Add("name", NpgsqlDbType.Text);
            await insert.PrepareAsync();
            for (int i = 0; i < 20; i++)
            {
                insert.Parameters["id"].Value = i;
                insert.Parameters["name"].Value = i % 2 == 0 ? DBNull.Value : "n" + i;
                Assert.Equal(1, await insert.ExecuteNonQueryAsync());
            }
        }

        Assert.Equal(20L, await Scalar("SELECT count(*) FROM t"));
        await using (var batch = new NpgsqlBatch(_connection))
        {
            for (int i = 20; i < 30; i++)
            {
                batch.BatchCommands.Add(new NpgsqlBatchCommand($"INSERT INTO t VALUES ({i})"));
            }

            Assert.Equal(10, await batch.ExecuteNonQueryAsync());
        }

        await using (var batch = new NpgsqlBatch(_connection))
        {
            batch.BatchCommands.Add(new NpgsqlBatchCommand("INSERT INTO t VALUES (100)"));
            batch.BatchCommands.Add(new NpgsqlBatchCommand("INSERT INTO t VALUES (100)"));
            PostgresException e = await Assert.ThrowsAsync<PostgresException>(() => batch.ExecuteNonQueryAsync());
            Assert.Equal(("23505", "public", "t", "t_pkey"), (e.SqlState, e.SchemaName, e.TableName, e.ConstraintName));
        }

        await using (NpgsqlTransaction transaction = await _connection.BeginTransactionAsync())
        {
            await Run("INSERT INTO t VALUES (200)");
            await transaction.SaveAsync("a");
            await Run("INSERT INTO t VALUES (201)");
            await transaction.RollbackAsync("a");
            await transaction.CommitAsync();
        }

        await using (NpgsqlTransaction transaction = await _connection.BeginTransactionAsync())
        {
            await Run("INSERT INTO t VALUES (300)");
            await transaction.RollbackAsync();
        }

        Assert.Equal(31L, await Scalar("SELECT count(*) FROM t"));
        Assert.Equal(200, await Scalar("SELECT max(id) FROM t"));
    }

    [Fact]
    public async Task CopyInAndOutBinaryAndText()
    {
        await Run("CREATE TABLE t (id int PRIMARY KEY, name text, v double precision, at timestamptz)");
        DateTime at = new(2024, 5, 6, 7, 8, 9, DateTimeKind.Utc);
        await using (NpgsqlBinaryImporter importer = await _connection.BeginBinaryImportAsync("COPY t FROM STDIN (FORMAT binary)"))
        {
            for (int i = 0; i < 20_000; i++)
            {
                await importer.StartRowAsync();
                await importer.WriteAsync(i);
                await importer.WriteAsync("row " + i);
                await (i % 2 == 0 ? importer.WriteNullAsync() : importer.WriteAsync(i * 0.5));
                await importer.WriteAsync(at, NpgsqlDbType.TimestampTz);
            }

            Assert.Equal(20_000UL, await importer.CompleteAsync());
        }

        await using (TextWriter writer = await _connection.BeginTextImportAsync("COPY t (id, name) FROM STDIN"))
        {
            await writer.WriteAsync("20000\ta\\nb\n20001\t\\N\n");
        }

        int rows = 0;
        await using (NpgsqlBinaryExporter exporter = await _connection.BeginBinaryExportAsync("COPY (SELECT id, v FROM t) TO STDOUT (FORMAT binary)"))
        {
            while (await exporter.StartRowAsync() >= 0)
            {
                int id = await exporter.ReadAsync<int>();
                Assert.Equal(id % 2 == 0 || id >= 20_000, exporter.IsNull);
                await exporter.SkipAsync();
                rows++;
            }
        }

        Assert.Equal(20_002, rows);
        using TextReader reader = await _connection.BeginTextExportAsync("COPY (SELECT id, name FROM t WHERE id >= 20000 ORDER BY id) TO STDOUT (FORMAT csv, HEADER)");
        Assert.Equal("id,name\n20000,\"a\nb\"\n20001,\n", await reader.ReadToEndAsync());
    }

    [Fact]
    public async Task ABadCopyNamesItsLineAndLeavesNothing()
    {
        await Run("CREATE TABLE t (id int PRIMARY KEY, name text)");
        TextWriter writer = await _connection.BeginTextImportAsync("COPY t FROM STDIN (FORMAT csv)");
        await writer.WriteAsync("1,a\n2,b\nthree,c\n");
        PostgresException e = await Assert.ThrowsAsync<PostgresException>(async () => await writer.DisposeAsync());
        Assert.Equal(("22P02", "COPY t, line 3, column id: \"three\""), (e.SqlState, e.Where));
        Assert.Equal(0L, await Scalar("SELECT count(*) FROM t"));
    }

    [Fact]
    public async Task ErrorsAndWhatFollowsThem()
    {
        PostgresException e = await Assert.ThrowsAsync<PostgresException>(() => Scalar("SELECT nope FROM pg_class"));
        Assert.Equal(("42703", 8), (e.SqlState, e.Position));
        e = await Assert.ThrowsAsync<PostgresException>(() => Scalar("SELEC 1"));
        Assert.Equal(("42601", 1), (e.SqlState, e.Position));
        await using (NpgsqlTransaction transaction = await _connection.BeginTransactionAsync())
        {
            await Assert.ThrowsAsync<PostgresException>(() => Scalar("SELECT 1/0"));
            e = await Assert.ThrowsAsync<PostgresException>(() => Scalar("SELECT 1"));
            Assert.Equal("25P02", e.SqlState);
        }

        Assert.Equal(1, await Scalar("SELECT 1"));
    }

    [Fact]
    public async Task SchemaQueries()
    {
        await Run("CREATE TABLE t (id int PRIMARY KEY, name varchar(10), n numeric(10,2))");
        DataTable columns = await _connection.GetSchemaAsync("Columns", [null!, null!, "t"]);
        Assert.Equal(["id", "name", "n"], columns.Rows.Cast<DataRow>().OrderBy(r => r["ordinal_position"]).Select(r => (string)r["column_name"]));
        DataTable tables = await _connection.GetSchemaAsync("Tables");
        Assert.Contains(tables.Rows.Cast<DataRow>(), r => (string)r["table_name"] == "t");
        await using var command = new NpgsqlCommand("SELECT id, name, n FROM t", _connection);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync();
        Assert.Equal(
            ["integer", "character varying(10)", "numeric(10, 2)"],
            Enumerable.Range(0, 3).Select(reader.GetDataTypeName));
    }

    [Fact]
    public async Task SubscribeFollowsAViewUntilCancelled()
    {
        await Run("CREATE TABLE t (id int PRIMARY KEY)");
        await Run("CREATE MATERIALIZED VIEW v AS SELECT count(*) AS n FROM t");
        await using NpgsqlConnection follower = await _source.OpenConnectionAsync();
        await using var command = new NpgsqlCommand("SUBSCRIBE (SELECT n FROM v WHERE n < $1)", follower) { Parameters = { new() { Value = 100L } } };
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync();
        Assert.Equal("1 0", await Next());
        await Run("INSERT INTO t VALUES (1), (2)");
        string[] changes = [await Next(), await Next()];
        Assert.Equal(["-1 0", "1 2"], changes.Order(StringComparer.Ordinal));
        command.Cancel();
        await Assert.ThrowsAnyAsync<Exception>(() => reader.ReadAsync());

        async Task<string> Next()
        {
            Assert.True(await reader.ReadAsync());
            return string.Create(CultureInfo.InvariantCulture, $"{reader.GetInt64(1)} {reader.GetInt64(2)}");
        }
    }

    [Fact]
    public async Task ChangesAreFetchedFromACursor()
    {
        await Run("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)");
        await using NpgsqlConnection follower = await _source.OpenConnectionAsync();
        await using NpgsqlTransaction transaction = await follower.BeginTransactionAsync();
        await using (var declare = new NpgsqlCommand("DECLARE c CURSOR FOR SUBSCRIBE (SELECT id FROM t WHERE id < $1)", follower) { Parameters = { new() { Value = 100 } } })
        {
            await declare.ExecuteNonQueryAsync();
        }

        Assert.Equal(["1 1"], await Fetch("FETCH 10 FROM c"));
        Assert.Empty(await Fetch("FETCH 10 FROM c WITH (timeout = '0s')"));
        await Run("INSERT INTO t VALUES (2), (200); DELETE FROM t WHERE id = 1");
        var changes = new List<string>();
        while (changes.Count < 2)
        {
            changes.AddRange(await Fetch("FETCH ALL FROM c WITH (timeout = '1 minute')"));
        }

        Assert.Equal(["1 2", "-1 1"], changes.Order(StringComparer.Ordinal).Reverse());
        await transaction.CommitAsync();
        await Assert.ThrowsAsync<PostgresException>(() => Fetch("FETCH c"));

        async Task<List<string>> Fetch(string sql)
        {
            await using var command = new NpgsqlCommand(sql, follower);
            await using NpgsqlDataReader reader = await command.ExecuteReaderAsync();
            var rows = new List<string>();
            while (await reader.ReadAsync())
            {
                rows.Add(string.Create(CultureInfo.InvariantCulture, $"{reader.GetInt64(1)} {reader.GetInt32(2)}"));
            }

            return rows;
        }
    }

    [Fact]
    public async Task ManyConnectionsWriteAtOnce()
    {
        await Run("CREATE TABLE t (id int PRIMARY KEY)");
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async worker =>
        {
            await using NpgsqlConnection connection = await _source.OpenConnectionAsync();
            for (int i = 0; i < 25; i++)
            {
                await using var command = new NpgsqlCommand($"INSERT INTO t VALUES ({(worker * 100) + i})", connection);
                await command.ExecuteNonQueryAsync();
            }
        }));
        Assert.Equal(200L, await Scalar("SELECT count(*) FROM t"));
    }

    private async Task Run(string sql)
    {
        await using var command = new NpgsqlCommand(sql, _connection);
        await command.ExecuteNonQueryAsync();
    }

    private async Task<object?> Scalar(string sql)
    {
        await using var command = new NpgsqlCommand(sql, _connection);
        return await command.ExecuteScalarAsync();
    }
}
