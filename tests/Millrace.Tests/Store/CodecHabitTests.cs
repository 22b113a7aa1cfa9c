// Blocks encoded with what was chosen for the blocks before: the values come back whatever came before, and hardly any room is lost.
using Millrace.Core;
using Millrace.Store.Codecs;
using Xunit;

namespace Millrace.Tests.Store;

public class CodecHabitTests
{
    [Fact]
    public void BlocksOfAnyShapesInAnyOrderComeBack()
    {
        foreach (SqlType type in CodecData.Types)
        {
            var random = new Random(type.ToString().Length);
            var habit = new CodecHabit();
            for (int block = 0; block < 60; block++)
            {
                // Some stretches of one shape, so that habits are made, and changes in between.
                Shape shape = (Shape)(block / 5 * 7 % 12);
                int rows = random.Next(1, 700);
                Column column = CodecData.Make(type, block % 7 == 6 ? (Shape)random.Next(12) : shape, rows, block % 4 == 3 ? 0.2 : 0, random);
                byte[] bytes = Encode(column, habit);
                ColumnBuilder builder = ColumnBuilder.For(type);
                BlockCodec.Decode(bytes, type, rows, builder);
                CodecData.AssertSame(column, 0, rows, builder.ToColumn(), 0, $"{type}, block {block}, {BlockCodec.Describe(bytes)}");
            }
        }
    }

    [Theory]
    [InlineData(Shape.Walk)]
    [InlineData(Shape.Decimals)]
    [InlineData(Shape.Jitter)]
    [InlineData(Shape.Few)]
    [InlineData(Shape.Runs)]
    [InlineData(Shape.HeavyTail)]
    public void BlocksThatAreAlikeLoseNoRoom(Shape shape)
    {
        foreach (SqlType type in new[] { SqlType.BigInt, SqlType.Double, SqlType.Text, SqlType.TimestampTz, SqlType.NumericOf(12, 2) })
        {
            var random = new Random(11);
            var habit = new CodecHabit();
            (long with, long without) = (0, 0);
            for (int block = 0; block < 40; block++)
            {
                Column column = CodecData.Make(type, shape, 1_000, 0, random);
                with += Encode(column, habit).Length;
                without += Encode(column, null).Length;
            }

            Assert.True(with <= without * 1.03, $"{type}, {shape}: {with} bytes with the habit, {without} without");
        }
    }

    [Fact]
    public void AHabitEndsWhereTheValuesChange()
    {
        var random = new Random(3);
        var habit = new CodecHabit();
        for (int block = 0; block < 5; block++)
        {
            Encode(CodecData.Make(SqlType.BigInt, Shape.Random, 1_000, 0, random), habit);
        }

        foreach (Shape shape in new[] { Shape.Constant, Shape.Regular, Shape.Runs, Shape.Few, Shape.Walk })
        {
            Column column = CodecData.Make(SqlType.BigInt, shape, 1_000, 0, random);
            Assert.Equal(Encode(column, null).Length, Encode(column, habit).Length);
        }
    }

    [Fact]
    public void TheSameBlocksGiveTheSameBytes()
    {
        byte[][] Once()
        {
            var random = new Random(9);
            var habit = new CodecHabit();
            return [.. Enumerable.Range(0, 30).Select(b => Encode(CodecData.Make(SqlType.Text, (Shape)(b / 6), 500, 0.1, random), habit))];
        }

        Assert.Equal(Once(), Once());
    }

    private static byte[] Encode(Column column, CodecHabit? habit)
    {
        var writer = new ByteWriter();
        BlockCodec.Encode(column, 0, column.Length, writer, habit);
        return writer.Written.ToArray();
    }
}
