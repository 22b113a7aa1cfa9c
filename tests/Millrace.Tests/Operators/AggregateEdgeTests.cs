// Aggregates at their edges: overflow is the user's error, floats leave no trace when taken back.
using Millrace.Core;
using Millrace.Engine;
using Millrace.Sql;
using Xunit;

namespace Millrace.Tests.Operators;

public sealed class AggregateEdgeTests
{
    [Fact]
    public void SumsBeyondBigintFailAsTheUsersError()
    {
        Dataflow flow = Sum(SqlType.Integer, SqlType.BigInt, AggregateKind.Sum, out _);
        var values = new FixedColumn<int>(SqlType.Integer, [int.MaxValue, int.MaxValue], 2);
        var error = Assert.Throws<SqlException>(() => flow.Push(0, new Batch([values], 2, [long.MaxValue / int.MaxValue, 1000])));
        Assert.Equal("22003", error.SqlState);
    }

    [Fact]
    public void FloatSumsAreExactWhateverCameAndWent()
    {
        double[] values = [1e300, 1, -1e-300, 0.1, 1e16, double.PositiveInfinity, double.NaN, 3, double.MaxValue, double.MaxValue, double.Epsilon];
        Dataflow flow = Sum(SqlType.Double, SqlType.Double, AggregateKind.Sum, out List<double> sums);
        long[] plus = [.. values.Select(_ => 1L)];
        long[] minus = [.. values.Select(_ => -1L)];
        flow.Push(0, new Batch([new FixedColumn<double>(SqlType.Double, [0.25, 0.5], 2)], 2));
        flow.EndEpoch(1, 0, [0]);
        Assert.Equal(0.75, sums[^1]);
        flow.Push(0, new Batch([new FixedColumn<double>(SqlType.Double, values, values.Length)], values.Length, plus));
        flow.EndEpoch(2, 0, [0]);
        Assert.Equal(double.NaN, sums[^1]);
        Array.Reverse(values);
        flow.Push(0, new Batch([new FixedColumn<double>(SqlType.Double, values, values.Length)], values.Length, minus));
        flow.EndEpoch(3, 0, [0]);
        Assert.Equal(0.75, sums[^1]);
        flow.Push(0, new Batch([new FixedColumn<double>(SqlType.Double, [1e16, 1, -1e16], 3)], 3));
        flow.EndEpoch(4, 0, [0]);
        Assert.Equal(1.75, sums[^1]);
    }

    private static Dataflow Sum(SqlType type, SqlType result, AggregateKind kind, out List<double> sums)
    {
        var table = new CatalogObject { Id = 1, Name = "t", Kind = ObjectKind.Table, Columns = new Schema([new("x", type)]) };
        AggregateCall call = new(PlanGenerator.Function(kind, result), [0], false, -1, [], result);
        Dataflow flow = PlanCompiler.Compile(new AggregatePlan(new ScanPlan(table), [], [call], new Schema([new("sum", result)])), EvalErrors.Throw);
        var seen = new List<double>();
        flow.Sink = batch =>
        {
            for (int i = 0; i < batch.Count; i++)
            {
                if (batch.Weight(i) > 0 && batch.Columns[0] is FixedColumn<double> column)
                {
                    seen.Add(column.Values[i]);
                }
            }
        };
        sums = seen;
        return flow;
    }
}
