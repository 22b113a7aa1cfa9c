// GROUP BY to grouping sets: names, ordinals, ROLLUP, CUBE, GROUPING SETS.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>Resolves GROUP BY to a list of grouping sets; a plain GROUP BY is one set.</summary>
/// <param name="binder">Binds expressions over FROM.</param>
/// <param name="scope">The columns of FROM, which go before output names.</param>
/// <param name="items">The select list: name, value, and whether the name may be used here.</param>
internal sealed class GroupBySets(ExprBinder binder, Scope scope, IReadOnlyList<(string Name, ScalarExpr Value, bool Named)> items)
{
    private const int SetsMax = 4096;

    /// <summary>The grouping sets; equal expressions may repeat inside one.</summary>
    public List<IReadOnlyList<ScalarExpr>> Bind(Syntax.GroupByClause clause)
    {
        List<IReadOnlyList<ScalarExpr>> sets = [[]];
        foreach (Syntax.GroupingElement element in clause.Items)
        {
            List<IReadOnlyList<ScalarExpr>> own = Element(element);
            if ((long)sets.Count * own.Count > SetsMax)
            {
                throw new SqlException("54001", $"too many grouping sets present (maximum {SetsMax})", element.Position);
            }

            sets = [.. sets.SelectMany(s => own.Select(o => (IReadOnlyList<ScalarExpr>)[.. s, .. o]))];
        }

        if (clause.Distinct)
        {
            sets = [.. sets.Where((s, i) => !sets.Take(i).Any(t => SameSet(s, t)))];
        }

        return sets;
    }

    private static bool SameSet(IReadOnlyList<ScalarExpr> a, IReadOnlyList<ScalarExpr> b) =>
        a.All(x => b.Any(y => ExprEquality.Same(x, y))) && b.All(y => a.Any(x => ExprEquality.Same(x, y)));

    private List<IReadOnlyList<ScalarExpr>> Element(Syntax.GroupingElement element)
    {
        switch (element.Kind)
        {
            case Syntax.GroupingKind.Simple:
                return [Parts(element.Exprs[0])];
            case Syntax.GroupingKind.Empty:
                return [[]];
            case Syntax.GroupingKind.Sets:
                return [.. element.Sets.SelectMany(Element)];
            case Syntax.GroupingKind.Rollup:
                IReadOnlyList<ScalarExpr>[] steps = [.. element.Exprs.Select(Parts)];
                return [.. Enumerable.Range(0, steps.Length + 1).Select(i => (IReadOnlyList<ScalarExpr>)[.. steps.Take(steps.Length - i).SelectMany(s => s)])];
            default:
                IReadOnlyList<ScalarExpr>[] parts = [.. element.Exprs.Select(Parts)];
                if (parts.Length > 12)
                {
                    throw new SqlException("54011", "CUBE is limited to 12 elements", element.Position);
                }

                int all = (1 << parts.Length) - 1;
                return [.. Enumerable.Range(0, all + 1).Select(m => (IReadOnlyList<ScalarExpr>)
                    [.. parts.Where((_, i) => ((all - m) >> (parts.Length - 1 - i) & 1) == 1).SelectMany(s => s)])];
        }
    }

    private IReadOnlyList<ScalarExpr> Parts(Syntax.Expr expr) => expr is Syntax.RowExpr row ? [.. row.Items.Select(Bind)] : [Bind(expr)];

    private ScalarExpr Bind(Syntax.Expr expr)
    {
        ScalarExpr? value = null;
        if (expr is Syntax.NumberLiteral { IsInteger: true } n)
        {
            value = items[SelectBinder.Ordinal(n, items.Count, "GROUP BY")].Value;
        }
        else if (expr is Syntax.ColumnRef { Parts.Count: 1 } c && !scope.Columns.Any(x => x.Name == c.Last))
        {
            ScalarExpr[] named = [.. items.Where(i => i.Named && i.Name == c.Last).Select(i => i.Value)];
            if (named.Length > 1 && named.Any(v => !ExprEquality.Same(v, named[0])))
            {
                throw new SqlException("42702", $"GROUP BY \"{c.Last}\" is ambiguous", expr.Position);
            }

            value = named.FirstOrDefault();
        }

        value = binder.Coercion.ResolveUnknown(value ?? binder.Bind(expr));
        string? forbidden = ExprMap.Any(value, e => e is AggregateExpr) ? "aggregate functions"
            : ExprMap.Any(value, e => e is WindowExpr) ? "window functions" : null;
        return forbidden is null ? value
            : throw new SqlException(forbidden[0] == 'a' ? "42803" : "42P20", $"{forbidden} are not allowed in GROUP BY", expr.Position);
    }
}
