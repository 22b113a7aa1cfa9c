// A plan written back as SQL, so that PostgreSQL can say whether it means what the query meant.
using Millrace.Core;
using Millrace.Engine;
using Millrace.Sql;

namespace Millrace.Tests.Binding;

internal static class PlanToSql
{
    public static string Of(PlanNode node)
    {
        string Bare(PlanNode n, string alias, string prefix) => n.Columns.Count == 0 ? $"({Of(n)}) AS {alias}" : $"({Of(n)}) AS {alias}({Names(n.Columns.Count, prefix)})";
        string I() => Bare(node.Inputs[0], "i", "c");
        switch (node)
        {
            case ScanPlan n:
                return $"SELECT {string.Join(", ", n.Columns.Fields.Select(f => "\"" + f.Name + "\""))} FROM \"{n.Object.Name}\"";
            case ValuesPlan { Columns.Count: 0, Rows.Count: 1 }:
                return "SELECT FROM (VALUES (1)) v(x)";
            case ValuesPlan n:
                return n.Rows.Count == 0 ? "SELECT " + string.Join(", ", n.Columns.Fields.Select(f => $"NULL::{f.Type}")) + " WHERE false"
                    : string.Join(" UNION ALL ", n.Rows.Select(r => "SELECT " + string.Join(", ", r.Select(e => E(e)))));
            case FilterPlan n:
                return $"SELECT * FROM {I()} WHERE {E(n.Predicate)}";
            case ProjectPlan n:
                return $"SELECT {string.Join(", ", n.Expressions.Select((e, i) => E(e) + " AS p" + i))} FROM {I()}";
            case TableFunctionPlan n:
                string given = string.Join(", ", Enumerable.Range(0, n.Input.Columns.Count).Select(i => "i.c" + i).Append("f.*"));
                string call = $"{n.Function}({string.Join(", ", n.Arguments.Select(E))}){(n.WithOrdinality ? " WITH ORDINALITY" : "")}";
                return $"SELECT {given} FROM {I()} CROSS JOIN LATERAL {call} AS f";
            case JoinPlan n:
                return Join(n, Bare);
            case AggregatePlan n:
                {
                    IEnumerable<string> items = [.. n.Keys.Select((k, i) => $"c{k} AS a{i}"), .. n.Calls.Select((c, i) => Call(c) + " AS b" + i)];
                    string group = n.Keys.Count > 0 ? " GROUP BY " + string.Join(", ", n.Keys.Select(k => "c" + k)) : n.Calls.Count == 0 ? " GROUP BY ()" : "";
                    return $"SELECT {string.Join(", ", items)} FROM {I()}{group}";
                }
            case DistinctPlan:
                return $"SELECT DISTINCT * FROM {I()}";
            case UnionPlan n:
                return string.Join(" UNION ALL ", n.Sources.Select(s => $"({Of(s)})"));
            case SetOpPlan n:
                return $"({Of(n.Left)}) {(n.Except ? "EXCEPT" : "INTERSECT")}{(n.All ? " ALL" : "")} ({Of(n.Right)})";
            case TopNPlan n:
                {
                    int count = n.Input.Columns.Count;
                    string rank = n.Rank switch { RankKind.RowNumber => "row_number", RankKind.Rank => "rank", _ => "dense_rank" };
                    string over = $"{(n.PartitionBy.Count > 0 ? "PARTITION BY " + string.Join(", ", n.PartitionBy.Select(p => "c" + p)) : "")} {Order(n.OrderBy)}";
                    string cols = string.Join(", ", Enumerable.Range(0, count).Select(i => "c" + i).Concat(n.WithRank ? ["rk"] : []));
                    return $"SELECT {cols} FROM (SELECT *, {rank}() OVER ({over}) AS rk FROM {I()}) q WHERE rk > {n.Offset}"
                        + (n.Limit is { } l ? $" AND rk <= {n.Offset + l}" : "");
                }
            case WindowPlan n:
                {
                    string over = $"{(n.PartitionBy.Count > 0 ? "PARTITION BY " + string.Join(", ", n.PartitionBy.Select(p => "c" + p)) : "")} {Order(n.OrderBy)}";
                    return $"SELECT *, {string.Join(", ", n.Calls.Select(c => $"{c.Function?.Name ?? c.Aggregate!.Name}({Args(c.Function is null && c.Arguments.Count == 0, c.Arguments)})"
                        + (c.Filter >= 0 ? $" FILTER (WHERE c{c.Filter})" : "") + $" OVER ({over} {Frame(c.Frame)})"))} FROM {I()}";
                }
            default:
                throw new NotSupportedException(node.GetType().Name);
        }
    }

    private static string Frame(FrameSpec f)
    {
        string B(FrameBound b, LiteralExpr? o) => b switch
        {
            FrameBound.UnboundedPreceding => "UNBOUNDED PRECEDING",
            FrameBound.UnboundedFollowing => "UNBOUNDED FOLLOWING",
            FrameBound.CurrentRow => "CURRENT ROW",
            FrameBound.Preceding => E(o!) + " PRECEDING",
            _ => E(o!) + " FOLLOWING",
        };
        return f == FrameSpec.Default ? "" : $"{f.Unit} BETWEEN {B(f.Start, f.StartOffset)} AND {B(f.End, f.EndOffset)}";
    }

    private static string Args(bool star, IReadOnlyList<int> args) => star ? "*" : string.Join(", ", args.Select(a => "c" + a));

    private static string Order(IReadOnlyList<SortKey> keys) => keys.Count == 0 ? "" : "ORDER BY " + string.Join(", ", keys.Select(k =>
        $"c{k.Column} {(k.Descending ? "DESC" : "ASC")} NULLS {(k.NullsFirst ? "FIRST" : "LAST")}"));

    private static string Call(AggregateCall c)
    {
        string filter = c.Filter >= 0 ? $" FILTER (WHERE c{c.Filter})" : "";
        if (c.Function.Name == "single_value")
        {
            return $"(array_agg(c{c.Arguments[0]}){filter})[1]";
        }

        if (c.Function.OrderedSet)
        {
            return $"{c.Function.Name}({string.Join(", ", c.Arguments.SkipLast(1).Select(a => $"min(c{a})"))}) WITHIN GROUP ({Order(c.OrderBy)}){filter}";
        }

        return $"{c.Function.Name}({(c.Distinct ? "DISTINCT " : "")}{Args(c.Arguments.Count == 0, c.Arguments)} {Order(c.OrderBy)}){filter}";
    }

    private static string Join(JoinPlan n, Func<PlanNode, string, string, string> bare)
    {
        int l = n.Left.Columns.Count;
        string left = bare(n.Left, "l", "c");
        string right = n.Right.Columns.Count == 0
            ? bare(n.Right, "r", "c")
            : $"({Of(n.Right)}) AS r({string.Join(", ", Enumerable.Range(l, n.Right.Columns.Count).Select(i => "c" + i))})";
        List<string> on = [.. n.LeftKeys.Select((k, i) => $"l.c{k} {(n.NullSafe[i] ? "IS NOT DISTINCT FROM" : "=")} r.c{l + n.RightKeys[i]}")];
        if (n.Condition is not null)
        {
            on.Add(E(n.Condition));
        }

        string condition = on.Count == 0 ? "true" : string.Join(" AND ", on.Select(o => $"({o})"));
        string columns = n.Columns.Count == 0 ? "" : string.Join(", ", Enumerable.Range(0, n.Columns.Count).Select(i => "c" + i));
        return n.Kind switch
        {
            JoinKind.Semi => $"SELECT * FROM {left} WHERE EXISTS (SELECT 1 FROM {right} WHERE {condition})",
            JoinKind.Anti => $"SELECT * FROM {left} WHERE NOT EXISTS (SELECT 1 FROM {right} WHERE {condition})",
            JoinKind.NullAwareAnti => $"SELECT * FROM {left} WHERE l.c{n.LeftKeys[0]} NOT IN (SELECT r.c{l + n.RightKeys[0]} FROM {right})",
            JoinKind.Inner => $"SELECT {columns} FROM {left} JOIN {right} ON {condition}",
            JoinKind.Left => $"SELECT {columns} FROM {left} LEFT JOIN {right} ON {condition}",
            JoinKind.Right => $"SELECT {columns} FROM {left} RIGHT JOIN {right} ON {condition}",
            _ => $"SELECT {columns} FROM {left} FULL JOIN {right} ON {condition}",
        };
    }

    private static string Names(int count, string prefix = "c") => string.Join(", ", Enumerable.Range(0, count).Select(i => prefix + i));

    private static string E(ScalarExpr expr)
    {
        switch (expr)
        {
            case ColumnExpr e:
                return "c" + e.Index;
            case LiteralExpr { Value: null } e:
                return $"NULL::{e.Type}";
            case LiteralExpr e:
                return $"{Text(e)}::{e.Type}";
            case CallExpr e when e.Function.Name is "[]":
                return $"({E(e.Arguments[0])})[{E(e.Arguments[1])}]";
            case CallExpr { Function.Name: "numeric", Arguments.Count: 3 } e:
                return $"({E(e.Arguments[0])})::numeric({((LiteralExpr)e.Arguments[1]).Value},{((LiteralExpr)e.Arguments[2]).Value})";
            case CallExpr { Arguments: [var a] } e when e.Type.ToString() == e.Function.Name || e.Function.Name.Contains(' '):
                return $"({E(a)})::{e.Function.Name}";
            case CallExpr { Arguments: [var a, var b] } e when IsOperator(e):
                return $"({E(a)} {e.Function.Name} {E(b)})";
            case CallExpr { Arguments: [var a] } e when IsOperator(e):
                return $"({e.Function.Name} {E(a)})";
            case CallExpr e:
                return $"{e.Function.Name}({string.Join(", ", e.Arguments.Select(E))})";
            case AndExpr e:
                return "(" + string.Join(" AND ", e.Arguments.Select(E)) + ")";
            case OrExpr e:
                return "(" + string.Join(" OR ", e.Arguments.Select(E)) + ")";
            case NotExpr e:
                return $"(NOT {E(e.Argument)})";
            case IsNullExpr e:
                return $"({E(e.Argument)} IS {(e.Negated ? "NOT " : "")}NULL)";
            case IsDistinctExpr e:
                return $"({E(e.Left)} IS {(e.Negated ? "NOT " : "")}DISTINCT FROM {E(e.Right)})";
            case CaseExpr e:
                return $"(CASE {string.Join(" ", e.Branches.Select(b => $"WHEN {E(b.When)} THEN {E(b.Then)}"))} ELSE {E(e.Else)} END)";
            case CoalesceExpr e:
                return $"coalesce({string.Join(", ", e.Arguments.Select(E))})";
            case InListExpr e:
                return $"({E(e.Argument)} {(e.Negated ? "NOT " : "")}IN ({string.Join(", ", e.Values.Select(E))}))";
            case ArrayExpr e:
                return $"ARRAY[{string.Join(", ", e.Elements.Select(E))}]::{e.Type}";
            case RowExpr e:
                return $"ROW({string.Join(", ", e.Fields.Select(E))})";
            case CastArrayExpr e:
                return $"({E(e.Argument)})::{e.Type}";
            default:
                throw new NotSupportedException(expr.GetType().Name);
        }
    }

    private static bool IsOperator(CallExpr e) => e.Function.Name.Length > 0 && !char.IsLetter(e.Function.Name[0]) && e.Function.Name[0] != '_';

    private static string Text(LiteralExpr e)
    {
        var text = FunctionLibrary.Catalog.FindCast(e.Type, SqlType.Text) is { } cast && e.Type.Id != TypeId.Text
            ? ConstantFolder.Evaluate(new CallExpr(cast.Function, [e], SqlType.Text)).Value!.ToString()! : e.Value!.ToString()!;
        return "'" + text.Replace("'", "''") + "'";
    }
}
