// Binary values: known bytes from PostgreSQL's send functions, and whatever goes out comes back.
using System.Globalization;
using Millrace.Core;
using Millrace.Formats;
using Millrace.Doors.Postgres;
using Xunit;

namespace Millrace.Tests.Doors.Postgres;

public class BinaryValueTests
{
    // select encode(numeric_send('…'), 'hex') in PostgreSQL 15.
    [Theory]
    [InlineData("0", 0, "0000000000000000")]
    [InlineData("1", 0, "00010000000000000001")]
    [InlineData("-150", 2, "000200004000000200011388")]
    [InlineData("12345678", 0, "000200010000000004d2162e")]
    [InlineData("123456789", 4, "00030001000000040001" + "0929" + "1a85")]
    [InlineData("1", 5, "0001fffe0000000503e8")]
    [InlineData("10000", 0, "00010001000000000001")]
    public void Numeric(string unscaled, int scale, string hex)
    {
        var value = Core.Numeric.Create(Int128.Parse(unscaled, CultureInfo.InvariantCulture), scale);
        var column = new FixedColumn<Numeric>(SqlType.Numeric, [value], 1);
        Assert.Equal(hex, Hex(column));
        var back = (Numeric)Back(column)!;
        Assert.Equal((value.Unscaled, value.Scale), (back.Unscaled, back.Scale));
    }

    [Fact]
    public void NumericsOfAllSizesComeBack()
    {
        var random = new Random(3);
        for (int i = 0; i < 20_000; i++)
        {
            Int128 unscaled = ((Int128)random.NextInt64() << 55 | random.NextInt64()) >> random.Next(118);
            var value = Core.Numeric.Create(random.Next(2) == 0 ? unscaled : -unscaled, random.Next(30));
            var back = (Numeric)Back(new FixedColumn<Numeric>(SqlType.Numeric, [value], 1))!;
            Assert.Equal((value.Unscaled, value.Scale), (back.Unscaled, back.Scale));
        }
    }

    [Fact]
    public void KnownBytes()
    {
        Assert.Equal("01", Hex(new FixedColumn<bool>(SqlType.Boolean, [true], 1)));
        Assert.Equal("fffe", Hex(new FixedColumn<short>(SqlType.SmallInt, [-2], 1)));
        Assert.Equal("00000000", Hex(new FixedColumn<int>(SqlType.Date, [BinaryWrite.EpochDays], 1)));
        Assert.Equal("0000000000000001", Hex(new FixedColumn<long>(SqlType.TimestampTz, [BinaryWrite.EpochMicros + 1], 1)));
        Assert.Equal("7fffffffffffffff", Hex(new FixedColumn<long>(SqlType.Timestamp, [long.MaxValue], 1)));
        Assert.Equal("00000000000000030000000200000001", Hex(new FixedColumn<Interval>(SqlType.Interval, [new Interval(1, 2, 3)], 1)));
        Assert.Equal("3ff8000000000000", Hex(new FixedColumn<double>(SqlType.Double, [1.5], 1)));
    }

    [Fact]
    public void ArraysWithNulls()
    {
        var builder = (ListBuilder)ColumnBuilder.For(SqlType.ArrayOf(SqlType.Integer));
        ((FixedBuilder<int>)builder.Elements).Append(7);
        builder.Elements.AppendNull();
        builder.EndList();
        Column column = builder.ToColumn();
        Assert.Equal("000000010000000100000017" + "0000000200000001" + "0000000400000007" + "ffffffff", Hex(column));
        var back = (ListSlice)Back(column)!;
        Assert.Equal((2, 7, true), (back.Count, ((FixedColumn<int>)back.Elements).Values[back.Start], back.Elements.IsNull(back.Start + 1)));
    }

    [Fact]
    public void RandomBytesNeverDoMoreThanFail()
    {
        SqlType[] types =
        [
            SqlType.Boolean, SqlType.SmallInt, SqlType.Integer, SqlType.BigInt, SqlType.Real, SqlType.Double, SqlType.Numeric, SqlType.Text,
            SqlType.Bytea, SqlType.Date, SqlType.Time, SqlType.Timestamp, SqlType.TimestampTz, SqlType.Interval, SqlType.Uuid, SqlType.Jsonb,
            SqlType.ArrayOf(SqlType.Integer), SqlType.ArrayOf(SqlType.ArrayOf(SqlType.Text)),
        ];
        var random = new Random(4);
        for (int i = 0; i < 50_000; i++)
        {
            byte[] bytes = new byte[random.Next(40)];
            for (int j = 0; j < bytes.Length; j++)
            {
                bytes[j] = random.Next(3) == 0 ? (byte)random.Next(256) : (byte)random.Next(3);
            }

            foreach (SqlType type in types)
            {
                try
                {
                    BinaryRead.Append(ColumnBuilder.For(type), bytes);
                }
                catch (SqlException)
                {
                    // What it should say.
                }
            }
        }
    }

    private static string Hex(Column column)
    {
        var to = new ByteWriter();
        BinaryWrite.For(column.Type)(to, column, 0);
        return Convert.ToHexStringLower(to.Written);
    }

    private static object? Back(Column column)
    {
        var to = new ByteWriter();
        BinaryWrite.For(column.Type)(to, column, 0);
        ColumnBuilder builder = column.NewBuilder();
        BinaryRead.Append(builder, to.Written);
        return BoxedValue.Get(builder.ToColumn(), 0);
    }
}
