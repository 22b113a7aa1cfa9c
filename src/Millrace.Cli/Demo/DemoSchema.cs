// The demo's streams, tables and views, as one would type them.
namespace Millrace.Cli.Demo;

/// <summary>SQL that sets the demo up; every statement may be run again on the folder that an earlier run left.</summary>
internal static class DemoSchema
{
    /// <summary>Streams and tables.</summary>
    public static readonly string[] Sources =
    [
        """
        CREATE STREAM IF NOT EXISTS cpu (at timestamptz, core int, busy double precision, WATERMARK FOR at AS at - INTERVAL '1 second')
        WITH (retention = '10 minutes')
        """,
        """
        CREATE STREAM IF NOT EXISTS memory (at timestamptz, used_bytes bigint, available_bytes bigint, swap_bytes bigint,
            WATERMARK FOR at AS at - INTERVAL '1 second') WITH (retention = '10 minutes')
        """,
        """
        CREATE STREAM IF NOT EXISTS disk (at timestamptz, device text, read_bytes bigint, written_bytes bigint,
            WATERMARK FOR at AS at - INTERVAL '1 second') WITH (retention = '10 minutes')
        """,
        """
        CREATE STREAM IF NOT EXISTS network (at timestamptz, interface text, received_bytes bigint, sent_bytes bigint,
            WATERMARK FOR at AS at - INTERVAL '1 second') WITH (retention = '10 minutes')
        """,
        """
        CREATE STREAM IF NOT EXISTS load (at timestamptz, one_minute double precision, five_minutes double precision, runnable int, processes int,
            WATERMARK FOR at AS at - INTERVAL '1 second') WITH (retention = '10 minutes')
        """,
        """
        CREATE STREAM IF NOT EXISTS process (at timestamptz, pid int, name text, busy double precision, memory_bytes bigint,
            WATERMARK FOR at AS at - INTERVAL '1 second') WITH (retention = '10 minutes')
        """,
        """
        CREATE STREAM IF NOT EXISTS person (id bigint, name text, email_address text, credit_card text, city text, state text, date_time timestamp,
            extra text, WATERMARK FOR date_time AS date_time - INTERVAL '4 seconds') WITH (retention = '10 minutes')
        """,
        """
        CREATE STREAM IF NOT EXISTS auction (id bigint, item_name text, description text, initial_bid bigint, reserve bigint, date_time timestamp,
            expires timestamp, seller bigint, category bigint, extra text, WATERMARK FOR date_time AS date_time - INTERVAL '4 seconds')
        WITH (retention = '10 minutes')
        """,
        """
        CREATE STREAM IF NOT EXISTS bid (auction bigint, bidder bigint, price bigint, channel text, url text, date_time timestamp, extra text,
            WATERMARK FOR date_time AS date_time - INTERVAL '4 seconds') WITH (retention = '10 minutes')
        """,
        "CREATE TABLE IF NOT EXISTS category (id bigint PRIMARY KEY, name text)",
        "CREATE TABLE IF NOT EXISTS threshold (metric text PRIMARY KEY, highest double precision, advice text)",
        "CREATE TABLE IF NOT EXISTS demo_progress (name text PRIMARY KEY, event bigint)",
        "INSERT INTO category VALUES (10, 'books'), (11, 'music'), (12, 'garden'), (13, 'tools'), (14, 'travel') ON CONFLICT DO NOTHING",
        """
        INSERT INTO threshold VALUES ('cpu', 0.9, 'a core is busy: see top_processes'), ('memory', 0.9, 'little memory is left') ON CONFLICT DO NOTHING
        """,
    ];

    /// <summary>Views: name, what it shows, query.</summary>
    public static readonly (string Name, string Shows, string Query)[] Views =
    [
        ("cpu_by_10s", "tumbling window", """
            SELECT window_start, core, avg(busy) AS busy, max(busy) AS peak
            FROM TUMBLE(cpu, at, INTERVAL '10 seconds') GROUP BY window_start, core
            """),
        ("cpu_alert", "alert: a view on a view, joined to a table", """
            SELECT c.window_start, c.core, c.busy, t.advice
            FROM cpu_by_10s c JOIN threshold t ON t.metric = 'cpu' WHERE c.busy > t.highest
            """),
        ("network_by_10s", "tumbling window", """
            SELECT window_start, interface, sum(received_bytes) AS received_bytes, sum(sent_bytes) AS sent_bytes
            FROM TUMBLE(network, at, INTERVAL '10 seconds') GROUP BY window_start, interface
            """),
        ("top_processes", "top-N", """
            SELECT name, count(*) AS samples, avg(busy) AS busy FROM process GROUP BY name ORDER BY busy DESC, name LIMIT 10
            """),
        ("bids_hopping", "hopping window", """
            SELECT window_start, count(*) AS bids, max(price) AS highest
            FROM HOP(bid, date_time, INTERVAL '2 seconds', INTERVAL '10 seconds') GROUP BY window_start
            """),
        ("top_channels", "top-N", """
            SELECT channel, count(*) AS bids, sum(price) AS volume FROM bid GROUP BY channel ORDER BY volume DESC, channel LIMIT 10
            """),
        ("precious_auctions", "stream-table join", """
            SELECT a.date_time, a.id, a.item_name, c.name AS category, a.initial_bid, a.reserve
            FROM auction a JOIN category c ON a.category = c.id WHERE a.initial_bid > 99000000
            """),
        ("sales_by_category", "aggregate joined to a table", """
            SELECT c.name AS category, a.auctions, a.average_start, a.highest_reserve
            FROM (SELECT category, count(*) AS auctions, avg(initial_bid) AS average_start, max(reserve) AS highest_reserve FROM auction GROUP BY category) a
            JOIN category c ON a.category = c.id
            """),
        ("new_sellers", "stream-stream join", """
            SELECT p.window_start, p.state, count(*) AS auctions
            FROM TUMBLE(person, date_time, INTERVAL '10 seconds') p
            JOIN TUMBLE(auction, date_time, INTERVAL '10 seconds') a ON p.id = a.seller AND p.window_start = a.window_start
            GROUP BY p.window_start, p.state
            """),
        ("high_bids", "alert: filter", """
            SELECT date_time, auction, bidder, price FROM bid WHERE price > 99000000
            """),
        ("bidder_sessions", "session window over a view", """
            SELECT bidder, window_start, window_end, count(*) AS bids, max(price) AS highest
            FROM SESSION(high_bids PARTITION BY bidder, date_time, INTERVAL '2 seconds') GROUP BY bidder, window_start, window_end
            """),
    ];
}
