// generate_series and unnest: rows made from the values of each input row.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>Appends the function's columns to each input row, once a row that the function gives; linear, so weights pass through.</summary>
internal sealed class TableFunction : Operator
{
    private const int BlockRows = 8192;
    private const int StepsMax = 100_000_000;

    private readonly TableFunctionPlan _plan;
    private readonly CompiledExpressions _arguments;
    private readonly ColumnBuilder[] _values;
    private readonly EvalContext _context;
    private readonly BatchBuilder _output;
    private readonly int _width;
    private readonly int _functionColumns;

    public TableFunction(TableFunctionPlan plan, EvalErrors errors, EvalContext context)
        : base(plan.Columns)
    {
        _plan = plan;
        _context = context;
        _width = plan.Input.Columns.Count;
        _functionColumns = plan.Columns.Count - _width - (plan.WithOrdinality ? 1 : 0);
        _arguments = CompiledExpressions.Compile(plan.Arguments, plan.Input.Columns, errors);
        _values = [.. plan.Arguments.Select(a => ColumnBuilder.For(a.Type))];
        _output = new BatchBuilder(plan.Columns);
        Detail = $"{plan.Function}({string.Join(", ", plan.Arguments.Select(a => PlanText.Of(a, plan.Input.Columns)))})";
        if (plan.Function is not ("generate_series" or "unnest"))
        {
            throw new SqlException("0A000", $"the table function {plan.Function} is not supported", hint: "generate_series and unnest are");
        }
    }

    /// <inheritdoc/>
    public override string Name => "TableFunction";

    /// <inheritdoc/>
    public override string Detail { get; }

    /// <inheritdoc/>
    public override void Process(int port, Batch input, IOutput output)
    {
        foreach (ColumnBuilder value in _values)
        {
            value.Reset();
        }

        _arguments.Run(input, _values, _context);
        Column[] arguments = Array.ConvertAll(_values, v => v.View());
        _output.Reset();
        for (int i = 0; i < input.Count; i++)
        {
            if (_plan.Function == "unnest")
            {
                Unnest(input, arguments, i, output);
            }
            else if (arguments.All(a => !a.IsNull(i)))
            {
                Series(input, arguments, i, output);
            }
        }

        Flush(output, 1);
    }

    private void Unnest(Batch input, Column[] arguments, int row, IOutput output)
    {
        int most = 0;
        foreach (Column argument in arguments)
        {
            var list = (ListColumn)argument;
            most = list.IsNull(row) ? most : Math.Max(most, list.Offsets[row + 1] - list.Offsets[row]);
        }

        for (int k = 0; k < most; k++)
        {
            int column = _width;
            foreach (Column argument in arguments)
            {
                var list = (ListColumn)argument;
                bool present = !list.IsNull(row) && list.Offsets[row] + k < list.Offsets[row + 1];
                if (list.Elements is RowColumn rows && _functionColumns > arguments.Length)
                {
                    // unnest of rows gives one column a field.
                    foreach (Column field in rows.Fields)
                    {
                        Append(column++, field, list.Offsets[row] + k, present && !rows.IsNull(list.Offsets[row] + k));
                    }
                }
                else
                {
                    Append(column++, list.Elements, list.Offsets[row] + k, present);
                }
            }

            EndRow(input, row, k, output);
        }
    }

    private void Append(int column, Column from, int at, bool present)
    {
        if (present)
        {
            _output.Columns[column].AppendFrom(from, at);
        }
        else
        {
            _output.Columns[column].AppendNull();
        }
    }

    private void Series(Batch input, Column[] arguments, int row, IOutput output)
    {
        switch (arguments[0])
        {
            case FixedColumn<int> start:
                Integers(input, row, start.Values[row], ((FixedColumn<int>)arguments[1]).Values[row], arguments.Length > 2 ? ((FixedColumn<int>)arguments[2]).Values[row] : 1, output);
                break;
            case FixedColumn<long> start when arguments.Length > 2 && arguments[2] is FixedColumn<Interval> step:
                Times(input, row, start.Values[row], ((FixedColumn<long>)arguments[1]).Values[row], step.Values[row], output);
                break;
            case FixedColumn<long> start:
                Integers(input, row, start.Values[row], ((FixedColumn<long>)arguments[1]).Values[row], arguments.Length > 2 ? ((FixedColumn<long>)arguments[2]).Values[row] : 1, output);
                break;
            case FixedColumn<Numeric> start:
                Numerics(input, row, start.Values[row], ((FixedColumn<Numeric>)arguments[1]).Values[row],
                    arguments.Length > 2 ? ((FixedColumn<Numeric>)arguments[2]).Values[row] : Numeric.Create(1, 0), output);
                break;
            default:
                throw new SqlException("0A000", $"generate_series over {arguments[0].Type} is not supported", hint: "integers, numerics and timestamps are");
        }
    }

    private void Integers(Batch input, int row, long start, long stop, long step, IOutput output)
    {
        CheckStep(step == 0);
        long k = 0;
        for (Int128 value = start; step > 0 ? value <= stop : value >= stop; value += step)
        {
            if (_output.Columns[_width] is FixedBuilder<int> ints)
            {
                ints.Append((int)value);
            }
            else
            {
                ((FixedBuilder<long>)_output.Columns[_width]).Append((long)value);
            }

            EndRow(input, row, k++, output);
        }
    }

    private void Times(Batch input, int row, long start, long stop, Interval step, IOutput output)
    {
        // Days and months of an instant are those of the session's zone; a timestamp has no zone.
        TimeZoneInfo zone = _plan.Columns[_width].Type.Id == TypeId.TimestampTz ? _context.TimeZone : TimeZoneInfo.Utc;
        long second = DateTimeOperators.AddZoned(start, step, zone);
        CheckStep(second == start);
        bool up = second > start;
        var into = (FixedBuilder<long>)_output.Columns[_width];
        long k = 0;
        for (long value = start; up ? value <= stop : value >= stop; value = DateTimeOperators.AddZoned(value, step, zone))
        {
            into.Append(value);
            EndRow(input, row, k++, output);
        }
    }

    private void Numerics(Batch input, int row, Numeric start, Numeric stop, Numeric step, IOutput output)
    {
        if (start.IsNaN || stop.IsNaN || step.IsNaN)
        {
            throw new SqlException("22023", "start, stop and step cannot be NaN");
        }

        int scale = Math.Max(start.Scale, Math.Max(stop.Scale, step.Scale));
        int shown = Math.Max(start.Scale, step.Scale);
        Int128 by = Scaled(step, scale);
        Int128 end = Scaled(stop, scale);
        CheckStep(by == 0);
        var into = (FixedBuilder<Numeric>)_output.Columns[_width];
        long k = 0;
        for (Int128 value = Scaled(start, scale); by > 0 ? value <= end : value >= end; value += by)
        {
            into.Append(Numeric.Create(value / Scaled(Numeric.Create(1, 0), scale - shown), shown));
            EndRow(input, row, k++, output);
        }
    }

    private static Int128 Scaled(Numeric value, int scale)
    {
        Int128 scaled = value.Unscaled;
        for (int i = value.Scale; i < scale; i++)
        {
            scaled = checked(scaled * 10);
        }

        return scaled;
    }

    private static void CheckStep(bool isZero)
    {
        if (isZero)
        {
            throw new SqlException("22023", "step size cannot equal zero");
        }
    }

    private void EndRow(Batch input, int row, long ordinal, IOutput output)
    {
        if (ordinal >= StepsMax)
        {
            throw new SqlException("54000", $"generate_series gives more than {StepsMax} rows for one input row", hint: "use a larger step");
        }

        for (int c = 0; c < _width; c++)
        {
            _output.Columns[c].AppendFrom(input.Columns[c], row);
        }

        if (_plan.WithOrdinality)
        {
            ((FixedBuilder<long>)_output.Columns[^1]).Append(ordinal + 1);
        }

        _output.EndRow(input.Weight(row));
        Flush(output, BlockRows);
    }

    private void Flush(IOutput output, int least)
    {
        if (_output.Count >= least)
        {
            output.Emit(_output.View());
            _output.Reset();
        }
    }
}
