// Small helpers that make plan nodes with their schemas.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>Makes plan nodes with their schemas.</summary>
internal static class Plans
{
    /// <summary>One row without columns: a SELECT without FROM reads it.</summary>
    public static readonly ValuesPlan Unit = new([[]], Schema.Empty);

    /// <summary>A column of a plan as an expression.</summary>
    public static ColumnExpr Column(PlanNode plan, int index) => new(index, plan.Columns[index].Type);

    /// <summary>The first columns of a plan as expressions.</summary>
    public static IEnumerable<ScalarExpr> Columns(PlanNode plan, int start = 0, int count = -1) =>
        Enumerable.Range(start, count < 0 ? plan.Columns.Count - start : count).Select(i => (ScalarExpr)Column(plan, i));

    /// <summary>A projection; columns taken as they are keep their names.</summary>
    public static PlanNode Project(PlanNode input, IReadOnlyList<ScalarExpr> expressions, IReadOnlyList<string>? names = null)
    {
        var fields = new Field[expressions.Count];
        bool identity = expressions.Count == input.Columns.Count && names is null;
        for (int i = 0; i < fields.Length; i++)
        {
            Field? from = expressions[i] is ColumnExpr c ? input.Columns[c.Index] : null;
            identity = identity && expressions[i] is ColumnExpr same && same.Index == i;
            fields[i] = new Field(names?[i] ?? from?.Name ?? "?column?", expressions[i].Type, from?.Nullable ?? IsNullable(expressions[i], input));
        }

        return identity ? input : new ProjectPlan(input, expressions, new Schema(fields));
    }

    /// <summary>A projection to some of the columns.</summary>
    public static PlanNode Pick(PlanNode input, IEnumerable<int> columns) => Project(input, [.. columns.Select(c => (ScalarExpr)Column(input, c))]);

    /// <summary>A filter; none for a constant true.</summary>
    public static PlanNode Filter(PlanNode input, ScalarExpr? predicate) =>
        predicate is null or LiteralExpr { Value: true } ? input : new FilterPlan(input, predicate);

    /// <summary>A join without keys yet; the optimizer takes them from the condition.</summary>
    public static JoinPlan Join(JoinKind kind, PlanNode left, PlanNode right, ScalarExpr? condition) => Join(kind, left, right, [], [], true, condition);

    /// <summary>A join on key columns.</summary>
    public static JoinPlan Join(
        JoinKind kind, PlanNode left, PlanNode right, IReadOnlyList<int> leftKeys, IReadOnlyList<int> rightKeys, bool nullSafe, ScalarExpr? condition) =>
        new(kind, left, right, leftKeys, rightKeys, [.. leftKeys.Select(_ => nullSafe)], condition, JoinColumns(kind, left, right));

    /// <summary>The columns of a join.</summary>
    public static Schema JoinColumns(JoinKind kind, PlanNode left, PlanNode right)
    {
        if (kind is JoinKind.Semi or JoinKind.Anti or JoinKind.NullAwareAnti)
        {
            return left.Columns;
        }

        bool nullLeft = kind is JoinKind.Right or JoinKind.Full;
        bool nullRight = kind is JoinKind.Left or JoinKind.Full;
        return new Schema([
            .. left.Columns.Fields.Select(f => nullLeft && !f.Nullable ? f with { Nullable = true } : f),
            .. right.Columns.Fields.Select(f => nullRight && !f.Nullable ? f with { Nullable = true } : f),
        ]);
    }

    /// <summary>An aggregation; the schema follows from keys and calls.</summary>
    public static AggregatePlan Aggregate(PlanNode input, IReadOnlyList<int> keys, IReadOnlyList<AggregateCall> calls) =>
        new(input, keys, calls, new Schema([.. keys.Select(k => input.Columns[k]), .. calls.Select(c => new Field(c.Function.Name, c.Type))]));

    /// <summary>The first rows, without a column for the rank.</summary>
    public static TopNPlan TopN(PlanNode input, IReadOnlyList<int> partition, IReadOnlyList<SortKey> order, long offset, long? limit) =>
        new(input, partition, order, RankKind.RowNumber, offset, limit, false, input.Columns);

    /// <summary>True when an expression may be null although its input columns may not.</summary>
    private static bool IsNullable(ScalarExpr expr, PlanNode input) => expr switch
    {
        LiteralExpr l => l.Value is null,
        ColumnExpr c => input.Columns[c.Index].Nullable,
        IsNullExpr or IsDistinctExpr => false,
        _ => true,
    };
}
