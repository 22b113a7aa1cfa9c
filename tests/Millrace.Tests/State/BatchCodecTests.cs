// The byte form of batches: text that repeats, columns of nothing but nulls, and bytes that are cut or garbled.
using System.Globalization;
using System.Text;
using Millrace.Core;
using Xunit;

namespace Millrace.Tests.State;

public sealed class BatchCodecTests
{
    [Fact]
    public void EveryFormComesBackAsItWent()
    {
        for (int seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            Batch batch = RandomBatch(random, random.Next(4) == 0 ? random.Next(3) : random.Next(1, 700));
            var writer = new ByteWriter(64);
            BatchCodec.Write(writer, batch);
            var reader = new ByteReader(writer.Written);
            Batch read = BatchCodec.Read(ref reader, SchemaOf(batch));
            Assert.True(reader.Remaining == 0 && Text(batch) == Text(read), $"seed {seed}");
        }
    }

    [Fact]
    public void RepeatedTextIsShorterThanItself()
    {
        var values = (BytesBuilder)ColumnBuilder.For(SqlType.Text);
        values.Append("a rather long name of a host"u8);
        values.Append("another one"u8);
        int[] codes = [.. Enumerable.Range(0, 1000).Select(i => i & 1)];
        var batch = new Batch([BytesColumn.FromCodes((BytesColumn)values.ToColumn(), codes, 1000), NullColumns.Of(SqlType.Double, 1000)], 1000);
        var writer = new ByteWriter(64);
        BatchCodec.Write(writer, batch);
        Assert.InRange(writer.Length, 1000, 1100);
    }

    [Fact]
    public void JoinedCodesSayTheSame()
    {
        for (int seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            BytesColumn[] parts = [.. Enumerable.Range(0, random.Next(1, 5)).Select(_ => Coded(random, random.Next(0, 50)))];
            CodedText joined = CodedText.Join(parts)!;
            BytesColumn all = BytesColumn.FromCodes(joined.Values, joined.Codes, joined.Codes.Length);
            string[] expected = [.. parts.SelectMany(p => Enumerable.Range(0, p.Length).Select(r => Encoding.UTF8.GetString(p.Coded!.Values.Span(p.Coded.Codes[r]))))];
            Assert.True(expected.SequenceEqual(Enumerable.Range(0, all.Length).Select(r => Encoding.UTF8.GetString(all.Span(r)))), $"seed {seed}");
        }
    }

    [Fact]
    public void RandomHarmIsRefusedOrReadWithinBounds()
    {
        for (int seed = 0; seed < 2000; seed++)
        {
            var random = new Random(seed);
            Batch batch = RandomBatch(random, random.Next(1, 40));
            var writer = new ByteWriter(64);
            BatchCodec.Write(writer, batch);
            byte[] bytes = writer.Written.ToArray();
            for (int harm = random.Next(3); harm >= 0; harm--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            bytes = bytes[..(random.Next(3) == 0 ? random.Next(bytes.Length) : bytes.Length)];
            try
            {
                var reader = new ByteReader(bytes);
                Batch read = BatchCodec.Read(ref reader, SchemaOf(batch));
                for (int row = 0; row < Math.Min(read.Count, 1000); row++)
                {
                    foreach (Column column in read.Columns)
                    {
                        _ = column.IsNull(row) || (column is BytesColumn text && text.Span(row).Length < 0);
                    }
                }
            }
            catch (FormatException)
            {
                // What it is for.
            }
        }
    }

    private static Schema SchemaOf(Batch batch) => new([.. batch.Columns.Select((c, i) => new Field("c" + i, c.Type))]);

    private static Batch RandomBatch(Random random, int rows) => new(
        [.. Enumerable.Range(0, random.Next(1, 5)).Select(_ => random.Next(4) switch
        {
            0 => NullColumns.Of(random.Next(2) == 0 ? SqlType.Text : SqlType.BigInt, rows),
            1 => Plain(random, rows),
            _ => Coded(random, rows),
        })],
        rows);

    private static Column Plain(Random random, int rows)
    {
        ColumnBuilder builder = ColumnBuilder.For(SqlType.BigInt);
        for (int row = 0; row < rows; row++)
        {
            if (random.Next(5) == 0)
            {
                builder.AppendNull();
            }
            else
            {
                ((FixedBuilder<long>)builder).Append(random.NextInt64());
            }
        }

        return builder.ToColumn();
    }

    private static BytesColumn Coded(Random random, int rows)
    {
        // Up to 256 distinct values take one byte, more take two.
        int distinct = random.Next(3) switch { 0 => 1, 1 => random.Next(1, 10), _ => random.Next(250, 300) };
        var values = (BytesBuilder)ColumnBuilder.For(SqlType.Text);
        for (int i = 0; i < distinct; i++)
        {
            values.Append(Encoding.UTF8.GetBytes(i.ToString(CultureInfo.InvariantCulture) + new string('x', random.Next(20))));
        }

        ulong[]? validity = null;
        if (random.Next(2) == 0)
        {
            validity = new ulong[(rows + 63) >> 6];
            for (int i = 0; i < validity.Length; i++)
            {
                validity[i] = (ulong)random.NextInt64() | ((ulong)random.NextInt64() << 1);
            }
        }

        return BytesColumn.FromCodes((BytesColumn)values.ToColumn(), [.. Enumerable.Range(0, rows).Select(_ => random.Next(distinct))], rows, validity);
    }

    private static string Text(Batch batch) => string.Join(
        '\n', Enumerable.Range(0, batch.Count).Select(row => string.Join('|', batch.Columns.Select(c => TextFormat.ToText(c, row) ?? "null"))));
}
