// Every Nexmark query binds, as in the Flink project's list with Millrace's window functions.
using Millrace.Sql;
using Xunit;

namespace Millrace.Tests.Binding;

public class NexmarkTests
{
    private static readonly TestDatabase s_database = new();

    public static TheoryData<string, string> Queries => new()
    {
        { "q0", "SELECT auction, bidder, price, date_time, extra FROM bid" },
        { "q1", "SELECT auction, bidder, 0.908 * price AS price, date_time, extra FROM bid" },
        { "q2", "SELECT auction, price FROM bid WHERE mod(auction, 123) = 0" },
        { "q3", """
            SELECT p.name, p.city, p.state, a.id FROM auction AS a INNER JOIN person AS p ON a.seller = p.id
            WHERE a.category = 10 AND (p.state = 'OR' OR p.state = 'ID' OR p.state = 'CA')
            """ },
        { "q4", """
            SELECT q.category, avg(q.final) FROM (
                SELECT max(b.price) AS final, a.category FROM auction a, bid b
                WHERE a.id = b.auction AND b.date_time BETWEEN a.date_time AND a.expires GROUP BY a.id, a.category) q
            GROUP BY q.category
            """ },
        { "q5", """
            SELECT ab.auction, ab.num FROM (
                SELECT auction, count(*) AS num, window_start AS starttime, window_end AS endtime
                FROM HOP(bid, date_time, INTERVAL '2' SECOND, INTERVAL '10' SECOND) GROUP BY auction, window_start, window_end) AS ab
            JOIN (
                SELECT max(cb.num) AS maxn, cb.starttime, cb.endtime FROM (
                    SELECT count(*) AS num, window_start AS starttime, window_end AS endtime
                    FROM HOP(bid, date_time, INTERVAL '2' SECOND, INTERVAL '10' SECOND) GROUP BY auction, window_start, window_end) AS cb
                GROUP BY cb.starttime, cb.endtime) AS maxb
            ON ab.starttime = maxb.starttime AND ab.endtime = maxb.endtime AND ab.num >= maxb.maxn
            """ },
        { "q6", """
            SELECT q.seller, avg(q.final) OVER (PARTITION BY q.seller ORDER BY q.date_time ROWS BETWEEN 10 PRECEDING AND CURRENT ROW) FROM (
                SELECT a.id, max(b.price) AS final, a.seller, max(b.date_time) AS date_time FROM auction a, bid b
                WHERE a.id = b.auction AND b.date_time BETWEEN a.date_time AND a.expires GROUP BY a.id, a.seller) q
            """ },
        { "q7", """
            SELECT b.auction, b.price, b.bidder, b.date_time, b.extra FROM bid b JOIN (
                SELECT max(price) AS maxprice, window_end AS date_time FROM TUMBLE(bid, date_time, INTERVAL '10' SECOND) GROUP BY window_start, window_end) b1
            ON b.price = b1.maxprice WHERE b.date_time BETWEEN b1.date_time - INTERVAL '10' SECOND AND b1.date_time
            """ },
        { "q8", """
            SELECT p.id, p.name, p.starttime FROM (
                SELECT id, name, window_start AS starttime, window_end AS endtime FROM TUMBLE(person, date_time, INTERVAL '10' SECOND)
                GROUP BY id, name, window_start, window_end) p
            JOIN (
                SELECT seller, window_start AS starttime, window_end AS endtime FROM TUMBLE(auction, date_time, INTERVAL '10' SECOND)
                GROUP BY seller, window_start, window_end) a
            ON p.id = a.seller AND p.starttime = a.starttime AND p.endtime = a.endtime
            """ },
        { "q9", """
            SELECT id, item_name, description, initial_bid, reserve, date_time, expires, seller, category, extra, auction, bidder, price, bid_date_time, bid_extra
            FROM (
                SELECT a.*, b.auction, b.bidder, b.price, b.date_time AS bid_date_time, b.extra AS bid_extra,
                    row_number() OVER (PARTITION BY a.id ORDER BY b.price DESC, b.date_time ASC) AS rownum
                FROM auction a, bid b WHERE a.id = b.auction AND b.date_time BETWEEN a.date_time AND a.expires) q
            WHERE rownum <= 1
            """ },
        { "q10", "SELECT auction, bidder, price, date_time, extra, to_char(date_time, 'YYYY-MM-DD') AS dt, to_char(date_time, 'HH24:MI') AS hm FROM bid" },
        { "q11", """
            SELECT bidder, count(*) AS bid_count, window_start AS starttime, window_end AS endtime
            FROM SESSION(bid PARTITION BY bidder, date_time, INTERVAL '10' SECOND) GROUP BY bidder, window_start, window_end
            """ },
        { "q12", """
            SELECT bidder, count(*) AS bid_count, window_start, window_end FROM TUMBLE(
                (SELECT *, now()::timestamp AS p_time FROM bid), p_time, INTERVAL '10' SECOND) GROUP BY bidder, window_start, window_end
            """ },
        { "q13", """
            SELECT b.auction, b.bidder, b.price, b.date_time, s.value FROM bid b
            JOIN side_input FOR SYSTEM_TIME AS OF PROCTIME() AS s ON mod(b.auction, 10000) = s.key
            """ },
        { "q14", """
            SELECT auction, bidder, 0.908 * price AS price,
                CASE WHEN extract(hour FROM date_time) >= 8 AND extract(hour FROM date_time) <= 18 THEN 'dayTime'
                    WHEN extract(hour FROM date_time) <= 6 OR extract(hour FROM date_time) >= 20 THEN 'nightTime' ELSE 'otherTime' END AS bidtimetype,
                date_time, extra, char_length(extra) - char_length(replace(extra, 'c', '')) AS c_counts
            FROM bid WHERE 0.908 * price > 1000000 AND 0.908 * price < 50000000
            """ },
        { "q15", """
            SELECT to_char(date_time, 'YYYY-MM-DD') AS day, count(*) AS total_bids, count(*) FILTER (WHERE price < 10000) AS rank1_bids,
                count(*) FILTER (WHERE price >= 10000 AND price < 1000000) AS rank2_bids, count(DISTINCT bidder) AS total_bidders,
                count(DISTINCT bidder) FILTER (WHERE price < 10000) AS rank1_bidders, count(DISTINCT auction) FILTER (WHERE price >= 1000000) AS rank3_auctions
            FROM bid GROUP BY to_char(date_time, 'YYYY-MM-DD')
            """ },
        { "q16", """
            SELECT channel, to_char(date_time, 'YYYY-MM-DD') AS day, max(to_char(date_time, 'HH24:MI')) AS minute, count(*) AS total_bids,
                count(DISTINCT bidder) AS total_bidders, count(DISTINCT auction) FILTER (WHERE price < 10000) AS rank1_auctions
            FROM bid GROUP BY channel, to_char(date_time, 'YYYY-MM-DD')
            """ },
        { "q17", """
            SELECT auction, to_char(date_time, 'YYYY-MM-DD') AS day, count(*) AS total_bids, min(price) AS min_price, max(price) AS max_price,
                avg(price) AS avg_price, sum(price) AS sum_price FROM bid GROUP BY auction, to_char(date_time, 'YYYY-MM-DD')
            """ },
        { "q18", """
            SELECT auction, bidder, price, channel, url, date_time, extra FROM (
                SELECT *, row_number() OVER (PARTITION BY bidder, auction ORDER BY date_time DESC) AS rank_number FROM bid) q WHERE rank_number <= 1
            """ },
        { "q19", """
            SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY auction ORDER BY price DESC) AS rank_number FROM bid) q WHERE rank_number <= 10
            """ },
        { "q20", """
            SELECT b.auction, b.bidder, b.price, b.channel, b.url, b.date_time AS bid_date_time, b.extra AS bid_extra, a.item_name, a.description,
                a.initial_bid, a.reserve, a.date_time AS auction_date_time, a.expires, a.seller, a.category, a.extra AS auction_extra
            FROM bid AS b INNER JOIN auction AS a ON b.auction = a.id WHERE a.category = 10
            """ },
        { "q21", """
            SELECT auction, bidder, price, channel, CASE WHEN lower(channel) = 'apple' THEN '0' WHEN lower(channel) = 'google' THEN '1'
                WHEN lower(channel) = 'facebook' THEN '2' WHEN lower(channel) = 'baidu' THEN '3'
                ELSE (regexp_match(url, '(&|^)channel_id=([^&]*)'))[2] END AS channel_id
            FROM bid WHERE (regexp_match(url, '(&|^)channel_id=([^&]*)'))[2] IS NOT NULL OR lower(channel) IN ('apple', 'google', 'facebook', 'baidu')
            """ },
        { "q22", """
            SELECT auction, bidder, price, channel, split_part(url, '/', 4) AS dir1, split_part(url, '/', 5) AS dir2, split_part(url, '/', 6) AS dir3 FROM bid
            """ },
    };

    [Theory]
    [MemberData(nameof(Queries))]
    public void Binds(string name, string sql)
    {
        BoundStatement bound = s_database.Bind($"CREATE MATERIALIZED VIEW nexmark_{name} AS {sql}");
        Assert.IsType<BoundCreateView>(bound);
    }

    [Theory]
    [InlineData("q0")]
    [InlineData("q1")]
    [InlineData("q2")]
    [InlineData("q3")]
    public void Stateless_and_stream_joins_are_append_only(string name)
    {
        string sql = Queries.Single(q => (string)((object[])q)[0] == name) is object[] row ? (string)row[1] : "";
        Assert.True(s_database.Query(sql).Plan.AppendOnly);
    }
}
