// Row encoding of the fixed-size types beyond eight bytes: uuid, interval, numeric.
using System.Buffers.Binary;
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>uuid: its 16 bytes.</summary>
internal sealed class UuidCodec(bool exact, bool descending, bool nullsFirst) : ValueCodec(exact, descending, nullsFirst)
{
    private readonly ulong _flip = descending ? ulong.MaxValue : 0;

    /// <inheritdoc/>
    public override int Size(Column column, int row) => 16;

    /// <inheritdoc/>
    public override void WriteValue(Column column, int row, byte[] data, ref int at, ref int tail)
    {
        Uuid value = ((FixedColumn<Uuid>)column).Values[row];
        BinaryPrimitives.WriteUInt64BigEndian(data.AsSpan(at, 8), value.Hi ^ _flip);
        BinaryPrimitives.WriteUInt64BigEndian(data.AsSpan(at + 8, 8), value.Lo ^ _flip);
        at += 16;
    }

    /// <inheritdoc/>
    public override void ReadValue(ReadOnlySpan<byte> row, ref int at, ref int tail, ColumnBuilder into)
    {
        ulong hi = BinaryPrimitives.ReadUInt64BigEndian(row.Slice(at, 8)) ^ _flip;
        ulong lo = BinaryPrimitives.ReadUInt64BigEndian(row.Slice(at + 8, 8)) ^ _flip;
        at += 16;
        ((FixedBuilder<Uuid>)into).Append(new Uuid(hi, lo));
    }
}

/// <summary>interval: its length with 30-day months in 12 bytes, as PostgreSQL compares; months and days go into the tail.</summary>
internal sealed class IntervalCodec(bool exact, bool descending, bool nullsFirst) : ValueCodec(exact, descending, nullsFirst)
{
    private const long DayMicros = 86_400_000_000;

    /// <inheritdoc/>
    public override bool HasTail => Exact;

    /// <inheritdoc/>
    public override int Size(Column column, int row) => Exact ? 20 : 12;

    /// <inheritdoc/>
    public override void WriteValue(Column column, int row, byte[] data, ref int at, ref int tail)
    {
        Interval value = ((FixedColumn<Interval>)column).Values[row];
        Int128 span = Span(value);
        Span<byte> to = data.AsSpan(at, 12);
        BinaryPrimitives.WriteUInt32BigEndian(to, (uint)(int)(span >> 64) ^ 0x8000_0000);
        BinaryPrimitives.WriteUInt64BigEndian(to[4..], (ulong)span);
        Invert(to);
        at += 12;
        if (Exact)
        {
            tail -= 8;
            BinaryPrimitives.WriteInt32LittleEndian(data.AsSpan(tail, 4), value.Months);
            BinaryPrimitives.WriteInt32LittleEndian(data.AsSpan(tail + 4, 4), value.Days);
        }
    }

    /// <inheritdoc/>
    public override void ReadValue(ReadOnlySpan<byte> row, ref int at, ref int tail, ColumnBuilder into)
    {
        Span<byte> bytes = stackalloc byte[12];
        row.Slice(at, 12).CopyTo(bytes);
        Invert(bytes);
        at += 12;
        uint high = BinaryPrimitives.ReadUInt32BigEndian(bytes) ^ 0x8000_0000;
        Int128 span = ((Int128)(int)high << 64) | BinaryPrimitives.ReadUInt64BigEndian(bytes[4..]);
        int months;
        int days;
        if (Exact)
        {
            tail -= 8;
            months = BinaryPrimitives.ReadInt32LittleEndian(row.Slice(tail, 4));
            days = BinaryPrimitives.ReadInt32LittleEndian(row.Slice(tail + 4, 4));
        }
        else
        {
            months = (int)(span / (30 * DayMicros));
            days = (int)((span - ((Int128)months * 30 * DayMicros)) / DayMicros);
        }

        long micros = (long)(span - ((((Int128)months * 30) + days) * DayMicros));
        ((FixedBuilder<Interval>)into).Append(new Interval(months, days, micros));
    }

    private static Int128 Span(Interval value) => ((((Int128)value.Months * 30) + value.Days) * DayMicros) + value.Micros;

    private void Invert(Span<byte> bytes)
    {
        if (Flip != 0)
        {
            foreach (ref byte b in bytes)
            {
                b = (byte)~b;
            }
        }
    }
}

/// <summary>
/// numeric: two bytes of sign and decimal exponent, then the first 18 significant digits left-aligned in eight bytes, whose lowest bit says that
/// the other 18 follow in eight more. Zero and NaN are two bytes. The scale goes into the tail.
/// </summary>
internal sealed class NumericCodec(bool exact, bool descending, bool nullsFirst) : ValueCodec(exact, descending, nullsFirst)
{
    private const ushort Zero = 0x8000;
    private const ushort NotANumber = 0xFFFF;
    private const int Bias = 1000;
    private const ulong Half = 1_000_000_000_000_000_000; // 10^18
    private static readonly UInt128[] s_powers = Powers();

    private readonly ulong _flip = descending ? ulong.MaxValue : 0;

    /// <inheritdoc/>
    public override bool HasTail => Exact;

    /// <inheritdoc/>
    public override int Size(Column column, int row)
    {
        (ushort head, _, ulong lo) = Split(((FixedColumn<Numeric>)column).Values[row]);
        return (Exact ? 1 : 0) + (head is Zero or NotANumber ? 2 : lo == 0 ? 10 : 18);
    }

    /// <inheritdoc/>
    public override void WriteValue(Column column, int row, byte[] data, ref int at, ref int tail)
    {
        Numeric value = ((FixedColumn<Numeric>)column).Values[row];
        (ushort head, ulong hi, ulong lo) = Split(value);
        BinaryPrimitives.WriteUInt16BigEndian(data.AsSpan(at, 2), (ushort)(head ^ (ushort)_flip));
        at += 2;
        if (head is not (Zero or NotANumber))
        {
            ulong flip = head < Zero ? ~_flip : _flip;
            BinaryPrimitives.WriteUInt64BigEndian(data.AsSpan(at, 8), ((hi << 1) | (lo == 0 ? 0UL : 1)) ^ flip);
            at += 8;
            if (lo != 0)
            {
                BinaryPrimitives.WriteUInt64BigEndian(data.AsSpan(at, 8), lo ^ flip);
                at += 8;
            }
        }

        if (Exact)
        {
            data[--tail] = value.IsNaN ? (byte)0 : (byte)value.Scale;
        }
    }

    /// <inheritdoc/>
    public override void ReadValue(ReadOnlySpan<byte> row, ref int at, ref int tail, ColumnBuilder into)
    {
        ushort head = (ushort)(BinaryPrimitives.ReadUInt16BigEndian(row.Slice(at, 2)) ^ (ushort)_flip);
        at += 2;
        ulong hi = 0;
        ulong lo = 0;
        bool negative = head < Zero;
        if (head is not (Zero or NotANumber))
        {
            ulong flip = negative ? ~_flip : _flip;
            hi = BinaryPrimitives.ReadUInt64BigEndian(row.Slice(at, 8)) ^ flip;
            at += 8;
            if ((hi & 1) != 0)
            {
                lo = BinaryPrimitives.ReadUInt64BigEndian(row.Slice(at, 8)) ^ flip;
                at += 8;
            }

            hi >>= 1;
        }

        int scale = Exact ? row[--tail] : -1;
        int exponent = negative ? 0x7FFF - head - Bias : head - Zero - 1 - Bias;
        Numeric value = head == NotANumber ? Numeric.NaN : head == Zero ? Numeric.Create(0, Math.Max(0, scale)) : Join(hi, lo, exponent, scale, negative);
        ((FixedBuilder<Numeric>)into).Append(value);
    }

    // 0.d1d2d3… × 10^exponent with 36 digits: the head orders sign and exponent, hi and lo are the upper and lower 18 digits.
    private static (ushort Head, ulong Hi, ulong Lo) Split(Numeric value)
    {
        if (value.IsNaN)
        {
            return (NotANumber, 0, 0);
        }

        Int128 unscaled = value.Unscaled;
        if (unscaled == 0)
        {
            return (Zero, 0, 0);
        }

        bool negative = unscaled < 0;
        var magnitude = (UInt128)(negative ? -unscaled : unscaled);
        int digits = Digits(magnitude);
        int exponent = digits - value.Scale;
        ushort head = (ushort)(negative ? 0x7FFF - (exponent + Bias) : Zero + 1 + exponent + Bias);
        if (digits <= 18)
        {
            return (head, (ulong)magnitude * (ulong)s_powers[18 - digits], 0);
        }

        (UInt128 hi, UInt128 lo) = UInt128.DivRem(magnitude * s_powers[36 - digits], Half);
        return (head, (ulong)hi, (ulong)lo);
    }

    private static Numeric Join(ulong hi, ulong lo, int exponent, int scale, bool negative)
    {
        UInt128 digits = ((UInt128)hi * Half) + lo;
        if (scale < 0)
        {
            // The fewest digits after the point that hold the value.
            scale = 36 - exponent;
            while (scale > 0 && digits % 10 == 0)
            {
                digits /= 10;
                scale--;
            }

            if (scale < 0)
            {
                digits *= s_powers[-scale];
                scale = 0;
            }
        }
        else
        {
            int shift = 36 - exponent - scale;
            digits = shift >= 0 ? digits / s_powers[shift] : digits * s_powers[-shift];
        }

        return Numeric.Create(negative ? -(Int128)digits : (Int128)digits, scale);
    }

    private static int Digits(UInt128 value)
    {
        int digits = 1;
        if (value <= ulong.MaxValue)
        {
            ulong small = (ulong)value;
            while (digits < 20 && small >= (ulong)s_powers[digits])
            {
                digits++;
            }

            return digits;
        }

        digits = 20;
        while (digits < 37 && value >= s_powers[digits])
        {
            digits++;
        }

        return digits;
    }

    private static UInt128[] Powers()
    {
        var powers = new UInt128[38];
        powers[0] = 1;
        for (int i = 1; i < powers.Length; i++)
        {
            powers[i] = powers[i - 1] * 10;
        }

        return powers;
    }
}
