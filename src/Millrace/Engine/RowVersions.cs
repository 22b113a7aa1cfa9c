// Versions of a table's rows: whether a row that comes is older than the one it would overwrite.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>
/// Compares by a table's version column. NULL is older than every version; equal versions overwrite, so that the later row of a tie stays, as without versions.
/// </summary>
internal sealed class RowVersions
{
    private readonly int[] _column;
    private readonly RowCodec _codec;
    private readonly EncodedRows _incoming = new();
    private readonly EncodedRows _held = new();
    private Batch? _rows;

    private RowVersions(CatalogObject table)
    {
        _column = [table.VersionColumn];
        _codec = new RowCodec([table.Columns[table.VersionColumn].Type], exact: false);
    }

    /// <summary>For a table with a version column; null for others.</summary>
    public static RowVersions? Of(CatalogObject table) => table.VersionColumn < 0 ? null : new RowVersions(table);

    /// <summary>Looks at the rows that come.</summary>
    public void Begin(Batch rows)
    {
        _rows = rows;
        _codec.Encode(rows, _column, _incoming);
    }

    /// <summary>True when row <paramref name="row"/> of those that come is older than row <paramref name="than"/> of them.</summary>
    public bool IsOlder(int row, int than) => Compare(row, _rows!, _incoming, than) < 0;

    /// <summary>True when it is older than the only row of <paramref name="held"/>.</summary>
    public bool IsOlder(int row, Batch held)
    {
        _codec.Encode(held, _column, _held);
        return Compare(row, held, _held, 0) < 0;
    }

    private int Compare(int row, Batch other, EncodedRows encoded, int at)
    {
        bool isNull = _rows!.Columns[_column[0]].IsNull(row);
        bool otherIsNull = other.Columns[_column[0]].IsNull(at);
        return isNull || otherIsNull ? otherIsNull.CompareTo(isNull) : _incoming.Key(row).SequenceCompareTo(encoded.Key(at));
    }
}
