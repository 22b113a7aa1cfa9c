// Columns of nothing but NULL over arrays that all of them share: what rows have in a column that was added later.
using System.Numerics;

namespace Millrace.Core;

/// <summary>Columns of NULLs. They cost next to nothing: their arrays are all zero, never written to, and shared by everybody.</summary>
public static class NullColumns
{
    /// <summary>A column of <paramref name="count"/> NULLs.</summary>
    public static Column Of(SqlType type, int count)
    {
        ulong[] none = Zeros<ulong>.AtLeast((count + 63) >> 6);
        switch (type.Id)
        {
            case TypeId.Boolean: return Fixed<bool>(type, count, none);
            case TypeId.SmallInt: return Fixed<short>(type, count, none);
            case TypeId.Integer or TypeId.Date: return Fixed<int>(type, count, none);
            case TypeId.BigInt or TypeId.Time or TypeId.Timestamp or TypeId.TimestampTz: return Fixed<long>(type, count, none);
            case TypeId.Real: return Fixed<float>(type, count, none);
            case TypeId.Double: return Fixed<double>(type, count, none);
            case TypeId.Numeric: return Fixed<Numeric>(type, count, none);
            case TypeId.Interval: return Fixed<Interval>(type, count, none);
            case TypeId.Uuid: return Fixed<Uuid>(type, count, none);
            case TypeId.Array: return new ListColumn(type, Zeros<int>.AtLeast(count + 1), Column.Empty(type.Element!), count, none);
            case TypeId.Row: return new RowColumn(type, [.. type.Fields!.Select(f => Of(f.Type, count))], count, none);
            default: return new BytesColumn(type, Zeros<int>.AtLeast(count + 1), [], count, none);
        }
    }

    private static FixedColumn<T> Fixed<T>(SqlType type, int count, ulong[] validity)
        where T : unmanaged => new(type, Zeros<T>.AtLeast(count), count, validity);

    private static class Zeros<T>
        where T : unmanaged
    {
        private static T[] _longest = [];

        // Two threads that grow it at once both have a good array; one of them is kept.
        public static T[] AtLeast(int length)
        {
            T[] zeros = _longest;
            return zeros.Length >= length ? zeros : _longest = new T[BitOperations.RoundUpToPowerOf2((uint)Math.Max(length, 64))];
        }
    }
}
