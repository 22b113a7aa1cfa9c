// The six questions that are put to metrics, with hosts and times drawn from one seed.
using System.Globalization;

namespace Millrace.Bench;

/// <summary>Questions in Millrace's SQL, which is PostgreSQL's.</summary>
internal static class TsbsQueries
{
    private const int Hour = 3_600;

    public static readonly string[] Names =
        ["max of 1 field, 1 host, 1 h by minute", "5 fields, 8 hosts, 1 h by minute", "avg per host and hour, 12 h", "all rows over 90, 12 h", "last point per host", "full scan by host"];

    /// <summary>One question, about the stream <c>cpu</c> whose event time is the column <paramref name="ts"/>.</summary>
    public static string Sql(int query, Draws draws, int hosts, long rows, string ts)
    {
        long span = rows / hosts * (TsbsData.Step / 1_000_000);
        long hour = draws.Below(span - Hour) / 60 * 60;
        long half = draws.Below(span - (12 * Hour)) / Hour * Hour;
        int first = (int)draws.Below(hosts - 8);
        string[] eight = [.. Enumerable.Range(first, 8).Select(h => $"'host_{h}'")];
        return query switch
        {
            0 => $"SELECT date_trunc('minute', {ts}) AS m, max(usage_user) FROM cpu WHERE hostname = {eight[0]} AND {Between(ts, hour, hour + Hour)} GROUP BY m ORDER BY m",
            1 => $"SELECT date_trunc('minute', {ts}) AS m, {string.Join(", ", TsbsData.Fields.Take(5).Select(f => $"max({f})"))} FROM cpu " +
                $"WHERE hostname IN ({string.Join(", ", eight)}) AND {Between(ts, hour, hour + Hour)} GROUP BY m ORDER BY m",
            2 => $"SELECT date_trunc('hour', {ts}) AS h, hostname, avg(usage_user) FROM cpu WHERE {Between(ts, half, half + (12 * Hour))} GROUP BY h, hostname ORDER BY h, hostname",
            3 => $"SELECT * FROM cpu WHERE usage_user > 90 AND {Between(ts, half, half + (12 * Hour))}",
            4 => $"SELECT DISTINCT ON (hostname) * FROM cpu ORDER BY hostname, {ts} DESC",
            _ => "SELECT hostname, avg(usage_user), sum(usage_user) FROM cpu GROUP BY hostname",
        };
    }

    private static string Between(string ts, long from, long to) => $"{ts} >= '{Time(from)}' AND {ts} < '{Time(to)}'";

    private static string Time(long seconds) =>
        DateTime.UnixEpoch.AddTicks(TsbsData.Start * 10).AddSeconds(seconds).ToString("yyyy-MM-dd HH:mm:ss+00", CultureInfo.InvariantCulture);
}

/// <summary>Random numbers that are the same for every database.</summary>
internal sealed class Draws
{
    private ulong _state = 42;

    /// <summary>A number from 0 up to <paramref name="end"/>.</summary>
    public long Below(long end) => (long)(TsbsData.Next(ref _state) % (ulong)Math.Max(1, end));
}
