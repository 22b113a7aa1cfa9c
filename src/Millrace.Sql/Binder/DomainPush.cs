// Computes a correlated plan for a whole set of outer values at once, by carrying them through every operation.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>
/// Computes a correlated plan for all different outer values (the domain) at once: every operation gives its own columns followed by the domain's, so
/// that the rows of one outer value stay apart. After Neumann and Kemper, "Unnesting Arbitrary Queries" (BTW 2015), section 3.
/// </summary>
internal sealed class DomainPush
{
    private readonly BindContext _context;
    private readonly Frame _frame;
    private readonly PlanNode _domain;
    private readonly int[] _arguments;
    private readonly bool _distinct;
    private readonly WorkingPlan? _last;
    private readonly WorkingPlan? _lastWide;

    /// <summary>Over the different values of some columns of the outer rows.</summary>
    /// <param name="context">Shared by the statement's parts.</param>
    /// <param name="frame">Names the outer values.</param>
    /// <param name="left">The outer rows.</param>
    /// <param name="columns">Which columns hold the outer values; the domain has them in this order.</param>
    public DomainPush(BindContext context, Frame frame, PlanNode left, int[] columns)
        : this(context, frame, new DistinctPlan(Plans.Pick(left, columns)), [.. Enumerable.Range(0, columns.Length)], true)
    {
    }

    private DomainPush(BindContext context, Frame frame, PlanNode domain, int[] arguments, bool distinct)
    {
        _context = context;
        _frame = frame;
        _domain = domain;
        _arguments = arguments;
        _distinct = distinct;
    }

    // Within the second query of a recursion: the rows that came last have the outer values beside them.
    private DomainPush(DomainPush around, WorkingPlan last, WorkingPlan wide)
        : this(around._context, around._frame, around._domain, around._arguments, around._distinct)
    {
        (_last, _lastWide) = (last, wide);
    }

    private int Width => _domain.Columns.Count;

    // True when a part has to carry the outer values.
    private bool Needs(PlanNode plan) => Depends(plan, _frame) || (_last is not null && PlanMap.All(plan).Any(n => ReferenceEquals(n, _last)));

    /// <summary>Over the outer rows themselves: right for plans that make rows out of each row alone (<see cref="IsLinear"/>).</summary>
    public static DomainPush OverRows(BindContext context, Frame frame, PlanNode left, int[] columns) => new(context, frame, left, columns, false);

    /// <summary>True when the plan uses values of the frame.</summary>
    public static bool Depends(PlanNode plan, Frame frame) => PlanMap.AnyExpression(plan, e => e is OuterExpr o && ReferenceEquals(o.Frame, frame));

    /// <summary>True when the expression uses values of the frame.</summary>
    public static bool Depends(ScalarExpr expr, Frame frame) => ExprMap.Any(expr, e => e is OuterExpr o && ReferenceEquals(o.Frame, frame));

    /// <summary>True for plans that make rows out of one constant row: no scan, no grouping.</summary>
    public static bool IsLinear(PlanNode plan) => plan switch
    {
        ValuesPlan v => v.Rows.Count == 1,
        ProjectPlan or FilterPlan or TableFunctionPlan => IsLinear(plan.Inputs[0]),
        _ => false,
    };

    /// <summary>What an aggregate gives when a group is missing because it has no rows: zero for counts, else null.</summary>
    public static ScalarExpr OfNoRows(AggregateCall call, ScalarExpr value) => call.Function.Name is "count" or "regr_count" or "approx_count_distinct"
        ? new CoalesceExpr([value, new LiteralExpr(0L, SqlType.BigInt)], SqlType.BigInt)
        : value;

    /// <summary>The plan's columns, then the domain's.</summary>
    public PlanNode Push(PlanNode node)
    {
        if (!Needs(node))
        {
            return node is ValuesPlan { Rows.Count: 1, Columns.Count: 0 } ? _domain : Plans.Join(JoinKind.Inner, node, _domain, null);
        }

        switch (node)
        {
            case ValuesPlan values:
                PlanNode[] rows = [.. values.Rows.Select(r => Plans.Project(
                    _domain, [.. r.Select(e => Mapped(e, 0)), .. Plans.Columns(_domain)],
                    [.. values.Columns.Fields.Select(f => f.Name), .. _domain.Columns.Fields.Select(f => f.Name)]))];
                return rows.Length == 1 ? rows[0] : new UnionPlan(rows, rows[0].Columns);
            case FilterPlan filter:
                return !Needs(filter.Input) && FromEqualities(filter) is { } derived
                    ? derived
                    : new FilterPlan(Push(filter.Input), Mapped(filter.Predicate, filter.Columns.Count));
            case ProjectPlan project:
                PlanNode input = Push(project.Input);
                int width = project.Input.Columns.Count;
                return Plans.Project(input, [.. project.Expressions.Select(e => Mapped(e, width)), .. Plans.Columns(input, width)],
                    [.. project.Columns.Fields.Select(f => f.Name), .. _domain.Columns.Fields.Select(f => f.Name)]);
            case TableFunctionPlan function:
                return Appending(function.Input, function.Columns, (pushed, columns) => function with
                {
                    Input = pushed,
                    Arguments = [.. function.Arguments.Select(a => Mapped(a, function.Input.Columns.Count))],
                    Columns = columns,
                });
            case JoinPlan join:
                return PushJoin(join);
            case AggregatePlan aggregate:
                return PushAggregate(aggregate);
            case DistinctPlan distinct:
                return new DistinctPlan(Push(distinct.Input));
            case UnionPlan union:
                PlanNode[] sources = [.. union.Sources.Select(Push)];
                return new UnionPlan(sources, With(union.Columns));
            case SetOpPlan set:
                return set with { Left = Push(set.Left), Right = Push(set.Right), Columns = With(set.Columns) };
            case TopNPlan top:
                return Appending(top.Input, top.Columns, (pushed, columns) => top with
                {
                    Input = pushed,
                    PartitionBy = [.. top.PartitionBy, .. DomainColumns(top.Input)],
                    Columns = columns,
                });
            case WindowPlan window:
                return Appending(window.Input, window.Columns, (pushed, columns) => window with
                {
                    Input = pushed,
                    PartitionBy = [.. window.PartitionBy, .. DomainColumns(window.Input)],
                    Columns = columns,
                });
            case TimeWindowPlan window:
                return Appending(window.Input, window.Columns, (pushed, columns) => window with { Input = pushed, Columns = columns });
            case SessionPlan session:
                return Appending(session.Input, session.Columns, (pushed, columns) => session with
                {
                    Input = pushed,
                    PartitionBy = [.. session.PartitionBy, .. DomainColumns(session.Input)],
                    Columns = columns,
                });
            case WorkingPlan:
                return _lastWide!;
            case RecursivePlan recursive:
                var wide = new WorkingPlan(recursive.Working.Name, With(recursive.Working.Columns));
                PlanNode step = new DomainPush(this, recursive.Working, wide).Push(recursive.Step);
                return new RecursivePlan(Push(recursive.First), step, wide, recursive.Distinct);
            default:
                throw new SqlException("0A000", "this subquery may not use columns of the query around it", hint: "rewrite it as a join");
        }
    }

    private PlanNode PushAggregate(AggregatePlan aggregate)
    {
        PlanNode input = Push(aggregate.Input);
        int[] domain = [.. DomainColumns(aggregate.Input)];
        PlanNode grouped = Plans.Aggregate(input, [.. aggregate.Keys, .. domain], aggregate.Calls);
        int keys = aggregate.Keys.Count;
        if (keys > 0)
        {
            return Named(Plans.Pick(grouped,
                [.. Enumerable.Range(0, keys), .. Enumerable.Range(keys + Width, aggregate.Calls.Count), .. Enumerable.Range(keys, Width)]), aggregate.Columns);
        }

        // Without keys there is a row for every outer value, even when nothing was aggregated.
        int[] all = [.. Enumerable.Range(0, Width)];
        JoinPlan join = Plans.Join(JoinKind.Left, _domain, grouped, all, all, true, null);
        ScalarExpr[] values = [.. aggregate.Calls.Select((c, i) => OfNoRows(c, Plans.Column(join, (2 * Width) + i)))];
        return Plans.Project(join, [.. values, .. Plans.Columns(join, 0, Width)],
            [.. aggregate.Columns.Fields.Select(f => f.Name), .. _domain.Columns.Fields.Select(f => f.Name)]);
    }

    private PlanNode PushJoin(JoinPlan join)
    {
        bool onRight = Needs(join.Right);
        bool leftOnly = join.Kind is JoinKind.Semi or JoinKind.Anti or JoinKind.NullAwareAnti;
        bool onLeft = join.Kind switch
        {
            JoinKind.Inner => !onRight || Needs(join.Left),
            JoinKind.Right => Needs(join.Left),
            _ => true,
        };
        onRight = onRight || join.Kind is JoinKind.Right or JoinKind.Full;
        Check.That(!(join.Kind == JoinKind.NullAwareAnti && onRight));
        PlanNode left = onLeft ? Push(join.Left) : join.Left;
        PlanNode right = onRight ? Push(join.Right) : join.Right;
        int l = join.Left.Columns.Count;
        int r = join.Right.Columns.Count;
        int shift = left.Columns.Count;
        int leftDomain = l;
        int rightDomain = shift + r;
        ScalarExpr? condition = join.Condition is null ? null : ExprMap.Replace(join.Condition, e => e switch
        {
            ColumnExpr c => c.Index < l ? c : new ColumnExpr(c.Index - l + shift, c.Type),
            OuterExpr o when ReferenceEquals(o.Frame, _frame) => new ColumnExpr((onLeft ? leftDomain : rightDomain) + _arguments[o.Index], o.Type),
            _ => null,
        });
        bool both = onLeft && onRight;
        int[] domain = both ? [.. Enumerable.Range(0, Width)] : [];
        JoinPlan pushed = new(join.Kind, left, right, [.. join.LeftKeys, .. domain.Select(d => l + d)], [.. join.RightKeys, .. domain.Select(d => r + d)],
            [.. join.NullSafe, .. domain.Select(_ => true)], condition, Plans.JoinColumns(join.Kind, left, right));
        if (leftOnly)
        {
            return pushed;
        }

        IEnumerable<ScalarExpr> carried = join.Kind switch
        {
            JoinKind.Full => Enumerable.Range(0, Width).Select(d => (ScalarExpr)new CoalesceExpr(
                [Plans.Column(pushed, leftDomain + d), Plans.Column(pushed, rightDomain + d)], _domain.Columns[d].Type)),
            JoinKind.Right => Plans.Columns(pushed, rightDomain, Width),
            _ => Plans.Columns(pushed, onLeft ? leftDomain : rightDomain, Width),
        };
        return Plans.Project(pushed, [.. Plans.Columns(pushed, 0, l), .. Plans.Columns(pushed, shift, r), .. carried]);
    }

    /// <summary>
    /// Where a filter equates every outer value with an expression of its input, that expression is the outer value: no domain is needed. Only for
    /// types whose equal values cannot be told apart (1.0 = 1.00 in numeric).
    /// </summary>
    private PlanNode? FromEqualities(FilterPlan filter)
    {
        if (!_distinct)
        {
            return null;
        }

        var values = new ScalarExpr?[Width];
        List<ScalarExpr> rest = [];
        foreach (ScalarExpr term in ExprMap.Conjuncts(filter.Predicate))
        {
            if (Equated(term) is (var index, { } value) && values[index] is null)
            {
                values[index] = value;
                rest.Add(new IsNullExpr(value, true));
            }
            else
            {
                rest.Add(term);
            }
        }

        if (values.Any(v => v is null))
        {
            return null;
        }

        ScalarExpr[] terms = [.. rest.Select(t => ExprMap.Replace(t, e => e is OuterExpr o && ReferenceEquals(o.Frame, _frame) ? values[o.Index] : null))];
        PlanNode kept = Plans.Filter(filter.Input, ExprMap.And(terms));
        return Plans.Project(kept, [.. Plans.Columns(kept), .. values!],
            [.. kept.Columns.Fields.Select(f => f.Name), .. _domain.Columns.Fields.Select(f => f.Name)]);
    }

    private (int Index, ScalarExpr? Value) Equated(ScalarExpr term)
    {
        if (term is not CallExpr { Function.Name: "=", Arguments: [var a, var b] } || !a.Type.SameAs(b.Type) || !IsExact(a.Type))
        {
            return (0, null);
        }

        if (a is OuterExpr o && ReferenceEquals(o.Frame, _frame) && !ExprMap.Any(b, e => e is OuterExpr))
        {
            return (o.Index, b);
        }

        return b is OuterExpr p && ReferenceEquals(p.Frame, _frame) && !ExprMap.Any(a, e => e is OuterExpr) ? (p.Index, a) : (0, null);
    }

    private static bool IsExact(SqlType type) =>
        type.Id is TypeId.Boolean or TypeId.SmallInt or TypeId.Integer or TypeId.BigInt or TypeId.Text or TypeId.Bytea or TypeId.Date or TypeId.Time
            or TypeId.Timestamp or TypeId.TimestampTz or TypeId.Uuid;

    /// <summary>For operations that append columns to their input's: they would follow the domain's columns, so the order is put right.</summary>
    private PlanNode Appending(PlanNode input, Schema columns, Func<PlanNode, Schema, PlanNode> make)
    {
        PlanNode pushed = Push(input);
        int before = input.Columns.Count;
        int added = columns.Count - before;
        PlanNode made = make(pushed, new Schema([.. pushed.Columns.Fields, .. columns.Fields.Skip(before)]));
        return added == 0 ? made : Plans.Pick(made,
            [.. Enumerable.Range(0, before), .. Enumerable.Range(before + Width, added), .. Enumerable.Range(before, Width)]);
    }

    private IEnumerable<int> DomainColumns(PlanNode input) => Enumerable.Range(input.Columns.Count, Width);

    private Schema With(Schema columns) => new([.. columns.Fields, .. _domain.Columns.Fields]);

    private static PlanNode Named(PlanNode plan, Schema like) => plan is ProjectPlan p
        ? p with { Columns = new Schema([.. p.Columns.Fields.Select((f, i) => i < like.Count ? f with { Name = like[i].Name } : f)]) }
        : plan;

    /// <summary>An expression over the input's columns, with outer values taken from the domain's columns behind them.</summary>
    private ScalarExpr Mapped(ScalarExpr expr, int width) => ExprMap.Replace(expr, e => e is OuterExpr o && ReferenceEquals(o.Frame, _frame)
        ? new ColumnExpr(width + _arguments[o.Index], o.Type)
        : null);
}
