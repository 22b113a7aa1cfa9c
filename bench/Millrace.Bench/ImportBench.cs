// One file of CSV into Millrace, by its import, and into ClickHouse, by one request.
using System.Diagnostics;

namespace Millrace.Bench;

/// <summary>
/// The rows of the metrics bench as a CSV file with a header, into fresh folders each time. Millrace: <c>millrace import</c> in process (to the process's end, its start and the folder's
/// closing included) and into a running server with fsync (to the importer's end). ClickHouse: one POST of the file to a running server. <c>--events</c> is the number of rows.
/// </summary>
internal static class ImportBench
{
    private const string Name = "import";

    public static async Task RunAsync(BenchOptions options, Report report)
    {
        if (TsbsMillrace.Program.Length == 0)
        {
            throw new InvalidOperationException("set MILLRACE_BIN to the executable; ./dev bench import does");
        }

        int rows = options.Events ?? 1_000_000;
        foreach (bool decimals in new[] { false, true })
        {
            string set = decimals ? "f2" : "int";
            if (options.Only is not null && options.Only != set)
            {
                continue;
            }

            Progress.Say($"{Name} {set}: the file");
            using TestFolder files = TestFolder.Make();
            string csv = await WriteAsync(files.Path, rows, decimals, "+00");
            double megabytes = new FileInfo(csv).Length / 1e6;
            var times = new Dictionary<string, List<double>> { ["in process"] = [], ["into a server, fsync"] = [], ["ClickHouse, one POST"] = [] };
            for (int run = 0; run < options.Runs; run++)
            {
                Progress.Say($"{Name} {set}: run {run + 1} of {options.Runs}");
                using (TestFolder folder = TestFolder.Make())
                {
                    times["in process"].Add(await ImportAsync(csv, "--data", folder.Path));
                }

                times["into a server, fsync"].Add(await ServedAsync(csv));
                if (TsbsPeer.Found().OfType<TsbsClickHouse>().SingleOrDefault() is { } peer)
                {
                    // Its DateTime takes no zone.
                    times["ClickHouse, one POST"].Add(await ClickHouseAsync(peer, await WriteAsync(files.Path, rows, decimals, ""), decimals));
                }
            }

            foreach ((string how, List<double> seconds) in times.Where(t => t.Value.Count > 0))
            {
                report.Add(Name, $"{set}: {how}", "K rows/s", [.. seconds.Select(s => rows / s / 1e3)]);
                report.Add(Name, $"{set}: {how}, CSV", "MB/s", [.. seconds.Select(s => megabytes / s)]);
            }
        }
    }

    private static async Task<double> ServedAsync(string csv)
    {
        using TestFolder folder = TestFolder.Make();
        var peer = new TsbsMillrace();
        using Process server = await peer.StartAsync(folder.Path, null);
        try
        {
            return await ImportAsync(csv, "--server", peer.Root.Authority);
        }
        finally
        {
            server.Kill();
            await server.WaitForExitAsync();
        }
    }

    private static async Task<double> ClickHouseAsync(TsbsClickHouse peer, string csv, bool decimals)
    {
        using TestFolder folder = TestFolder.Make();
        using Process server = await peer.StartAsync(folder.Path, decimals);
        try
        {
            using var client = new HttpClient { BaseAddress = peer.Root, Timeout = TimeSpan.FromMinutes(10) };
            await using FileStream file = File.OpenRead(csv);
            using var body = new StreamContent(file);
            long start = Stopwatch.GetTimestamp();
            using HttpResponseMessage answer = await client.PostAsync($"/?query={Uri.EscapeDataString("INSERT INTO bench.cpu FORMAT CSVWithNames")}", body);
            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            return answer.IsSuccessStatusCode ? seconds : throw new InvalidOperationException(await answer.Content.ReadAsStringAsync());
        }
        finally
        {
            server.Kill();
            await server.WaitForExitAsync();
        }
    }

    private static async Task<double> ImportAsync(string csv, string option, string target)
    {
        long start = Stopwatch.GetTimestamp();
        using Process process = Process.Start(new ProcessStartInfo(TsbsMillrace.Program, ["import", csv, option, target, "--key", string.Join(',', TsbsData.Tags), "--time", "ts"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task<string> told = process.StandardOutput.ReadToEndAsync();
        string error = await process.StandardError.ReadToEndAsync();
        await told;
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? Stopwatch.GetElapsedTime(start).TotalSeconds : throw new InvalidOperationException(error);
    }

    private static async Task<string> WriteAsync(string folder, int rows, bool decimals, string zone)
    {
        string csv = Path.Combine(folder, $"cpu{zone}.csv");
        if (!File.Exists(csv))
        {
            await using FileStream to = File.Create(csv);
            foreach (byte[] part in TsbsText.Csv(rows, decimals, 100_000, zone: zone))
            {
                await to.WriteAsync(part);
            }
        }

        return csv;
    }
}
