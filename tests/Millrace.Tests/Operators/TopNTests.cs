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
}
