// WHERE, HAVING: passes on the rows for which the predicate is true.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>Keeps the rows whose predicate is true; linear, so changes pass through.</summary>
/// <param name="predicate">What must be true.</param>
/// <param name="columns">Columns of input and output.</param>
/// <param name="errors">What a failing expression does.</param>
/// <param name="context">What expressions may know.</param>
/// <param name="needed">Which columns are read behind it, or null for all: the others are passed on as they came, with rows that do not fit.</param>
internal sealed class Filter(ScalarExpr predicate, Schema columns, EvalErrors errors, EvalContext context, bool[]? needed = null) : Operator(columns)
{
    private readonly CompiledFilter _filter = CompiledFilter.Compile(predicate, columns, errors);
    private readonly ColumnBuilder[] _builders = [.. columns.Fields.Select(f => ColumnBuilder.For(f.Type))];
    private readonly Column[] _columns = new Column[columns.Count];
    private int[] _selected = [];
    private long[] _weights = [];

    /// <inheritdoc/>
    public override string Name => "Filter";

    /// <inheritdoc/>
    public override string Detail => PlanText.Of(predicate, Columns);

    /// <inheritdoc/>
    public override void Process(int port, Batch input, IOutput output)
    {
        if (_selected.Length < input.Count)
        {
            _selected = new int[input.Count];
        }

        int count = _filter.Run(input, _selected, context);
        if (count == input.Count)
        {
            output.Emit(input);
        }
        else if (count > 0)
        {
            ReadOnlySpan<int> rows = _selected.AsSpan(0, count);
            for (int c = 0; c < _columns.Length; c++)
            {
                _columns[c] = needed is null || needed[c] ? Copy(_builders[c], input.Columns[c], rows) : input.Columns[c];
            }

            output.Emit(new Batch(_columns, count, Weights(input, rows)));
        }
    }

    private static Column Copy(ColumnBuilder builder, Column column, ReadOnlySpan<int> rows)
    {
        if (column.IsConstant)
        {
            return column.Prefix(rows.Length);
        }

        builder.Reset();
        builder.AppendRows(column, rows);
        return builder.View();
    }

    private long[]? Weights(Batch input, ReadOnlySpan<int> rows)
    {
        if (input.Weights is not { } weights)
        {
            return null;
        }

        if (_weights.Length < rows.Length)
        {
            _weights = new long[input.Count];
        }

        for (int i = 0; i < rows.Length; i++)
        {
            _weights[i] = weights[rows[i]];
        }

        return _weights;
    }
}
