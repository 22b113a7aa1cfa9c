// Reads the fields of one message's body; every length is checked against what is there.
using System.Buffers.Binary;
using System.Text;

namespace Millrace.Doors.Postgres;

/// <summary>A cursor over a message's body.</summary>
internal ref struct BodyReader(ReadOnlySpan<byte> body)
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);
    private ReadOnlySpan<byte> _rest = body;

    /// <summary>Bytes left.</summary>
    public readonly int Remaining => _rest.Length;

    /// <summary>The next byte.</summary>
    public byte Byte()
    {
        byte value = Bytes(1)[0];
        return value;
    }

    /// <summary>The next two bytes as an unsigned number: counts.</summary>
    public int UInt16() => BinaryPrimitives.ReadUInt16BigEndian(Bytes(2));

    /// <summary>The next two bytes.</summary>
    public short Int16() => BinaryPrimitives.ReadInt16BigEndian(Bytes(2));

    /// <summary>The next four bytes.</summary>
    public int Int32() => BinaryPrimitives.ReadInt32BigEndian(Bytes(4));

    /// <summary>The next eight bytes.</summary>
    public long Int64() => BinaryPrimitives.ReadInt64BigEndian(Bytes(8));

    /// <summary>The next <paramref name="count"/> bytes.</summary>
    /// <exception cref="ProtocolException">Fewer are left.</exception>
    public ReadOnlySpan<byte> Bytes(int count)
    {
        if (count < 0 || count > _rest.Length)
        {
            throw new ProtocolException("insufficient data left in message");
        }

        ReadOnlySpan<byte> taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }

    /// <summary>A text that ends with a zero byte.</summary>
    /// <exception cref="ProtocolException">It does not end, or is not UTF-8.</exception>
    public string String()
    {
        int end = _rest.IndexOf((byte)0);
        if (end < 0)
        {
            throw new ProtocolException("invalid string in message");
        }

        ReadOnlySpan<byte> text = Bytes(end);
        Bytes(1);
        try
        {
            return Strict.GetString(text);
        }
        catch (DecoderFallbackException)
        {
            throw new ProtocolException("invalid byte sequence for encoding \"UTF8\"", "22021");
        }
    }

    /// <summary>Refuses a declared count of items that cannot fit into what is left: checked before an array is made for them.</summary>
    public readonly void CheckRoom(int count, int bytesEach)
    {
        if ((long)count * bytesEach > _rest.Length)
        {
            throw new ProtocolException("insufficient data left in message");
        }
    }

    /// <summary>Asserts that the whole body was read.</summary>
    /// <exception cref="ProtocolException">Bytes are left.</exception>
    public readonly void End()
    {
        if (_rest.Length != 0)
        {
            throw new ProtocolException("invalid message format");
        }
    }
}
