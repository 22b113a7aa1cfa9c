// Compiled loops are kept: a query that differs from one before only in its constants does not wait for the compiler.
using System.Collections.Concurrent;
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>A constant that a compiled loop reads from <see cref="EvalContext.Slots"/>, so that loops serve expressions with other constants too.</summary>
/// <param name="Index">Its place among the slots.</param>
/// <param name="Type">Its type; never null.</param>
internal sealed record SlotExpr(int Index, SqlType Type) : ScalarExpr(Type);

/// <summary>An expression with its constants taken out.</summary>
internal sealed class SharedExpr
{
    private readonly List<object> _slots = [];
    private object[]? _values;

    public SharedExpr(ScalarExpr expr)
    {
        Shape = Take(expr);
        Text = PlanText.Of(Shape);
    }

    /// <summary>The expression with slots in place of constants.</summary>
    public ScalarExpr Shape { get; }

    /// <summary>Equal for expressions that one loop can serve.</summary>
    public string Text { get; }

    /// <summary>The constants.</summary>
    public object[] Slots => _values ??= [.. _slots];

    // Constants that a function prepares for itself (patterns, units) stay where they are: they are compiled in.
    private ScalarExpr Take(ScalarExpr expr) => expr switch
    {
        AndExpr e => new AndExpr([.. e.Arguments.Select(Take)]),
        OrExpr e => new OrExpr([.. e.Arguments.Select(Take)]),
        NotExpr e => new NotExpr(Take(e.Argument)),
        IsNullExpr e => e with { Argument = Take(e.Argument) },
        CallExpr e => e with { Arguments = [.. e.Arguments.Select((a, i) => Argument(e, a, i))] },
        _ => expr,
    };

    private ScalarExpr Argument(CallExpr call, ScalarExpr argument, int index)
    {
        if (argument is not LiteralExpr { Value: { } value })
        {
            return Take(argument);
        }

        if (call.Function.Body is PreparedBody prepared && prepared.Argument == index)
        {
            return argument;
        }

        _slots.Add(value);
        return new SlotExpr(_slots.Count - 1, argument.Type);
    }
}

/// <summary>The loops of the process. They hold no state: any number of threads may run one.</summary>
internal static class LoopCache
{
    // So many different expressions are rare; when they come, all are forgotten and those in use are compiled again.
    private const int LoopsMax = 2_000;

    private static readonly ConcurrentDictionary<string, Delegate> Loops = new(StringComparer.Ordinal);

    public static ProjectLoop Project(SharedExpr expr, bool nulls, bool guarded) =>
        (ProjectLoop)Get($"P{(nulls ? 'n' : '-')}{(guarded ? 'g' : '-')}{expr.Text}", () => LoopCompiler.Project(expr.Shape, nulls, guarded));

    public static FilterLoop Filter(SharedExpr expr, bool nulls, bool guarded) =>
        (FilterLoop)Get($"F{(nulls ? 'n' : '-')}{(guarded ? 'g' : '-')}{expr.Text}", () => LoopCompiler.Filter(expr.Shape, nulls, guarded));

    private static Delegate Get(string key, Func<Delegate> make)
    {
        if (Loops.TryGetValue(key, out Delegate? loop))
        {
            return loop;
        }

        if (Loops.Count >= LoopsMax)
        {
            Loops.Clear();
        }

        return Loops.GetOrAdd(key, _ => make());
    }
}
