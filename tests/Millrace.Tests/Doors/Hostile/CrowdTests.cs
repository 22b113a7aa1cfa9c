// T29 of the reliability catalogue, the crowd: 10,000 connections at once, clients that vanish, and clients that say little and slowly.
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Millrace.Doors.Access;
using Xunit;

namespace Millrace.Tests.Doors.Hostile;

public sealed class CrowdTests : IAsyncLifetime
{
    private const int HttpMax = 300;
    private const int SessionsMax = 50;

    // The PostgreSQL door lets as many wait outside as there are places, since who has not logged in takes none.
    private const int SocketsMax = 2 * SessionsMax;

    private BothDoors _doors = null!;

    public async Task InitializeAsync() => _doors = await BothDoors.OpenAsync(
        o => o with { HttpConnectionsMax = HttpMax, PostgresOptions = o.PostgresOptions with { ConnectionsMax = SessionsMax } });

    public async Task DisposeAsync() => await _doors.DisposeAsync();

    [Fact]
    public async Task TenThousandAtOnceAreTakenOrToldWhyAndDisturbNobody()
    {
        // Half of them at each door, or as many as this process may have open.
        int each = Math.Min(5_000, (Descriptors() / 2) - 2_000);
        var crowd = new List<(Socket Socket, Task<string> Answer)>();
        try
        {
            foreach (int port in new[] { _doors.Http, _doors.Postgres })
            {
                for (int i = 0; i < each; i++)
                {
                    var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                    await socket.ConnectAsync(IPAddress.Loopback, port);
                    crowd.Add((socket, ToTheEndAsync(socket)));
                }

                await _doors.NeighboursAreAnsweredAsync();
            }

            // One place at each door is a neighbour's. Those who were taken are left alone, all others have been told and closed.
            (int http, int postgres) = (each - (HttpMax - 1), each - (SocketsMax - 1));
            await BothDoors.UntilAsync(() => crowd.Count(c => c.Answer.IsCompleted) >= http + postgres, () => $"{crowd.Count(c => c.Answer.IsCompleted)} are closed");
            string[] answers = [.. crowd.Where(c => c.Answer.IsCompleted).Select(c => c.Answer.Result)];
            Assert.Equal(http, answers.Count(a => a.StartsWith("HTTP/1.1 503 Service Unavailable\r\n", StringComparison.Ordinal) && a.EndsWith('}')));
            Assert.Equal(postgres, answers.Count(a => a.Contains("C53300\0Msorry, too many clients already\0", StringComparison.Ordinal)));
            Assert.Equal(http + postgres, answers.Length);
            await _doors.NeighboursAreAnsweredAsync();

            // Some lines, then a number.
            Assert.Equal(LineLimit.ToldMax, _doors.Log.Text.Count);
            Assert.All(_doors.Log.Text, l => Assert.EndsWith("a connection from 127.0.0.1 was closed: there are more connections than are taken", l, StringComparison.Ordinal));
            _doors.Time.Advance(TimeSpan.FromMinutes(1));
            Assert.StartsWith("HTTP/1.1 503 ", BothDoors.Ask(_doors.Http, []), StringComparison.Ordinal);
            Assert.Contains($"{http + postgres - LineLimit.ToldMax} more connections were closed and not told one by one", _doors.Log.Text);
        }
        finally
        {
            crowd.ForEach(c => c.Socket.Dispose());
        }

        await Task.WhenAll(crowd.Select(c => c.Answer));
        await _doors.NothingIsLeftAsync();
        Assert.StartsWith("HTTP/1.1 200 ", BothDoors.Ask(_doors.Http, ["GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"u8.ToArray()]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task OneTooManyIsToldSoAfterLogInAndBeforeIt()
    {
        using (var first = Postgres.RawClient.Login(_doors.Postgres))
        {
            // The neighbour has one place, this one another; the rest are taken here.
            Postgres.RawClient[] all = [.. Enumerable.Range(0, SessionsMax - 2).Select(_ => Postgres.RawClient.Login(_doors.Postgres))];
            Assert.Contains("C53300\0", BothDoors.Ask(_doors.Postgres, [BothDoors.Startup()]), StringComparison.Ordinal);
            Array.ForEach(all, c => c.Dispose());
        }

        await _doors.NothingIsLeftAsync();
        Assert.Empty(_doors.Log.Text);
    }

    // What the real clock of the server underneath closes: 10 s for a request's head, 240 bytes/s after 5 s for its body.
    [Fact]
    public async Task WhoSaysLittleAndSlowlyIsClosedAndToldOnce()
    {
        const int Each = 5;
        string[] beginnings =
        [
            "GET /v1/catalog HTT",
            "GET /v1/catalog HTTP/1.1\r\nHost: localhost\r\nX-More: ",
            "POST /v1/streams/seen HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{\"id\":",
        ];
        var slow = new List<(Socket Socket, Task<string> Answer)>();
        foreach (string beginning in beginnings.SelectMany(b => Enumerable.Repeat(b, Each)))
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(IPAddress.Loopback, _doors.Http);
            await socket.SendAsync(Encoding.ASCII.GetBytes(beginning));
            slow.Add((socket, ToTheEndAsync(socket)));
        }

        await _doors.NeighboursAreAnsweredAsync();
        string[] answers = await Task.WhenAll(slow.Select(s => s.Answer));
        Assert.All(answers, a => Assert.StartsWith("HTTP/1.1 408 ", a, StringComparison.Ordinal));
        slow.ForEach(s => s.Socket.Dispose());
        await _doors.NothingIsLeftAsync();
        Assert.Equal(
            Enumerable.Repeat("HTTP door: a connection from 127.0.0.1 was closed: the request did not come in time", beginnings.Length * Each), _doors.Log.Text);
    }

    [LinuxFact]
    public async Task WhoVanishesWithoutAWordIsAskedForByTheSystem()
    {
        using Socket listener = ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        using var client = new TcpClient();
        await client.ConnectAsync((IPEndPoint)listener.LocalEndPoint!);
        using Socket accepted = await listener.AcceptAsync();
        Assert.Equal(1, accepted.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive));
        Assert.Equal(ListenSocket.SilenceSeconds, accepted.GetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime));

        // Both doors listen on such: the system's table shows a clock (02) at the server's end of each neighbour's idle connection.
        foreach (int port in new[] { _doors.Http, _doors.Postgres })
        {
            await BothDoors.UntilAsync(() => Clocks(port) is { Length: 1 } clocks && clocks[0] == "02", () => $"{port}: {string.Join(' ', Clocks(port))}");
        }
    }

    // Established connections of a local port, and which clock runs for each.
    private static string[] Clocks(int port) =>
    [
        .. File.ReadLines("/proc/self/net/tcp").Skip(1).Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(f => f[3] == "01" && f[1].EndsWith(string.Create(CultureInfo.InvariantCulture, $":{port:X4}"), StringComparison.Ordinal)).Select(f => f[5].Split(':')[0]),
    ];

    private static async Task<string> ToTheEndAsync(Socket socket)
    {
        var answer = new StringBuilder();
        byte[] buffer = new byte[512];
        try
        {
            for (int read; (read = await socket.ReceiveAsync(buffer)) > 0;)
            {
                answer.Append(Encoding.Latin1.GetString(buffer, 0, read));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            answer.Append(CultureInfo.InvariantCulture, $" {e.Message}");
        }

        return answer.ToString();
    }

    // The runtime has raised the soft limit to the hard one.
    private static int Descriptors()
    {
        const string Limits = "/proc/self/limits";
        string? line = File.Exists(Limits) ? File.ReadLines(Limits).First(l => l.StartsWith("Max open files", StringComparison.Ordinal)) : null;
        return line is null ? 10_000 : int.TryParse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[3], CultureInfo.InvariantCulture, out int max) ? max : 1 << 20;
    }
}
