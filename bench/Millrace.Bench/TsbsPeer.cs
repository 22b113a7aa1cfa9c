// The time-series databases that Millrace is compared with: how each is started, fed, asked and measured.
using System.Diagnostics;
using System.Globalization;

namespace Millrace.Bench;

/// <summary>A peer with an HTTP door; most take line protocol at /write.</summary>
internal abstract class TsbsPeer(string name, string program, int port)
{
    public const string WriteLines = "/write?db=bench&precision=ns";

    protected const int Hour = 3_600;

    public string Name => name;

    public Uri Root { get; } = new($"http://127.0.0.1:{port}");

    /// <summary>The peers whose programs are on this machine.</summary>
    public static IEnumerable<TsbsPeer> Found() => new TsbsPeer[] { new TsbsMillrace(), new VictoriaMetrics(), new Influx(), new TsbsClickHouse() }.Where(p => p.Installed);

    /// <summary>The form it is fed in.</summary>
    public virtual string Takes => "line protocol";

    /// <summary>Where rows are posted.</summary>
    public virtual string LoadPath => WriteLines;

    private bool Installed => File.Exists(program) || $"{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin".Split(':').Any(d => File.Exists(Path.Combine(d, program)));

    /// <summary>The rows as the peer takes them, one body a request.</summary>
    public virtual List<byte[]> Bodies(List<byte[]> lines, int rows, bool decimals) => lines;

    /// <summary>Starts the server over a folder and waits until it answers.</summary>
    /// <param name="folder">Where its data is.</param>
    /// <param name="decimals">The kind of the fields, for peers that want to know; null when the folder is not empty.</param>
    public async Task<Process> StartAsync(string folder, bool? decimals)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardError = true, RedirectStandardOutput = true };
        Arguments(folder).ForEach(start.ArgumentList.Add);
        Process process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        using var client = new HttpClient { BaseAddress = Root };
        for (int i = 0; ; i++)
        {
            try
            {
                using HttpResponseMessage answer = await client.GetAsync(Alive);
                answer.EnsureSuccessStatusCode();
                if (decimals is { } kind)
                {
                    await PrepareAsync(client, kind);
                }

                return process;
            }
            catch (HttpRequestException) when (i < 1000 && !process.HasExited)
            {
                await Task.Delay(10);
            }
        }
    }

    /// <summary>Waits until what was written is in its final form on disk.</summary>
    public abstract Task SettleAsync();

    /// <summary>Bytes of the values on disk, without indexes.</summary>
    public abstract long Bytes(string folder);

    /// <summary>One of <see cref="TsbsQueries"/> in the peer's language, with the same draws.</summary>
    public string Query(int query, Draws draws, int hosts, long rows)
    {
        long span = rows / hosts * (TsbsData.Step / 1_000_000);
        long start = TsbsData.Start / 1_000_000;
        long hour = start + (draws.Below(span - Hour) / 60 * 60);
        long half = start + (draws.Below(span - (12 * Hour)) / Hour * Hour);
        int first = (int)draws.Below(hosts - 8);
        return Query(query, hour, half, [.. Enumerable.Range(first, 8).Select(h => $"host_{h}")], start, span);
    }

    /// <summary>Asks one of <see cref="TsbsQueries"/> over HTTP.</summary>
    public virtual Task<HttpResponseMessage> AskAsync(HttpClient client, int query, Draws draws, int hosts, long rows) => client.GetAsync(Query(query, draws, hosts, rows));

    /// <summary>The same questions over other doors, where there are some.</summary>
    public virtual Task AskOtherwiseAsync(BenchOptions options, Report report, string who, int rows) => Task.CompletedTask;

    protected abstract string Alive { get; }

    protected abstract List<string> Arguments(string folder);

    protected virtual Task PrepareAsync(HttpClient client, bool decimals) => Task.CompletedTask;

    protected abstract string Query(int query, long hour, long half, string[] hosts, long start, long span);

    protected static long BytesOf(string folder, string pattern) =>
        new DirectoryInfo(folder).EnumerateFiles(pattern, SearchOption.AllDirectories).Sum(f => f.Length);

    private sealed class VictoriaMetrics() : TsbsPeer("VictoriaMetrics", "victoria-metrics", 18428)
    {
        protected override string Alive => "/health";

        protected override List<string> Arguments(string folder) =>
        [
            $"-storageDataPath={folder}/vm", "-retentionPeriod=100y", "-httpListenAddr=127.0.0.1:18428", "-search.disableCache",
            "-search.maxSamplesPerQuery=1000000000", "-search.maxPointsPerTimeseries=100000", "-loggerLevel=WARN",
        ];

        public override async Task SettleAsync()
        {
            using var client = new HttpClient { BaseAddress = Root };
            await client.GetStringAsync("/internal/force_flush");
            await client.GetStringAsync("/internal/force_merge");
            await Task.Delay(TimeSpan.FromSeconds(8));
        }

        public override long Bytes(string folder) => BytesOf($"{folder}/vm/data", "*");

        protected override string Query(int query, long hour, long half, string[] hosts, long start, long span)
        {
            string five = string.Join('|', TsbsData.Fields.Take(5).Select(f => "cpu_" + f));
            return query switch
            {
                0 => Range($"max_over_time(cpu_usage_user{{hostname=\"{hosts[0]}\"}}[1m])", hour + 60, hour + Hour, 60),
                1 => Range($"max(max_over_time({{__name__=~\"{five}\",hostname=~\"{string.Join('|', hosts)}\"}}[1m])) by (__name__)", hour + 60, hour + Hour, 60),
                2 => Range("avg_over_time(cpu_usage_user[1h])", half + Hour, half + (12 * Hour), Hour),
                3 => Range("{__name__=~\"cpu_usage_.*\"} and on(hostname) (cpu_usage_user > 90)", half, half + (12 * Hour) - 10, 10),
                4 => At("{__name__=~\"cpu_usage_.*\"}", start + span - 1),
                _ => At($"union(label_set(avg_over_time(cpu_usage_user[{span}s]),\"f\",\"avg\"),label_set(sum_over_time(cpu_usage_user[{span}s]),\"f\",\"sum\"))", start + span - 1),
            };
        }

        private static string Range(string query, long from, long to, int step) =>
            string.Create(CultureInfo.InvariantCulture, $"/api/v1/query_range?query={Uri.EscapeDataString(query)}&start={from}&end={to}&step={step}&nocache=1");

        private static string At(string query, long time) =>
            string.Create(CultureInfo.InvariantCulture, $"/api/v1/query?query={Uri.EscapeDataString(query)}&time={time}&nocache=1");
    }

    private sealed class Influx() : TsbsPeer("InfluxDB", "influxd", 28086)
    {
        protected override string Alive => "/ping";

        protected override List<string> Arguments(string folder)
        {
            string config = Path.Combine(folder, "influx.conf");
            File.WriteAllText(config, $$"""
                reporting-disabled = true
                bind-address = "127.0.0.1:28088"
                [meta]
                  dir = "{{folder}}/meta"
                [data]
                  dir = "{{folder}}/data"
                  wal-dir = "{{folder}}/wal"
                  cache-snapshot-write-cold-duration = "5s"
                  compact-full-write-cold-duration = "5s"
                  query-log-enabled = false
                [monitor]
                  store-enabled = false
                [http]
                  bind-address = "127.0.0.1:28086"
                  log-enabled = false
                [subscriber]
                  enabled = false
                """);
            return ["-config", config];
        }

        protected override async Task PrepareAsync(HttpClient client, bool decimals)
        {
            using var body = new FormUrlEncodedContent([new("q", "CREATE DATABASE bench WITH DURATION INF SHARD DURATION 7d NAME autogen")]);
            using HttpResponseMessage made = await client.PostAsync("/query", body);
            made.EnsureSuccessStatusCode();
        }

        public override Task SettleAsync() => Task.Delay(TimeSpan.FromSeconds(40));

        public override long Bytes(string folder) => BytesOf($"{folder}/data", "*.tsm");

        protected override string Query(int query, long hour, long half, string[] hosts, long start, long span)
        {
            string sql = query switch
            {
                0 => $"SELECT max(usage_user) FROM cpu WHERE hostname = '{hosts[0]}' AND {Between(hour, hour + Hour)} GROUP BY time(1m)",
                1 => $"SELECT {string.Join(", ", TsbsData.Fields.Take(5).Select(f => $"max({f})"))} FROM cpu " +
                    $"WHERE ({string.Join(" OR ", hosts.Select(h => $"hostname = '{h}'"))}) AND {Between(hour, hour + Hour)} GROUP BY time(1m)",
                2 => $"SELECT mean(usage_user) FROM cpu WHERE {Between(half, half + (12 * Hour))} GROUP BY time(1h), hostname",
                3 => $"SELECT * FROM cpu WHERE usage_user > 90 AND {Between(half, half + (12 * Hour))}",
                4 => "SELECT * FROM cpu GROUP BY hostname ORDER BY time DESC LIMIT 1",
                _ => "SELECT mean(usage_user), sum(usage_user) FROM cpu GROUP BY hostname",
            };
            return $"/query?db=bench&q={Uri.EscapeDataString(sql)}";
        }

        private static string Between(long from, long to) => string.Create(CultureInfo.InvariantCulture, $"time >= {from}s AND time < {to}s");
    }
}
