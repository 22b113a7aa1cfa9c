// Decoders under damaged and random bytes: they throw FormatException or give the right number of values, and nothing else happens.
using Millrace.Core;
using Millrace.Store.Codecs;
using Xunit;

namespace Millrace.Tests.Store;

public class CodecFuzzTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void DamagedBlocksAreRefusedOrRead(int seed)
    {
        var random = new Random(seed);
        foreach (SqlType type in CodecData.Types)
        {
            foreach (Shape shape in Enum.GetValues<Shape>())
            {
                int rows = random.Next(1, 700);
                Column column = CodecData.Make(type, shape, rows, random.Next(3) * 0.2, random);
                var writer = new ByteWriter();
                BlockCodec.Encode(column, 0, rows, writer);
                byte[] block = writer.Written.ToArray();
                for (int round = 0; round < 60; round++)
                {
                    byte[] damaged = Damage(block, random);
                    Try(damaged, type, random.Next(4) == 0 ? random.Next(1, 2000) : rows, $"seed {seed}, {type}, {shape}, round {round}");
                }
            }
        }
    }

    [Fact]
    public void RandomBytesAreRefusedOrRead()
    {
        var random = new Random(7);
        byte[] ids = [.. CodecTable.All.Select(c => c.Id)];
        for (int round = 0; round < 20_000; round++)
        {
            byte[] bytes = new byte[random.Next(80)];
            random.NextBytes(bytes);

            // Ids and small numbers now and then, so that the bytes come past the first check.
            for (int i = 0; i < bytes.Length; i++)
            {
                bytes[i] = random.Next(3) switch { 0 => ids[random.Next(ids.Length)], 1 => (byte)random.Next(4), _ => bytes[i] };
            }

            Try(bytes, CodecData.Types[random.Next(CodecData.Types.Length)], random.Next(1, 600), $"round {round}");
        }
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    public void DamagedNumbersWriteNowhereElse(int seed)
    {
        const int Margin = 64;
        const long Canary = 0x5A5A_0123_4567_89AB;
        var random = new Random(seed);
        foreach (Shape shape in Enum.GetValues<Shape>())
        {
            foreach (int length in new[] { 1, 7, 40, 255, 256, 600, 5000 })
            {
                bool floats = random.Next(2) == 0;
                long[] values = floats
                    ? [.. CodecData.Integers(shape, random).Take(length).Select(v => BitConverter.DoubleToInt64Bits(v / 100.0))]
                    : [.. CodecData.Integers(shape, random).Take(length)];
                byte[] block = Encode(values, floats);
                long[] into = new long[length + (2 * Margin)];
                for (int round = 0; round < 60; round++)
                {
                    Array.Fill(into, Canary);
                    try
                    {
                        var reader = new ByteReader(Damage(block, random));
                        Decode(ref reader, floats, into.AsSpan(Margin, length));
                    }
                    catch (FormatException)
                    {
                        // What a decoder says to bytes that are no block.
                    }

                    Assert.True(into.AsSpan(0, Margin).IndexOfAnyExcept(Canary) < 0, $"before the values: seed {seed}, {shape}, {length}, round {round}");
                    Assert.True(into.AsSpan(Margin + length).IndexOfAnyExcept(Canary) < 0, $"behind the values: seed {seed}, {shape}, {length}, round {round}");
                }
            }
        }
    }

    private static byte[] Encode(long[] values, bool floats)
    {
        var writer = new ByteWriter();
        if (floats)
        {
            using var profile = new FloatProfile(values, single: false);
            FloatBlock.Encode(profile, writer);
        }
        else
        {
            IntegerBlock.Encode(values, writer);
        }

        return writer.Written.ToArray();
    }

    private static void Decode(ref ByteReader reader, bool floats, Span<long> into)
    {
        if (floats)
        {
            FloatBlock.Decode(ref reader, single: false, into);
        }
        else
        {
            IntegerBlock.Decode(ref reader, into);
        }
    }

    private static void Try(byte[] block, SqlType type, int rows, string what)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            ColumnBuilder builder = ColumnBuilder.For(type);
            BlockCodec.Decode(block, type, rows, builder);
            Assert.True(builder.Count == rows, what);
            Touch(builder.ToColumn());
        }
        catch (FormatException)
        {
            // What a decoder says to bytes that are no block.
        }
        catch (Exception e) when (e is not Xunit.Sdk.XunitException)
        {
            Assert.Fail($"{what}: {e}");
        }

        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated < 4_000_000 + (8L * rows * (block.Length + 100)), $"{what}: {allocated} bytes allocated for {rows} rows from {block.Length} bytes");
        try
        {
            BlockCodec.Describe(block);
        }
        catch (FormatException)
        {
            // As above.
        }
    }

    // Reads every value, so that an offset outside its data would show.
    private static void Touch(Column column)
    {
        switch (column)
        {
            case BytesColumn c:
                for (int i = 0; i < c.Length; i++)
                {
                    _ = c.Span(i).Length;
                }

                break;
            case ListColumn c:
                Assert.True(c.Offsets[c.Length] <= c.Elements.Length);
                Touch(c.Elements);
                break;
            case RowColumn c:
                Array.ForEach(c.Fields, Touch);
                break;
        }
    }

    private static byte[] Damage(byte[] block, Random random)
    {
        switch (random.Next(4))
        {
            case 0: return block[..random.Next(block.Length)];
            case 1: return [.. block, .. new byte[random.Next(1, 20)]];
            default:
                byte[] damaged = [.. block];
                for (int i = random.Next(1, 4); i > 0; i--)
                {
                    // Most of the structure stands at the beginning.
                    int at = random.Next(2) == 0 ? random.Next(Math.Min(24, damaged.Length)) : random.Next(damaged.Length);
                    damaged[at] = random.Next(2) == 0 ? (byte)random.Next(256) : (byte)(damaged[at] ^ (1 << random.Next(8)));
                }

                return damaged;
        }
    }
}
