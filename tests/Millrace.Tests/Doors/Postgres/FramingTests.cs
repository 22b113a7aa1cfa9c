// The pure readers of the PostgreSQL protocol against bytes that no client would send.
using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Millrace.Doors.Postgres;
using Xunit;

namespace Millrace.Tests.Doors.Postgres;

public class FramingTests
{
    private const int Max = 1 << 20;

    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(int.MinValue)]
    [InlineData(Max + 5)]
    public void ImpossibleLengthsAreRefusedBeforeAnythingIsTaken(int length)
    {
        byte[] head = [(byte)'Q', 0, 0, 0, 0];
        BinaryPrimitives.WriteInt32BigEndian(head.AsSpan(1), length);
        Assert.Throws<ProtocolException>(() => Framing.TryReadHead(new ReadOnlySequence<byte>(head), Max, out _, out _));
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\n\r\n")]
    [InlineData("\u0016\u0003\u0001\u0002\0\u0001\0")]
    [InlineData("*1\r\n$4\r\nPING\r\n")]
    [InlineData("\0\0\0\0\0\0\0\0")]
    public void WhatIsNoStartupPacketIsRefused(string bytes)
    {
        var buffer = new ReadOnlySequence<byte>(Encoding.Latin1.GetBytes(bytes));
        Assert.Throws<ProtocolException>(() => Framing.TryReadStartup(ref buffer, out _));
    }

    [Fact]
    public void StartupPacketIsReadOnlyWhenWhole()
    {
        byte[] packet = Packet(196608, "user\0me\0database\0db\0\0");
        for (int cut = 0; cut < packet.Length; cut++)
        {
            var part = new ReadOnlySequence<byte>(packet, 0, cut);
            Assert.False(Framing.TryReadStartup(ref part, out _));
        }

        var whole = new ReadOnlySequence<byte>(packet);
        Assert.True(Framing.TryReadStartup(ref whole, out ReadOnlySequence<byte> body));
        StartupMessage message = StartupMessage.Read(body.ToArray());
        Assert.Equal(StartupKind.Session, message.Kind);
        Assert.Equal("me", message.Parameters["user"]);
        Assert.Equal("db", message.Parameters["database"]);
    }

    [Theory]
    [InlineData(131072)]
    [InlineData(262144)]
    [InlineData(0)]
    public void OtherMajorVersionsAreRefused(int code) => Assert.Throws<ProtocolException>(() => StartupMessage.Read(Packet(code, "\0").AsSpan(4)));

    [Fact]
    public void MessagesCutShortAreErrorsAndNothingElse()
    {
        byte[] bind = [0, 0, 0, 1, 0, 1, 0, 2, 0, 0, 0, 1, 65, 255, 255, 255, 255, 0, 1, 0, 0];
        BindMessage message = BindMessage.Read(bind);
        Assert.Equal(2, message.Parameters.Length);
        Assert.Null(message.Parameters[1]);
        for (int cut = 0; cut < bind.Length; cut++)
        {
            Assert.Throws<ProtocolException>(() => BindMessage.Read(bind.AsSpan(0, cut)));
        }
    }

    [Fact]
    public void RandomBytesNeverDoMoreThanFail()
    {
        var random = new Random(20);
        for (int i = 0; i < 200_000; i++)
        {
            byte[] body = new byte[random.Next(40)];
            random.NextBytes(body);
            for (int j = 0; j < body.Length; j++)
            {
                body[j] = random.Next(3) == 0 ? (byte)0 : body[j];
            }

            Try(body, b => ParseMessage.Read(b));
            Try(body, b => BindMessage.Read(b));
            Try(body, b => TargetMessage.Read(b));
            Try(body, b => ExecuteMessage.Read(b));
            Try(body, b => StartupMessage.Read(b));
            Try(body, b =>
            {
                var buffer = new ReadOnlySequence<byte>(b.ToArray());
                Framing.TryReadHead(buffer, Max, out _, out _);
                Framing.TryReadStartup(ref buffer, out _);
            });
        }
    }

    [Theory]
    [InlineData("-c a=b", "a=b")]
    [InlineData("--search-path=x -ctimezone=UTC", "search_path=x;timezone=UTC")]
    [InlineData("-c a=b\\ c  -c d=", "a=b c;d=")]
    public void OptionsOfTheStartupPacket(string text, string expected) =>
        Assert.Equal(expected, string.Join(";", StartupOptions.Read(text).Select(s => s.Name + "=" + s.Value)));

    private delegate void Reader(ReadOnlySpan<byte> bytes);

    private static void Try(byte[] body, Reader read)
    {
        try
        {
            read(body);
        }
        catch (ProtocolException)
        {
            // What it should say.
        }
    }

    private static byte[] Packet(int code, string rest)
    {
        byte[] packet = new byte[8 + rest.Length];
        BinaryPrimitives.WriteInt32BigEndian(packet, packet.Length);
        BinaryPrimitives.WriteInt32BigEndian(packet.AsSpan(4), code);
        Encoding.Latin1.GetBytes(rest, packet.AsSpan(8));
        return packet;
    }
}
