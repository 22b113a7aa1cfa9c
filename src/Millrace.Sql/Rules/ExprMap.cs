// Walks and rebuilds scalar expressions: the one place that knows every kind's children.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>Walks and rebuilds scalar expressions.</summary>
internal static class ExprMap
{
    /// <summary>The direct parts of an expression.</summary>
    public static IEnumerable<ScalarExpr> Children(ScalarExpr expr) => expr switch
    {
        CallExpr e => e.Arguments,
        AndExpr e => e.Arguments,
        OrExpr e => e.Arguments,
        NotExpr e => [e.Argument],
        IsNullExpr e => [e.Argument],
        IsDistinctExpr e => [e.Left, e.Right],
        CaseExpr e => e.Branches.SelectMany(b => new[] { b.When, b.Then }).Append(e.Else),
        CoalesceExpr e => e.Arguments,
        InListExpr e => [e.Argument],
        ArrayExpr e => e.Elements,
        RowExpr e => e.Fields,
        FieldExpr e => [e.Row],
        CastArrayExpr e => [e.Argument],
        PlaceholderExpr e => e.Parts,
        _ => [],
    };

    /// <summary>The expression with each direct part mapped; the same object when nothing changed.</summary>
    public static ScalarExpr MapChildren(ScalarExpr expr, Func<ScalarExpr, ScalarExpr> map)
    {
        BindContext.CheckDepth(-1);
        switch (expr)
        {
            case CallExpr e:
                return MapList(e.Arguments, map) is { } call ? e with { Arguments = call } : e;
            case AndExpr e:
                return MapList(e.Arguments, map) is { } and ? new AndExpr(and) : e;
            case OrExpr e:
                return MapList(e.Arguments, map) is { } or ? new OrExpr(or) : e;
            case NotExpr e:
                return Same(map(e.Argument), e.Argument, out ScalarExpr not) ? e : new NotExpr(not);
            case IsNullExpr e:
                return Same(map(e.Argument), e.Argument, out ScalarExpr tested) ? e : e with { Argument = tested };
            case IsDistinctExpr e:
                return e with { Left = map(e.Left), Right = map(e.Right) };
            case CaseExpr e:
                return e with { Branches = [.. e.Branches.Select(b => (map(b.When), map(b.Then)))], Else = map(e.Else) };
            case CoalesceExpr e:
                return MapList(e.Arguments, map) is { } coalesce ? e with { Arguments = coalesce } : e;
            case InListExpr e:
                return Same(map(e.Argument), e.Argument, out ScalarExpr sought) ? e : e with { Argument = sought };
            case ArrayExpr e:
                return MapList(e.Elements, map) is { } elements ? e with { Elements = elements } : e;
            case RowExpr e:
                return MapList(e.Fields, map) is { } fields ? e with { Fields = fields } : e;
            case FieldExpr e:
                return Same(map(e.Row), e.Row, out ScalarExpr row) ? e : e with { Row = row };
            case CastArrayExpr e:
                return Same(map(e.Argument), e.Argument, out ScalarExpr array) ? e : e with { Argument = array };
            case PlaceholderExpr e:
                return e.MapParts(map);
            default:
                return expr;
        }
    }

    /// <summary>Rebuilds bottom-up: the parts first, then the whole.</summary>
    public static ScalarExpr Rewrite(ScalarExpr expr, Func<ScalarExpr, ScalarExpr> map) => map(MapChildren(expr, e => Rewrite(e, map)));

    /// <summary>Rebuilds top-down: where <paramref name="replace"/> gives an expression it is taken as it is, else the parts are looked at.</summary>
    public static ScalarExpr Replace(ScalarExpr expr, Func<ScalarExpr, ScalarExpr?> replace) =>
        replace(expr) ?? MapChildren(expr, e => Replace(e, replace));

    /// <summary>True when the test holds for the expression or a part of it.</summary>
    public static bool Any(ScalarExpr expr, Func<ScalarExpr, bool> test)
    {
        BindContext.CheckDepth(-1);
        return test(expr) || Children(expr).Any(c => Any(c, test));
    }

    /// <summary>Adds the input columns that an expression reads.</summary>
    public static void AddColumns(ScalarExpr expr, ISet<int> columns)
    {
        BindContext.CheckDepth(-1);
        if (expr is ColumnExpr c)
        {
            columns.Add(c.Index);
            return;
        }

        foreach (ScalarExpr child in Children(expr))
        {
            AddColumns(child, columns);
        }
    }

    /// <summary>The input columns that an expression reads.</summary>
    public static HashSet<int> Columns(ScalarExpr expr)
    {
        var columns = new HashSet<int>();
        AddColumns(expr, columns);
        return columns;
    }

    /// <summary>Renumbers columns.</summary>
    public static ScalarExpr MapColumns(ScalarExpr expr, Func<int, int> map) =>
        Rewrite(expr, e => e is ColumnExpr c && map(c.Index) is var to && to != c.Index ? new ColumnExpr(to, c.Type) : e);

    /// <summary>Puts expressions in place of columns.</summary>
    public static ScalarExpr Substitute(ScalarExpr expr, IReadOnlyList<ScalarExpr> columns) =>
        Replace(expr, e => e is ColumnExpr c ? columns[c.Index] : null);

    /// <summary>The terms of a conjunction, flattened.</summary>
    public static IEnumerable<ScalarExpr> Conjuncts(ScalarExpr? expr) => expr switch
    {
        null => [],
        AndExpr and => and.Arguments.SelectMany(Conjuncts),
        LiteralExpr { Value: true } => [],
        _ => [expr],
    };

    /// <summary>The conjunction of terms; null for none.</summary>
    public static ScalarExpr? And(IReadOnlyList<ScalarExpr> terms) => terms.Count switch
    {
        0 => null,
        1 => terms[0],
        _ => new AndExpr(terms),
    };

    /// <summary>True when the value may differ from evaluation to evaluation.</summary>
    public static bool IsVolatile(ScalarExpr expr) => Any(expr, e => e is CallExpr { Function.Volatility: Volatility.Volatile });

    /// <summary>True when the value depends on nothing but the row: neither on when nor by whom it is asked.</summary>
    public static bool IsImmutable(ScalarExpr expr) => !Any(expr, e => e is CallExpr { Function.Volatility: not Volatility.Immutable });

    private static List<ScalarExpr>? MapList(IReadOnlyList<ScalarExpr> list, Func<ScalarExpr, ScalarExpr> map)
    {
        List<ScalarExpr>? result = null;
        for (int i = 0; i < list.Count; i++)
        {
            ScalarExpr mapped = map(list[i]);
            if (result is null && !ReferenceEquals(mapped, list[i]))
            {
                result = [.. list.Take(i)];
            }

            result?.Add(mapped);
        }

        return result;
    }

    private static bool Same(ScalarExpr mapped, ScalarExpr original, out ScalarExpr result)
    {
        result = mapped;
        return ReferenceEquals(mapped, original);
    }
}
