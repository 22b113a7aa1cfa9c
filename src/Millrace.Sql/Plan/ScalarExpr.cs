// Bound scalar expressions: every name resolved, every type known, every conversion explicit.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>A bound expression over the columns of one input.</summary>
/// <param name="Type">The type of its value.</param>
public abstract record ScalarExpr(SqlType Type);

/// <summary>The value of an input column.</summary>
/// <param name="Index">The column.</param>
/// <param name="Type">Its type.</param>
public sealed record ColumnExpr(int Index, SqlType Type) : ScalarExpr(Type);

/// <summary>A constant.</summary>
/// <param name="Value">
/// null, or the CLR representation of the type: bool, short, int, long, float, double, <see cref="Numeric"/>, <see cref="Interval"/>,
/// <see cref="Uuid"/>, <see cref="ByteSlice"/> (text, bytea, jsonb), <see cref="ListSlice"/>, <see cref="RowSlice"/>.
/// </param>
/// <param name="Type">Its type.</param>
public sealed record LiteralExpr(object? Value, SqlType Type) : ScalarExpr(Type);

/// <summary>A statement parameter ($1 is index 0); replaced by a literal before a plan runs.</summary>
/// <param name="Index">0-based.</param>
/// <param name="Type">Its type.</param>
public sealed record ParameterExpr(int Index, SqlType Type) : ScalarExpr(Type);

/// <summary>A function, operator or cast applied to arguments that have exactly its parameter types.</summary>
/// <param name="Function">What is called.</param>
/// <param name="Arguments">The arguments.</param>
/// <param name="Type">The result's type (with its declared precision where the call is a cast).</param>
public sealed record CallExpr(ScalarFunction Function, IReadOnlyList<ScalarExpr> Arguments, SqlType Type) : ScalarExpr(Type);

/// <summary>Three-valued AND of two or more booleans, evaluated left to right, stopping at false.</summary>
/// <param name="Arguments">The terms.</param>
public sealed record AndExpr(IReadOnlyList<ScalarExpr> Arguments) : ScalarExpr(SqlType.Boolean);

/// <summary>Three-valued OR of two or more booleans, evaluated left to right, stopping at true.</summary>
/// <param name="Arguments">The terms.</param>
public sealed record OrExpr(IReadOnlyList<ScalarExpr> Arguments) : ScalarExpr(SqlType.Boolean);

/// <summary>Three-valued NOT.</summary>
/// <param name="Argument">The negated boolean.</param>
public sealed record NotExpr(ScalarExpr Argument) : ScalarExpr(SqlType.Boolean);

/// <summary>IS NULL, or IS NOT NULL when negated. Never null.</summary>
/// <param name="Argument">What is looked at.</param>
/// <param name="Negated">True for IS NOT NULL.</param>
public sealed record IsNullExpr(ScalarExpr Argument, bool Negated) : ScalarExpr(SqlType.Boolean);

/// <summary>IS [NOT] DISTINCT FROM: comparison where null equals null. <see cref="Equal"/> is the = of the type.</summary>
/// <param name="Left">Left side.</param>
/// <param name="Right">Right side, of the same type.</param>
/// <param name="Equal">The equality operator of the type.</param>
/// <param name="Negated">True for IS NOT DISTINCT FROM.</param>
public sealed record IsDistinctExpr(ScalarExpr Left, ScalarExpr Right, ScalarFunction Equal, bool Negated) : ScalarExpr(SqlType.Boolean);

/// <summary>CASE: the first branch whose condition is true; only that branch is evaluated.</summary>
/// <param name="Branches">Conditions and results.</param>
/// <param name="Else">The result when none holds (a null literal when absent).</param>
/// <param name="Type">The common type.</param>
public sealed record CaseExpr(IReadOnlyList<(ScalarExpr When, ScalarExpr Then)> Branches, ScalarExpr Else, SqlType Type) : ScalarExpr(Type);

/// <summary>The first argument that is not null.</summary>
/// <param name="Arguments">Of one type.</param>
/// <param name="Type">That type.</param>
public sealed record CoalesceExpr(IReadOnlyList<ScalarExpr> Arguments, SqlType Type) : ScalarExpr(Type);

/// <summary>x IN (constants), or NOT IN when negated, with SQL's null rules; evaluated by a hash set.</summary>
/// <param name="Argument">What is looked for.</param>
/// <param name="Values">Constants of the argument's type; null ones allowed.</param>
/// <param name="Equal">The equality operator of the type.</param>
/// <param name="Negated">True for NOT IN.</param>
public sealed record InListExpr(ScalarExpr Argument, IReadOnlyList<LiteralExpr> Values, ScalarFunction Equal, bool Negated) : ScalarExpr(SqlType.Boolean);

/// <summary>ARRAY[…].</summary>
/// <param name="Elements">Of the array's element type.</param>
/// <param name="Type">The array type.</param>
public sealed record ArrayExpr(IReadOnlyList<ScalarExpr> Elements, SqlType Type) : ScalarExpr(Type);

/// <summary>ROW(…).</summary>
/// <param name="Fields">One a field.</param>
/// <param name="Type">The row type.</param>
public sealed record RowExpr(IReadOnlyList<ScalarExpr> Fields, SqlType Type) : ScalarExpr(Type);

/// <summary>(row).field.</summary>
/// <param name="Row">A row value.</param>
/// <param name="Index">The field.</param>
/// <param name="Type">Its type.</param>
public sealed record FieldExpr(ScalarExpr Row, int Index, SqlType Type) : ScalarExpr(Type);

/// <summary>An array converted element by element; null elements stay null.</summary>
/// <param name="Argument">The array.</param>
/// <param name="Element">Converts one element: one parameter, strict.</param>
/// <param name="Type">The array type.</param>
public sealed record CastArrayExpr(ScalarExpr Argument, ScalarFunction Element, SqlType Type) : ScalarExpr(Type);
