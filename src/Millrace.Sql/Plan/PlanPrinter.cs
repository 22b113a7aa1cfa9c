// EXPLAIN: a plan as an indented tree with what is known of each operation's rows.
using System.Globalization;
using System.Text;
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>Prints plans.</summary>
public static class PlanPrinter
{
    /// <summary>The plan as lines of text, inputs indented below their operation.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="facts">True to show for each operation whether it is append-only, its key and its watermarked columns.</param>
    public static string Print(PlanNode plan, bool facts = true)
    {
        var text = new StringBuilder();
        Print(plan, 0, facts, text);
        return text.ToString();
    }

    /// <summary>An expression as text.</summary>
    public static string Print(ScalarExpr expr, Schema columns) => ExprPrinter.Print(expr, columns);

    private static void Print(PlanNode node, int depth, bool facts, StringBuilder text)
    {
        text.Append(' ', depth * 2).Append(Line(node));
        if (facts)
        {
            text.Append(Facts(node) is { Length: > 0 } known ? $"  [{known}]" : "");
        }

        text.Append('\n');
        foreach (PlanNode input in node.Inputs)
        {
            Print(input, depth + 1, facts, text);
        }
    }

    /// <summary>What is known of an operation's rows: append-only, key, watermarked columns; empty where nothing is.</summary>
    public static string Facts(PlanNode node)
    {
        List<string> facts = [];
        if (node.AppendOnly)
        {
            facts.Add("append-only");
        }

        if (node.Key is { } key)
        {
            facts.Add(key.Count == 0 ? "one row" : "key " + Names(key, node.Columns));
        }

        TimeFact[] times = Lineage.Of(node);
        List<int> watermarked = [.. Enumerable.Range(0, times.Length).Where(i => times[i].Role != TimeRole.None)];
        if (watermarked.Count > 0)
        {
            facts.Add("watermark on " + Names(watermarked, node.Columns));
        }

        return string.Join("; ", facts);
    }

    private static string Line(PlanNode node)
    {
        switch (node)
        {
            case ScanPlan n:
                return $"Scan {n.Object.FullName}";
            case ValuesPlan n:
                return $"Values {n.Rows.Count} {(n.Rows.Count == 1 ? "row" : "rows")}" + (n.Rows.Count == 1 && n.Columns.Count > 0
                    ? ": " + string.Join(", ", n.Rows[0].Select(e => Expr(e, Schema.Empty))) : "");
            case RecursivePlan n:
                return $"Recursive {n.Working.Name}{(n.Distinct ? "" : " all")}";
            case TableFunctionPlan n:
                return $"TableFunction {n.Function}({string.Join(", ", n.Arguments.Select(a => Expr(a, n.Input.Columns)))}){(n.WithOrdinality ? " with ordinality" : "")}";
            case FilterPlan n:
                return $"Filter {Expr(n.Predicate, n.Columns)}";
            case TemporalFilterPlan n:
                return $"TemporalFilter {Expr(n.Predicate, n.Columns)}";
            case ProjectPlan n:
                return "Project " + string.Join(", ", n.Expressions.Select((e, i) => Named(Expr(e, n.Input.Columns), n.Columns[i].Name)));
            case JoinPlan n:
                return Join(n);
            case AsOfJoinPlan n:
                return $"AsOf{(n.Outer ? "Left" : "")}Join{Keys(n.LeftKeys, n.RightKeys, n)} as of {n.Left.Columns[n.LeftTime].Name} {n.Operator} {n.Right.Columns[n.RightTime].Name}";
            case TemporalJoinPlan n:
                return $"Temporal{(n.Outer ? "Left" : "")}Join{Keys(n.LeftKeys, n.RightKeys, n)}"
                    + (n.Condition is null ? "" : $" where {Expr(n.Condition, new Schema([.. n.Left.Columns.Fields, .. n.Right.Columns.Fields]))}");
            case GapFillPlan n:
                return $"GapFill {Names([n.Bucket], n.Columns)} every {Span(n.Width)}" + Partition(n.PartitionBy, n.Input)
                    + string.Concat(n.Fills.Select(f => $" {(f.Interpolate ? "interpolate" : "locf")}({Names([f.Column], n.Columns)})"));
            case AggregatePlan n:
                return "Aggregate" + (n.Keys.Count == 0 ? "" : " by " + Names(n.Keys, n.Input.Columns))
                    + (n.Calls.Count == 0 ? "" : ": " + string.Join(", ", n.Calls.Select(c => Call(c, n.Input.Columns))));
            case DistinctPlan:
                return "Distinct";
            case UnionPlan:
                return "Union all";
            case SetOpPlan n:
                return (n.Except ? "Except" : "Intersect") + (n.All ? " all" : "");
            case TopNPlan n:
                return TopN(n);
            case WindowPlan n:
                return "Window" + Partition(n.PartitionBy, n.Input) + Order(n.OrderBy, n.Input.Columns) + ": " + string.Join(", ", n.Calls.Select(c =>
                    $"{c.Function?.Name ?? c.Aggregate!.Name}({Names(c.Arguments, n.Input.Columns)})"
                    + (c.Filter < 0 ? "" : " filter " + Names([c.Filter], n.Input.Columns)) + Frame(c.Frame)));
            case TimeWindowPlan n:
                return (n.Cumulative ? "Cumulate " : n.Slide == n.Size ? "Tumble " : "Hop ") + Names([n.Time], n.Input.Columns)
                    + (n.Slide == n.Size ? "" : $" slide {Span(n.Slide)}") + $" size {Span(n.Size)}" + (n.Offset == 0 ? "" : $" offset {Span(n.Offset)}");
            case SessionPlan n:
                return $"Session {Names([n.Time], n.Input.Columns)} gap {Span(n.Gap)}" + Partition(n.PartitionBy, n.Input);
            case LateRowsPlan n:
                return $"LateRows {Names([n.Time], n.Columns)} slide {Span(n.Slide)} size {Span(n.Size)}" + (n.Offset == 0 ? "" : $" offset {Span(n.Offset)}")
                    + (n.Lateness == 0 ? "" : $" lateness {Span(n.Lateness)}");
            case LateSessionRowsPlan n:
                return $"LateSessionRows {Names([n.Time], n.Columns)} gap {Span(n.Gap)}" + Partition(n.PartitionBy, n.Input) + (n.Lateness == 0 ? "" : $" lateness {Span(n.Lateness)}");
            case ChangelogPlan n:
                return "Changelog" + (n.Input.Key is { Count: > 0 } key ? " by " + Names(key, n.Columns) : "");
            case EmitOnClosePlan n:
                return (n.EveryChange ? "CloseWindows " : "EmitOnClose ") + Names([n.WindowEnd], n.Columns) + (n.Lateness == 0 ? "" : $" lateness {Span(n.Lateness)}");
            default:
                return node.GetType().Name;
        }
    }

    private static string Join(JoinPlan n)
    {
        Schema both = new([.. n.Left.Columns.Fields, .. n.Right.Columns.Fields]);
        IEnumerable<string> keys = n.LeftKeys.Select((k, i) =>
            $"{n.Left.Columns[k].Name} {(n.NullSafe[i] ? "is" : "=")} {n.Right.Columns[n.RightKeys[i]].Name}");
        string on = string.Join(", ", keys);
        return $"{n.Kind}Join" + (on.Length > 0 ? " on " + on : "") + (n.Condition is null ? "" : $" where {Expr(n.Condition, both)}");
    }

    private static string Keys(IReadOnlyList<int> left, IReadOnlyList<int> right, PlanNode n) => left.Count == 0 ? ""
        : " on " + string.Join(", ", left.Zip(right, (l, r) => $"{n.Inputs[0].Columns[l].Name} = {n.Inputs[1].Columns[r].Name}"));

    private static string TopN(TopNPlan n)
    {
        string limit = n.LimitParameter is { } l ? Expr(l, Schema.Empty) : n.Limit?.ToString(CultureInfo.InvariantCulture) ?? "all";
        string offset = n.OffsetParameter is { } o ? Expr(o, Schema.Empty) : n.Offset.ToString(CultureInfo.InvariantCulture);
        string rank = n.Rank == RankKind.RowNumber ? "" : n.Rank == RankKind.Rank ? " by rank" : " by dense rank";
        return $"TopN {limit}{(offset == "0" ? "" : $" offset {offset}")}{rank}" + Partition(n.PartitionBy, n.Input) + Order(n.OrderBy, n.Input.Columns)
            + (n.WithRank ? " with rank" : "");
    }

    private static string Call(AggregateCall c, Schema columns) => c.Function.Name + "(" + (c.Distinct ? "distinct " : "")
        + (c.Arguments.Count == 0 && c.Function.Name == "count" ? "*" : Names(c.Arguments, columns)) + Order(c.OrderBy, columns) + ")"
        + (c.Filter < 0 ? "" : " filter " + Names([c.Filter], columns));

    private static string Frame(FrameSpec f)
    {
        if (f == FrameSpec.Default)
        {
            return "";
        }

        string excluded = f.Exclusion switch
        {
            FrameExclusion.CurrentRow => " exclude current row",
            FrameExclusion.Group => " exclude group",
            FrameExclusion.Ties => " exclude ties",
            _ => "",
        };
        return $" {f.Unit.ToString().ToLowerInvariant()} between {Bound(f.Start, f.StartOffset)} and {Bound(f.End, f.EndOffset)}{excluded}";
        static string Bound(FrameBound b, LiteralExpr? offset) => b switch
        {
            FrameBound.UnboundedPreceding => "unbounded preceding",
            FrameBound.UnboundedFollowing => "unbounded following",
            FrameBound.CurrentRow => "current row",
            FrameBound.Preceding => Expr(offset!, Schema.Empty) + " preceding",
            _ => Expr(offset!, Schema.Empty) + " following",
        };
    }

    private static string Partition(IReadOnlyList<int> columns, PlanNode input) => columns.Count == 0 ? "" : " partition by " + Names(columns, input.Columns);

    private static string Order(IReadOnlyList<SortKey> keys, Schema columns) => keys.Count == 0 ? "" : " order by " + string.Join(", ", keys.Select(k =>
        columns[k.Column].Name + (k.Descending ? " desc" : "") + (k.NullsFirst == k.Descending ? "" : k.NullsFirst ? " nulls first" : " nulls last")));

    private static string Names(IEnumerable<int> columns, Schema schema) => string.Join(", ", columns.Select(c => schema[c].Name));

    private static string Named(string value, string name) => value == name ? value : $"{value} as {name}";

    private static string Expr(ScalarExpr e, Schema columns) => ExprPrinter.Print(e, columns);

    private static string Span(long micros) => micros % 1_000_000 == 0
        ? (micros / 1_000_000).ToString(CultureInfo.InvariantCulture) + "s"
        : micros.ToString(CultureInfo.InvariantCulture) + "us";
}
