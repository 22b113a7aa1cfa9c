// Text form of numeric.
using System.Buffers.Text;
using System.Text;

namespace Millrace.Core;

public readonly partial struct Numeric
{
    /// <summary>Reads a decimal such as <c>-12.50</c>, <c>1e6</c> or <c>NaN</c>. Digits after the point beyond what fits are rounded.</summary>
    /// <exception cref="SqlException">22P02 when it is no number, 22003 when it is too large.</exception>
    public static Numeric Parse(ReadOnlySpan<byte> utf8)
    {
        ReadOnlySpan<byte> s = NumberText.Trim(utf8);
        if (Ascii.Is(s, "nan"u8))
        {
            return NaN;
        }

        int at = 0;
        bool negative = false;
        if (s.Length > 0 && s[0] is (byte)'-' or (byte)'+')
        {
            negative = s[0] == '-';
            at = 1;
        }

        UInt128 value = 0;
        int scale = 0;
        int digits = 0;
        bool full = false;
        byte firstDropped = 0;
        bool point = false;
        for (; at < s.Length; at++)
        {
            byte b = s[at];
            if (b == '.' && !point)
            {
                point = true;
                continue;
            }

            if (!Ascii.IsDigit(b))
            {
                break;
            }

            digits++;
            if (full || value > ((UInt128)MaxUnscaled - 9) / 10)
            {
                if (!point)
                {
                    TooBig();
                }

                firstDropped = full ? firstDropped : b;
                full = true;
            }
            else
            {
                value = (value * 10) + (uint)(b - '0');
                scale += point ? 1 : 0;
            }
        }

        long exponent = 0;
        if (digits > 0 && at < s.Length && s[at] is (byte)'e' or (byte)'E')
        {
            ReadOnlySpan<byte> e = s[(at + 1)..];
            bool plus = e.Length > 0 && e[0] == '+';
            if (!Utf8Parser.TryParse(plus ? e[1..] : e, out exponent, out int used) || used + (plus ? 1 : 0) != e.Length)
            {
                TextError.Syntax("numeric", utf8);
            }

            at = s.Length;
        }

        if (digits == 0 || at != s.Length)
        {
            if (Ascii.Is(s, "infinity"u8) || Ascii.Is(s, "-infinity"u8) || Ascii.Is(s, "inf"u8) || Ascii.Is(s, "-inf"u8))
            {
                throw new SqlException("0A000", "numeric infinity is not supported", hint: "use double precision");
            }

            TextError.Syntax("numeric", utf8);
        }

        if (firstDropped >= '5')
        {
            value++;
        }

        if (Math.Abs(exponent) > 1000)
        {
            if (exponent > 0 && value != 0)
            {
                TooBig();
            }

            exponent = Math.Clamp(exponent, -1000, 0);
        }

        long finalScale = scale - exponent;
        Int128 unscaled = negative ? -(Int128)value : (Int128)value;
        if (finalScale < 0)
        {
            return Fit((System.Numerics.BigInteger)value * System.Numerics.BigInteger.Pow(10, (int)-finalScale) * (negative ? -1 : 1), 0);
        }

        return finalScale <= MaxScale ? Create(unscaled, (int)finalScale) : Fit(unscaled, (int)finalScale, MaxScale);
    }

    /// <summary>Appends the decimal form.</summary>
    public void Append(ByteWriter writer)
    {
        if (IsNaN)
        {
            writer.Write("NaN"u8);
            return;
        }

        Int128 unscaled = Unscaled;
        if (unscaled < 0)
        {
            writer.WriteByte((byte)'-');
            unscaled = -unscaled;
        }

        Span<byte> digits = stackalloc byte[40];
        int count = Digits((UInt128)unscaled, digits);
        int scale = Scale;
        int whole = count - scale;
        if (whole <= 0)
        {
            writer.Write("0."u8[..(scale > 0 ? 2 : 1)]);
            writer.Take(scale > 0 ? -whole : 0).Fill((byte)'0');
            writer.Write(scale > 0 ? digits[..count] : default);
        }
        else
        {
            writer.Write(digits[..whole]);
            if (scale > 0)
            {
                writer.WriteByte((byte)'.');
                writer.Write(digits[whole..count]);
            }
        }
    }

    /// <summary>The decimal digits without leading zeros (none for 0).</summary>
    private static int Digits(UInt128 value, Span<byte> to)
    {
        if (value <= ulong.MaxValue)
        {
            if (value == 0)
            {
                return 0;
            }

            Utf8Formatter.TryFormat((ulong)value, to, out int written);
            return written;
        }

        (UInt128 high, UInt128 low) = UInt128.DivRem(value, 10_000_000_000_000_000_000UL);
        int count = Digits(high, to);
        ulong rest = (ulong)low;
        for (int i = count + 18; i >= count; i--)
        {
            to[i] = (byte)('0' + (rest % 10));
            rest /= 10;
        }

        return count + 19;
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        var writer = new ByteWriter(48);
        Append(writer);
        return Encoding.UTF8.GetString(writer.Written);
    }
}
