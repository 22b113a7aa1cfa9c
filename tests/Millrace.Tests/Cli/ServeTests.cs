// millrace serve as a process: ready, health, durability of what was acknowledged, draining, and every way it can refuse to start.
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Millrace.Cli;
using Xunit;
using RawClient = Millrace.Tests.Doors.Postgres.RawClient;

namespace Millrace.Tests.Cli;

public sealed class ServeTests
{
    [Fact]
    public async Task ItServesDrainsAndGoesOn()
    {
        using var folder = new TempFolder();
        using (CliProcess server = Start(folder["data"]))
        {
            Dictionary<string, string> doors = await server.ReadyAsync();
            Assert.Single(server.Out.Trim().Split('\n'));
            using var client = new HttpClient { BaseAddress = new Uri($"http://{doors["http"]}") };
            Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/health")).StatusCode);
            await Sql(client, "CREATE STREAM clicks (who text NOT NULL, n bigint, at timestamptz)");
            await Sql(client, "CREATE MATERIALIZED VIEW totals AS SELECT who, sum(n) AS n FROM clicks GROUP BY who");
            await Post(client, "/v1/streams/clicks", "application/x-ndjson", "{\"who\":\"ada\",\"n\":1,\"at\":\"2026-01-02T03:04:05Z\"}\n{\"who\":\"bob\",\"n\":2}\n{\"who\":\"ada\",\"n\":40}\n");
            Assert.Equal("[[\"ada\",\"41\"],[\"bob\",\"2\"]]", Rows(await Sql(client, "SELECT who, n FROM totals ORDER BY who")));

            // A subscriber and an idle client are there when the signal comes: neither may hold it up (T45). Had they, the code would be that of DrainLimit.
            using HttpResponseMessage feed = await client.GetAsync("/v1/subscribe?query=SELECT+*+FROM+totals", HttpCompletionOption.ResponseHeadersRead);
            using var idle = new TcpClient();
            await idle.ConnectAsync(IPEndPoint.Parse(doors["pg"]));
            server.Terminate();
            Assert.Equal(0, await server.WaitAsync());
            Assert.Empty(server.Error);
        }

        using (CliProcess server = Start(folder["data"]))
        {
            using var client = new HttpClient { BaseAddress = new Uri($"http://{(await server.ReadyAsync())["http"]}") };
            Assert.Equal("[[\"ada\",\"41\"],[\"bob\",\"2\"]]", Rows(await Sql(client, "SELECT who, n FROM totals ORDER BY who")));
            await Post(client, "/v1/streams/clicks", "application/json", "{\"who\":\"ada\",\"n\":1}");
            server.KillHard();
            await server.WaitAsync();
        }

        using (CliProcess server = Start(folder["data"]))
        {
            using var client = new HttpClient { BaseAddress = new Uri($"http://{(await server.ReadyAsync())["http"]}") };
            Assert.Equal("[[\"ada\",\"42\"],[\"bob\",\"2\"]]", Rows(await Sql(client, "SELECT who, n FROM totals ORDER BY who")));
            server.Interrupt();
            Assert.Equal(0, await server.WaitAsync());
        }

        (int code, string output, _) = await CliProcess.RunAsync("check", folder["data"]);
        Assert.Equal((0, true), (code, output.Contains("sound", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task ClientsThatWillNotGoAreCutAndWhatWasAcknowledgedStays()
    {
        using var folder = new TempFolder();
        using (CliProcess server = Start(folder["data"]))
        {
            Dictionary<string, string> doors = await server.ReadyAsync();
            using var client = new HttpClient { BaseAddress = new Uri($"http://{doors["http"]}") };
            await Sql(client, "CREATE STREAM s (n int); INSERT INTO s SELECT g FROM generate_series(1, 300000) AS g; CREATE ENDPOINT all_of_it AS SELECT * FROM s");

            // Half a body, an answer that nobody reads, and a transaction that is left open.
            using var half = new TcpClient();
            await half.ConnectAsync(IPEndPoint.Parse(doors["http"]));
            await half.GetStream().WriteAsync("POST /v1/streams/s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\nContent-Length: 900\r\n\r\n{\"n\":-1}\n"u8.ToArray());
            using var deaf = new TcpClient { ReceiveBufferSize = 4096 };
            await deaf.ConnectAsync(IPEndPoint.Parse(doors["http"]));
            await deaf.GetStream().WriteAsync("GET /v1/endpoints/all_of_it HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray());
            Assert.Equal(1, await deaf.GetStream().ReadAsync(new byte[1]));
            using RawClient open = RawClient.Login(IPEndPoint.Parse(doors["pg"]).Port);
            open.Query("BEGIN; INSERT INTO s VALUES (-2)");
            Assert.Equal("CCZ", open.Types());
            server.Terminate();
            Assert.Equal((0, ""), (await server.WaitAsync(), server.Error));
        }

        using (CliProcess server = Start(folder["data"]))
        {
            using var client = new HttpClient { BaseAddress = new Uri($"http://{(await server.ReadyAsync())["http"]}") };
            Assert.Equal("[[\"300000\",1]]", Rows(await Sql(client, "SELECT count(*), min(n) FROM s")));
        }
    }

    [Fact]
    public void DrainingEndsBeforeItIsEnded()
    {
        var time = new ManualTime();
        int over = 0;
        using (new DrainLimit(time, () => over++))
        {
            time.Advance(DrainLimit.Max - TimeSpan.FromTicks(1));
            Assert.Equal(0, over);
        }

        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(0, over);
        using var late = new DrainLimit(time, () => over++);
        time.Advance(DrainLimit.Max);
        Assert.Equal(1, over);
        Assert.True(DrainLimit.Max < TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task SettingsComeFromOptionThenEnvironmentThenFile()
    {
        using var folder = new TempFolder();
        await File.WriteAllTextAsync(folder["c.json"], JsonSerializer.Serialize(new { data = folder["file"], pg = "off", http = "127.0.0.1:1", durability = "none" }));
        var environment = new Dictionary<string, string> { ["MILLRACE_DATA"] = folder["env"], ["MILLRACE_HTTP"] = "127.0.0.1:2", ["MILLRACE_CONFIG"] = folder["c.json"] };
        using var server = new CliProcess(["serve", "--http", "127.0.0.1:0"], environment);
        Dictionary<string, string> doors = await server.ReadyAsync();
        Assert.Equal(["http"], doors.Keys);
        Assert.True(Directory.Exists(folder["env"]));
        Assert.False(Directory.Exists(folder["file"]));
        server.Terminate();
        Assert.Equal(0, await server.WaitAsync());
    }

    [Fact]
    public async Task APortInUseIsNamed()
    {
        using var folder = new TempFolder();
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        string address = taken.LocalEndpoint.ToString()!;
        foreach (string door in new[] { "--http", "--pg" })
        {
            string other = door == "--http" ? "--pg" : "--http";
            (int code, string output, string error) = await CliProcess.RunAsync("serve", "--data", folder["data"], door, address, other, "off");
            Assert.Equal(1, code);
            Assert.Empty(output);
            Assert.Contains($"{address} is in use", error, StringComparison.Ordinal);
            Assert.Single(error.Trim().Split('\n'));
        }
    }

    [Fact]
    public async Task ASecondServerOnTheFolderIsRefused()
    {
        using var folder = new TempFolder();
        using CliProcess first = Start(folder["data"]);
        await first.ReadyAsync();
        (int code, _, string error) = await CliProcess.RunAsync("serve", "--data", folder["data"], "--http", "127.0.0.1:0", "--pg", "off");
        Assert.Equal(1, code);
        Assert.Contains("in use by another process", error, StringComparison.Ordinal);
        Assert.Single(error.Trim().Split('\n'));
        (code, _, error) = await CliProcess.RunAsync("check", folder["data"]);
        Assert.NotEqual(0, code);
        first.KillHard();
        await first.WaitAsync();

        // A killed server leaves nothing that is in the way of the next.
        using CliProcess second = Start(folder["data"]);
        await second.ReadyAsync();
    }

    [Fact]
    public async Task AFolderThatCannotBeWrittenIsRefused()
    {
        using var folder = new TempFolder();
        await File.WriteAllTextAsync(folder["file"], "");
        foreach (string data in new[] { folder["file"], folder["file"] + "/below", "/proc/millrace" })
        {
            (int code, _, string error) = await CliProcess.RunAsync("serve", "--data", data, "--http", "127.0.0.1:0", "--pg", "off");
            Assert.Equal(1, code);
            Assert.Single(error.Trim().Split('\n'));
            Assert.StartsWith("millrace: ", error, StringComparison.Ordinal);
            Assert.DoesNotContain("BUG", error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task DamageIsNamedAndRefused()
    {
        using var folder = new TempFolder();
        using (CliProcess server = Start(folder["data"]))
        {
            using var client = new HttpClient { BaseAddress = new Uri($"http://{(await server.ReadyAsync())["http"]}") };
            await Sql(client, "CREATE STREAM s (a bigint)");
            for (int i = 0; i < 20; i++)
            {
                await Sql(client, $"INSERT INTO s SELECT {i} FROM generate_series(1, 100)");
            }

            server.KillHard();
            await server.WaitAsync();
        }

        string log = Directory.EnumerateFiles(Path.Combine(folder["data"], "log")).Order().First();
        byte[] bytes = await File.ReadAllBytesAsync(log);
        bytes[bytes.Length / 3] ^= 0x40;
        await File.WriteAllBytesAsync(log, bytes);
        (int code, string output, string error) = await CliProcess.RunAsync("check", folder["data"]);
        Assert.Equal(3, code);
        Assert.Contains(Path.GetFileName(log), output, StringComparison.Ordinal);
        (code, _, error) = await CliProcess.RunAsync("serve", "--data", folder["data"], "--http", "127.0.0.1:0", "--pg", "off");
        Assert.Equal(3, code);
        Assert.Contains(Path.GetFileName(log), error, StringComparison.Ordinal);
        Assert.Single(error.Trim().Split('\n'));
        Assert.Equal(bytes, await File.ReadAllBytesAsync(log));
    }

    [Fact]
    public async Task TheShellRunsStatements()
    {
        using var folder = new TempFolder();
        using CliProcess server = Start(folder["data"]);
        string pg = (await server.ReadyAsync())["pg"];
        (int code, string output, string error) = await CliProcess.RunAsync(
            "sql", pg, "-c", "CREATE TABLE t (id bigint PRIMARY KEY, name text); INSERT INTO t VALUES (1, 'a,b'), (2, NULL)", "-c", "SELECT * FROM t ORDER BY id", "--format", "csv");
        Assert.Equal((0, "id,name\n1,\"a,b\"\n2,\n", ""), (code, output, error));
        (_, output, _) = await CliProcess.RunAsync("sql", pg, "-c", "SELECT id, name FROM t ORDER BY id", "--format", "json");
        Assert.Equal("{\"id\":1,\"name\":\"a,b\"}\n{\"id\":2,\"name\":null}\n", output);
        (_, output, _) = await CliProcess.RunAsync("sql", pg, "-c", "SELECT id, name FROM t ORDER BY id");
        Assert.Equal(" id | name\n----+------\n  1 | a,b\n  2 |\n(2 rows)\n", output);
        (code, _, error) = await CliProcess.RunAsync("sql", pg, "-c", "SELECT id\nFROM from t");
        Assert.Equal(1, code);
        Assert.Contains("LINE 2: FROM from t\n             ^", error, StringComparison.Ordinal);
        // Of several statements too the place is that of the one that fails, past what looks like an end.
        (code, output, error) = await CliProcess.RunAsync("sql", pg, "--format", "csv", "-c", "SELECT 'a;b' AS a;;\n-- and; more\nSELECT 2 AS b;\n  SELECT id,\n nothing FROM t; SELECT 3");
        Assert.Equal((1, "a\na;b\nb\n2\n"), (code, output));
        Assert.Contains("LINE 5:  nothing FROM t; SELECT 3\n         ^", error, StringComparison.Ordinal);
        using var piped = new CliProcess(["sql", pg, "--format", "csv"]);
        await piped.In.WriteAsync("SELECT count(*) AS n FROM t;");
        piped.In.Close();
        Assert.Equal(0, await piped.WaitAsync());
        Assert.Equal("n\n2\n", piped.Out);
        server.Terminate();
        Assert.Equal(0, await server.WaitAsync());
        (code, output, _) = await CliProcess.RunAsync("sql", "--data", folder["data"], "-c", "SELECT nmae FROM t");
        Assert.Equal(1, code);
        (_, output, _) = await CliProcess.RunAsync("sql", "--data", folder["data"], "-c", "SELECT count(*) FROM t", "--format", "csv");
        Assert.Equal("count\n2\n", output);
    }

    private static CliProcess Start(string data) => new(["serve", "--data", data, "--http", "127.0.0.1:0", "--pg", "127.0.0.1:0"]);

    private static async Task<JsonElement> Sql(HttpClient client, string query) => await Post(client, "/v1/sql", "application/json", JsonSerializer.Serialize(new { query }));

    private static async Task<JsonElement> Post(HttpClient client, string path, string type, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, type);
        using HttpResponseMessage answer = await client.PostAsync(path, content);
        string text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, text);
        return JsonDocument.Parse(text).RootElement;
    }

    private static string Rows(JsonElement answer) => answer.GetProperty("results")[0].GetProperty("rows").GetRawText();
}
