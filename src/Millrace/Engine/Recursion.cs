// WITH RECURSIVE: runs the parts of a common table that names itself, step by step, until nothing new comes.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>Puts rows in the place of common tables that name themselves.</summary>
internal static class Recursion
{
    /// <summary>How many rows such a table may have: one that never ends must not take all memory first.</summary>
    public const int RowsMax = 10_000_000;

    /// <summary>The plan with each such table replaced by its rows; the plan itself where it has none.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="run">Runs a plan without such tables once.</param>
    /// <exception cref="SqlException">54000: it has more rows than there may be.</exception>
    public static PlanNode Unfold(PlanNode plan, Func<PlanNode, List<Batch>> run) => Unfold(plan, run, []);

    /// <summary>True when the plan has such a table.</summary>
    public static bool IsIn(PlanNode plan) => plan is RecursivePlan || plan.Inputs.Any(IsIn);

    private static PlanNode Unfold(PlanNode plan, Func<PlanNode, List<Batch>> run, Dictionary<RecursivePlan, RowsPlan> done, WorkingPlan? notYet = null) => IsIn(plan)
        ? QueryPlans.Replace(plan, n => n is not RecursivePlan r || (notYet is not null && Reads(r, notYet)) ? null : done.TryGetValue(r, out RowsPlan? rows) ? rows : done[r] = Rows(r, run, done))
        : plan;

    private static RowsPlan Rows(RecursivePlan plan, Func<PlanNode, List<Batch>> run, Dictionary<RecursivePlan, RowsPlan> done)
    {
        Schema columns = plan.Columns;
        var layout = new RowLayout(columns, []);
        HashSet<ByteSlice>? seen = plan.Distinct ? [] : null;
        List<Batch> last = New(run(Unfold(plan.First, run, done)), layout, seen);
        var all = new List<Batch>(last);
        long count = last.Sum(b => (long)b.Count);
        PlanNode step = Unfold(plan.Step, run, done, plan.Working);
        while (last.Count > 0)
        {
            // What names itself in there and reads these rows is another one each time.
            last = New(run(Unfold(Over(step, plan.Working, new RowsPlan(last, columns)), run, [])), layout, seen);
            all.AddRange(last);
            count += last.Sum(b => (long)b.Count);
            if (count > RowsMax)
            {
                throw new SqlException("54000", $"recursive query \"{plan.Working.Name}\" has more than {RowsMax} rows",
                    hint: "does it come to an end? Stop it with a condition in its second part, such as WHERE depth < 100, or with UNION in place of UNION ALL");
            }
        }

        return new RowsPlan(all, columns);
    }

    private static PlanNode Over(PlanNode plan, WorkingPlan working, RowsPlan rows) => QueryPlans.Replace(plan, n => n switch
    {
        WorkingPlan w when w == working => rows,
        RecursivePlan r when Reads(r, working) => r with { First = Over(r.First, working, rows), Step = Over(r.Step, working, rows) },
        _ => null,
    });

    private static bool Reads(PlanNode plan, WorkingPlan working) =>
        plan == working || (plan is RecursivePlan r && (Reads(r.First, working) || Reads(r.Step, working))) || plan.Inputs.Any(i => Reads(i, working));

    // The rows that have not come before; all of them where that does not matter.
    private static List<Batch> New(List<Batch> rows, RowLayout layout, HashSet<ByteSlice>? seen)
    {
        if (seen is null)
        {
            return rows;
        }

        var keys = new EncodedRows();
        var fresh = new List<Batch>();
        foreach (Batch batch in rows)
        {
            layout.Encode(batch, keys);
            int[] kept = [.. Enumerable.Range(0, batch.Count).Where(i => seen.Add(ByteSlice.From(keys.Row(i).ToArray())))];
            if (kept.Length > 0)
            {
                fresh.Add(batch.Pick(kept));
            }
        }

        return fresh;
    }
}
