// millrace token reset as a process: on a folder that nobody can log in to, and against a server.
using System.Net;
using System.Net.Http.Headers;
using Xunit;

namespace Millrace.Tests.Cli;

public sealed class TokenVerbTests
{
    [Fact]
    public async Task ALostTokenIsMadeAnew()
    {
        using var folder = new TempFolder();
        string data = folder["data"];
        (int code, _, string error) = await CliProcess.RunAsync(
            "sql", "--data", data, "-c", "CREATE TABLE t (n int PRIMARY KEY); CREATE USER ada SUPERUSER; CREATE USER app; GRANT SELECT ON t TO app; CREATE TOKEN web FOR app WITH (rate = 500)");
        Assert.True(code == 0, error);

        string web = await ResetAsync("web", "--data", data);
        string ops = await ResetAsync("ops", "--data", data, "--user", "ada");
        (code, _, error) = await CliProcess.RunAsync("token", "reset", "none", "--data", data);
        Assert.Equal(2, code);
        Assert.Contains("there is no token none; --user NAME", error, StringComparison.Ordinal);
        (code, _, error) = await CliProcess.RunAsync("token", "reset", "web", "--data", data, "--user", "nobody");
        Assert.Equal((1, true), (code, error.Contains("role \"nobody\" does not exist", StringComparison.Ordinal)));
        Assert.Equal(1, (await CliProcess.RunAsync("token", "reset", "web", "--data", folder["nothing"])).Code);
        (_, string rates, _) = await CliProcess.RunAsync("sql", "--data", data, "--format", "csv", "-c", "SELECT name, user_name, rate FROM millrace.tokens ORDER BY name");
        Assert.Equal("name,user_name,rate\nops,ada,\nweb,app,500\n", rates.ReplaceLineEndings("\n"));

        using var server = new CliProcess(["serve", "--data", data, "--pg", "127.0.0.1:0", "--http", "127.0.0.1:0"]);
        string http = (await server.ReadyAsync())["http"];
        Assert.Equal(HttpStatusCode.OK, await AskAsync(http, web));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(http, ops));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(http, web[..^1] + (web[^1] == 'A' ? 'B' : 'A')));
        (code, _, error) = await CliProcess.RunAsync("token", "reset", "web", "--data", data);
        Assert.True(code == 1, error); // the server has it
    }

    private static async Task<string> ResetAsync(params string[] arguments)
    {
        (int code, string text, string error) = await CliProcess.RunAsync(["token", "reset", .. arguments]);
        Assert.True(code == 0, error);
        return text.Trim();
    }

    private static async Task<HttpStatusCode> AskAsync(string http, string token)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://{http}/v1/sql") { Content = new StringContent("{\"query\":\"SELECT * FROM t\"}") };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using HttpResponseMessage answer = await client.SendAsync(request);
        return answer.StatusCode;
    }
}
