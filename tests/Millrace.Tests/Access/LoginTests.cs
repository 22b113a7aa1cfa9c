// Logging in on both doors of a real database: passwords, tokens, TLS, and what strangers get.
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Millrace.Doors;
using Millrace.Doors.Http;
using Millrace.Doors.Postgres;
using Npgsql;
using Xunit;
using DoorHost = Millrace.Doors.DoorHost;
using RawClient = Millrace.Tests.Doors.Postgres.RawClient;

namespace Millrace.Tests.Access;

public sealed class LoginTests : IAsyncLifetime
{
    private const string Password = "corr3ct-horse-battery";
    private const string AdminToken = "0123456789abcdef-preset";
    private readonly TempFolder _folder = new();
    private readonly LogLines _log = new();
    private readonly ManualTime _time = new();
    private Database _database = null!;
    private DoorHost _host = null!;
    private HttpClient _http = null!;
    private string _token = "";

    public async Task InitializeAsync()
    {
        _database = await Database.OpenAsync(_folder.In("data"), new DatabaseOptions { Durability = Millrace.Log.Durability.None });
        await StartAsync(new DoorSecurity { AdminToken = AdminToken });
        await _database.ExecuteAsync("CREATE TABLE mine (id int PRIMARY KEY, x text)");
        await _database.ExecuteAsync("CREATE TABLE theirs (id int PRIMARY KEY)");
        await _database.ExecuteAsync("INSERT INTO mine VALUES (1, 'one')");
        await _database.ExecuteAsync("CREATE ENDPOINT open_one AS SELECT * FROM mine");
        await _database.ExecuteAsync("CREATE ENDPOINT closed_one AS SELECT * FROM theirs");
    }

    public async Task DisposeAsync()
    {
        _http.Dispose();
        await _host.DisposeAsync();
        await _database.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task WithoutUsersEverybodyOnThisMachineIsTrustedAndThenNobody()
    {
        await RestartAsync(new DoorSecurity());
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("/v1/catalog"));
        await using (NpgsqlConnection trusted = await ConnectAsync("whoever", null))
        {
            await using var make = new NpgsqlCommand($"CREATE USER ada SUPERUSER PASSWORD '{Password}'", trusted);
            await make.ExecuteNonQueryAsync();
        }

        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync("/v1/catalog"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("/health"));
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => ConnectAsync("whoever", null));
        await using NpgsqlConnection ada = await ConnectAsync("ada", Password);
        Assert.Equal("ada", await ScalarAsync(ada, "SELECT current_user"));
        Assert.Equal("on", ada.PostgresParameters["is_superuser"]);
    }

    [Fact]
    public async Task AWrongPasswordAndAnUnknownUserLookTheSame()
    {
        await UsersAsync();
        var told = new List<string>();
        foreach ((string user, string password) in new[] { ("app", "wrong"), ("nobody", "wrong"), ("tokenless", "wrong") })
        {
            PostgresException e = await Assert.ThrowsAsync<PostgresException>(() => ConnectAsync(user, password, "SSL Mode=Disable;GSS Encryption Mode=Disable"));
            told.Add($"{e.SqlState} {e.Severity} {e.MessageText.Replace(user, "U", StringComparison.Ordinal)} {e.Detail} {e.Hint}");
        }

        Assert.Equal(["28P01 FATAL password authentication failed for user \"U\"  "], told.Distinct());
        var bodies = new List<string>();
        foreach ((string user, string password) in new[] { ("app", "wrong"), ("nobody", "wrong"), ("tokenless", "wrong") })
        {
            using HttpResponseMessage answer = await GetAsync("/v1/catalog", Basic(user, password));
            bodies.Add($"{(int)answer.StatusCode} {answer.Headers.WwwAuthenticate} {await answer.Content.ReadAsStringAsync()}");
        }

        Assert.Single(bodies.Distinct());
        Assert.StartsWith("401 Bearer realm=\"millrace\", Basic", bodies[0], StringComparison.Ordinal);

        // Each was counted, and told once without what was typed.
        Assert.Equal(6, _log.Text.Count(l => l.Contains("log-in", StringComparison.Ordinal)));
        Assert.DoesNotContain(_log.Text, l => l.Contains("wrong", StringComparison.Ordinal) || l.Contains("nobody", StringComparison.Ordinal));
        using HttpResponseMessage metrics = await GetAsync("/metrics", Bearer(_token));
        Assert.Contains("millrace_login_failures_total 6\n", await metrics.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AFloodOfFailuresIsNotAFloodOfLines()
    {
        await UsersAsync();
        for (int i = 0; i < 30; i++)
        {
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync("/v1/catalog", Bearer("mr_wrong")));
        }

        Assert.Equal(20, _log.Text.Count);
        _time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync("/v1/catalog", Bearer("mr_wrong")));
        Assert.Equal(22, _log.Text.Count);
        Assert.Contains(_log.Text, l => l.Contains("10 more log-ins failed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task PermissionsHoldOnThePostgresDoor()
    {
        await UsersAsync();
        await using NpgsqlConnection app = await ConnectAsync("app", Password);
        Assert.Equal("one", await ScalarAsync(app, "SELECT x FROM mine"));
        Assert.Equal("app", await ScalarAsync(app, "SELECT current_user"));
        foreach (string denied in new[] { "SELECT * FROM theirs", "INSERT INTO mine VALUES (2, 'x')", "CREATE TABLE t (x int)", "COPY theirs TO STDOUT" })
        {
            PostgresException e = await Assert.ThrowsAsync<PostgresException>(() => ScalarAsync(app, denied));
            Assert.Equal("42501", e.SqlState);
        }

        await _database.ExecuteAsync("GRANT INSERT ON theirs TO app");
        await using (NpgsqlBinaryImporter copy = await app.BeginBinaryImportAsync("COPY theirs (id) FROM STDIN (FORMAT binary)"))
        {
            await copy.StartRowAsync();
            await copy.WriteAsync(5);
            await copy.CompleteAsync();
        }

        await _database.ExecuteAsync("DROP USER app");
        Assert.Equal("28000", (await Assert.ThrowsAsync<PostgresException>(() => ScalarAsync(app, "SELECT 1"))).SqlState);
    }

    [Fact]
    public async Task PermissionsHoldOnTheHttpDoor()
    {
        await UsersAsync();
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("/v1/endpoints/open_one", Bearer(_token)));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("/v1/endpoints/open_one", Basic("app", Password)));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("/v1/endpoints/open_one", Basic("x", _token)));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync("/v1/endpoints/closed_one", Bearer(_token)));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("/v1/endpoints/closed_one", Bearer(AdminToken)));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync("/v1/subscribe?query=SELECT+*+FROM+theirs", Bearer(_token)));
        Assert.Equal(HttpStatusCode.Forbidden, await PostAsync("/v1/sql", "{\"query\":\"SELECT * FROM theirs\"}", "application/json", Bearer(_token)));
        Assert.Equal(HttpStatusCode.OK, await PostAsync("/v1/sql", "{\"query\":\"SELECT * FROM mine\"}", "application/json", Bearer(_token)));
        Assert.Equal(HttpStatusCode.Forbidden, await PostAsync("/v1/streams/mine", "{\"id\":2}", "application/x-ndjson", Bearer(_token)));
        await _database.ExecuteAsync("GRANT INSERT ON mine TO app");
        Assert.Equal(HttpStatusCode.OK, await PostAsync("/v1/streams/mine", "{\"id\":2}", "application/x-ndjson", Bearer(_token)));
        await _database.ExecuteAsync("DROP TOKEN probe");
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync("/v1/endpoints/open_one", Bearer(_token)));
    }

    [Fact]
    public async Task AFeedIsAskedForToo()
    {
        await UsersAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/endpoints/open_one") { Headers = { Authorization = Bearer(_token), Accept = { new("text/event-stream") } } };
        using HttpResponseMessage answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType!.MediaType);
    }

    [Fact]
    public async Task ATokensRateIsKept()
    {
        await UsersAsync();
        string slow = await TokenAsync("CREATE TOKEN slow FOR app WITH (rate = 2)");
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("/v1/endpoints/open_one", Bearer(slow)));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("/v1/endpoints/open_one", Bearer(slow)));
        using HttpResponseMessage third = await GetAsync("/v1/endpoints/open_one", Bearer(slow));
        Assert.Equal(HttpStatusCode.TooManyRequests, third.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(1), third.Headers.RetryAfter!.Delta);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("/v1/endpoints/open_one", Bearer(_token)));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("/v1/endpoints/open_one", Bearer(slow)));
    }

    [Fact]
    public async Task LineProtocolComesWithTheCredentialsOfInflux()
    {
        await UsersAsync();
        const string Lines = "cpu,host=a idle=1 1700000000000000000";
        Assert.Equal(HttpStatusCode.Unauthorized, await PostAsync("/write", Lines, "text/plain", null));
        Assert.Equal(HttpStatusCode.Unauthorized, await PostAsync("/write?u=app&p=wrong", Lines, "text/plain", null));
        using (HttpResponseMessage refused = await _http.PostAsync("/api/v2/write", new StringContent(Lines)))
        {
            using JsonDocument body = JsonDocument.Parse(await refused.Content.ReadAsStringAsync());
            Assert.Equal((401, "unauthorized"), ((int)refused.StatusCode, body.RootElement.GetProperty("code").GetString()));
        }

        // To make a stream takes the right to write to all there will be.
        Assert.Equal(HttpStatusCode.Forbidden, await PostAsync($"/write?u=app&p={Password}", Lines, "text/plain", null));
        Assert.Null(_database.Catalog.Find(null, "cpu"));
        await _database.ExecuteAsync("GRANT INSERT ON ALL TABLES TO app");
        Assert.Equal(HttpStatusCode.NoContent, await PostAsync($"/write?u=app&p={Password}", Lines, "text/plain", null));
        Assert.Equal(HttpStatusCode.NoContent, await PostAsync("/write", Lines, "text/plain", Basic("app", Password)));
        Assert.Equal(HttpStatusCode.NoContent, await PostAsync("/write?u=any&p=" + _token, Lines, "text/plain", null));
        Assert.Equal(HttpStatusCode.NoContent, await PostAsync("/api/v2/write", Lines, "text/plain", new("Token", _token)));
        Assert.Equal(HttpStatusCode.NoContent, await PostAsync("/api/v2/write", Lines, "text/plain", new("Token", $"app:{Password}")));
        await _database.ExecuteAsync("REVOKE INSERT ON ALL TABLES FROM app");
        await _database.ExecuteAsync("GRANT INSERT ON cpu TO app");
        Assert.Equal(HttpStatusCode.NoContent, await PostAsync("/api/v2/write", Lines, "text/plain", new("Token", _token)));
        Assert.Equal(HttpStatusCode.Forbidden, await PostAsync("/api/v2/write", "cpu,host=a idle=1,busy=2 1700000000000000000", "text/plain", new("Token", _token)));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync($"/query?q=SHOW+DATABASES&u=app&p={Password}"));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync($"/v1/catalog?u=app&p={Password}"));
    }

    [Theory]
    [InlineData("Bearer")]
    [InlineData("Bearer ")]
    [InlineData("Basic !!!")]
    [InlineData("Basic YWJj")]
    [InlineData("Digest username=app")]
    [InlineData("Token ")]
    [InlineData("Token :")]
    public async Task NonsenseInTheHeaderIsUnauthorized(string header)
    {
        await UsersAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/catalog");
        request.Headers.TryAddWithoutValidation("Authorization", header);
        using HttpResponseMessage answer = await _http.SendAsync(request);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    [Fact]
    public async Task APageIsNotMadeToOpenAWindowOfTheBrowser()
    {
        await UsersAsync();
        foreach ((string mode, int challenges) in new[] { ("cors", 1), ("navigate", 2) })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/catalog") { Headers = { { "User-Agent", "Mozilla/5.0" }, { "Sec-Fetch-Mode", mode } } };
            using HttpResponseMessage answer = await _http.SendAsync(request);
            Assert.Equal((401, challenges), ((int)answer.StatusCode, answer.Headers.WwwAuthenticate.Count));
        }
    }

    [Fact]
    public async Task SecretsAreInNoAnswerAndNoLog()
    {
        await UsersAsync();
        var said = new StringBuilder();
        foreach (string path in new[] { "/v1/catalog", "/v1/stats", "/v1/graph", "/metrics", "/openapi.json", "/v1/endpoints", $"/query?q=SELECT+1&u=app&p={Password}" })
        {
            using HttpResponseMessage answer = await GetAsync(path, Bearer(_token));
            said.AppendLine(answer.Headers.ToString()).AppendLine(await answer.Content.ReadAsStringAsync());
        }

        foreach (string sql in new[]
        {
            $"CREATE USER app PASSWORD '{Password}'",
            $"ALTER USER gone PASSWORD '{Password}'",
            $"CREATE USER z PASSWORD '{Password}' '{Password}'",
            $"ALTER USER app PASSWORD '{Password}'",
        })
        {
            using var content = new StringContent(JsonSerializer.Serialize(new { query = sql }), Encoding.UTF8, "application/json");
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/sql") { Content = content, Headers = { Authorization = Bearer(AdminToken) } };
            using HttpResponseMessage answer = await _http.SendAsync(request);
            said.AppendLine(await answer.Content.ReadAsStringAsync());
        }

        said.AppendJoin('\n', _log.Text);
        foreach (string secret in new[] { Password, _token, AdminToken, "SCRAM-SHA-256$", Millrace.Access.BearerToken.Hash(_token) })
        {
            Assert.DoesNotContain(secret, said.ToString(), StringComparison.Ordinal);
        }

        Assert.DoesNotContain(AdminToken, new DoorSecurity { AdminToken = AdminToken }.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task BothDoorsSpeakTls()
    {
        (string certificate, string key) = Certificates.Make(_folder);
        await RestartAsync(new DoorSecurity { Certificate = TlsCertificate.Load(certificate, key) });
        await UsersAsync();
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("/v1/endpoints/open_one", Bearer(_token)));
        await Assert.ThrowsAnyAsync<HttpRequestException>(async () =>
        {
            using var plain = new HttpClient();
            await plain.GetAsync($"http://{_host.Http}/health");
        });
        foreach (string mode in new[] { "SSL Mode=Require", "SSL Mode=VerifyFull;Root Certificate=" + certificate, "SSL Mode=Require;SSL Negotiation=Direct", "SSL Mode=Disable" })
        {
            await using NpgsqlConnection app = await ConnectAsync("app", Password, mode);
            Assert.Equal("one", await ScalarAsync(app, "SELECT x FROM mine"));

            // More than one TLS record and pipe segment, both ways.
            string large = new('x', 300_000);
            await using var echo = new NpgsqlCommand("SELECT $1 || 'y'", app) { Parameters = { new() { Value = large } } };
            Assert.Equal(large + "y", await echo.ExecuteScalarAsync());
            Assert.Equal("28P01", (await Assert.ThrowsAsync<PostgresException>(() => ConnectAsync("app", "wrong", mode))).SqlState);
        }
    }

    [Fact]
    public async Task AHandshakeThatFailsIsTold()
    {
        (string certificate, string key) = Certificates.Make(_folder);
        await RestartAsync(new DoorSecurity { Certificate = TlsCertificate.Load(certificate, key) });
        await UsersAsync();
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("/v1/endpoints/open_one", Bearer(_token)));
        foreach (byte[] junk in new byte[][] { [], [0x16, 3, 1, 0, 5, 1, 2, 3, 4, 5], "GET / HTTP/1.1\r\n\r\n"u8.ToArray() })
        {
            using var client = new RawClient(_host.Http!.Port);
            client.Send(junk);
            client.Socket.Shutdown(SocketShutdown.Send);
            client.Until('-');
        }

        // When the door is closed all its connections are over.
        await RestartAsync(new DoorSecurity());
        Assert.Equal(Enumerable.Repeat("HTTP door: a connection from 127.0.0.1 was closed: there was no TLS handshake, or it failed", 3), _log.Text);
    }

    [Fact]
    public async Task WhoMixesPlainBytesIntoTheHandshakeIsCutOff()
    {
        (string certificate, string key) = Certificates.Make(_folder);
        await RestartAsync(new DoorSecurity { Certificate = TlsCertificate.Load(certificate, key) });
        using (var client = new RawClient(_host.Postgres!.Port))
        {
            // The request for TLS, and in the same packet a start-up that a man in the middle has put behind it.
            client.Send([0, 0, 0, 8, 4, 210, 22, 47, 0, 0, 0, 16, 0, 3, 0, 0, (byte)'u', (byte)'s', (byte)'e', (byte)'r', 0, (byte)'a', 0, 0]);
            Assert.Equal((byte)'S', client.ReadByte());
            Assert.Contains("08P01", client.Read().Body, StringComparison.Ordinal);
        }

        foreach (byte[] junk in new byte[][] { [0x16, 3, 1, 0, 5, 1, 2, 3, 4, 5], [0x16], [0, 0, 0, 8, 4, 210, 22, 47, 0x16, 3, 1] })
        {
            using var client = new RawClient(_host.Postgres!.Port);
            client.Send(junk);
            client.Socket.Shutdown(SocketShutdown.Send);
            client.Until('-');
        }

        await using NpgsqlConnection fine = await ConnectAsync("x", null);
        Assert.Equal(1, await ScalarAsync(fine, "SELECT 1"));
    }

    [Fact]
    public async Task AStrangerMayNeitherWaitForLongNorSayMuch()
    {
        await RestartAsync(new DoorSecurity { RequireLogin = true }, new PostgresDoorOptions { StartupTimeout = TimeSpan.FromSeconds(10), Time = _time });
        using (var slow = new RawClient(_host.Postgres!.Port))
        {
            slow.Startup("user\0app\0\0");
            Assert.Equal('R', slow.Read().Type);
            _time.Advance(TimeSpan.FromSeconds(10));
            Assert.Contains(slow.Until('-'), m => m.Type == 'E' && m.Body.Contains("57014", StringComparison.Ordinal));
        }

        await RestartAsync(new DoorSecurity { RequireLogin = true }, new PostgresDoorOptions { ConnectionsMax = 2 });

        using (var long8 = new RawClient(_host.Postgres!.Port))
        {
            long8.Startup("user\0app\0\0");
            Assert.Equal('R', long8.Read().Type);
            long8.Send([(byte)'p', 0, 0x10, 0, 0]);
            Assert.Contains("longer than the limit of 8192", long8.Read().Body, StringComparison.Ordinal);
        }

        foreach ((char type, string body) in new[] { ('Q', "SELECT 1^"), ('p', "PLAIN^~4:0;"), ('p', "SCRAM-SHA-256^~4:99;n,,"), ('p', ""), ('X', "") })
        {
            using var client = new RawClient(_host.Postgres!.Port);
            client.Startup("user\0app\0\0");
            Assert.Equal('R', client.Read().Type);
            client.Message(type, body);
            Assert.Contains("08P01", client.Read().Body, StringComparison.Ordinal);
        }

        // Whoever has not logged in takes no session's place.
        RawClient[] waiting = [.. Enumerable.Range(0, 6).Select(_ => new RawClient(_host.Postgres!.Port))];
        await _database.ExecuteAsync($"CREATE USER app PASSWORD '{Password}'");
        await using (NpgsqlConnection app = await ConnectAsync("app", Password))
        {
            Assert.Equal(1, await ScalarAsync(app, "SELECT 1"));
        }

        Array.ForEach(waiting, w => w.Dispose());
    }

    [Fact]
    public async Task BeyondLoopbackSomebodyMustBeAbleToLogIn()
    {
        await _host.DisposeAsync();
        foreach (DoorHostOptions options in new[] { Beyond(postgres: true), Beyond(postgres: false), Beyond(postgres: true) with { Security = new DoorSecurity { RequireLogin = false } } })
        {
            DoorException e = await Assert.ThrowsAsync<DoorException>(() => DoorHost.StartAsync(_database, options));
            Assert.True(e.IsRefusal);
            Assert.Contains("CREATE USER", e.Message, StringComparison.Ordinal);
        }

        await (await DoorHost.StartAsync(_database, Beyond(postgres: false) with { Security = new DoorSecurity { RequireLogin = false } })).DisposeAsync();
        await (await DoorHost.StartAsync(_database, Beyond(postgres: false) with { Security = new DoorSecurity { AdminToken = AdminToken } })).DisposeAsync();
        await _database.ExecuteAsync($"CREATE USER ada SUPERUSER PASSWORD '{Password}'");
        await using DoorHost open = await DoorHost.StartAsync(_database, Beyond(postgres: true) with { Http = new IPEndPoint(IPAddress.Any, 0) });

        // The last user gone does not open what listens to the world.
        await _database.ExecuteAsync("DROP USER ada");
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{open.Http!.Port}") };
        Assert.Equal(HttpStatusCode.Unauthorized, (await http.GetAsync("/v1/catalog")).StatusCode);
        var source = new NpgsqlConnectionStringBuilder { Host = "127.0.0.1", Port = open.Postgres!.Port, Username = "ada", Password = Password, Pooling = false };
        await using var connection = new NpgsqlConnection(source.ConnectionString);
        Assert.Equal("28P01", (await Assert.ThrowsAsync<PostgresException>(() => connection.OpenAsync())).SqlState);
    }

    private static DoorHostOptions Beyond(bool postgres) => new()
    {
        Postgres = postgres ? new IPEndPoint(IPAddress.Any, 0) : null,
        Http = postgres ? null : new IPEndPoint(IPAddress.Any, 0),
    };

    private async Task UsersAsync()
    {
        await _database.ExecuteAsync($"CREATE USER chief SUPERUSER PASSWORD '{Password}+'");
        await _database.ExecuteAsync($"CREATE USER app PASSWORD '{Password}'");
        await _database.ExecuteAsync("CREATE USER tokenless");
        await _database.ExecuteAsync("GRANT SELECT ON mine TO app");
        await _database.ExecuteAsync("GRANT SELECT ON ENDPOINT open_one TO app");
        _token = await TokenAsync("CREATE TOKEN probe FOR app");
    }

    private async Task<string> TokenAsync(string sql)
    {
        await using Session session = _database.NewSession();
        return Millrace.Core.TextFormat.ToText((await session.ExecuteAsync(sql))[0].Batches[0].Columns[1], 0)!;
    }

    private async Task RestartAsync(DoorSecurity security, PostgresDoorOptions? postgres = null)
    {
        _http.Dispose();
        await _host.DisposeAsync();
        await StartAsync(security, postgres);
    }

    private async Task StartAsync(DoorSecurity security, PostgresDoorOptions? postgres = null)
    {
        _host = await DoorHost.StartAsync(_database, new DoorHostOptions
        {
            Http = new IPEndPoint(IPAddress.Loopback, 0),
            Postgres = new IPEndPoint(IPAddress.Loopback, 0),
            Security = security,
            HttpOptions = new HttpDoorOptions { Time = _time },
            PostgresOptions = postgres ?? new PostgresDoorOptions(),
            Logging = l => l.AddProvider(_log).AddFilter((category, _) => category!.StartsWith("Millrace", StringComparison.Ordinal)),
        });
        _http = new HttpClient(new HttpClientHandler { ServerCertificateCustomValidationCallback = (_, _, _, _) => true })
        {
            BaseAddress = new Uri($"{(security.Certificate is null ? "http" : "https")}://{_host.Http}"),
        };
    }

    private async Task<NpgsqlConnection> ConnectAsync(string user, string? password, string more = "SSL Mode=Prefer")
    {
        var connection = new NpgsqlConnection(
            $"Host=127.0.0.1;Port={_host.Postgres!.Port};Username={user};Database=millrace;Pooling=false;{(password is null ? "" : $"Password={password};")}{more}");
        try
        {
            await connection.OpenAsync();
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private static async Task<object?> ScalarAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }

    private static AuthenticationHeaderValue Bearer(string token) => new("Bearer", token);

    private static AuthenticationHeaderValue Basic(string user, string password) => new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}")));

    private async Task<HttpResponseMessage> GetAsync(string path, AuthenticationHeaderValue? credentials)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { Authorization = credentials } };
        return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    private async Task<HttpStatusCode> StatusAsync(string path, AuthenticationHeaderValue? credentials = null)
    {
        using HttpResponseMessage answer = await GetAsync(path, credentials);
        return answer.StatusCode;
    }

    private async Task<HttpStatusCode> PostAsync(string path, string body, string type, AuthenticationHeaderValue? credentials)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Headers = { Authorization = credentials }, Content = new StringContent(body, Encoding.UTF8, type) };
        using HttpResponseMessage answer = await _http.SendAsync(request);
        return answer.StatusCode;
    }
}
