// Metrics over HTTP, side by side: the same lines of line protocol into Millrace and into the time-series databases that are installed, sizes, and six questions.
using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;

namespace Millrace.Bench;

/// <summary>
/// 100 hosts of 10 fields, two clients, batches of 5,000 lines. Every server is a process of its own on loopback ports: <c>millrace serve</c>
/// as it is published, with fsync, and those of its peers (Debian's victoria-metrics, influxdb and clickhouse-server, npm's DuckDB) that are
/// found, with their own defaults of durability. <c>--events</c> is the number of rows, <c>--only</c> int or f2, <c>--runs</c> how often a
/// question is asked.
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
            foreach (TsbsPeer peer in TsbsPeer.Found())
            {
                await PeerAsync(options, report, set, rows, peer.Bodies(lines, rows, decimals), peer, decimals);
            }

            await TsbsDuckDb.RunAsync(options, report, set, rows, decimals);
        }
    }

    /// <summary>Asks every question so often, warm; the same draws for everybody.</summary>
    public static async Task AskAsync(BenchOptions options, Report report, string bench, string who, Func<int, Draws, Task<long>> ask)
    {
        for (int query = 0; query < TsbsQueries.Names.Length; query++)
        {
            Progress.Say($"{bench} {who}, {TsbsQueries.Names[query]}");
            var draws = new Draws();
            report.Add(bench, $"{who}, {TsbsQueries.Names[query]}", "ms", await TimeAsync(options.Runs, () => ask(query, draws)));
        }
    }

    private static async Task PeerAsync(BenchOptions options, Report report, string set, int rows, List<byte[]> bodies, TsbsPeer peer, bool decimals)
    {
        var rates = new List<double>();
        var processor = new List<double>();
        for (int round = 0; round < Rounds; round++)
        {
            using TestFolder folder = TestFolder.Make();
            using Process process = await peer.StartAsync(folder.Path, decimals);
            try
            {
                double before = process.TotalProcessorTime.TotalSeconds;
                rates.Add(await LoadAsync(peer.Root, peer.LoadPath, bodies, rows) / 1e3);
                process.Refresh();
                processor.Add((process.TotalProcessorTime.TotalSeconds - before) * 1e6 / rows);
                if (round + 1 < Rounds)
                {
                    continue;
                }

                report.Add(Name, $"{set}: {peer.Name}, {peer.Takes}", "K rows/s", [.. rates]);
                report.Add(Name, $"{set}: {peer.Name}, processor time", "s per M rows", [.. processor]);
                await peer.SettleAsync();
                report.Add(Name, $"{set}: {peer.Name}, bytes a value", "B", peer.Bytes(folder.Path) / (double)rows / TsbsData.Fields.Length);
                using var client = new HttpClient { BaseAddress = peer.Root };
                await AskAsync(options, report, Name, $"{set}: {peer.Name}", async (query, draws) =>
                {
                    using HttpResponseMessage answer = await peer.AskAsync(client, query, draws, Hosts, rows);
                    return await BytesAsync(answer);
                });
                await peer.AskOtherwiseAsync(options, report, $"{set}: {peer.Name}", rows);
                var warm = new List<double>();
                for (int again = 0; again < Rounds; again++)
                {
                    warm.Add(await LoadAsync(peer.Root, peer.LoadPath, bodies, rows) / 1e3);
                }

                report.Add(Name, $"{set}: {peer.Name}, the same rows again", "K rows/s", [.. warm]);
            }
            finally
            {
                process.Kill();
                await process.WaitForExitAsync();
            }
        }
    }

    /// <summary>The length of an answer that must be a good one.</summary>
    public static async Task<long> BytesAsync(HttpResponseMessage answer)
    {
        byte[] body = await answer.Content.ReadAsByteArrayAsync();
        return answer.IsSuccessStatusCode ? body.Length
            : throw new InvalidOperationException($"{(int)answer.StatusCode} {Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(body.Length, 300)))}");
    }

    /// <summary>Milliseconds of each of three times so many runs, after warming up.</summary>
    public static async Task<double[]> TimeAsync(int runs, Func<Task<long>> once)
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

    /// <summary>Posts bodies from two clients; rows a second.</summary>
    public static async Task<double> LoadAsync(Uri root, string path, IReadOnlyList<byte[]> bodies, long rows)
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
                    Progress.Say($"{Name}: {root} {i * rows / bodies.Count:N0} rows of {rows:N0}");
                }
            }
        })));
        return rows / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
