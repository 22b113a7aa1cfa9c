// Cuts the byte stream into messages: one type byte and a length that counts itself. https://www.postgresql.org/docs/15/protocol-message-formats.html
using System.Buffers;
using System.Buffers.Binary;

namespace Millrace.Doors.Postgres;

/// <summary>Pure: looks at bytes, allocates nothing, trusts no length.</summary>
internal static class Framing
{
    /// <summary>The longest start-up packet, as in PostgreSQL.</summary>
    public const int StartupBytesMax = 10_000;

    /// <summary>Bytes that a message's type and length take.</summary>
    public const int HeaderBytes = 5;

    /// <summary>Reads a typed message's head.</summary>
    /// <param name="buffer">What has arrived.</param>
    /// <param name="bytesMax">The longest body accepted.</param>
    /// <param name="type">The type byte.</param>
    /// <param name="length">Bytes of the body, without type and length.</param>
    /// <returns>False while fewer than five bytes are there.</returns>
    /// <exception cref="ProtocolException">The length is impossible or over the limit.</exception>
    public static bool TryReadHead(in ReadOnlySequence<byte> buffer, int bytesMax, out byte type, out int length)
    {
        Span<byte> head = stackalloc byte[HeaderBytes];
        if (buffer.Length < HeaderBytes)
        {
            type = 0;
            length = 0;
            return false;
        }

        buffer.Slice(0, HeaderBytes).CopyTo(head);
        type = head[0];
        length = BinaryPrimitives.ReadInt32BigEndian(head[1..]) - 4;
        if (type is < (byte)'A' or > (byte)'z')
        {
            throw new ProtocolException($"invalid frontend message type {type}");
        }

        if (length < 0)
        {
            throw new ProtocolException($"invalid message length {(long)length + 4}");
        }

        if (length > bytesMax)
        {
            throw new ProtocolException($"message of {length} bytes is longer than the limit of {bytesMax}");
        }

        return true;
    }

    /// <summary>True for the first four bytes of an HTTP request: read as a length they are far beyond any packet's.</summary>
    private static bool IsHttp(ReadOnlySpan<byte> head) =>
        head.SequenceEqual("GET "u8) || head.SequenceEqual("POST"u8) || head.SequenceEqual("HEAD"u8) || head.SequenceEqual("PUT "u8) || head.SequenceEqual("OPTI"u8)
        || head.SequenceEqual("DELE"u8) || head.SequenceEqual("PATC"u8) || head.SequenceEqual("CONN"u8) || head.SequenceEqual("TRAC"u8) || head.SequenceEqual("PRI "u8);

    /// <summary>Reads a start-up packet, which has no type byte.</summary>
    /// <param name="buffer">What has arrived.</param>
    /// <param name="body">The packet without its length, beginning with the request code.</param>
    /// <returns>False while it is not whole.</returns>
    /// <exception cref="ProtocolException">The length is impossible: not a PostgreSQL client.</exception>
    public static bool TryReadStartup(ref ReadOnlySequence<byte> buffer, out ReadOnlySequence<byte> body)
    {
        body = default;
        if (buffer.Length < 4)
        {
            return false;
        }

        Span<byte> head = stackalloc byte[4];
        buffer.Slice(0, 4).CopyTo(head);
        int length = BinaryPrimitives.ReadInt32BigEndian(head);
        if (length is < 8 or > StartupBytesMax)
        {
            throw IsHttp(head)
                ? new ProtocolException("an HTTP request came to the port of the PostgreSQL protocol") { IsHttp = true }
                : new ProtocolException("invalid length of startup packet");
        }

        if (buffer.Length < length)
        {
            return false;
        }

        body = buffer.Slice(4, length - 4);
        buffer = buffer.Slice(length);
        return true;
    }
}
