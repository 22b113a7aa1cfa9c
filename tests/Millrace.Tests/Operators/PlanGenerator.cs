// Random small plans over three random relations, for the property tests.
using Millrace.Core;
using Millrace.Engine;
using Millrace.Sql;

namespace Millrace.Tests.Operators;

/// <summary>Makes plans. The relations have the columns k, j (integers), v (bigint), f (double), n (numeric), s (text), b (boolean), ts (timestamp).</summary>
internal sealed class PlanGenerator(Random random, bool appendOnly)
{
    public static readonly Schema Relation = new(
    [
        new("k", SqlType.Integer), new("j", SqlType.Integer), new("v", SqlType.BigInt), new("f", SqlType.Double), new("n", SqlType.Numeric),
        new("s", SqlType.Text), new("b", SqlType.Boolean), new("ts", SqlType.Timestamp),
    ]);

    public readonly CatalogObject[] Objects = [.. Enumerable.Range(1, 3).Select(i => new CatalogObject
    {
        Id = i, Name = $"t{i}", Kind = appendOnly ? ObjectKind.Stream : ObjectKind.Table, Columns = Relation, AppendOnly = appendOnly,
    })];

    public PlanNode Plan(int depth)
    {
        if (depth == 0)
        {
            return new ScanPlan(Objects[random.Next(Objects.Length)]);
        }

        return random.Next(12) switch
        {
            0 => Filter(Plan(depth - 1)),
            1 => Project(Plan(depth - 1)),
            2 or 3 => Aggregate(Plan(depth - 1)),
            4 or 5 => Join(Plan(depth - 1), Plan(random.Next(depth))),
            6 => new DistinctPlan(Narrow(Plan(depth - 1))),
            7 => SetOp(Plan(depth - 1), Plan(random.Next(depth))),
            8 => TimeWindow(Plan(depth - 1)),
            9 => TopN(Plan(depth - 1)),
            10 => Session(Plan(depth - 1)),
            _ => Window(Plan(depth - 1)),
        };
    }

    public FilterPlan Filter(PlanNode input)
    {
        int column = random.Next(input.Columns.Count);
        ScalarExpr test = new IsNullExpr(Column(input, column), random.Next(3) > 0);
        int[] booleans = Of(input, t => t.Id == TypeId.Boolean);
        if (booleans.Length > 0)
        {
            ScalarExpr b = Column(input, booleans[random.Next(booleans.Length)]);
            test = random.Next(3) switch { 0 => b, 1 => new OrExpr([test, b]), _ => new AndExpr([test, new NotExpr(b)]) };
        }

        return new FilterPlan(input, test);
    }

    public ProjectPlan Project(PlanNode input)
    {
        int[] columns = [.. Enumerable.Range(0, random.Next(1, input.Columns.Count + 1)).Select(_ => random.Next(input.Columns.Count))];
        return Pick(input, columns);
    }

    public ProjectPlan Narrow(PlanNode input) => Pick(input, [.. Enumerable.Range(0, Math.Min(2, input.Columns.Count)).Select(_ => random.Next(input.Columns.Count))]);

    public AggregatePlan Aggregate(PlanNode input)
    {
        int[] keys = [.. Enumerable.Range(0, random.Next(3)).Select(_ => random.Next(input.Columns.Count)).Distinct()];
        int[] booleans = Of(input, t => t.Id == TypeId.Boolean);
        var calls = new List<AggregateCall>();
        for (int i = random.Next(4); i >= 0; i--)
        {
            calls.Add(Call(input, booleans.Length > 0 && random.Next(4) == 0 ? booleans[0] : -1));
        }

        return new AggregatePlan(input, keys, calls, new Schema(
            [.. keys.Select(k => input.Columns[k]), .. calls.Select((c, i) => new Field($"a{i}", c.Type))]));
    }

    public AggregateCall Call(PlanNode input, int filter, bool simple = false)
    {
        int column = random.Next(input.Columns.Count);
        SqlType type = input.Columns[column].Type;
        bool distinct = !simple && random.Next(4) == 0;
        AggregateKind kind = random.Next(simple ? 6 : 12) switch
        {
            0 => AggregateKind.CountRows,
            1 => AggregateKind.Count,
            2 when type.Id == TypeId.Boolean => AggregateKind.BoolAnd,
            3 when type.Id == TypeId.Boolean => AggregateKind.BoolOr,
            2 or 3 when type.IsNumber => random.Next(2) == 0 ? AggregateKind.Sum : AggregateKind.Avg,
            4 => AggregateKind.Min,
            5 or 2 or 3 => AggregateKind.Max,
            6 when type.IsNumber => (AggregateKind)random.Next((int)AggregateKind.VarPop, (int)AggregateKind.StddevSamp + 1),
            7 when type.IsInteger => (AggregateKind)random.Next((int)AggregateKind.BitAnd, (int)AggregateKind.BitXor + 1),
            8 when type.Id == TypeId.Text => AggregateKind.StringAgg,
            9 => AggregateKind.Mode,
            10 when Of(input, t => t.IsTimestamp).Length > 0 => random.Next(2) == 0 ? AggregateKind.First : AggregateKind.Last,
            _ when type.Id != TypeId.Array => AggregateKind.ArrayAgg,
            _ => AggregateKind.Count,
        };
        SortKey[] order = kind is AggregateKind.ArrayAgg or AggregateKind.StringAgg ? [new SortKey(column, random.Next(2) == 0, random.Next(2) == 0)] : [];
        int[] arguments = kind switch
        {
            AggregateKind.CountRows => [],
            AggregateKind.StringAgg => [column, column],
            AggregateKind.First or AggregateKind.Last => [column, Of(input, t => t.IsTimestamp)[0]],
            _ => [column],
        };
        SqlType result = kind switch
        {
            AggregateKind.CountRows or AggregateKind.Count => SqlType.BigInt,
            AggregateKind.Sum => type.Id is TypeId.SmallInt or TypeId.Integer ? SqlType.BigInt : type.Id == TypeId.BigInt ? SqlType.Numeric : type,
            AggregateKind.Avg or >= AggregateKind.VarPop and <= AggregateKind.StddevSamp => type.Id is TypeId.Double ? type : SqlType.Numeric,
            AggregateKind.ArrayAgg => SqlType.ArrayOf(type),
            _ => type,
        };
        distinct &= kind is not (AggregateKind.CountRows or AggregateKind.First or AggregateKind.Last or AggregateKind.Mode);
        return new AggregateCall(Function(kind, result), arguments, distinct, filter, order, result);
    }

    public JoinPlan Join(PlanNode left, PlanNode right)
    {
        var kind = (JoinKind)random.Next((int)JoinKind.NullAwareAnti + 1);
        var leftKeys = new List<int>();
        var rightKeys = new List<int>();
        for (int i = random.Next(3); i > 0; i--)
        {
            int l = random.Next(left.Columns.Count);
            int[] fits = Of(right, t => t.SameAs(left.Columns[l].Type));
            if (fits.Length > 0)
            {
                leftKeys.Add(l);
                rightKeys.Add(fits[random.Next(fits.Length)]);
            }
        }

        bool[] nullSafe = [.. leftKeys.Select(_ => random.Next(3) == 0)];
        if (kind == JoinKind.NullAwareAnti && nullSafe.Count(n => !n) != 1)
        {
            kind = JoinKind.Anti;
        }

        ScalarExpr? condition = null;
        if (kind != JoinKind.NullAwareAnti && random.Next(3) == 0)
        {
            condition = new OrExpr([
                new IsNullExpr(Column(left, random.Next(left.Columns.Count)), random.Next(2) == 0),
                new IsNullExpr(new ColumnExpr(left.Columns.Count, right.Columns[0].Type), random.Next(2) == 0)]);
        }

        var columns = new Schema(kind <= JoinKind.Full ? [.. left.Columns.Fields, .. right.Columns.Fields] : [.. left.Columns.Fields]);
        return new JoinPlan(kind, left, right, leftKeys, rightKeys, nullSafe, condition, columns);
    }

    public PlanNode SetOp(PlanNode left, PlanNode right)
    {
        int l = random.Next(left.Columns.Count);
        int[] fits = Of(right, t => t.SameAs(left.Columns[l].Type));
        int r = fits.Length == 0 ? 0 : fits[random.Next(fits.Length)];
        PlanNode a = Pick(left, [l]);
        PlanNode b = fits.Length == 0 ? a : Pick(right, [r]);
        return random.Next(3) == 0 ? new UnionPlan([a, b], a.Columns) : new SetOpPlan(random.Next(2) == 0, random.Next(2) == 0, a, b, a.Columns);
    }

    public PlanNode TimeWindow(PlanNode input)
    {
        int[] times = Of(input, t => t.IsTimestamp);
        if (times.Length == 0)
        {
            return Project(input);
        }

        bool cumulative = random.Next(3) == 0;
        long slide = random.Next(1, 4);
        long size = cumulative ? slide * random.Next(1, 4) : slide * random.Next(1, 4) - (random.Next(2) == 0 ? 0 : Math.Min(slide - 1, 1));
        return new TimeWindowPlan(input, times[0], random.Next(3) == 0 && !cumulative ? size : slide, size, random.Next(3), cumulative, new Schema(
            [.. input.Columns.Fields, new("window_start", SqlType.Timestamp), new("window_end", SqlType.Timestamp)]));
    }

    public PlanNode Session(PlanNode input)
    {
        int[] times = Of(input, t => t.IsTimestamp);
        return times.Length == 0 ? Project(input) : new SessionPlan(input, random.Next(2) == 0 ? [] : [random.Next(input.Columns.Count)], times[0], random.Next(1, 4), new Schema(
            [.. input.Columns.Fields, new("window_start", SqlType.Timestamp), new("window_end", SqlType.Timestamp)]));
    }

    public TopNPlan TopN(PlanNode input)
    {
        bool rank = random.Next(2) == 0;
        return new TopNPlan(
            input, random.Next(2) == 0 ? [] : [random.Next(input.Columns.Count)], Order(input), (RankKind)random.Next(3), random.Next(3),
            random.Next(5) == 0 ? null : random.Next(4), rank, rank ? new Schema([.. input.Columns.Fields, new("rank", SqlType.BigInt)]) : input.Columns);
    }

    public WindowPlan Window(PlanNode input)
    {
        SortKey[] order = Order(input);
        var calls = new List<WindowCall>();
        for (int i = random.Next(3); i >= 0; i--)
        {
            calls.Add(WindowCallOf(input, order));
        }

        return new WindowPlan(input, random.Next(2) == 0 ? [] : [random.Next(input.Columns.Count)], order, calls, new Schema(
            [.. input.Columns.Fields, .. calls.Select((c, i) => new Field($"w{i}", c.Type))]));
    }

    public static AggregateFunction Function(AggregateKind kind, SqlType type) =>
        new() { Name = kind.ToString(), Parameters = [], Returns = _ => type, Doc = "", Body = kind };

    private WindowCall WindowCallOf(PlanNode input, SortKey[] order)
    {
        FrameSpec frame = FrameSpec.Default;
        bool ranged = order.Length == 1 && input.Columns[order[0].Column].Type.Id is TypeId.Integer or TypeId.BigInt && order.Length == 1;
        FrameUnit unit = (FrameUnit)random.Next(3);
        unit = unit == FrameUnit.Range && !ranged ? FrameUnit.Rows : unit;
        if (random.Next(2) == 0)
        {
            SqlType type = unit == FrameUnit.Range ? input.Columns[order[0].Column].Type : SqlType.BigInt;
            var one = new LiteralExpr(type.Id == TypeId.Integer ? 1 : 1L, type);
            (FrameBound start, FrameBound end) = random.Next(5) switch
            {
                0 => (FrameBound.Preceding, FrameBound.CurrentRow),
                1 => (FrameBound.Preceding, FrameBound.Following),
                2 => (FrameBound.CurrentRow, FrameBound.UnboundedFollowing),
                3 => (FrameBound.Following, FrameBound.UnboundedFollowing),
                _ => (FrameBound.UnboundedPreceding, FrameBound.Preceding),
            };
            frame = new FrameSpec(unit, start, start is FrameBound.Preceding or FrameBound.Following ? one : null, end, end is FrameBound.Preceding or FrameBound.Following ? one : null);
        }

        if (random.Next(2) == 0)
        {
            AggregateCall call = Call(input, -1, simple: true);
            return new WindowCall(null, call.Function, call.Arguments, -1, frame, call.Type);
        }

        var kind = (WindowKind)random.Next((int)WindowKind.LastValue + 1);
        kind = kind == WindowKind.Ntile ? WindowKind.Rank : kind;
        int column = random.Next(input.Columns.Count);
        SqlType result = kind switch
        {
            WindowKind.RowNumber or WindowKind.Rank or WindowKind.DenseRank => SqlType.BigInt,
            WindowKind.PercentRank or WindowKind.CumeDist => SqlType.Double,
            _ => input.Columns[column].Type,
        };
        var function = new WindowFunction { Name = kind.ToString(), Parameters = [], Returns = _ => result, Doc = "", Body = kind };
        return new WindowCall(function, null, kind >= WindowKind.Lag ? [column] : [], -1, frame, result);
    }

    private SortKey[] Order(PlanNode input) =>
        [.. Enumerable.Range(0, random.Next(3)).Select(_ => new SortKey(random.Next(input.Columns.Count), random.Next(2) == 0, random.Next(2) == 0))];

    private static int[] Of(PlanNode input, Func<SqlType, bool> test) => [.. Enumerable.Range(0, input.Columns.Count).Where(c => test(input.Columns[c].Type))];

    private static ColumnExpr Column(PlanNode input, int column) => new(column, input.Columns[column].Type);

    private static ProjectPlan Pick(PlanNode input, int[] columns) =>
        new(input, [.. columns.Select(c => (ScalarExpr)Column(input, c))], new Schema([.. columns.Select(c => input.Columns[c])]));
}
