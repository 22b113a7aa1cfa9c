// Plans evaluated the plain way: all rows in lists, one row at a time. The oracle of the dataflow's operators.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Tests.Reference;

/// <summary>Evaluates a plan from scratch over the rows of its objects. Written without a look at the operators.</summary>
internal sealed class ReferenceEvaluator(Func<CatalogObject, IEnumerable<object?[]>> scan)
{
    public List<object?[]> Evaluate(PlanNode plan)
    {
        switch (plan)
        {
            case ScanPlan p: return [.. scan(p.Object)];
            case ValuesPlan p: return [.. p.Rows.Select(r => r.Select(e => Eval(e, [])).ToArray())];
            case FilterPlan p: return [.. Evaluate(p.Input).Where(r => Eval(p.Predicate, r) is true)];
            case ProjectPlan p: return [.. Evaluate(p.Input).Select(r => p.Expressions.Select(e => Eval(e, r)).ToArray())];
            case UnionPlan p: return [.. p.Sources.SelectMany(Evaluate)];
            case DistinctPlan p: return [.. Groups(Evaluate(p.Input), Enumerable.Range(0, p.Columns.Count)).Select(g => g[0])];
            case JoinPlan p: return Join(p);
            case SetOpPlan p: return SetOp(p);
            case AggregatePlan p: return Aggregate(p);
            case TimeWindowPlan p: return [.. Evaluate(p.Input).SelectMany(r => Windows(p, r))];
            case SessionPlan p: return Sessions(p);
            case TopNPlan p: return TopN(p);
            case WindowPlan p: return ReferenceWindows.Evaluate(p, Evaluate(p.Input));
            default: throw new InvalidOperationException(plan.GetType().Name);
        }
    }

    public static object? Eval(ScalarExpr expr, object?[] row)
    {
        switch (expr)
        {
            case ColumnExpr e: return row[e.Index];
            case LiteralExpr e: return e.Value;
            case IsNullExpr e: return (Eval(e.Argument, row) is null) != e.Negated;
            case NotExpr e: return Eval(e.Argument, row) is bool b ? !b : null;
            case AndExpr e:
                bool?[] all = [.. e.Arguments.Select(a => (bool?)Eval(a, row))];
                return all.Contains(false) ? false : all.Contains(null) ? null : true;
            case OrExpr e:
                bool?[] any = [.. e.Arguments.Select(a => (bool?)Eval(a, row))];
                return any.Contains(true) ? true : any.Contains(null) ? null : false;
            default: throw new InvalidOperationException(expr.GetType().Name);
        }
    }

    public static List<List<object?[]>> Groups(IEnumerable<object?[]> rows, IEnumerable<int> keys)
    {
        int[] columns = [.. keys];
        var groups = new Dictionary<string, List<object?[]>>();
        var order = new List<List<object?[]>>();
        foreach (object?[] row in rows)
        {
            string key = string.Join("|", columns.Select(c => Canonical.Text(row[c])));
            if (!groups.TryGetValue(key, out List<object?[]>? group))
            {
                groups.Add(key, group = []);
                order.Add(group);
            }

            group.Add(row);
        }

        return order;
    }

    public static int CompareBy(IReadOnlyList<SortKey> keys, object?[] a, object?[] b)
    {
        foreach (SortKey key in keys)
        {
            object? x = a[key.Column];
            object? y = b[key.Column];
            int c = x is null || y is null
                ? (x is null).CompareTo(y is null) * (key.NullsFirst ? -1 : 1)
                : SqlOrder.Compare(x, y) * (key.Descending ? -1 : 1);
            if (c != 0)
            {
                return c;
            }
        }

        return 0;
    }

    private List<object?[]> Join(JoinPlan p)
    {
        List<object?[]> left = Evaluate(p.Left);
        List<object?[]> right = Evaluate(p.Right);
        var result = new List<object?[]>();
        bool[] rightMatched = new bool[right.Count];
        foreach (object?[] l in left)
        {
            bool matched = false;
            bool unknown = false;
            for (int r = 0; r < right.Count; r++)
            {
                bool? equal = KeysEqual(p, l, right[r]);
                object?[] both = [.. l, .. right[r]];
                bool? holds = equal == false ? false : p.Condition is null ? equal : Eval(p.Condition, both) is true ? equal : false;
                unknown |= holds is null;
                if (holds == true)
                {
                    matched = true;
                    rightMatched[r] = true;
                    if (p.Kind <= JoinKind.Full)
                    {
                        result.Add(both);
                    }
                }
            }

            bool alone = p.Kind switch
            {
                JoinKind.Left or JoinKind.Full or JoinKind.Anti => !matched,
                JoinKind.Semi => matched,
                JoinKind.NullAwareAnti => !matched && !unknown,
                _ => false,
            };
            if (alone)
            {
                result.Add(p.Kind <= JoinKind.Full ? [.. l, .. new object?[p.Right.Columns.Count]] : l);
            }
        }

        for (int r = 0; r < right.Count; r++)
        {
            if (!rightMatched[r] && p.Kind is (JoinKind.Right or JoinKind.Full))
            {
                result.Add([.. new object?[p.Left.Columns.Count], .. right[r]]);
            }
        }

        return result;
    }

    private static bool? KeysEqual(JoinPlan p, object?[] l, object?[] r)
    {
        bool? all = true;
        for (int k = 0; k < p.LeftKeys.Count; k++)
        {
            object? x = l[p.LeftKeys[k]];
            object? y = r[p.RightKeys[k]];
            bool? one = x is not null && y is not null ? SqlOrder.Compare(x, y) == 0 : p.NullSafe[k] ? x is null && y is null : null;
            all = all == false || one == false ? false : all is null || one is null ? null : true;
        }

        return all;
    }

    private List<object?[]> SetOp(SetOpPlan p)
    {
        int[] all = [.. Enumerable.Range(0, p.Columns.Count)];
        Dictionary<string, int> right = Groups(Evaluate(p.Right), all).ToDictionary(g => Canonical.Row(g[0]), g => g.Count);
        var result = new List<object?[]>();
        foreach (List<object?[]> group in Groups(Evaluate(p.Left), all))
        {
            int r = right.GetValueOrDefault(Canonical.Row(group[0]));
            int count = (p.Except, p.All) switch
            {
                (true, true) => Math.Max(0, group.Count - r),
                (true, false) => r == 0 ? 1 : 0,
                (false, true) => Math.Min(group.Count, r),
                (false, false) => r > 0 ? 1 : 0,
            };
            result.AddRange(Enumerable.Repeat(group[0], count));
        }

        return result;
    }

    private List<object?[]> Aggregate(AggregatePlan p)
    {
        List<List<object?[]>> groups = Groups(Evaluate(p.Input), p.Keys);
        if (p.Keys.Count == 0 && groups.Count == 0)
        {
            groups.Add([]);
        }

        return [.. groups.Select(g => (object?[])[.. p.Keys.Select(k => g[0][k]), .. p.Calls.Select(c => ReferenceAggregates.Evaluate(c, g))])];
    }

    private static IEnumerable<object?[]> Windows(TimeWindowPlan p, object?[] row)
    {
        if (row[p.Time] is not long t)
        {
            yield break;
        }

        // Every window that could hold t, tried one by one.
        long step = p.Cumulative ? p.Size : p.Slide;
        for (long start = (((t - p.Offset) / step) - 3 - (p.Size / step)) * step + p.Offset; start <= t; start += step)
        {
            if (p.Cumulative)
            {
                for (long length = p.Slide; length < p.Size + p.Slide; length += p.Slide)
                {
                    if (t >= start && t < start + Math.Min(length, p.Size))
                    {
                        yield return [.. row, start, start + Math.Min(length, p.Size)];
                    }
                }
            }
            else if (t >= start && t < start + p.Size)
            {
                yield return [.. row, start, start + p.Size];
            }
        }
    }

    private List<object?[]> Sessions(SessionPlan p)
    {
        var result = new List<object?[]>();
        foreach (List<object?[]> group in Groups(Evaluate(p.Input).Where(r => r[p.Time] is long), p.PartitionBy))
        {
            group.Sort((a, b) => ((long)a[p.Time]!).CompareTo((long)b[p.Time]!));
            for (int i = 0; i < group.Count;)
            {
                int j = i + 1;
                while (j < group.Count && (long)group[j][p.Time]! - (long)group[j - 1][p.Time]! < p.Gap)
                {
                    j++;
                }

                result.AddRange(group[i..j].Select(r => (object?[])[.. r, group[i][p.Time], (long)group[j - 1][p.Time]! + p.Gap]));
                i = j;
            }
        }

        return result;
    }

    private List<object?[]> TopN(TopNPlan p)
    {
        var result = new List<object?[]>();
        SortKey[] rest = [.. Enumerable.Range(0, p.Input.Columns.Count).Select(c => new SortKey(c, false, false))];
        foreach (List<object?[]> group in Groups(Evaluate(p.Input), p.PartitionBy))
        {
            object?[][] rows = [.. group.OrderBy(r => r, Comparer<object?[]>.Create((a, b) =>
                CompareBy(p.OrderBy, a, b) is var c && c != 0 ? c : CompareBy(rest, a, b)))];
            long rank = 0;
            for (int i = 0; i < rows.Length; i++)
            {
                bool peer = i > 0 && CompareBy(p.OrderBy, rows[i - 1], rows[i]) == 0;
                rank = p.Rank == RankKind.RowNumber ? i + 1 : peer ? rank : p.Rank == RankKind.Rank ? i + 1 : rank + 1;
                if (rank > p.Offset && (p.Limit is null || rank <= p.Offset + p.Limit))
                {
                    result.Add(p.WithRank ? [.. rows[i], rank] : rows[i]);
                }
            }
        }

        return result;
    }
}
