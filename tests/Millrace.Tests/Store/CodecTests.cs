// Each codec by itself, whether or not it would be chosen: all that it says it can take comes back to the bit, in about the room it said.
using System.Runtime.InteropServices;
using Millrace.Core;
using Millrace.Store.Codecs;
using Xunit;

namespace Millrace.Tests.Store;

public class CodecTests
{
    private static readonly int[] s_lengths = [1, 2, 3, 4, 5, 31, 64, 255, 256, 257, 1023, 1500, 5000];

    public static TheoryData<string> IntegerCodecs => [.. CodecTable.Integers.Select(c => c.Name)];

    public static TheoryData<string> FloatCodecs => [.. CodecTable.Floats.Select(c => c.Name)];

    public static TheoryData<string> TextCodecs => [.. CodecTable.Texts.Select(c => c.Name)];

    [Theory]
    [MemberData(nameof(IntegerCodecs))]
    public void IntegersComeBack(string name)
    {
        IntegerCodec codec = CodecTable.Integers.Single(c => c.Name == name);
        int fitted = 0;
        foreach (Shape shape in Enum.GetValues<Shape>())
        {
            foreach (int length in s_lengths)
            {
                long[] values = [.. CodecData.Integers(shape, new Random(length)).Take(length)];
                for (int depth = 0; depth <= IntegerBlock.DepthMax; depth++)
                {
                    using var profile = new IntegerProfile(values);
                    profile.Choose(depth);
                    double estimate = codec.Estimate(profile, depth);
                    if (double.IsPositiveInfinity(estimate))
                    {
                        continue;
                    }

                    string what = $"{name}, {shape}, {length} values, depth {depth}";
                    var writer = new ByteWriter();
                    codec.Encode(profile, writer, depth);
                    AssertNear(estimate, writer.Length, what);
                    var reader = new ByteReader(writer.Written);
                    long[] found = new long[length];
                    codec.Decode(ref reader, found, depth);
                    Assert.True(reader.Remaining == 0, what);
                    Assert.True(values.AsSpan().SequenceEqual(found), what);
                    fitted++;
                }
            }
        }

        Assert.True(fitted > 10, $"{name} fits {fitted} of the sequences");
    }

    [Theory]
    [MemberData(nameof(FloatCodecs))]
    public void FloatsComeBack(string name)
    {
        FloatCodec codec = CodecTable.Floats.Single(c => c.Name == name);
        int fitted = 0;
        foreach (Shape shape in Enum.GetValues<Shape>())
        {
            foreach (int length in s_lengths)
            {
                foreach (bool single in new[] { false, true })
                {
                    Column column = CodecData.Make(single ? SqlType.Real : SqlType.Double, shape, length, 0, new Random(length));
                    long[] bits = column is FixedColumn<double> d
                        ? MemoryMarshal.Cast<double, long>(d.Values.AsSpan(0, length)).ToArray()
                        : [.. ((FixedColumn<float>)column).Values.Take(length).Select(v => (long)BitConverter.SingleToUInt32Bits(v))];
                    using var profile = new FloatProfile(bits, single);
                    double estimate = codec.Estimate(profile);
                    if (double.IsPositiveInfinity(estimate))
                    {
                        continue;
                    }

                    string what = $"{name}, {shape}, {length} values, single {single}";
                    var writer = new ByteWriter();
                    codec.Encode(profile, writer);
                    AssertNear(estimate, writer.Length, what);
                    var reader = new ByteReader(writer.Written);
                    long[] found = new long[length];
                    codec.Decode(ref reader, single, found);
                    Assert.True(reader.Remaining == 0, what);
                    Assert.True(bits.AsSpan().SequenceEqual(found), what);
                    fitted++;
                }
            }
        }

        Assert.True(fitted > 10, $"{name} fits {fitted} of the sequences");
    }

    [Theory]
    [MemberData(nameof(TextCodecs))]
    public void TextsComeBack(string name)
    {
        TextCodec codec = CodecTable.Texts.Single(c => c.Name == name);
        int fitted = 0;
        foreach (Shape shape in Enum.GetValues<Shape>())
        {
            foreach (int length in s_lengths)
            {
                var column = (BytesColumn)CodecData.Make(SqlType.Bytea, shape, length, 0, new Random(length));
                using var profile = new TextProfile(column, Enumerable.Range(0, length).ToArray());
                double estimate = codec.Estimate(profile);
                if (double.IsPositiveInfinity(estimate))
                {
                    continue;
                }

                string what = $"{name}, {shape}, {length} values";
                var writer = new ByteWriter();
                codec.Encode(profile, writer);
                AssertNear(estimate, writer.Length, what);
                var reader = new ByteReader(writer.Written);
                int[] lengths = new int[length];
                var found = (BytesBuilder)ColumnBuilder.For(SqlType.Bytea);
                codec.Decode(ref reader, lengths, found);
                found.CommitRows(lengths);
                Assert.True(reader.Remaining == 0, what);
                CodecData.AssertSame(column, 0, length, found.ToColumn(), 0, what);
                fitted++;
            }
        }

        Assert.True(fitted > 10, $"{name} fits {fitted} of the sequences");
    }

    // A choice by estimates is only as good as they are.
    private static void AssertNear(double estimateBits, int bytes, string what) =>
        Assert.True(bytes <= (estimateBits / 8 * 1.5) + 64, $"{what}: {bytes} bytes, estimated {estimateBits / 8:F0}");
}
