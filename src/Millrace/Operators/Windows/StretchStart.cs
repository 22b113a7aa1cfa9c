// Where the rows begin that a change may touch, and the rows before them that their frames reach back to.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>Walks back from a change as far as the calls of an operator look ahead, and from there as far as they look back.</summary>
internal sealed class StretchStart(OrderedPartitions partitions, Schema input, IReadOnlyList<SortKey> orderBy, IReadOnlyList<WindowReach> reaches)
{
    private readonly bool _peers = reaches.Any(r => r.Peers);
    private readonly int _aheadRows = reaches.Where(r => r.Unit == FrameUnit.Rows).Select(r => r.Ahead).DefaultIfEmpty(0).Max();
    private readonly int _aheadGroups = reaches.Where(r => r.Unit == FrameUnit.Groups).Select(r => r.Ahead + 1).DefaultIfEmpty(0).Max();
    private readonly LiteralExpr[] _aheadBy = [.. reaches.Select(r => r.AheadBy).OfType<LiteralExpr>()];
    private readonly int _backRows = reaches.Where(r => r.Unit == FrameUnit.Rows).Select(r => r.Back + 1).DefaultIfEmpty(0).Max();
    private readonly int _backGroups = reaches.Where(r => r.Unit == FrameUnit.Groups).Select(r => r.Back + 1).DefaultIfEmpty(0).Max();
    private readonly LiteralExpr[] _backBy = [.. reaches.Select(r => r.BackBy).OfType<LiteralExpr>()];
    private readonly BatchBuilder _row = new(input);
    private readonly byte[] _prefix = new byte[OrderedPartitions.PrefixLength];

    /// <summary>The first entry that may have other values because of a change; the change itself when none before it has.</summary>
    public byte[] Touched(int slot, ReadOnlySpan<byte> change) => Back(slot, change, _aheadRows, _aheadGroups, _aheadBy);

    /// <summary>The first entry that must be read to work out those from <paramref name="touched"/> on.</summary>
    public byte[] Needed(int slot, byte[] touched) => Back(slot, touched, _backRows, _backGroups, _backBy);

    private byte[] Back(int slot, ReadOnlySpan<byte> entry, int rows, int groups, LiteralExpr[] distances)
    {
        OrderedPartitions.Prefix(slot, _prefix);
        byte[] first = entry.ToArray();
        OrderedRows.Cursor start = partitions.Rows.Seek(entry);
        OrderedRows.Cursor at = start;
        at.Previous();
        for (long left = rows; left > 0 && at.At(_prefix); at.Previous())
        {
            left -= at.Weight;
            first = at.Key.ToArray();
        }

        foreach (LiteralExpr distance in distances)
        {
            first = Earlier(first, Within(start, entry, distance));
        }

        first = groups > 0 ? Earlier(first, Groups(start, entry, groups)) : first;
        return _peers ? Groups(partitions.Rows.Seek(first), first, 0) : first;
    }

    private static byte[] Earlier(byte[] a, byte[] b) => a.AsSpan().SequenceCompareTo(b) <= 0 ? a : b;

    // The first entry of the group of peers that lies so many before the entry's own.
    private byte[] Groups(OrderedRows.Cursor at, ReadOnlySpan<byte> entry, int groups)
    {
        byte[] first = entry.ToArray();
        byte[] order = OrderedPartitions.OrderPart(entry).ToArray();
        for (at.Previous(); at.At(_prefix); at.Previous())
        {
            ReadOnlySpan<byte> peers = OrderedPartitions.OrderPart(at.Key);
            if (!peers.SequenceEqual(order))
            {
                if (groups-- == 0)
                {
                    break;
                }

                order = peers.ToArray();
            }

            first = at.Key.ToArray();
        }

        return first;
    }

    private byte[] Within(OrderedRows.Cursor at, ReadOnlySpan<byte> entry, LiteralExpr distance)
    {
        byte[] first = entry.ToArray();
        SqlType type = input[orderBy[0].Column].Type;
        int sign = orderBy[0].Descending ? -1 : 1;
        bool whole = WindowKeys.IsWhole(type);
        Int128 limit = whole ? WindowKeys.WholeDistance(distance) : 0;
        double realLimit = whole ? 0 : WindowKeys.Distance(distance, type);
        Column key = Key(entry);
        if (key.IsNull(0))
        {
            return first; // null has peers, and nothing else is near it
        }

        Int128 from = whole ? WindowKeys.Whole(key, 0) : 0;
        double realFrom = whole ? 0 : WindowKeys.Real(key, 0);
        for (at.Previous(); at.At(_prefix); at.Previous())
        {
            key = Key(at.Key);
            if (key.IsNull(0) || (whole ? sign * (from - WindowKeys.Whole(key, 0)) > limit : sign * (realFrom - WindowKeys.Real(key, 0)) > realLimit))
            {
                break;
            }

            first = at.Key.ToArray();
        }

        return first;
    }

    private Column Key(ReadOnlySpan<byte> entry)
    {
        _row.Reset();
        partitions.Decode(entry, _row.Columns);
        _row.EndRow();
        return _row.View().Columns[orderBy[0].Column];
    }
}
