// ALTER … ADD COLUMN: the definition grows, what is stored stays as it is or is rewritten, what was bound before goes on as before.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

internal sealed partial class DatabaseEngine
{
    private static CatalogObject WithColumn(CatalogObject o, BoundAlterAddColumn add)
    {
        if (o.HiddenColumns > 0)
        {
            throw new SqlException(
                "0A000", $"columns cannot be added to \"{o.Name}\", which has no primary key", hint: "create a table with a primary key, and INSERT … SELECT");
        }

        // The binder has seen to it that the value is the same whenever the history of definitions is replayed.
        object? before = ConstantFolder.Evaluate(add.Default).Value;
        if (before is null && !add.Column.Nullable)
        {
            throw new SqlException("23502", $"column \"{add.Column.Name}\" of relation \"{o.Name}\" contains null values", hint: "give it a default");
        }

        int width = o.Columns.Count;
        return o with
        {
            Columns = new Schema([.. o.Columns.Fields, add.Column]),
            ColumnsAdded = o.ColumnsAdded + 1,
            Defaults = o.Defaults.Count == 0 && add.DefaultText is null ? [] : [.. o.Defaults, .. new string?[width - o.Defaults.Count], add.DefaultText],
            ValuesBefore = o.ValuesBefore.Count == 0 && before is null ? [] : [.. o.ValuesBefore, .. new object?[width - o.ValuesBefore.Count], before],
        };
    }

    // A stream's chunks and log records stay as they are (see RowWidth); a table's and an index' rows are encoded anew, in memory.
    private void Widen(CatalogObject wider)
    {
        _rows.SetSchema(wider.Id, wider.Columns);
        _objects[wider.Id].Widen(wider);
        _dirty.Add(wider.Id);
        foreach (CatalogObject index in _catalog.DependentsOf(wider.Id).Where(d => d.Kind == ObjectKind.Index).ToList())
        {
            CatalogObject widerIndex = index with { Columns = wider.Columns, ValuesBefore = wider.ValuesBefore };
            _catalog.Put(widerIndex);
            _objects[index.Id].Widen(widerIndex);
            _dirty.Add(index.Id);
        }
    }
}
