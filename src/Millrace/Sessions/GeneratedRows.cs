// Generated columns of rows that come without a plan: COPY, the doors, the library.
using System.Runtime.CompilerServices;
using Millrace.Core;
using Millrace.Engine;
using Millrace.Sql;

namespace Millrace.Sessions;

/// <summary>Computes generated columns of batches; compiled once for each definition.</summary>
internal static class GeneratedRows
{
    private static readonly ConditionalWeakTable<IReadOnlyList<ScalarExpr?>, Compiled> s_compiled = [];

    private sealed record Compiled(int[] Columns, CompiledExpressions Values);

    /// <summary>The batch with its generated columns computed; whatever was given for them is gone.</summary>
    /// <param name="target">What the rows are for.</param>
    /// <param name="batch">Its columns in order; the last ones may be missing.</param>
    /// <param name="context">Gives the time.</param>
    public static Batch Fill(CatalogObject target, Batch batch, EvalContext context)
    {
        batch = Rounded(target, batch);
        if (target.Generated.Count == 0 || batch.Count == 0)
        {
            return batch;
        }

        Compiled compiled = s_compiled.GetValue(target.Generated, _ => Compile(target));
        ColumnBuilder[] values = [.. compiled.Columns.Select(i => ColumnBuilder.For(target.Columns[i].Type))];

        // The compiled loops are shared; what they keep while they run is not.
        lock (compiled)
        {
            compiled.Values.Run(new Batch(batch.Columns[..target.Generated.Count], batch.Count), values, context);
        }

        Column[] columns = [.. batch.Columns];
        for (int i = 0; i < values.Length; i++)
        {
            columns[compiled.Columns[i]] = values[i].ToColumn();
        }

        return new Batch(columns, batch.Count);
    }

    // timestamp(3) and its kin keep some digits of a second, rounded.
    private static Batch Rounded(CatalogObject target, Batch batch)
    {
        if (target.TimeDigits.Count == 0)
        {
            return batch;
        }

        Column[] columns = [.. batch.Columns];
        for (int c = 0; c < columns.Length; c++)
        {
            if (target.TimeDigitsAt(c) is >= 0 and var digits && columns[c] is FixedColumn<long> times)
            {
                ColumnBuilder rounded = times.NewBuilder();
                for (int row = 0; row < batch.Count; row++)
                {
                    if (times.IsNull(row))
                    {
                        rounded.AppendNull();
                    }
                    else
                    {
                        ((FixedBuilder<long>)rounded).Append(DateTimeFunctions.ToDigits(times.Values[row], digits));
                    }
                }

                columns[c] = rounded.ToColumn();
            }
        }

        return new Batch(columns, batch.Count, batch.Weights);
    }

    private static Compiled Compile(CatalogObject target)
    {
        int[] columns = [.. target.Generated.Index().Where(g => g.Item is not null).Select(g => g.Index)];
        var input = new Schema([.. target.Columns.Fields.Take(target.Generated.Count)]);
        return new Compiled(columns, CompiledExpressions.Compile([.. columns.Select(i => target.Generated[i]!)], input, EvalErrors.Throw));
    }
}
