// Text that repeats: the distinct values once, and for each row which of them it has.
namespace Millrace.Core;

/// <summary>The shorter form of a <see cref="BytesColumn"/>. It describes the same rows; null rows have any code.</summary>
/// <param name="Values">The distinct values.</param>
/// <param name="Codes">For each row the index of its value; at least as many as there are rows.</param>
public sealed record CodedText(BytesColumn Values, int[] Codes)
{
    // More distinct values than this are not worth a table: the codes take two bytes at most.
    private const int ValuesMax = 1 << 16;

    /// <summary>Bytes of a code in a log record.</summary>
    public int CodeBytes => Values.Length <= 1 << 8 ? 1 : Values.Length <= 1 << 16 ? 2 : 4;

    /// <summary>Bytes held by it.</summary>
    public long Bytes => (Codes.Length * 4L) + Values.Bytes;

    /// <summary>True when writing it takes clearly less room than the text of <paramref name="count"/> rows in full.</summary>
    public bool IsShorter(BytesColumn column, int count)
    {
        long coded = ((long)count * CodeBytes) + (Values.Length * 4L) + Values.Offsets[Values.Length];
        return coded < ((count * 4L) + column.BytesOf(0, count)) / 2;
    }

    /// <summary>
    /// Several columns one after the other as one that knows its codes; null when one of them does not know its own, or together they have too many values.
    /// </summary>
    public static BytesColumn? JoinColumns(IReadOnlyList<BytesColumn> columns)
    {
        if (Join(columns) is not { } coded)
        {
            return null;
        }

        ulong[]? validity = null;
        int at = 0;
        foreach (BytesColumn column in columns)
        {
            for (int row = 0; column.Validity is not null && row < column.Length; row++)
            {
                if (column.IsNull(row))
                {
                    Validity.SetNull(ref validity, coded.Codes.Length, at + row);
                }
            }

            at += column.Length;
        }

        return BytesColumn.FromCodes(coded.Values, coded.Codes, coded.Codes.Length, validity);
    }

    /// <summary>The codes of several columns one after the other, or null when one of them has none or together they have too many values.</summary>
    public static CodedText? Join(IReadOnlyList<BytesColumn> columns)
    {
        var known = new Dictionary<ByteSlice, int>();
        var values = (BytesBuilder)ColumnBuilder.For(columns[0].Type);
        int[] codes = new int[columns.Sum(c => c.Length)];
        int at = 0;
        foreach (BytesColumn column in columns)
        {
            if (column.Coded is not { } coded)
            {
                return null;
            }

            int[] map = new int[coded.Values.Length];
            for (int v = 0; v < map.Length; v++)
            {
                ByteSlice value = coded.Values.Slice(v);
                if (!known.TryGetValue(value, out map[v]))
                {
                    known.Add(value, map[v] = values.Count);
                    values.Append(value);
                }
            }

            if (values.Count > ValuesMax)
            {
                return null;
            }

            for (int row = 0; row < column.Length; row++)
            {
                codes[at++] = map[coded.Codes[row]];
            }
        }

        return new CodedText((BytesColumn)values.ToColumn(), codes);
    }
}
