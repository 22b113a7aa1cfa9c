// A query with the constants it compares columns with taken out: queries that differ in nothing else are planned alike.
namespace Millrace.Sql.Syntax;

/// <summary>The shape of a query, and what was taken out of it.</summary>
/// <param name="Query">The query with parameters in place of the constants.</param>
/// <param name="Constants">By parameter: a <see cref="StringLiteral"/> or a <see cref="NumberLiteral"/> of type integer.</param>
public sealed record QueryShape(Query Query, IReadOnlyList<Expr> Constants)
{
    // Longer lists are no template that somebody fills in.
    private const int ConstantsMax = 64;

    /// <summary>A letter for each constant: t for text, i for an integer. Shapes with equal queries and kinds have one plan.</summary>
    public string Kinds => string.Concat(Constants.Select(c => c is StringLiteral ? 't' : 'i'));

    /// <summary>The shape of a SELECT from one table, where WHERE compares columns with constants; null for anything else.</summary>
    public static QueryShape? Of(Query query)
    {
        if (query is not { With: null, Body: SelectBody { From: [NamedTable], Where: { } where } body })
        {
            return null;
        }

        var constants = new List<Expr>();
        Expr rest = Condition(where, constants);
        return constants.Count is > 0 and <= ConstantsMax ? new QueryShape(query with { Body = body with { Where = rest } }, constants) : null;
    }

    // Only whole comparisons of a column: there a parameter gets the type that the constant would have got.
    private static Expr Condition(Expr expr, List<Expr> constants) => expr switch
    {
        LogicalExpr e => e with { Operands = [.. e.Operands.Select(o => Condition(o, constants))] },
        BinaryExpr { Operator: "=" or "<>" or "<" or "<=" or ">" or ">=", Left: ColumnRef } e when IsConstant(e.Right) => e with { Right = Take(e.Right, constants) },
        BetweenExpr { Operand: ColumnRef } e when AreAlike([e.Low, e.High]) => e with { Low = Take(e.Low, constants), High = Take(e.High, constants) },
        InListExpr { Operand: ColumnRef } e when e.Items.Count <= ConstantsMax && AreAlike(e.Items) => e with { Items = [.. e.Items.Select(i => Take(i, constants))] },
        _ => expr,
    };

    private static bool AreAlike(IEnumerable<Expr> items) => items.All(i => i is StringLiteral) || items.All(i => i is NumberLiteral && IsConstant(i));

    // Numbers of nine digits are all of one type; longer ones stay, as a part of the shape.
    private static bool IsConstant(Expr expr) => expr is StringLiteral or NumberLiteral { IsInteger: true, Text.Length: <= 9 };

    private static ParameterExpr Take(Expr constant, List<Expr> constants)
    {
        constants.Add(constant);
        return new ParameterExpr(constants.Count) { Position = constant.Position };
    }
}
