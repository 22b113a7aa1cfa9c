// Reads of an endpoint against a bare Kestrel that says hello: same process, same client, taken in turns.
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Doors;
using Millrace.Doors.Http;
using Millrace.Log;

namespace Millrace.Bench;

/// <summary>
/// The endpoint reads one row of a view by its key, of 1,000 keys in turn. Once answers may be kept while nothing changes, once every answer is computed.
/// The client is threads with one connection each that write a request and read its answer: it costs so little that the servers are what is measured.
/// </summary>
internal static class EndpointsBench
{
    private const int Connections = 16;
    private const int Keys = 1_000;
    private const double Seconds = 3;
    private const double WarmUpSeconds = 2;

    public static async Task RunAsync(BenchOptions options, Report report)
    {
        using TestFolder folder = TestFolder.Make();
        await using Database database = await folder.OpenAsync(Durability.Os);
        await database.ExecuteAsync(string.Create(CultureInfo.InvariantCulture, $"""
            CREATE STREAM sales (seller integer, amount numeric(10,2));
            CREATE MATERIALIZED VIEW sellers AS SELECT seller, count(*) AS n, sum(amount) AS total FROM sales GROUP BY seller;
            INSERT INTO sales SELECT i % {Keys}, i FROM generate_series(1, {10 * Keys}) AS t(i);
            CREATE ENDPOINT seller (id integer) AS SELECT seller, n, total FROM sellers WHERE seller = $id
            """));
        await using WebApplication hello = await HelloAsync();
        await using DoorHost kept = await OpenAsync(database, new HttpDoorOptions());
        await using DoorHost computed = await OpenAsync(database, new HttpDoorOptions { AnswerCacheBytes = 0 });
        int helloPort = new Uri(hello.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port;
        (string Name, int Port, string Path)[] servers =
        [
            ("hello of a bare Kestrel", helloPort, "/hello?id="), ("endpoint, kept", kept.Http!.Port, "/v1/endpoints/seller?id="),
            ("endpoint, computed", computed.Http!.Port, "/v1/endpoints/seller?id="),
        ];
        foreach ((_, int port, string path) in servers)
        {
            Load(port, path, WarmUpSeconds);
        }

        List<double>[] rates = [[], [], []];
        for (int run = 0; run < options.Runs; run++)
        {
            for (int s = 0; s < servers.Length; s++)
            {
                Progress.Say($"{DoorsBench.Name}: {servers[s].Name}, run {run + 1}");
                rates[s].Add(Load(servers[s].Port, servers[s].Path, Seconds));
            }
        }

        for (int s = 0; s < servers.Length; s++)
        {
            report.Add(DoorsBench.Name, servers[s].Name, "requests/s", [.. rates[s]]);
        }

        for (int s = 1; s < servers.Length; s++)
        {
            report.Add(DoorsBench.Name, servers[s].Name + " / hello", "%", [.. rates[s].Zip(rates[0], (a, b) => a / b * 100)]);
        }
    }

    private static Task<DoorHost> OpenAsync(Database database, HttpDoorOptions options) =>
        DoorHost.StartAsync(database, new DoorHostOptions { Postgres = null, Http = new IPEndPoint(IPAddress.Loopback, 0), HttpOptions = options });

    private static async Task<WebApplication> HelloAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0));
        WebApplication app = builder.Build();
        byte[] hello = "Hello, World!"u8.ToArray();
        app.Run(context =>
        {
            context.Response.ContentType = "text/plain";
            context.Response.ContentLength = hello.Length;
            return context.Response.Body.WriteAsync(hello, 0, hello.Length);
        });
        await app.StartAsync();
        return app;
    }

    // Requests a second.
    private static double Load(int port, string path, double seconds)
    {
        long done = 0;
        long start = Stopwatch.GetTimestamp();
        Thread[] threads =
        [
            .. Enumerable.Range(0, Connections).Select(c => new Thread(() => Interlocked.Add(ref done, Ask(port, path, c * (Keys / Connections), start, seconds)))),
        ];
        Array.ForEach(threads, t => t.Start());
        Array.ForEach(threads, t => t.Join());
        return done / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static long Ask(int port, string path, int first, long start, double seconds)
    {
        byte[][] requests = [.. Enumerable.Range(0, Keys).Select(k => Encoding.ASCII.GetBytes(string.Create(
            CultureInfo.InvariantCulture, $"GET {path}{(first + k) % Keys} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n")))];
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Connect(IPAddress.Loopback, port);
        byte[] buffer = new byte[8192];
        long asked = 0;
        while (Stopwatch.GetElapsedTime(start).TotalSeconds < seconds)
        {
            socket.Send(requests[asked % Keys]);
            int have = 0;
            while (!IsWhole(buffer.AsSpan(0, have)))
            {
                int read = socket.Receive(buffer, have, buffer.Length - have, SocketFlags.None);
                have += read > 0 ? read : throw new InvalidOperationException("the server has closed the connection");
            }

            asked++;
        }

        return asked;
    }

    // Answers have a length; one that is not 200 ends the run.
    private static bool IsWhole(ReadOnlySpan<byte> answer)
    {
        int head = answer.IndexOf("\r\n\r\n"u8);
        if (head < 0)
        {
            return false;
        }

        if (!answer.StartsWith("HTTP/1.1 200 "u8))
        {
            throw new InvalidOperationException(Encoding.UTF8.GetString(answer));
        }

        ReadOnlySpan<byte> length = answer[(answer.IndexOf("Content-Length: "u8) + 16)..];
        return answer.Length == head + 4 + int.Parse(length[..length.IndexOf((byte)'\r')], NumberStyles.None, CultureInfo.InvariantCulture);
    }
}
