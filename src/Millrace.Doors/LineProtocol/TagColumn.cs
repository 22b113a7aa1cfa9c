// One tag of a measurement: a value for each series, each distinct value kept once.
using Millrace.Core;
using Millrace.Formats;

namespace Millrace.Doors.LineProtocol;

/// <summary>A tag's values by series. Rows name their series, so a tag costs nothing per row until the batch is made.</summary>
internal sealed class TagColumn(string name, SqlType type, int index)
{
    private readonly ByteMap _values = new();
    private int[] _codes = new int[16];

    public string Name { get; } = name;

    public SqlType Type { get; } = type;

    /// <summary>Its column in the stream, or −1 when it is new.</summary>
    public int Index { get; } = index;

    /// <summary>Gives series <paramref name="series"/> a value.</summary>
    public void Set(int series, ReadOnlySpan<byte> value)
    {
        if (series >= _codes.Length)
        {
            Array.Resize(ref _codes, Math.Max(series + 1, _codes.Length * 2));
        }

        _codes[series] = _values.GetOrAdd(value, out _) + 1;
    }

    /// <summary>Forgets what <see cref="Set"/> gave: the line is bad, the series number will be given again.</summary>
    public void Clear(int series)
    {
        if (series < _codes.Length)
        {
            _codes[series] = 0;
        }
    }

    /// <summary>True when the series already has a value.</summary>
    public bool Has(int series) => series < _codes.Length && _codes[series] != 0;

    /// <summary>The values of all rows.</summary>
    /// <param name="series">The series of each row.</param>
    public Column ToColumn(ReadOnlySpan<int> series)
    {
        int[] codes = GC.AllocateUninitializedArray<int>(series.Length);
        ulong[]? validity = null;
        for (int row = 0; row < codes.Length; row++)
        {
            int code = series[row] < _codes.Length ? _codes[series[row]] : 0;
            if (code == 0)
            {
                Validity.SetNull(ref validity, codes.Length, row);
            }

            codes[row] = Math.Max(code - 1, 0);
        }

        (int[] offsets, byte[] bytes) = _values.ToArrays();
        if (_values.Count == 0)
        {
            return NullColumns.Of(Type, codes.Length);
        }

        if (Type.Id == TypeId.Text && Type.Precision < 0)
        {
            return BytesColumn.FromCodes(new BytesColumn(Type, offsets, bytes, _values.Count), codes, codes.Length, validity);
        }

        // Another type: each distinct value is read once. That they can be read was seen to when they came.
        ColumnBuilder values = ColumnBuilder.For(Type);
        for (int i = 0; i < _values.Count; i++)
        {
            TextParse.Append(values, _values[i]);
        }

        Column distinct = values.ToColumn();
        ColumnBuilder rows = ColumnBuilder.For(Type);
        rows.AppendRows(distinct, codes);
        for (int row = 0; row < codes.Length && validity is not null; row++)
        {
            if ((validity[row >> 6] >> row & 1) == 0)
            {
                rows.SetNull(row);
            }
        }

        return rows.ToColumn();
    }
}
