// How fresh an answer is: from a POST over HTTP to the change it makes on a server-sent-events subscriber, at 10,000 events a second.
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Millrace.Doors;
using Millrace.Log;

namespace Millrace.Bench;

/// <summary>
/// Server and clients share this process, but talk over real HTTP on loopback. Four writers post 100 events each, 25 times a second; a view groups them by
/// 40 devices, a subscriber follows it. Each post is one commit, so its last event's change stands for all of them.
/// </summary>
internal static class LiveBench
{
    private const string Name = "live";
    private const int Writers = 4;
    private const int EventsPerPost = 100;
    private const int PostsPerSecond = 25;
    private const int DevicesPerWriter = 10;
    private const int WarmUpSeconds = 3;
    private const int Seconds = 10;

    private sealed class Post(long lastSeq)
    {
        public readonly long LastSeq = lastSeq;
        public long Sent;
        public long Acknowledged;
        public long Seen;
    }

    public static async Task RunAsync(BenchOptions options, Report report)
    {
        ThreadPool.SetMinThreads(16, 16);
        foreach (Durability durability in new[] { Durability.Fsync, Durability.Os })
        {
            Progress.Say($"{Name}: durability {durability}");
            string label = durability.ToString().ToLowerInvariant();
            (List<Post> posts, double cpu) = await RunOnceAsync(durability);
            report.AddLatency(Name, $"{label}: acknowledged to seen", [.. posts.Select(p => Ms(p.Acknowledged, p.Seen))]);
            report.AddLatency(Name, $"{label}: sent to seen", [.. posts.Select(p => Ms(p.Sent, p.Seen))]);
            report.AddLatency(Name, $"{label}: sent to acknowledged", [.. posts.Select(p => Ms(p.Sent, p.Acknowledged))]);
            report.Add(Name, $"{label}: events sent", "events/s", posts.Count * EventsPerPost / (double)Seconds);
            report.Add(Name, $"{label}: clients and server", "% of a core", cpu * 100);
        }
    }

    private static double Ms(long from, long to) => Stopwatch.GetElapsedTime(from, to).TotalMilliseconds;

    private static async Task<(List<Post> Posts, double Cpu)> RunOnceAsync(Durability durability)
    {
        using TestFolder folder = TestFolder.Make();
        await using Database database = await folder.OpenAsync(durability);
        await database.ExecuteAsync(
            """
            CREATE STREAM readings (device integer, seq bigint, value double precision, at timestamptz);
            CREATE MATERIALIZED VIEW latest AS SELECT device, count(*) AS n, avg(value) AS mean, max(seq) AS last FROM readings GROUP BY device
            """);
        await using DoorHost doors = await DoorHost.StartAsync(database, new DoorHostOptions { Postgres = null, Http = new IPEndPoint(IPAddress.Loopback, 0) });
        using var client = new HttpClient { BaseAddress = new Uri($"http://{doors.Http}") };
        using var stop = new CancellationTokenSource();
        ConcurrentQueue<Post>[] pending = [.. Enumerable.Range(0, Writers).Select(_ => new ConcurrentQueue<Post>())];
        using HttpResponseMessage feed = await client.GetAsync(
            "/v1/subscribe?query=" + Uri.EscapeDataString("SELECT device, n, mean, last FROM latest"), HttpCompletionOption.ResponseHeadersRead);
        feed.EnsureSuccessStatusCode();
        Task reader = ReadAsync(await feed.Content.ReadAsStreamAsync(), pending, stop.Token);
        long begin = Stopwatch.GetTimestamp();
        Task<List<Post>>[] writers = [.. Enumerable.Range(0, Writers).Select(w => Task.Run(() => WriteAsync(client, w, pending[w], begin)))];
        await Task.Delay(TimeSpan.FromSeconds(WarmUpSeconds));
        TimeSpan cpu = Environment.CpuUsage.TotalTime;
        long since = Stopwatch.GetTimestamp();
        await Task.WhenAll(writers);
        double used = (Environment.CpuUsage.TotalTime - cpu) / Stopwatch.GetElapsedTime(since);
        List<Post> posts = [.. writers.SelectMany(w => w.Result)];
        for (int wait = 0; wait < 500 && posts.Exists(p => Volatile.Read(ref p.Seen) == 0); wait++)
        {
            await Task.Delay(10);
        }

        await stop.CancelAsync();
        await reader;
        return posts.TrueForAll(p => p.Seen != 0) ? (posts, used) : throw new InvalidOperationException("some posts were never seen by the subscriber");
    }

    private static async Task<List<Post>> WriteAsync(HttpClient client, int writer, ConcurrentQueue<Post> pending, long begin)
    {
        var measured = new List<Post>();
        var text = new StringBuilder();
        long seq = 0;
        for (int number = 0; number < (WarmUpSeconds + Seconds) * PostsPerSecond; number++)
        {
            // The writers take turns: no two of them are due at the same moment.
            double due = ((number * Writers) + writer) / (double)(Writers * PostsPerSecond);
            double wait = due - Stopwatch.GetElapsedTime(begin).TotalSeconds;
            if (wait > 0)
            {
                await Task.Delay(TimeSpan.FromSeconds(wait));
            }

            text.Clear();
            string at = DateTime.UtcNow.ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ", CultureInfo.InvariantCulture);
            for (int i = 0; i < EventsPerPost; i++)
            {
                seq++;
                text.Append(CultureInfo.InvariantCulture, $"{{\"device\":{(writer * DevicesPerWriter) + (seq % DevicesPerWriter)},\"seq\":{seq},\"value\":{seq % 97}.5,\"at\":\"{at}\"}}\n");
            }

            var content = new ByteArrayContent(Encoding.UTF8.GetBytes(text.ToString()));
            content.Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
            var post = new Post(seq);
            pending.Enqueue(post);
            post.Sent = Stopwatch.GetTimestamp();
            using HttpResponseMessage answer = await client.PostAsync("/v1/streams/readings", content);
            post.Acknowledged = Stopwatch.GetTimestamp();
            answer.EnsureSuccessStatusCode();
            if (number >= WarmUpSeconds * PostsPerSecond)
            {
                measured.Add(post);
            }
        }

        return measured;
    }

    // Reads "data: {…"changes":[[weight,[device,n,mean,last]],…]}" lines and marks the posts whose last event they show.
    private static async Task ReadAsync(Stream stream, ConcurrentQueue<Post>[] pending, CancellationToken stop)
    {
        using var reader = new StreamReader(stream, Encoding.UTF8, false, 64 << 10);
        try
        {
            while (await reader.ReadLineAsync(stop) is { } line)
            {
                long now = Stopwatch.GetTimestamp();
                if (!line.StartsWith("data:", StringComparison.Ordinal) || !line.Contains("\"changes\"", StringComparison.Ordinal))
                {
                    continue;
                }

                using JsonDocument json = JsonDocument.Parse(line.AsMemory(5));
                foreach (JsonElement change in json.RootElement.GetProperty("changes").EnumerateArray())
                {
                    if (Whole(change[0]) > 0)
                    {
                        Mark(pending[Whole(change[1][0]) / DevicesPerWriter], Whole(change[1][3]), now);
                    }
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The run is over.
        }
    }

    private static void Mark(ConcurrentQueue<Post> pending, long last, long now)
    {
        while (pending.TryPeek(out Post? post) && post.LastSeq <= last && pending.TryDequeue(out post))
        {
            Volatile.Write(ref post.Seen, now);
        }
    }

    // A bigint comes as a string where a double could not hold it.
    private static long Whole(JsonElement value) => value.ValueKind == JsonValueKind.String ? long.Parse(value.GetString()!, CultureInfo.InvariantCulture) : value.GetInt64();
}
