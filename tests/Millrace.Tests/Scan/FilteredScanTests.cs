// Single values looked for in columns of many: the rows are those of a scan of everything, and hardly a group is read.
using System.Globalization;
using Millrace.Core;
using Millrace.Log;
using Xunit;

namespace Millrace.Tests.Scan;

public sealed class FilteredScanTests
{
    private const int Rows = 60_000;

    [Fact]
    public async Task SingleValuesAreFound()
    {
        using var folder = new TempFolder();
        await using Database db = await FilledAsync(folder.Path, sealAll: true);
        Assert.All(db.InspectColumns("s").Where(c => c.Column is "trace" or "big" or "id"), c => Assert.InRange(c.FilterBytes, Rows, Rows * 3));
        Assert.Equal(0, db.InspectColumns("s").Single(c => c.Column == "host").FilterBytes);
        var random = new Random(1);
        for (int i = 0; i < 40; i++)
        {
            (string one, string two) = (Row(random.Next(Rows)), Row(random.Next(Rows)));
            foreach (string query in new[]
            {
                $"trace = (SELECT trace FROM copy WHERE {one})", $"trace = '{await OneAsync(db, "trace", one)}'",
                $"big = {await OneAsync(db, "big", one)}", $"big IN ({await OneAsync(db, "big", one)}, 5, {await OneAsync(db, "big", two)})",
                $"id = '{await OneAsync(db, "id", one)}'", $"id IN ('{await OneAsync(db, "id", one)}', '{await OneAsync(db, "id", two)}')",
                $"(trace = '{await OneAsync(db, "trace", one)}' OR trace = '{await OneAsync(db, "trace", two)}') AND host <> 'h0'",
                $"big = {await OneAsync(db, "big", one)} AND id = '{await OneAsync(db, "id", two)}'",
                $"(big = {await OneAsync(db, "big", one)} OR big IS NULL) AND n < 600",
            })
            {
                Assert.Equal(await LinesAsync(db, $"SELECT * FROM copy WHERE {query}"), await LinesAsync(db, $"SELECT * FROM s WHERE {query}"));
            }
        }
    }

    [Fact]
    public async Task ADamagedFilterIsNamedAndOnlyWhoNeedsItIsRefused()
    {
        using var folder = new TempFolder();
        string path;
        string trace;
        await using (Database db = await FilledAsync(folder.Path, sealAll: true))
        {
            path = Path.Combine(folder.Path, db.Segments().First(s => s.Object == "s").Path);
            trace = await OneAsync(db, "trace", Row(0));
        }

        // Filters stand right before the footer, whose place is in the last 24 bytes; that of id is the last.
        byte[] file = await File.ReadAllBytesAsync(path);
        file[BitConverter.ToInt64(file, file.Length - 24) - 10] ^= 0x55;
        await File.WriteAllBytesAsync(path, file);
        Assert.Contains(FolderCheck.Run(folder.Path).Lines, d => d.Contains(Path.GetFileName(path), StringComparison.Ordinal) && d.Contains("filter", StringComparison.Ordinal));
        await using Database damaged = await Database.OpenAsync(folder.Path);
        Assert.Single(await LinesAsync(damaged, $"SELECT * FROM s WHERE trace = '{trace}'"));
        Assert.Equal(Rows.ToString(CultureInfo.InvariantCulture), Assert.Single(await LinesAsync(damaged, "SELECT count(*) FROM s")));
        SqlException refused = await Assert.ThrowsAsync<SqlException>(async () =>
        {
            for (int i = 0; i < 2_000; i++)
            {
                await damaged.ExecuteAsync($"SELECT * FROM s WHERE id = '{new Guid(i, 7, 9, [1, 2, 3, 4, 5, 6, 7, 8])}'");
                await damaged.ExecuteAsync($"SELECT * FROM s WHERE id = '{new Guid(i << 20 | 7, 7, 9, [1, 2, 3, 4, 5, 6, 7, 8])}'");
            }
        });
        Assert.Equal("XX001", refused.SqlState);
        Assert.Contains(Path.GetFileName(path), refused.Message, StringComparison.Ordinal);
    }

    private static string Row(int row) => $"n = {row}";

    private static async Task<Database> FilledAsync(string folder, bool sealAll)
    {
        Database db = await Database.OpenAsync(folder, new DatabaseOptions { Durability = Durability.None, SegmentRows = 30_000 });
        await db.ExecuteAsync("CREATE STREAM s (host text, trace text, big bigint, id uuid, n integer) WITH (key = 'host')");
        await db.ExecuteAsync("CREATE TABLE copy (host text, trace text, big bigint, id uuid, n integer PRIMARY KEY)");
        await db.ExecuteAsync(
            "INSERT INTO copy SELECT 'h' || n % 3, md5(n::text), CASE WHEN n % 17 > 0 THEN (n / 2)::bigint * 2654435761 % 4294967291 * 2000000011 END, md5('id' || n)::uuid, n "
            + $"FROM generate_series(0, {Rows - 1}) AS g (n)");
        await db.ExecuteAsync("INSERT INTO s SELECT * FROM copy ORDER BY n");
        if (sealAll)
        {
            await db.CompactAsync();
        }

        return db;
    }

    private static async Task<string> OneAsync(Database db, string column, string where) =>
        Assert.Single(await LinesAsync(db, $"SELECT coalesce({column}::text, '5') FROM copy WHERE {where}")).Replace("∅", "5", StringComparison.Ordinal);

    private static async Task<List<string>> LinesAsync(Database db, string query)
    {
        StatementResult result = await db.ExecuteAsync(query);
        var lines = new List<string>();
        foreach (Batch batch in result.Batches)
        {
            for (int row = 0; row < batch.Count; row++)
            {
                lines.Add(string.Join('|', batch.Columns.Select(c => BoxedValue.Get(c, row) is { } value ? Convert.ToString(value, CultureInfo.InvariantCulture) : "∅")));
            }
        }

        lines.Sort(StringComparer.Ordinal);
        return lines;
    }
}
