// From a bound plan to a dataflow: one arm an operator; equal sub-plans become one operator.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>Compiles plans.</summary>
internal sealed class PlanCompiler
{
    private readonly EvalErrors _errors;
    private readonly EvalContext _context;
    private readonly Dataflow _flow;
    private readonly Dictionary<string, Dataflow.Node>? _made;

    private PlanCompiler(
        EvalErrors errors, EvalContext context, Dataflow flow, bool canRepeat, IReadOnlyList<(string Fingerprint, Dataflow First)> parts)
    {
        _made = canRepeat ? [] : null;
        _errors = errors;
        _context = context;
        _flow = flow;
        foreach ((string fingerprint, Dataflow first) in parts)
        {
            _made!.Add(fingerprint, flow.AddPart(first));
        }
    }

    /// <summary>Compiles <paramref name="plan"/>.</summary>
    /// <param name="plan">The plan, without parameters.</param>
    /// <param name="errors">What a failing expression does.</param>
    /// <param name="context">What expressions may know; a new one when null.</param>
    /// <param name="parts">Sub-plans computed elsewhere, see <see cref="Dataflow.PushPart"/>, each with a dataflow of it; none when null.</param>
    /// <exception cref="SqlException">0A000 for what is not supported.</exception>
    public static Dataflow Compile(
        PlanNode plan, EvalErrors errors, EvalContext? context = null, IReadOnlyList<(string Fingerprint, Dataflow First)>? parts = null)
    {
        context ??= new EvalContext();
        var flow = new Dataflow(() => PlanText.Fingerprint(plan), context);
        flow.SetRoot(new PlanCompiler(errors, context, flow, parts is { Count: > 0 } || !IsChain(plan), parts ?? []).Node(plan));
        return flow;
    }

    // Where nothing has two inputs no part of the plan can be there twice: nobody has to compare.
    private static bool IsChain(PlanNode plan) => plan.Inputs.Count == 0 || (plan.Inputs.Count == 1 && IsChain(plan.Inputs[0]));

    private Dataflow.Node Node(PlanNode plan)
    {
        Dataflow.Node node = _made is null ? Make(plan) : Once(PlanText.Fingerprint(plan), () => Make(plan));
        node.Plan ??= plan;
        return node;
    }

    private Dataflow.Node Once(string key, Func<Dataflow.Node> make)
    {
        if (!_made!.TryGetValue(key, out Dataflow.Node? node))
        {
            node = make();
            _made.Add(key, node);
        }

        return node;
    }

    // A filter below a projection copies only the columns that the projection reads.
    private Dataflow.Node Filter(FilterPlan p, IReadOnlyList<ScalarExpr> readers)
    {
        HashSet<int> read = [.. readers.SelectMany(BatchColumns.Used)];
        bool[] needed = [.. Enumerable.Range(0, p.Columns.Count).Select(read.Contains)];
        if (!needed.Contains(false))
        {
            return Node(p);
        }

        return _made is null ? Make() : Once(PlanText.Fingerprint(p) + " needs " + string.Join(',', needed), Make);

        Dataflow.Node Make()
        {
            Dataflow.Node node = _flow.Add(new Filter(p.Predicate, p.Columns, _errors, _context, needed), Node(p.Input));
            node.Plan = p;
            return node;
        }
    }

    private Dataflow.Node Make(PlanNode plan)
    {
        switch (plan)
        {
            case ScanPlan p:
                return _flow.AddScan(p.Object);
            case ValuesPlan p:
                return _flow.Add(new Values(p.Rows, p.Columns, _errors, _context));
            case RowsPlan p:
                return _flow.Add(new RowsOnce(p.Batches, "", p.Columns));
            case RecursivePlan p:
                // To be shown; what runs has its rows in this place.
                return _flow.Add(new RowsOnce(null, p.Working.Name, p.Columns));
            case FilterPlan p:
                return _flow.Add(new Filter(p.Predicate, p.Columns, _errors, _context), Node(p.Input));
            case TemporalFilterPlan p:
                return _flow.Add(new TemporalFilter(p.Predicate, p.Columns, _errors, _context), Node(p.Input));
            case ProjectPlan { Input: TimeWindowPlan windows } p when p.Expressions.All(e => e is ColumnExpr):
                bool needEnd = p.Expressions.Any(e => e is ColumnExpr c && c.Index == windows.Columns.Count - 1);
                return _flow.Add(new Project(p.Expressions, windows.Columns, p.Columns, _errors, _context), Window(windows, needEnd));
            case ProjectPlan { Input: FilterPlan filter } p:
                return _flow.Add(new Project(p.Expressions, filter.Columns, p.Columns, _errors, _context), Filter(filter, p.Expressions));
            case ProjectPlan p:
                return _flow.Add(new Project(p.Expressions, p.Input.Columns, p.Columns, _errors, _context), Node(p.Input));
            case TimeWindowPlan p:
                return Window(p, needEnd: true);
            case JoinPlan { Kind: JoinKind.NullAwareAnti } p:
                return _flow.Add(new NullAwareAntiJoin(p), Node(p.Left), Node(p.Right));
            case JoinPlan p:
                return _flow.Add(new HashJoin(p, _errors, _context), Node(p.Left), Node(p.Right));
            case AggregatePlan { Input: SessionPlan session } p when SessionAggregate.TryMake(p, session) is { } sessions:
                return _flow.Add(sessions, Node(session.Input));
            case AsOfJoinPlan p:
                return _flow.Add(new AsOfJoin(p), Node(p.Left), Node(p.Right));
            case TemporalJoinPlan p:
                return _flow.Add(new HashJoin(p.AsJoin, _errors, _context, asOfNow: true), Node(p.Left), Node(p.Right));
            case GapFillPlan p:
                return _flow.Add(new GapFill(p, _context), Node(p.Input));
            case AggregatePlan p:
                return _flow.Add(new Aggregate(p.Input.Columns, p.Keys, p.Calls, p.Input.AppendOnly, p.Columns), Node(p.Input));
            case DistinctPlan p:
                int[] all = [.. Enumerable.Range(0, p.Columns.Count)];
                return _flow.Add(new Aggregate(p.Columns, all, [], p.Input.AppendOnly, p.Columns), Node(p.Input));
            case UnionPlan p:
                return _flow.Add(new Union(p.Columns), [.. p.Sources.Select(Node)]);
            case SetOpPlan p:
                return _flow.Add(new SetOp(p.Except, p.All, p.Columns), Node(p.Left), Node(p.Right));
            case TopNPlan p:
                return _flow.Add(AppendTopN.Fits(p) ? new AppendTopN(p) : new TopN(p), Node(p.Input));
            case WindowPlan p:
                return _flow.Add(new Window(p), Node(p.Input));
            case SessionPlan p:
                return _flow.Add(new SessionWindow(p), Node(p.Input));
            case EmitOnClosePlan p:
                return _flow.Add(new EmitOnClose(p.WindowEnd, p.ByClock, p.Lateness, p.EveryChange, p.Columns), Closing(p.Input, p.WindowEnd, 0, p));
            case LateSessionRowsPlan p:
                return _flow.Add(new SessionGate(p.Columns, p.PartitionBy, p.Time, p.Gap, p.Lateness, giveLate: true), Node(p.Input));
            case LateRowsPlan p:
                return _flow.Add(new LateGate(p.Time, p.Slide, p.Size, p.Offset, p.Lateness, p.Columns, giveLate: true), Node(p.Input));
            case ChangelogPlan p:
                return _flow.Add(new Changelog(p, _context), Node(p.Input));
            case TableFunctionPlan p:
                return _flow.Add(new TableFunction(p, _errors, _context), Node(p.Input));
            default:
                throw new SqlException("0A000", $"{plan.GetType().Name} is not supported yet");
        }
    }

    // What stands right under EMIT ON WINDOW CLOSE is read by nobody else: an aggregate by window may forget what has closed.
    // The end is the column plus a constant: it may be computed from the window's start.
    private Dataflow.Node Closing(PlanNode plan, int windowEnd, long plusMicros, EmitOnClosePlan close)
    {
        switch (plan)
        {
            case ProjectPlan p when Source(p.Expressions[windowEnd]) is { } source:
                Dataflow.Node projected = Closing(p.Input, source.Column, plusMicros + source.PlusMicros, close);
                return _flow.Add(new Project(p.Expressions, p.Input.Columns, p.Columns, _errors, _context), projected);
            case FilterPlan p:
                Dataflow.Node filtered = Closing(p.Input, windowEnd, plusMicros, close);
                return _flow.Add(new Filter(p.Predicate, p.Columns, _errors, _context), filtered);
            case AggregatePlan { Input: SessionPlan session } p when windowEnd < p.Keys.Count && p.Keys[windowEnd] == session.Columns.Count - 1 && plusMicros == 0
                && SessionAggregate.TryMake(p, session, new SessionClosing(close.Lateness, close.ByClock)) is { } sessions:
                return _flow.Add(sessions, Node(session.Input));
            case AggregatePlan p when windowEnd < p.Keys.Count && p.Columns[windowEnd].Type.IsTimestamp:
                Dataflow.Node rows = Gated(p.Input, close, plusMicros == 0 ? p.Keys[windowEnd] : -1);
                return _flow.Add(
                    new Aggregate(p.Input.Columns, p.Keys, p.Calls, p.Input.AppendOnly, p.Columns, windowEnd, plusMicros + close.Lateness, close.ByClock), rows);
            case TimeWindowPlan p when !close.ByClock && EndsWindow(p, windowEnd, plusMicros):
                return Window(p, needEnd: true, Gate(p, close));
            case SessionPlan { Input.AppendOnly: true } p when windowEnd == p.Columns.Count - 1 && plusMicros == 0:
                return Sessions(p, close);
            case WindowPlan or TopNPlan when !close.ByClock && plusMicros == 0:
                return Moments(plan, windowEnd, close);
            case WindowPlan { SessionGap: >= 0 } p when windowEnd == p.Columns.Count - 1 && plusMicros == p.SessionGap + 1:
                // No row before the watermark is taken, so none can come that belongs to a session that is over.
                return _flow.Add(new Window(p), Moments(p.Input, p.OrderBy[0].Column, close));
            default:
                return Node(plan);
        }
    }

    // Window functions and ranks in the order of the time that closes their rows: what is late goes no further than to them, so that nothing is told of rows that are never given.
    private Dataflow.Node Moments(PlanNode plan, int time, EmitOnClosePlan close)
    {
        switch (plan)
        {
            case { AppendOnly: true }:
                return _flow.Add(new LateGate(time, 1, 0, 0, close.Lateness, plan.Columns), Node(plan));
            case ProjectPlan p when p.Expressions[time] is ColumnExpr source:
                return _flow.Add(new Project(p.Expressions, p.Input.Columns, p.Columns, _errors, _context), Moments(p.Input, source.Index, close));
            case FilterPlan p:
                return _flow.Add(new Filter(p.Predicate, p.Columns, _errors, _context), Moments(p.Input, time, close));
            case WindowPlan p:
                return _flow.Add(new Window(p), Moments(p.Input, time, close));
            case TopNPlan p:
                return _flow.Add(AppendTopN.Fits(p) ? new AppendTopN(p) : new TopN(p), Moments(p.Input, time, close));
            default:
                throw new SqlException("0A000", $"EMIT ON WINDOW CLOSE over {plan.GetType().Name} is not supported", hint: "make a view of what is below, and close its rows in another");
        }
    }

    private Dataflow.Node Sessions(SessionPlan p, EmitOnClosePlan close)
    {
        Dataflow.Node input = Node(p.Input);
        if (!close.ByClock)
        {
            input = _flow.Add(new SessionGate(p.Input.Columns, p.PartitionBy, p.Time, p.Gap, close.Lateness, giveLate: false), input);
        }

        return _flow.Add(new SessionWindow(p, new SessionClosing(close.Lateness, close.ByClock)), input);
    }

    private static bool EndsWindow(TimeWindowPlan p, int windowEnd, long plusMicros) => windowEnd == p.Columns.Count - 1
        ? plusMicros == 0
        : !p.Cumulative && windowEnd == p.Columns.Count - 2 && plusMicros == p.Size;

    // Below the windows: what comes after the last of its windows has closed goes no further. The column is the windows' end, or −1.
    private Dataflow.Node Gated(PlanNode plan, EmitOnClosePlan close, int windowEnd)
    {
        switch (plan)
        {
            case TimeWindowPlan p when !close.ByClock:
                return Window(p, needEnd: true, Gate(p, close));
            case SessionPlan { Input.AppendOnly: true } p when windowEnd == p.Columns.Count - 1:
                return Sessions(p, close);
            case ProjectPlan { Input: TimeWindowPlan windows } p when !close.ByClock && p.Expressions.All(e => e is ColumnExpr):
                bool needEnd = p.Expressions.Any(e => e is ColumnExpr c && c.Index == windows.Columns.Count - 1);
                return _flow.Add(new Project(p.Expressions, windows.Columns, p.Columns, _errors, _context), Window(windows, needEnd, Gate(windows, close)));
            case ProjectPlan p:
                return _flow.Add(new Project(p.Expressions, p.Input.Columns, p.Columns, _errors, _context),
                    Gated(p.Input, close, windowEnd >= 0 && p.Expressions[windowEnd] is ColumnExpr end ? end.Index : -1));
            case FilterPlan p:
                return _flow.Add(new Filter(p.Predicate, p.Columns, _errors, _context), Gated(p.Input, close, windowEnd));
            default:
                return Node(plan);
        }
    }

    private Dataflow.Node Gate(TimeWindowPlan p, EmitOnClosePlan close) =>
        _flow.Add(new LateGate(p.Time, p.Stride, p.Size, p.Offset, close.Lateness, p.Input.Columns), Node(p.Input));

    private static (int Column, long PlusMicros)? Source(ScalarExpr expr) => expr switch
    {
        ColumnExpr c => (c.Index, 0),
        CallExpr { Function.Name: "+", Arguments: [ColumnExpr c, LiteralExpr { Value: Interval { Months: 0, Days: 0 } span }] } when c.Type.IsTimestamp =>
            (c.Index, span.Micros),
        _ => null,
    };

    private Dataflow.Node Window(TimeWindowPlan p, bool needEnd, Dataflow.Node? input = null)
    {
        input ??= Node(p.Input);
        return _flow.Add(new TimeWindow(p.Time, p.Slide, p.Size, p.Offset, p.Cumulative, needEnd, p.Columns), input);
    }
}
