// Expressions ready to run over batches: what Project and Filter operators hold.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>A list of expressions over one input, each compiled into a loop of its own by the runtime's JIT.</summary>
internal sealed class CompiledExpressions
{
    private readonly CompiledExpression[] _expressions;

    private CompiledExpressions(CompiledExpression[] expressions) => _expressions = expressions;

    /// <summary>Compiles <paramref name="exprs"/>; the loops themselves are made when the first batch comes.</summary>
    public static CompiledExpressions Compile(IReadOnlyList<ScalarExpr> exprs, Schema input, EvalErrors mode) =>
        new([.. exprs.Select(e => new CompiledExpression(e, mode))]);

    /// <summary>Appends input.Count rows to each output.</summary>
    public void Run(Batch input, ReadOnlySpan<ColumnBuilder> outputs, EvalContext context)
    {
        for (int i = 0; i < _expressions.Length; i++)
        {
            _expressions[i].Run(input, outputs[i], context);
        }
    }
}

/// <summary>One compiled expression.</summary>
internal sealed class CompiledExpression
{
    private readonly ScalarExpr _expr;
    private readonly EvalErrors _mode;
    private readonly int[] _used;
    private readonly TruncateKernel? _kernel;
    private SharedExpr? _shared;
    private ProjectLoop? _plain;
    private ProjectLoop? _withNulls;
    private ProjectLoop? _guarded;
    private FewRows _few;

    public CompiledExpression(ScalarExpr expr, EvalErrors mode)
    {
        _expr = expr;
        _mode = mode;
        _used = [.. BatchColumns.Used(expr).Distinct()];
        _kernel = TruncateKernel.For(expr);
    }

    public void Run(Batch input, ColumnBuilder output, EvalContext context)
    {
        if (_expr is ColumnExpr column)
        {
            output.AppendRange(input.Columns[column.Index], 0, input.Count);
            return;
        }

        if (_kernel?.TryRun(input, output, context) == true)
        {
            return;
        }

        context.Scratch.Reset();
        if (_few.Take(input.Count, _plain is not null || _withNulls is not null))
        {
            Interpret(input, output, context);
            return;
        }

        bool nulls = HasNulls(input);
        _shared ??= new SharedExpr(_expr);
        context.Slots = _shared.Slots;
        ProjectLoop loop = nulls
            ? _withNulls ??= LoopCache.Project(_shared, nulls: true, guarded: false)
            : _plain ??= LoopCache.Project(_shared, nulls: false, guarded: false);
        if (_mode == EvalErrors.Throw)
        {
            loop(input.Columns, input.Count, output, context);
            return;
        }

        int before = output.Count;
        try
        {
            loop(input.Columns, input.Count, output, context);
        }
        catch (SqlException)
        {
            // Rare: go over the batch again, row by row, and leave out what fails.
            output.TruncateTo(before);
            context.Scratch.Reset();
            if (_mode == EvalErrors.Weigh)
            {
                Interpret(input, output, context);
                return;
            }

            _guarded ??= LoopCache.Project(_shared, nulls: true, guarded: true);
            _guarded(input.Columns, input.Count, output, context);
        }
    }

    private void Interpret(Batch input, ColumnBuilder output, EvalContext context)
    {
        var interpreter = new Interpreter(context);
        for (int row = 0; row < input.Count; row++)
        {
            try
            {
                BoxedValue.Append(output, interpreter.Evaluate(_expr, input, row));
            }
            catch (SqlException e) when (_mode != EvalErrors.Throw)
            {
                context.Weigh(e, input.Weight(row));
                output.AppendNull();
            }

            context.NextRow();
        }
    }

    private bool HasNulls(Batch input)
    {
        foreach (int column in _used)
        {
            if (input.Columns[column].Validity is not null)
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>A compiled predicate.</summary>
internal sealed class CompiledFilter
{
    private readonly ScalarExpr _predicate;
    private readonly EvalErrors _mode;
    private readonly int[] _used;
    private SharedExpr? _shared;
    private FilterLoop? _plain;
    private FilterLoop? _withNulls;
    private FilterLoop? _guarded;
    private FewRows _few;

    private CompiledFilter(ScalarExpr predicate, EvalErrors mode)
    {
        _predicate = predicate;
        _mode = mode;
        _used = [.. BatchColumns.Used(predicate).Distinct()];
    }

    /// <summary>Compiles a boolean expression; the loop itself is made when the first batch comes.</summary>
    public static CompiledFilter Compile(ScalarExpr predicate, Schema input, EvalErrors mode) => new(predicate, mode);

    /// <summary>Writes the indexes of the rows for which it is true into <paramref name="selected"/> (of at least input.Count) and returns their number.</summary>
    public int Run(Batch input, int[] selected, EvalContext context)
    {
        context.Scratch.Reset();
        if (_few.Take(input.Count, _plain is not null || _withNulls is not null))
        {
            return Interpret(input, selected, context);
        }

        bool nulls = Array.Exists(_used, c => input.Columns[c].Validity is not null);
        _shared ??= new SharedExpr(_predicate);
        context.Slots = _shared.Slots;
        FilterLoop loop = nulls
            ? _withNulls ??= LoopCache.Filter(_shared, nulls: true, guarded: false)
            : _plain ??= LoopCache.Filter(_shared, nulls: false, guarded: false);
        if (_mode == EvalErrors.Throw)
        {
            return loop(input.Columns, input.Count, selected, context);
        }

        try
        {
            return loop(input.Columns, input.Count, selected, context);
        }
        catch (SqlException)
        {
            context.Scratch.Reset();
            if (_mode == EvalErrors.Weigh)
            {
                return Interpret(input, selected, context);
            }

            _guarded ??= LoopCache.Filter(_shared, nulls: true, guarded: true);
            return _guarded(input.Columns, input.Count, selected, context);
        }
    }

    private int Interpret(Batch input, int[] selected, EvalContext context)
    {
        var interpreter = new Interpreter(context);
        int found = 0;
        for (int row = 0; row < input.Count; row++)
        {
            try
            {
                if (interpreter.Evaluate(_predicate, input, row) is true)
                {
                    selected[found++] = row;
                }
            }
            catch (SqlException e) when (_mode != EvalErrors.Throw)
            {
                context.Weigh(e, input.Weight(row));
            }

            context.NextRow();
        }

        return found;
    }
}

/// <summary>Compiling takes about as long as interpreting a few hundred rows: the first batches of a few rows are interpreted.</summary>
internal struct FewRows
{
    private const int BatchMax = 8;
    private const int TotalMax = 128;

    private int _seen;

    /// <summary>True when a batch of <paramref name="rows"/> is better interpreted; counts them.</summary>
    public bool Take(int rows, bool compiled)
    {
        if (compiled || rows > BatchMax || _seen + rows > TotalMax)
        {
            return false;
        }

        _seen += rows;
        return true;
    }
}
