// Sessions kept as bounds and sums give what sessions kept as rows give: late rows, merged sessions, saved and restored.
using Millrace.Core;
using Millrace.Engine;
using Millrace.Sql;
using Millrace.Tests.Reference;
using Xunit;

namespace Millrace.Tests.Operators;

public sealed class SessionAggregateTests
{
    private static readonly Schema s_input = new([new("k", SqlType.Integer), new("v", SqlType.BigInt), new("ts", SqlType.Timestamp), new("b", SqlType.Boolean)]);

    [Fact]
    public void EqualsSessionsOfRows()
    {
        for (int seed = 0; seed < 150; seed++)
        {
            var random = new Random(seed);
            int gap = random.Next(1, 12);
            bool byKey = random.Next(3) > 0;
            PlanNode lean = Plan(appendOnly: true, gap, byKey, seed);
            Dataflow fused = PlanCompiler.Compile(lean, EvalErrors.Null);
            Dataflow general = PlanCompiler.Compile(Plan(appendOnly: false, gap, byKey, seed), EvalErrors.Null);
            Assert.Contains("SessionAggregate", fused.Explain()[0], StringComparison.Ordinal);
            Assert.DoesNotContain("SessionAggregate", string.Concat(general.Explain()), StringComparison.Ordinal);
            Dictionary<string, long> fromFused = [];
            Dictionary<string, long> fromGeneral = [];
            fused.Sink = b => Collect(b, fromFused);
            general.Sink = b => Collect(b, fromGeneral);
            long time = 0;
            for (int epoch = 1; epoch < 14; epoch++)
            {
                for (int batch = random.Next(1, 3); batch > 0; batch--)
                {
                    var rows = new BatchBuilder(s_input);
                    for (int i = random.Next(1, 10); i > 0; i--)
                    {
                        time += random.Next(0, 6);
                        Append(rows, random, random.Next(4) == 0 ? time - random.Next(60) : time);
                    }

                    fused.Push(0, rows.View());
                    general.Push(0, rows.View());
                }

                fused.EndEpoch(epoch, 0, [0]);
                general.EndEpoch(epoch, 0, [0]);
                string[] expected = Lines(fromGeneral);
                string[] got = Lines(fromFused);
                Assert.True(expected.SequenceEqual(got), $"seed {seed}, epoch {epoch}, gap {gap}\n{string.Join('\n', expected.Except(got))}\n--- got\n{string.Join('\n', got.Except(expected))}");
                Assert.Equal(fromFused.Values.Where(v => v > 0).Sum(), fused.StateRows);
                if (epoch is 5 or 9)
                {
                    fused = Restored(fused, lean);
                    fused.Sink = b => Collect(b, fromFused);
                }
            }
        }
    }

    private static AggregatePlan Plan(bool appendOnly, int gap, bool byKey, int seed)
    {
        var scan = new ScanPlan(new CatalogObject
        {
            Id = 1,
            Name = "t",
            Kind = appendOnly ? ObjectKind.Stream : ObjectKind.Table,
            Columns = s_input,
            AppendOnly = appendOnly,
        });
        int[] partition = byKey ? [0] : [];
        var session = new SessionPlan(scan, partition, 2, gap, new Schema([.. s_input.Fields, new("window_start", SqlType.Timestamp), new("window_end", SqlType.Timestamp)]));
        int[] keys = (seed % 3) switch { 0 => [.. partition, 4, 5], 1 => [5, .. partition], _ => [4, .. partition] };
        AggregateCall[] calls =
        [
            Call(AggregateKind.CountRows, [], SqlType.BigInt), Call(AggregateKind.Count, [1], SqlType.BigInt), Call(AggregateKind.Sum, [1], SqlType.Numeric),
            Call(AggregateKind.Max, [1], SqlType.BigInt), Call(AggregateKind.Min, [0], SqlType.Integer), Call(AggregateKind.Sum, [1], SqlType.Numeric) with { Filter = 3 },
        ];
        return new AggregatePlan(session, keys, calls, new Schema([.. keys.Select(k => session.Columns[k]), .. calls.Select((c, i) => new Field($"a{i}", c.Type))]));
    }

    private static AggregateCall Call(AggregateKind kind, int[] arguments, SqlType type) => new(PlanGenerator.Function(kind, type), arguments, false, -1, [], type);

    private static void Append(BatchBuilder rows, Random random, long time)
    {
        ((FixedBuilder<int>)rows.Columns[0]).Append(random.Next(3));
        if (random.Next(6) == 0)
        {
            rows.Columns[1].AppendNull();
        }
        else
        {
            ((FixedBuilder<long>)rows.Columns[1]).Append(random.Next(-5, 20));
        }

        if (random.Next(15) == 0)
        {
            rows.Columns[2].AppendNull();
        }
        else
        {
            ((FixedBuilder<long>)rows.Columns[2]).Append(time);
        }

        ((FixedBuilder<bool>)rows.Columns[3]).Append(random.Next(2) == 0);
        rows.EndRow(random.Next(8) == 0 ? 2 : 1);
    }

    private static void Collect(Batch batch, Dictionary<string, long> into)
    {
        for (int i = 0; i < batch.Count; i++)
        {
            string row = Canonical.Row([.. batch.Columns.Select(c => SqlOrder.Value(c, i))]);
            into[row] = into.GetValueOrDefault(row) + batch.Weight(i);
        }
    }

    private static string[] Lines(Dictionary<string, long> rows) => [.. rows.Where(r => r.Value != 0).Select(r => $"{r.Key} x{r.Value}").Order(StringComparer.Ordinal)];

    private static Dataflow Restored(Dataflow saved, PlanNode plan)
    {
        var writer = new ByteWriter(64);
        saved.Save(writer);
        Dataflow loaded = PlanCompiler.Compile(plan, EvalErrors.Null);
        var reader = new ByteReader(writer.Written);
        loaded.Load(ref reader);
        return loaded;
    }
}
