// pg_stat_activity and pg_stat_ssl: who is connected and does what, what others may see of it, and how it is ended.
using System.Net;
using Millrace.Doors;
using Npgsql;
using Xunit;
using DoorHost = Millrace.Doors.DoorHost;

namespace Millrace.Tests.Access;

public sealed class ActivityTests : IAsyncLifetime
{
    private const string Password = "corr3ct-horse-battery";
    private readonly TempFolder _folder = new();
    private Database _database = null!;
    private DoorHost _host = null!;

    public async Task InitializeAsync()
    {
        _database = await Database.OpenInMemoryAsync();
        (string certificate, string key) = Certificates.Make(_folder);
        _host = await DoorHost.StartAsync(_database, new DoorHostOptions
        {
            Http = null,
            Postgres = new IPEndPoint(IPAddress.Loopback, 0),
            Security = new DoorSecurity { Certificate = TlsCertificate.Load(certificate, key) },
        });
    }

    public async Task DisposeAsync()
    {
        await _host.DisposeAsync();
        await _database.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task EachConnectionIsThereWithWhatItDoes()
    {
        await _database.ExecuteAsync("CREATE TABLE t (id int PRIMARY KEY)");
        await using NpgsqlConnection watcher = await ConnectAsync("w");
        await using NpgsqlConnection other = await ConnectAsync("o", "Application Name=billing");
        string from = $"FROM pg_stat_activity WHERE pid = {other.ProcessID}";
        string look = "SELECT usename, application_name, client_addr, client_port > 0, state, query, xact_start IS NULL, backend_start <= query_start, backend_type " + from;
        await RunAsync(other, "SELECT 1 AS first");
        Assert.Equal("millrace|billing|127.0.0.1|True|idle|SELECT 1 AS first|True|True|client backend", await RowAsync(watcher, look));

        await RunAsync(other, "BEGIN");
        await RunAsync(other, "INSERT INTO t VALUES (1)");
        Assert.Equal("millrace|billing|127.0.0.1|True|idle in transaction|INSERT INTO t VALUES (1)|False|True|client backend", await RowAsync(watcher, look));
        await Assert.ThrowsAsync<PostgresException>(() => RunAsync(other, "SELECT 1 / 0"));
        Assert.Equal("idle in transaction (aborted)", await RowAsync(watcher, "SELECT state " + from));
        await RunAsync(other, "ROLLBACK");

        // Who looks is running the look itself.
        const string own = "SELECT state, query FROM pg_stat_activity WHERE pid = pg_backend_pid()";
        Assert.Equal("active|" + own, await RowAsync(watcher, own));
        Assert.Equal("2", await RowAsync(watcher, "SELECT count(*) FROM pg_stat_activity"));
        await other.CloseAsync();
        Assert.Equal("1", await EventuallyAsync(watcher, "SELECT count(*) FROM pg_stat_activity", "1"));
    }

    [Fact]
    public async Task AStatementIsFoundWhileItRunsAndCanBeEnded()
    {
        await using NpgsqlConnection watcher = await ConnectAsync("w");
        await using NpgsqlConnection other = await ConnectAsync("o");
        Task running = RunAsync(other, "SELECT count(*) AS forever FROM generate_series(1, 100000) a, generate_series(1, 1000000) b");
        Assert.Equal("active", await EventuallyAsync(watcher, "SELECT state FROM pg_stat_activity WHERE query LIKE '%AS forever%' AND pid <> pg_backend_pid()", "active"));
        Assert.Equal("True", await RowAsync(watcher, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%AS forever%' AND pid <> pg_backend_pid()"));
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => running);
        Assert.Equal("1", await EventuallyAsync(watcher, "SELECT count(*) FROM pg_stat_activity", "1"));
    }

    [Fact]
    public async Task WhatOthersRunIsForSuperusersAndSecretsAreForNobody()
    {
        await using NpgsqlConnection first = await ConnectAsync("first");
        await RunAsync(first, $"CREATE USER ada SUPERUSER PASSWORD '{Password}'");
        await using NpgsqlConnection ada = await ConnectAsync("ada");
        Assert.Equal("<withheld: it may have a secret in it>", await RowAsync(ada, $"SELECT query FROM pg_stat_activity WHERE pid = {first.ProcessID}"));
        await RunAsync(ada, $"CREATE USER app PASSWORD '{Password}'");
        await RunAsync(ada, "SELECT 'private' AS x");
        await using NpgsqlConnection app = await ConnectAsync("app");
        string others = await RowAsync(app, $"SELECT query, state IS NULL, client_addr IS NULL, query_start IS NULL FROM pg_stat_activity WHERE pid = {ada.ProcessID}");
        Assert.Equal("<insufficient privilege>|True|True|True", others);
        Assert.Equal("active", await RowAsync(app, "SELECT state FROM pg_stat_activity WHERE usename = 'app'"));
        await using NpgsqlConnection again = await ConnectAsync("ada");
        Assert.Equal("SELECT 'private' AS x", await RowAsync(again, $"SELECT query FROM pg_stat_activity WHERE pid = {ada.ProcessID}"));
    }

    [Fact]
    public async Task HowEachConnectionIsEncryptedIsTold()
    {
        await using NpgsqlConnection open = await ConnectAsync("a", "SSL Mode=Disable");
        await using NpgsqlConnection closed = await ConnectAsync("b", "SSL Mode=Require");
        Assert.Equal("False|True|True", await RowAsync(open, "SELECT ssl, version IS NULL, cipher IS NULL FROM pg_stat_ssl WHERE pid = pg_backend_pid()"));
        Assert.Matches("^True\\|TLSv1\\.[23]\\|TLS_.*\\|(128|256)$", await RowAsync(closed, "SELECT ssl, version, cipher, bits FROM pg_stat_ssl WHERE pid = pg_backend_pid()"));
        Assert.Equal("2", await RowAsync(closed, "SELECT count(*) FROM pg_stat_activity JOIN pg_stat_gssapi USING (pid) WHERE NOT encrypted"));
    }

    [Fact]
    public async Task ALongStatementIsShownByItsBeginning()
    {
        await using NpgsqlConnection other = await ConnectAsync("o");
        await RunAsync(other, "SELECT '" + new string('x', 5000) + "'");
        await using NpgsqlConnection watcher = await ConnectAsync("w");
        Assert.Equal("1024", await RowAsync(watcher, $"SELECT length(query) FROM pg_stat_activity WHERE pid = {other.ProcessID}"));
    }

    private async Task<NpgsqlConnection> ConnectAsync(string user, string more = "SSL Mode=Prefer")
    {
        var connection = new NpgsqlConnection($"Host=127.0.0.1;Port={_host.Postgres!.Port};Username={user};Password={Password};Database=millrace;Pooling=false;{more}");
        await connection.OpenAsync();
        return connection;
    }

    private static async Task RunAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<string> RowAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync();
        return await reader.ReadAsync() ? string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(i => reader.GetValue(i))) : "";
    }

    private static async Task<string> EventuallyAsync(NpgsqlConnection connection, string sql, string expected)
    {
        string row = await RowAsync(connection, sql);
        for (int i = 0; i < 500 && row != expected; i++)
        {
            await Task.Delay(20);
            row = await RowAsync(connection, sql);
        }

        return row;
    }
}
