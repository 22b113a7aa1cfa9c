// Segments against what went into them: random rows of all types in, the same rows out, in the order of arrival and by group; damage is found.
using Millrace.Core;
using Millrace.Core.Io;
using Millrace.Sim;
using Millrace.Store.Segments;
using Xunit;

namespace Millrace.Tests.Store;

public sealed class SegmentTests
{
    private const long Hour = 3_600_000_000;

    [Fact]
    public void RowsComeBackInTheOrderOfArrival()
    {
        for (int seed = 1; seed <= 120; seed++)
        {
            try
            {
                RoundTrip(new Random(seed));
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}: {e}");
            }
        }
    }

    /// <summary>Every byte of a segment changed, one by one: found, or of no consequence.</summary>
    [Fact]
    public void EveryDamagedByteIsFoundOrHarmless()
    {
        var random = new Random(7);
        (SegmentSchema schema, Batch rows) = Draw(random, 90, [SqlType.Text, SqlType.Timestamp, SqlType.BigInt, SqlType.Double], keys: 1);
        var disk = new SimDisk(1);
        BuiltSegment built = SegmentBuilder.Build(schema, [new SealedRows(5, rows)], 0, _ => "a.segment").Single();
        disk.Publish("a.segment", built.Content);
        byte[] whole = disk.Content("a.segment");
        for (int at = 0; at < whole.Length; at++)
        {
            foreach (byte xor in new byte[] { 1, 0x80, 0xFF })
            {
                disk.Damage("a.segment", at, xor);
                ExpectDamage(disk, built.Info, rows, $"byte {at} xor {xor}");
                disk.Damage("a.segment", at, xor);
            }
        }

        for (int length = 0; length < whole.Length; length++)
        {
            disk.Put("a.segment", whole.AsSpan(0, length));
            ExpectDamage(disk, built.Info, rows, $"cut to {length} bytes", mustFail: true);
        }

        disk.Put("b.segment", whole);
        Assert.Contains("another name", Assert.Throws<CorruptionException>(() => Segment.Open(disk, built.Info with { Path = "b.segment" })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ANewerFormatIsRefusedByName()
    {
        (SegmentSchema schema, Batch rows) = Draw(new Random(3), 5, [SqlType.BigInt], keys: 0);
        BuiltSegment built = SegmentBuilder.Build(schema, [new SealedRows(0, rows)], 0, _ => "s").Single();
        byte[] header = built.Content[0].ToArray();
        header[4] = SegmentFormat.Version + 1;
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(12), Crc32C.Of(header.AsSpan(0, 12)));
        var disk = new SimDisk(1);
        disk.Publish("s", [header, .. built.Content.Skip(1)]);
        Assert.Throws<NewerFormatException>(() => Segment.Open(disk, built.Info));
    }

    /// <summary>One long series a group, and zone maps that let a reader pass over the others.</summary>
    [Fact]
    public void OneSeriesOneHourIsOneGroup()
    {
        var builder = new BatchBuilder(new Schema([new Field("host", SqlType.Text), new Field("at", SqlType.TimestampTz), new Field("v", SqlType.BigInt)]));
        for (int i = 0; i < 100_000; i++)
        {
            ((BytesBuilder)builder.Columns[0]).Append(System.Text.Encoding.UTF8.GetBytes($"host_{i % 10}"));
            ((FixedBuilder<long>)builder.Columns[1]).Append(i / 10 * 10_000_000L);
            ((FixedBuilder<long>)builder.Columns[2]).Append(i);
            builder.EndRow();
        }

        var schema = new SegmentSchema(builder.Schema, [0], 1);
        var disk = new SimDisk(1);
        BuiltSegment built = SegmentBuilder.Build(schema, [new SealedRows(0, builder.View())], 0, _ => "s").Single();
        disk.Publish("s", built.Content);
        using Segment segment = Segment.Open(disk, built.Info);
        Assert.Equal(30, segment.Groups.Count);
        var one = new SegmentScan
        {
            Columns = [true, true, false],
            Ranges = [new ColumnRange(0) { AnyOf = ["host_3"u8.ToArray()] }, new ColumnRange(1) { Integers = (0, Hour) }],
        };
        foreach (string[] hosts in new string[][] { ["host_3"], ["host_0", "host_9"], ["a", "host_4", "host_41", "host_5", "z"], ["z"] })
        {
            var some = new SegmentScan { Ranges = [new ColumnRange(0) { AnyOf = [.. hosts.Select(System.Text.Encoding.UTF8.GetBytes)] }] };
            Assert.Equal(3 * hosts.Count(h => h.Length == 6), segment.GroupsOf(some).Count);
        }

        Assert.Empty(segment.GroupsOf(new SegmentScan { Ranges = [new ColumnRange(1) { Integers = (long.MinValue, -1) }] }));
        Batch read = Assert.Single(segment.InArrivalOrder(one)).Rows;
        Assert.Equal(3_333, read.Count);
        Assert.Equal("host_3"u8.ToArray(), ((BytesColumn)read.Columns[0]).Span(0).ToArray());
        Assert.True(read.Columns[2].IsNull(0));
        Assert.Equal((Int128)Enumerable.Range(0, 100_000).Where(i => i % 10 == 3 && i < 33_330).Sum(i => (long)i), segment.Groups[segment.GroupsOf(one)[0]].Blocks[2].Zone.Sum);
        Assert.True(built.Info.FileBytes < 100_000, $"{built.Info.FileBytes} bytes for 100,000 rows");
    }

    /// <summary>Long series are merged group by group: large ones as they are, small ones joined; columns added since are filled up.</summary>
    [Fact]
    public void LongSeriesAreMergedWithoutSortingAnew()
    {
        Field[] fields = [new("host", SqlType.Text), new("at", SqlType.TimestampTz), new("v", SqlType.BigInt), new("later", SqlType.Integer)];
        var narrow = new SegmentSchema(new Schema(fields[..3]), [0], 1);
        var wide = new SegmentSchema(new Schema(fields), [0], 1);
        var disk = new SimDisk(1);
        var segments = new List<Segment>();
        var all = new BatchBuilder(wide.Columns);
        int[] sizes = [30_000, 11_000, 12_000, 31_000, 10_300];
        int row = 0;
        for (int s = 0; s < sizes.Length; s++)
        {
            SegmentSchema schema = s < 2 ? narrow : wide;
            var builder = new BatchBuilder(schema.Columns);
            int first = row;
            for (int end = row + sizes[s]; row < end; row++)
            {
                foreach (BatchBuilder into in new[] { builder, all })
                {
                    if (row % 10 == 7)
                    {
                        into.Columns[0].AppendNull();
                    }
                    else
                    {
                        ((BytesBuilder)into.Columns[0]).Append(System.Text.Encoding.UTF8.GetBytes($"host_{row % 10}"));
                    }

                    ((FixedBuilder<long>)into.Columns[1]).Append(row / 10 * 10_000_000L);
                    ((FixedBuilder<long>)into.Columns[2]).Append(row * 7L % 1000);
                    if (into.Columns.Length == 4)
                    {
                        ((FixedBuilder<int>)into.Columns[3]).Append(schema == narrow ? 42 : row % 5);
                    }

                    into.EndRow();
                }
            }

            segments.Add(Publish(disk, SegmentBuilder.Build(schema, [new SealedRows(first, builder.View())], 0, _ => $"{s}.segment").Single()));
        }

        Batch Widen(Batch b)
        {
            int[] added = new int[b.Count];
            Array.Fill(added, 42);
            return b.Columns.Length == 4 ? b : new Batch([.. b.Columns, new FixedColumn<int>(SqlType.Integer, added, b.Count)], b.Count);
        }

        Assert.NotNull(SeriesMerge.TryPlan(wide, segments, Widen));
        Segment merged = Publish(disk, SegmentMerge.Build(wide, segments, Widen, "merged.segment"));
        Assert.Equal(row, merged.Info.Rows);
        Assert.Equal(40, merged.Groups.Count);
        Compare(all.View(), 0, [merged], new Random(1));

        // Times that overlap: sorted anew.
        Segment twice = Publish(disk, SegmentBuilder.Build(wide, [new SealedRows(row, all.View())], 0, _ => "again.segment").Single());
        Assert.Null(SeriesMerge.TryPlan(wide, [merged, twice], Widen));
    }

    private static void RoundTrip(Random random)
    {
        int columns = random.Next(1, 7);
        SqlType[] types = [.. Enumerable.Range(0, columns).Select(_ => CodecData.Types[random.Next(CodecData.Types.Length)])];
        if (random.Next(3) > 0)
        {
            types[random.Next(columns)] = SqlType.TimestampTz;
        }

        (SegmentSchema schema, Batch rows) = Draw(random, random.Next(1, 4000), types, random.Next(3));
        long partition = random.Next(2) == 0 ? 0 : Hour;
        long firstOffset = random.Next(1000);
        var disk = new SimDisk((ulong)random.Next());
        List<SealedRows> pieces = Pieces(rows, firstOffset, random);
        var segments = new List<Segment>();
        int files = 0;
        for (int at = 0; at < pieces.Count;)
        {
            int take = random.Next(1, pieces.Count - at + 1);
            foreach (BuiltSegment built in SegmentBuilder.Build(schema, pieces.GetRange(at, take), partition, _ => $"{++files}.segment"))
            {
                segments.Add(Publish(disk, built));
            }

            at += take;
        }

        Compare(rows, firstOffset, segments, random);
        if (segments.Count > 1)
        {
            List<Segment> merged = [.. segments.GroupBy(s => s.Info.Partition).Select(g =>
                Publish(disk, SegmentMerge.Build(schema, [.. g], b => b, $"{++files}.segment")))];
            Assert.Equal(rows.Count, merged.Sum(m => m.Info.Rows));
            Compare(rows, firstOffset, merged, random);
        }
    }

    private static Segment Publish(SimDisk disk, BuiltSegment built)
    {
        disk.Publish(built.Info.Path, built.Content);
        var writer = new ByteWriter();
        built.Info.Write(writer);
        var reader = new ByteReader(writer.Written);
        SegmentInfo info = SegmentInfo.Read(ref reader);
        Assert.Equal(built.Info, info);
        Segment segment = Segment.Open(disk, info);
        var damage = new List<CorruptionException>();
        segment.Verify(damage);
        Assert.Empty(damage);
        return segment;
    }

    private static void Compare(Batch rows, long firstOffset, List<Segment> segments, Random random)
    {
        var read = new BatchBuilder(new Schema([.. rows.Columns.Select((c, i) => new Field($"c{i}", c.Type))]));
        var offsets = new List<long>();
        foreach ((Batch batch, long[] at) in SegmentOrder.InArrivalOrder(segments, SegmentScan.All))
        {
            read.Append(batch);
            offsets.AddRange(at);
        }

        Assert.Equal(Enumerable.Range(0, rows.Count).Select(i => firstOffset + i), offsets);
        Same(rows, read.View());

        // A stretch of offsets, with some columns.
        int from = random.Next(rows.Count);
        int to = random.Next(from, rows.Count + 1);
        bool[] wanted = [.. rows.Columns.Select(_ => random.Next(2) == 0)];
        var some = new BatchBuilder(read.Schema);
        var scan = new SegmentScan { Columns = wanted, FromOffset = firstOffset + from, ToOffset = firstOffset + to };
        foreach ((Batch batch, _) in SegmentOrder.InArrivalOrder(segments, scan))
        {
            some.Append(batch);
        }

        Batch expected = Slice(rows, from, to - from);
        Assert.Equal(expected.Count, some.Count);
        for (int c = 0; c < wanted.Length; c++)
        {
            if (wanted[c])
            {
                CodecData.AssertSame(expected.Columns[c], 0, expected.Count, some.View().Columns[c], 0, $"column {c}");
            }
        }
    }

    private static void ExpectDamage(SimDisk disk, SegmentInfo info, Batch rows, string what, bool mustFail = false)
    {
        try
        {
            using Segment segment = Segment.Open(disk, info);
            var read = new BatchBuilder(new Schema([.. rows.Columns.Select((c, i) => new Field($"c{i}", c.Type))]));
            foreach ((Batch batch, _) in segment.InArrivalOrder(SegmentScan.All))
            {
                read.Append(batch);
            }

            Assert.False(mustFail, what);
            Same(rows, read.View());
        }
        catch (CorruptionException e)
        {
            Assert.Equal(info.Path, e.File);
        }
        catch (NewerFormatException)
        {
            Assert.False(mustFail, what);
        }
    }

    private static void Same(Batch expected, Batch found)
    {
        Assert.Equal(expected.Count, found.Count);
        for (int c = 0; c < expected.Columns.Length; c++)
        {
            CodecData.AssertSame(expected.Columns[c], 0, expected.Count, found.Columns[c], 0, $"column {c}");
        }
    }

    private static (SegmentSchema Schema, Batch Rows) Draw(Random random, int count, SqlType[] types, int keys)
    {
        var columns = new Column[types.Length];
        int time = Array.FindIndex(types, t => t.IsTimestamp);
        for (int c = 0; c < columns.Length; c++)
        {
            columns[c] = c == time ? Times(types[c], count, random) : CodecData.Make(types[c], keys > c ? Shape.Few : (Shape)random.Next(11), count, random.Next(3) * 0.1, random);
        }

        var schema = new SegmentSchema(new Schema([.. types.Select((t, i) => new Field($"c{i}", t))]), [.. Enumerable.Range(0, Math.Min(keys, types.Length)).Where(k => k != time)], time);
        return (schema, new Batch(columns, count));
    }

    // Mostly in order over a few hours, some late, some without a time.
    private static Column Times(SqlType type, int count, Random random)
    {
        ColumnBuilder builder = ColumnBuilder.For(type);
        long now = -Hour;
        for (int i = 0; i < count; i++)
        {
            now += random.Next(10_000_000);
            if (random.Next(50) == 0)
            {
                builder.AppendNull();
            }
            else
            {
                ((FixedBuilder<long>)builder).Append(random.Next(20) == 0 ? now - random.NextInt64(2 * Hour) : now);
            }
        }

        return builder.ToColumn();
    }

    private static List<SealedRows> Pieces(Batch rows, long firstOffset, Random random)
    {
        var pieces = new List<SealedRows>();
        for (int at = 0; at < rows.Count;)
        {
            int take = random.Next(1, rows.Count - at + 1);
            pieces.Add(new SealedRows(firstOffset + at, Slice(rows, at, take)));
            at += take;
        }

        return pieces;
    }

    private static Batch Slice(Batch rows, int from, int count)
    {
        var columns = new Column[rows.Columns.Length];
        for (int c = 0; c < columns.Length; c++)
        {
            ColumnBuilder builder = rows.Columns[c].NewBuilder();
            builder.AppendRange(rows.Columns[c], from, count);
            columns[c] = builder.ToColumn();
        }

        return new Batch(columns, count);
    }
}
