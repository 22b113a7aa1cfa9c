// Order-preserving byte encoding of rows: comparing the bytes compares the rows as SQL orders them.
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>
/// Encodes columns into one self-delimiting byte string a row, such that memcmp of two rows is SQL's order of their columns. Per column: one
/// marker byte (1 for a value; nulls 0 or 2, so that they come first or last), then the value: integers big-endian with the sign flipped, floats
/// by their ordered bits (NaN greatest, −0 = 0), numerics as exponent and left-aligned digits (2.5 = 2.50), byte strings escaped and terminated,
/// arrays and rows by their parts. DESC inverts the value's bytes. Values that SQL calls equal encode equal.
/// <para>In exact mode a tail follows, written backwards from the row's end: numeric scales, the sign of a zero, the parts of an interval; so a
/// whole row can be given back as it came. Equality of exact rows is equality of all bytes, of keys equality of the order part.</para>
/// </summary>
internal sealed class RowCodec
{
    private readonly ValueCodec[] _codecs;
    private readonly SqlType[] _types;

    /// <summary>A codec of the given column types; ascending with nulls last where not told otherwise.</summary>
    public RowCodec(IReadOnlyList<SqlType> types, bool exact, IReadOnlyList<bool>? descending = null, IReadOnlyList<bool>? nullsFirst = null)
    {
        Exact = exact;
        _types = [.. types];
        _codecs = new ValueCodec[types.Count];
        for (int i = 0; i < _codecs.Length; i++)
        {
            _codecs[i] = ValueCodec.For(types[i], exact, descending?[i] ?? false, nullsFirst?[i] ?? false);
            HasTail |= _codecs[i].HasTail;
        }
    }

    /// <summary>A codec of all columns of a schema.</summary>
    public static RowCodec Of(Schema schema, bool exact = true) => new([.. schema.Fields.Select(f => f.Type)], exact);

    /// <summary>A codec of some columns of a schema.</summary>
    public static RowCodec Of(Schema schema, IReadOnlyList<int> columns, bool exact) => new([.. columns.Select(c => schema[c].Type)], exact);

    /// <summary>True when the tail is kept.</summary>
    public bool Exact { get; }

    /// <summary>True when some rows may have a tail: only then do order part and row differ.</summary>
    public bool HasTail { get; }

    /// <summary>Number of columns.</summary>
    public int Columns => _codecs.Length;

    /// <summary>A builder for column <paramref name="column"/>.</summary>
    public ColumnBuilder NewBuilder(int column) => ColumnBuilder.For(_types[column]);

    /// <summary>Encodes the given columns of all rows.</summary>
    public void Encode(Batch batch, ReadOnlySpan<int> columns, EncodedRows into)
    {
        Check.That(columns.Length == _codecs.Length);
        Span<int> sizes = into.Begin(batch.Count);
        for (int i = 0; i < _codecs.Length; i++)
        {
            _codecs[i].AddSizes(batch.Columns[columns[i]], sizes);
        }

        into.Place();
        for (int i = 0; i < _codecs.Length; i++)
        {
            _codecs[i].Write(batch.Columns[columns[i]], into.Data, into.KeyEnds.AsSpan(0, batch.Count), into.Tails);
        }
    }

    /// <summary>Encodes all columns of all rows.</summary>
    public void Encode(Batch batch, EncodedRows into)
    {
        Span<int> all = batch.Columns.Length <= 64 ? stackalloc int[batch.Columns.Length] : new int[batch.Columns.Length];
        for (int i = 0; i < all.Length; i++)
        {
            all[i] = i;
        }

        Encode(batch, all, into);
    }

    /// <summary>Appends the values of one row to the builders.</summary>
    /// <param name="row">All bytes of the row; in key mode more may follow.</param>
    /// <param name="into">One builder a column.</param>
    /// <returns>Length of the order part.</returns>
    public int Decode(ReadOnlySpan<byte> row, ReadOnlySpan<ColumnBuilder> into)
    {
        int at = 0;
        int tail = row.Length;
        for (int i = 0; i < _codecs.Length; i++)
        {
            _codecs[i].Read(row, ref at, ref tail, into[i]);
        }

        return at;
    }

    /// <summary>Appends the values of all rows to the builders.</summary>
    public void Decode(EncodedRows rows, ReadOnlySpan<ColumnBuilder> into)
    {
        for (int i = 0; i < rows.Count; i++)
        {
            Decode(rows.Row(i), into);
        }
    }
}
