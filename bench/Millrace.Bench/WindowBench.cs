// Window functions in views over one partition of 100,000 rows: what a change of one row costs, at the end and in the middle.
using System.Diagnostics;
using System.Globalization;
using Millrace.Log;

namespace Millrace.Bench;

/// <summary>A view a call; <c>--events</c> is the size of the partition. 1,000 changes each, fewer where they would take more than ten seconds.</summary>
internal static class WindowBench
{
    private const string Name = "windows";
    private const int Changes = 1_000;
    private const double SecondsMax = 10;

    private static readonly (string Name, string Call)[] Calls =
    [
        ("no view", ""),
        ("row_number", "row_number() OVER (PARTITION BY k ORDER BY o)"),
        ("rank", "rank() OVER (PARTITION BY k ORDER BY o)"),
        ("lag and lead", "lag(v) OVER (PARTITION BY k ORDER BY o) AS a, lead(v) OVER (PARTITION BY k ORDER BY o)"),
        ("running sum", "sum(v) OVER (PARTITION BY k ORDER BY o)"),
        ("running max", "max(v) OVER (PARTITION BY k ORDER BY o)"),
        ("sum of 100 rows", "sum(v) OVER (PARTITION BY k ORDER BY o ROWS 99 PRECEDING)"),
        ("avg within 100", "avg(v) OVER (PARTITION BY k ORDER BY o RANGE 100 PRECEDING)"),
        ("max of all", "max(v) OVER (PARTITION BY k)"),
    ];

    public static async Task RunAsync(BenchOptions options, Report report)
    {
        int rows = options.Events ?? 100_000;
        foreach ((string name, string call) in Calls.Where(c => options.Only is null || c.Name.Contains(options.Only, StringComparison.Ordinal)))
        {
            Progress.Say($"{Name}: {name}");
            using TestFolder folder = TestFolder.Make();
            await using Database database = await folder.OpenAsync(Durability.None);
            await database.ExecuteAsync("CREATE TABLE t (id integer PRIMARY KEY, k integer, o integer, v bigint)");
            if (call.Length > 0)
            {
                await database.ExecuteAsync($"CREATE MATERIALIZED VIEW w AS SELECT id, {call} AS x FROM t");
            }

            await database.ExecuteAsync($"INSERT INTO t SELECT i, 0, i * 2, (i::bigint * 7919) % 1000 FROM generate_series(1, {rows}) i");
            int half = rows / 2;
            await MeasureAsync(report, database, $"{name}: a row added at the end", i => $"INSERT INTO t VALUES ({rows + i}, 0, {2 * (rows + i)}, {i * 7919 % 1000})");
            await MeasureAsync(report, database, $"{name}: a value changed in the middle", i => $"UPDATE t SET v = v - 1 WHERE id = {half + i}");
            await MeasureAsync(report, database, $"{name}: a row added in the middle", i => $"INSERT INTO t VALUES ({(2 * rows) + i}, 0, {rows + (2 * i) + 1}, {i * 7919 % 1000})");
        }
    }

    private static async Task MeasureAsync(Report report, Database database, string what, Func<int, string> change)
    {
        await database.ExecuteAsync(change(1));
        await database.ExecuteAsync(change(2));
        long start = Stopwatch.GetTimestamp();
        int done = 0;
        for (; done < Changes && Stopwatch.GetElapsedTime(start).TotalSeconds < SecondsMax; done++)
        {
            await database.ExecuteAsync(change(done + 3));
        }

        report.Add(Name, what + (done < Changes ? string.Create(CultureInfo.InvariantCulture, $" ({done} times)") : ""), "us", Stopwatch.GetElapsedTime(start).TotalMicroseconds / done);
    }
}
