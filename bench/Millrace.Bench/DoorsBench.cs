// How long a SELECT of a small view takes over each door, one at a time.
using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using Millrace.Doors;
using Millrace.Log;
using Npgsql;

namespace Millrace.Bench;

/// <summary>A view of 10 rows, read 2,000 times in process, over the PostgreSQL door (prepared and not), and over HTTP.</summary>
internal static class DoorsBench
{
    private const string Name = "doors";
    private const int Reads = 2_000;
    private const int WarmUps = 500;
    private const string Query = "SELECT device, n, mean FROM latest";

    public static async Task RunAsync(BenchOptions options, Report report)
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
