// regclass and its kin in what a query answers: numbers that are shown as the names of what they number.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>
/// Finds the columns of an answer that were cast to regclass or its kin, and gives them the name for a value and their own type for a type. Inside a
/// query such a value is a number, or the text of a name.
/// </summary>
internal static class RegNames
{
    private static readonly Dictionary<string, SqlType> Types = new()
    {
        ["regproc"] = SqlType.RegOf(24),
        ["regprocedure"] = SqlType.RegOf(2202),
        ["regclass"] = SqlType.RegOf(2205),
        ["regtype"] = SqlType.RegOf(2206),
        ["regnamespace"] = SqlType.RegOf(4089),
        ["regrole"] = SqlType.RegOf(4096),
    };

    /// <summary>The cast that makes a name of a number or a number of a name; null for everything else.</summary>
    public static string? CastOf(ScalarExpr e) => CastOf(e, true) ?? CastOf(e, false);

    private static string? CastOf(ScalarExpr e, bool isIn) =>
        e is CallExpr { Arguments.Count: 1, Function.Name: var name } && name.EndsWith(isIn ? "in" : "out", StringComparison.Ordinal)
            && Types.ContainsKey(name[..^(isIn ? 2 : 3)]) ? name[..^(isIn ? 2 : 3)] : null;

    /// <summary>The query with names in the place of numbers, and the types of its visible columns.</summary>
    /// <param name="result">As it was bound, not optimized: constants are not folded yet.</param>
    /// <param name="functions">Where the casts are found.</param>
    public static (QueryResult Result, Schema Columns) Apply(QueryResult result, FunctionCatalog functions)
    {
        Cast?[] casts = Of(result.Plan);
        int visible = result.Columns.Count;
        if (!casts.Take(visible).Any(c => c is not null))
        {
            return (result, result.Columns);
        }

        ScalarExpr[] all = [.. Plans.Columns(result.Plan)];
        Field[] told = [.. result.Columns.Fields];
        for (int i = 0; i < visible; i++)
        {
            if (casts[i] is not { } cast)
            {
                continue;
            }

            // What was a number and is a function's name by its cast may be of several: such a name is text, no number can be had of it again.
            told[i] = cast is { Type: "regproc", IsIn: false } ? told[i] : told[i] with { Type = Types[cast.Type] };
            if (cast.IsIn)
            {
                ScalarFunction print = functions.FindScalars(cast.Type + "out")[0];
                all[i] = new CallExpr(print, [all[i]], print.Returns([SqlType.Integer]));
            }
        }

        PlanNode plan = Plans.Project(result.Plan, all, [.. result.Plan.Columns.Fields.Select(f => f.Name)]);
        return (result with { Plan = plan }, new Schema(told));
    }

    private static Cast?[] Of(PlanNode plan)
    {
        int count = plan.Columns.Count;
        switch (plan)
        {
            case ProjectPlan project:
                Cast?[] input = Of(project.Input);
                return [.. project.Expressions.Select(e => e is ColumnExpr c ? input[c.Index] : OfCall(e))];
            case AggregatePlan aggregate:
                Cast?[] grouped = Of(aggregate.Input);
                return [.. aggregate.Keys.Select(k => grouped[k]), .. new Cast?[count - aggregate.Keys.Count]];
            case UnionPlan or SetOpPlan:
                Cast?[][] sides = [.. plan.Inputs.Select(Of)];
                return [.. Enumerable.Range(0, count).Select(i => Array.TrueForAll(sides, s => i < s.Length && s[i] == sides[0][i]) ? sides[0][i] : null)];
            case ScanPlan or ValuesPlan or ChangelogPlan:
                return new Cast?[count];
            default:
                // Every other operation keeps the columns of its inputs, side by side, and may append some.
                Cast?[] both = [.. plan.Inputs.SelectMany(Of)];
                return [.. both.Take(count), .. new Cast?[Math.Max(0, count - both.Length)]];
        }
    }

    private static Cast? OfCall(ScalarExpr e) => CastOf(e, true) is { } number ? new Cast(number, true) : CastOf(e, false) is { } name ? new Cast(name, false) : null;

    private sealed record Cast(string Type, bool IsIn);
}
