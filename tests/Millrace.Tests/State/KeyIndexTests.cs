// Key indexes against a dictionary: slots are stable, removed keys are forgotten, saved ones come back.
using Millrace.Core;
using Millrace.Engine;
using Millrace.Tests.Reference;
using Xunit;

namespace Millrace.Tests.State;

public sealed class KeyIndexTests
{
    public static TheoryData<string, SqlType[]> Keys => new()
    {
        { "one integer", [SqlType.Integer] },
        { "one bigint", [SqlType.BigInt] },
        { "window and integer", [SqlType.Timestamp, SqlType.Integer] },
        { "integer and window", [SqlType.Integer, SqlType.Timestamp] },
        { "small ones", [SqlType.Boolean, SqlType.SmallInt, SqlType.Integer] },
        { "two bigints", [SqlType.BigInt, SqlType.BigInt] },
        { "text", [SqlType.Text] },
        { "text and numeric", [SqlType.Text, SqlType.Numeric] },
        { "three bigints", [SqlType.BigInt, SqlType.BigInt, SqlType.BigInt] },
        { "none", [] },
    };

    [Theory]
    [MemberData(nameof(Keys))]
    public void BehavesLikeADictionary(string name, SqlType[] types)
    {
        var random = new Random(name.Length);
        KeyIndex index = KeyIndex.For(types);
        var slots = new Dictionary<string, int>();
        int[] columns = [.. Enumerable.Range(0, types.Length)];
        for (int round = 0; round < 60; round++)
        {
            Batch batch = RandomKeys(random, types, random.Next(700), round);
            int[] found = new int[batch.Count];
            index.FindOrAdd(batch, columns, found);
            for (int i = 0; i < batch.Count; i++)
            {
                string key = Text(batch, i);
                if (!slots.TryGetValue(key, out int slot))
                {
                    Assert.DoesNotContain(found[i], slots.Values);
                    slots.Add(key, slot = found[i]);
                }

                Assert.Equal(slot, found[i]);
            }

            Assert.Equal(slots.Count, index.Count);
            foreach (string key in slots.Keys.Order(StringComparer.Ordinal).ToArray())
            {
                if (random.Next(3) == 0)
                {
                    index.Remove(slots[key]);
                    slots.Remove(key);
                }
            }

            if (round % 7 == 0)
            {
                var writer = new ByteWriter();
                index.Save(writer);
                index = KeyIndex.For(types);
                var reader = new ByteReader(writer.Written);
                index.Load(ref reader);
                Assert.Equal(0, reader.Remaining);
            }

            index.Find(batch, columns, found);
            for (int i = 0; i < batch.Count; i++)
            {
                Assert.Equal(slots.GetValueOrDefault(Text(batch, i), -1), found[i]);
            }

            ColumnBuilder[] builders = Array.ConvertAll(types, ColumnBuilder.For);
            (string Key, int Slot)[] all = [.. slots.Select(p => (p.Key, p.Value))];
            index.Decode([.. all.Select(p => p.Slot)], builders);
            var decoded = new Batch(Array.ConvertAll(builders, b => b.View()), all.Length);
            for (int i = 0; i < all.Length; i++)
            {
                Assert.Equal(all[i].Key, Text(decoded, i));
            }
        }
    }

    [Fact]
    public void RefusedNullsHaveNoSlot()
    {
        foreach (SqlType type in new[] { SqlType.Integer, SqlType.Text })
        {
            KeyIndex index = KeyIndex.For([type, SqlType.Integer], [true, false]);
            ColumnBuilder first = ColumnBuilder.For(type);
            ColumnBuilder second = ColumnBuilder.For(SqlType.Integer);
            first.AppendNull();
            ((FixedBuilder<int>)second).Append(1);
            first.AppendFrom(Some(type), 0);
            second.AppendNull();
            int[] slots = new int[2];
            index.FindOrAdd(new Batch([first.View(), second.View()], 2), [0, 1], slots);
            Assert.Equal([-1, 0], slots);
        }
    }

    private static Column Some(SqlType type)
    {
        ColumnBuilder builder = ColumnBuilder.For(type);
        RandomRows.Append(builder, new Random(1), nulls: 0);
        return builder.ToColumn();
    }

    // Runs of one window with keys in a range, as streams have them, and now and then anything.
    private static Batch RandomKeys(Random random, SqlType[] types, int rows, int round)
    {
        ColumnBuilder[] builders = Array.ConvertAll(types, ColumnBuilder.For);
        bool wild = random.Next(4) == 0;
        for (int i = 0; i < rows; i++)
        {
            foreach (ColumnBuilder builder in builders)
            {
                switch (builder)
                {
                    case FixedBuilder<long> b when !wild && b.Type.Id == TypeId.Timestamp: b.Append(round / 3 * 1_000_000L); break;
                    case FixedBuilder<long> b when !wild: b.Append(random.Next(300) + 1_000_000_000_000); break;
                    case FixedBuilder<int> b when !wild: b.Append(random.Next(500) - 20); break;
                    default: RandomRows.Append(builder, random, nulls: 0.1); break;
                }
            }
        }

        return new Batch(Array.ConvertAll(builders, b => b.ToColumn()), rows);
    }

    private static string Text(Batch batch, int row) => string.Join('|', batch.Columns.Select(c => Text(SqlOrder.Value(c, row))));

    // Equal for equal numerics, however many zeros they end in.
    private static string Text(object? value)
    {
        if (value is not Numeric { IsNaN: false } n)
        {
            return Canonical.Text(value);
        }

        Int128 unscaled = n.Unscaled;
        int scale = n.Scale;
        while (unscaled != 0 && unscaled % 10 == 0)
        {
            unscaled /= 10;
            scale--;
        }

        return unscaled == 0 ? "0" : $"{unscaled}e{-scale}";
    }
}
