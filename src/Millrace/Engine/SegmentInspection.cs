// Looks into segments: which codecs hold a column and what a value costs, and whether every checksum holds.
using Millrace.Core;
using Millrace.Core.Io;
using Millrace.Sql;
using Millrace.Store.Segments;

namespace Millrace.Engine;

/// <summary>Reports over stored segments; reads all of their blocks.</summary>
internal static class SegmentInspection
{
    /// <exception cref="SqlException">XX001: one of them is damaged.</exception>
    public static IReadOnlyList<ColumnReport> Columns(CatalogObject o, IReadOnlyList<StoredSegment> segments)
    {
        int width = o.Columns.Count;
        var codecs = new SortedDictionary<string, int>[width + 1];
        long[] bytes = new long[width + 1];
        long[] filters = new long[width + 1];
        for (int c = 0; c <= width; c++)
        {
            codecs[c] = new SortedDictionary<string, int>(StringComparer.Ordinal);
        }

        foreach (StoredSegment stored in segments)
        {
            List<(SortedDictionary<string, int> Codecs, long Bytes, long FilterBytes)> columns = Describe(stored);
            for (int c = 0; c < columns.Count; c++)
            {
                int at = c == columns.Count - 1 ? width : c;
                bytes[at] += columns[c].Bytes;
                filters[at] += columns[c].FilterBytes;
                foreach ((string name, int blocks) in columns[c].Codecs)
                {
                    codecs[at][name] = codecs[at].GetValueOrDefault(name) + blocks;
                }
            }
        }

        long rows = segments.Sum(s => s.Info.Rows);
        return [.. Enumerable.Range(0, width + 1).Select(c => c < width
            ? new ColumnReport(o.Columns[c].Name, o.Columns[c].Type.ToString(), rows, bytes[c], filters[c], codecs[c])
            : new ColumnReport("(offset)", "bigint", rows, bytes[c], filters[c], codecs[c]))];
    }

    /// <summary>Compares every checksum of a segment; returns what is wrong, in sentences.</summary>
    public static List<string> Verify(StoredSegment stored)
    {
        var damage = new List<CorruptionException>();
        try
        {
            stored.Open().Verify(damage);
        }
        catch (Exception e) when (e is SqlException or DiskException)
        {
            return [e.Message];
        }

        return [.. damage.Select(d => d.Message)];
    }

    private static List<(SortedDictionary<string, int> Codecs, long Bytes, long FilterBytes)> Describe(StoredSegment stored)
    {
        try
        {
            return stored.Open().Describe();
        }
        catch (CorruptionException e)
        {
            throw stored.Note(e);
        }
    }
}
