// Window functions in views over large partitions against the same query asked anew, which computes whole partitions; with many seeds.
using Millrace.Core;
using Millrace.Log;
using Millrace.Tests.Differential;
using Xunit;

namespace Millrace.Tests.Engine;

public sealed class WindowStretchTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task AViewIsWhatItsQuerySaysAnew(int seed)
    {
        seed = Environment.GetEnvironmentVariable("MILLRACE_WINDOW_SEED") is { } given ? int.Parse(given, System.Globalization.CultureInfo.InvariantCulture) + seed : seed;
        using var folder = new TempFolder();
        await using Database database = await Database.OpenAsync(folder.Path, new DatabaseOptions { Durability = Durability.None });
        await using Session session = database.NewSession();
        await session.ExecuteAsync("CREATE TABLE t (id int PRIMARY KEY, k int, o int, v int, n numeric, c text)");
        int views = Differential.WindowStretchTests.Queries.Length;
        for (int i = 0; i < views; i++)
        {
            await session.ExecuteAsync($"CREATE MATERIALIZED VIEW v{i} AS {Differential.WindowStretchTests.Queries[i]}");
        }

        var changes = new WindowChanges(new Random(seed));
        foreach (string sql in changes.First())
        {
            await session.ExecuteAsync(sql);
        }

        for (int step = 0; step < 12; step++)
        {
            string sql = changes.Next();
            await session.ExecuteAsync(sql);
            for (int i = 0; i < views; i++)
            {
                string query = Differential.WindowStretchTests.Queries[i];
                IReadOnlyList<StatementResult> differs = await session.ExecuteAsync(
                    $"SELECT 'missing', * FROM ({query} EXCEPT ALL SELECT * FROM v{i}) a UNION ALL SELECT 'too much', * FROM (SELECT * FROM v{i} EXCEPT ALL {query}) b");
                List<string> lines = [.. differs[^1].Batches.SelectMany(b => Enumerable.Range(0, b.Count).Select(r => Line(b, r))).Order(StringComparer.Ordinal)];
                Assert.True(lines.Count == 0, $"seed {seed} step {step} {sql}\n{query}\n{string.Join('\n', lines.Take(12))}");
            }
        }
    }

    private static string Line(Batch batch, int row) => Millrace.Sim.SimText.Row(batch, row, batch.Columns.Length);
}
