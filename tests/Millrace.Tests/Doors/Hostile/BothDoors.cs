// Both doors of a real database, two well-behaved clients that must never notice anything, and what strangers send.
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;
using Millrace.Doors;
using Millrace.Doors.Http;
using Millrace.Doors.Postgres;
using Xunit;
using DoorHost = Millrace.Doors.DoorHost;
using RawClient = Millrace.Tests.Doors.Postgres.RawClient;

namespace Millrace.Tests.Doors.Hostile;

internal sealed class BothDoors : IAsyncDisposable
{
    private const int Neighbours = 2;
    private readonly TempFolder _folder = new();
    private Database _database = null!;
    private RawClient _sql = null!;
    private HttpClient _http = null!;

    public DoorHost Host { get; private set; } = null!;

    public LogLines Log { get; } = new();

    public ManualTime Time { get; } = new();

    public int Postgres => Host.Postgres!.Port;

    public int Http => Host.Http!.Port;

    public static async Task<BothDoors> OpenAsync(Func<DoorHostOptions, DoorHostOptions>? change = null)
    {
        var doors = new BothDoors();
        doors._database = await Database.OpenAsync(doors._folder.In("data"), new DatabaseOptions { Durability = Millrace.Log.Durability.None });
        await doors._database.ExecuteAsync(
            """
            CREATE TABLE seen (id int PRIMARY KEY, x text);
            INSERT INTO seen SELECT g, repeat('x', 100) FROM generate_series(1, 20000) AS g;
            CREATE ENDPOINT one (wanted int DEFAULT 1) AS SELECT id FROM seen WHERE id = $wanted;
            CREATE ENDPOINT all_of_it AS SELECT * FROM seen
            """);
        DoorHostOptions options = new()
        {
            Http = new IPEndPoint(IPAddress.Loopback, 0),
            Postgres = new IPEndPoint(IPAddress.Loopback, 0),
            PostgresOptions = new PostgresDoorOptions { Time = doors.Time },
            HttpOptions = new HttpDoorOptions { Time = doors.Time },
            Logging = l => l.AddProvider(doors.Log).AddFilter((category, _) => category!.StartsWith("Millrace", StringComparison.Ordinal)),
        };
        doors.Host = await DoorHost.StartAsync(doors._database, change?.Invoke(options) ?? options);
        doors._sql = RawClient.Login(doors.Postgres);
        doors._http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 1 }) { BaseAddress = new Uri($"http://{doors.Host.Http}") };
        await doors.NeighboursAreAnsweredAsync();
        return doors;
    }

    /// <summary>The two clients that were there before are answered.</summary>
    public async Task NeighboursAreAnsweredAsync()
    {
        _sql.Query("SELECT id FROM seen WHERE id = 7");
        Assert.Equal("TDCZ", _sql.Types());
        Assert.Contains("{\"id\":1}", await _http.GetStringAsync("/v1/endpoints/one"), StringComparison.Ordinal);
    }

    /// <summary>Of all the others nothing is left: no connection. (A feed stays half a minute for those who come back.)</summary>
    public async Task NothingIsLeftAsync()
    {
        await NeighboursAreAnsweredAsync();
        await UntilAsync(() => Host.Connections <= Neighbours, () => $"{Host.Connections} connections are open");
    }

    /// <summary>Sends bytes and says that no more come. Gives back what was answered until the other side closed: a server may take us for gone and say nothing.</summary>
    public static string Tell(int port, params byte[][] pieces) => Send(port, pieces, leaves: true);

    /// <summary>Sends bytes and waits until the other side closes, or has given the answer that is waited for.</summary>
    public static string Ask(int port, byte[][] pieces, string? until = null) => Send(port, pieces, leaves: false, until);

    private static string Send(int port, byte[][] pieces, bool leaves, string? until = null)
    {
        using var client = new TcpClient { ReceiveTimeout = 60_000, NoDelay = true };
        client.Connect(IPAddress.Loopback, port);
        NetworkStream stream = client.GetStream();
        var answer = new StringBuilder();
        byte[] buffer = new byte[4096];
        try
        {
            foreach (byte[] piece in pieces)
            {
                stream.Write(piece);
            }

            if (leaves)
            {
                client.Client.Shutdown(SocketShutdown.Send);
            }

            for (int read; (until is null || !answer.ToString().Contains(until, StringComparison.Ordinal)) && (read = stream.Read(buffer)) > 0;)
            {
                answer.Append(Encoding.Latin1.GetString(buffer, 0, read));
            }
        }
        catch (Exception e) when (e is IOException { InnerException: SocketException { SocketErrorCode: not SocketError.TimedOut } } or SocketException)
        {
            // Closed in our face, with bytes of ours unread: that is an answer too.
        }

        return answer.ToString();
    }

    public static byte[] Startup(int code = 196608)
    {
        byte[] rest = "user\0me\0database\0db\0\0"u8.ToArray();
        byte[] packet = [0, 0, 0, (byte)(8 + rest.Length), (byte)(code >> 24), (byte)(code >> 16), (byte)(code >> 8), (byte)code, .. rest];
        return packet;
    }

    /// <summary>Waits for what must come.</summary>
    public static async Task UntilAsync(Func<bool> condition, Func<string> otherwise)
    {
        DateTime deadline = DateTime.UtcNow.AddMinutes(2);
        while (!condition())
        {
            Assert.True(DateTime.UtcNow < deadline, otherwise());
            await Task.Delay(5);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _sql.Dispose();
        _http.Dispose();
        await Host.DisposeAsync();
        await _database.DisposeAsync();
        _folder.Dispose();
    }
}
