// EMIT ON WINDOW CLOSE: each window once, when the watermark passes it; what has closed leaves no state, and what is late changes nothing.
using Millrace.Core;
using Millrace.Engine;
using Millrace.Sql;
using Millrace.Tests.Reference;
using Xunit;

namespace Millrace.Tests.Operators;

public sealed class EmitOnCloseTests
{
    private readonly List<string> _emitted = [];
    private long _epoch;

    [Fact]
    public void AWindowComesOnceWhenTheWatermarkPassesItsEnd()
    {
        Dataflow flow = Start();
        Push(flow, long.MinValue, (1, 5), (1, 6), (2, 12));
        Assert.Empty(_emitted);
        Push(flow, 9, (1, 7));
        Assert.Empty(_emitted);
        Push(flow, 10);
        Assert.Equal(["1 | 0 | 10 | 3"], Taken());
        Push(flow, 11, (1, 8), (2, 13)); // the first is late
        Assert.Empty(_emitted);
        Push(flow, 25, (2, 14));
        Assert.Equal(["2 | 10 | 20 | 3"], Taken());
        Push(flow, long.MaxValue);
        Assert.Empty(_emitted);
        Assert.Equal(0, flow.StateRows);
    }

    [Fact]
    public void StateIsBoundedByTheOpenWindows()
    {
        Dataflow flow = Start();
        for (int window = 0; window < 200; window++)
        {
            Push(flow, (window * 10) - 5, [.. Enumerable.Range(0, 50).Select(k => (k, (long)(window * 10) + (k % 10)))]);
            Assert.True(flow.StateRows <= 200, $"{flow.StateRows} rows of state");
            if (window % 50 == 20)
            {
                var writer = new ByteWriter();
                flow.Save(writer);
                flow = Start();
                var reader = new ByteReader(writer.Written);
                flow.Load(ref reader);
            }
        }

        Push(flow, long.MaxValue);
        Assert.Equal(200 * 50, Taken().Length);
    }

    private static (Schema Events, PlanNode Plan) Plan()
    {
        var events = new CatalogObject
        {
            Id = 1,
            Name = "events",
            Kind = ObjectKind.Stream,
            AppendOnly = true,
            Columns = new Schema([new("k", SqlType.Integer), new("ts", SqlType.Timestamp)]),
        };
        Field[] window = [new("window_start", SqlType.Timestamp), new("window_end", SqlType.Timestamp)];
        var windows = new TimeWindowPlan(new ScanPlan(events), 1, 10, 10, 0, false, new Schema([.. events.Columns.Fields, .. window]));
        AggregateCall count = new(PlanGenerator.Function(AggregateKind.CountRows, SqlType.BigInt), [], false, -1, [], SqlType.BigInt);
        var groups = new AggregatePlan(windows, [0, 2, 3], [count], new Schema([events.Columns[0], .. window, new("count", SqlType.BigInt)]));
        return (events.Columns, new EmitOnClosePlan(groups, 2));
    }

    private Dataflow Start()
    {
        Dataflow flow = PlanCompiler.Compile(Plan().Plan, EvalErrors.Throw);
        flow.Sink = batch =>
        {
            for (int i = 0; i < batch.Count; i++)
            {
                Assert.Equal(1, batch.Weight(i));
                _emitted.Add(Canonical.Row([.. batch.Columns.Select(c => SqlOrder.Value(c, i))]));
            }
        };
        return flow;
    }

    private void Push(Dataflow flow, long watermark, params (int Key, long Time)[] rows)
    {
        var builder = new BatchBuilder(Plan().Events);
        foreach ((int key, long time) in rows)
        {
            ((FixedBuilder<int>)builder.Columns[0]).Append(key);
            ((FixedBuilder<long>)builder.Columns[1]).Append(time);
            builder.EndRow();
        }

        flow.Push(0, builder.View());
        flow.EndEpoch(++_epoch, _epoch, [watermark]);
    }

    private string[] Taken()
    {
        string[] taken = [.. _emitted.Order(StringComparer.Ordinal)];
        _emitted.Clear();
        return taken;
    }
}
