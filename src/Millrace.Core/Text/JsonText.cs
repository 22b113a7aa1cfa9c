// Writing JSON strings with PostgreSQL's escapes.
namespace Millrace.Core;

/// <summary>Writes pieces of JSON.</summary>
public static class JsonText
{
    /// <summary>Appends <paramref name="text"/> (UTF-8) as a JSON string with its quotes.</summary>
    public static void AppendString(ByteWriter writer, ReadOnlySpan<byte> text)
    {
        writer.WriteByte((byte)'"');
        while (!text.IsEmpty)
        {
            int plain = 0;
            while (plain < text.Length && EscapeLength(text[plain]) == 1)
            {
                plain++;
            }

            writer.Write(text[..plain]);
            if (plain < text.Length)
            {
                WriteEscape(writer.Take(EscapeLength(text[plain])), text[plain]);
                plain++;
            }

            text = text[plain..];
        }

        writer.WriteByte((byte)'"');
    }

    /// <summary>Appends the normal form that jsonb keeps of <paramref name="json"/>.</summary>
    /// <exception cref="SqlException">22P02 when it is not JSON.</exception>
    public static void AppendNormalized(ByteWriter writer, ReadOnlySpan<byte> json) => JsonNormalizer.Append(writer, json);

    internal static int EscapeLength(byte b) => b >= 0x20 ? (b is (byte)'"' or (byte)'\\' ? 2 : 1) : b is 8 or 9 or 10 or 12 or 13 ? 2 : 6;

    internal static void WriteEscape(Span<byte> to, byte b)
    {
        if (to.Length == 1)
        {
            to[0] = b;
            return;
        }

        to[0] = (byte)'\\';
        if (to.Length == 2)
        {
            to[1] = b switch
            {
                8 => (byte)'b',
                9 => (byte)'t',
                10 => (byte)'n',
                12 => (byte)'f',
                13 => (byte)'r',
                _ => b,
            };
            return;
        }

        "u00"u8.CopyTo(to[1..]);
        to[4] = (byte)('0' + (b >> 4));
        to[5] = "0123456789abcdef"u8[b & 15];
    }
}
