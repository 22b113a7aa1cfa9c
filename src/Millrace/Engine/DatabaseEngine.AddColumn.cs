// ALTER … ADD COLUMN and DROP COLUMN: the definition grows, what is stored stays as it is or is rewritten, what was bound before goes on as before.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

internal sealed partial class DatabaseEngine
{
    private static CatalogObject WithColumn(CatalogObject o, BoundAlterAddColumn add)
    {
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
            TimeDigits = o.TimeDigits.Count == 0 && add.TimeDigits < 0 ? [] : [.. o.TimeDigits, .. Enumerable.Repeat(-1, width - o.TimeDigits.Count), add.TimeDigits],
            ValuesBefore = o.ValuesBefore.Count == 0 && before is null ? [] : [.. o.ValuesBefore, .. new object?[width - o.ValuesBefore.Count], before],
        };
    }

    // What is bound already relies on a column that is never null; and rows that are there must be as they are said to be.
    private void CheckNullability(CatalogObject o, BoundAlterColumn change)
    {
        bool isNullable = o.Columns[change.Column].Nullable;
        if (change.Field.Nullable && !isNullable && _catalog.DependentsOf(o.Id).FirstOrDefault(d => d.Kind is not ObjectKind.Index) is { } reader)
        {
            throw new SqlException(
                "2BP01", $"column \"{change.Field.Name}\" of \"{o.Name}\" stays NOT NULL because other objects depend on it", detail: $"\"{reader.Name}\" depends on \"{o.Name}\"",
                hint: $"drop \"{reader.Name}\" first, and create it again");
        }

        if (_recovered && !change.Field.Nullable && isNullable
            && _objects[o.Id].Snapshot().Scan(_rows.Load).Any(b => Enumerable.Range(0, b.Count).Any(row => b.Columns[change.Column].IsNull(row))))
        {
            throw new SqlException("23502", $"column \"{change.Field.Name}\" of relation \"{o.Name}\" contains null values", hint: "UPDATE them first");
        }
    }

    // What a column that comes in front of a hidden one, or goes, makes of a table. Whoever reads the table names its columns by number, and so stands in the way.
    private TableShape? ShapeOf(CatalogObject o, BoundAlter alter)
    {
        TableShape? shape = alter switch
        {
            BoundAlterDropColumn drop => TableShape.Without(o, drop.Column),
            BoundAlterType type => TableShape.Retyped(o, type.Column, type.Field, type.Value),
            BoundAlterAddColumn add when o.HiddenColumns > 0 => TableShape.With(o, add.Column, add.DefaultText, add.TimeDigits),
            _ => null,
        };
        if (shape is not null && _catalog.DependentsOf(o.Id).FirstOrDefault(d => d.Kind is not ObjectKind.Index) is { } reader)
        {
            throw new SqlException(
                "2BP01", $"columns of \"{o.Name}\" cannot "
                    + $"{(alter is BoundAlterDropColumn ? "be dropped" : alter is BoundAlterType ? "change their types" : "be added, as it has no primary key,")} because other objects depend on it",
                detail: $"\"{reader.Name}\" depends on \"{o.Name}\"", hint: $"drop \"{reader.Name}\" first, and create it again");
        }

        if (_recovered && alter is BoundAlterType)
        {
            // What does not convert is said while there is somebody to be told.
            ((TableState)_objects[o.Id]).Convert(shape!);
        }

        return shape;
    }

    // Rows are laid out anew, in memory; indexes that are of a column that goes, go with it.
    private void Reshape(TableShape shape, object? added)
    {
        CatalogObject table = shape.Table;
        var state = (TableState)_objects[table.Id];
        _rows.SetSchema(table.Id, table.Columns);
        state.Reshape(shape, added);
        _catalog.Put(table);
        _dirty.Add(table.Id);
        foreach (CatalogObject index in _catalog.DependentsOf(table.Id).Where(d => d.Kind == ObjectKind.Index).ToList())
        {
            int[] columns = [.. index.IndexColumns.Select(c => shape.From.ToList().IndexOf(c))];
            _objects.Remove(index.Id);
            _dirty.Add(index.Id);
            if (columns.Contains(-1))
            {
                _catalog.Remove(index.Id);
                continue;
            }

            CatalogObject anew = index with { Columns = table.Columns, IndexColumns = columns, ValuesBefore = [] };
            _catalog.Put(anew);
            var fresh = new IndexState(anew);
            fresh.Apply(state.Snapshot().Scan(_rows.Load));
            _objects.Add(index.Id, fresh);
        }

        foreach (Subscriber subscriber in _subscribers.Where(s => s.Feed.Inputs.Any(i => i.Id == table.Id)))
        {
            subscriber.Close(new SqlException("55000", $"the columns of \"{table.Name}\" have changed", hint: "subscribe again"), _epoch, _time);
        }
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
