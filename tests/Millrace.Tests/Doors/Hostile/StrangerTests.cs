// T29 and T31 of the reliability catalogue: what strangers send to either door ends their own connection, is told once, and disturbs nobody.
using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Millrace.Doors.Access;
using Xunit;
using Xunit.Abstractions;
using RawClient = Millrace.Tests.Doors.Postgres.RawClient;

namespace Millrace.Tests.Doors.Hostile;

public sealed class StrangerTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const string Upgrade =
        "GET /v1/ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";

    private BothDoors _doors = null!;

    public async Task InitializeAsync() => _doors = await BothDoors.OpenAsync();

    public async Task DisposeAsync() => await _doors.DisposeAsync();

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")]
    [InlineData("POST /v1/sql HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{\"query\":")]
    [InlineData("OPTIONS * HTTP/1.1\r\n\r\n")]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")]
    public async Task HttpOnThePostgresPortIsAnsweredInHttpAndToldOnce(string request)
    {
        string answer = BothDoors.Ask(_doors.Postgres, [Encoding.ASCII.GetBytes(request)]);
        Assert.StartsWith("HTTP/1.1 400 Bad Request\r\n", answer, StringComparison.Ordinal);
        Assert.EndsWith("HTTP is answered on another port of this server, 8086 unless it was told otherwise.\n", answer, StringComparison.Ordinal);
        await _doors.NothingIsLeftAsync();
        Assert.Equal(["PostgreSQL door: a connection from 127.0.0.1 was closed: an HTTP request came to the port of the PostgreSQL protocol"], _doors.Log.Text);
    }

    [Theory]
    [InlineData("*1\r\n$4\r\nPING\r\n")]
    [InlineData("GET / HTTP/9.9\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nNo Host\r\n\r\n")]
    [InlineData("\u0016\u0003\u0001\u0002\0\u0001\0\n\n")]
    [InlineData("secret-token-in-the-wrong-place\r\n\r\n")]
    public async Task WhatIsNotHttpOnTheHttpPortIsToldOnce(string bytes)
    {
        string answer = BothDoors.Tell(_doors.Http, Encoding.Latin1.GetBytes(bytes));
        Assert.Matches("^(HTTP/1.1 (400|505) .*)?$", answer.Split('\r')[0]);
        await _doors.NothingIsLeftAsync();
        Assert.Equal(["HTTP door: a connection from 127.0.0.1 was closed: what came is not a valid HTTP request"], _doors.Log.Text);
    }

    [Fact]
    public async Task ManyOfThemAreNotManyLines()
    {
        for (int i = 0; i < 100; i++)
        {
            BothDoors.Tell(_doors.Postgres, "\0\0\0\0"u8.ToArray());
            BothDoors.Tell(_doors.Http, "nonsense\r\n\r\n"u8.ToArray());
        }

        await _doors.NothingIsLeftAsync();
        Assert.Equal(LineLimit.ToldMax, _doors.Log.Text.Count);
    }

    [Fact]
    public async Task AConversationMayBeCutAtEachByte()
    {
        byte[] sql =
        [
            .. BothDoors.Startup(), .. RawClient.Encode('P', "s^SELECT id FROM seen WHERE id = $1^~2:0;"), .. RawClient.Encode('D', "Ss^"),
            .. RawClient.Encode('B', "^s^~2:0;~2:1;~4:1;5~2:0;"), .. RawClient.Encode('E', "^~4:0;"), .. RawClient.Encode('S', ""),
            .. RawClient.Encode('Q', "COPY seen FROM STDIN^"), .. RawClient.Encode('d', "0\tx\n"), .. RawClient.Encode('f', "no^"), .. RawClient.Encode('X', ""),
        ];
        byte[] post = "POST /v1/sql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{\"query\":\"select 1\"}"u8.ToArray();
        byte[] chunks = "POST /v1/streams/seen HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nB\r\n{\"id\":\"no\"}\r\n0\r\n\r\n"u8.ToArray();
        byte[] socket = [.. Encoding.ASCII.GetBytes(Upgrade), .. Frame(0x81, "{\"subscribe\":\"a\",\"query\":\"SELECT id FROM seen WHERE id = 3\"}"), .. Frame(0x88, "")];
        foreach ((int port, byte[] whole) in new[] { (_doors.Postgres, sql), (_doors.Http, post), (_doors.Http, chunks), (_doors.Http, socket) })
        {
            for (int cut = 0; cut <= whole.Length; cut++)
            {
                BothDoors.Tell(port, whole[..cut]);
            }
        }

        await _doors.NothingIsLeftAsync();
    }

    [Fact]
    public async Task OneByteAtATimeIsSlowAndNothingElse()
    {
        byte[][] request = [.. "GET /v1/endpoints/one?wanted=9 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"u8.ToArray().Select(b => new[] { b })];
        Assert.Contains("{\"id\":9}", BothDoors.Ask(_doors.Http, request), StringComparison.Ordinal);
        byte[] sql = [.. BothDoors.Startup(), .. RawClient.Encode('Q', "SELECT 'slow' || 'ly'^"), .. RawClient.Encode('X', "")];
        Assert.Contains("slowly", BothDoors.Ask(_doors.Postgres, [.. sql.Select(b => new[] { b })]), StringComparison.Ordinal);
        await _doors.NothingIsLeftAsync();
    }

    [Fact]
    public async Task ImpossibleLengthsEndTheConnection()
    {
        foreach (int length in new[] { int.MaxValue, -1, 0, 3, int.MinValue })
        {
            byte[] four = new byte[4];
            BinaryPrimitives.WriteInt32BigEndian(four, length);
            Assert.Contains("08P01", BothDoors.Ask(_doors.Postgres, [four]), StringComparison.Ordinal);
            foreach (char type in "QPBDECSHFdcfXp")
            {
                Assert.Contains("08P01", BothDoors.Ask(_doors.Postgres, [[.. BothDoors.Startup(), (byte)type, .. four]]), StringComparison.Ordinal);
            }
        }

        foreach (string length in new[] { "-1", "2147483647", "9223372036854775807", "99999999999999999999", "0x10", "1, 2", "" })
        {
            string answer = BothDoors.Ask(
                _doors.Http, [Encoding.ASCII.GetBytes($"POST /v1/streams/seen HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n")], until: "\r\n\r\n");
            Assert.Matches("^HTTP/1.1 4(00|13) ", answer);
        }

        foreach (string size in new[] { "-1", "ffffffffffffffff", "7fffffffffffffff", "80000000", "g", "" })
        {
            string answer = BothDoors.Tell(_doors.Http, Encoding.ASCII.GetBytes(
                $"POST /v1/streams/seen HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{size}\r\n{{\"id\":1}}\r\n"));
            Assert.True(
                System.Text.RegularExpressions.Regex.IsMatch(answer.Split('\r')[0], "^(HTTP/1.1 4(00|13) .*)?$"),
                $"{size}: {answer} {string.Join('\n', _doors.Log.Text)}");
        }

        byte[][] heads =
        [
            [0x81, 0xFF, 0x7F, 255, 255, 255, 255, 255, 255, 255], [0x81, 0xFF, 255, 255, 255, 255, 255, 255, 255, 255],
            [0x81, 0xFE, 0, 0], [0x89, 0xFE, 1, 0], [0xF1, 0x80],
        ];
        foreach (byte[] head in heads)
        {
            BothDoors.Tell(_doors.Http, [.. Encoding.ASCII.GetBytes(Upgrade), .. head, 1, 2, 3, 4, 5, 6, 7, 8]);
        }

        await _doors.NothingIsLeftAsync();
    }

    [Fact]
    public async Task AMillionEmptyFramesAreReadAndForgotten()
    {
        // The message that they are pieces of never ends, and never grows.
        byte[] piece = [.. Enumerable.Repeat(Frame(0x00, ""), 10_000).SelectMany(b => b)];
        BothDoors.Tell(_doors.Http, [Encoding.ASCII.GetBytes(Upgrade), Frame(0x01, ""), .. Enumerable.Repeat(piece, 100)]);
        await _doors.NothingIsLeftAsync();

        byte[] sync = [.. Enumerable.Repeat(RawClient.Encode('H', ""), 10_000).SelectMany(b => b)];
        string answer = BothDoors.Ask(
            _doors.Postgres, [BothDoors.Startup(), .. Enumerable.Repeat(sync, 100), RawClient.Encode('Q', "SELECT 'be' || 'hind'^"), RawClient.Encode('X', "")]);
        Assert.Contains("behind", answer, StringComparison.Ordinal);
        await _doors.NothingIsLeftAsync();
    }

    [Fact]
    public async Task AHundredThousandPipelinedRequestsAreAnsweredInOrder()
    {
        const int Count = 100_000;
        byte[] get = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray();
        byte[] lastGet = "GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"u8.ToArray();
        Assert.Equal(Count + 1, await PipelineAsync(_doors.Http, get, [], lastGet, "HTTP/1.1 200 OK"u8.ToArray(), Count));
        byte[] ready = [(byte)'Z', 0, 0, 0, 5, (byte)'I'];
        Assert.Equal(Count + 1, await PipelineAsync(_doors.Postgres, RawClient.Encode('S', ""), BothDoors.Startup(), RawClient.Encode('X', ""), ready, Count));
        await _doors.NothingIsLeftAsync();
    }

    [Fact]
    public async Task AResetInTheMiddleOfAnAnswerEndsThatConnectionAlone()
    {
        byte[] query = [.. BothDoors.Startup(), .. RawClient.Encode('Q', "SELECT * FROM seen^")];
        byte[] get = "GET /v1/endpoints/all_of_it HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray();
        byte[] follow = "GET /v1/subscribe?query=SELECT+*+FROM+seen HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray();
        foreach ((int port, byte[] bytes) in new[] { (_doors.Postgres, query), (_doors.Http, get), (_doors.Http, follow) })
        {
            for (int i = 0; i < 30; i++)
            {
                using var client = new TcpClient();
                await client.ConnectAsync(IPAddress.Loopback, port);
                await client.GetStream().WriteAsync(bytes);
                Assert.Equal(1, await client.GetStream().ReadAsync(new byte[1]));
                client.LingerState = new LingerOption(true, 0);
            }

            await _doors.NothingIsLeftAsync();
        }
    }

    [Fact]
    public async Task RandomBytesEndTheirOwnConnectionAlone()
    {
        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        byte[] login = BothDoors.Startup();
        byte[][] starts = [[], login, [], "GET / HTTP/1.1\r\n"u8.ToArray(), Encoding.ASCII.GetBytes(Upgrade)];
        for (int round = 0; round < 400; round++)
        {
            int kind = random.Next(starts.Length);
            byte[] junk = new byte[random.Next(1, 120)];
            random.NextBytes(junk);
            if (kind == 0)
            {
                // A start-up packet with a few bytes that are others.
                junk = [.. login];
                for (int i = random.Next(1, 4); i > 0; i--)
                {
                    junk[random.Next(junk.Length)] = (byte)random.Next(256);
                }
            }

            BothDoors.Tell(kind < 2 ? _doors.Postgres : _doors.Http, starts[kind], junk);
        }

        await _doors.NothingIsLeftAsync();
    }

    [Fact]
    public async Task WhoSaysNothingIsClosedAndToldOnce()
    {
        RawClient[] silent = [.. Enumerable.Range(0, 10).Select(_ => new RawClient(_doors.Postgres))];
        foreach (RawClient client in silent)
        {
            client.Startup("", 80877103);
            Assert.Equal((byte)'N', client.ReadByte());
            client.Send([0, 0, 0]);
        }

        await _doors.NeighboursAreAnsweredAsync();
        _doors.Time.Advance(TimeSpan.FromSeconds(10));
        foreach (RawClient client in silent)
        {
            Assert.Contains("57014", client.Until('-')[0].Body, StringComparison.Ordinal);
            client.Dispose();
        }

        await _doors.NothingIsLeftAsync();
        Assert.Equal(Enumerable.Repeat("PostgreSQL door: a connection from 127.0.0.1 was closed: canceling authentication due to timeout", silent.Length), _doors.Log.Text);
    }

    [Theory]
    [InlineData("/assets/../../../../../../etc/passwd")]
    [InlineData("/assets/..%2f..%2f..%2f..%2fetc%2fpasswd")]
    [InlineData("/assets/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd")]
    [InlineData("/assets/..\\..\\..\\etc\\passwd")]
    [InlineData("/assets//etc/passwd")]
    [InlineData("/assets/%00/etc/passwd")]
    [InlineData("/v1/endpoints/..%2f..%2fFORMAT")]
    [InlineData("/v1/streams/../../FORMAT")]
    [InlineData("//etc/passwd")]
    [InlineData("/etc/passwd")]
    public async Task NoAddressLeadsToAFile(string path)
    {
        string answer = BothDoors.Ask(_doors.Http, [Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")]);
        Assert.Matches("^HTTP/1.1 4(00|04|05) ", answer);
        Assert.DoesNotContain("root:", answer, StringComparison.Ordinal);
        await _doors.NothingIsLeftAsync();
    }

    // A client that sends while it reads, as pipelining asks for; how many times the sign of an answer has come.
    private static async Task<int> PipelineAsync(int port, byte[] one, byte[] first, byte[] last, byte[] sign, int count)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port);
        NetworkStream stream = client.GetStream();
        Task sending = Task.Run(async () =>
        {
            await stream.WriteAsync(first);
            byte[] many = [.. Enumerable.Repeat(one, 1000).SelectMany(b => b)];
            for (int i = 0; i < count / 1000; i++)
            {
                await stream.WriteAsync(many);
            }

            await stream.WriteAsync(last);
        });
        int answers = 0;
        byte[] buffer = new byte[64 << 10];
        int kept = 0;
        for (int read; (read = await stream.ReadAsync(buffer.AsMemory(kept))) > 0;)
        {
            ReadOnlySpan<byte> here = buffer.AsSpan(0, kept + read);
            for (int at; (at = here.IndexOf(sign)) >= 0; here = here[(at + sign.Length)..])
            {
                answers++;
            }

            kept = Math.Min(here.Length, sign.Length - 1);
            here[^kept..].CopyTo(buffer);
        }

        await sending;
        return answers;
    }

    // A frame as clients send it: masked, here with zeros.
    private static byte[] Frame(byte first, string text) => [first, (byte)(0x80 | text.Length), 0, 0, 0, 0, .. Encoding.UTF8.GetBytes(text)];
}
