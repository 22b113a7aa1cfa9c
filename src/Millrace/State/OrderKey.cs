// Up to two order columns of a row as two words: compared without looking at columns.
using System.Runtime.CompilerServices;
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>The values of the order columns; the smaller key comes first.</summary>
internal struct OrderKey
{
    public ulong First;
    public ulong Second;
    public byte FirstRank; // 0 a null before all values, 1 a value, 2 a null behind them
    public byte SecondRank;

    /// <summary>Columns that a key can hold.</summary>
    public const int ColumnsMax = 2;

    /// <summary>Below 0 when this comes before the other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly int CompareTo(in OrderKey other) =>
        FirstRank != other.FirstRank ? FirstRank - other.FirstRank
        : First != other.First ? (First < other.First ? -1 : 1)
        : SecondRank != other.SecondRank ? SecondRank - other.SecondRank
        : Second != other.Second ? (Second < other.Second ? -1 : 1)
        : 0;

    /// <summary>True when values of the type fit into a word and are equal only when they are the same.</summary>
    public static bool Fits(SqlType type) => type.Id is TypeId.Boolean or TypeId.SmallInt or TypeId.Integer or TypeId.BigInt or TypeId.Date
        or TypeId.Time or TypeId.Timestamp or TypeId.TimestampTz;

    /// <summary>The keys of all rows of a batch.</summary>
    public static void Fill(Batch batch, IReadOnlyList<SortKey> order, OrderKey[] keys)
    {
        Array.Clear(keys, 0, batch.Count);
        for (int k = 0; k < order.Count; k++)
        {
            Column column = batch.Columns[order[k].Column];
            ulong flip = order[k].Descending ? ulong.MaxValue : 0;
            byte none = order[k].NullsFirst ? (byte)0 : (byte)2;
            bool second = k == 1;
            switch (column)
            {
                case FixedColumn<long> c: Fill<long, Int64Bits>(c, flip, none, second, keys.AsSpan(0, batch.Count)); break;
                case FixedColumn<int> c: Fill<int, Int32Bits>(c, flip, none, second, keys.AsSpan(0, batch.Count)); break;
                case FixedColumn<short> c: Fill<short, Int16Bits>(c, flip, none, second, keys.AsSpan(0, batch.Count)); break;
                case FixedColumn<bool> c: Fill<bool, BooleanBits>(c, flip, none, second, keys.AsSpan(0, batch.Count)); break;
                default: Check.Fail($"no order key of {column.Type}"); break;
            }
        }
    }

    private static void Fill<T, TBits>(FixedColumn<T> column, ulong flip, byte none, bool second, Span<OrderKey> keys)
        where T : unmanaged
        where TBits : struct, IOrderedBits<T>
    {
        for (int i = 0; i < keys.Length; i++)
        {
            bool isNull = column.IsNull(i);
            ulong word = isNull ? 0 : TBits.To(column.Values[i]) ^ flip;
            byte rank = isNull ? none : (byte)1;
            if (second)
            {
                keys[i].Second = word;
                keys[i].SecondRank = rank;
            }
            else
            {
                keys[i].First = word;
                keys[i].FirstRank = rank;
            }
        }
    }
}
