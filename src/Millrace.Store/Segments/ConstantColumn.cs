// Columns whose rows all hold one value, made of a zone map, in memory that is used again.
using Millrace.Core;

namespace Millrace.Store.Segments;

/// <summary>Gives columns of one value; the last one given is lent until the next is asked for.</summary>
internal sealed class ConstantColumn
{
    private Column? _last;
    private byte[] _value = [];

    /// <summary>A column of <paramref name="rows"/> rows that hold the only value within the bounds; null where the bounds do not give it.</summary>
    public Column? Of(SqlType type, in ZoneMap zone, int rows)
    {
        switch (zone.Kind, type.Id)
        {
            case (ZoneKind.Integer, TypeId.SmallInt):
                return Fixed(type, (short)zone.Min, rows);
            case (ZoneKind.Integer, TypeId.Integer or TypeId.Date):
                return Fixed(type, (int)zone.Min, rows);
            case (ZoneKind.Integer, TypeId.BigInt or TypeId.Time or TypeId.Timestamp or TypeId.TimestampTz):
                return Fixed(type, zone.Min, rows);
            case (ZoneKind.Bytes, TypeId.Text):
                return Text(type, zone.MinBytes!, rows);
            default:
                return null;
        }
    }

    private Column Fixed<T>(SqlType type, T value, int rows)
        where T : unmanaged, IEquatable<T>
    {
        if (_last is FixedColumn<T> last && last.Length >= rows && last.Values[0].Equals(value) && last.Type.SameAs(type))
        {
            return last.Prefix(rows);
        }

        T[] values = _last is FixedColumn<T> old && old.Values.Length >= rows ? old.Values : new T[rows];
        Array.Fill(values, value);
        return (_last = new FixedColumn<T>(type, values, values.Length) { IsConstant = true }).Prefix(rows);
    }

    private Column Text(SqlType type, byte[] value, int rows)
    {
        bool same = _value.AsSpan().SequenceEqual(value);
        if (same && _last is BytesColumn last && last.Length >= rows && last.Type.SameAs(type))
        {
            return last.Prefix(rows);
        }

        int[] offsets = _last is BytesColumn old && _value.Length == value.Length && old.Length >= rows ? old.Offsets : OffsetsOf(value.Length, rows);
        int held = offsets.Length - 1;
        byte[] data = _last is BytesColumn older && older.Data.Length >= held * value.Length ? older.Data : new byte[held * value.Length];
        Fill(data.AsSpan(0, held * value.Length), value);
        _value = value;
        return (_last = new BytesColumn(type, offsets, data, held) { IsConstant = true }).Prefix(rows);
    }

    private static int[] OffsetsOf(int length, int rows)
    {
        int[] offsets = new int[rows + 1];
        for (int i = 1; i < offsets.Length; i++)
        {
            offsets[i] = offsets[i - 1] + length;
        }

        return offsets;
    }

    // What is there is copied behind itself, twice as much each time.
    private static void Fill(Span<byte> data, ReadOnlySpan<byte> value)
    {
        if (data.Length == 0)
        {
            return;
        }

        value.CopyTo(data);
        for (int done = value.Length; done < data.Length; done *= 2)
        {
            int count = Math.Min(done, data.Length - done);
            data[..count].CopyTo(data[done..]);
        }
    }
}
