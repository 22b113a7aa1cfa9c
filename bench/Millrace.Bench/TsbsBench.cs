// Metrics over HTTP, side by side: the same lines of line protocol into Millrace and into the time-series databases that are installed, sizes, and six questions.
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using Millrace.Core;
using Millrace.Doors;
using Millrace.Log;

namespace Millrace.Bench;

/// <summary>
/// 100 hosts of 10 fields, two clients, batches of 5,000 lines; Millrace with fsync. Peers (Debian's victoria-metrics, influxdb and clickhouse-server) take part when their programs are
/// found, each on loopback ports of its own, with their own defaults of durability. <c>--events</c> is the number of rows, <c>--only</c> int or f2, <c>--runs</c> how
/// often a question is asked.
/// </summary>
internal static class TsbsBench
{
    public const int Hosts = 100;

    private const string Name = "tsbs";
    private const int BatchLines = 5_000;
    private const int Clients = 2;
    private const int Warmups = 100;

    // Loads of a fresh server each; the first finds the runtime cold.
    private const int Rounds = 3;

    public static async Task RunAsync(BenchOptions options, Report report)
    {
        int rows = options.Events ?? 1_000_000;
        foreach (bool decimals in new[] { false, true })
        {
            string set = decimals ? "f2" : "int";
            if (options.Only is not null && options.Only != set)
            {
                continue;
            }

            Progress.Say($"{Name} {set}: lines");
            List<byte[]> lines = TsbsText.Lines(rows, decimals, BatchLines);
            await MillraceAsync(options, report, set, rows, lines);
            foreach (TsbsPeer peer in TsbsPeer.Found())
            {
                await PeerAsync(options, report, set, rows, peer.Bodies(lines, rows, decimals), peer, decimals);
            }
        }
    }

    private static async Task MillraceAsync(BenchOptions options, Report report, string set, int rows, List<byte[]> lines)
    {
        var rates = new List<double>();
        for (int round = 0; round < Rounds; round++)
        {
            using TestFolder folder = TestFolder.Make();
            await using Database database = await Database.OpenAsync(folder.Path, new DatabaseOptions { Durability = Durability.Fsync });
            await using DoorHost doors = await DoorHost.StartAsync(database, new DoorHostOptions { Http = new IPEndPoint(IPAddress.Loopback, 0) });
            var root = new Uri($"http://{doors.Http}");
            rates.Add(await LoadAsync(root, TsbsPeer.WriteLines, lines, rows) / 1e3);
            if (round + 1 < Rounds)
            {
                continue;
            }

            report.Add(Name, $"{set}: millrace, line protocol, fsync", "K rows/s", [.. rates]);
            await database.CompactAsync();
            report.Add(Name, $"{set}: millrace, bytes a value", "B", database.Segments().Sum(s => s.Bytes) / (double)rows / TsbsData.Fields.Length);
            await AskAsync(options, report, $"{set}: millrace", root, (client, query, state) => client.PostAsJsonAsync(
                "/v1/sql", new { query = TsbsQueries.Sql(query, state, Hosts, rows, "time"), limit = 10_000_000 }));
        }
    }

    private static async Task PeerAsync(BenchOptions options, Report report, string set, int rows, List<byte[]> bodies, TsbsPeer peer, bool decimals)
    {
        var rates = new List<double>();
        for (int round = 0; round < Rounds; round++)
        {
            using TestFolder folder = TestFolder.Make();
            using Process process = await peer.StartAsync(folder.Path, decimals);
            try
            {
                rates.Add(await LoadAsync(peer.Root, peer.LoadPath, bodies, rows) / 1e3);
                if (round + 1 < Rounds)
                {
                    continue;
                }

                report.Add(Name, $"{set}: {peer.Name}, {peer.Takes}", "K rows/s", [.. rates]);
                await peer.SettleAsync();
                report.Add(Name, $"{set}: {peer.Name}, bytes a value", "B", peer.Bytes(folder.Path) / (double)rows / TsbsData.Fields.Length);
                await AskAsync(options, report, $"{set}: {peer.Name}", peer.Root, (client, query, state) => client.GetAsync(peer.Query(query, state, Hosts, rows)));
            }
            finally
            {
                process.Kill();
                await process.WaitForExitAsync();
            }
        }
    }

    private static async Task AskAsync(
        BenchOptions options, Report report, string who, Uri root, Func<HttpClient, int, Draws, Task<HttpResponseMessage>> ask)
    {
        using var client = new HttpClient { BaseAddress = root };
        for (int query = 0; query < TsbsQueries.Names.Length; query++)
        {
            Progress.Say($"{Name} {who}, {TsbsQueries.Names[query]}");
            var draws = new Draws();
            report.Add(Name, $"{who}, {TsbsQueries.Names[query]}", "ms", await TimeAsync(options.Runs, async () =>
            {
                using HttpResponseMessage answer = await ask(client, query, draws);
                return await BytesAsync(answer);
            }));
        }
    }

    private static async Task<long> BytesAsync(HttpResponseMessage answer)
    {
        byte[] body = await answer.Content.ReadAsByteArrayAsync();
        return answer.IsSuccessStatusCode ? body.Length
            : throw new InvalidOperationException($"{(int)answer.StatusCode} {Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(body.Length, 300)))}");
    }

    private static async Task<double[]> TimeAsync(int runs, Func<Task<long>> once)
    {
        double[] ms = new double[runs * 3];
        long bytes = 0;
        long warming = Stopwatch.GetTimestamp();
        for (int i = 0; i < Warmups && Stopwatch.GetElapsedTime(warming).TotalSeconds < 5; i++)
        {
            bytes += await once();
        }

        for (int i = 0; i < ms.Length; i++)
        {
            long start = Stopwatch.GetTimestamp();
            bytes += await once();
            ms[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        return bytes > 0 ? ms : throw new InvalidOperationException("no answer");
    }

    private static async Task<double> LoadAsync(Uri root, string path, List<byte[]> bodies, int rows)
    {
        int next = -1;
        long start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => Task.Run(async () =>
        {
            using var client = new HttpClient { BaseAddress = root };
            for (int i = Interlocked.Increment(ref next); i < bodies.Count; i = Interlocked.Increment(ref next))
            {
                using var body = new ByteArrayContent(bodies[i]);
                body.Headers.ContentType = new MediaTypeHeaderValue("text/plain");
                using HttpResponseMessage answer = await client.PostAsync(path, body);
                await BytesAsync(answer);
                if (i % 20 == 0)
                {
                    Progress.Say($"{Name}: {root} {(long)i * rows / bodies.Count:N0} rows of {rows:N0}");
                }
            }
        })));
        return rows / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
