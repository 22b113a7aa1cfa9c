// Every type and shape of data goes into a block and comes out to the bit; garbage is refused and nothing else.
using Millrace.Core;
using Millrace.Store.Codecs;
using Xunit;

namespace Millrace.Tests.Store;

public class BlockCodecTests
{
    public static TheoryData<Shape> Shapes => [.. Enum.GetValues<Shape>()];

    [Theory]
    [MemberData(nameof(Shapes))]
    public void EveryTypeRoundTrips(Shape shape)
    {
        foreach (SqlType type in CodecData.Types)
        {
            foreach (int rows in new[] { 0, 1, 2, 3, 65, 255, 256, 300, 1500 })
            {
                foreach (double nulls in new[] { 0, 0.1, 1 })
                {
                    int seed = HashCode(type, rows, nulls);
                    Column column = CodecData.Make(type, shape, rows + 3, nulls, new Random(seed));
                    RoundTrip(column, 2, rows, $"{type}, {shape}, {rows} rows, {nulls} nulls, seed {seed}");
                }
            }
        }
    }

    [Fact]
    public void TheLargestBlockRoundTrips()
    {
        foreach (SqlType type in new[] { SqlType.BigInt, SqlType.Double, SqlType.Text, SqlType.Boolean })
        {
            foreach (Shape shape in new[] { Shape.Walk, Shape.Random, Shape.Runs })
            {
                Column column = CodecData.Make(type, shape, BlockCodec.RowsMax, 0, new Random(5));
                RoundTrip(column, 0, BlockCodec.RowsMax, $"{type}, {shape}");
            }
        }
    }

    [Fact]
    public void NullRowsThatHoldValuesDoNotShow()
    {
        var elements = new FixedColumn<long>(SqlType.BigInt, [1, 2, 3, 4, 5, 6], 6);
        var lists = new ListColumn(SqlType.ArrayOf(SqlType.BigInt), [0, 2, 4, 6], elements, 3, [0b101]);
        RoundTrip(lists, 0, 3, "array");
        RoundTrip(lists, 1, 2, "array, from a null row");
        RoundTrip(new BytesColumn(SqlType.Text, [0, 2, 4, 6], "aabbcc"u8.ToArray(), 3, [0b101]), 0, 3, "text");
        RoundTrip(new FixedColumn<bool>(SqlType.Boolean, [true, true, false], 3, [0b101]), 0, 3, "boolean");
    }

    [Fact]
    public void ManyElementsInOneBlockRoundTrip()
    {
        int[] offsets = [0, 70_000, 70_000, 200_000];
        long[] elements = [.. CodecData.Integers(Shape.Walk, new Random(3)).Take(200_000)];
        var lists = new ListColumn(SqlType.ArrayOf(SqlType.BigInt), offsets, new FixedColumn<long>(SqlType.BigInt, elements, elements.Length), 3);
        RoundTrip(lists, 0, 3, "200,000 elements");
        RoundTrip(lists, 1, 2, "130,000 elements");
    }

    private static void RoundTrip(Column column, int from, int count, string what)
    {
        var writer = new ByteWriter();
        BlockCodec.Encode(column, from, count, writer);
        byte[] block = writer.Written.ToArray();
        ColumnBuilder builder = ColumnBuilder.For(column.Type);
        BlockCodec.Decode(block, column.Type, count, builder);
        Assert.Equal(count, builder.Count);
        CodecData.AssertSame(column, from, count, builder.ToColumn(), 0, $"{what}, {BlockCodec.Describe(block)}");

        // Behind other rows, some of them null, the block must come out the same.
        BlockCodec.Decode(block, column.Type, count, builder);
        builder.AppendNull();
        BlockCodec.Decode(block, column.Type, count, builder);
        Column twice = builder.ToColumn();
        CodecData.AssertSame(column, from, count, twice, count, what + ", again");
        CodecData.AssertSame(column, from, count, twice, (2 * count) + 1, what + ", behind a null");
    }

    private static int HashCode(SqlType type, int rows, double nulls) => ((int)type.Id * 10_007) + (rows * 31) + (int)(nulls * 100);
}
