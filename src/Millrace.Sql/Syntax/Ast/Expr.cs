// Scalar expressions: literals, names, operators, conditions, subqueries.
namespace Millrace.Sql.Syntax;

/// <summary>An expression.</summary>
public abstract record Expr : Node;

// ---- literals ----

/// <summary><c>NULL</c>.</summary>
public sealed record NullLiteral : Expr;

/// <summary><c>TRUE</c> or <c>FALSE</c>.</summary>
/// <param name="Value">The truth value.</param>
public sealed record BooleanLiteral(bool Value) : Expr;

/// <summary>A number without sign. Hex, octal and binary are already decimal and underscores are gone.</summary>
/// <param name="Text">Digits, at most one point, at most one exponent; any length.</param>
public sealed record NumberLiteral(string Text) : Expr
{
    /// <summary>True when there is neither point nor exponent.</summary>
    public bool IsInteger => Text.AsSpan().IndexOfAnyExceptInRange('0', '9') < 0;
}

/// <summary>A string of any notation, escapes resolved; its type is still unknown, as in PostgreSQL.</summary>
/// <param name="Value">The characters.</param>
public sealed record StringLiteral(string Value) : Expr;

/// <summary>A bit string <c>B'101'</c> or <c>X'1F'</c>; hex digits are already bits.</summary>
/// <param name="Bits">Characters 0 and 1.</param>
public sealed record BitStringLiteral(string Bits) : Expr;

/// <summary>A literal with its type in front: <c>DATE '2026-01-01'</c>, <c>jsonb '{}'</c>.</summary>
/// <param name="Type">The type.</param>
/// <param name="Value">The text to be read as that type.</param>
public sealed record TypedLiteral(TypeName Type, string Value) : Expr;

/// <summary>An interval: <c>INTERVAL '1' DAY</c>, <c>INTERVAL '10 seconds'</c>.</summary>
/// <param name="Value">The quoted text.</param>
/// <param name="Fields">"year", "day to second", …; null when no field follows.</param>
/// <param name="Precision">The digits of fractional seconds, or null.</param>
public sealed record IntervalLiteral(string Value, string? Fields, int? Precision) : Expr;

/// <summary>A parameter <c>$n</c>, or <c>$name</c> in an endpoint's query.</summary>
/// <param name="Index">Its number, from 1; 0 when it is named.</param>
public sealed record ParameterExpr(int Index) : Expr
{
    /// <summary>Its name, or null when it has a number.</summary>
    public string? Name { get; init; }
}

/// <summary>The word DEFAULT in VALUES or SET; nowhere else.</summary>
public sealed record DefaultExpr : Expr;

// ---- names and access ----

/// <summary>A column, possibly qualified: <c>c</c>, <c>t.c</c>, <c>s.t.c</c>. <c>t.c.f</c> may also be a field: the binder
/// decides.</summary>
/// <param name="Parts">At least one part.</param>
public sealed record ColumnRef(NodeList<Name> Parts) : Expr
{
    /// <summary>The last part: the column's name.</summary>
    public string Last => Parts[^1].Text;

    /// <summary>The parts joined by dots, for messages.</summary>
    public string Display => string.Join('.', Parts.Select(p => p.Text));
}

/// <summary><c>*</c> or <c>t.*</c> in a select list, optionally <c>* EXCEPT (a, b)</c>.</summary>
/// <param name="Qualifier">The table, or null for all.</param>
/// <param name="Except">Columns left out.</param>
public sealed record StarExpr(ObjectName? Qualifier, NodeList<Name> Except) : Expr;

/// <summary>A field of a row: <c>(expr).field</c>.</summary>
/// <param name="Operand">The row.</param>
/// <param name="Field">The field's name; "*" for all of them (select list only).</param>
public sealed record FieldExpr(Expr Operand, Name Field) : Expr;

/// <summary>An element: <c>a[i]</c>.</summary>
/// <param name="Operand">The array.</param>
/// <param name="Index">The subscript.</param>
public sealed record IndexExpr(Expr Operand, Expr Index) : Expr;

/// <summary>A slice: <c>a[lo:hi]</c>.</summary>
/// <param name="Operand">The array.</param>
/// <param name="Lower">First subscript, or null for the array's start.</param>
/// <param name="Upper">Last subscript, or null for the array's end.</param>
public sealed record SliceExpr(Expr Operand, Expr? Lower, Expr? Upper) : Expr;

// ---- operators ----

/// <summary>A prefix operator: <c>-x</c>, <c>+x</c>, <c>~x</c>, <c>@x</c>, <c>|/x</c>, …</summary>
/// <param name="Operator">The operator's characters.</param>
/// <param name="Operand">The operand.</param>
public sealed record UnaryExpr(string Operator, Expr Operand) : Expr;

/// <summary>An infix operator; comparisons too. <c>!=</c> arrives as <c>&lt;&gt;</c>. AND and OR are <see cref="LogicalExpr"/>.</summary>
/// <param name="Operator">The operator's characters.</param>
/// <param name="Left">The left operand.</param>
/// <param name="Right">The right operand.</param>
public sealed record BinaryExpr(string Operator, Expr Left, Expr Right) : Expr;

/// <summary>AND or OR.</summary>
public enum LogicalOperator
{
    /// <summary>Conjunction.</summary>
    And,

    /// <summary>Disjunction.</summary>
    Or,
}

/// <summary>A whole chain <c>a AND b AND c</c> (or OR), so that a thousand conditions are not a thousand levels.</summary>
/// <param name="Operator">AND or OR.</param>
/// <param name="Operands">Two or more.</param>
public sealed record LogicalExpr(LogicalOperator Operator, NodeList<Expr> Operands) : Expr;

/// <summary><c>NOT x</c>.</summary>
/// <param name="Operand">The condition.</param>
public sealed record NotExpr(Expr Operand) : Expr;

/// <summary>What IS asks for.</summary>
public enum IsTest
{
    /// <summary>IS NULL, ISNULL.</summary>
    Null,

    /// <summary>IS TRUE.</summary>
    True,

    /// <summary>IS FALSE.</summary>
    False,

    /// <summary>IS UNKNOWN.</summary>
    Unknown,
}

/// <summary><c>x IS [NOT] NULL | TRUE | FALSE | UNKNOWN</c>.</summary>
/// <param name="Operand">The value tested.</param>
/// <param name="Test">What for.</param>
/// <param name="Negated">IS NOT.</param>
public sealed record IsExpr(Expr Operand, IsTest Test, bool Negated) : Expr;

/// <summary><c>a IS [NOT] DISTINCT FROM b</c>.</summary>
/// <param name="Left">The left value.</param>
/// <param name="Right">The right value.</param>
/// <param name="Negated">IS NOT DISTINCT FROM: null-safe equality.</param>
public sealed record IsDistinctExpr(Expr Left, Expr Right, bool Negated) : Expr;

/// <summary><c>x [NOT] BETWEEN [SYMMETRIC] low AND high</c>.</summary>
/// <param name="Operand">The value tested.</param>
/// <param name="Low">The lower bound.</param>
/// <param name="High">The upper bound.</param>
/// <param name="Negated">NOT BETWEEN.</param>
/// <param name="Symmetric">The bounds may come in either order.</param>
public sealed record BetweenExpr(Expr Operand, Expr Low, Expr High, bool Negated, bool Symmetric) : Expr;

/// <summary>The pattern language.</summary>
public enum LikeKind
{
    /// <summary>LIKE.</summary>
    Like,

    /// <summary>ILIKE: LIKE without regard to case.</summary>
    ILike,

    /// <summary>SIMILAR TO.</summary>
    SimilarTo,
}

/// <summary><c>x [NOT] LIKE pattern [ESCAPE e]</c> and its kin.</summary>
/// <param name="Kind">Which language the pattern is in.</param>
/// <param name="Operand">The text tested.</param>
/// <param name="Pattern">The pattern.</param>
/// <param name="Escape">The escape character, or null for the backslash.</param>
/// <param name="Negated">NOT LIKE.</param>
public sealed record LikeExpr(LikeKind Kind, Expr Operand, Expr Pattern, Expr? Escape, bool Negated) : Expr;

/// <summary><c>x [NOT] IN (a, b, …)</c>; the list may have a million elements.</summary>
/// <param name="Operand">The value looked for.</param>
/// <param name="Items">One or more.</param>
/// <param name="Negated">NOT IN.</param>
public sealed record InListExpr(Expr Operand, NodeList<Expr> Items, bool Negated) : Expr;

/// <summary><c>x [NOT] IN (SELECT …)</c>.</summary>
/// <param name="Operand">The value, or a row, looked for.</param>
/// <param name="Query">The subquery.</param>
/// <param name="Negated">NOT IN.</param>
public sealed record InSubqueryExpr(Expr Operand, Query Query, bool Negated) : Expr;

/// <summary>ANY (or SOME) against ALL.</summary>
public enum Quantifier
{
    /// <summary>True when one comparison holds.</summary>
    Any,

    /// <summary>True when every comparison holds.</summary>
    All,
}

/// <summary><c>x op ANY|ALL (array)</c>.</summary>
/// <param name="Left">The left value.</param>
/// <param name="Operator">An operator, or one of LIKE, NOT LIKE, ILIKE, NOT ILIKE.</param>
/// <param name="Quantifier">ANY or ALL.</param>
/// <param name="Array">The array.</param>
public sealed record QuantifiedArrayExpr(Expr Left, string Operator, Quantifier Quantifier, Expr Array) : Expr;

/// <summary><c>x op ANY|ALL (SELECT …)</c>.</summary>
/// <param name="Left">The left value, or a row.</param>
/// <param name="Operator">An operator, or one of LIKE, NOT LIKE, ILIKE, NOT ILIKE.</param>
/// <param name="Quantifier">ANY or ALL.</param>
/// <param name="Query">The subquery.</param>
public sealed record QuantifiedSubqueryExpr(Expr Left, string Operator, Quantifier Quantifier, Query Query) : Expr;

/// <summary><c>CASE [x] WHEN … THEN … ELSE … END</c>.</summary>
/// <param name="Operand">The value compared, or null for a searched CASE.</param>
/// <param name="Whens">One or more branches.</param>
/// <param name="Else">The answer when none applies; null means NULL.</param>
public sealed record CaseExpr(Expr? Operand, NodeList<WhenClause> Whens, Expr? Else) : Expr;

/// <summary>A branch of CASE.</summary>
/// <param name="Condition">The condition, or the value to compare with.</param>
/// <param name="Result">The answer.</param>
public sealed record WhenClause(Expr Condition, Expr Result) : Node;

/// <summary><c>CAST(x AS type)</c> or <c>x::type</c>.</summary>
/// <param name="Operand">The value.</param>
/// <param name="Type">The target type.</param>
public sealed record CastExpr(Expr Operand, TypeName Type) : Expr;

/// <summary><c>x AT TIME ZONE zone</c>.</summary>
/// <param name="Operand">The time.</param>
/// <param name="Zone">The zone's name or offset.</param>
public sealed record AtTimeZoneExpr(Expr Operand, Expr Zone) : Expr;

/// <summary><c>x COLLATE name</c>.</summary>
/// <param name="Operand">The text.</param>
/// <param name="Collation">The collation.</param>
public sealed record CollateExpr(Expr Operand, ObjectName Collation) : Expr;

// ---- constructors and subqueries ----

/// <summary><c>ARRAY[…]</c>; inner brackets of <c>ARRAY[[1,2],[3,4]]</c> are nodes of this kind too.</summary>
/// <param name="Elements">The elements.</param>
public sealed record ArrayExpr(NodeList<Expr> Elements) : Expr;

/// <summary><c>ARRAY(SELECT …)</c>.</summary>
/// <param name="Query">A subquery of one column.</param>
public sealed record ArraySubqueryExpr(Query Query) : Expr;

/// <summary><c>ROW(a, b)</c> or <c>(a, b)</c>.</summary>
/// <param name="Items">The fields; the short form has at least two.</param>
public sealed record RowExpr(NodeList<Expr> Items) : Expr;

/// <summary><c>EXISTS (SELECT …)</c>.</summary>
/// <param name="Query">The subquery.</param>
public sealed record ExistsExpr(Query Query) : Expr;

/// <summary><c>(SELECT …)</c> as a value, or as a row where a row is expected.</summary>
/// <param name="Query">The subquery.</param>
public sealed record ScalarSubqueryExpr(Query Query) : Expr;
