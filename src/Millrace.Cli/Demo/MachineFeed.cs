// Streams the machine's figures in ten times a second, over HTTP as any client would.
using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Millrace.Cli.Demo;

/// <summary>Posts NDJSON to <c>/v1/streams/{name}</c>.</summary>
internal sealed class MachineFeed : IDisposable
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);
    private readonly MachineMetrics _metrics = MachineMetrics.Create();
    private readonly HttpClient _client;
    private readonly ArrayBufferWriter<byte> _lines = new(4096);
    private readonly Utf8JsonWriter _json;

    public MachineFeed(IPEndPoint http)
    {
        _client = new HttpClient(new SocketsHttpHandler { UseProxy = false, AutomaticDecompression = DecompressionMethods.None })
        {
            BaseAddress = new Uri($"http://{http}"),
            Timeout = TimeSpan.FromSeconds(30),
        };
        _json = new Utf8JsonWriter(_lines, new JsonWriterOptions { SkipValidation = true });
    }

    /// <summary>Rows sent so far.</summary>
    public long Rows { get; private set; }

    /// <summary>Why the last post was refused, or null.</summary>
    public string? Problem { get; private set; }

    /// <summary>Runs until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(Tick);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellation))
            {
                await PostAsync(_metrics.Read(), cancellation);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The demo ends.
        }
    }

    private async Task PostAsync(MachineSample sample, CancellationToken cancellation)
    {
        string at = sample.At.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
        await Send("cpu", at, sample.Cores, (to, s) => { to.WriteNumber("core", s.Core); to.WriteNumber("busy", Math.Round(s.Busy, 4)); }, cancellation);
        await Send("memory", at, [sample.Memory], (to, s) =>
        {
            to.WriteNumber("used_bytes", s.Used);
            to.WriteNumber("available_bytes", s.Available);
            to.WriteNumber("swap_bytes", s.Swap);
        }, cancellation);
        await Send("disk", at, sample.Disks, (to, s) => Traffic(to, s, "device", "read_bytes", "written_bytes"), cancellation);
        await Send("network", at, sample.Networks, (to, s) => Traffic(to, s, "interface", "received_bytes", "sent_bytes"), cancellation);
        if (sample.Load is { } load)
        {
            await Send("load", at, [load], (to, s) =>
            {
                to.WriteNumber("one_minute", s.One);
                to.WriteNumber("five_minutes", s.Five);
                to.WriteNumber("runnable", s.Runnable);
                to.WriteNumber("processes", s.Processes);
            }, cancellation);
        }

        await Send("process", at, sample.Processes, (to, s) =>
        {
            to.WriteNumber("pid", s.Pid);
            to.WriteString("name", s.Name);
            to.WriteNumber("busy", Math.Round(s.Busy, 4));
            to.WriteNumber("memory_bytes", s.MemoryBytes);
        }, cancellation);
    }

    private static void Traffic(Utf8JsonWriter to, TrafficSample s, string name, string read, string written)
    {
        to.WriteString(name, s.Name);
        to.WriteNumber(read, s.In);
        to.WriteNumber(written, s.Out);
    }

    private async Task Send<T>(string stream, string at, List<T> samples, Action<Utf8JsonWriter, T> write, CancellationToken cancellation)
    {
        if (samples.Count == 0)
        {
            return;
        }

        _lines.ResetWrittenCount();
        foreach (T sample in samples)
        {
            _json.Reset();
            _json.WriteStartObject();
            _json.WriteString("at", at);
            write(_json, sample);
            _json.WriteEndObject();
            _json.Flush();
            _lines.Write("\n"u8);
        }

        using var content = new ReadOnlyMemoryContent(_lines.WrittenMemory);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
        try
        {
            using HttpResponseMessage answer = await _client.PostAsync("/v1/streams/" + stream, content, cancellation);
            Problem = answer.IsSuccessStatusCode ? null : $"{stream}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(cancellation)}";
            Rows += answer.IsSuccessStatusCode ? samples.Count : 0;
        }
        catch (HttpRequestException e)
        {
            Problem = e.Message;
        }
    }

    public void Dispose()
    {
        _json.Dispose();
        _client.Dispose();
    }
}
