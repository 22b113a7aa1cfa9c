// Approximate aggregates: how far off they may be, with rows taken back, and that saving them changes nothing.
using Millrace.Core;
using Millrace.Engine;
using Xunit;

namespace Millrace.Tests.Operators;

public sealed class SketchTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(256)]
    [InlineData(1_000)]
    [InlineData(20_000)]
    [InlineData(500_000)]
    public void DistinctValuesAreCountedNearly(int distinct)
    {
        var state = new HyperLogLogState(0, SqlType.BigInt);
        state.Ensure(2);
        var random = new Random(distinct);
        long[] values = [.. Enumerable.Range(0, distinct).Select(_ => random.NextInt64()), .. Enumerable.Range(0, distinct / 3).Select(i => (long)i)];
        var known = new HashSet<long>(values);
        for (int from = 0; from < values.Length; from += 5000)
        {
            long[] part = values[from..Math.Min(values.Length, from + 5000)];
            state.Add(new Batch([new FixedColumn<long>(SqlType.BigInt, part, part.Length)], part.Length), new int[part.Length], null);
        }

        var writer = new ByteWriter();
        state.Save(writer, 2);
        var again = new HyperLogLogState(0, SqlType.BigInt);
        var reader = new ByteReader(writer.Written);
        again.Load(ref reader, 2);
        Assert.Equal(state.Count(0), again.Count(0));
        Assert.Equal(0, again.Count(1));
        double off = known.Count == 0 ? state.Count(0) : Math.Abs(state.Count(0) - known.Count) / (double)known.Count;
        Assert.True(off <= (known.Count <= 256 ? 0 : 0.06), $"{known.Count} values counted as {state.Count(0)}");
    }

    [Theory]
    [InlineData(1, 0.01)]
    [InlineData(2, 0.001)]
    [InlineData(3, 0.1)]
    public void PercentilesAreWithinTheirErrorWhateverIsTakenBack(int seed, double error)
    {
        var random = new Random(seed);
        double[] fractions = [0, 0.01, 0.25, 0.5, 0.9, 0.99, 1];
        var states = fractions.Select(_ => new QuantileSketchState(0, 1, 2)).ToArray();
        var values = new List<double>();
        for (int step = 0; step < 60; step++)
        {
            bool remove = values.Count > 50 && random.Next(3) == 0;
            double[] batch = [.. Enumerable.Range(0, 40).Select(_ => remove ? values[random.Next(values.Count)] : Value(random))];
            if (remove)
            {
                batch = [.. batch.Distinct()];
                foreach (double gone in batch)
                {
                    values.Remove(gone);
                }
            }
            else
            {
                values.AddRange(batch);
            }

            long[] weights = new long[batch.Length];
            Array.Fill(weights, remove ? -1 : 1);
            double[] sorted = [.. values.Order()];
            for (int f = 0; f < fractions.Length; f++)
            {
                double[] fraction = new double[batch.Length];
                double[] errors = new double[batch.Length];
                Array.Fill(fraction, fractions[f]);
                Array.Fill(errors, error);
                Column[] columns = [.. new[] { fraction, errors, batch }.Select(c => new FixedColumn<double>(SqlType.Double, c, c.Length))];
                states[f].Ensure(1);
                states[f].Add(new Batch(columns, batch.Length, weights), new int[batch.Length], weights);
                double exact = sorted[(int)(fractions[f] * (sorted.Length - 1))];
                double found = states[f].Percentile(0)!.Value;
                Assert.True(exact == found || Math.Abs(found - exact) <= Math.Abs(exact) * error * 1.000001, $"seed {seed} step {step}: {fractions[f]} is {exact}, found {found}");
            }
        }
    }

    private static double Value(Random random) => random.Next(12) switch
    {
        0 => 0,
        1 => double.PositiveInfinity,
        2 => double.NegativeInfinity,
        3 => -Math.Exp(random.NextDouble() * 40),
        4 => double.Epsilon * (1 + random.Next(3)) * 1e300,
        _ => Math.Exp((random.NextDouble() - 0.3) * 30),
    };
}
