// Grows a column; reused from batch to batch so that steady state allocates nothing.
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Millrace.Core;

/// <summary>
/// Grows a column value by value or in bulk. <see cref="View"/> lends the current content without copying (valid until the next change of the
/// builder); <see cref="ToColumn"/> copies it into arrays of exact size. <see cref="Reset"/> keeps the capacity.
/// </summary>
public abstract class ColumnBuilder
{
    private protected ColumnBuilder(SqlType type) => Type = type;

    /// <summary>The data type built.</summary>
    public SqlType Type { get; }

    /// <summary>Rows so far.</summary>
    public int Count { get; private protected set; }

    /// <summary>Validity words; meaningful only while <see cref="HasNulls"/>. Bits at or beyond <see cref="Count"/> are undefined.</summary>
    private protected ulong[] Valid { get; set; } = [];

    /// <summary>True once a null has been appended since the last reset.</summary>
    public bool HasNulls { get; private protected set; }

    /// <summary>A builder for columns of type <paramref name="type"/>.</summary>
    public static ColumnBuilder For(SqlType type) => type.Id switch
    {
        TypeId.Boolean => new FixedBuilder<bool>(type),
        TypeId.SmallInt => new FixedBuilder<short>(type),
        TypeId.Integer or TypeId.Date => new FixedBuilder<int>(type),
        TypeId.BigInt or TypeId.Time or TypeId.Timestamp or TypeId.TimestampTz => new FixedBuilder<long>(type),
        TypeId.Real => new FixedBuilder<float>(type),
        TypeId.Double => new FixedBuilder<double>(type),
        TypeId.Numeric => new FixedBuilder<Numeric>(type),
        TypeId.Interval => new FixedBuilder<Interval>(type),
        TypeId.Uuid => new FixedBuilder<Uuid>(type),
        TypeId.Text or TypeId.Bytea or TypeId.Jsonb or TypeId.Unknown => new BytesBuilder(type),
        TypeId.Array => new ListBuilder(type),
        TypeId.Row => new RowBuilder(type),
        _ => throw new BugException($"BUG: no builder for {type}"),
    };

    /// <summary>Several columns one after the other; text that all of them know as codes stays codes.</summary>
    public static Column Join(SqlType type, IReadOnlyList<Column> parts)
    {
        if (parts.All(p => p is BytesColumn { Coded: not null }) && CodedText.JoinColumns([.. parts.Cast<BytesColumn>()]) is { } coded)
        {
            return coded;
        }

        ColumnBuilder builder = For(type);
        builder.Expect(parts.Sum(p => p.Length));
        (builder as BytesBuilder)?.ExpectBytes(parts.Sum(p => ((BytesColumn)p).BytesOf(0, p.Length)));
        foreach (Column part in parts)
        {
            builder.AppendRange(part, 0, part.Length);
        }

        return builder.Share();
    }

    /// <summary>Appends a null row.</summary>
    public abstract void AppendNull();

    /// <summary>Appends row <paramref name="row"/> of <paramref name="source"/>, a column of the same representation.</summary>
    public abstract void AppendFrom(Column source, int row);

    /// <summary>Appends rows start .. start + count of <paramref name="source"/>.</summary>
    public abstract void AppendRange(Column source, int start, int count);

    /// <summary>Appends the given rows of <paramref name="source"/>, in that order.</summary>
    public abstract void AppendRows(Column source, ReadOnlySpan<int> rows);

    /// <summary>Says that so many rows more are likely to come: room for just these is made at once.</summary>
    /// <param name="rows">A guess.</param>
    public virtual void Expect(int rows)
    {
    }

    /// <summary>Lends the content; valid until the builder changes.</summary>
    public abstract Column View();

    /// <summary>Gives the content away, without copying it where the arrays are mostly full. The builder must not be used again.</summary>
    public virtual Column Detach() => ToColumn();

    /// <summary>Copies the content into a column of its own.</summary>
    public abstract Column ToColumn();

    /// <summary>
    /// A column over the builder's own arrays that stays valid while rows are only appended: values of rows already counted never change, and a
    /// grown array leaves the old one behind. Only for builders that are never reset or truncated.
    /// </summary>
    internal abstract Column Share();

    /// <summary>Empties the builder and keeps its memory.</summary>
    public virtual void Reset()
    {
        Count = 0;
        HasNulls = false;
    }

    /// <summary>Takes back rows from the end, so that <paramref name="count"/> remain: a door drops a half-read bad row this way.</summary>
    public abstract void TruncateTo(int count);

    /// <summary>Marks row <paramref name="row"/>, already counted or about to be, as null.</summary>
    public void SetNull(int row)
    {
        if (!HasNulls)
        {
            HasNulls = true;
            Array.Fill(Valid, ulong.MaxValue);
        }

        EnsureValid(row + 1);
        Valid[row >> 6] &= ~(1UL << row);
    }

    private protected void EnsureValid(int rows)
    {
        int words = (rows + 63) >> 6;
        if (Valid.Length < words)
        {
            ulong[] grown = new ulong[Math.Max(words, Math.Max(Valid.Length * 2, 4))];
            Valid.CopyTo(grown, 0);
            Array.Fill(grown, ulong.MaxValue, Valid.Length, grown.Length - Valid.Length);
            Valid = grown;
        }
    }

    private protected void MarkValid(int row)
    {
        if (HasNulls)
        {
            EnsureValid(row + 1);
            Valid[row >> 6] |= 1UL << row;
        }
    }

    // The rows behind Count, about to be counted.
    private protected void MarkRowsValid(int rows)
    {
        if (!HasNulls)
        {
            return;
        }

        EnsureValid(Count + rows);
        for (int row = Count; row < Count + rows;)
        {
            if ((row & 63) == 0 && row + 64 <= Count + rows)
            {
                Valid[row >> 6] = ulong.MaxValue;
                row += 64;
            }
            else
            {
                Valid[row >> 6] |= 1UL << row;
                row++;
            }
        }
    }

    private protected void CopyValidity(Column source, int start, int count)
    {
        if (source.Validity is null)
        {
            MarkRowsValid(count);
            return;
        }

        for (int i = 0; i < count; i++)
        {
            if (source.IsNull(start + i))
            {
                SetNull(Count + i);
            }
            else
            {
                MarkValid(Count + i);
            }
        }
    }

    private protected void CopyValidity(Column source, ReadOnlySpan<int> rows)
    {
        if (source.Validity is null && !HasNulls)
        {
            return;
        }

        for (int i = 0; i < rows.Length; i++)
        {
            if (source.IsNull(rows[i]))
            {
                SetNull(Count + i);
            }
            else
            {
                MarkValid(Count + i);
            }
        }
    }

    private protected ulong[]? ViewValidity()
    {
        if (!HasNulls)
        {
            return null;
        }

        EnsureValid(Count);
        return Valid;
    }

    private protected ulong[]? CopyOfValidity() => HasNulls ? ViewValidity()!.AsSpan(0, (Count + 63) >> 6).ToArray() : null;

    private protected static T[] Grow<T>(T[] array, int needed)
    {
        if (array.Length >= needed)
        {
            return array;
        }

        T[] grown = GC.AllocateUninitializedArray<T>((int)Math.Min(Array.MaxLength, Math.Max(BitOperations.RoundUpToPowerOf2((uint)needed), 16u)));
        array.AsSpan().CopyTo(grown);
        return grown;
    }
}

/// <summary>Builds a <see cref="FixedColumn{T}"/>.</summary>
/// <typeparam name="T">The CLR representation.</typeparam>
public sealed class FixedBuilder<T> : ColumnBuilder
    where T : unmanaged
{
    private readonly FixedColumn<T> _view;

    internal FixedBuilder(SqlType type)
        : base(type) => _view = new FixedColumn<T>(type, [], 0);

    /// <summary>The values so far; write into it after <see cref="Reserve"/>.</summary>
    public T[] Values { get; private set; } = [];

    /// <summary>Appends a value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Append(T value)
    {
        if (Count == Values.Length)
        {
            Values = Grow(Values, Count + 1);
        }

        MarkValid(Count);
        Values[Count++] = value;
    }

    /// <summary>Makes room for <paramref name="more"/> rows behind <see cref="ColumnBuilder.Count"/> and returns the values array to write them into.</summary>
    public T[] Reserve(int more)
    {
        Values = Grow(Values, Count + more);
        return Values;
    }

    /// <summary>Counts <paramref name="rows"/> rows that were written into <see cref="Values"/>; call <see cref="ColumnBuilder.SetNull"/> for null ones afterwards.</summary>
    public void Advance(int rows)
    {
        MarkRowsValid(rows);
        Count += rows;
    }

    /// <inheritdoc/>
    public override void AppendNull()
    {
        if (Count == Values.Length)
        {
            Values = Grow(Values, Count + 1);
        }

        SetNull(Count);
        Values[Count++] = default;
    }

    /// <inheritdoc/>
    public override void AppendFrom(Column source, int row)
    {
        if (source.IsNull(row))
        {
            AppendNull();
        }
        else
        {
            Append(((FixedColumn<T>)source).Values[row]);
        }
    }

    /// <inheritdoc/>
    public override void AppendRange(Column source, int start, int count)
    {
        var from = (FixedColumn<T>)source;
        from.Values.AsSpan(start, count).CopyTo(Reserve(count).AsSpan(Count));
        CopyValidity(source, start, count);
        Count += count;
    }

    /// <inheritdoc/>
    public override void AppendRows(Column source, ReadOnlySpan<int> rows)
    {
        T[] from = ((FixedColumn<T>)source).Values;
        Span<T> to = Reserve(rows.Length).AsSpan(Count, rows.Length);
        for (int i = 0; i < to.Length; i++)
        {
            to[i] = from[rows[i]];
        }

        CopyValidity(source, rows);
        Count += rows.Length;
    }

    /// <inheritdoc/>
    public override Column View()
    {
        _view.Values = Values;
        _view.Length = Count;
        _view.Validity = ViewValidity();
        return _view;
    }

    internal override Column Share() => new FixedColumn<T>(Type, Values, Count, ViewValidity());

    /// <inheritdoc/>
    public override void Expect(int rows)
    {
        if (Values.Length < Count + rows)
        {
            T[] larger = GC.AllocateUninitializedArray<T>(Count + rows);
            Values.AsSpan(0, Count).CopyTo(larger);
            Values = larger;
        }
    }

    /// <inheritdoc/>
    public override Column Detach() => Values.Length - Count <= Values.Length / 8 ? Share() : ToColumn();

    /// <inheritdoc/>
    public override Column ToColumn() => new FixedColumn<T>(Type, Values.AsSpan(0, Count).ToArray(), Count, CopyOfValidity());

    /// <inheritdoc/>
    public override void TruncateTo(int count) => Count = Math.Min(Count, count);
}

/// <summary>Builds a <see cref="BytesColumn"/>.</summary>
public sealed class BytesBuilder : ColumnBuilder
{
    private readonly BytesColumn _view;
    private int[] _offsets = new int[16];
    private byte[] _data = [];
    private int _used;

    internal BytesBuilder(SqlType type)
        : base(type) => _view = new BytesColumn(type, _offsets, _data, 0);

    /// <summary>Appends a value.</summary>
    /// <exception cref="SqlException">54000 when a single batch's column would exceed 2 GiB.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Append(ReadOnlySpan<byte> value)
    {
        value.CopyTo(Reserve(value.Length));
        Commit(value.Length);
    }

    /// <summary>Appends a value.</summary>
    public void Append(ByteSlice value) => Append(value.Span);

    /// <summary>Lends room for a value of up to <paramref name="bytes"/> bytes; follow with <see cref="Commit"/>.</summary>
    public Span<byte> Reserve(int bytes)
    {
        if (_data.Length - _used < bytes)
        {
            GrowData(bytes);
        }

        return _data.AsSpan(_used, bytes);
    }

    /// <summary>Ends the row whose <paramref name="bytes"/> bytes were written into the span that <see cref="Reserve"/> lent.</summary>
    public void Commit(int bytes)
    {
        _used += bytes;
        EndRow();
        MarkValid(Count - 1);
    }

    /// <summary>Ends rows of the given lengths whose bytes were written, one row after the other, into the span that <see cref="Reserve"/> lent.</summary>
    public void CommitRows(ReadOnlySpan<int> lengths)
    {
        if (Count + lengths.Length + 1 > _offsets.Length)
        {
            _offsets = Grow(_offsets, Count + lengths.Length + 1);
        }

        Span<int> ends = _offsets.AsSpan(Count + 1, lengths.Length);
        int used = _used;
        for (int i = 0; i < ends.Length; i++)
        {
            used += lengths[i];
            ends[i] = used;
        }

        Check.That(used >= _used && used <= _data.Length);
        _used = used;
        MarkRowsValid(lengths.Length);
        Count += lengths.Length;
    }

    private void EndRow()
    {
        if (Count + 2 > _offsets.Length)
        {
            _offsets = Grow(_offsets, Count + 2);
            _offsets[0] = 0;
        }

        _offsets[++Count] = _used;
    }

    private void GrowData(int bytes)
    {
        long needed = (long)_used + bytes;
        if (needed > Array.MaxLength)
        {
            throw new SqlException("54000", "one batch holds at most 2 GiB of text a column", hint: "send smaller batches");
        }

        _data = Grow(_data, (int)Math.Max(needed, Math.Min(Array.MaxLength, _data.Length * 2L)));
    }

    /// <inheritdoc/>
    public override void AppendNull()
    {
        SetNull(Count);
        EndRow();
    }

    /// <inheritdoc/>
    public override void AppendFrom(Column source, int row)
    {
        if (source.IsNull(row))
        {
            AppendNull();
        }
        else
        {
            Append(((BytesColumn)source).Span(row));
        }
    }

    /// <inheritdoc/>
    public override void AppendRange(Column source, int start, int count)
    {
        var from = (BytesColumn)source;
        if (from.IsOnlyCoded)
        {
            AppendCoded(from, start, count);
            return;
        }

        int first = from.Offsets[start];
        int bytes = from.Offsets[start + count] - first;
        from.Data.AsSpan(first, bytes).CopyTo(Reserve(bytes));
        if (Count + count + 1 > _offsets.Length)
        {
            _offsets = Grow(_offsets, Count + count + 1);
        }

        int shift = _used - first;
        for (int i = 1; i <= count; i++)
        {
            _offsets[Count + i] = from.Offsets[start + i] + shift;
        }

        _used += bytes;
        CopyValidity(source, start, count);
        Count += count;
    }

    // For an empty builder: just so much room, at once.
    internal void ExpectBytes(long bytes) => _data = GC.AllocateUninitializedArray<byte>((int)Math.Min(bytes, Array.MaxLength));

    // Rows of codes come without being written out in their own column first.
    private void AppendCoded(BytesColumn from, int start, int count)
    {
        long bytes = from.BytesOf(start, count);
        Reserve((int)Math.Min(bytes, Array.MaxLength));
        if (Count + count + 1 > _offsets.Length)
        {
            _offsets = Grow(_offsets, Count + count + 1);
        }

        int[] codes = from.Coded!.Codes;
        int[] ends = from.Coded.Values.Offsets;
        byte[] source = from.Coded.Values.Data;
        for (int i = 0; i < count; i++)
        {
            int code = codes[start + i];
            int length = from.IsNull(start + i) ? 0 : ends[code + 1] - ends[code];
            source.AsSpan(ends[code], length).CopyTo(_data.AsSpan(_used));
            _used += length;
            _offsets[Count + i + 1] = _used;
        }

        CopyValidity(from, start, count);
        Count += count;
    }

    /// <inheritdoc/>
    public override void AppendRows(Column source, ReadOnlySpan<int> rows)
    {
        var from = (BytesColumn)source;
        if (from.IsOnlyCoded)
        {
            foreach (int row in rows)
            {
                AppendFrom(from, row);
            }

            return;
        }

        int[] offsets = from.Offsets;
        long bytes = 0;
        foreach (int row in rows)
        {
            bytes += offsets[row + 1] - offsets[row];
        }

        Reserve((int)Math.Min(bytes, Array.MaxLength));
        if (Count + rows.Length + 1 > _offsets.Length)
        {
            _offsets = Grow(_offsets, Count + rows.Length + 1);
        }

        byte[] data = from.Data;
        int at = Count;
        foreach (int row in rows)
        {
            int length = offsets[row + 1] - offsets[row];
            data.AsSpan(offsets[row], length).CopyTo(_data.AsSpan(_used));
            _used += length;
            _offsets[++at] = _used;
        }

        CopyValidity(source, rows);
        Count += rows.Length;
    }

    /// <inheritdoc/>
    public override Column View()
    {
        _view.Offsets = _offsets;
        _view.Data = _data;
        _view.Length = Count;
        _view.Validity = ViewValidity();
        return _view;
    }

    internal override Column Share() => new BytesColumn(Type, _offsets, _data, Count, ViewValidity());

    /// <inheritdoc/>
    public override Column ToColumn() =>
        new BytesColumn(Type, _offsets.AsSpan(0, Count + 1).ToArray(), _data.AsSpan(0, _used).ToArray(), Count, CopyOfValidity());

    /// <inheritdoc/>
    public override void Reset()
    {
        base.Reset();
        _used = 0;
    }

    /// <inheritdoc/>
    public override void TruncateTo(int count)
    {
        if (count < Count)
        {
            Count = count;
            _used = _offsets[count];
        }
    }
}
