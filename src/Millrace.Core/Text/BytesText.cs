// Text forms of bytea and uuid.
namespace Millrace.Core;

/// <summary>Reads and prints bytea (hex) and uuid.</summary>
internal static class BytesText
{
    private static ReadOnlySpan<byte> Hex => "0123456789abcdef"u8;

    public static void AppendBytea(ByteWriter writer, ReadOnlySpan<byte> value)
    {
        Span<byte> to = writer.Take(2 + (value.Length * 2));
        to[0] = (byte)'\\';
        to[1] = (byte)'x';
        for (int i = 0; i < value.Length; i++)
        {
            to[2 + (i * 2)] = Hex[value[i] >> 4];
            to[3 + (i * 2)] = Hex[value[i] & 15];
        }
    }

    public static void AppendUuid(ByteWriter writer, Uuid value)
    {
        Span<byte> to = writer.Take(36);
        int at = 0;
        for (int i = 0; i < 32; i++)
        {
            if (i is 8 or 12 or 16 or 20)
            {
                to[at++] = (byte)'-';
            }

            ulong half = i < 16 ? value.Hi : value.Lo;
            to[at++] = Hex[(int)(half >> (60 - ((i & 15) * 4))) & 15];
        }
    }

    public static Uuid ParseUuid(ReadOnlySpan<byte> text)
    {
        ReadOnlySpan<byte> s = text;
        if (s.Length > 2 && s[0] == '{' && s[^1] == '}')
        {
            s = s[1..^1];
        }

        ulong hi = 0;
        ulong lo = 0;
        int digits = 0;
        for (int i = 0; i < s.Length; i++)
        {
            if (s[i] == '-' && digits > 0 && digits < 32 && digits % 4 == 0 && s[i - 1] != '-')
            {
                continue;
            }

            int digit = HexDigit(s[i]);
            if (digit < 0 || digits == 32)
            {
                TextError.Syntax("uuid", text);
            }

            if (digits++ < 16)
            {
                hi = (hi << 4) | (uint)digit;
            }
            else
            {
                lo = (lo << 4) | (uint)digit;
            }
        }

        if (digits != 32)
        {
            TextError.Syntax("uuid", text);
        }

        return new Uuid(hi, lo);
    }

    /// <summary>Reads hex (\x…) or escape form into <paramref name="to"/>, which has room for text.Length bytes. Returns the length.</summary>
    public static int ParseBytea(ReadOnlySpan<byte> text, Span<byte> to)
    {
        int count = 0;
        if (text.Length >= 2 && text[0] == '\\' && text[1] == 'x')
        {
            int high = -1;
            foreach (byte b in text[2..])
            {
                if (high < 0 && NumberText.IsSpace(b))
                {
                    continue;
                }

                int digit = HexDigit(b);
                if (digit < 0)
                {
                    throw new SqlException("22023", $"invalid hexadecimal digit: \"{(char)b}\"");
                }

                if (high < 0)
                {
                    high = digit;
                }
                else
                {
                    to[count++] = (byte)((high << 4) | digit);
                    high = -1;
                }
            }

            if (high >= 0)
            {
                throw new SqlException("22023", "invalid hexadecimal data: odd number of digits");
            }

            return count;
        }

        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\')
            {
                to[count++] = text[i];
            }
            else if (i + 1 < text.Length && text[i + 1] == '\\')
            {
                to[count++] = (byte)'\\';
                i++;
            }
            else if (i + 3 < text.Length && text[i + 1] is >= (byte)'0' and <= (byte)'3' && text[i + 2] is >= (byte)'0' and <= (byte)'7'
                && text[i + 3] is >= (byte)'0' and <= (byte)'7')
            {
                to[count++] = (byte)(((text[i + 1] - '0') << 6) | ((text[i + 2] - '0') << 3) | (text[i + 3] - '0'));
                i += 3;
            }
            else
            {
                throw new SqlException("22P02", "invalid input syntax for type bytea");
            }
        }

        return count;
    }

    public static int HexDigit(byte b) => b switch
    {
        >= (byte)'0' and <= (byte)'9' => b - '0',
        >= (byte)'a' and <= (byte)'f' => b - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => b - 'A' + 10,
        _ => -1,
    };
}
