// Best values under retraction against a plain sorted multiset: many values, groups that empty, saved and restored.
using Millrace.Core;
using Millrace.Engine;
using Xunit;

namespace Millrace.Tests.Operators;

public sealed class ExtremeSetTests
{
    private static readonly Schema s_input = new([new("v", SqlType.BigInt)]);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void EqualsASortedMultiset(bool max)
    {
        const int groups = 5;
        for (int seed = 0; seed < 40; seed++)
        {
            var random = new Random(seed);
            var set = new ExtremeSet<long, Int64Bits>(s_input, 0, max);
            set.Ensure(groups);
            var model = Enumerable.Range(0, groups).Select(_ => new SortedDictionary<long, long>()).ToArray();
            int range = random.Next(2, 400);
            for (int step = 0; step < 60; step++)
            {
                var rows = new BatchBuilder(s_input);
                var slots = new List<int>();
                for (int i = random.Next(1, 60); i > 0; i--)
                {
                    int group = random.Next(groups);
                    bool takes = random.Next(5) < (step % 20 < 10 ? 1 : 3) && model[group].Count > 0;
                    long value = takes ? model[group].ElementAt(random.Next(model[group].Count)).Key : random.Next(-range, range);
                    if (!takes && random.Next(20) == 0)
                    {
                        rows.Columns[0].AppendNull();
                    }
                    else
                    {
                        ((FixedBuilder<long>)rows.Columns[0]).Append(value);
                        long count = model[group].GetValueOrDefault(value) + (takes ? -1 : 1);
                        _ = count == 0 ? model[group].Remove(value) : (model[group][value] = count) > 0;
                    }

                    rows.EndRow(takes ? -1 : 1);
                    slots.Add(group);
                }

                Batch batch = rows.View();
                set.Add(batch, [.. slots], batch.Weights);
                if (random.Next(6) == 0)
                {
                    // A group is dropped, as behind a watermark.
                    int gone = random.Next(groups);
                    set.Clear([gone]);
                    model[gone].Clear();
                }

                for (int group = 0; group < groups; group++)
                {
                    bool has = set.TryBest(group, out long best);
                    Assert.True(has == (model[group].Count > 0), $"seed {seed}, step {step}, group {group}");
                    Assert.True(!has || best == (max ? model[group].Last().Key : model[group].First().Key), $"seed {seed}, step {step}, group {group}: {best}");
                }

                set = random.Next(10) == 0 ? Restored(set, max, groups) : set;
            }
        }
    }

    private static ExtremeSet<long, Int64Bits> Restored(ExtremeSet<long, Int64Bits> saved, bool max, int groups)
    {
        var writer = new ByteWriter(64);
        saved.Save(writer, groups);
        var loaded = new ExtremeSet<long, Int64Bits>(s_input, 0, max);
        var reader = new ByteReader(writer.Written);
        loaded.Load(ref reader, groups);
        return loaded;
    }
}
