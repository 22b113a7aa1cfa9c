// CSV and COPY text: what PostgreSQL reads, we read, wherever the input is cut.
using System.Text;
using Millrace.Core;
using Millrace.Doors.Formats;
using Millrace.Formats;
using Millrace.Sql;
using Xunit;

namespace Millrace.Tests.Doors.Formats;

public class RowReaderTests
{
    private static readonly Schema IdName = new([new Field("id", SqlType.Integer), new Field("name", SqlType.Text)]);

    [Theory]
    [InlineData("1,a\n2,b\n", "1|a;2|b")]
    [InlineData("1,a\r\n2,b", "1|a;2|b")]
    [InlineData("1,\n2,\"\"\n", "1|NULL;2|")]
    [InlineData("1,\"a,\"\"b\"\"\nc\"\n", "1|a,\"b\"\nc")]
    [InlineData("1,x\"y,z\"w\n", "1|xy,zw")]
    [InlineData(",x\n", "NULL|x")]
    [InlineData("1,a\n\\.\n2,b\n", "1|a")]
    [InlineData("\"1\",\"é\"\n", "1|é")]
    public void Csv(string input, string expected) => EveryCut(RowReader.Csv, input, expected);

    [Theory]
    [InlineData("1\ta\n2\tb\n", "1|a;2|b")]
    [InlineData("1\t\\N\n2\t\n", "1|NULL;2|")]
    [InlineData("1\ta\\tb\\\\c\\nd\n", "1|a\tb\\c\nd")]
    [InlineData("1\ta\\\nb\n", "1|a\nb")]
    [InlineData("1\t\\x41\\102\n", "1|AB")]
    [InlineData("1\ta\r\n2\tb", "1|a;2|b")]
    [InlineData("1\ta\n\\.\n2\tb\n", "1|a")]
    public void Text(string input, string expected) => EveryCut(RowReader.CopyText, input, expected);

    [Fact]
    public void HeaderNamesColumnsInAnyOrderAndLeavesOutSome()
    {
        var reader = new RowReader(IdName, RowReader.Csv, HeaderUse.Match);
        reader.Write("name,id\nx,7\n"u8);
        reader.Complete();
        Assert.Equal("7|x", Show(reader.TakeBatch()));

        reader = new RowReader(IdName, RowReader.Csv, HeaderUse.Match);
        reader.Write("name\nx\n"u8);
        Assert.Equal("NULL|x", Show(reader.TakeBatch()));

        reader = new RowReader(IdName, RowReader.Csv, HeaderUse.Match);
        var error = Assert.Throws<RowException>(() => reader.Write("nam\nx\n"u8));
        Assert.Equal("42703", error.Error.SqlState);
    }

    [Fact]
    public void ABadRowNamesItsLineAndColumnAndKeepsItsNeighbours()
    {
        byte[] input = "1,a\nx,\"b\nb\"\n3,c,d\n4\n5,e\n"u8.ToArray();
        var strict = new RowReader(IdName, RowReader.Csv);
        var error = Assert.Throws<RowException>(() => strict.Write(input));
        Assert.Equal("COPY t, line 2, column id: \"x\"", error.Where("t"));
        Assert.Equal("22P02", error.Error.SqlState);

        var skipped = new List<string>();
        var lenient = new RowReader(IdName, RowReader.Csv, onBadRow: e =>
        {
            skipped.Add($"{e.Line} {e.Column} {e.Error.SqlState}");
            return true;
        });
        lenient.Write(input);
        lenient.Complete();
        Assert.Equal("1|a;5|e", Show(lenient.TakeBatch()));
        Assert.Equal(["2 id 22P02", "4  22P04", "5  22P04"], skipped);
        Assert.Equal(3, lenient.Skipped);
    }

    [Fact]
    public void AQuoteThatNeverClosesIsAnErrorAndTakesNoMoreMemoryThanAllowed()
    {
        var reader = new RowReader(IdName, RowReader.Csv, recordBytesMax: 1000);
        reader.Write("1,\"abc"u8);
        Assert.Equal("22P04", Assert.Throws<RowException>(reader.Complete).Error.SqlState);
        reader = new RowReader(IdName, RowReader.Csv, recordBytesMax: 1000);
        reader.Write("1,\"abc"u8);
        Assert.Equal("54000", Assert.Throws<RowException>(() => reader.Write(new byte[1000])).Error.SqlState);
    }

    [Fact]
    public void NotUtf8IsRefused()
    {
        var reader = new RowReader(IdName, RowReader.Csv);
        Assert.Equal("22021", Assert.Throws<RowException>(() => reader.Write([(byte)'1', (byte)',', 0xC3, (byte)'\n'])).Error.SqlState);
    }

    [Theory]
    [InlineData(CopyKind.Csv)]
    [InlineData(CopyKind.Text)]
    public void WhatIsWrittenReadsBackTheSame(CopyKind kind)
    {
        CopyFormat format = kind == CopyKind.Csv ? RowReader.Csv : RowReader.CopyText;
        var random = new Random(7);
        const string Alphabet = "a,\"\\\n\r\tN.é";
        var builder = new BatchBuilder(IdName);
        for (int i = 0; i < 500; i++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(6)).Select(_ => Alphabet[random.Next(Alphabet.Length)]));
            ((FixedBuilder<int>)builder.Columns[0]).Append(i);
            if (random.Next(5) == 0)
            {
                builder.Columns[1].AppendNull();
            }
            else
            {
                ((BytesBuilder)builder.Columns[1]).Append(Encoding.UTF8.GetBytes(text));
            }

            builder.EndRow();
        }

        Batch batch = builder.ToBatch();
        var to = new ByteWriter();
        var writer = new RowWriter(IdName, format);
        for (int row = 0; row < batch.Count; row++)
        {
            writer.WriteRow(to, batch.Columns, row);
        }

        var reader = new RowReader(IdName, format);
        reader.Write(to.Written);
        reader.Complete();
        Assert.Equal(Show(batch), Show(reader.TakeBatch()));
    }

    private static void EveryCut(CopyFormat format, string input, string expected)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(input);
        for (int cut = 0; cut <= bytes.Length; cut++)
        {
            var reader = new RowReader(IdName, format);
            reader.Write(bytes.AsSpan(0, cut));
            reader.Write(bytes.AsSpan(cut));
            reader.Complete();
            Assert.Equal(expected, Show(reader.TakeBatch()));
        }

        var slow = new RowReader(IdName, format);
        foreach (byte b in bytes)
        {
            slow.Write([b]);
        }

        slow.Complete();
        Assert.Equal(expected, Show(slow.TakeBatch()));
    }

    private static string Show(Batch batch) => string.Join(";", Enumerable.Range(0, batch.Count).Select(row =>
        string.Join("|", batch.Columns.Select(c => BoxedValue.Get(c, row)?.ToString() ?? "NULL"))));
}
