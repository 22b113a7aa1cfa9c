// Random plans under random changes: whatever is inserted and taken back, the dataflow's result is the plan evaluated from scratch.
using System.Text;
using Millrace.Core;
using Millrace.Engine;
using Millrace.Sql;
using Millrace.Tests.Reference;
using Xunit;

namespace Millrace.Tests.Operators;

public sealed class DataflowPropertyTests
{
    [Theory]
    [InlineData(false, 1, 500)]
    [InlineData(false, 2, 400)]
    [InlineData(false, 3, 250)]
    [InlineData(true, 1, 300)]
    [InlineData(true, 2, 300)]
    public void ResultEqualsThePlanFromScratch(bool appendOnly, int depth, int plans)
    {
        for (int seed = 0; seed < plans; seed++)
        {
            Run(seed, appendOnly, depth);
        }
    }

    [Fact]
    public void ManyRowsOfOneKey()
    {
        for (int seed = 0; seed < 4; seed++)
        {
            Run(seed + 10_000, appendOnly: false, depth: 1, rowsMax: 300);
        }
    }

    private static void Run(int seed, bool appendOnly, int depth, int rowsMax = 12)
    {
        var random = new Random((seed * 1000) + depth + (appendOnly ? 500 : 0));
        var generator = new PlanGenerator(random, appendOnly);
        PlanNode plan = generator.Plan(depth);
        Dataflow flow;
        Dictionary<string, long> result;
        flow = Compile(plan, out result);
        Dictionary<int, List<object?[]>> data = generator.Objects.ToDictionary(o => o.Id, _ => new List<object?[]>());
        string context = $"seed {seed} depth {depth} append only {appendOnly}: {PlanText.Fingerprint(plan)}";
        for (int epoch = 1; epoch <= 4; epoch++)
        {
            try
            {
                foreach (CatalogObject changed in generator.Objects)
                {
                    int input = Enumerable.Range(0, flow.Inputs.Count).FirstOrDefault(i => flow.Inputs[i].Id == changed.Id, -1);
                    Batch change = Change(random, data[changed.Id], appendOnly, random.Next(rowsMax));
                    if (input >= 0)
                    {
                        PushInPieces(flow, input, change, random);
                    }
                }

                flow.EndEpoch(epoch, epoch * 1000, [.. flow.Inputs.Select(_ => long.MinValue)]);
                List<object?[]> expected = new ReferenceEvaluator(o => data[o.Id]).Evaluate(plan);
                string wanted = Text(expected.GroupBy(Canonical.Row).ToDictionary(g => g.Key, g => (long)g.Count()));
                string found = Text(result);
                Assert.True(wanted == found, $"{context}\nepoch {epoch}\nexpected\n{wanted}\nfound\n{found}");
            }
            catch (Exception e) when (e is not Xunit.Sdk.XunitException)
            {
                Assert.Fail($"{context}\nepoch {epoch}\n{e}");
            }

            if (random.Next(2) == 0)
            {
                // A restart in the middle changes nothing.
                var writer = new ByteWriter();
                flow.Save(writer);
                Dataflow fresh = Compile(plan, out Dictionary<string, long> more);
                var reader = new ByteReader(writer.Written);
                fresh.Load(ref reader);
                Assert.Equal(0, reader.Remaining);
                foreach ((string row, long count) in result)
                {
                    more[row] = count;
                }

                flow = fresh;
                result = more;
            }
        }
    }

    private static Dataflow Compile(PlanNode plan, out Dictionary<string, long> result)
    {
        Dataflow flow = PlanCompiler.Compile(plan, EvalErrors.Throw);
        var rows = new Dictionary<string, long>();
        result = rows;
        flow.Sink = batch =>
        {
            for (int i = 0; i < batch.Count; i++)
            {
                string row = Canonical.Row([.. batch.Columns.Select(c => SqlOrder.Value(c, i))]);
                long now = rows.GetValueOrDefault(row) + batch.Weight(i);
                if (now == 0)
                {
                    rows.Remove(row);
                }
                else
                {
                    rows[row] = now;
                }
            }
        };
        return flow;
    }

    // Some inserts, some deletes of rows that are there, and pairs that cancel out.
    private static Batch Change(Random random, List<object?[]> rows, bool appendOnly, int count)
    {
        var builder = new BatchBuilder(PlanGenerator.Relation);
        for (int i = 0; i < count; i++)
        {
            if (!appendOnly && rows.Count > 0 && random.Next(5) < 2)
            {
                int at = random.Next(rows.Count);
                Append(builder, rows[at], -1);
                rows.RemoveAt(at);
                continue;
            }

            object?[] row = Row(random);
            if (!appendOnly && random.Next(6) == 0)
            {
                Append(builder, row, 1);
                Append(builder, row, -1);
                continue;
            }

            int copies = random.Next(8) == 0 ? 2 : 1;
            Append(builder, row, copies);
            for (int c = 0; c < copies; c++)
            {
                rows.Add(row);
            }
        }

        return builder.ToBatch();
    }

    private static object?[] Row(Random random)
    {
        T? Maybe<T>(T value)
            where T : struct => random.Next(6) == 0 ? null : value;
        return
        [
            Maybe(random.Next(3)), Maybe(random.Next(4)), Maybe(random.NextInt64(-3, 4)),
            Maybe(random.Next(20) == 0 ? double.NaN : random.Next(30) == 0 ? double.PositiveInfinity : random.Next(-8, 9) / 4.0),
            Maybe(random.Next(20) == 0 ? Numeric.NaN : Numeric.Create(random.Next(-300, 300), random.Next(3))),
            random.Next(6) == 0 ? null : Encoding.UTF8.GetBytes(new string((char)('a' + random.Next(3)), random.Next(3))),
            Maybe(random.Next(2) == 0), Maybe(random.NextInt64(-4, 20)),
        ];
    }

    private static void Append(BatchBuilder builder, object?[] row, long weight)
    {
        for (int c = 0; c < row.Length; c++)
        {
            switch (row[c], builder.Columns[c])
            {
                case (null, ColumnBuilder b): b.AppendNull(); break;
                case (int v, FixedBuilder<int> b): b.Append(v); break;
                case (long v, FixedBuilder<long> b): b.Append(v); break;
                case (double v, FixedBuilder<double> b): b.Append(v); break;
                case (Numeric v, FixedBuilder<Numeric> b): b.Append(v); break;
                case (bool v, FixedBuilder<bool> b): b.Append(v); break;
                case (byte[] v, BytesBuilder b): b.Append(v); break;
                default: throw new InvalidOperationException();
            }
        }

        builder.EndRow(weight);
    }

    private static void PushInPieces(Dataflow flow, int input, Batch batch, Random random)
    {
        var piece = new BatchBuilder(PlanGenerator.Relation);
        for (int i = 0; i < batch.Count; i++)
        {
            piece.AppendRow(batch, i, batch.Weight(i));
            if (random.Next(4) == 0)
            {
                flow.Push(input, piece.View());
                piece.Reset();
            }
        }

        flow.Push(input, piece.View());
    }

    private static string Text(Dictionary<string, long> rows) =>
        string.Join('\n', rows.OrderBy(r => r.Key, StringComparer.Ordinal).Select(r => $"  {r.Value} x {r.Key}"));
}
