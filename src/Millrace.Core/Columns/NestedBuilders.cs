// Builders of array and row columns: each delegates to the builders of its parts.
namespace Millrace.Core;

/// <summary>Builds a <see cref="ListColumn"/>: append elements to <see cref="Elements"/>, then <see cref="EndList"/>.</summary>
public sealed class ListBuilder : ColumnBuilder
{
    private int[] _offsets = new int[16];

    internal ListBuilder(SqlType type)
        : base(type) => Elements = For(type.Element!);

    /// <summary>The builder of the elements of all rows.</summary>
    public ColumnBuilder Elements { get; }

    /// <summary>Ends a row: its elements are what was appended to <see cref="Elements"/> since the row before.</summary>
    public void EndList()
    {
        MarkValid(Count);
        EndRow();
    }

    /// <summary>Ends rows of the given lengths, whose elements have all been appended to <see cref="Elements"/> already.</summary>
    public void EndLists(ReadOnlySpan<int> lengths)
    {
        if (Count + lengths.Length + 1 > _offsets.Length)
        {
            _offsets = Grow(_offsets, Count + lengths.Length + 1);
        }

        int end = _offsets[Count];
        for (int i = 0; i < lengths.Length; i++)
        {
            end += lengths[i];
            _offsets[Count + 1 + i] = end;
        }

        Check.That(end == Elements.Count);
        MarkRowsValid(lengths.Length);
        Count += lengths.Length;
    }

    /// <summary>Appends an array value.</summary>
    public void Append(ListSlice value)
    {
        Elements.AppendRange(value.Elements, value.Start, value.Count);
        EndList();
    }

    private void EndRow()
    {
        if (Count + 2 > _offsets.Length)
        {
            _offsets = Grow(_offsets, Count + 2);
        }

        _offsets[++Count] = Elements.Count;
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
        var from = (ListColumn)source;
        if (from.IsNull(row))
        {
            AppendNull();
            return;
        }

        Append(new ListSlice(from.Elements, from.Offsets[row], from.Offsets[row + 1] - from.Offsets[row]));
    }

    /// <inheritdoc/>
    public override void AppendRange(Column source, int start, int count)
    {
        for (int i = 0; i < count; i++)
        {
            AppendFrom(source, start + i);
        }
    }

    /// <inheritdoc/>
    public override void AppendRows(Column source, ReadOnlySpan<int> rows)
    {
        foreach (int row in rows)
        {
            AppendFrom(source, row);
        }
    }

    /// <inheritdoc/>
    public override Column View() => new ListColumn(Type, _offsets, Elements.View(), Count, ViewValidity());

    internal override Column Share() => new ListColumn(Type, _offsets, Elements.Share(), Count, ViewValidity());

    /// <inheritdoc/>
    public override Column ToColumn() =>
        new ListColumn(Type, _offsets.AsSpan(0, Count + 1).ToArray(), Elements.ToColumn(), Count, CopyOfValidity());

    /// <inheritdoc/>
    public override void Reset()
    {
        base.Reset();
        Elements.Reset();
    }

    /// <inheritdoc/>
    public override void TruncateTo(int count)
    {
        if (count < Count)
        {
            Count = count;
            Elements.TruncateTo(_offsets[count]);
        }
    }
}

/// <summary>Builds a <see cref="RowColumn"/>: append one value to each of <see cref="Fields"/>, then <see cref="EndRow"/>.</summary>
public sealed class RowBuilder : ColumnBuilder
{
    internal RowBuilder(SqlType type)
        : base(type) => Fields = type.Fields!.Select(f => For(f.Type)).ToArray();

    /// <summary>The builders of the fields.</summary>
    public ColumnBuilder[] Fields { get; }

    /// <summary>Ends a row whose fields have been appended.</summary>
    public void EndRow() => MarkValid(Count++);

    /// <summary>Ends <paramref name="rows"/> rows whose fields have been appended.</summary>
    public void EndRows(int rows)
    {
        MarkRowsValid(rows);
        Count += rows;
    }

    /// <summary>Appends a row value.</summary>
    public void Append(RowSlice value)
    {
        for (int i = 0; i < Fields.Length; i++)
        {
            Fields[i].AppendFrom(value.Fields[i], value.Index);
        }

        EndRow();
    }

    /// <inheritdoc/>
    public override void AppendNull()
    {
        foreach (ColumnBuilder field in Fields)
        {
            field.AppendNull();
        }

        SetNull(Count++);
    }

    /// <inheritdoc/>
    public override void AppendFrom(Column source, int row)
    {
        if (source.IsNull(row))
        {
            AppendNull();
            return;
        }

        Append(new RowSlice(((RowColumn)source).Fields, row));
    }

    /// <inheritdoc/>
    public override void AppendRange(Column source, int start, int count)
    {
        for (int i = 0; i < count; i++)
        {
            AppendFrom(source, start + i);
        }
    }

    /// <inheritdoc/>
    public override void AppendRows(Column source, ReadOnlySpan<int> rows)
    {
        foreach (int row in rows)
        {
            AppendFrom(source, row);
        }
    }

    /// <inheritdoc/>
    public override Column View() => new RowColumn(Type, Array.ConvertAll(Fields, f => f.View()), Count, ViewValidity());

    internal override Column Share() => new RowColumn(Type, Array.ConvertAll(Fields, f => f.Share()), Count, ViewValidity());

    /// <inheritdoc/>
    public override Column ToColumn() => new RowColumn(Type, Array.ConvertAll(Fields, f => f.ToColumn()), Count, CopyOfValidity());

    /// <inheritdoc/>
    public override void Reset()
    {
        base.Reset();
        foreach (ColumnBuilder field in Fields)
        {
            field.Reset();
        }
    }

    /// <inheritdoc/>
    public override void TruncateTo(int count)
    {
        if (count < Count)
        {
            Count = count;
            foreach (ColumnBuilder field in Fields)
            {
                field.TruncateTo(count);
            }
        }
    }
}
