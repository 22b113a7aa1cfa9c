// The order of whole rows as they stand in columns: what breaks ties, the same order that encoded rows have.
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>
/// Compares rows column by column, ascending with nulls last, as <see cref="RowCodec"/> orders their bytes. Types whose equal values may look different
/// (numeric scales, a zero's sign) are compared encoded.
/// </summary>
internal sealed class RowOrder(Schema columns)
{
    private readonly RowCodec? _codec = RowCodec.Of(columns) is var codec && (codec.HasTail || columns.Fields.Any(f => f.Type.Id is TypeId.Array or TypeId.Row or TypeId.Uuid))
        ? codec
        : null;

    private readonly BatchBuilder _one = new(columns);
    private readonly EncodedRows _left = new();
    private readonly EncodedRows _right = new();

    /// <summary>Below 0 when row <paramref name="i"/> of the first columns comes before row <paramref name="j"/> of the second.</summary>
    public int Compare(Column[] a, int i, Column[] b, int j)
    {
        if (_codec is not null)
        {
            return Encode(a, i, _left).SequenceCompareTo(Encode(b, j, _right));
        }

        for (int c = 0; c < a.Length; c++)
        {
            bool none = a[c].IsNull(i);
            if (none != b[c].IsNull(j))
            {
                return none ? 1 : -1;
            }

            int order = none ? 0 : Compare(a[c], i, b[c], j);
            if (order != 0)
            {
                return order;
            }
        }

        return 0;
    }

    private static int Compare(Column a, int i, Column b, int j) => a switch
    {
        FixedColumn<long> x => x.Values[i].CompareTo(((FixedColumn<long>)b).Values[j]),
        BytesColumn x => x.Span(i).SequenceCompareTo(((BytesColumn)b).Span(j)),
        FixedColumn<int> x => x.Values[i].CompareTo(((FixedColumn<int>)b).Values[j]),
        FixedColumn<short> x => x.Values[i].CompareTo(((FixedColumn<short>)b).Values[j]),
        FixedColumn<bool> x => x.Values[i].CompareTo(((FixedColumn<bool>)b).Values[j]),
        _ => throw new BugException($"BUG: ordering {a.Type}"),
    };

    private ReadOnlySpan<byte> Encode(Column[] from, int row, EncodedRows into)
    {
        _one.Reset();
        for (int c = 0; c < from.Length; c++)
        {
            _one.Columns[c].AppendFrom(from[c], row);
        }

        _one.EndRow();
        _codec!.Encode(_one.View(), into);
        return into.Row(0);
    }
}
