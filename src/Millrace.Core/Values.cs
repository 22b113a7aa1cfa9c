// CLR representations of the SQL types that .NET has no unmanaged value for.
using System.Runtime.InteropServices;
using System.Text;

namespace Millrace.Core;

/// <summary>interval as PostgreSQL keeps it: months, days and microseconds apart, since none converts into another exactly.</summary>
/// <param name="Months">Months (12 a year).</param>
/// <param name="Days">Days.</param>
/// <param name="Micros">Microseconds.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly partial record struct Interval(int Months, int Days, long Micros);

/// <summary>uuid: 128 bits, big-endian order, so that comparing (Hi, Lo) compares the text form.</summary>
/// <param name="Hi">The first eight bytes.</param>
/// <param name="Lo">The last eight bytes.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly partial record struct Uuid(ulong Hi, ulong Lo) : IComparable<Uuid>
{
    /// <inheritdoc/>
    public int CompareTo(Uuid other) => Hi != other.Hi ? Hi.CompareTo(other.Hi) : Lo.CompareTo(other.Lo);
}

/// <summary>A run of bytes inside a buffer: the scalar form of text (UTF-8), bytea and jsonb. Valid as long as its buffer is.</summary>
/// <param name="Buffer">The buffer it lies in.</param>
/// <param name="Offset">First byte.</param>
/// <param name="Length">Length in bytes.</param>
public readonly record struct ByteSlice(byte[] Buffer, int Offset, int Length)
{
    /// <summary>No bytes.</summary>
    public static readonly ByteSlice Empty = new([], 0, 0);

    /// <summary>The bytes.</summary>
    public ReadOnlySpan<byte> Span => new(Buffer, Offset, Length);

    /// <summary>A slice over the UTF-8 bytes of <paramref name="text"/>, newly allocated.</summary>
    public static ByteSlice From(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        return new ByteSlice(bytes, 0, bytes.Length);
    }

    /// <summary>A slice over all of <paramref name="bytes"/>.</summary>
    public static ByteSlice From(byte[] bytes) => new(bytes, 0, bytes.Length);

    /// <summary>Byte-wise equality.</summary>
    public bool Equals(ByteSlice other) => Span.SequenceEqual(other.Span);

    /// <inheritdoc/>
    public override int GetHashCode() => (int)KeyHash.Of(Span);

    /// <summary>The bytes read as UTF-8.</summary>
    public override string ToString() => Encoding.UTF8.GetString(Span);
}

/// <summary>A run of elements of a column: the scalar form of an array. Valid as long as its column is.</summary>
/// <param name="Elements">The column that holds the elements.</param>
/// <param name="Start">Index of the first element.</param>
/// <param name="Count">Number of elements.</param>
public readonly record struct ListSlice(Column Elements, int Start, int Count);

/// <summary>One row of a set of columns: the scalar form of a row value. Valid as long as its columns are.</summary>
/// <param name="Fields">The columns, one a field.</param>
/// <param name="Index">The row.</param>
public readonly record struct RowSlice(Column[] Fields, int Index);
