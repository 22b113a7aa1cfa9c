// Reads groups one after the other with the same memory; columns of one value are not decoded at all.
using Millrace.Core;

namespace Millrace.Store.Segments;

/// <summary>A reader's own memory for groups. What it gives is lent until its next <see cref="Begin"/>. Not thread-safe: one a thread.</summary>
internal sealed class GroupReader
{
    private readonly List<ColumnBuilder> _decoded = [];
    private readonly List<ColumnBuilder?> _picked = [];
    private readonly List<ConstantColumn> _constants = [];
    private Column?[] _columns = [];
    private Segment? _segment;
    private int _group;

    /// <summary>The group now read.</summary>
    public GroupMeta Group => _segment!.Groups[_group];

    /// <summary>Turns to a group; reads nothing yet.</summary>
    public void Begin(Segment segment, int group)
    {
        _segment = segment;
        _group = group;
        int columns = segment.Footer.Types.Count;
        if (_columns.Length != columns)
        {
            _columns = new Column?[columns];
        }

        Array.Clear(_columns);
        while (_decoded.Count < columns)
        {
            _decoded.Add(ColumnBuilder.For(segment.Footer.Types[_decoded.Count]));
            _picked.Add(null);
            _constants.Add(new ConstantColumn());
        }
    }

    /// <summary>All rows of the group, with NULLs in the columns not wanted.</summary>
    /// <param name="wanted">By column; columns beyond its end are not wanted. Null for all.</param>
    /// <exception cref="CorruptionException">A block is damaged.</exception>
    public Batch Read(IReadOnlyList<bool>? wanted) => Read(wanted, Group.Rows, (reader, c) => reader.Constant(c, reader.Group.Rows) ?? reader.Decoded(c));

    /// <summary>Some rows of the group, likewise.</summary>
    /// <param name="wanted">By column.</param>
    /// <param name="rows">Their places in the group, ascending.</param>
    /// <exception cref="CorruptionException">A block is damaged.</exception>
    public Batch Read(IReadOnlyList<bool>? wanted, ArraySegment<int> rows) =>
        Read(wanted, rows.Count, (reader, c) => reader.Constant(c, rows.Count) ?? reader.Pick(c, rows));

    /// <summary>One column's values of all rows, decoded.</summary>
    /// <exception cref="CorruptionException">Its block is damaged.</exception>
    public Column Decoded(int column)
    {
        if (_columns[column] is { } read)
        {
            return read;
        }

        SqlType type = _segment!.Footer.Types[column];
        if (!_decoded[column].Type.SameAs(type))
        {
            _decoded[column] = ColumnBuilder.For(type);
            _picked[column] = null;
        }

        ColumnBuilder builder = _decoded[column];
        builder.Reset();
        _segment.Decode(_group, column, builder);
        return _columns[column] = builder.View();
    }

    private Batch Read(IReadOnlyList<bool>? wanted, int rows, Func<GroupReader, int, Column> column)
    {
        var columns = new Column[_columns.Length];
        for (int c = 0; c < columns.Length; c++)
        {
            columns[c] = wanted is null || (c < wanted.Count && wanted[c]) ? column(this, c) : NullColumns.Of(_segment!.Footer.Types[c], rows);
        }

        return new Batch(columns, rows);
    }

    // The bounds in the footer say what every row holds.
    private Column? Constant(int column, int rows)
    {
        BlockMeta block = Group.Blocks[column];
        return block.Nulls == 0 && block.Zone.IsOneValue ? _constants[column].Of(_segment!.Footer.Types[column], block.Zone, rows) : null;
    }

    private Column Pick(int column, ArraySegment<int> rows)
    {
        Column all = Decoded(column);
        if (rows.Count == Group.Rows)
        {
            return all;
        }

        ColumnBuilder builder = _picked[column] ??= all.NewBuilder();
        builder.Reset();
        if (rows[^1] - rows[0] == rows.Count - 1)
        {
            builder.AppendRange(all, rows[0], rows.Count);
        }
        else
        {
            builder.AppendRows(all, rows);
        }

        return builder.View();
    }
}
