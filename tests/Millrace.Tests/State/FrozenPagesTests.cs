// State in pages that a checkpoint copies while it changes: what is copied is what was.
using Millrace.Core;
using Millrace.Engine;
using Xunit;

namespace Millrace.Tests.State;

public sealed class FrozenPagesTests
{
    private static readonly Schema Key = new([new Field("k", SqlType.Text)]);

    [Fact]
    public async Task OrderedRows()
    {
        for (int seed = 1; seed <= 30; seed++)
        {
            var random = new Random(seed);
            var rows = new OrderedRows();
            int keys = random.Next(1, 20_000);
            Change(random.Next(1, 20_000));
            await Check(rows.Save, () => Change(3_000), section =>
            {
                var fresh = new OrderedRows();
                var reader = new ByteReader(section);
                fresh.Load(ref reader);
                Assert.Equal(0, reader.Remaining);
                return Plain(fresh.Save);
            });
            // Pages that are copied are changed in place again: nothing is lost of what came since.
            byte[] after = Plain(rows.Save);
            Change(500);
            Assert.NotEqual(after, Plain(rows.Save));

            void Change(int times)
            {
                for (int i = 0; i < times; i++)
                {
                    byte[] key = Bytes(random.Next(keys));
                    rows.Add(key, random.Next(3) == 0 ? -rows.Weight(key) : 1);
                }
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task RowsOfAJoin(bool retractable)
    {
        for (int seed = 1; seed <= 30; seed++)
        {
            var random = new Random(seed);
            var rows = new RowStore(retractable);
            int keys = random.Next(1, 3_000);
            Change(random.Next(1, 20_000));
            await Check(rows.Save, () => Change(6_000), section =>
            {
                var fresh = new RowStore(retractable);
                var reader = new ByteReader(section);
                fresh.Load(ref reader);
                Assert.Equal(0, reader.Remaining);
                for (int i = 0; i < 50 && retractable; i++)
                {
                    // Rows are found by their bytes again: what is added and taken back leaves all as it was.
                    (int key, byte[] row) = (random.Next(keys), Bytes(random.Next(300)));
                    int before = fresh.Count;
                    fresh.Change(key, row, 1_000_000, 0);
                    fresh.Change(key, row, -1_000_000, 0);
                    Assert.Equal(before, fresh.Count);
                }

                return Plain(w => Chains(fresh, keys, w));
            }, Plain(w => Chains(rows, keys, w)));

            void Change(int times)
            {
                for (int i = 0; i < times; i++)
                {
                    int key = random.Next(keys);
                    int first = rows.First(key);
                    if (retractable && first >= 0 && random.Next(2) == 0)
                    {
                        rows.Change(key, rows.Row(first).ToArray(), -rows.Weight(first), 0);
                    }
                    else if (first >= 0 && random.Next(4) == 0)
                    {
                        rows.Matches(first) += 3;
                    }
                    else
                    {
                        rows.Change(key, Bytes(random.Next(300)), random.Next(1, 3), 7);
                    }
                }
            }
        }
    }

    [Fact]
    public async Task KeysOfText()
    {
        for (int seed = 1; seed <= 30; seed++)
        {
            var random = new Random(seed);
            var index = new BytesIndex([SqlType.Text]);
            int keys = random.Next(1, 8_000);
            Change(random.Next(1, 8_000));
            await Check(index.Save, () => Change(4_000), section =>
            {
                var fresh = new BytesIndex([SqlType.Text]);
                var reader = new ByteReader(section);
                fresh.Load(ref reader);
                Assert.Equal(0, reader.Remaining);
                int[] live = fresh.Live();
                ColumnBuilder builder = ColumnBuilder.For(SqlType.Text);
                fresh.Decode(live, [builder]);
                int[] found = new int[live.Length];
                fresh.Find(new Batch([builder.View()], live.Length), [0], found);
                Assert.Equal(live, found);
                return Plain(w => Names(fresh, w));
            }, Plain(w => Names(index, w)));

            void Change(int times)
            {
                for (int done = 0; done < times; done += 50)
                {
                    var batch = new BatchBuilder(Key);
                    for (int i = 0; i < 50; i++)
                    {
                        int key = random.Next(keys);
                        BoxedValue.Append(batch.Columns[0], key == 0 ? null : ByteSlice.From(Convert.ToHexString(Bytes(key))));
                        batch.EndRow();
                    }

                    int[] slots = new int[50];
                    index.FindOrAdd(batch.ToBatch(), [0], slots);
                    foreach (int slot in slots.Distinct().Where(_ => random.Next(2) == 0))
                    {
                        index.Remove(slot);
                    }
                }
            }
        }
    }

    /// <summary>As checkpoints up to version 6 have them: entry by entry.</summary>
    [Fact]
    public void EarlierFormsAreRead()
    {
        var ordered = new ByteWriter();
        var chains = new ByteWriter();
        var names = new ByteWriter();
        ordered.WriteVarint(3);
        chains.WriteVarint(3);
        names.WriteVarint(3);
        names.WriteVarint(0);
        for (int i = 0; i < 3; i++)
        {
            byte[] bytes = [(byte)i, 9, 9];
            ordered.WriteBytes(bytes);
            ordered.WriteInt64(i + 1);
            chains.WriteVarint((ulong)(i / 2));
            chains.WriteInt64(i + 1);
            chains.WriteInt64(0);
            chains.WriteBytes(bytes);
            var row = new EncodedRows();
            new RowCodec([SqlType.Text], exact: true).Encode(Text($"key {i}"), [0], row);
            names.WriteVarint((ulong)row.Key(0).Length);
            names.WriteBytes(row.Row(0));
        }

        var rows = new OrderedRows();
        var reader = new ByteReader(ordered.Written) { Version = 6 };
        rows.Load(ref reader);
        Assert.Equal([1L, 2L, 3L], new[] { rows.Weight([0, 9, 9]), rows.Weight([1, 9, 9]), rows.Weight([2, 9, 9]) });
        var store = new RowStore(retractable: true);
        reader = new ByteReader(chains.Written) { Version = 6 };
        store.Load(ref reader);
        Assert.Equal([2L, 1L, 3L], new[] { store.Weight(store.First(0)), store.Weight(store.Next(store.First(0))), store.Weight(store.First(1)) });
        var index = new BytesIndex([SqlType.Text]);
        reader = new ByteReader(names.Written) { Version = 6 };
        index.Load(ref reader);
        int[] slots = new int[1];
        index.Find(Text("key 2"), [0], slots);
        Assert.Equal(2, slots[0]);
    }

    // Saves twice, at once and beside; the second is copied while the state changes, and must be the same.
    private static async Task Check(Action<ByteWriter> save, Action change, Func<byte[], byte[]> content, byte[]? expected = null)
    {
        expected ??= Plain(save);
        var pieces = new PieceWriter(0, new Dictionary<long, long>(), new SectionBlocks());
        var section = new ByteWriter { Beside = pieces };
        save(section);
        Assert.NotEmpty(pieces.Frozen);
        Task copying = Task.Run(() => pieces.Frozen.ForEach(f => f.CopyAll()));
        change();
        await copying;
        change();
        Assert.Equal(expected, content(section.Written.ToArray()));
    }

    private static void Chains(RowStore rows, int keys, ByteWriter writer)
    {
        for (int key = 0; key < keys; key++)
        {
            for (int row = rows.First(key); row >= 0; row = rows.Next(row))
            {
                writer.WriteInt32(key);
                writer.WriteInt64(rows.Weight(row));
                writer.WriteInt64(rows.Matches(row));
                writer.WriteBytes(rows.Row(row));
            }
        }
    }

    private static void Names(BytesIndex index, ByteWriter writer)
    {
        foreach (int slot in index.Live())
        {
            ColumnBuilder builder = ColumnBuilder.For(SqlType.Text);
            index.Decode([slot], [builder]);
            writer.WriteInt32(slot);
            writer.WriteString(BoxedValue.Get(builder.View(), 0)?.ToString() ?? "null");
        }
    }

    private static byte[] Plain(Action<ByteWriter> save)
    {
        var writer = new ByteWriter();
        save(writer);
        return writer.Written.ToArray();
    }

    private static Batch Text(string value)
    {
        var batch = new BatchBuilder(Key);
        BoxedValue.Append(batch.Columns[0], ByteSlice.From(value));
        batch.EndRow();
        return batch.ToBatch();
    }

    private static byte[] Bytes(int number)
    {
        var random = new Random(number);
        byte[] bytes = new byte[random.Next(1, 90)];
        random.NextBytes(bytes);
        return bytes;
    }
}
