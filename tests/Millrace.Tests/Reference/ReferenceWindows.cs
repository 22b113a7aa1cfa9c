// Window functions over sorted lists, from their definitions.
using Millrace.Engine;
using Millrace.Sql;

namespace Millrace.Tests.Reference;

internal static class ReferenceWindows
{
    public static List<object?[]> Evaluate(WindowPlan p, List<object?[]> input)
    {
        var result = new List<object?[]>();
        SortKey[] rest = [.. Enumerable.Range(0, p.Input.Columns.Count).Select(c => new SortKey(c, false, false))];
        foreach (List<object?[]> group in ReferenceEvaluator.Groups(input, p.PartitionBy))
        {
            object?[][] rows = [.. group.OrderBy(r => r, Comparer<object?[]>.Create((a, b) =>
                ReferenceEvaluator.CompareBy(p.OrderBy, a, b) is var c && c != 0 ? c : ReferenceEvaluator.CompareBy(rest, a, b)))];
            for (int i = 0; i < rows.Length; i++)
            {
                int row = i;
                result.Add([.. rows[i], .. p.Calls.Select(c => Value(p, c, rows, row))]);
            }
        }

        return result;
    }

    private static object? Value(WindowPlan p, WindowCall call, object?[][] rows, int i)
    {
        int n = rows.Length;
        bool Peers(int a, int b) => ReferenceEvaluator.CompareBy(p.OrderBy, rows[a], rows[b]) == 0;
        int firstPeer = Enumerable.Range(0, n).First(j => Peers(j, i));
        int lastPeer = Enumerable.Range(0, n).Last(j => Peers(j, i));
        int GroupOf(int j) => Enumerable.Range(1, j).Count(k => !Peers(k - 1, k));
        int[] frame = [.. Enumerable.Range(0, n).Where(j => InFrame(j))];

        bool InFrame(int j)
        {
            FrameSpec f = call.Frame;
            long start = Offset(f.StartOffset);
            long end = Offset(f.EndOffset);
            return Side(f.Start, start, j, lower: true) && Side(f.End, end, j, lower: false);
        }

        bool Side(FrameBound bound, long offset, int j, bool lower)
        {
            long at = call.Frame.Unit == FrameUnit.Rows ? j - i : GroupOf(j) - GroupOf(i);
            long limit = bound switch
            {
                FrameBound.UnboundedPreceding => long.MinValue / 2,
                FrameBound.Preceding => -offset,
                FrameBound.CurrentRow => 0,
                FrameBound.Following => offset,
                _ => long.MaxValue / 2,
            };
            if (call.Frame.Unit == FrameUnit.Range && bound is (FrameBound.Preceding or FrameBound.Following))
            {
                SortKey key = p.OrderBy[0];
                if (rows[i][key.Column] is not { } mine || rows[j][key.Column] is not { } theirs)
                {
                    // A null is at no distance from a value: among nulls an offset means the peers, else the end it lies at decides.
                    return rows[i][key.Column] is null && rows[j][key.Column] is null ? true : lower ? j > i : j < i;
                }

                at = (Convert.ToInt64(theirs, null) - Convert.ToInt64(mine, null)) * (key.Descending ? -1 : 1);
            }

            return lower ? at >= limit : at <= limit;
        }

        if (call.Aggregate is not null)
        {
            var aggregate = new AggregateCall(call.Aggregate, call.Arguments, false, call.Filter, [], call.Type);
            return ReferenceAggregates.Evaluate(aggregate, [.. frame.Select(j => rows[j])]);
        }

        object? Argument(int index, int row) => rows[row][call.Arguments[index]];
        switch ((WindowKind)call.Function!.Body)
        {
            case WindowKind.RowNumber: return (long)i + 1;
            case WindowKind.Rank: return (long)firstPeer + 1;
            case WindowKind.DenseRank: return (long)GroupOf(i) + 1;
            case WindowKind.PercentRank: return n == 1 ? 0d : firstPeer / (double)(n - 1);
            case WindowKind.CumeDist: return (lastPeer + 1) / (double)n;
            case WindowKind.Lag or WindowKind.Lead:
                long by = call.Arguments.Count > 1 ? Convert.ToInt64(Argument(1, i), null) : 1;
                long at = i + ((WindowKind)call.Function.Body == WindowKind.Lag ? -by : by);
                return at >= 0 && at < n ? Argument(0, (int)at) : call.Arguments.Count > 2 ? Argument(2, i) : null;
            case WindowKind.FirstValue: return frame.Length == 0 ? null : Argument(0, frame[0]);
            case WindowKind.LastValue: return frame.Length == 0 ? null : Argument(0, frame[^1]);
            case WindowKind.NthValue:
                long nth = Convert.ToInt64(Argument(1, i), null);
                return frame.Length < nth ? null : Argument(0, frame[nth - 1]);
            default: throw new InvalidOperationException();
        }
    }

    private static long Offset(LiteralExpr? literal) => literal is null ? 0 : Convert.ToInt64(literal.Value, null);
}
