// Filters of segments: no group that holds a value is ever passed over, few are read in vain, and damage is found.
using System.Buffers.Binary;
using Millrace.Core;
using Millrace.Core.Io;
using Millrace.Sim;
using Millrace.Store.Segments;
using Xunit;

namespace Millrace.Tests.Store;

public sealed class GroupFilterTests
{
    private const int Trace = 1;
    private const int Order = 2;
    private const int Id = 3;

    /// <summary>Files depend on the hash.</summary>
    [Fact]
    public void TheHashIsWhatItWas()
    {
        Assert.Equal(4328702282501444346UL, ValueHash.Of(""u8, 1));
        Assert.Equal(4188377186443156775UL, ValueHash.Of("millrace"u8, 1));
        Assert.Equal(6656817077131812834UL, ValueHash.Of("a longer value, of more than one word"u8, 7));
        Assert.Equal(8406562825505709139UL, ValueHash.Of(-42, 7));
    }

    [Fact]
    public void EveryValueIsFoundInItsGroups()
    {
        for (int seed = 1; seed <= 60; seed++)
        {
            var random = new Random(seed);
            int groups = random.Next(1, 400);
            int distinct = random.Next(1, 20_000);
            var hashes = new List<ulong>();
            int[] ends = new int[groups];
            for (int g = 0; g < groups; g++)
            {
                for (int n = random.Next(200); n > 0; n--)
                {
                    hashes.Add(ValueHash.Of(random.Next(distinct), 5));
                }

                ends[g] = hashes.Count;
            }

            byte[] filter = Written([.. hashes], ends);
            int pageBits = GroupFilter.PageBitsOf(hashes.Count);
            int at = 0;
            for (int g = 0; g < groups; g++)
            {
                for (; at < ends[g]; at += random.Next(1, 50))
                {
                    Assert.True(Found(filter, hashes[at], pageBits, groups)[g], $"seed {seed}, group {g}");
                }
            }
        }
    }

    [Fact]
    public void FewGroupsAreReadInVain()
    {
        const int Groups = 250;
        ulong[] hashes = [.. Enumerable.Range(0, Groups * 1000).Select(i => ValueHash.Of(i * 977L, 5))];
        int[] ends = [.. Enumerable.Range(1, Groups).Select(g => g * 1000)];
        byte[] filter = Written(hashes, ends);
        int vain = 0;
        for (int i = 0; i < 20_000; i++)
        {
            vain += Found(filter, ValueHash.Of(-1 - i, 5), GroupFilter.PageBitsOf(hashes.Length), Groups).Count(found => found);
        }

        Assert.InRange(vain, 50, 20_000 / 50);
        Assert.True(filter.Length < hashes.Length * 2.1, $"{filter.Length} bytes for {hashes.Length} pairs");
    }

    [Fact]
    public void NoBytesAreReadOutsideOfAPage()
    {
        var random = new Random(4);
        bool[] groups = new bool[100];
        for (int i = 0; i < 20_000; i++)
        {
            byte[] page = new byte[random.Next(40)];
            random.NextBytes(page);
            try
            {
                GroupFilter.Find(page, (ulong)random.NextInt64(), random.Next(20), groups);
            }
            catch (FormatException)
            {
                // What is no page is said to be none.
            }
        }
    }

    [Fact]
    public void ColumnsOfManyValuesHaveOneInEverySegmentAndMergedSegmentsToo()
    {
        var disk = new SimDisk(1);
        (SegmentSchema schema, Batch[] batches) = Draw(new Random(9), [40_000, 30_000]);
        List<Segment> segments = [];
        for (int b = 0; b < batches.Length; b++)
        {
            segments.Add(Publish(disk, SegmentBuilder.Build(schema, [new SealedRows(b * 40_000, batches[b])], 0, _ => $"{b}.segment").Single()));
        }

        segments.Add(Publish(disk, SegmentMerge.Build(schema, [.. segments], b => b, "merged.segment")));
        foreach (Segment segment in segments)
        {
            Assert.Equal([Trace, Order, Id], segment.Footer.Filters.Select(f => f.Column));
        }

        var random = new Random(2);
        Segment merged = segments[^1];
        int read = 0;
        for (int i = 0; i < 1000; i++)
        {
            int b = random.Next(2);
            int row = random.Next(batches[b].Count);
            foreach (int column in new[] { Trace, Order, Id })
            {
                if (batches[b].Columns[column].IsNull(row))
                {
                    continue;
                }

                ColumnRange wanted = Wanted(batches[b].Columns[column], column, row);
                List<int> own = segments[b].GroupsOf(new SegmentScan { Ranges = [wanted] });
                Assert.Contains(own, g => Holds(segments[b], g, batches[b].Columns[column], column, row));
                List<int> found = merged.GroupsOf(new SegmentScan { Ranges = [wanted] });
                Assert.Contains(found, g => Holds(merged, g, batches[b].Columns[column], column, row));
                read += found.Count;
            }
        }

        Assert.InRange(read, 2_500, 3_500);
        // Rows in which the column is null are wanted as well, or a stretch of values: bounds alone count.
        Assert.Equal(merged.Groups.Count, merged.GroupsOf(new SegmentScan { Ranges = [new ColumnRange(Order) { AnyIntegers = [(5, 5)], OrNull = true }] }).Count);
        Assert.True(merged.GroupsOf(new SegmentScan { Ranges = [new ColumnRange(Order) { Integers = (-1_000_000_000, 1_000_000_000) }] }).Count > 1);
        foreach (Segment segment in segments)
        {
            segment.Dispose();
        }
    }

    /// <summary>Few values, values that ascend with time, and long text have none; without any, the file is what earlier versions wrote.</summary>
    [Fact]
    public void WhereItWouldNotHelpThereIsNone()
    {
        var random = new Random(6);
        var builder = new BatchBuilder(new Schema(
            [new Field("at", SqlType.TimestampTz), new Field("serial", SqlType.BigInt), new Field("few", SqlType.Text), new Field("small", SqlType.BigInt), new Field("long", SqlType.Text)]));
        for (int i = 0; i < 40_000; i++)
        {
            ((FixedBuilder<long>)builder.Columns[0]).Append(i);
            ((FixedBuilder<long>)builder.Columns[1]).Append(i * 1_000_000_007L);
            ((BytesBuilder)builder.Columns[2]).Append(System.Text.Encoding.UTF8.GetBytes($"k{random.Next(500)}"));
            ((FixedBuilder<long>)builder.Columns[3]).Append(random.Next(1000));
            byte[] text = new byte[90];
            random.NextBytes(text);
            ((BytesBuilder)builder.Columns[4]).Append(System.Text.Encoding.ASCII.GetBytes(Convert.ToHexString(text)));
            builder.EndRow();
        }

        var disk = new SimDisk(1);
        BuiltSegment built = SegmentBuilder.Build(new SegmentSchema(builder.Schema, [], 0), [new SealedRows(0, builder.View())], 0, _ => "s").Single();
        Assert.Equal(1, built.Content[0].Span[4]);
        using Segment segment = Publish(disk, built);
        Assert.Empty(segment.Footer.Filters);
    }

    [Fact]
    public void DamageIsFoundWhereverItIs()
    {
        var disk = new SimDisk(1);
        (SegmentSchema schema, Batch[] batches) = Draw(new Random(8), [20_000]);
        BuiltSegment built = SegmentBuilder.Build(schema, [new SealedRows(0, batches[0])], 0, _ => "a.segment").Single();
        Assert.Equal(2, built.Content[0].Span[4]);
        FilterMeta[] filters;
        using (Segment sound = Publish(disk, built))
        {
            filters = [.. sound.Footer.Filters];
        }

        var random = new Random(3);
        for (int i = 0; i < 150; i++)
        {
            FilterMeta filter = filters[i % filters.Length];
            long at = filter.At + (i < 60 ? i % filter.DirectoryBytes : random.Next(filter.Bytes));
            disk.Damage("a.segment", at, (byte)random.Next(1, 256));
            using (Segment damaged = Segment.Open(disk, built.Info))
            {
                var damage = new List<CorruptionException>();
                damaged.Verify(damage);
                Assert.Contains("filter", Assert.Single(damage).Message, StringComparison.Ordinal);
                for (int row = 0; row < 20; row++)
                {
                    Column column = batches[0].Columns[filter.Column];
                    try
                    {
                        List<int> found = damaged.GroupsOf(new SegmentScan { Ranges = [Wanted(column, filter.Column, row)] });
                        Assert.True(column.IsNull(row) || found.Exists(g => Holds(damaged, g, column, filter.Column, row)));
                    }
                    catch (CorruptionException e)
                    {
                        Assert.Equal("a.segment", e.File);
                    }
                }
            }

            disk.Put("a.segment", [.. built.Content.SelectMany(c => c.ToArray())]);
        }
    }

    private static byte[] Written(ulong[] hashes, int[] ends)
    {
        var writer = new ByteWriter(0);
        Assert.True(GroupFilter.Write(hashes, ends, 5, writer, (_, _) => true));
        return writer.Written.ToArray();
    }

    private static bool[] Found(byte[] filter, ulong hash, int pageBits, int groups)
    {
        ReadOnlySpan<byte> directory = filter.AsSpan(0, GroupFilter.EntryBytes << pageBits);
        (int at, int bytes, uint crc) = GroupFilter.PageIn(directory, GroupFilter.PageOf(hash, pageBits), filter.Length - directory.Length);
        ReadOnlySpan<byte> page = filter.AsSpan(directory.Length + at, bytes);
        Assert.Equal(crc, Crc32C.Of(page, 5));
        bool[] found = new bool[groups];
        GroupFilter.Find(page, hash, pageBits, found);
        return found;
    }

    private static ColumnRange Wanted(Column values, int column, int row) => values switch
    {
        BytesColumn c => new ColumnRange(column) { AnyOf = [c.Span(row).ToArray()] },
        FixedColumn<Uuid> c => new ColumnRange(column) { AnyOf = [GroupFilter.BytesOf(c.Values[row])] },
        FixedColumn<long> c => new ColumnRange(column) { AnyIntegers = [(c.Values[row], c.Values[row])] },
        _ => throw new InvalidOperationException(),
    };

    private static bool Holds(Segment segment, int group, Column values, int column, int row)
    {
        ColumnBuilder builder = values.NewBuilder();
        segment.Decode(group, column, builder);
        Column decoded = builder.View();
        return Enumerable.Range(0, segment.Groups[group].Rows).Any(i => !decoded.IsNull(i) && (values, decoded) switch
        {
            (BytesColumn a, BytesColumn b) => a.Span(row).SequenceEqual(b.Span(i)),
            (FixedColumn<Uuid> a, FixedColumn<Uuid> b) => a.Values[row] == b.Values[i],
            (FixedColumn<long> a, FixedColumn<long> b) => a.Values[row] == b.Values[i],
            _ => false,
        });
    }

    private static Segment Publish(SimDisk disk, BuiltSegment built)
    {
        disk.Publish(built.Info.Path, built.Content);
        Segment segment = Segment.Open(disk, built.Info);
        var damage = new List<CorruptionException>();
        segment.Verify(damage);
        Assert.Empty(damage);
        return segment;
    }

    // A key of few values, and three columns of many: text, a number, a uuid, some of them null.
    private static (SegmentSchema Schema, Batch[] Rows) Draw(Random random, int[] sizes)
    {
        var columns = new Schema([new Field("host", SqlType.Text), new Field("trace", SqlType.Text), new Field("order", SqlType.BigInt), new Field("id", SqlType.Uuid)]);
        byte[] bytes = new byte[16];
        var batches = new Batch[sizes.Length];
        for (int b = 0; b < sizes.Length; b++)
        {
            var builder = new BatchBuilder(columns);
            for (int i = 0; i < sizes[b]; i++)
            {
                random.NextBytes(bytes);
                ((BytesBuilder)builder.Columns[0]).Append(System.Text.Encoding.ASCII.GetBytes($"h{random.Next(3)}"));
                if (random.Next(20) == 0)
                {
                    builder.Columns[Trace].AppendNull();
                    builder.Columns[Order].AppendNull();
                    builder.Columns[Id].AppendNull();
                }
                else
                {
                    ((BytesBuilder)builder.Columns[Trace]).Append(System.Text.Encoding.ASCII.GetBytes(Convert.ToHexString(bytes)));
                    ((FixedBuilder<long>)builder.Columns[Order]).Append(random.NextInt64(long.MinValue, long.MaxValue));
                    ((FixedBuilder<Uuid>)builder.Columns[Id]).Append(
                        new Uuid(BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes.AsSpan(8))));
                }

                builder.EndRow();
            }

            batches[b] = builder.ToBatch();
        }

        return (new SegmentSchema(columns, [0], -1), batches);
    }
}
