// Columns of a table that come or go elsewhere than at its end: everything that names columns by number is numbered anew.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>The definition of a table whose rows are to be laid out anew.</summary>
/// <param name="Table">The new definition.</param>
/// <param name="From">By new column, the old one that it is; −1 for one that is new.</param>
public sealed record TableShape(CatalogObject Table, IReadOnlyList<int> From)
{
    /// <summary>By new column, what it becomes of the old ones where that is not one of them as it is; null elsewhere, and columns beyond the end.</summary>
    public IReadOnlyList<ScalarExpr?> Converted { get; init; } = [];

    /// <summary>A table with a column of another type.</summary>
    /// <param name="table">The table.</param>
    /// <param name="column">Nothing is computed from it, and no condition is on it.</param>
    /// <param name="field">The column as it shall be.</param>
    /// <param name="value">What rows that are there have in it.</param>
    public static TableShape Retyped(CatalogObject table, int column, Field field, ScalarExpr value)
    {
        int[] from = [.. Enumerable.Range(0, table.Columns.Count)];
        CatalogObject changed = Numbered(table, from, c => c) with
        {
            Columns = new Schema([.. table.Columns.Fields.Select((f, i) => i == column ? field : f)]),
            TimeDigits = [.. table.TimeDigits.Select((d, i) => i == column ? -1 : d)],
        };
        return new TableShape(changed, from) { Converted = [.. from.Select(c => c == column ? value : null)] };
    }

    /// <summary>The table without a column. UNIQUE and CHECK constraints that name it go with it, as in PostgreSQL.</summary>
    /// <param name="table">The table.</param>
    /// <param name="column">Not of the primary key, and nothing is computed from it.</param>
    public static TableShape Without(CatalogObject table, int column)
    {
        int To(int old) => old > column ? old - 1 : old;
        int[] from = [.. Enumerable.Range(0, table.Columns.Count).Where(c => c != column)];
        CatalogObject narrower = Numbered(table, from, To) with
        {
            Checks = [.. table.Checks.Where(c => !c.Columns.Contains(column)).Select(c => Numbered(c, To))],
            Uniques = [.. table.Uniques.Where(u => !u.Columns.Contains(column)).Select(u => u with { Columns = [.. u.Columns.Select(To)] })],
            Comments = table.Comments.Where(c => c.Key != column + 1).ToDictionary(c => c.Key == 0 ? 0 : To(c.Key - 1) + 1, c => c.Value),
            Identities = [.. table.Identities.Where(i => i.Column != column).Select(i => i with { Column = To(i.Column) })],
            ColumnsAdded = column >= table.Columns.Count - table.ColumnsAdded ? table.ColumnsAdded - 1 : table.ColumnsAdded,
        };
        return new TableShape(narrower, from);
    }

    /// <summary>A table without a primary key with a column more, in front of its hidden one.</summary>
    /// <param name="table">The table.</param>
    /// <param name="added">The column.</param>
    /// <param name="defaultText">Its default as SQL, or null.</param>
    /// <param name="timeDigits">How many digits of a second it keeps; −1 for all.</param>
    public static TableShape With(CatalogObject table, Field added, string? defaultText, int timeDigits)
    {
        int at = table.Columns.Count - table.HiddenColumns;
        int To(int old) => old >= at ? old + 1 : old;
        int[] from = [.. Enumerable.Range(0, at), -1, .. Enumerable.Range(at, table.HiddenColumns)];
        CatalogObject wider = Numbered(table, from, To) with
        {
            Columns = new Schema([.. from.Select(c => c < 0 ? added : table.Columns[c])]),
            Checks = [.. table.Checks.Select(c => Numbered(c, To))],
            Uniques = [.. table.Uniques.Select(u => u with { Columns = [.. u.Columns.Select(To)] })],
            Defaults = table.Defaults.Count == 0 && defaultText is null ? [] : [.. from.Select(c => c < 0 ? defaultText : table.Defaults.ElementAtOrDefault(c))],
            TimeDigits = table.TimeDigits.Count == 0 && timeDigits < 0 ? [] : [.. from.Select(c => c < 0 ? timeDigits : table.TimeDigitsAt(c))],
        };
        return new TableShape(wider, from);
    }

    private static CheckRule Numbered(CheckRule check, Func<int, int> to) =>
        check with { Condition = ExprMap.MapColumns(check.Condition, to), Columns = [.. check.Columns.Select(to)] };

    private static CatalogObject Numbered(CatalogObject table, int[] from, Func<int, int> to) => table with
    {
        Shape = table.Shape + 1,
        Columns = new Schema([.. from.Select(c => c < 0 ? table.Columns[0] : table.Columns[c])]),
        PrimaryKey = [.. table.PrimaryKey.Select(to)],
        EventTime = table.EventTime < 0 ? -1 : to(table.EventTime),
        VersionColumn = table.VersionColumn < 0 ? -1 : to(table.VersionColumn),
        Defaults = table.Defaults.Count == 0 ? [] : [.. from.Select(c => c < 0 ? null : table.Defaults.ElementAtOrDefault(c))],
        Generated = table.Generated.Count == 0 ? [] : [.. from.Select(c => c < 0 ? null : table.GeneratedAt(c) is { } value ? ExprMap.MapColumns(value, to) : null)],
        TimeDigits = table.TimeDigits.Count == 0 ? [] : [.. from.Select(c => c < 0 ? -1 : table.TimeDigitsAt(c))],

        // Rows are laid out anew with all that is in them: none is of before any more.
        ValuesBefore = [],
    };
}
