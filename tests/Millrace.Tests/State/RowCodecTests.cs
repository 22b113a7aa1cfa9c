// The row codec against SQL's order and against itself: bytes compare as rows do, and decode to what was encoded.
using Millrace.Core;
using Millrace.Engine;
using Millrace.Tests.Reference;
using Xunit;

namespace Millrace.Tests.State;

public sealed class RowCodecTests
{
    [Fact]
    public void BytesCompareAsRowsDo()
    {
        for (int seed = 0; seed < 150; seed++)
        {
            var random = new Random(seed);
            (Batch batch, SqlType[] types) = RandomBatch(random, 40, 2);
            bool[] descending = [random.Next(2) == 0, random.Next(2) == 0];
            bool[] nullsFirst = [random.Next(2) == 0, random.Next(2) == 0];
            var codec = new RowCodec(types, random.Next(2) == 0, descending, nullsFirst);
            var rows = new EncodedRows();
            codec.Encode(batch, rows);
            for (int i = 0; i < batch.Count; i++)
            {
                for (int j = 0; j < batch.Count; j++)
                {
                    int expected = 0;
                    for (int c = 0; c < 2 && expected == 0; c++)
                    {
                        object? a = SqlOrder.Value(batch.Columns[c], i);
                        object? b = SqlOrder.Value(batch.Columns[c], j);
                        expected = a is null || b is null
                            ? (a is null).CompareTo(b is null) * (nullsFirst[c] ? -1 : 1)
                            : SqlOrder.Compare(a, b) * (descending[c] ? -1 : 1);
                    }

                    int found = rows.Key(i).SequenceCompareTo(rows.Key(j));
                    Assert.True(Math.Sign(expected) == Math.Sign(found), $"seed {seed} rows {i} {j}: {types[0]}, {types[1]}");
                }
            }
        }
    }

    [Fact]
    public void ExactRowsDecodeToWhatTheyWere()
    {
        for (int seed = 0; seed < 150; seed++)
        {
            var random = new Random(seed);
            (Batch batch, SqlType[] types) = RandomBatch(random, 60, 3);
            bool[] descending = [random.Next(2) == 0, random.Next(2) == 0, false];
            var codec = new RowCodec(types, exact: true, descending);
            var rows = new EncodedRows();
            codec.Encode(batch, rows);
            ColumnBuilder[] builders = Array.ConvertAll(types, ColumnBuilder.For);
            codec.Decode(rows, builders);
            for (int c = 0; c < types.Length; c++)
            {
                Column back = builders[c].View();
                for (int i = 0; i < batch.Count; i++)
                {
                    Assert.Equal(SqlOrder.Exact(SqlOrder.Value(batch.Columns[c], i)), SqlOrder.Exact(SqlOrder.Value(back, i)));
                }
            }
        }
    }

    [Fact]
    public void KeysDecodeToEqualValuesAndDelimitThemselves()
    {
        for (int seed = 0; seed < 100; seed++)
        {
            var random = new Random(seed);
            (Batch batch, SqlType[] types) = RandomBatch(random, 40, 2);
            var codec = new RowCodec(types, exact: false);
            var rows = new EncodedRows();
            codec.Encode(batch, rows);
            ColumnBuilder[] builders = Array.ConvertAll(types, ColumnBuilder.For);
            int at = 0;
            for (int i = 0; i < rows.Count; i++)
            {
                at += codec.Decode(rows.Data.AsSpan(at), builders);
                Assert.Equal(rows.Offsets[i + 1], at);
            }

            for (int c = 0; c < types.Length; c++)
            {
                Column back = builders[c].View();
                for (int i = 0; i < batch.Count; i++)
                {
                    Assert.Equal(0, SqlOrder.Compare(SqlOrder.Value(batch.Columns[c], i), SqlOrder.Value(back, i)));
                }
            }
        }
    }

    private static (Batch Batch, SqlType[] Types) RandomBatch(Random random, int rows, int columns)
    {
        SqlType[] types = Enumerable.Range(0, columns).Select(_ => RandomRows.Type(random)).ToArray();
        double nulls = random.Next(2) == 0 ? 0 : 0.2;
        ColumnBuilder[] builders = Array.ConvertAll(types, ColumnBuilder.For);
        for (int i = 0; i < rows; i++)
        {
            foreach (ColumnBuilder builder in builders)
            {
                RandomRows.Append(builder, random, nulls);
            }
        }

        return (new Batch(Array.ConvertAll(builders, b => b.ToColumn()), rows), types);
    }
}
