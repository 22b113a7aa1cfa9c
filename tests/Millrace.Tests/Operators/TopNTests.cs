// Top-N that drops rows in the midst of an epoch gives what top-N that waits gives, and holds little.
using Millrace.Core;
using Millrace.Engine;
using Millrace.Sql;
using Millrace.Tests.Reference;
using Xunit;

namespace Millrace.Tests.Operators;

public sealed class TopNTests
{
    private sealed class Collected : IOutput
    {
        public readonly Dictionary<string, long> Rows = [];

        public void Emit(Batch batch)
        {
            for (int i = 0; i < batch.Count; i++)
            {
                string row = Canonical.Row([.. batch.Columns.Select(c => SqlOrder.Value(c, i))]);
                Rows[row] = Rows.GetValueOrDefault(row) + batch.Weight(i);
            }
        }
    }

    [Fact]
    public void DroppingEarlyChangesNothing()
    {
        for (int seed = 0; seed < 60; seed++)
        {
            var random = new Random(seed);
            var generator = new PlanGenerator(random, appendOnly: true);
            TopNPlan plan = generator.TopN(new ScanPlan(generator.Objects[0])) with { Limit = random.Next(1, 4) };
            var early = new TopN(plan, heldMax: 5);
            var late = new TopN(plan);
            var fromEarly = new Collected();
            var fromLate = new Collected();
            for (int epoch = 1; epoch < 5; epoch++)
            {
                for (int batch = 0; batch < 6; batch++)
                {
                    var rows = new BatchBuilder(PlanGenerator.Relation);
                    for (int i = 0; i < 8; i++)
                    {
                        foreach (ColumnBuilder column in rows.Columns)
                        {
                            RandomRows.Append(column, random);
                        }

                        rows.EndRow();
                    }

                    early.Process(0, rows.View(), fromEarly);
                    late.Process(0, rows.View(), fromLate);
                }

                early.EndEpoch(new EpochInfo(epoch, 0, 0), fromEarly);
                late.EndEpoch(new EpochInfo(epoch, 0, 0), fromLate);
                Assert.Equal(
                    fromLate.Rows.Where(r => r.Value != 0).OrderBy(r => r.Key, StringComparer.Ordinal),
                    fromEarly.Rows.Where(r => r.Value != 0).OrderBy(r => r.Key, StringComparer.Ordinal));
                Assert.Equal(late.StateRows, early.StateRows);
            }
        }
    }

    [Fact]
    public void KeepingOnlyTheRankedRowsChangesNothing()
    {
        int tried = 0;
        for (int seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            var generator = new PlanGenerator(random, appendOnly: true);
            TopNPlan plan = generator.TopN(new ScanPlan(generator.Objects[0]));
            plan = plan with
            {
                Rank = RankKind.RowNumber,
                Limit = random.Next(1, 4),
                OrderBy = [.. plan.OrderBy.Where(k => OrderKey.Fits(PlanGenerator.Relation[k.Column].Type)).Take(OrderKey.ColumnsMax)],
            };
            Assert.True(AppendTopN.Fits(plan));
            var lean = new AppendTopN(plan);
            var full = new TopN(plan);
            var fromLean = new Collected();
            var fromFull = new Collected();
            for (int epoch = 1; epoch < 8; epoch++)
            {
                for (int batch = random.Next(1, 4); batch > 0; batch--)
                {
                    var rows = new BatchBuilder(PlanGenerator.Relation);
                    for (int i = random.Next(1, 12); i > 0; i--)
                    {
                        foreach (ColumnBuilder column in rows.Columns)
                        {
                            RandomRows.Append(column, random);
                        }

                        rows.EndRow(random.Next(1, 4));
                    }

                    lean.Process(0, rows.View(), fromLean);
                    full.Process(0, rows.View(), fromFull);
                }

                lean.EndEpoch(new EpochInfo(epoch, 0, 0), fromLean);
                full.EndEpoch(new EpochInfo(epoch, 0, 0), fromFull);
                tried += fromFull.Rows.Count;
                string[] expected = [.. fromFull.Rows.Where(r => r.Value != 0).Select(r => $"{r.Key} x{r.Value}").Order(StringComparer.Ordinal)];
                string[] got = [.. fromLean.Rows.Where(r => r.Value != 0).Select(r => $"{r.Key} x{r.Value}").Order(StringComparer.Ordinal)];
                Assert.True(expected.SequenceEqual(got), $"seed {seed}, epoch {epoch}, {lean.Detail}\n{string.Join('\n', expected)}\n--- got\n{string.Join('\n', got)}");
                lean = epoch == 4 ? Restored(lean, plan) : lean;
            }
        }

        Assert.True(tried > 5_000);
    }

    private static AppendTopN Restored(AppendTopN saved, TopNPlan plan)
    {
        var writer = new ByteWriter(64);
        saved.Save(writer);
        var loaded = new AppendTopN(plan);
        var reader = new ByteReader(writer.Written);
        loaded.Load(ref reader);
        Assert.Equal(saved.StateRows, loaded.StateRows);
        return loaded;
    }
}
