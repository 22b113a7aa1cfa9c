// Rows and the columns added after they were written: every reader gets exactly the columns it was bound to.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>
/// Columns are only ever added behind the others, so rows written earlier are a beginning of the rows of today. Rows that are too narrow are filled up
/// with what <see cref="CatalogObject.ValuesBefore"/> says, rows that are too wide for a plan bound earlier are cut off.
/// </summary>
internal static class RowWidth
{
    /// <summary>The batch with exactly the columns of <paramref name="definition"/>; the batch itself when it has them.</summary>
    public static Batch Fit(Batch batch, CatalogObject definition)
    {
        int width = definition.Columns.Count;
        return batch.Columns.Length == width ? batch : FitSlow(batch, definition, width);
    }

    /// <summary>The rows of a spine in a wider layout.</summary>
    public static Spine Widen(Spine rows, RowLayout narrow, ChangeCollector wide, CatalogObject wider)
    {
        foreach (Batch batch in narrow.Scan(rows.Runs))
        {
            wide.Add(Fit(batch, wider));
        }

        var widened = new Spine();
        widened.Add(wide.Take());
        return widened;
    }

    private static Batch FitSlow(Batch batch, CatalogObject definition, int width)
    {
        var columns = new Column[width];
        int given = Math.Min(width, batch.Columns.Length);
        Array.Copy(batch.Columns, columns, given);
        for (int c = given; c < width; c++)
        {
            object? value = c < definition.ValuesBefore.Count ? definition.ValuesBefore[c] : null;
            columns[c] = Constant(definition.Columns[c].Type, value, batch.Count);
        }

        return new Batch(columns, batch.Count, batch.Weights);
    }

    /// <summary>A column of one value, which may be null.</summary>
    public static Column Constant(SqlType type, object? value, int count)
    {
        if (value is null)
        {
            return NullColumns.Of(type, count);
        }

        Column one = BoxedValue.ToColumn(value, type);
        ColumnBuilder builder = one.NewBuilder();
        builder.AppendRows(one, new int[count]);
        return builder.ToColumn();
    }
}
