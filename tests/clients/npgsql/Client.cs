// Npgsql and Dapper against a running Millrace: host:port as argument, exit code 0 when everything is as it should be.
using System.Data;
using System.Diagnostics.CodeAnalysis;
using Dapper;
using Npgsql;
using NpgsqlTypes;

string[] at = args[0].Split(':');
string connect = $"Host={at[0]};Port={at[1]};Username=millrace;Database=millrace;Timeout=20;Command Timeout=20;Include Failed Batched Command=true";
int passed = 0, failed = 0;
await using NpgsqlDataSource source = NpgsqlDataSource.Create(connect);
await using NpgsqlConnection connection = await source.OpenConnectionAsync();

async Task Check(string name, Func<Task> body)
{
    try
    {
        await body();
        passed++;
        Console.WriteLine("ok   " + name);
    }
    catch (Exception e)
    {
        failed++;
        Console.WriteLine($"FAIL {name}: {e.GetType().Name} {e.Message}\n{e.StackTrace}");
    }
}

static void Same<T>(T wanted, T got)
{
    bool same = wanted is System.Collections.IEnumerable w and not string && got is System.Collections.IEnumerable g
        ? w.Cast<object?>().SequenceEqual(g.Cast<object?>()) : Equals(wanted, got);
    if (!same)
    {
        throw new InvalidDataException($"wanted {Show(wanted)}, got {Show(got)}");
    }
}

static string Show(object? value) => value is System.Collections.IEnumerable list and not string ? "[" + string.Join(", ", list.Cast<object?>()) + "]" : $"{value}";

static async Task<PostgresException> Fails(Func<Task> body)
{
    try
    {
        await body();
    }
    catch (PostgresException e)
    {
        return e;
    }

    throw new InvalidDataException("it did not fail");
}

async Task Run(string sql) => await connection.ExecuteAsync(sql);

foreach (string drop in new[] { "materialized view if exists npg_m", "view if exists npg_v", "table if exists npg_all", "table if exists npg_t", "stream if exists npg_s" })
{
    await Run("drop " + drop);
}

DateTime utc = new(2024, 2, 29, 23, 59, 59, 999, DateTimeKind.Utc);
(string Type, object Value)[] values =
[
    ("smallint", short.MinValue), ("int", int.MaxValue), ("bigint", long.MinValue), ("real", 1.5f), ("double precision", double.NegativeInfinity),
    ("numeric", 79228162514264337593543950335m), ("numeric(12,4)", -12345678.9001m), ("boolean", true), ("text", "né\n\t'\"\\ 𝄞"), ("varchar(20)", "a b"),
    ("bytea", new byte[] { 0, 255, 10, 92 }), ("date", new DateOnly(1, 1, 1)), ("time", new TimeOnly(23, 59, 59, 999)),
    ("timestamp", new DateTime(1900, 1, 2, 3, 4, 5, 678, DateTimeKind.Unspecified)), ("timestamptz", utc), ("interval", new TimeSpan(-3, 4, 5, 6, 7)),
    ("uuid", Guid.Parse("00112233-4455-6677-8899-aabbccddeeff")), ("int[]", new[] { 1, -2, 3 }), ("text[]", new[] { "", "a,b", "{\"x\"}" }),
    ("double precision[]", new[] { double.NaN, 0.5 }), ("boolean[]", new[] { true, false }), ("timestamptz[]", new[] { utc }), ("numeric[]", new[] { 1.10m }),
];

foreach (bool prepare in new[] { false, true })
{
    await Check($"every type as parameter and result, {(prepare ? "prepared" : "unprepared")}", async () =>
    {
        foreach ((string type, object value) in values)
        {
            await using var command = new NpgsqlCommand($"SELECT $1::{type}, $2::{type}", connection)
            {
                Parameters = { new() { Value = value }, new() { Value = DBNull.Value } },
            };
            if (prepare)
            {
                await command.PrepareAsync();
            }

            await using NpgsqlDataReader reader = await command.ExecuteReaderAsync();
            await reader.ReadAsync();
            Same(value, value switch { DateOnly => reader.GetFieldValue<DateOnly>(0), TimeOnly => reader.GetFieldValue<TimeOnly>(0), _ => reader.GetValue(0) });
            Same(true, reader.IsDBNull(1));
        }
    });
}

await Check("infinite dates, NaN, arrays with nulls, jsonb", async () =>
{
    await using var command = new NpgsqlCommand("SELECT 'infinity'::timestamptz, '-infinity'::date, 'NaN'::double precision, ARRAY[1, NULL, 3], $1, $1 ->> 'a'", connection)
    {
        Parameters = { new() { Value = "{\"a\": [1, \"x\"]}", NpgsqlDbType = NpgsqlDbType.Jsonb } },
    };
    await using NpgsqlDataReader reader = await command.ExecuteReaderAsync();
    await reader.ReadAsync();
    Same(DateTime.MaxValue, reader.GetDateTime(0));
    Same(DateOnly.MinValue, reader.GetFieldValue<DateOnly>(1));
    Same(true, double.IsNaN(reader.GetDouble(2)));
    Same(new int?[] { 1, null, 3 }, reader.GetFieldValue<int?[]>(3));
    Same("{\"a\": [1, \"x\"]}", reader.GetString(4));
    Same("[1, \"x\"]", reader.GetString(5));
});

string[] names = [.. values.Select((_, i) => "c" + i)];
await Run($"CREATE TABLE npg_all (id int PRIMARY KEY, {string.Join(", ", values.Select((v, i) => $"{names[i]} {v.Type}"))})");
await Check("binary COPY of every type in and out", async () =>
{
    await using (NpgsqlBinaryImporter importer = await connection.BeginBinaryImportAsync("COPY npg_all FROM STDIN (FORMAT binary)"))
    {
        for (int row = 0; row < 2; row++)
        {
            await importer.StartRowAsync();
            await importer.WriteAsync(row);
            foreach ((_, object value) in values)
            {
                await (row == 1 ? importer.WriteNullAsync() : importer.WriteAsync(value));
            }
        }

        Same(2UL, await importer.CompleteAsync());
    }

    await using NpgsqlBinaryExporter exporter = await connection.BeginBinaryExportAsync("COPY (SELECT * FROM npg_all ORDER BY id) TO STDOUT (FORMAT binary)");
    for (int row = 0; row < 2; row++)
    {
        Same(names.Length + 1, await exporter.StartRowAsync());
        Same(row, await exporter.ReadAsync<int>());
        foreach ((_, object value) in values)
        {
            Same(row == 1, exporter.IsNull);
            if (row == 1)
            {
                await exporter.SkipAsync();
                continue;
            }

            Same(value, value switch
            {
                short => await exporter.ReadAsync<short>(),
                int => await exporter.ReadAsync<int>(),
                long => await exporter.ReadAsync<long>(),
                float => await exporter.ReadAsync<float>(),
                double => await exporter.ReadAsync<double>(),
                decimal => await exporter.ReadAsync<decimal>(),
                bool => await exporter.ReadAsync<bool>(),
                string => await exporter.ReadAsync<string>(),
                byte[] => await exporter.ReadAsync<byte[]>(),
                DateOnly => await exporter.ReadAsync<DateOnly>(),
                TimeOnly => await exporter.ReadAsync<TimeOnly>(),
                DateTime { Kind: DateTimeKind.Utc } => await exporter.ReadAsync<DateTime>(NpgsqlDbType.TimestampTz),
                DateTime => await exporter.ReadAsync<DateTime>(NpgsqlDbType.Timestamp),
                TimeSpan => await exporter.ReadAsync<TimeSpan>(),
                Guid => await exporter.ReadAsync<Guid>(),
                int[] => await exporter.ReadAsync<int[]>(),
                string[] => await exporter.ReadAsync<string[]>(),
                double[] => await exporter.ReadAsync<double[]>(),
                bool[] => await exporter.ReadAsync<bool[]>(),
                DateTime[] => await exporter.ReadAsync<DateTime[]>(),
                _ => (object)await exporter.ReadAsync<decimal[]>(),
            });
        }
    }

    Same(-1, await exporter.StartRowAsync());
});
await Check("a COPY that is given up leaves nothing", async () =>
{
    await using (NpgsqlBinaryImporter importer = await connection.BeginBinaryImportAsync("COPY npg_all (id) FROM STDIN (FORMAT binary)"))
    {
        await importer.StartRowAsync();
        await importer.WriteAsync(77);
    }

    Same(0L, await connection.ExecuteScalarAsync<long>("SELECT count(*) FROM npg_all WHERE id = 77"));
});

await Run("CREATE TABLE npg_t (id int PRIMARY KEY, name text NOT NULL DEFAULT 'none', v numeric(10,2), at timestamptz)");
await Run("CREATE STREAM npg_s (ts timestamptz, k text, n int)");
await Run("CREATE VIEW npg_v AS SELECT id, name AS label FROM npg_t");
await Run("CREATE MATERIALIZED VIEW npg_m AS SELECT k, count(*) AS rows, sum(n) AS total FROM npg_s GROUP BY k");
await Check("text COPY in and out", async () =>
{
    await using (TextWriter writer = await connection.BeginTextImportAsync("COPY npg_t (id, name) FROM STDIN (FORMAT csv)"))
    {
        await writer.WriteAsync("1,one\n2,\"two, too\"\n");
    }

    using TextReader reader = await connection.BeginTextExportAsync("COPY (SELECT id, name FROM npg_t ORDER BY id) TO STDOUT");
    Same("1\tone\n2\ttwo, too\n", await reader.ReadToEndAsync());
});
await Check("a batch: results in order, an error names its command and undoes all", async () =>
{
    await using (var batch = new NpgsqlBatch(connection)
    {
        BatchCommands =
        {
            new("INSERT INTO npg_t (id, name) VALUES ($1, $2)") { Parameters = { new() { Value = 3 }, new() { Value = "three" } } },
            new("SELECT name FROM npg_t WHERE id = $1") { Parameters = { new() { Value = 2 } } },
            new("UPDATE npg_t SET v = 1.5 WHERE id = 1 RETURNING v"),
        },
    })
    {
        await using NpgsqlDataReader reader = await batch.ExecuteReaderAsync();
        Same(true, await reader.ReadAsync());
        Same("two, too", reader.GetString(0));
        Same(true, await reader.NextResultAsync());
        Same(true, await reader.ReadAsync());
        Same(1.5m, reader.GetDecimal(0));
        Same(false, await reader.NextResultAsync());
        Same(2, reader.RecordsAffected);
    }

    await using var bad = new NpgsqlBatch(connection) { BatchCommands = { new("INSERT INTO npg_t (id) VALUES (50)"), new("INSERT INTO npg_t (id) VALUES (1)"), new("SELECT 1") } };
    PostgresException e = await Fails(() => bad.ExecuteNonQueryAsync());
    Same(("23505", true), (e.SqlState, ReferenceEquals(e.BatchCommand, bad.BatchCommands[1])));
    Same(0L, await connection.ExecuteScalarAsync<long>("SELECT count(*) FROM npg_t WHERE id = 50"));
});
await Check("errors have SQLSTATE, position and hint, and the connection goes on", async () =>
{
    PostgresException e = await Fails(() => Run("SELECT id, nam FROM npg_t"));
    Same(("42703", 12), (e.SqlState, e.Position));
    Same(true, e.Hint?.Contains("name", StringComparison.Ordinal));
    e = await Fails(() => Run("INSERT INTO npg_t (id, name) VALUES (9, NULL)"));
    Same("23502", e.SqlState);
    e = await Fails(() => Run("SELECT 1/0"));
    Same("22012", e.SqlState);
    Same(1, await connection.ExecuteScalarAsync<int>("SELECT 1"));
});
await Check("cancelled by token, by Cancel() and by timeout, and usable afterwards", async () =>
{
    await using NpgsqlConnection other = await source.OpenConnectionAsync();
    await using (var command = new NpgsqlCommand("SUBSCRIBE npg_m", other) { CommandTimeout = 0 })
    {
        // Npgsql gives a reader only when the first row is there, and the view is empty.
        using var token = new CancellationTokenSource(200);
        try
        {
            await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(token.Token);
            while (await reader.ReadAsync(token.Token))
            {
            }

            throw new InvalidDataException("it ended by itself");
        }
        catch (OperationCanceledException e)
        {
            Same("57014", (e.InnerException as PostgresException)?.SqlState);
        }
    }

    Same(1, await other.ExecuteScalarAsync<int>("SELECT 1"));
    await using (var slow = new NpgsqlCommand("SELECT count(*) FROM generate_series(1, 3000000) AS a(x), generate_series(1, 3000) AS b(y)", other) { CommandTimeout = 1 })
    {
        try
        {
            await slow.ExecuteScalarAsync();
            throw new InvalidDataException("it ended by itself");
        }
        catch (NpgsqlException e) when (e.InnerException is TimeoutException)
        {
        }
    }

    Same(2, await other.ExecuteScalarAsync<int>("SELECT 2"));
});
await Check("notices come as events", async () =>
{
    var notices = new List<string>();
    void Note(object sender, NpgsqlNoticeEventArgs e) => notices.Add(e.Notice.Severity + " " + e.Notice.MessageText);
    connection.Notice += Note;
    await Run("DROP TABLE IF EXISTS npg_nope");
    connection.Notice -= Note;
    Same(["NOTICE table \"npg_nope\" does not exist, skipping"], notices.ToArray());
});
await Check("transactions, savepoints and isolation levels", async () =>
{
    foreach (IsolationLevel level in new[] { IsolationLevel.Unspecified, IsolationLevel.ReadCommitted, IsolationLevel.RepeatableRead, IsolationLevel.Serializable })
    {
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(level);
        await connection.ExecuteAsync("INSERT INTO npg_t (id) VALUES (60)", transaction: transaction);
        await transaction.SaveAsync("here");
        await Fails(() => connection.ExecuteAsync("INSERT INTO npg_t (id) VALUES (60)", transaction: transaction));
        await transaction.RollbackAsync("here");
        Same(1L, await connection.ExecuteScalarAsync<long>("SELECT count(*) FROM npg_t WHERE id = 60", transaction: transaction));
        await transaction.RollbackAsync();
    }

    Same(0L, await connection.ExecuteScalarAsync<long>("SELECT count(*) FROM npg_t WHERE id = 60"));
});
await Check("changes from a cursor over SUBSCRIBE", async () =>
{
    await using NpgsqlConnection follower = await source.OpenConnectionAsync();
    await using NpgsqlTransaction transaction = await follower.BeginTransactionAsync();
    await follower.ExecuteAsync("DECLARE changes CURSOR FOR SUBSCRIBE npg_m");
    await Run("INSERT INTO npg_s VALUES (now(), 'x', 4), (now(), 'x', 5)");
    (long Epoch, long Weight, string Key, long Rows, long Total)[] rows =
        [.. await follower.QueryAsync<(long, long, string, long, long)>("FETCH ALL FROM changes WITH (timeout = '15s')")];
    Same("1 x 2 9", string.Join(';', rows.Select(r => $"{r.Weight} {r.Key} {r.Rows} {r.Total}")));
    await transaction.CommitAsync();
});
await Check("GetSchema of every collection", async () =>
{
    foreach (DataRow row in (await connection.GetSchemaAsync()).Rows)
    {
        DataTable table = await connection.GetSchemaAsync((string)row["CollectionName"]);
        if (table.Columns.Count == 0)
        {
            throw new InvalidDataException($"{row["CollectionName"]} has no columns");
        }
    }

    string[] Rows(DataTable table, params string[] columns) =>
        [.. table.Rows.Cast<DataRow>().Select(r => string.Join(' ', columns.Select(c => r[c]))).Where(r => r.Contains("npg_t", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
    Same(["npg_t BASE TABLE"], Rows(await connection.GetSchemaAsync("Tables", [null!, "public", "npg_t"]), "table_name", "table_type"));
    Same(["npg_t at", "npg_t id", "npg_t name", "npg_t v"], Rows(await connection.GetSchemaAsync("Columns"), "table_name", "column_name"));
    Same(["npg_t npg_t_pkey"], Rows(await connection.GetSchemaAsync("Indexes"), "table_name", "index_name"));
    Same(["npg_t npg_t_pkey id"], Rows(await connection.GetSchemaAsync("IndexColumns"), "table_name", "index_name", "column_name"));
    Same(["npg_t npg_t_pkey"], Rows(await connection.GetSchemaAsync("PrimaryKey"), "table_name", "CONSTRAINT_NAME"));
});
await Check("GetColumnSchema and GetSchemaTable: key, base table, precision", async () =>
{
    await using var command = new NpgsqlCommand("SELECT id, name AS label, v, v * 2 AS twice FROM npg_t", connection);
    await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(CommandBehavior.SchemaOnly | CommandBehavior.KeyInfo);
    Same(
        ["id npg_t.id True False", "label npg_t.name  False", "v npg_t.v  True", "twice .  "],
        (await reader.GetColumnSchemaAsync()).Select(c =>
            $"{c.ColumnName} {c.BaseTableName}.{(c.BaseTableName is null ? "" : c.BaseColumnName)} {(c.IsKey == true ? "True" : "")} {c.AllowDBNull}").ToArray());
    Same(["10 2"], (await reader.GetColumnSchemaAsync()).Where(c => c.ColumnName == "v").Select(c => $"{c.NumericPrecision} {c.NumericScale}").ToArray());
    Same(4, (await reader.GetSchemaTableAsync())!.Rows.Count);
});
await Check("NpgsqlCommandBuilder derives parameters and changes from a table", async () =>
{
    using var adapter = new NpgsqlDataAdapter("SELECT id, name, v FROM npg_t ORDER BY id", connection);
    using var builder = new NpgsqlCommandBuilder(adapter);
    using var table = new DataTable();
    adapter.Fill(table);
    table.Rows[0]["name"] = "uno";
    table.Rows.Add(4, "four", 4.4m);
    table.Rows[1].Delete();
    Same(3, adapter.Update(table));
    Same("1 uno,3 three,4 four", await connection.ExecuteScalarAsync<string>("SELECT string_agg(id || ' ' || name, ',' ORDER BY id) FROM npg_t"));
});
await Check("a pooled connection comes back clean, prepared statements included", async () =>
{
    await using NpgsqlDataSource pool = NpgsqlDataSource.Create(connect + ";Maximum Pool Size=1;Max Auto Prepare=5;Auto Prepare Min Usages=2");
    for (int round = 0; round < 3; round++)
    {
        await using NpgsqlConnection pooled = await pool.OpenConnectionAsync();
        Same("UTC", await pooled.ExecuteScalarAsync<string>("SELECT current_setting('timezone')"));
        await pooled.ExecuteAsync("SET timezone = 'Europe/Vienna'");
        for (int i = 0; i < 4; i++)
        {
            Same("uno", await pooled.ExecuteScalarAsync<string>("SELECT name FROM npg_t WHERE id = @id", new { id = 1 }));
        }

        await using var explicitly = new NpgsqlCommand("SELECT count(*) FROM npg_t WHERE id > $1", pooled) { Parameters = { new() { Value = 0 } } };
        await explicitly.PrepareAsync();
        Same(3L, (long)(await explicitly.ExecuteScalarAsync())!);
    }
});
await Check("multiplexed connections", async () =>
{
    await using NpgsqlDataSource many = NpgsqlDataSource.Create(connect + ";Multiplexing=true;Maximum Pool Size=2");
    int[] all = await Task.WhenAll(Enumerable.Range(0, 100).Select(async i =>
    {
        await using NpgsqlCommand command = many.CreateCommand("SELECT $1::int + 1");
        command.Parameters.Add(new NpgsqlParameter { Value = i });
        return (int)(await command.ExecuteScalarAsync())!;
    }));
    Same(Enumerable.Range(1, 100).ToArray(), all);
});

await Check("Dapper: rows into classes, parameters, null", async () =>
{
    Item[] items = [.. await connection.QueryAsync<Item>(
        "SELECT id, name, v, at FROM npg_t WHERE id >= @from AND (@name::text IS NULL OR name = @name) ORDER BY id", new { from = 2, name = (string?)null })];
    Same("3 three ;4 four 4.40", string.Join(';', items.Select(i => FormattableString.Invariant($"{i.Id} {i.Name} {i.V}"))));
    Same(null, await connection.QuerySingleOrDefaultAsync<Item>("SELECT * FROM npg_t WHERE id = @id", new { id = 1000 }));
});
// IN @list does not work with Npgsql, whatever the server: Dapper sends an array, since Npgsql takes arrays.
await Check("Dapper: lists by ANY", async () =>
{
    Same([1, 3], (await connection.QueryAsync<int>("SELECT id FROM npg_t WHERE id = ANY(@ids) ORDER BY id", new { ids = new[] { 1, 3, 5 } })).ToArray());
    Same([4], (await connection.QueryAsync<int>("SELECT id FROM npg_t WHERE name = ANY(@names)", new { names = new[] { "four", "it's" } })).ToArray());
    Same([], (await connection.QueryAsync<int>("SELECT id FROM npg_t WHERE id = ANY(@ids)", new { ids = Array.Empty<int>() })).ToArray());
});
await Check("Dapper: many writes, several results, several types in a row, unbuffered", async () =>
{
    Same(3, await connection.ExecuteAsync("INSERT INTO npg_t (id, name, v, at) VALUES (@Id, @Name, @V, @At)",
        Enumerable.Range(10, 3).Select(i => new Item { Id = i, Name = "d" + i, V = i, At = utc })));
    await using (SqlMapper.GridReader grid = await connection.QueryMultipleAsync("SELECT count(*) FROM npg_t; SELECT id, name FROM npg_t WHERE id >= @from ORDER BY id", new { from = 10 }))
    {
        Same(6L, await grid.ReadSingleAsync<long>());
        Same([10, 11, 12], (await grid.ReadAsync<Item>()).Select(i => i.Id).ToArray());
    }

    Same(["3 10", "4 10"], (await connection.QueryAsync<Item, Item, string>(
        "SELECT a.id, a.name, b.id, b.name FROM npg_t a JOIN npg_t b ON b.id = 10 WHERE a.id IN (3, 4) ORDER BY a.id", (a, b) => $"{a.Id} {b.Id}", splitOn: "id")).ToArray());
    int rows = 0;
    await foreach (Item item in connection.QueryUnbufferedAsync<Item>("SELECT * FROM npg_t WHERE at = @utc", new { utc }))
    {
        rows++;
    }

    Same(3, rows);
    Same(utc, await connection.ExecuteScalarAsync<DateTime>("SELECT max(at) FROM npg_t"));
});

foreach (string drop in new[] { "materialized view npg_m", "view npg_v", "table npg_all", "table npg_t", "stream npg_s" })
{
    await Run("drop " + drop);
}

Console.WriteLine($"{passed} passed, {failed} failed, 0 skipped");
return failed == 0 ? 0 : 1;

/// <summary>A row of npg_t.</summary>
[SuppressMessage("Performance", "CA1812", Justification = "Dapper makes them.")]
internal sealed class Item
{
    public int Id { get; set; }

    public string Name { get; set; } = "";

    public decimal? V { get; set; }

    public DateTime? At { get; set; }
}
