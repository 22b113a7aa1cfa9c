// Row encoding of values of any length: byte strings, arrays, rows.
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>text, bytea, jsonb: the bytes, with 0 written as 0 255, and 0 1 at the end, which sorts before any continuation.</summary>
internal sealed class BytesCodec(bool exact, bool descending, bool nullsFirst) : ValueCodec(exact, descending, nullsFirst)
{
    /// <inheritdoc/>
    public override void AddSizes(Column column, Span<int> sizes)
    {
        if (!IsPlain((BytesColumn)column, sizes.Length))
        {
            base.AddSizes(column, sizes);
            return;
        }

        ReadOnlySpan<int> offsets = ((BytesColumn)column).Offsets.AsSpan(0, sizes.Length + 1);
        for (int i = 0; i < sizes.Length; i++)
        {
            sizes[i] += offsets[i + 1] - offsets[i] + 3;
        }
    }

    /// <inheritdoc/>
    public override void Write(Column column, byte[] data, Span<int> at, int[] tails)
    {
        var bytes = (BytesColumn)column;
        if (Flip != 0 || !IsPlain(bytes, at.Length))
        {
            base.Write(column, data, at, tails);
            return;
        }

        ReadOnlySpan<int> offsets = bytes.Offsets.AsSpan(0, at.Length + 1);
        for (int i = 0; i < at.Length; i++)
        {
            int start = offsets[i];
            int length = offsets[i + 1] - start;
            Span<byte> to = data.AsSpan(at[i], length + 3);
            to[0] = 1;
            bytes.Data.AsSpan(start, length).CopyTo(to[1..]);
            to[^2] = 0;
            to[^1] = 1;
            at[i] += length + 3;
        }
    }

    /// <inheritdoc/>
    public override int Size(Column column, int row)
    {
        ReadOnlySpan<byte> value = ((BytesColumn)column).Span(row);
        return value.Length + 2 + value.Count((byte)0);
    }

    /// <inheritdoc/>
    public override void WriteValue(Column column, int row, byte[] data, ref int at, ref int tail)
    {
        ReadOnlySpan<byte> value = ((BytesColumn)column).Span(row);
        int start = at;
        for (int zero = value.IndexOf((byte)0); zero >= 0; zero = value.IndexOf((byte)0))
        {
            value[..(zero + 1)].CopyTo(data.AsSpan(at));
            at += zero + 1;
            data[at++] = 255;
            value = value[(zero + 1)..];
        }

        value.CopyTo(data.AsSpan(at));
        at += value.Length;
        data[at++] = 0;
        data[at++] = 1;
        if (Flip != 0)
        {
            foreach (ref byte b in data.AsSpan(start, at - start))
            {
                b = (byte)~b;
            }
        }
    }

    /// <inheritdoc/>
    public override void ReadValue(ReadOnlySpan<byte> row, ref int at, ref int tail, ColumnBuilder into)
    {
        var builder = (BytesBuilder)into;
        ReadOnlySpan<byte> rest = row[at..];
        int zero = rest.IndexOf(Flip);
        if ((rest[zero + 1] ^ Flip) == 1 && Flip == 0)
        {
            builder.Append(rest[..zero]);
            at += zero + 2;
            return;
        }

        int length = 0;
        Span<byte> to = builder.Reserve(rest.Length);
        for (int i = 0; ; i++)
        {
            byte b = (byte)(rest[i] ^ Flip);
            if (b == 0 && (rest[++i] ^ Flip) == 1)
            {
                at += i + 1;
                break;
            }

            to[length++] = b;
        }

        builder.Commit(length);
    }

    // No nulls and no zero bytes to escape, which one look at all bytes tells.
    private static bool IsPlain(BytesColumn column, int rows) =>
        column.Validity is null && !column.Data.AsSpan(0, column.Offsets[rows]).Contains((byte)0);
}

/// <summary>Arrays: each element behind its marker, then 0: so a prefix sorts first and a null element after any value.</summary>
internal sealed class ArrayCodec(SqlType type, bool exact, bool descending, bool nullsFirst) : ValueCodec(exact, descending, nullsFirst)
{
    private const byte Null = 2;
    private readonly ValueCodec _element = For(type.Element!, exact, descending);

    /// <inheritdoc/>
    public override bool HasTail => _element.HasTail;

    /// <inheritdoc/>
    public override int Size(Column column, int row)
    {
        var list = (ListColumn)column;
        int size = 1;
        for (int i = list.Offsets[row]; i < list.Offsets[row + 1]; i++)
        {
            size += list.Elements.IsNull(i) ? 1 : 1 + _element.Size(list.Elements, i);
        }

        return size;
    }

    /// <inheritdoc/>
    public override void WriteValue(Column column, int row, byte[] data, ref int at, ref int tail)
    {
        var list = (ListColumn)column;
        for (int i = list.Offsets[row]; i < list.Offsets[row + 1]; i++)
        {
            if (list.Elements.IsNull(i))
            {
                data[at++] = (byte)(Null ^ Flip);
            }
            else
            {
                data[at++] = (byte)(1 ^ Flip);
                _element.WriteValue(list.Elements, i, data, ref at, ref tail);
            }
        }

        data[at++] = Flip;
    }

    /// <inheritdoc/>
    public override void ReadValue(ReadOnlySpan<byte> row, ref int at, ref int tail, ColumnBuilder into)
    {
        var builder = (ListBuilder)into;
        for (int marker = row[at++] ^ Flip; marker != 0; marker = row[at++] ^ Flip)
        {
            if (marker == Null)
            {
                builder.Elements.AppendNull();
            }
            else
            {
                _element.ReadValue(row, ref at, ref tail, builder.Elements);
            }
        }

        builder.EndList();
    }
}

/// <summary>Row values: each field behind its marker; a null field after any value.</summary>
internal sealed class RowValueCodec(SqlType type, bool exact, bool descending, bool nullsFirst) : ValueCodec(exact, descending, nullsFirst)
{
    private readonly ValueCodec[] _fields = [.. type.Fields!.Select(f => For(f.Type, exact, descending, nullsFirst: descending))];

    /// <inheritdoc/>
    public override bool HasTail => _fields.Any(f => f.HasTail);

    /// <inheritdoc/>
    public override int Size(Column column, int row)
    {
        Column[] fields = ((RowColumn)column).Fields;
        int size = _fields.Length;
        for (int i = 0; i < fields.Length; i++)
        {
            size += fields[i].IsNull(row) ? 0 : _fields[i].Size(fields[i], row);
        }

        return size;
    }

    /// <inheritdoc/>
    public override void WriteValue(Column column, int row, byte[] data, ref int at, ref int tail)
    {
        Column[] fields = ((RowColumn)column).Fields;
        for (int i = 0; i < fields.Length; i++)
        {
            _fields[i].WriteMarked(fields[i], row, data, ref at, ref tail);
        }
    }

    /// <inheritdoc/>
    public override void ReadValue(ReadOnlySpan<byte> row, ref int at, ref int tail, ColumnBuilder into)
    {
        var builder = (RowBuilder)into;
        for (int i = 0; i < _fields.Length; i++)
        {
            _fields[i].Read(row, ref at, ref tail, builder.Fields[i]);
        }

        builder.EndRow();
    }
}
