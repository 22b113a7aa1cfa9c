// ClickHouse as a peer of the metrics bench: rows between tabs in large requests, which is what it likes best.
using System.Globalization;

namespace Millrace.Bench;

/// <summary>Debian's clickhouse-server, one table sorted by host and time, a partition a day.</summary>
internal sealed class TsbsClickHouse() : TsbsPeer("ClickHouse", "clickhouse-server", 18123)
{
    private const int BatchRows = 100_000;

    private long _bytes;

    public override string Takes => "tab-separated, 100,000 rows a request";

    public override string LoadPath => $"/?query={Uri.EscapeDataString("INSERT INTO bench.cpu FORMAT TabSeparated")}";

    public override List<byte[]> Bodies(List<byte[]> lines, int rows, bool decimals) => TsbsText.Tabs(rows, decimals, BatchRows);

    public override async Task SettleAsync()
    {
        using var client = new HttpClient { BaseAddress = Root, Timeout = TimeSpan.FromMinutes(10) };
        string days = await client.GetStringAsync($"/?query={Uri.EscapeDataString("SELECT DISTINCT partition FROM system.parts WHERE active AND table = 'cpu'")}");
        foreach (string day in days.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            await SayAsync(client, $"OPTIMIZE TABLE bench.cpu PARTITION {day} FINAL");
        }

        // Parts that were merged away stay on disk for some minutes: what is active is asked for.
        string bytes = await client.GetStringAsync($"/?query={Uri.EscapeDataString("SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND table = 'cpu'")}");
        _bytes = long.Parse(bytes, CultureInfo.InvariantCulture);
    }

    public override long Bytes(string folder) => _bytes;

    protected override string Alive => "/ping";

    protected override List<string> Arguments(string folder)
    {
        string users = Path.Combine(folder, "users.xml");
        string config = Path.Combine(folder, "config.xml");
        File.WriteAllText(users, """
            <yandex><profiles><default><max_memory_usage>10000000000</max_memory_usage></default></profiles>
            <users><default><password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default></users>
            <quotas><default></default></quotas></yandex>
            """);
        File.WriteAllText(config, $"""
            <yandex><logger><level>warning</level><log>{folder}/log</log><errorlog>{folder}/errors</errorlog></logger>
            <http_port>18123</http_port><tcp_port>19000</tcp_port><interserver_http_port>19009</interserver_http_port><listen_host>127.0.0.1</listen_host>
            <mark_cache_size>1073741824</mark_cache_size><path>{folder}/data/</path><tmp_path>{folder}/tmp/</tmp_path><users_config>{users}</users_config>
            <default_profile>default</default_profile><default_database>default</default_database><timezone>UTC</timezone></yandex>
            """);
        return [$"--config-file={config}"];
    }

    protected override async Task PrepareAsync(HttpClient client, bool decimals)
    {
        string type = decimals ? "Float64" : "Int64";
        await SayAsync(client, "CREATE DATABASE bench");
        await SayAsync(
            client,
            $"CREATE TABLE bench.cpu (ts DateTime, {string.Join(", ", TsbsData.Tags.Select(t => t + " String"))}, {string.Join(", ", TsbsData.Fields.Select(f => $"{f} {type}"))}) " +
            "ENGINE = MergeTree PARTITION BY toYYYYMMDD(ts) ORDER BY (hostname, ts)");
    }

    protected override string Query(int query, long hour, long half, string[] hosts, long start, long span)
    {
        string sql = query switch
        {
            0 => $"SELECT toStartOfMinute(ts) AS m, max(usage_user) FROM bench.cpu WHERE hostname = '{hosts[0]}' AND {Between(hour, hour + Hour)} GROUP BY m ORDER BY m",
            1 => $"SELECT toStartOfMinute(ts) AS m, {string.Join(", ", TsbsData.Fields.Take(5).Select(f => $"max({f})"))} FROM bench.cpu " +
                $"WHERE hostname IN ({string.Join(", ", hosts.Select(h => $"'{h}'"))}) AND {Between(hour, hour + Hour)} GROUP BY m ORDER BY m",
            2 => $"SELECT toStartOfHour(ts) AS h, hostname, avg(usage_user) FROM bench.cpu WHERE {Between(half, half + (12 * Hour))} GROUP BY h, hostname ORDER BY h, hostname",
            3 => $"SELECT * FROM bench.cpu WHERE usage_user > 90 AND {Between(half, half + (12 * Hour))}",
            4 => $"SELECT hostname, max(ts), {string.Join(", ", TsbsData.Fields.Select(f => $"argMax({f}, ts)"))} FROM bench.cpu GROUP BY hostname",
            _ => "SELECT hostname, avg(usage_user), sum(usage_user) FROM bench.cpu GROUP BY hostname",
        };
        return $"/?query={Uri.EscapeDataString(sql)}";
    }

    private static string Between(long from, long to) => string.Create(CultureInfo.InvariantCulture, $"ts >= toDateTime({from}) AND ts < toDateTime({to})");

    private static async Task SayAsync(HttpClient client, string sql)
    {
        using var body = new StringContent(sql);
        using HttpResponseMessage answer = await client.PostAsync("/", body);
        answer.EnsureSuccessStatusCode();
    }
}
