// Function calls with everything that may hang on them: DISTINCT, ORDER BY, FILTER, WITHIN GROUP, OVER.
namespace Millrace.Sql.Syntax;

/// <summary>A call. The special notations arrive as plain calls: EXTRACT(f FROM x) is extract('f', x), SUBSTRING(x FROM a FOR b) is
/// substring(x, a, b), SUBSTRING(x SIMILAR p ESCAPE e) is substring(x, p, e), POSITION(a IN b) is strpos(b, a), OVERLAY(x PLACING y
/// FROM a FOR b) is
/// overlay(x, y, a, b), TRIM is btrim, ltrim or rtrim, (a, b) OVERLAPS (c, d) is overlaps(a, b, c, d), and CURRENT_TIMESTAMP and its
/// kin are
/// calls without arguments (or with a precision). COALESCE, NULLIF, GREATEST, LEAST and GROUPING are calls of these names.</summary>
/// <param name="Name">The function, folded to lower case unless quoted.</param>
/// <param name="Args">The arguments; a <see cref="NamedArgExpr"/> for name =&gt; value. Empty for <c>f(*)</c>.</param>
public sealed record FunctionCall(ObjectName Name, NodeList<Expr> Args) : Expr
{
    /// <summary><c>f(*)</c>, as in count(*).</summary>
    public bool Star { get; init; }

    /// <summary><c>f(DISTINCT …)</c>.</summary>
    public bool Distinct { get; init; }

    /// <summary><c>f(…, VARIADIC array)</c>: the last argument is the array of the rest.</summary>
    public bool Variadic { get; init; }

    /// <summary><c>f(… ORDER BY …)</c>.</summary>
    public NodeList<OrderItem> OrderBy { get; init; } = [];

    /// <summary><c>WITHIN GROUP (ORDER BY …)</c>.</summary>
    public NodeList<OrderItem> WithinGroup { get; init; } = [];

    /// <summary><c>FILTER (WHERE …)</c>, or null.</summary>
    public Expr? Filter { get; init; }

    /// <summary><c>OVER …</c>, or null.</summary>
    public WindowSpec? Over { get; init; }

    /// <summary><c>IGNORE NULLS</c> (true), <c>RESPECT NULLS</c> (false) or neither (null).</summary>
    public bool? IgnoreNulls { get; init; }
}

/// <summary>An argument by name: <c>name =&gt; value</c> (or the old <c>:=</c>).</summary>
/// <param name="Name">The parameter's name.</param>
/// <param name="Value">The value.</param>
public sealed record NamedArgExpr(Name Name, Expr Value) : Expr;

/// <summary>RisingWave's <c>|x| x + 1</c>: what is done with each element, as an argument of array_transform.</summary>
/// <param name="Parameter">The element's name.</param>
/// <param name="Body">What becomes of it.</param>
public sealed record LambdaExpr(Name Parameter, Expr Body) : Expr;

/// <summary>A window: after OVER, or named in the WINDOW clause.</summary>
/// <param name="BaseName">The named window it refers to or copies, or null.</param>
/// <param name="PartitionBy">PARTITION BY, or empty.</param>
/// <param name="OrderBy">ORDER BY, or empty.</param>
/// <param name="Frame">The frame, or null for the default.</param>
/// <param name="IsReference">True for <c>OVER w</c> without parentheses: the named window as it is.</param>
public sealed record WindowSpec(
    Name? BaseName, NodeList<Expr> PartitionBy, NodeList<OrderItem> OrderBy, WindowFrame? Frame, bool IsReference = false) : Node;

/// <summary>What a frame counts.</summary>
public enum FrameUnit
{
    /// <summary>Rows.</summary>
    Rows,

    /// <summary>Distance in the ordering value.</summary>
    Range,

    /// <summary>Peer groups.</summary>
    Groups,

    /// <summary>Rows with at most a gap between them (SESSION WITH GAP, as in RisingWave); the gap is the start's offset.</summary>
    Session,
}

/// <summary>One end of a frame.</summary>
public enum FrameBoundKind
{
    /// <summary>UNBOUNDED PRECEDING.</summary>
    UnboundedPreceding,

    /// <summary>n PRECEDING.</summary>
    Preceding,

    /// <summary>CURRENT ROW.</summary>
    CurrentRow,

    /// <summary>n FOLLOWING.</summary>
    Following,

    /// <summary>UNBOUNDED FOLLOWING.</summary>
    UnboundedFollowing,
}

/// <summary>Rows a frame leaves out.</summary>
public enum FrameExclusion
{
    /// <summary>EXCLUDE NO OTHERS: the default.</summary>
    NoOthers,

    /// <summary>EXCLUDE CURRENT ROW.</summary>
    CurrentRow,

    /// <summary>EXCLUDE GROUP.</summary>
    Group,

    /// <summary>EXCLUDE TIES.</summary>
    Ties,
}

/// <summary>One end of a frame, with its distance.</summary>
/// <param name="Kind">Which end.</param>
/// <param name="Offset">The distance of n PRECEDING and n FOLLOWING, else null.</param>
public sealed record FrameBound(FrameBoundKind Kind, Expr? Offset) : Node;

/// <summary><c>ROWS BETWEEN … AND … EXCLUDE …</c>. The short form's end is CURRENT ROW and is filled in.</summary>
/// <param name="Unit">What is counted.</param>
/// <param name="Start">The first end.</param>
/// <param name="End">The last end.</param>
/// <param name="Exclusion">What is left out.</param>
public sealed record WindowFrame(FrameUnit Unit, FrameBound Start, FrameBound End, FrameExclusion Exclusion) : Node;
