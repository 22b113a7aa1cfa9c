// The PostgreSQL door on a free port of this process, and a client that speaks bytes.
using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Doors;
using Millrace.Doors.Access;
using Millrace.Doors.Postgres;
using Millrace.Sql;

namespace Millrace.Tests.Doors.Postgres;

/// <summary>A door that listens.</summary>
internal sealed class DoorHost : IAsyncDisposable
{
    private readonly WebApplication _app;

    private DoorHost(WebApplication app, int port)
    {
        _app = app;
        Port = port;
    }

    public int Port { get; }

    public static async Task<DoorHost> StartAsync(Func<Session> newSession, PostgresDoorOptions? options = null, LoginRules? rules = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(k =>
            PostgresDoor.Configure(k, new IPEndPoint(IPAddress.Loopback, 0), newSession, options ?? new PostgresDoorOptions(), rules ?? NoUsers));
        WebApplication app = builder.Build();
        await app.StartAsync();
        string address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return new DoorHost(app, new Uri(address).Port);
    }

    /// <summary>Rules where nobody has to log in.</summary>
    public static LoginRules NoUsers { get; } = new(() => new CatalogSnapshot([]), new DoorSecurity(), TimeProvider.System);

    public Task StopAsync() => _app.StopAsync();

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}

/// <summary>Sends bytes, reads messages. Every wait ends after 20 s.</summary>
internal sealed class RawClient : IDisposable
{
    private readonly TcpClient _tcp = new() { ReceiveTimeout = 20_000 };
    private readonly NetworkStream _stream;

    public RawClient(int port)
    {
        _tcp.Connect(IPAddress.Loopback, port);
        _stream = _tcp.GetStream();
    }

    public Socket Socket => _tcp.Client;

    /// <summary>Logs in and reads up to ReadyForQuery.</summary>
    public static RawClient Login(int port, string more = "")
    {
        var client = new RawClient(port);
        client.Startup("user\0me\0" + more + "\0");
        client.Until('Z');
        return client;
    }

    public void Send(byte[] bytes) => _stream.Write(bytes);

    public void Startup(string parameters, int code = 196608)
    {
        byte[] body = (code == 196608 ? Encoding.UTF8 : Encoding.Latin1).GetBytes(parameters);
        byte[] packet = new byte[8 + body.Length];
        BinaryPrimitives.WriteInt32BigEndian(packet, packet.Length);
        BinaryPrimitives.WriteInt32BigEndian(packet.AsSpan(4), code);
        body.CopyTo(packet, 8);
        Send(packet);
    }

    /// <summary>Sends a message; in <paramref name="body"/> ~2:7 is a two-byte 7, ~4:7 a four-byte one, ^ a zero byte.</summary>
    public void Message(char type, string body = "") => Send(Encode(type, body));

    public static byte[] Encode(char type, string body)
    {
        var bytes = new List<byte>();
        for (int i = 0; i < body.Length; i++)
        {
            if (body[i] == '^')
            {
                bytes.Add(0);
            }
            else if (body[i] == '~')
            {
                int width = body[i + 1] - '0';
                int end = body.IndexOf(';', i);
                int value = int.Parse(body.AsSpan(i + 3, end - i - 3), System.Globalization.CultureInfo.InvariantCulture);
                for (int b = width - 1; b >= 0; b--)
                {
                    bytes.Add((byte)(value >> (8 * b)));
                }

                i = end;
            }
            else
            {
                bytes.AddRange(Encoding.UTF8.GetBytes(body.Substring(i, char.IsHighSurrogate(body[i]) ? 2 : 1)));
                i += char.IsHighSurrogate(body[i]) ? 1 : 0;
            }
        }

        byte[] message = new byte[5 + bytes.Count];
        message[0] = (byte)type;
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(1), bytes.Count + 4);
        bytes.CopyTo(message, 5);
        return message;
    }

    public void Query(string text) => Message('Q', text + "^");

    /// <summary>The next message as its type and its body, control characters written as in C; "EOF" when the server has closed.</summary>
    public (char Type, string Body) Read()
    {
        byte[] head = new byte[5];
        if (!TryFill(head))
        {
            return ('-', "EOF");
        }

        byte[] body = new byte[BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(1)) - 4];
        Encoding encoding = head[0] == 'K' ? Encoding.Latin1 : Encoding.UTF8;
        return TryFill(body) ? ((char)head[0], encoding.GetString(body)) : ('-', "EOF");
    }

    public byte ReadByte() => (byte)_stream.ReadByte();

    /// <summary>Every message up to and including one of the given type (or the end).</summary>
    public List<(char Type, string Body)> Until(char type)
    {
        var messages = new List<(char, string)>();
        while (true)
        {
            (char Type, string Body) message = Read();
            messages.Add(message);
            if (message.Type == type || message.Type == '-')
            {
                return messages;
            }
        }
    }

    /// <summary>The types of the messages up to ReadyForQuery, as one word.</summary>
    public string Types() => string.Concat(Until('Z').Select(m => m.Type));

    public void Dispose() => _tcp.Dispose();

    private bool TryFill(byte[] buffer)
    {
        int at = 0;
        while (at < buffer.Length)
        {
            int read;
            try
            {
                read = _stream.Read(buffer, at, buffer.Length - at);
            }
            catch (IOException)
            {
                return false;
            }

            if (read == 0)
            {
                return false;
            }

            at += read;
        }

        return true;
    }
}
