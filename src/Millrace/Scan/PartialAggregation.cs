// GROUP BY over segments on all cores: every thread groups its own pieces, then the groups are put together.
using System.Runtime.ExceptionServices;
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>Runs an aggregate over a scan on several threads, when its states can be merged exactly and there is enough to do.</summary>
internal static class PartialAggregation
{
    // Below this one thread is done before a second has begun.
    private const long RowsMin = 50_000;

    /// <summary>True when the result does not depend on the order of the rows.</summary>
    public static bool IgnoresOrder(AggregateCall call) => (AggregateKind)call.Function.Body is AggregateKind.CountRows or AggregateKind.Count or AggregateKind.Sum
        or AggregateKind.Avg or AggregateKind.Min or AggregateKind.Max or AggregateKind.BoolAnd or AggregateKind.BoolOr or AggregateKind.First or AggregateKind.Last
        or AggregateKind.BitAnd or AggregateKind.BitOr or AggregateKind.BitXor or AggregateKind.VarPop or AggregateKind.VarSamp or AggregateKind.StddevPop
        or AggregateKind.StddevSamp or AggregateKind.PercentileCont or AggregateKind.PercentileDisc;

    /// <summary>Pushes the pieces of a scan through; false, and nothing done, when that is for one thread to do.</summary>
    /// <param name="flow">What reads the input.</param>
    /// <param name="input">Which of its inputs.</param>
    /// <param name="scan">The input's rows.</param>
    /// <param name="plan">The plan of <paramref name="flow"/>.</param>
    /// <param name="newContext">Surroundings for another thread.</param>
    /// <param name="now">The epoch's time.</param>
    /// <param name="cancellation">Ends it early.</param>
    /// <param name="absorb">Takes over what a thread has grouped; <paramref name="flow"/> does, and works itself, when null.</param>
    public static bool TryRun(
        Dataflow flow, int input, AppendedScan scan, PlanNode plan, Func<EvalContext> newContext, long now, CancellationToken cancellation, Action<Dataflow>? absorb = null)
    {
        int threads = Math.Min(Environment.ProcessorCount, scan.Pieces);
        if (threads < 2 || scan.SealedRows < RowsMin || Over(plan, flow.Inputs[input]) is not { } grouping || flow.AggregateOver(input) is not { CanMerge: true })
        {
            return false;
        }

        var flows = new Dataflow[threads];
        flows[0] = flow;
        int others = absorb is null ? 1 : 0;
        for (int t = others; t < threads; t++)
        {
            flows[t] = PlanCompiler.Compile(grouping, scan.Errors, newContext());
            flows[t].BeginEpoch(now);
        }

        int next = -1;
        Exception? failed = null;
        Parallel.For(0, threads, t =>
        {
            var worker = new AppendedScan.Worker(scan, flows[t].Context);
            try
            {
                for (int piece = Interlocked.Increment(ref next); piece < scan.Pieces && Volatile.Read(ref failed) is null; piece = Interlocked.Increment(ref next))
                {
                    cancellation.ThrowIfCancellationRequested();
                    if (worker.Read(piece) is { } batch)
                    {
                        flows[t].Push(t < others ? input : 0, batch);
                    }
                }
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref failed, e, null);
            }
        });
        if (failed is not null)
        {
            ExceptionDispatchInfo.Throw(failed);
        }

        for (int t = others; t < threads; t++)
        {
            (absorb ?? (other => flow.Absorb(input, other)))(flows[t]);
            flow.Context.Report(flows[t].Context);
        }

        return true;
    }

    /// <summary>The only grouping over the only scan of the input, with nothing between them that keeps state.</summary>
    public static AggregatePlan? Over(PlanNode plan, CatalogObject input)
    {
        var found = new List<AggregatePlan?>();
        Collect(plan, input.Id, null, found);
        return found is [{ } only] ? only : null;
    }

    private static void Collect(PlanNode plan, int id, AggregatePlan? above, List<AggregatePlan?> found)
    {
        if (plan is ScanPlan scan && scan.Object.Id == id)
        {
            found.Add(above);
        }

        AggregatePlan? below = plan switch
        {
            AggregatePlan aggregate => aggregate,
            FilterPlan or ProjectPlan or TimeWindowPlan => above,
            _ => null,
        };
        foreach (PlanNode source in plan.Inputs)
        {
            Collect(source, id, below, found);
        }
    }
}
