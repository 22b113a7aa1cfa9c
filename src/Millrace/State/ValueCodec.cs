// How values of one column are written inside an encoded row; the base, and the types of up to eight bytes.
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>Writes and reads one column of encoded rows. Loops run per column; nested values go value by value.</summary>
internal abstract class ValueCodec(bool exact, bool descending, bool nullsFirst)
{
    private const byte Present = 1;

    /// <summary>True when the tail is written.</summary>
    protected bool Exact { get; } = exact;

    /// <summary>All ones to invert a descending column's bytes.</summary>
    protected byte Flip { get; } = descending ? (byte)0xFF : (byte)0;

    /// <summary>The marker of a null.</summary>
    protected byte NullMarker { get; } = nullsFirst ? (byte)0 : (byte)2;

    /// <summary>True when a value may write into the tail.</summary>
    public virtual bool HasTail => false;

    /// <summary>The codec of a type.</summary>
    public static ValueCodec For(SqlType type, bool exact, bool descending = false, bool nullsFirst = false) => type.Id switch
    {
        TypeId.Boolean => new OrderedCodec<bool, BooleanBits>(exact, descending, nullsFirst),
        TypeId.SmallInt => new OrderedCodec<short, Int16Bits>(exact, descending, nullsFirst),
        TypeId.Integer or TypeId.Date => new OrderedCodec<int, Int32Bits>(exact, descending, nullsFirst),
        TypeId.BigInt or TypeId.Time or TypeId.Timestamp or TypeId.TimestampTz => new OrderedCodec<long, Int64Bits>(exact, descending, nullsFirst),
        TypeId.Real => new OrderedCodec<float, SingleBits>(exact, descending, nullsFirst),
        TypeId.Double => new OrderedCodec<double, DoubleBits>(exact, descending, nullsFirst),
        TypeId.Numeric => new NumericCodec(exact, descending, nullsFirst),
        TypeId.Interval => new IntervalCodec(exact, descending, nullsFirst),
        TypeId.Uuid => new UuidCodec(exact, descending, nullsFirst),
        TypeId.Text or TypeId.Bytea or TypeId.Jsonb or TypeId.Unknown => new BytesCodec(exact, descending, nullsFirst),
        TypeId.Array => new ArrayCodec(type, exact, descending, nullsFirst),
        TypeId.Row => new RowValueCodec(type, exact, descending, nullsFirst),
        _ => throw new BugException($"BUG: no row codec for {type}"),
    };

    /// <summary>Adds the encoded size of each row, tail included.</summary>
    public virtual void AddSizes(Column column, Span<int> sizes)
    {
        for (int i = 0; i < sizes.Length; i++)
        {
            sizes[i] += column.IsNull(i) ? 1 : 1 + Size(column, i);
        }
    }

    /// <summary>Writes each row at its cursor, which moves on; tails are written downwards from <paramref name="tails"/>.</summary>
    public virtual void Write(Column column, byte[] data, Span<int> at, int[] tails)
    {
        for (int i = 0; i < at.Length; i++)
        {
            WriteMarked(column, i, data, ref at[i], ref tails[i]);
        }
    }

    /// <summary>Appends the value that stands at <paramref name="at"/>.</summary>
    public void Read(ReadOnlySpan<byte> row, ref int at, ref int tail, ColumnBuilder into)
    {
        if (row[at++] == Present)
        {
            ReadValue(row, ref at, ref tail, into);
        }
        else
        {
            into.AppendNull();
        }
    }

    /// <summary>Writes marker and value.</summary>
    public void WriteMarked(Column column, int row, byte[] data, ref int at, ref int tail)
    {
        if (column.IsNull(row))
        {
            data[at++] = NullMarker;
        }
        else
        {
            data[at++] = Present;
            WriteValue(column, row, data, ref at, ref tail);
        }
    }

    /// <summary>Bytes of a value that is not null, without marker, with its tail.</summary>
    public abstract int Size(Column column, int row);

    /// <summary>Writes a value that is not null.</summary>
    public abstract void WriteValue(Column column, int row, byte[] data, ref int at, ref int tail);

    /// <summary>Appends a value that is not null.</summary>
    public abstract void ReadValue(ReadOnlySpan<byte> row, ref int at, ref int tail, ColumnBuilder into);
}

/// <summary>Maps values of up to eight bytes to unsigned integers of the same order.</summary>
internal interface IOrderedBits<T>
{
    /// <summary>Bytes: 1, 2, 4 or 8.</summary>
    static abstract int Width { get; }

    /// <summary>True when equal values may look different (a zero's sign).</summary>
    static abstract bool Signed0 { get; }

    /// <summary>The ordered bits.</summary>
    static abstract ulong To(T value);

    /// <summary>The value of ordered bits.</summary>
    static abstract T From(ulong bits);

    /// <summary>True for a zero, whose sign goes into the tail.</summary>
    static abstract bool IsZero(T value);

    /// <summary>True for −0.</summary>
    static abstract bool IsMinusZero(T value);

    /// <summary>−0.</summary>
    static abstract T MinusZero { get; }
}

/// <summary>Values of up to eight bytes.</summary>
internal sealed class OrderedCodec<T, TBits>(bool exact, bool descending, bool nullsFirst) : ValueCodec(exact, descending, nullsFirst)
    where T : unmanaged
    where TBits : struct, IOrderedBits<T>
{
    private readonly ulong _flip = descending ? ulong.MaxValue : 0;

    /// <inheritdoc/>
    public override bool HasTail => TBits.Signed0 && Exact;

    /// <inheritdoc/>
    public override void AddSizes(Column column, Span<int> sizes)
    {
        if (column.Validity is not null || (TBits.Signed0 && Exact))
        {
            base.AddSizes(column, sizes);
            return;
        }

        for (int i = 0; i < sizes.Length; i++)
        {
            sizes[i] += 1 + TBits.Width;
        }
    }

    /// <inheritdoc/>
    public override void Write(Column column, byte[] data, Span<int> at, int[] tails)
    {
        if (column.Validity is not null || (TBits.Signed0 && Exact))
        {
            base.Write(column, data, at, tails);
            return;
        }

        ReadOnlySpan<T> values = ((FixedColumn<T>)column).Values.AsSpan(0, at.Length);
        for (int i = 0; i < values.Length; i++)
        {
            int p = at[i];
            data[p] = 1;
            Put(data, p + 1, TBits.To(values[i]) ^ _flip);
            at[i] = p + 1 + TBits.Width;
        }
    }

    /// <inheritdoc/>
    public override int Size(Column column, int row) =>
        TBits.Width + (TBits.Signed0 && Exact && TBits.IsZero(((FixedColumn<T>)column).Values[row]) ? 1 : 0);

    /// <inheritdoc/>
    public override void WriteValue(Column column, int row, byte[] data, ref int at, ref int tail)
    {
        T value = ((FixedColumn<T>)column).Values[row];
        Put(data, at, TBits.To(value) ^ _flip);
        at += TBits.Width;
        if (TBits.Signed0 && Exact && TBits.IsZero(value))
        {
            data[--tail] = TBits.IsMinusZero(value) ? (byte)1 : (byte)0;
        }
    }

    /// <inheritdoc/>
    public override void ReadValue(ReadOnlySpan<byte> row, ref int at, ref int tail, ColumnBuilder into)
    {
        ReadOnlySpan<byte> bytes = row.Slice(at, TBits.Width);
        ulong bits = TBits.Width switch
        {
            1 => bytes[0],
            2 => BinaryPrimitives.ReadUInt16BigEndian(bytes),
            4 => BinaryPrimitives.ReadUInt32BigEndian(bytes),
            _ => BinaryPrimitives.ReadUInt64BigEndian(bytes),
        };
        T value = TBits.From(bits ^ (_flip >> (64 - (8 * TBits.Width))));
        at += TBits.Width;
        if (TBits.Signed0 && Exact && TBits.IsZero(value) && row[--tail] == 1)
        {
            value = TBits.MinusZero;
        }

        ((FixedBuilder<T>)into).Append(value);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(byte[] data, int at, ulong bits)
    {
        Span<byte> to = data.AsSpan(at, TBits.Width);
        switch (TBits.Width)
        {
            case 1: to[0] = (byte)bits; break;
            case 2: BinaryPrimitives.WriteUInt16BigEndian(to, (ushort)bits); break;
            case 4: BinaryPrimitives.WriteUInt32BigEndian(to, (uint)bits); break;
            default: BinaryPrimitives.WriteUInt64BigEndian(to, bits); break;
        }
    }
}

internal readonly struct BooleanBits : IOrderedBits<bool>
{
    public static int Width => 1;

    public static bool Signed0 => false;

    public static bool MinusZero => false;

    public static ulong To(bool value) => value ? 1UL : 0;

    public static bool From(ulong bits) => bits != 0;

    public static bool IsZero(bool value) => false;

    public static bool IsMinusZero(bool value) => false;
}

internal readonly struct Int16Bits : IOrderedBits<short>
{
    public static int Width => 2;

    public static bool Signed0 => false;

    public static short MinusZero => 0;

    public static ulong To(short value) => (ushort)(value ^ short.MinValue);

    public static short From(ulong bits) => (short)((short)bits ^ short.MinValue);

    public static bool IsZero(short value) => false;

    public static bool IsMinusZero(short value) => false;
}

internal readonly struct Int32Bits : IOrderedBits<int>
{
    public static int Width => 4;

    public static bool Signed0 => false;

    public static int MinusZero => 0;

    public static ulong To(int value) => (uint)(value ^ int.MinValue);

    public static int From(ulong bits) => (int)bits ^ int.MinValue;

    public static bool IsZero(int value) => false;

    public static bool IsMinusZero(int value) => false;
}

internal readonly struct Int64Bits : IOrderedBits<long>
{
    public static int Width => 8;

    public static bool Signed0 => false;

    public static long MinusZero => 0;

    public static ulong To(long value) => (ulong)(value ^ long.MinValue);

    public static long From(ulong bits) => (long)bits ^ long.MinValue;

    public static bool IsZero(long value) => false;

    public static bool IsMinusZero(long value) => false;
}

internal readonly struct SingleBits : IOrderedBits<float>
{
    public static int Width => 4;

    public static bool Signed0 => true;

    public static float MinusZero => -0.0f;

    // Positive floats order as their bits, negative ones the other way round. PostgreSQL puts NaN above infinity.
    public static ulong To(float value)
    {
        if (float.IsNaN(value))
        {
            return uint.MaxValue;
        }

        uint bits = BitConverter.SingleToUInt32Bits(value == 0 ? 0f : value);
        return bits >= 0x8000_0000 ? (uint)~bits : bits | 0x8000_0000;
    }

    public static float From(ulong bits)
    {
        uint b = (uint)bits;
        return b == uint.MaxValue ? float.NaN : BitConverter.UInt32BitsToSingle(b >= 0x8000_0000 ? b & 0x7FFF_FFFF : ~b);
    }

    public static bool IsZero(float value) => value == 0;

    public static bool IsMinusZero(float value) => value == 0 && float.IsNegative(value);
}

internal readonly struct DoubleBits : IOrderedBits<double>
{
    public static int Width => 8;

    public static bool Signed0 => true;

    public static double MinusZero => -0.0;

    public static ulong To(double value)
    {
        if (double.IsNaN(value))
        {
            return ulong.MaxValue;
        }

        ulong bits = BitConverter.DoubleToUInt64Bits(value == 0 ? 0d : value);
        return bits >= 1UL << 63 ? ~bits : bits | (1UL << 63);
    }

    public static double From(ulong bits) =>
        bits == ulong.MaxValue ? double.NaN : BitConverter.UInt64BitsToDouble(bits >= 1UL << 63 ? bits & ~(1UL << 63) : ~bits);

    public static bool IsZero(double value) => value == 0;

    public static bool IsMinusZero(double value) => value == 0 && double.IsNegative(value);
}
