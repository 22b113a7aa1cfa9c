// UNIQUE: the keys of a table's rows by the columns of a constraint.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>
/// What a unique constraint needs to know: for each row without NULL in its columns, these columns and the row's primary key, in a spine of their own. It is made
/// of the table's rows and never kept.
/// </summary>
internal sealed class UniqueKeys
{
    private readonly CatalogObject _table;
    private readonly UniqueRule _rule;
    private readonly int[] _columns;
    private readonly RowLayout _layout;
    private readonly ChangeCollector _collector;
    private readonly EncodedRows _keys = new();
    private Spine _spine;

    public UniqueKeys(CatalogObject table, UniqueRule rule, RowRun[] runs)
    {
        _table = table;
        _rule = rule;
        _columns = [.. rule.Columns, .. table.PrimaryKey];
        _layout = new RowLayout(new Schema([.. _columns.Select(c => table.Columns[c])]), [.. Enumerable.Range(0, rule.Columns.Count)]);
        _collector = new ChangeCollector(_layout);
        _spine = new Spine(runs);
    }

    public RowRun[] Runs => _spine.Runs;

    public long Bytes => _spine.Bytes;

    public void Restore(RowRun[] runs) => _spine = _spine.AsOf(runs);

    /// <summary>Follows a change of the table's rows; with <paramref name="check"/> refuses it when two rows agree then, and is to be restored.</summary>
    /// <exception cref="SqlException">23505.</exception>
    public void Apply(Batch change, bool check)
    {
        Batch keys = KeysOf(change);
        if (keys.Count == 0)
        {
            return;
        }

        _collector.Add(keys);
        RowRun run = _collector.Take();
        _spine.Add(run);
        if (!check)
        {
            return;
        }

        Batch rows = _collector.ToBatch(run);
        _layout.EncodeKeys(rows, _keys);
        for (int i = 0; i < run.Count; i++)
        {
            if (run.Weight(i) <= 0)
            {
                continue;
            }

            var agreeing = new SpineCursor(_spine.Runs, _keys.Key(i));
            if (agreeing.MoveNext() && agreeing.MoveNext())
            {
                throw Taken(rows, i);
            }
        }
    }

    /// <summary>For each row of a batch the bytes of its key, or null where it agrees with none.</summary>
    public byte[]?[] Probes(Batch batch)
    {
        var keys = new Batch([.. _columns.Select(c => batch.Columns[c])], batch.Count);
        _layout.EncodeKeys(keys, _keys);
        return [.. Enumerable.Range(0, batch.Count).Select(i => HasNull(batch, i) ? null : _keys.Key(i).ToArray())];
    }

    /// <summary>True when a row has this key.</summary>
    public bool Has(byte[] probe) => new SpineCursor(_spine.Runs, probe).MoveNext();

    /// <summary>The primary key of the row that has this key, as one row; null when there is none.</summary>
    public Batch? Owner(byte[] probe)
    {
        var cursor = new SpineCursor(_spine.Runs, probe);
        if (!cursor.MoveNext())
        {
            return null;
        }

        var builder = new BatchBuilder(_layout.Schema);
        _layout.Decode(cursor.Row, _layout.Arrange(builder));
        builder.EndRow();
        Batch row = builder.Share();
        return new Batch(row.Columns[_rule.Columns.Count..], 1);
    }

    private SqlException Taken(Batch rows, int row)
    {
        string names = string.Join(", ", _rule.Columns.Select(c => _table.Columns[c].Name));
        string values = string.Join(", ", Enumerable.Range(0, _rule.Columns.Count).Select(c => TextFormat.ToText(rows.Columns[c], row) ?? "null"));
        return new SqlException("23505", $"duplicate key value violates unique constraint \"{_rule.Name}\"", detail: $"Key ({names})=({values}) already exists.")
        {
            Table = _table.Name,
            Constraint = _rule.Name,
        };
    }

    private bool HasNull(Batch batch, int row) => _rule.Columns.Any(c => batch.Columns[c].IsNull(row));

    private Batch KeysOf(Batch change)
    {
        Column[] columns = [.. _columns.Select(c => change.Columns[c])];
        if (columns.Take(_rule.Columns.Count).All(c => c.Validity is null))
        {
            return new Batch(columns, change.Count, change.Weights);
        }

        var keys = new BatchBuilder(_layout.Schema);
        var all = new Batch(columns, change.Count, change.Weights);
        for (int i = 0; i < change.Count; i++)
        {
            if (!HasNull(change, i))
            {
                keys.AppendRow(all, i, change.Weight(i));
            }
        }

        return keys.Share();
    }
}

/// <summary>What undoes everything that was done to a table since.</summary>
/// <param name="Rows">Its rows.</param>
/// <param name="Uniques">The keys of its unique constraints.</param>
internal sealed record TableMark(RowRun[] Rows, RowRun[][] Uniques);
