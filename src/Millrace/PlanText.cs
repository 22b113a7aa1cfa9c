// Plans as text: for EXPLAIN, for the graph, and as the fingerprint that ties a checkpoint to its plan.
using System.Globalization;
using System.Text;
using Millrace.Core;
using Millrace.Sql;
using SortKey = Millrace.Sql.SortKey;

namespace Millrace.Engine;

/// <summary>Writes plans and expressions. Equal text means equal meaning: sharing of sub-plans relies on <see cref="Fingerprint"/>.</summary>
internal static class PlanText
{
    /// <summary>Text that is equal for equal plans and differs for different ones.</summary>
    public static string Fingerprint(PlanNode plan)
    {
        var text = new StringBuilder();
        Write(text, plan);
        return text.ToString();
    }

    /// <summary>An aggregate call as a user would write it.</summary>
    public static string Of(AggregateCall call, Schema input) =>
        $"{call.Function.Name}({(call.Distinct ? "distinct " : "")}{(call.Arguments.Count == 0 ? "*" : string.Join(", ", call.Arguments.Select(a => input[a].Name)))}" +
        Join(call.OrderBy.Select(k => Of(k, input)), " order by ") + ")" + (call.Filter >= 0 ? $" filter ({input[call.Filter].Name})" : "");

    /// <summary>A sort key.</summary>
    public static string Of(SortKey key, Schema input) =>
        input[key.Column].Name + (key.Descending ? " desc" : "") + (key.NullsFirst != key.Descending ? (key.NullsFirst ? " nulls first" : " nulls last") : "");

    /// <summary>A length of time in words, 00:10:00.</summary>
    public static string Span(long micros) => TextFormat.ToText(new Interval(0, 0, micros), SqlType.Interval)!;

    /// <summary>The parts separated by commas behind a word; nothing when there are none.</summary>
    public static string Join(IEnumerable<string> parts, string before)
    {
        string joined = string.Join(", ", parts);
        return joined.Length == 0 ? "" : before + joined;
    }

    /// <summary>An expression, with column names where a schema is given.</summary>
    public static string Of(ScalarExpr expr, Schema? input = null) => input is not null ? PlanPrinter.Print(expr, input) : expr switch
    {
        ColumnExpr e => $"#{e.Index}:{e.Type}",
        LiteralExpr e => e.Value is null ? $"null::{e.Type}" : $"'{Literal(e.Value)}'::{e.Type}",
        ParameterExpr e => $"${e.Index + 1}",
        SlotExpr e => $"?{e.Index}:{e.Type}",
        CallExpr e => $"{e.Function.Name}[{Types(e.Function)}]({List(e.Arguments, input)})::{e.Type}",
        AndExpr e => $"({string.Join(" AND ", e.Arguments.Select(a => Of(a, input)))})",
        OrExpr e => $"({string.Join(" OR ", e.Arguments.Select(a => Of(a, input)))})",
        NotExpr e => $"NOT {Of(e.Argument, input)}",
        IsNullExpr e => $"({Of(e.Argument, input)} IS {(e.Negated ? "NOT " : "")}NULL)",
        IsDistinctExpr e => $"({Of(e.Left, input)} IS {(e.Negated ? "NOT " : "")}DISTINCT FROM {Of(e.Right, input)})",
        CaseExpr e => $"CASE {string.Join(" ", e.Branches.Select(b => $"WHEN {Of(b.When, input)} THEN {Of(b.Then, input)}"))} ELSE {Of(e.Else, input)} END",
        CoalesceExpr e => $"COALESCE({List(e.Arguments, input)})",
        InListExpr e => $"({Of(e.Argument, input)} {(e.Negated ? "NOT " : "")}IN ({List(e.Values, input)}))",
        ArrayExpr e => $"ARRAY[{List(e.Elements, input)}]::{e.Type}",
        RowExpr e => $"ROW({List(e.Fields, input)})::{e.Type}",
        CastArrayExpr e => $"CAST({Of(e.Argument, input)} BY {e.Element.Name}[{Types(e.Element)}])::{e.Type}",
        FieldExpr e => $"({Of(e.Row, input)}).{e.Index}",
        _ => throw new BugException($"BUG: no text for {expr.GetType().Name}"),
    };

    private static string Types(ScalarFunction function) => string.Join(',', function.Parameters.Select(p => p.Type?.ToString() ?? p.Family.ToString()));

    private static string List(IEnumerable<ScalarExpr> list, Schema? input) => string.Join(", ", list.Select(a => Of(a, input)));

    // Escaped, so that no two values can look alike.
    private static string Literal(object value) => value switch
    {
        ByteSlice s => Convert.ToHexString(s.Span) + (s.Length < 64 ? " " + s.ToString().Replace("'", "''", StringComparison.Ordinal) : ""),
        Numeric n => n.IsNaN ? "NaN" : $"{n.Unscaled}e-{n.Scale}",
        double d => d.ToString("R", CultureInfo.InvariantCulture),
        float f => f.ToString("R", CultureInfo.InvariantCulture),
        ListSlice l => "[" + string.Join(",", Enumerable.Range(l.Start, l.Count).Select(i => Encoded(l.Elements, i))) + "]",
        RowSlice r => "(" + string.Join(",", r.Fields.Select(f => Encoded(f, r.Index))) + ")",
        IFormattable f => f.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    private static string Encoded(Column column, int row)
    {
        ColumnBuilder one = column.NewBuilder();
        one.AppendFrom(column, row);
        var rows = new EncodedRows();
        new RowCodec([column.Type], exact: true).Encode(new Batch([one.View()], 1), rows);
        return Convert.ToHexString(rows.Row(0));
    }

    private static void Write(StringBuilder text, PlanNode plan)
    {
        text.Append(plan switch
        {
            ScanPlan p => p.Narrowed ? $"scan {p.Object.Id} first {p.Columns.Count}" : $"scan {p.Object.Id}",
            ValuesPlan p => "values " + string.Join("; ", p.Rows.Select(r => List(r, null))),
            RecursivePlan p => $"recursive {p.Distinct} {Fingerprint(p.First)} {Fingerprint(p.Step)}",
            WorkingPlan p => $"working {p.Name}",
            RowsPlan p => $"rows {System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(p.Batches)}",
            TableFunctionPlan p => $"{p.Function} {p.WithOrdinality} ({List(p.Arguments, null)})",
            FilterPlan p => "filter " + Of(p.Predicate),
            TemporalFilterPlan p => "temporal filter " + Of(p.Predicate),
            ProjectPlan p => "project " + List(p.Expressions, null),
            JoinPlan p => $"join {p.Kind} {Ints(p.LeftKeys)} = {Ints(p.RightKeys)} {string.Join(',', p.NullSafe)} {(p.Condition is null ? "" : Of(p.Condition))}",
            AsOfJoinPlan p => $"asof {Ints(p.LeftKeys)} = {Ints(p.RightKeys)} {p.LeftTime} {p.Operator} {p.RightTime} {p.Outer}",
            TemporalJoinPlan p => $"temporal join {Ints(p.LeftKeys)} = {Ints(p.RightKeys)} {p.Outer} {(p.Condition is null ? "" : Of(p.Condition))}",
            GapFillPlan p => $"gapfill {Ints(p.PartitionBy)} {p.Bucket} {p.Width} {(p.Start is null ? "" : Of(p.Start))} {(p.End is null ? "" : Of(p.End))} {string.Join(',', p.Fills)}",
            AggregatePlan p => $"aggregate {Ints(p.Keys)}: {string.Join("; ", p.Calls.Select(Call))}",
            DistinctPlan => "distinct",
            UnionPlan => "union",
            SetOpPlan p => $"setop {p.Except} {p.All}",
            TopNPlan p => $"top {Ints(p.PartitionBy)} {Keys(p.OrderBy)} {p.Rank} {p.Offset} {p.Limit} {p.WithRank}",
            WindowPlan p => $"window {Ints(p.PartitionBy)} {Keys(p.OrderBy)}: {string.Join("; ", p.Calls.Select(Call))}",
            TimeWindowPlan p => $"windows {p.Time} {p.Slide} {p.Size} {p.Offset} {p.Cumulative}",
            SessionPlan p => $"session {Ints(p.PartitionBy)} {p.Time} {p.Gap}",
            ChangelogPlan p => $"changelog {p.Numbered} {(p.Input.Key is { } key ? Ints(key) : "-")}{(p.OnlyChanges ? " only changes" : "")}",
            LateRowsPlan p => $"late {p.Time} {p.Slide} {p.Size} {p.Offset} {p.Lateness}",
            LateSessionRowsPlan p => $"late sessions {Ints(p.PartitionBy)} {p.Time} {p.Gap} {p.Lateness}",
            EmitOnClosePlan p => $"close {p.WindowEnd} {p.ByClock} {p.Lateness} {p.EveryChange}",
            _ => throw new BugException($"BUG: no text for {plan.GetType().Name}"),
        });
        text.Append(' ').Append(string.Join(',', plan.Columns.Fields.Select(f => f.Type.ToString()))).Append('{');
        foreach (PlanNode input in plan.Inputs)
        {
            Write(text, input);
        }

        text.Append('}');
    }

    private static string Ints(IEnumerable<int> list) => string.Join(',', list);

    private static string Keys(IEnumerable<SortKey> keys) => string.Join(',', keys.Select(k => $"{k.Column}{(k.Descending ? "d" : "a")}{(k.NullsFirst ? "f" : "l")}"));

    private static string Call(AggregateCall c) => $"{c.Function.Name} {Ints(c.Arguments)} {c.Distinct} {c.Filter} {Keys(c.OrderBy)} {c.Type}";

    private static string Call(WindowCall c) =>
        $"{c.Function?.Name ?? c.Aggregate!.Name} {Ints(c.Arguments)} {c.Filter} {c.Frame.Unit} {c.Frame.Start} " +
        $"{(c.Frame.StartOffset is { } s ? Of(s) : "")} {c.Frame.End} {(c.Frame.EndOffset is { } e ? Of(e) : "")} {c.Type}" +
        (c.Frame.Exclusion == FrameExclusion.NoOthers ? "" : $" exclude {c.Frame.Exclusion}");
}
