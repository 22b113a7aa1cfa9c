// Versions of rows: whatever the order in which they come and the statements they come in, the newest of each key stays.
using System.Globalization;
using Millrace.Core;
using Millrace.Log;
using Millrace.Sim;
using Xunit;

namespace Millrace.Tests.Engine;

public sealed class VersionColumnTests
{
    [Theory]
    [InlineData(1, "ON CONFLICT OVERWRITE")]
    [InlineData(2, "ON CONFLICT DO UPDATE IF NOT NULL")]
    [InlineData(3, "")]
    public async Task TheNewestVersionStays(ulong seed, string conflict)
    {
        bool merge = conflict.EndsWith("IF NOT NULL", StringComparison.Ordinal);
        using var folder = new TempFolder();
        var options = new DatabaseOptions { Durability = Durability.None };
        Database database = await Database.OpenAsync(folder.Path, options);
        Session session = database.NewSession();
        await session.ExecuteAsync($"CREATE TABLE t (k int PRIMARY KEY, a int, b int, v numeric) {conflict} WITH VERSION COLUMN (v)");
        await session.ExecuteAsync("CREATE MATERIALIZED VIEW sums AS SELECT count(*) AS n, sum(a) AS a, sum(b) AS b, sum(v) AS v FROM t");
        var random = new SimRandom(seed);
        var expected = new Dictionary<int, (int? A, int? B, int? V)>();
        long stale = 0;
        for (int step = 0; step < 80; step++)
        {
            if (step % 20 == 19)
            {
                await session.DisposeAsync();
                await database.DisposeAsync();
                database = await Database.OpenAsync(folder.Path, options);
                session = database.NewSession();
                stale = 0;
            }

            var rows = Enumerable.Range(0, 1 + random.Next(5)).Select(_ => (K: random.Next(6), A: Some(9), B: Some(9), V: Some(30))).ToList();
            int taken = 0;
            foreach ((int k, int? a, int? b, int? v) in rows)
            {
                bool held = expected.TryGetValue(k, out (int? A, int? B, int? V) old);
                if (held && (v ?? -1) < (old.V ?? -1))
                {
                    stale++;
                    continue;
                }

                taken++;
                expected[k] = held && merge ? (a ?? old.A, b ?? old.B, v ?? old.V) : (a, b, v);
            }

            string values = string.Join(", ", rows.Select(r => $"({r.K}, {Sql(r.A)}, {Sql(r.B)}, {Sql(r.V)})"));
            string insert = $"INSERT INTO t VALUES {values}";
            string tag = step % 3 == 0 ? (await session.ExecuteAsync($"BEGIN; {insert}; COMMIT"))[1].CommandTag : (await session.ExecuteAsync(insert))[^1].CommandTag;
            Assert.Equal($"INSERT 0 {taken}", tag);
            Assert.Equal(
                expected.OrderBy(e => e.Key).Select(e => $"{e.Key}|{e.Value.A}|{e.Value.B}|{e.Value.V}"),
                await Lines(session, "SELECT k, a, b, v FROM t ORDER BY k"));
            Assert.Equal(
                [$"{expected.Count}|{expected.Values.Sum(e => e.A)}|{expected.Values.Sum(e => e.B)}|{expected.Values.Sum(e => e.V)}"],
                await Lines(session, "SELECT n, coalesce(a, 0), coalesce(b, 0), coalesce(v, 0) FROM sums"));
        }

        Assert.Equal([$"{stale}"], await Lines(session, "SELECT late_rows FROM millrace.objects WHERE name = 't'"));
        await session.DisposeAsync();
        await database.DisposeAsync();

        int? Some(int end) => random.Next(5) == 0 ? null : random.Next(end);
    }

    private static string Sql(int? value) => value?.ToString(CultureInfo.InvariantCulture) ?? "NULL";

    private static async Task<List<string>> Lines(Session session, string sql)
    {
        var lines = new List<string>();
        foreach (Batch batch in (await session.ExecuteAsync(sql))[^1].Batches)
        {
            for (int i = 0; i < batch.Count; i++)
            {
                lines.Add(string.Join("|", batch.Columns.Select(c => TextFormat.ToText(c, i) ?? "")));
            }
        }

        return lines;
    }
}
