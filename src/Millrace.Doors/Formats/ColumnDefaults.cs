// What columns get that a row of a bulk load does not have.
using Millrace.Core;
using Millrace.Formats;
using Millrace.Sql;

namespace Millrace.Doors.Formats;

/// <summary>Defaults of columns as values: evaluated once a load, as now() is once a transaction.</summary>
internal static class ColumnDefaults
{
    /// <summary>By visible column the default as a column of one row, null where there is none; null when none of those wanted has one.</summary>
    public static async ValueTask<Column?[]?> EvaluateAsync(Func<Session> newSession, CatalogObject target, Func<int, bool> wanted, CancellationToken cancellation)
    {
        int visible = target.Columns.Count - target.HiddenColumns;
        int[] with = [.. Enumerable.Range(0, visible).Where(i => i < target.Defaults.Count && target.Defaults[i] is not null && wanted(i))];
        if (with.Length == 0)
        {
            return null;
        }

        await using Session session = newSession();
        string query = "SELECT " + string.Join(", ", with.Select(i => $"CAST(({target.Defaults[i]}) AS {target.Columns[i].Type})"));
        IReadOnlyList<StatementResult> results = await session.ExecuteAsync(query, cancellation);
        Batch row = results[0].Batches.First(b => b.Count == 1);
        var defaults = new Column?[visible];
        for (int i = 0; i < with.Length; i++)
        {
            defaults[with[i]] = row.Columns[i];
        }

        return defaults;
    }
}
