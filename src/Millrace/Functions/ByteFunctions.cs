// Parts and bits of bytea.
using System.Numerics;
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>Positions of parts count from 1, numbers of bytes and bits from 0.</summary>
internal static class ByteFunctions
{
    public static void Register(FunctionRegistry r)
    {
        r.Group("Hashes and encodings");
        r.F("substring(bytea, int4) bytea", (ByteSlice b, int from) => Part(b, from, int.MaxValue), "The bytes from a position on", "substring('\\x010203'::bytea, 2) → \\x0203");
        r.F("substring(bytea, int4, int4) bytea", Part, "A part of the bytes", "substring('\\x010203'::bytea, 2, 1) → \\x02");
        r.F("substr(bytea, int4) bytea", (ByteSlice b, int from) => Part(b, from, int.MaxValue), "The bytes from a position on", "substr('\\x010203'::bytea, 2) → \\x0203");
        r.F("substr(bytea, int4, int4) bytea", Part, "A part of the bytes", "substr('\\x010203'::bytea, 2, 1) → \\x02");
        r.F("strpos(bytea, bytea) int4", (ByteSlice b, ByteSlice part) => b.Span.IndexOf(part.Span) + 1, "Where the second starts in the first; 0 for nowhere",
            "position('\\x02'::bytea IN '\\x0102'::bytea) → 2");
        r.F("bit_count(bytea) int8", (ByteSlice b) => Bits(b.Span), "Number of bits set", "bit_count('\\xff01'::bytea) → 9");
        r.F("get_bit(bytea, int8) int4", (ByteSlice b, long n) => (b.Span[At(b, n, 8)] >> (int)(n % 8)) & 1, "One bit", "get_bit('\\x02'::bytea, 1) → 1");
        r.F("set_bit(bytea, int8, int4) bytea", SetBit, "With one bit set or cleared", "set_bit('\\x00'::bytea, 3, 1) → \\x08");
        r.F("set_byte(bytea, int4, int4) bytea", SetByte, "With one byte replaced", "set_byte('\\x0102'::bytea, 0, 9) → \\x0902");
    }

    private static ByteSlice Part(ByteSlice b, int from, int count)
    {
        if (count < 0)
        {
            throw new SqlException("22011", "negative substring length not allowed");
        }

        long end = Math.Min((long)from + count, b.Length + 1L);
        int first = Math.Max(from, 1);
        return end <= first ? ByteSlice.Empty : b.Part(first - 1, (int)(end - first));
    }

    private static long Bits(ReadOnlySpan<byte> bytes)
    {
        long count = 0;
        foreach (byte b in bytes)
        {
            count += BitOperations.PopCount(b);
        }

        return count;
    }

    private static int At(ByteSlice b, long n, int perByte) => n >= 0 && n < (long)b.Length * perByte
        ? (int)(n / perByte)
        : throw new SqlException("2202E", $"index {n} out of valid range, 0..{((long)b.Length * perByte) - 1}");

    private static ByteSlice SetBit(ByteSlice b, long n, int value, EvalContext context)
    {
        if (value is not (0 or 1))
        {
            throw new SqlException("22023", "new bit must be 0 or 1");
        }

        int at = At(b, n, 8);
        ByteSlice copy = context.Scratch.Copy(b.Span);
        ref byte changed = ref copy.Buffer[copy.Offset + at];
        changed = (byte)(value == 1 ? changed | (1 << (int)(n % 8)) : changed & ~(1 << (int)(n % 8)));
        return copy;
    }

    private static ByteSlice SetByte(ByteSlice b, int n, int value, EvalContext context)
    {
        int at = At(b, n, 1);
        ByteSlice copy = context.Scratch.Copy(b.Span);
        copy.Buffer[copy.Offset + at] = (byte)value;
        return copy;
    }
}
