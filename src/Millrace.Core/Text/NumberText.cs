// Text forms of integers, floats and booleans, as PostgreSQL reads and prints them.
using System.Buffers.Text;
using System.Globalization;

namespace Millrace.Core;

/// <summary>Reads and prints boolean, smallint, integer, bigint, real and double precision.</summary>
internal static class NumberText
{
    private const NumberStyles FloatStyle = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;

    public static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> text)
    {
        int start = 0;
        int end = text.Length;
        while (start < end && IsSpace(text[start]))
        {
            start++;
        }

        while (end > start && IsSpace(text[end - 1]))
        {
            end--;
        }

        return text[start..end];
    }

    public static bool IsSpace(byte b) => b == ' ' || (b >= 9 && b <= 13);

    /// <summary>An integer between min and max; type names it in messages.</summary>
    public static long ParseInteger(ReadOnlySpan<byte> text, long min, long max, string type)
    {
        ReadOnlySpan<byte> s = Trim(text);
        int i = 0;
        bool negative = false;
        if (s.Length > 0 && (s[0] == '-' || s[0] == '+'))
        {
            negative = s[0] == '-';
            i = 1;
        }

        if (i == s.Length)
        {
            TextError.Syntax(type, text);
        }

        ulong value = 0;
        bool over = false;
        for (; i < s.Length; i++)
        {
            uint digit = (uint)(s[i] - '0');
            if (digit > 9)
            {
                TextError.Syntax(type, text);
            }

            over |= value > (ulong.MaxValue - 9) / 10;
            value = (value * 10) + digit;
        }

        ulong limit = negative ? (ulong)-(min + 1) + 1 : (ulong)max;
        if (over || value > limit)
        {
            TextError.Range(type, text);
        }

        return negative ? (long)(0 - value) : (long)value;
    }

    public static void Append(ByteWriter writer, long value)
    {
        Span<byte> to = writer.Take(20);
        Utf8Formatter.TryFormat(value, to, out int written);
        writer.TruncateTo(writer.Length - 20 + written);
    }

    public static bool ParseBoolean(ReadOnlySpan<byte> text)
    {
        ReadOnlySpan<byte> s = Trim(text);
        if (s.Length is > 0 and <= 5)
        {
            Span<byte> lower = stackalloc byte[s.Length];
            for (int i = 0; i < s.Length; i++)
            {
                lower[i] = (byte)(s[i] is >= (byte)'A' and <= (byte)'Z' ? s[i] | 0x20 : s[i]);
            }

            if ("true"u8.StartsWith(lower) || "yes"u8.StartsWith(lower) || lower.SequenceEqual("on"u8) || lower.SequenceEqual("1"u8))
            {
                return true;
            }

            if ("false"u8.StartsWith(lower) || "no"u8.StartsWith(lower) || lower.SequenceEqual("0"u8)
                || (lower.Length >= 2 && "off"u8.StartsWith(lower)))
            {
                return false;
            }
        }

        TextError.Syntax("boolean", text);
        return false;
    }

    public static double ParseDouble(ReadOnlySpan<byte> text)
    {
        ReadOnlySpan<byte> s = Trim(text);
        if (double.TryParse(s, FloatStyle, CultureInfo.InvariantCulture, out double value) && (Ascii.IsDigit(s[^1]) || s[^1] == '.'))
        {
            if (double.IsInfinity(value) || (value == 0 && HasNonZeroDigit(s)))
            {
                throw new SqlException("22003", $"\"{TextError.Show(s)}\" is out of range for type double precision");
            }

            return value;
        }

        return ParseSpecial(s, text, "double precision");
    }

    public static float ParseReal(ReadOnlySpan<byte> text)
    {
        ReadOnlySpan<byte> s = Trim(text);
        if (float.TryParse(s, FloatStyle, CultureInfo.InvariantCulture, out float value) && (Ascii.IsDigit(s[^1]) || s[^1] == '.'))
        {
            if (float.IsInfinity(value) || (value == 0 && HasNonZeroDigit(s)))
            {
                throw new SqlException("22003", $"\"{TextError.Show(s)}\" is out of range for type real");
            }

            return value;
        }

        return (float)ParseSpecial(s, text, "real");
    }

    private static double ParseSpecial(ReadOnlySpan<byte> s, ReadOnlySpan<byte> text, string type)
    {
        bool negative = s.Length > 0 && s[0] == '-';
        ReadOnlySpan<byte> word = s.Length > 0 && (s[0] == '-' || s[0] == '+') ? s[1..] : s;
        if (Ascii.Is(word, "nan"u8))
        {
            return double.NaN;
        }

        if (Ascii.Is(word, "infinity"u8) || Ascii.Is(word, "inf"u8))
        {
            return negative ? double.NegativeInfinity : double.PositiveInfinity;
        }

        TextError.Syntax(type, text);
        return 0;
    }

    private static bool HasNonZeroDigit(ReadOnlySpan<byte> s)
    {
        foreach (byte b in s)
        {
            if (b is >= (byte)'1' and <= (byte)'9')
            {
                return true;
            }

            if (b is (byte)'e' or (byte)'E')
            {
                return false;
            }
        }

        return false;
    }

    public static void Append(ByteWriter writer, double value)
    {
        if (!AppendSpecial(writer, value))
        {
            Span<byte> shortest = stackalloc byte[32];
            value.TryFormat(shortest, out int n, "R", CultureInfo.InvariantCulture);
            AppendShortest(writer, shortest[..n], 15);
        }
    }

    public static void Append(ByteWriter writer, float value)
    {
        if (!AppendSpecial(writer, value))
        {
            Span<byte> shortest = stackalloc byte[32];
            value.TryFormat(shortest, out int n, "R", CultureInfo.InvariantCulture);
            AppendShortest(writer, shortest[..n], 6);
        }
    }

    private static bool AppendSpecial(ByteWriter writer, double value)
    {
        if (double.IsFinite(value))
        {
            return false;
        }

        writer.Write(double.IsNaN(value) ? "NaN"u8 : value > 0 ? "Infinity"u8 : "-Infinity"u8);
        return true;
    }

    /// <summary>Lays the shortest digits out as PostgreSQL does: an exponent below −4 or from <paramref name="bigExponent"/> on is written.</summary>
    private static void AppendShortest(ByteWriter writer, ReadOnlySpan<byte> text, int bigExponent)
    {
        Span<byte> digits = stackalloc byte[32];
        int count = 0;
        int i = 0;
        if (text[0] == '-')
        {
            writer.WriteByte((byte)'-');
            i = 1;
        }

        int exponent = -1;
        bool point = false;
        for (; i < text.Length && text[i] != 'E'; i++)
        {
            if (text[i] == '.')
            {
                point = true;
                continue;
            }

            if (count == 0 && text[i] == '0')
            {
                exponent -= point ? 1 : 0;
                continue;
            }

            exponent += point ? 0 : 1;
            digits[count++] = text[i];
        }

        if (i < text.Length)
        {
            Utf8Parser.TryParse(text[(i + 1)..] is [(byte)'+', ..] ? text[(i + 2)..] : text[(i + 1)..], out int e, out _);
            exponent += e;
        }

        while (count > 0 && digits[count - 1] == '0')
        {
            count--;
        }

        if (count == 0)
        {
            writer.WriteByte((byte)'0');
        }
        else if (exponent < -4 || exponent >= bigExponent)
        {
            writer.WriteByte(digits[0]);
            if (count > 1)
            {
                writer.WriteByte((byte)'.');
                writer.Write(digits[1..count]);
            }

            writer.WriteByte((byte)'e');
            writer.WriteByte(exponent < 0 ? (byte)'-' : (byte)'+');
            int e = Math.Abs(exponent);
            if (e < 10)
            {
                writer.WriteByte((byte)'0');
            }

            Append(writer, e);
        }
        else if (exponent < 0)
        {
            writer.Write("0."u8);
            writer.Take(-exponent - 1).Fill((byte)'0');
            writer.Write(digits[..count]);
        }
        else if (count <= exponent + 1)
        {
            writer.Write(digits[..count]);
            writer.Take(exponent + 1 - count).Fill((byte)'0');
        }
        else
        {
            writer.Write(digits[..(exponent + 1)]);
            writer.WriteByte((byte)'.');
            writer.Write(digits[(exponent + 1)..count]);
        }
    }
}

/// <summary>Comparing and searching ASCII words.</summary>
internal static class Ascii
{
    /// <summary>True when <paramref name="text"/> is <paramref name="lower"/> (lower case) in any case.</summary>
    public static bool Is(ReadOnlySpan<byte> text, ReadOnlySpan<byte> lower)
    {
        if (text.Length != lower.Length)
        {
            return false;
        }

        for (int i = 0; i < text.Length; i++)
        {
            byte b = text[i];
            if ((b is >= (byte)'A' and <= (byte)'Z' ? b | 0x20 : b) != lower[i])
            {
                return false;
            }
        }

        return true;
    }

    public static bool IsDigit(byte b) => (uint)(b - '0') <= 9;

    public static bool IsLetter(byte b) => (uint)((b | 0x20) - 'a') <= 25;
}
