// CHECK: conditions that no row of a table or stream may make false.
using System.Runtime.CompilerServices;
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>Tests rows before they are written; conditions are compiled once for each definition.</summary>
internal static class CheckRules
{
    private static readonly ConditionalWeakTable<IReadOnlyList<CheckRule>, Compiled> s_compiled = [];

    private sealed record Compiled(CompiledExpressions Conditions, Schema Input);

    /// <summary>Tests the rows of a batch that are added.</summary>
    /// <exception cref="SqlException">23514: a row makes a condition false; or what a condition fails with.</exception>
    public static void Verify(CatalogObject target, Batch batch)
    {
        if (target.Checks.Count == 0 || batch.Count == 0)
        {
            return;
        }

        Compiled compiled = s_compiled.GetValue(target.Checks, _ => Compile(target));

        // Rows that a change takes back were good when they came.
        Batch rows = batch.PickAdded();
        var values = new BatchBuilder(new Schema([.. target.Checks.Select(c => new Field(c.Name, SqlType.Boolean))]));

        // The compiled loops are shared; what they keep while they run is not.
        lock (compiled)
        {
            compiled.Conditions.Run(rows, values.Columns, new EvalContext());
        }

        values.EndRows(rows.Count);
        Batch answers = values.View();
        for (int row = 0; row < rows.Count; row++)
        {
            for (int i = 0; i < target.Checks.Count; i++)
            {
                var answer = (FixedColumn<bool>)answers.Columns[i];
                if (!answer.IsNull(row) && !answer.Values[row])
                {
                    string shown = string.Join(", ", Enumerable.Range(0, target.Columns.Count - target.HiddenColumns).Select(c => TextFormat.ToText(rows.Columns[c], row) ?? "null"));
                    throw new SqlException(
                        "23514", $"new row for relation \"{target.Name}\" violates check constraint \"{target.Checks[i].Name}\"", detail: $"Failing row contains ({shown}).")
                    {
                        Table = target.Name,
                        Constraint = target.Checks[i].Name,
                    };
                }
            }
        }
    }

    private static Compiled Compile(CatalogObject target) =>
        new(CompiledExpressions.Compile([.. target.Checks.Select(c => c.Condition)], target.Columns, EvalErrors.Throw), target.Columns);
}
