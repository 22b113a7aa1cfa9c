// Which shard a row belongs to: a hash of one column that is the same in every process and on every machine, as checkpoints depend on it.
using System.Buffers.Binary;
using System.Numerics;
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>
/// Parts rows into shards by the value of a column. Written down in checkpoints by what lies in which shard: never change it. Whoever picks keys can fill one
/// shard with them; that costs him speed and nothing else, as the index inside a shard hashes with secret seeds.
/// </summary>
internal static class ShardHash
{
    /// <summary>How many shards there are; a power of two.</summary>
    public const int Shards = 8;

    private const int Bits = 3;
    private const ulong Golden = 0x9E37_79B9_7F4A_7C15;

    /// <summary>The shard of each row. Null belongs to the first.</summary>
    public static void Of(Column column, int rows, byte[] shards)
    {
        switch (column)
        {
            case FixedColumn<long> c:
                OfIntegers(c.Values.AsSpan(0, rows), shards);
                break;
            case FixedColumn<int> c:
                OfIntegers(c.Values.AsSpan(0, rows), shards);
                break;
            case FixedColumn<short> c:
                OfIntegers(c.Values.AsSpan(0, rows), shards);
                break;
            case FixedColumn<Uuid> c:
                for (int i = 0; i < rows; i++)
                {
                    shards[i] = Of(c.Values[i].Hi ^ (c.Values[i].Lo * Golden));
                }

                break;
            case BytesColumn { Coded: { } coded }:
                byte[] byCode = new byte[coded.Values.Length];
                for (int v = 0; v < byCode.Length; v++)
                {
                    byCode[v] = Of(coded.Values.Span(v));
                }

                for (int i = 0; i < rows; i++)
                {
                    shards[i] = byCode.Length == 0 ? (byte)0 : byCode[coded.Codes[i]];
                }

                break;
            case BytesColumn c:
                for (int i = 0; i < rows; i++)
                {
                    shards[i] = Of(c.Span(i));
                }

                break;
            default:
                throw new BugException($"BUG: no shards by {column.Type}");
        }

        for (int i = 0; column.Validity is not null && i < rows; i++)
        {
            if (column.IsNull(i))
            {
                shards[i] = 0;
            }
        }
    }

    private static void OfIntegers<T>(ReadOnlySpan<T> values, byte[] shards)
        where T : unmanaged, IBinaryInteger<T>
    {
        for (int i = 0; i < values.Length; i++)
        {
            shards[i] = Of(ulong.CreateTruncating(values[i]));
        }
    }

    private static byte Of(ulong value) => (byte)((value ^ (value >> 32)) * Golden >> (64 - Bits));

    private static byte Of(ReadOnlySpan<byte> bytes)
    {
        ulong hash = (ulong)bytes.Length;
        while (bytes.Length >= 8)
        {
            hash = Mix(hash ^ BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[8..];
        }

        ulong rest = 0;
        foreach (byte b in bytes)
        {
            rest = (rest << 8) | b;
        }

        return Of(Mix(hash ^ rest));
    }

    private static ulong Mix(ulong value)
    {
        value *= Golden;
        return value ^ (value >> 29);
    }
}
