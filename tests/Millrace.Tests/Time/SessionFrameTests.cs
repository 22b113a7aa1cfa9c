// SESSION WITH GAP frames against a plain reference: rows sorted, cut where the gap is too long, each part summed up.
using System.Globalization;
using Millrace.Core;
using Millrace.Log;
using Millrace.Sim;
using Xunit;

namespace Millrace.Tests.Time;

public sealed class SessionFrameTests
{
    private const string Calls = "count(*) OVER w, sum(v) OVER w, first_value(v) OVER w, max(at) OVER w";
    private const string Window = "WINDOW w AS (PARTITION BY k ORDER BY at SESSION WITH GAP INTERVAL '5 seconds')";

    private sealed record Row(int Key, long Seconds, int Value);

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(3, 4)]
    public async Task Sessions_are_those_of_a_plain_reference(ulong seed, int workers)
    {
        var random = new SimRandom(seed);
        using var folder = new TempFolder();
        var options = new DatabaseOptions { Durability = Durability.None, SplitViews = workers > 1, Workers = workers, WorkersRowsMin = 0 };
        Database database = await Database.OpenAsync(folder.Path, options);
        await database.ExecuteAsync(
            "CREATE TABLE t (id int PRIMARY KEY, k int, at timestamp, v int); "
            + $"CREATE MATERIALIZED VIEW live AS SELECT id, {Named()} FROM t {Window}");
        var rows = new Dictionary<int, Row>();
        for (int step = 0; step < 40; step++)
        {
            int id = random.Next(60);
            if (rows.Remove(id))
            {
                await database.ExecuteAsync($"DELETE FROM t WHERE id = {id}");
            }
            else
            {
                // Values are their seconds, so that rows of one time do not differ in what comes first.
                long seconds = random.Next(90);
                rows[id] = new Row(random.Next(3), seconds, (int)seconds);
                await database.ExecuteAsync($"INSERT INTO t VALUES ({id}, {rows[id].Key}, timestamp '2026-01-01' + INTERVAL '1 second' * {seconds}, {seconds})");
            }

            if (step % 13 == 12)
            {
                await database.DisposeAsync();
                database = await Database.OpenAsync(folder.Path, options);
            }

            List<string> expected = [.. rows.Select(r => string.Create(CultureInfo.InvariantCulture, $"{r.Key}|{Said(r.Value, [.. rows.Values])}")).Order(StringComparer.Ordinal)];
            Assert.Equal(expected, await Lines(database, "SELECT * FROM live"));
            Assert.Equal(expected, await Lines(database, $"SELECT id, {Calls} FROM t {Window}"));
        }

        await database.DisposeAsync();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_session_that_is_over_is_given_once(ulong seed)
    {
        var random = new SimRandom(seed);
        using var folder = new TempFolder();
        Database database = await Database.OpenAsync(folder.Path, new DatabaseOptions { Durability = Durability.None });
        await database.ExecuteAsync(
            "CREATE STREAM s (id int, k int, at timestamp, v int, WATERMARK FOR at AS at - INTERVAL '4 seconds') WITH (idle_timeout = 'never'); "
            + $"CREATE MATERIALIZED VIEW closed AS SELECT id, {Named()} FROM s {Window} EMIT ON WINDOW CLOSE");
        var rows = new List<Row>();
        long at = 0;
        for (int step = 0; step < 60; step++)
        {
            // Out of order by less than the watermark waits.
            at += random.Next(4);
            rows.Add(new Row(random.Next(3), at + random.Next(4), 0));
            rows[^1] = rows[^1] with { Value = (int)rows[^1].Seconds };
            await database.ExecuteAsync(
                $"INSERT INTO s VALUES ({rows.Count - 1}, {rows[^1].Key}, timestamp '2026-01-01' + INTERVAL '1 second' * {rows[^1].Seconds}, {rows[^1].Seconds})");
            if (step == 30)
            {
                await database.DisposeAsync();
                database = await Database.OpenAsync(folder.Path, new DatabaseOptions { Durability = Durability.None });
            }
        }

        await database.ExecuteAsync("INSERT INTO s VALUES (-1, 9, '2026-02-01', 0)");
        List<string> expected = [.. rows.Select((r, i) => string.Create(CultureInfo.InvariantCulture, $"{i}|{Said(r, rows)}")).Order(StringComparer.Ordinal)];
        Assert.Equal(expected, await Lines(database, "SELECT * FROM closed"));
        await database.DisposeAsync();
    }

    private static string Named() => string.Join(", ", Calls.Split(", ").Select((c, i) => $"{c} AS c{i}"));

    // What the calls give for a row: over the rows of its key that are reached from it by steps of at most the gap.
    private static string Said(Row row, IReadOnlyList<Row> rows)
    {
        Row[] sorted = [.. rows.Where(r => r.Key == row.Key).OrderBy(r => r.Seconds)];
        int first = Array.FindIndex(sorted, r => r.Seconds == row.Seconds);
        int last = first;
        while (first > 0 && sorted[first].Seconds - sorted[first - 1].Seconds <= 5)
        {
            first--;
        }

        while (last + 1 < sorted.Length && sorted[last + 1].Seconds - sorted[last].Seconds <= 5)
        {
            last++;
        }

        Row[] session = sorted[first..(last + 1)];
        string end = new DateTime(2026, 1, 1).AddSeconds(session[^1].Seconds).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
        return string.Create(CultureInfo.InvariantCulture, $"{session.Length}|{session.Sum(r => r.Value)}|{session[0].Value}|{end}");
    }

    private static async Task<List<string>> Lines(Database database, string sql)
    {
        StatementResult result = await database.ExecuteAsync(sql);
        var lines = new List<string>();
        foreach (Batch batch in result.Batches)
        {
            for (int row = 0; row < batch.Count; row++)
            {
                lines.Add(string.Join('|', Enumerable.Range(0, result.Columns!.Count).Select(c => TextFormat.ToText(batch.Columns[c], row) ?? "NULL")));
            }
        }

        lines.Sort(StringComparer.Ordinal);
        return lines;
    }
}
