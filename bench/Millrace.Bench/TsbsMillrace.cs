// Millrace in the metrics bench: the published executable as a server of its own, like its peers.
using System.Globalization;
using System.Net.Http.Json;
using Npgsql;

namespace Millrace.Bench;

/// <summary><c>millrace serve</c> with its defaults, fsync included. Where it is stands in MILLRACE_BIN.</summary>
internal sealed class TsbsMillrace() : TsbsPeer("Millrace", Program, 18186)
{
    private const int PostgresPort = 18187;

    /// <summary>The executable; empty when nobody has said where it is.</summary>
    public static string Program { get; } = Environment.GetEnvironmentVariable("MILLRACE_BIN") ?? "";

    public override string Takes => "line protocol, fsync";

    public override async Task SettleAsync()
    {
        using var client = new HttpClient { BaseAddress = Root, Timeout = TimeSpan.FromMinutes(10) };
        await TsbsBench.BytesAsync(await SqlAsync(client, "VACUUM"));
    }

    public override long Bytes(string folder) => BytesOf(Path.Combine(folder, "segments"), "*.segment");

    public override Task<HttpResponseMessage> AskAsync(HttpClient client, int query, Draws draws, int hosts, long rows) =>
        SqlAsync(client, TsbsQueries.Sql(query, draws, hosts, rows, "time"));

    public override async Task AskOtherwiseAsync(BenchOptions options, Report report, string who, int rows)
    {
        await using var connection = new NpgsqlConnection(
            string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={PostgresPort};Username=millrace;Database=millrace;Command Timeout=600"));
        await connection.OpenAsync();
        await TsbsBench.AskAsync(options, report, "tsbs", who + " (PostgreSQL)", async (query, draws) =>
        {
            await using var command = new NpgsqlCommand(TsbsQueries.Sql(query, draws, TsbsBench.Hosts, rows, "time"), connection);
            await using NpgsqlDataReader reader = await command.ExecuteReaderAsync();
            long values = 1;
            while (await reader.ReadAsync())
            {
                values += reader.FieldCount;
            }

            return values;
        });
    }

    /// <summary>Runs a statement over HTTP.</summary>
    public static Task<HttpResponseMessage> SqlAsync(HttpClient client, string sql) => client.PostAsJsonAsync("/v1/sql", new { query = sql, limit = 10_000_000 });

    protected override string Alive => "/health";

    protected override List<string> Arguments(string folder) =>
        ["serve", "--data", folder, "--http", Root.Authority, "--pg", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{PostgresPort}")];

    protected override string Query(int query, long hour, long half, string[] hosts, long start, long span) => "";
}
