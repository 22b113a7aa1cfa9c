// The board and the endpoints that the demo starts with: what a screen on a wall would show of it, and what a program would ask.
namespace Millrace.Cli.Demo;

/// <summary>A row of the table in which the dashboard keeps its boards (<c>docs/dashboard.md</c>).</summary>
internal static class DemoBoard
{
    /// <summary>Statements that put them there, once; what their reader changes stays.</summary>
    public static readonly string[] Statements =
    [
        "CREATE TABLE IF NOT EXISTS millrace_boards (id text PRIMARY KEY, title text NOT NULL, board jsonb NOT NULL, saved_at timestamptz NOT NULL)",
        $"INSERT INTO millrace_boards VALUES ('demo', 'Machine and auction', '{Tiles.Replace("'", "''", StringComparison.Ordinal)}', now()) ON CONFLICT DO NOTHING",
        "CREATE ENDPOINT IF NOT EXISTS busiest_processes (n int DEFAULT 5) AS SELECT name, busy FROM top_processes ORDER BY busy DESC LIMIT $n",
        "CREATE ENDPOINT IF NOT EXISTS bids_of (channel text) AS SELECT c.channel, c.bids, c.volume FROM top_channels c WHERE c.channel = $channel",
    ];

    private const string Tiles = """
        {"tiles": [
          {"id": "cpu", "title": "CPU by core", "query": "SELECT window_start, core, busy FROM cpu_by_10s", "show": "lines",
           "parts": {"x": "window_start", "ys": ["busy"], "by": "core"}, "wide": 2, "high": 2},
          {"id": "processes", "title": "Busiest processes", "query": "SELECT name, busy FROM top_processes", "show": "bars", "wide": 1, "high": 2},
          {"id": "bids", "title": "Bids in 10 seconds", "query": "SELECT window_start, bids FROM bids_hopping", "show": "number", "wide": 1, "high": 1},
          {"id": "highest", "title": "Highest of them", "query": "SELECT window_start, highest FROM bids_hopping", "show": "number", "wide": 1, "high": 1},
          {"id": "channels", "title": "Channels by volume", "query": "SELECT channel, volume FROM top_channels", "show": "bars", "wide": 1, "high": 2},
          {"id": "network", "title": "Bytes received, by interface", "query": "SELECT window_start, interface, received_bytes FROM network_by_10s", "show": "lines",
           "parts": {"x": "window_start", "ys": ["received_bytes"], "by": "interface"}, "wide": 2, "high": 2},
          {"id": "high", "title": "High bids", "query": "SELECT price, date_time FROM high_bids", "show": "rows",
           "sort": {"column": "date_time", "descending": true}, "wide": 1, "high": 2}
        ]}
        """;
}
