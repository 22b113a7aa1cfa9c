// T19: data folders of earlier builds, kept under tests/golden/folders, give the answers they gave then.
using Millrace.Sim;
using Xunit;

namespace Millrace.Tests.Engine;

public sealed class OldFolderTests
{
    /// <summary>
    /// Checkpoints of version 2, segments, and a log that goes on behind them. What these checkpoints do not say is which windows missed rows: one of `hourly` did.
    /// So it answers for none that closed before, and for all that close from here on.
    /// </summary>
    [Fact]
    public async Task CheckpointsOfVersion2()
    {
        using var folder = new TempFolder();
        string data = CopyOf("checkpoint-2", folder);
        for (int start = 0; start < 3; start++)
        {
            await using Database database = await Database.OpenAsync(data);
            Assert.Single(database.RecoveryReport); // no warnings behind the summary
            await using Session session = database.NewSession();
            Assert.Equal(["605|181716|7529.00"], await RowsAsync(session, "SELECT count(*), sum(ms), sum(price) FROM visits WHERE at < '2026-01-02' OR at IS NULL"));
            Assert.Equal(["Basket|201|2574.75", "Home|202|2478.75"], await RowsAsync(session, "SELECT * FROM per_page WHERE n < 1000"));
            Assert.Equal(["30|601|179707|24.75|2026-01-01 10:00:00+00"],
                await RowsAsync(session, "SELECT count(*), sum(n), sum(total), max(top), max(window_end) FROM hourly WHERE window_end <= '2026-01-01 10:00:00+00'"));
            if (start > 0)
            {
                await session.ExecuteAsync(
                    $"INSERT INTO visits SELECT '/new', i, 1, timestamptz '2026-01-0{start + 1} 00:00:00+00' + i * INTERVAL '1 minute' FROM generate_series(0, 599) AS g (i)");
            }

            const string Hours = "SELECT date_trunc('hour', at) AS h, count(*), sum(ms), max(price) FROM visits GROUP BY h";
            List<string> fromRollups = await RowsAsync(session, Hours);
            List<string> plan = await RowsAsync(session, "EXPLAIN " + Hours);
            Assert.Equal(start > 0, plan.Any(l => l.StartsWith("Rollup: hourly", StringComparison.Ordinal)));
            await session.ExecuteAsync("SET rollups = off");
            Assert.Equal(await RowsAsync(session, Hours), fromRollups);
        }
    }

    private static async Task<List<string>> RowsAsync(Session session, string sql)
    {
        StatementResult result = (await session.ExecuteAsync(sql))[0];
        List<string> rows = [.. result.Batches.SelectMany(b => Enumerable.Range(0, b.Count).Select(i => SimText.Row(b, i, result.Columns!.Count)))];
        rows.Sort(StringComparer.Ordinal);
        return rows;
    }

    private static string CopyOf(string name, TempFolder folder)
    {
        string from = Path.Combine(Text.Golden.Folder, "..", "golden", "folders", name);
        string to = folder.In(name);
        foreach (string file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            string target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }

        return to;
    }
}
