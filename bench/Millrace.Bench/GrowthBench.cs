// What becomes of speed and memory when there is much: a hundred million rows into one server, questions on the way, a restart, a view over all of it.
using System.Diagnostics;
using System.Globalization;

namespace Millrace.Bench;

/// <summary>
/// A million rows of metrics over and over, each time later, by line protocol from two clients with fsync; <c>--events</c> is how many in all (100 M). Memory is the
/// server's own peak (VmHWM). The view is made while rows go on coming in, and must hold each once.
/// </summary>
internal static class GrowthBench
{
    private const string Name = "growth";
    private const int BatchLines = 5_000;
    private const int BlockRows = 1_000_000;
    private const int Digits = 19;

    public static async Task RunAsync(BenchOptions options, Report report)
    {
        if (TsbsMillrace.Program.Length == 0)
        {
            throw new InvalidOperationException("set MILLRACE_BIN to the executable; ./dev bench growth does");
        }

        int blocks = Math.Max(1, (options.Events ?? 100_000_000) / BlockRows);
        List<byte[]> bodies = TsbsText.Lines(BlockRows, decimals: options.Only == "f2", BatchLines);
        using TestFolder folder = TestFolder.Make();
        var peer = new TsbsMillrace();
        Process server = await peer.StartAsync(folder.Path, null);
        try
        {
            var rates = new List<double>();
            for (int block = 1; block <= blocks; block++)
            {
                rates.Add(await TsbsBench.LoadAsync(peer.Root, TsbsPeer.WriteLines, bodies, BlockRows) / 1e3);
                Shift(bodies, BlockRows / TsbsBench.Hosts * (TsbsData.Step / 1_000_000));
                Progress.Say(string.Create(CultureInfo.InvariantCulture, $"{Name}: {block} M rows of {blocks} M, {rates[^1]:N0} K rows/s, {Peak(server):N0} MiB"));
                if (block == blocks || block is 1 or 10)
                {
                    string at = string.Create(CultureInfo.InvariantCulture, $"{block} M rows");
                    report.Add(Name, $"{at}: rows taken in since the mark before", "K rows/s", [.. rates]);
                    report.Add(Name, $"{at}: memory at its most", "MiB", Peak(server));
                    rates.Clear();
                    await peer.SettleAsync();
                    report.Add(Name, $"{at}: bytes a value", "B", peer.Bytes(folder.Path) / 1e7 / block);
                    await AskAsync(options, report, peer, at, (long)block * BlockRows);
                    report.Add(Name, $"{at}: memory at its most, after the questions", "MiB", Peak(server));
                }
            }

            server = await RestartAsync(report, peer, server, folder.Path, (long)blocks * BlockRows);
            await ViewAsync(report, peer, bodies, (long)blocks * BlockRows);
            report.Add(Name, "memory at its most, after the view", "MiB", Peak(server));
        }
        finally
        {
            server.Kill();
            await server.WaitForExitAsync();
            server.Dispose();
        }
    }

    private static async Task AskAsync(BenchOptions options, Report report, TsbsMillrace peer, string at, long rows)
    {
        using var client = new HttpClient { BaseAddress = peer.Root, Timeout = TimeSpan.FromMinutes(10) };
        foreach (int query in new[] { 0, 1, 4 })
        {
            Progress.Say($"{Name}: {at}, {TsbsQueries.Names[query]}");
            var draws = new Draws();
            report.Add(Name, $"{at}: {TsbsQueries.Names[query]}", "ms", await TsbsBench.TimeAsync(options.Runs, async () =>
                await TsbsBench.BytesAsync(await TsbsMillrace.SqlAsync(client, TsbsQueries.Sql(query, draws, TsbsBench.Hosts, rows, "time")))));
        }
    }

    private static async Task<Process> RestartAsync(Report report, TsbsMillrace peer, Process server, string folder, long rows)
    {
        Progress.Say($"{Name}: stopping");
        using (Process.Start("kill", ["-TERM", server.Id.ToString(CultureInfo.InvariantCulture)]))
        {
            await server.WaitForExitAsync();
        }

        Progress.Say($"{Name}: starting");
        server.Dispose();
        long start = Stopwatch.GetTimestamp();
        Process again = await peer.StartAsync(folder, null);
        using var client = new HttpClient { BaseAddress = peer.Root };
        await TsbsBench.BytesAsync(await TsbsMillrace.SqlAsync(client, TsbsQueries.Sql(0, new Draws(), TsbsBench.Hosts, rows, "time")));
        report.Add(Name, "restart, from the program's start to the first answer", "s", Stopwatch.GetElapsedTime(start).TotalSeconds);
        return again;
    }

    // A writer goes on during the backfill; nothing may be missing from the view or be in it twice.
    private static async Task ViewAsync(Report report, TsbsMillrace peer, List<byte[]> bodies, long rows)
    {
        using var client = new HttpClient { BaseAddress = peer.Root, Timeout = TimeSpan.FromMinutes(10) };
        using var stop = new CancellationTokenSource();
        long written = 0;
        var acknowledged = new List<double>();
        Task writing = Task.Run(async () =>
        {
            foreach (byte[] body in bodies)
            {
                if (stop.IsCancellationRequested)
                {
                    return;
                }

                long sent = Stopwatch.GetTimestamp();
                await TsbsBench.BytesAsync(await client.PostAsync(TsbsPeer.WriteLines, new ByteArrayContent(body)));
                acknowledged.Add(Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
                written += body.AsSpan().Count((byte)'\n');
                await Task.Delay(20);
            }
        });
        Progress.Say($"{Name}: a view over {rows:N0} rows");
        long start = Stopwatch.GetTimestamp();
        await TsbsBench.BytesAsync(await TsbsMillrace.SqlAsync(
            client,
            "CREATE MATERIALIZED VIEW by_hour AS SELECT hostname, date_trunc('hour', time) AS h, count(*) AS n, avg(usage_user) AS mean, max(usage_user) AS most FROM cpu GROUP BY hostname, h"));
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        await stop.CancelAsync();
        await writing;
        report.Add(Name, "a new view over all rows, by host and hour", "M rows/s", rows / seconds / 1e6);
        report.Add(Name, "a write meanwhile, acknowledged after", "ms", [.. acknowledged]);
        using HttpResponseMessage answer = await TsbsMillrace.SqlAsync(client, "SELECT sum(n) = (SELECT count(*) FROM cpu) AS same, sum(n)::text AS n FROM by_hour");
        string text = await answer.Content.ReadAsStringAsync();
        if (!text.Contains((rows + written).ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal) || !text.Contains("true", StringComparison.Ordinal))
        {
            throw new InvalidOperationException($"{rows:N0} and {written:N0} rows were written, the view says: {text}");
        }
    }

    // Makes every line so many seconds later: the time is what stands before each line feed, in nanoseconds.
    private static void Shift(List<byte[]> bodies, long seconds)
    {
        long nanos = seconds * 1_000_000_000;
        foreach (byte[] body in bodies)
        {
            for (int end = body.AsSpan().IndexOf((byte)'\n'); ;)
            {
                Span<byte> time = body.AsSpan(end - Digits, Digits);
                long value = long.Parse(time, CultureInfo.InvariantCulture) + nanos;
                for (int i = Digits - 1; i >= 0; i--, value /= 10)
                {
                    time[i] = (byte)('0' + (value % 10));
                }

                int next = body.AsSpan(end + 1).IndexOf((byte)'\n');
                if (next < 0)
                {
                    break;
                }

                end += next + 1;
            }
        }
    }

    private static double Peak(Process server)
    {
        string line = File.ReadLines($"/proc/{server.Id}/status").First(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2].Trim(), CultureInfo.InvariantCulture) / 1024.0;
    }
}
