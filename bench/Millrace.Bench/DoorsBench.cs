// What the doors cost: a SELECT over each of them one at a time, and the parts with goals of their own. --only latency | endpoints | subscribers | points takes one part.
using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using Millrace.Doors;
using Millrace.Log;
using Npgsql;

namespace Millrace.Bench;

/// <summary>Runs the parts; itself it reads a view of 10 rows 2,000 times in process, over the PostgreSQL door (prepared and not), and over HTTP.</summary>
internal static class DoorsBench
{
    public const string Name = "doors";
    private const int Reads = 2_000;
    private const int WarmUps = 500;
    private const string Query = "SELECT device, n, mean FROM latest";

    private static readonly (string Part, Func<BenchOptions, Report, Task> Run)[] s_parts =
        [("latency", LatencyAsync), ("endpoints", EndpointsBench.RunAsync), ("subscribers", SubscribersBench.RunAsync), ("points", PointsBench.RunAsync)];

    public static async Task RunAsync(BenchOptions options, Report report)
    {
        foreach ((string part, Func<BenchOptions, Report, Task> run) in s_parts)
        {
            if (options.Only is null || options.Only == part)
            {
                Progress.Say($"{Name}: {part}");
                await run(options, report);
            }
        }
    }

    private static async Task LatencyAsync(BenchOptions options, Report report)
    {
        using TestFolder folder = TestFolder.Make();
        await using Database database = await folder.OpenAsync(Durability.Os);
        await database.ExecuteAsync(
            """
            CREATE STREAM readings (device integer, value double precision);
            CREATE MATERIALIZED VIEW latest AS SELECT device, count(*) AS n, avg(value) AS mean FROM readings GROUP BY device;
            INSERT INTO readings SELECT i % 10, i FROM generate_series(1, 1000) AS t(i)
            """);
        await using DoorHost doors = await DoorHost.StartAsync(database, new DoorHostOptions
        {
            Postgres = new IPEndPoint(IPAddress.Loopback, 0),
            Http = new IPEndPoint(IPAddress.Loopback, 0),
        });

        Progress.Say($"{Name}: in process");
        report.AddLatency(Name, "SELECT 10 rows, in process", await TimeAsync(async () => await database.ExecuteAsync(Query)));

        Progress.Say($"{Name}: PostgreSQL");
        await using NpgsqlDataSource source = NpgsqlDataSource.Create($"Host=127.0.0.1;Port={doors.Postgres!.Port};Username=millrace;Database=millrace");
        await using NpgsqlConnection connection = await source.OpenConnectionAsync();
        await using var command = new NpgsqlCommand(Query, connection);
        report.AddLatency(Name, "SELECT 10 rows, PostgreSQL", await TimeAsync(() => ReadAsync(command)));
        await command.PrepareAsync();
        report.AddLatency(Name, "SELECT 10 rows, PostgreSQL prepared", await TimeAsync(() => ReadAsync(command)));

        Progress.Say($"{Name}: HTTP");
        using var client = new HttpClient { BaseAddress = new Uri($"http://{doors.Http}") };
        report.AddLatency(Name, "SELECT 10 rows, HTTP", await TimeAsync(async () =>
        {
            using HttpResponseMessage answer = await client.PostAsJsonAsync("/v1/sql", new { query = Query });
            answer.EnsureSuccessStatusCode();
            await answer.Content.ReadAsByteArrayAsync();
        }));
    }

    private static async Task ReadAsync(NpgsqlCommand command)
    {
        await using NpgsqlDataReader rows = await command.ExecuteReaderAsync();
        while (await rows.ReadAsync())
        {
            rows.GetInt64(1);
        }
    }

    private static async Task<IReadOnlyCollection<double>> TimeAsync(Func<Task> once)
    {
        double[] ms = new double[Reads];
        for (int i = -WarmUps; i < Reads; i++)
        {
            long start = Stopwatch.GetTimestamp();
            await once();
            ms[Math.Max(i, 0)] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        return ms;
    }
}
