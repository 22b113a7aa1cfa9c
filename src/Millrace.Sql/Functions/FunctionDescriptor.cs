// What a function says about itself, once: signature, null rule, volatility, doc and example stand beside the body.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>Whether equal arguments give equal results.</summary>
public enum Volatility
{
    /// <summary>Always: the call may be folded and cached.</summary>
    Immutable,
    /// <summary>Within one epoch or statement: such as now().</summary>
    Stable,
    /// <summary>Never: such as random(). Refused in materialized views.</summary>
    Volatile,
}

/// <summary>How a cast may be applied, as in PostgreSQL's pg_cast.</summary>
public enum CastContext
{
    /// <summary>Anywhere an expression needs another type.</summary>
    Implicit,
    /// <summary>When storing into a column.</summary>
    Assignment,
    /// <summary>Only by CAST or ::.</summary>
    Explicit,
}

/// <summary>The type of a parameter: a fixed type, or a family that is bound by the arguments.</summary>
/// <param name="Type">The fixed type; null for a polymorphic parameter.</param>
/// <param name="Family">Which polymorphic family, when <paramref name="Type"/> is null.</param>
public readonly record struct ParameterType(SqlType? Type, Polymorphic Family = Polymorphic.None)
{
    /// <summary>A parameter of the fixed type.</summary>
    public static implicit operator ParameterType(SqlType type) => new(type);

    /// <summary>A parameter of a polymorphic family.</summary>
    public static implicit operator ParameterType(Polymorphic family) => new(null, family);
}

/// <summary>PostgreSQL's polymorphic pseudo-types.</summary>
public enum Polymorphic
{
    /// <summary>Not polymorphic.</summary>
    None,
    /// <summary>Any type; all such parameters of a call agree.</summary>
    AnyElement,
    /// <summary>An array whose element type is that of <see cref="AnyElement"/>.</summary>
    AnyArray,
    /// <summary>Any type, not bound to others ("any").</summary>
    Any,
}

/// <summary>
/// A scalar function, operator (its name is the operator's spelling) or cast. The body is opaque to this project: the engine's expression
/// compiler knows what it is.
/// </summary>
public sealed class ScalarFunction
{
    /// <summary>Lower-case name, or the operator's spelling.</summary>
    public required string Name { get; init; }

    /// <summary>The parameters.</summary>
    public required IReadOnlyList<ParameterType> Parameters { get; init; }

    /// <summary>The result's type as a function of the actual argument types.</summary>
    public required Func<IReadOnlyList<SqlType>, SqlType> Returns { get; init; }

    /// <summary>True when the last parameter may repeat.</summary>
    public bool Variadic { get; init; }

    /// <summary>How many trailing parameters may be left out.</summary>
    public int Optional { get; init; }

    /// <summary>True when a null argument makes the result null without calling the body.</summary>
    public bool Strict { get; init; } = true;

    /// <summary>Whether equal arguments give equal results.</summary>
    public Volatility Volatility { get; init; } = Volatility.Immutable;

    /// <summary>Fails where a constant cannot be the argument <see cref="CheckedArgument"/>, as a pattern that is none; null where there is nothing to check.</summary>
    public Action<object>? CheckConstant { get; init; }

    /// <summary>Which argument that is about.</summary>
    public int CheckedArgument { get; init; }

    /// <summary>One sentence for the reference.</summary>
    public required string Doc { get; init; }

    /// <summary>A runnable expression and its result, as <c>abs(-3) → 3</c>.</summary>
    public string Example { get; init; } = "";

    /// <summary>The heading it stands under in the reference.</summary>
    public string Group { get; init; } = "";

    /// <summary>The implementation, for the engine's expression compiler.</summary>
    public required object Body { get; init; }
}

/// <summary>An aggregate function. The body is a factory that the engine's aggregate operator knows.</summary>
public sealed class AggregateFunction
{
    /// <summary>Lower-case name.</summary>
    public required string Name { get; init; }

    /// <summary>The parameters; empty for count(*).</summary>
    public required IReadOnlyList<ParameterType> Parameters { get; init; }

    /// <summary>The result's type as a function of the actual argument types.</summary>
    public required Func<IReadOnlyList<SqlType>, SqlType> Returns { get; init; }

    /// <summary>True when the result depends on the order of its input (array_agg, string_agg, first, last).</summary>
    public bool OrderSensitive { get; init; }

    /// <summary>True for ordered-set aggregates called WITHIN GROUP (percentile_cont, mode).</summary>
    public bool OrderedSet { get; init; }

    /// <summary>True for hypothetical-set aggregates: as many arguments as ORDER BY has keys, a row to be ranked among the group's.</summary>
    public bool Hypothetical { get; init; }

    /// <summary>One sentence for the reference.</summary>
    public required string Doc { get; init; }

    /// <summary>A runnable example.</summary>
    public string Example { get; init; } = "";

    /// <summary>The implementation, for the engine's aggregate operator.</summary>
    public required object Body { get; init; }
}

/// <summary>A function that only makes sense OVER a window (row_number, lag …). Aggregates may be used over windows as well.</summary>
public sealed class WindowFunction
{
    /// <summary>Lower-case name.</summary>
    public required string Name { get; init; }

    /// <summary>The parameters.</summary>
    public required IReadOnlyList<ParameterType> Parameters { get; init; }

    /// <summary>How many trailing parameters may be left out.</summary>
    public int Optional { get; init; }

    /// <summary>The result's type as a function of the actual argument types.</summary>
    public required Func<IReadOnlyList<SqlType>, SqlType> Returns { get; init; }

    /// <summary>One sentence for the reference.</summary>
    public required string Doc { get; init; }

    /// <summary>A runnable example and its results, row by row.</summary>
    public string Example { get; init; } = "";

    /// <summary>The implementation, for the engine's window operator.</summary>
    public required object Body { get; init; }
}

/// <summary>A conversion between two types.</summary>
/// <param name="From">The source type.</param>
/// <param name="To">The target type.</param>
/// <param name="Context">Where it applies by itself.</param>
/// <param name="Function">What converts: one parameter, strict.</param>
public sealed record CastDescriptor(SqlType From, SqlType To, CastContext Context, ScalarFunction Function);
