// 10,000 subscribers that wait and 1,000 that are told every change, on one view at 1,000 changes a second: how late a change is, and what a subscriber costs.
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;

namespace Millrace.Bench;

/// <summary>
/// The server is a process of its own (<see cref="SubscribersServer"/>), with fsync. Every 40 ms one POST of 40 events changes 40 rows of a view of 1,000; each row carries the
/// moment at which its POST was about to be sent. The active subscribers follow the whole view as server-sent events, so a change goes to all of them; the others follow one row of it that
/// never changes. A sample is one change's arrival at one subscriber. All clients are one process: what it takes to read 25,000 events a second is in the figures.
/// </summary>
internal static class SubscribersBench
{
    private const int Idle = 10_000;
    private const int Active = 1_000;
    private const int Rows = 1_000;
    private const int PostsPerSecond = 25;
    private const int EventsPerPost = 40;
    private const int WarmUpSeconds = 3;
    private const int Seconds = 10;
    private const string Name = DoorsBench.Name;

    public static async Task RunAsync(BenchOptions options, Report report)
    {
        ThreadPool.SetMinThreads(16, 16);
        var p50 = new List<double>();
        var p99 = new List<double>();
        var max = new List<double>();
        var samples = new List<double>();
        var idleBytes = new List<double>();
        var activeBytes = new List<double>();
        var server = new List<double>();
        for (int run = 0; run < Math.Min(options.Runs, 3); run++)
        {
            Progress.Say($"{Name}: subscribers, run {run + 1}");
            using SubscribersServer child = await SubscribersServer.StartAsync();
            using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{child.Port}") };
            using var stop = new CancellationTokenSource();
            await PostAsync(client, Events(0, Rows));
            await child.MemoryAsync();
            (long before, _) = await child.MemoryAsync();
            List<Socket> sockets = await OpenAsync(child.Port, Idle, "SELECT device, n, mark FROM latest WHERE device = -1");
            var tasks = new List<Task>(sockets.Select(s => DrainAsync(s, stop.Token)));
            (long withIdle, _) = await child.MemoryAsync();
            var arrivals = new Arrivals();
            List<Socket> active = await OpenAsync(child.Port, Active, "SELECT device, n, mark FROM latest");
            tasks.AddRange(active.Select(s => FollowAsync(s, arrivals, stop.Token)));
            await WriteAsync(client, WarmUpSeconds);
            arrivals.Begin();
            TimeSpan cpu = child.Cpu;
            long since = Stopwatch.GetTimestamp();
            await WriteAsync(client, Seconds);
            server.Add((child.Cpu - cpu) / Stopwatch.GetElapsedTime(since) * 100);
            await Task.WhenAny(arrivals.AllAsync(Seconds * PostsPerSecond * (long)Active), Failed(tasks)).Unwrap();
            (long withAll, _) = await child.MemoryAsync();
            double[] all = arrivals.End();
            p50.Add(all[all.Length / 2]);
            p99.Add(all[all.Length * 99 / 100]);
            max.Add(all[^1]);
            samples.Add(all.Length / (double)Seconds);
            idleBytes.Add((withIdle - before) / 1024.0 / Idle);
            activeBytes.Add((withAll - withIdle) / 1024.0 / Active);
            await stop.CancelAsync();
            sockets.ForEach(s => s.Dispose());
            active.ForEach(s => s.Dispose());
            await Task.WhenAll(tasks);
        }

        report.Add(Name, "change to subscriber, p50", "ms", [.. p50]);
        report.Add(Name, "change to subscriber, p99", "ms", [.. p99]);
        report.Add(Name, "change to subscriber, max", "ms", [.. max]);
        report.Add(Name, "events given to subscribers", "events/s", [.. samples]);
        report.Add(Name, "server, resident memory, an idle subscriber", "KiB", [.. idleBytes]);
        report.Add(Name, "server, resident memory, an active subscriber", "KiB", [.. activeBytes]);
        report.Add(Name, "server", "% of a core", [.. server]);
    }

    // Readers end with the run; one that ends before has failed.
    private static async Task Failed(List<Task> readers)
    {
        Task first = await Task.WhenAny(readers);
        await first;
        throw new InvalidOperationException("the server has closed the connection of a subscriber");
    }

    // One after the other would take a minute; all at once is what CrowdTests is for.
    private static async Task<List<Socket>> OpenAsync(int port, int count, string query)
    {
        byte[] request = Encoding.ASCII.GetBytes($"GET /v1/subscribe?snapshot=false&query={Uri.EscapeDataString(query)} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n");
        var sockets = new List<Socket>(count);
        foreach (int[] group in Enumerable.Range(0, count).Chunk(100))
        {
            sockets.AddRange(await Task.WhenAll(group.Select(async _ =>
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(IPAddress.Loopback, port);
                await socket.SendAsync(request);
                byte[] buffer = new byte[2048];
                var text = new StringBuilder();
                while (!text.ToString().Contains("event: schema", StringComparison.Ordinal))
                {
                    int read = await socket.ReceiveAsync(buffer);
                    text.Append(Encoding.ASCII.GetString(buffer, 0, read));
                    if (read == 0 || !text.ToString().StartsWith("HTTP/1.1 200", StringComparison.Ordinal))
                    {
                        throw new InvalidOperationException("a subscriber was refused: " + text);
                    }
                }

                return socket;
            })));
        }

        return sockets;
    }

    private static async Task WriteAsync(HttpClient client, int seconds)
    {
        long begin = Stopwatch.GetTimestamp();
        for (int post = 0; post < seconds * PostsPerSecond; post++)
        {
            double wait = (post / (double)PostsPerSecond) - Stopwatch.GetElapsedTime(begin).TotalSeconds;
            if (wait > 0)
            {
                await Task.Delay(TimeSpan.FromSeconds(wait));
            }

            await PostAsync(client, Events(post * EventsPerPost % Rows, EventsPerPost));
        }
    }

    private static string Events(int first, int count)
    {
        string mark = Arrivals.Mark();
        return string.Concat(Enumerable.Range(first, count).Select(d => string.Create(CultureInfo.InvariantCulture, $"{{\"device\":{d},\"mark\":\"{mark}\"}}\n")));
    }

    private static async Task PostAsync(HttpClient client, string lines)
    {
        using var content = new StringContent(lines, Encoding.UTF8, MediaTypeHeaderValue.Parse("application/x-ndjson"));
        using HttpResponseMessage answer = await client.PostAsync("/v1/streams/readings", content);
        answer.EnsureSuccessStatusCode();
    }

    private static async Task DrainAsync(Socket socket, CancellationToken stop)
    {
        byte[] buffer = new byte[64];
        try
        {
            while (await socket.ReceiveAsync(buffer, stop) > 0)
            {
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The run is over.
        }
    }

    private static async Task FollowAsync(Socket socket, Arrivals arrivals, CancellationToken stop)
    {
        byte[] buffer = new byte[16 << 10];
        long last = 0;
        try
        {
            for (int read; (read = await socket.ReceiveAsync(buffer, stop)) > 0;)
            {
                last = arrivals.See(buffer.AsSpan(0, read), last);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The run is over.
        }
    }

    /// <summary>How long changes took: each row carries the moment of its POST, and a POST counts once for each subscriber.</summary>
    private sealed class Arrivals
    {
        private const int Digits = 18;

        // In 100 µs, up to 10 s.
        private readonly long[] _counts = new long[100_000];
        private long _begin = long.MaxValue;
        private long _seen;

        public static string Mark() => "~" + Stopwatch.GetTimestamp().ToString("D18", CultureInfo.InvariantCulture);

        public void Begin() => Volatile.Write(ref _begin, Stopwatch.GetTimestamp());

        // A mark that a read or the border of an HTTP chunk has cut in two stands in the next rows of its event as well.
        public long See(ReadOnlySpan<byte> bytes, long last)
        {
            long now = Stopwatch.GetTimestamp();
            for (int at; (at = bytes.IndexOf((byte)'~')) >= 0 && bytes.Length > at + Digits; bytes = bytes[(at + 1 + Digits)..])
            {
                if (long.TryParse(bytes.Slice(at + 1, Digits), NumberStyles.None, CultureInfo.InvariantCulture, out long mark) && mark > last)
                {
                    last = mark;
                    if (mark >= Volatile.Read(ref _begin))
                    {
                        Interlocked.Increment(ref _counts[Math.Min(_counts.Length - 1, (int)(Stopwatch.GetElapsedTime(mark, now).TotalMicroseconds / 100))]);
                        Interlocked.Increment(ref _seen);
                    }
                }
            }

            return last;
        }

        public async Task AllAsync(long expected)
        {
            for (int i = 0; i < 1000 && Interlocked.Read(ref _seen) < expected; i++)
            {
                await Task.Delay(10);
            }

            if (Interlocked.Read(ref _seen) != expected)
            {
                throw new InvalidOperationException($"{_seen} of {expected} changes have arrived");
            }
        }

        // Sorted, ms.
        public double[] End() => [.. _counts.Index().SelectMany(c => Enumerable.Repeat(c.Index / 10.0, (int)c.Item))];
    }
}
