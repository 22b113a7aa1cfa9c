// A typed vector of values with a validity bitmap, in Arrow's layout where it fits.
using System.Runtime.CompilerServices;

namespace Millrace.Core;

/// <summary>
/// A typed vector. The arrays are public so that loops run over them directly: an array may be longer than <see cref="Length"/>, and slots of
/// null rows hold any value. A column is read-only for everybody but the builder that made it.
/// </summary>
public abstract class Column
{
    private protected Column(SqlType type) => Type = type;

    /// <summary>The data type of every value.</summary>
    public SqlType Type { get; }

    /// <summary>Number of rows.</summary>
    public int Length { get; internal set; }

    /// <summary>Bit i of word i / 64 is set when row i is not null; null when no row is null.</summary>
    public ulong[]? Validity { get; internal set; }

    /// <summary>True when it is known that every row holds the value of the first, and none is null: loops may look at one row for all.</summary>
    public bool IsConstant { get; init; }

    /// <summary>The first <paramref name="rows"/> rows over the same arrays; knows what this one knows.</summary>
    public abstract Column Prefix(int rows);

    /// <summary>True when row <paramref name="row"/> is null.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsNull(int row) => Validity is { } v && (v[row >> 6] >> row & 1) == 0;

    /// <summary>Memory held, in bytes.</summary>
    public abstract long Bytes { get; }

    /// <summary>A builder for columns of this type.</summary>
    public ColumnBuilder NewBuilder() => ColumnBuilder.For(Type);

    /// <summary>An empty column of type <paramref name="type"/>.</summary>
    public static Column Empty(SqlType type) => ColumnBuilder.For(type).ToColumn();

    private protected long ValidityBytes => (Validity?.Length ?? 0) * 8L;
}

/// <summary>A column of fixed-size values.</summary>
/// <typeparam name="T">The CLR representation that <see cref="TypeId"/> names.</typeparam>
public sealed class FixedColumn<T> : Column
    where T : unmanaged
{
    /// <summary>Wraps ready arrays without copying them.</summary>
    public FixedColumn(SqlType type, T[] values, int length, ulong[]? validity = null)
        : base(type)
    {
        Values = values;
        Length = length;
        Validity = validity;
    }

    /// <summary>The values; at least <see cref="Column.Length"/> of them.</summary>
    public T[] Values { get; internal set; }

    /// <inheritdoc/>
    public override Column Prefix(int rows) => new FixedColumn<T>(Type, Values, rows, Validity) { IsConstant = IsConstant };

    /// <inheritdoc/>
    public override long Bytes => (long)Values.Length * Unsafe.SizeOf<T>() + ValidityBytes;
}

/// <summary>
/// A column of byte strings: text, bytea, jsonb. Row i is Data[Offsets[i] .. Offsets[i + 1]]. A column made of codes writes its rows out when somebody first asks
/// for <see cref="Offsets"/> or <see cref="Data"/>; whoever wants single rows gets them without.
/// </summary>
public sealed class BytesColumn : Column
{
    // Null until rows are written out. Two threads may do it at once: both write the same, and either's arrays go with the other's.
    private int[]? _offsets;
    private byte[]? _data;

    /// <summary>Wraps ready arrays without copying them.</summary>
    public BytesColumn(SqlType type, int[] offsets, byte[] data, int length, ulong[]? validity = null)
        : base(type)
    {
        _offsets = offsets;
        _data = data;
        Length = length;
        Validity = validity;
    }

    private BytesColumn(SqlType type, int length, ulong[]? validity)
        : base(type)
    {
        Length = length;
        Validity = validity;
    }

    /// <summary>Length + 1 ascending offsets into <see cref="Data"/>; the first is 0.</summary>
    public int[] Offsets
    {
        get => _offsets ?? WriteOut().Offsets;
        internal set => _offsets = value;
    }

    /// <summary>The bytes of all rows, one after the other.</summary>
    public byte[] Data
    {
        get => _data ?? WriteOut().Data;
        internal set => _data = value;
    }

    /// <inheritdoc/>
    public override Column Prefix(int rows) =>
        new BytesColumn(Type, rows, Validity) { IsConstant = IsConstant, Coded = Coded, _offsets = _offsets, _data = _data };

    /// <inheritdoc/>
    public override long Bytes => ((_offsets?.Length ?? 0) * 4L) + (_data?.Length ?? 0) + ValidityBytes + (Coded?.Bytes ?? 0);

    /// <summary>
    /// The values as codes into a few distinct ones, when whoever made the column knew them: memory and log keep that shorter form. Null when nobody did.
    /// </summary>
    public CodedText? Coded { get; init; }

    /// <summary>True when there are codes and nobody has asked yet for the rows written out.</summary>
    public bool IsOnlyCoded => _offsets is null;

    /// <summary>Makes a column from distinct values and a code for each row.</summary>
    /// <param name="values">The distinct values, none null.</param>
    /// <param name="codes">For each row which of the values it has; for null rows any code. Kept.</param>
    /// <param name="length">Rows.</param>
    /// <param name="validity">As in <see cref="Column.Validity"/>.</param>
    /// <exception cref="SqlException">54000 when the column would exceed 2 GiB.</exception>
    public static BytesColumn FromCodes(BytesColumn values, int[] codes, int length, ulong[]? validity = null)
    {
        var column = new BytesColumn(values.Type, length, validity) { Coded = new CodedText(values, codes) };
        if ((long)length * values.Offsets[values.Length] > Array.MaxLength && column.BytesOf(0, length) > Array.MaxLength)
        {
            throw new SqlException("54000", "one batch holds at most 2 GiB of text a column", hint: "send smaller batches");
        }

        return column;
    }

    /// <summary>The same rows; what is written out for readers of this one is not kept by it.</summary>
    internal BytesColumn Unread() => Coded is null ? this : new BytesColumn(Type, Length, Validity) { IsConstant = IsConstant, Coded = Coded };

    /// <summary>Bytes of the values of some rows; null ones have none.</summary>
    internal long BytesOf(int start, int count)
    {
        if (_offsets is { } known)
        {
            return known[start + count] - known[start];
        }

        long bytes = 0;
        int[] codes = Coded!.Codes;
        int[] ends = Coded.Values.Offsets;
        for (int row = start; row < start + count; row++)
        {
            bytes += IsNull(row) ? 0 : ends[codes[row] + 1] - ends[codes[row]];
        }

        return bytes;
    }

    /// <summary>The bytes of row <paramref name="row"/>; of a null row any.</summary>
    public ReadOnlySpan<byte> Span(int row) =>
        _offsets is { } offsets ? Data.AsSpan(offsets[row], offsets[row + 1] - offsets[row]) : Coded!.Values.Span(Coded.Codes[row]);

    /// <summary>The value of row <paramref name="row"/> as a slice of the array it lies in.</summary>
    public ByteSlice Slice(int row) =>
        _offsets is { } offsets ? new(Data, offsets[row], offsets[row + 1] - offsets[row]) : Coded!.Values.Slice(Coded.Codes[row]);

    private (int[] Offsets, byte[] Data) WriteOut()
    {
        int[] codes = Coded!.Codes;
        int[] from = Coded.Values.Offsets;
        byte[] source = Coded.Values.Data;
        int[] offsets = GC.AllocateUninitializedArray<int>(Length + 1);
        int end = 0;
        offsets[0] = 0;
        for (int row = 0; row < Length; row++)
        {
            end += IsNull(row) ? 0 : from[codes[row] + 1] - from[codes[row]];
            offsets[row + 1] = end;
        }

        byte[] data = GC.AllocateUninitializedArray<byte>(end);
        for (int row = 0; row < Length; row++)
        {
            int count = offsets[row + 1] - offsets[row];
            if (count > 0)
            {
                source.AsSpan(from[codes[row]], count).CopyTo(data.AsSpan(offsets[row]));
            }
        }

        _data = data;
        _offsets = offsets;
        return (offsets, data);
    }
}

/// <summary>A column of arrays. Row i holds elements Offsets[i] .. Offsets[i + 1] of <see cref="Elements"/>.</summary>
public sealed class ListColumn : Column
{
    /// <summary>Wraps ready arrays without copying them.</summary>
    public ListColumn(SqlType type, int[] offsets, Column elements, int length, ulong[]? validity = null)
        : base(type)
    {
        Offsets = offsets;
        Elements = elements;
        Length = length;
        Validity = validity;
    }

    /// <summary>Length + 1 ascending offsets into <see cref="Elements"/>; the first is 0.</summary>
    public int[] Offsets { get; internal set; }

    /// <summary>The elements of all rows, one after the other.</summary>
    public Column Elements { get; internal set; }

    /// <inheritdoc/>
    public override Column Prefix(int rows) => new ListColumn(Type, Offsets, Elements, rows, Validity);

    /// <inheritdoc/>
    public override long Bytes => Offsets.Length * 4L + Elements.Bytes + ValidityBytes;
}

/// <summary>A column of rows: one column a field.</summary>
public sealed class RowColumn : Column
{
    /// <summary>Wraps ready columns without copying them.</summary>
    public RowColumn(SqlType type, Column[] fields, int length, ulong[]? validity = null)
        : base(type)
    {
        Fields = fields;
        Length = length;
        Validity = validity;
    }

    /// <summary>The columns of the fields, each of this column's length.</summary>
    public Column[] Fields { get; internal set; }

    /// <inheritdoc/>
    public override Column Prefix(int rows) => new RowColumn(Type, [.. Fields.Select(f => f.Prefix(rows))], rows, Validity);

    /// <inheritdoc/>
    public override long Bytes => Fields.Sum(f => f.Bytes) + ValidityBytes;
}
