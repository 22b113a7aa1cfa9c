// Of rows that are in no segment only those are read that can be the last of their series, and they are always among them.
using Millrace.Core;
using Millrace.Engine;
using Xunit;

namespace Millrace.Tests.Scan;

public sealed class LastOfChunkTests
{
    private static readonly Schema Columns = new(
        [new Field("k", SqlType.Text), new Field("n", SqlType.Integer), new Field("v", SqlType.BigInt), new Field("ts", SqlType.TimestampTz), new Field("later", SqlType.TimestampTz)]);

    [Theory]
    [InlineData(new[] { 0 })]
    [InlineData(new[] { 1 })]
    [InlineData(new[] { 0, 1 })]
    [InlineData(new[] { 1, 4 })] // the rows have no such column yet: it is the same in all of them
    public void TheNewestRowsOfEachSeriesAreThere(int[] partition)
    {
        var random = new Random(17);
        for (int run = 0; run < 20; run++)
        {
            Batch batch = Some(random, 2_000, keys: 9);
            int[] rows = LastOfChunk.Of(batch, new LastRows(partition, 3), Columns).Rows!;
            string Key(int row) => string.Join('|', partition.Where(c => c < 4).Select(c => BoxedValue.Get(batch.Columns[c], row)));
            long Time(int row) => ((FixedColumn<long>)batch.Columns[3]).Values[row];
            int[] expected =
                [.. Enumerable.Range(0, batch.Count).GroupBy(Key).SelectMany(g => g.Where(r => Time(r) == g.Max(Time))).Order()];
            Assert.Equal(expected, rows);
        }
    }

    [Fact]
    public void WhatCannotBeChosenIsReadWhole()
    {
        var random = new Random(23);
        Batch batch = Some(random, 500, keys: 9);
        Assert.Null(LastOfChunk.Of(batch, new LastRows([4], 3), Columns).Rows); // one series, whose key is not there
        Assert.Null(LastOfChunk.Of(batch, new LastRows([0], 4), Columns).Rows); // a time that is not there
        Assert.Null(LastOfChunk.Of(batch, new LastRows([0], 2), Columns).Rows); // no time: it may be null
        Assert.Null(LastOfChunk.Of(Some(random, 500, keys: 400), new LastRows([0], 3), Columns).Rows); // nearly every row is one
        Assert.Null(LastOfChunk.Of(Some(random, 500, keys: 9, nullTimes: true), new LastRows([0], 3), Columns).Rows); // nulls stand before every time
    }

    [Fact]
    public void AnotherQuestionIsAnsweredAnew()
    {
        var random = new Random(29);
        var chunks = new ChunkList(Columns.First(4), 3);
        Batch[] batches = [.. Enumerable.Range(0, 3).Select(_ => Some(random, 5_000, keys: 9))];
        Array.ForEach(batches, b => chunks.Append(b, 0, 0));
        chunks.Append(Some(random, 10, keys: 3), 0, 0);
        ChunkSnapshot rows = chunks.Snapshot();
        int byName = Count(new LastRows([0], 3));
        Assert.InRange(byName, 3 * 9, 500);
        int byBoth = Count(new LastRows([0, 1], 3));
        Assert.InRange(byBoth, byName * 2, 3_000);
        Assert.Equal(byName, Count(new LastRows([0], 3)));
        Assert.Equal(15_010, rows.NextOffset);

        int Count(LastRows last) => rows.UnsealedLast(1, (_, _) => throw new InvalidOperationException(), [], last, Columns).Sum(b => b.Count);
    }

    private static Batch Some(Random random, int count, int keys, bool nullTimes = false)
    {
        var builder = new BatchBuilder(Columns.First(4));
        for (int i = 0; i < count; i++)
        {
            int key = random.Next(keys);
            BoxedValue.Append(builder.Columns[0], key == 0 ? null : ByteSlice.From($"k{key}"));
            BoxedValue.Append(builder.Columns[1], random.Next(8) == 0 ? null : random.Next(4));
            BoxedValue.Append(builder.Columns[2], random.Next(8) == 0 ? null : (long)i);
            BoxedValue.Append(builder.Columns[3], nullTimes && i == 7 ? null : 1_767_225_600_000_000 + (random.Next(count / 3) * 1_000L));
            builder.EndRow();
        }

        return builder.ToBatch();
    }
}
