// The checksum against the RFC's vectors and a bit-by-bit one.
using Millrace.Core.Io;
using Xunit;

namespace Millrace.Tests.Io;

public class Crc32CTests
{
    [Fact]
    public void VectorsOfRfc3720()
    {
        byte[] ascending = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
        byte[] ones = [.. Enumerable.Repeat((byte)0xFF, 32)];
        Assert.Equal(0x8A9136AAu, Crc32C.Of(new byte[32]));
        Assert.Equal(0x62A8AB43u, Crc32C.Of(ones));
        Assert.Equal(0x46DD794Eu, Crc32C.Of(ascending));
        Assert.Equal(0xE3069283u, Crc32C.Of("123456789"u8));
        Assert.Equal(0u, Crc32C.Of([]));
    }

    [Fact]
    public void EveryLengthAndCutEqualsTheBitwiseSum()
    {
        byte[] data = new byte[130];
        new Random(3).NextBytes(data);
        for (int length = 0; length <= data.Length; length++)
        {
            ReadOnlySpan<byte> part = data.AsSpan(0, length);
            uint expected = Bitwise(part);
            Assert.Equal(expected, Crc32C.Of(part));
            int cut = length / 3;
            Assert.Equal(expected, Crc32C.Of(part[cut..], Crc32C.Of(part[..cut])));
        }
    }

    private static uint Bitwise(ReadOnlySpan<byte> data)
    {
        uint crc = ~0u;
        foreach (byte b in data)
        {
            crc ^= b;
            for (int i = 0; i < 8; i++)
            {
                crc = (crc >> 1) ^ ((crc & 1) * 0x82F63B78u);
            }
        }
        return ~crc;
    }
}
