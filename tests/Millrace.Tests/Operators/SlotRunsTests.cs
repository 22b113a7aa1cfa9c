// Runs of one group are added up another way than rows that change groups: both give the same groups, to the bit.
using Millrace.Core;
using Millrace.Engine;
using Millrace.Sql;
using Xunit;

namespace Millrace.Tests.Operators;

public sealed class SlotRunsTests
{
    private static readonly double[] Odd = [double.NaN, double.PositiveInfinity, double.NegativeInfinity, double.MaxValue, double.Epsilon, -0.0, 1e300, -1e-300, 1e16];

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void RunsGiveWhatRowsGive(int kind)
    {
        for (int seed = 0; seed < 60; seed++)
        {
            var random = new Random((seed * 4) + kind);
            var keys = new List<int>();
            while (keys.Count < 2_000)
            {
                keys.AddRange(Enumerable.Repeat(random.Next(5), random.Next(4) == 0 ? random.Next(300) : random.Next(40)));
            }

            int count = keys.Count;
            Column[] columns =
            [
                new FixedColumn<int>(SqlType.Integer, [.. keys], count),
                new FixedColumn<long>(SqlType.BigInt, [.. keys.Select(_ => random.NextInt64(long.MinValue, long.MaxValue) >> (kind * 13))], count),
                new FixedColumn<int>(SqlType.Integer, [.. keys.Select(_ => random.Next(int.MinValue, int.MaxValue))], count),
                new FixedColumn<double>(SqlType.Double, [.. keys.Select(_ => Double(random, kind))], count),
            ];

            // With weights every row is added by itself.
            List<string> runs = Groups(new Batch(columns, count));
            List<string> rows = Groups(new Batch(columns, count, [.. keys.Select(_ => 1L)]));
            Assert.True(runs.SequenceEqual(rows), $"kind {kind}, seed {seed}: {string.Join(" ", runs)} instead of {string.Join(" ", rows)}");
        }
    }

    [Fact]
    public void TheSumOfARunIsThatOfItsNumbers()
    {
        var random = new Random(3);
        for (int length = 0; length < 100; length++)
        {
            long[] values = [.. Enumerable.Range(0, length).Select(_ => random.Next(3) switch { 0 => long.MinValue, 1 => long.MaxValue, _ => random.NextInt64() - random.NextInt64() })];
            Assert.Equal(values.Aggregate(Int128.Zero, (sum, v) => sum + v), SlotRuns.Sum(values));
        }
    }

    // Kind 0: prices; 1: any size; 2: seldom something odd; 3: small whole numbers.
    private static double Double(Random random, int kind) => kind switch
    {
        0 => Math.Round(random.NextDouble() * 100, 2),
        1 => (random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-300, 300)),
        2 => random.Next(400) == 0 ? Odd[random.Next(Odd.Length)] : random.NextDouble(),
        _ => random.Next(-100, 100),
    };

    private static List<string> Groups(Batch input)
    {
        var table = new CatalogObject
        {
            Id = 1,
            Name = "t",
            Kind = ObjectKind.Table,
            Columns = new Schema([new("k", SqlType.Integer), new("b", SqlType.BigInt), new("i", SqlType.Integer), new("d", SqlType.Double)]),
        };
        AggregateCall[] calls =
        [
            new(PlanGenerator.Function(AggregateKind.Sum, SqlType.Numeric), [1], false, -1, [], SqlType.Numeric),
            new(PlanGenerator.Function(AggregateKind.Sum, SqlType.BigInt), [2], false, -1, [], SqlType.BigInt),
            new(PlanGenerator.Function(AggregateKind.Sum, SqlType.Double), [3], false, -1, [], SqlType.Double),
            new(PlanGenerator.Function(AggregateKind.Min, SqlType.BigInt), [1], false, -1, [], SqlType.BigInt),
            new(PlanGenerator.Function(AggregateKind.Max, SqlType.Double), [3], false, -1, [], SqlType.Double),
            new(PlanGenerator.Function(AggregateKind.CountRows, SqlType.BigInt), [], false, -1, [], SqlType.BigInt),
        ];
        var schema = new Schema([new("k", SqlType.Integer), .. calls.Select((c, i) => new Field($"c{i}", c.Type))]);
        Dataflow flow = PlanCompiler.Compile(new AggregatePlan(new ScanPlan(table), [0], [.. calls], schema), EvalErrors.Throw);
        var seen = new List<string>();
        flow.Sink = batch =>
        {
            for (int i = 0; i < batch.Count; i++)
            {
                seen.Add(string.Join('|', batch.Columns.Select(c => c switch
                {
                    FixedColumn<int> ints => $"{ints.Values[i]}",
                    FixedColumn<long> longs => $"{longs.Values[i]}",
                    FixedColumn<double> doubles => $"{BitConverter.DoubleToInt64Bits(doubles.Values[i]):x}",
                    FixedColumn<Numeric> numerics => numerics.Values[i].ToString(),
                    _ => throw new InvalidOperationException(c.GetType().Name),
                })));
            }
        };
        flow.Push(0, input);
        flow.EndEpoch(1, 0, [0]);
        return seen;
    }
}
