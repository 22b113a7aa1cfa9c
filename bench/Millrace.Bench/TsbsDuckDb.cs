// DuckDB in the metrics bench: in process in Node, fed with CSV, asked the same questions without HTTP in between.
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Millrace.Bench;

/// <summary>Takes part when <c>npm ci</c> was run in bench/duckdb.</summary>
internal static class TsbsDuckDb
{
    public static async Task RunAsync(BenchOptions options, Report report, string set, int rows, bool decimals)
    {
        string script = Path.GetFullPath("bench/duckdb/ask.mjs");
        if (!Directory.Exists(Path.Combine(Path.GetDirectoryName(script)!, "node_modules")))
        {
            return;
        }

        using TestFolder folder = TestFolder.Make();
        string csv = Path.Combine(folder.Path, "cpu.csv");
        await using (FileStream to = File.Create(csv))
        {
            foreach (byte[] part in TsbsText.Csv(rows, decimals, 100_000))
            {
                await to.WriteAsync(part);
            }
        }

        using Process node = Process.Start(new ProcessStartInfo("node", [script, Path.Combine(folder.Path, "duck.db")]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        try
        {
            string type = decimals ? "DOUBLE" : "BIGINT";
            await AskAsync(node, $"CREATE TABLE cpu (ts TIMESTAMPTZ, {string.Join(", ", TsbsData.Tags.Select(t => t + " VARCHAR"))}, {string.Join(", ", TsbsData.Fields.Select(f => $"{f} {type}"))})");
            double load = await AskAsync(node, $"COPY cpu FROM '{csv}' (HEADER)") + await AskAsync(node, "CHECKPOINT");
            report.Add("tsbs", $"{set}: DuckDB, COPY of CSV", "K rows/s", rows / load);
            report.Add("tsbs", $"{set}: DuckDB, bytes a value", "B", new FileInfo(Path.Combine(folder.Path, "duck.db")).Length / (double)rows / TsbsData.Fields.Length);
            for (int query = 0; query < TsbsQueries.Names.Length; query++)
            {
                Progress.Say($"tsbs {set}: DuckDB, {TsbsQueries.Names[query]}");
                var draws = new Draws();
                var ms = new List<double>();
                for (int run = -10; run < options.Runs * 3; run++)
                {
                    double took = await AskAsync(node, TsbsQueries.Sql(query, draws, TsbsBench.Hosts, rows, "ts"));
                    if (run >= 0)
                    {
                        ms.Add(took);
                    }
                }

                report.Add("tsbs", $"{set}: DuckDB (in process), {TsbsQueries.Names[query]}", "ms", [.. ms]);
            }
        }
        finally
        {
            node.Kill();
            await node.WaitForExitAsync();
        }
    }

    // The script answers each line with the milliseconds it took, all rows read, or with what went wrong.
    private static async Task<double> AskAsync(Process node, string sql)
    {
        await node.StandardInput.WriteLineAsync(JsonSerializer.Serialize(sql));
        await node.StandardInput.FlushAsync();
        string answer = await node.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("DuckDB's process ended");
        return double.TryParse(answer, CultureInfo.InvariantCulture, out double ms) ? ms : throw new InvalidOperationException(answer);
    }
}
