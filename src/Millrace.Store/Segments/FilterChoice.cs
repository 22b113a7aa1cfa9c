// Which columns of a segment get a filter: those in which it saves reading most groups, and costs little beside what it saves.
using System.Buffers;
using Millrace.Core;
using Millrace.Core.Io;
using Millrace.Store.Codecs;

namespace Millrace.Store.Segments;

/// <summary>Judges a column whose blocks are written, and makes its filter of them.</summary>
internal static class FilterChoice
{
    private const int RowsMin = 16_384;
    private const int GroupsMin = 4;

    // Longer text is searched, not compared.
    private const int TextBytesMax = 64;

    // Bounds of so many groups are looked at to see whether bounds are enough.
    private const int Samples = 64;

    /// <summary>True for types whose values are looked for one by one.</summary>
    public static bool Suits(SqlType type) => type.Id is TypeId.Text or TypeId.BigInt or TypeId.Uuid;

    /// <summary>Writes the filter of a column; null when it gets none. Its place in the file is not known yet.</summary>
    /// <param name="column">Which.</param>
    /// <param name="type">Its type.</param>
    /// <param name="groups">The segment's groups; the column's blocks are described.</param>
    /// <param name="blocks">The column's blocks, one behind the other.</param>
    /// <param name="identity">What checksums go on from.</param>
    /// <param name="writer">Where to; empty.</param>
    public static FilterMeta? TryWrite(int column, SqlType type, GroupMeta[] groups, ReadOnlySpan<byte> blocks, uint identity, ByteWriter writer)
    {
        if (!Suits(type) || groups.Length < GroupsMin)
        {
            return null;
        }

        int rows = groups.Sum(g => g.Rows - g.Blocks[column].Nulls);
        // A pair takes eight bits and the group's number: no more than half of what the column takes.
        if (rows < RowsMin || (long)rows * (8 + GroupFilter.GroupBits(groups.Length)) / 8 > blocks.Length / 2 || BoundsTell(groups, column))
        {
            return null;
        }

        ulong[] hashes = ArrayPool<ulong>.Shared.Rent(rows);
        try
        {
            int[] ends = new int[groups.Length];
            ColumnBuilder builder = ColumnBuilder.For(type);
            (int at, int count) = (0, 0);
            for (int g = 0; g < groups.Length; g++)
            {
                int bytes = groups[g].Blocks[column].Bytes;
                builder.Reset();
                BlockCodec.Decode(blocks.Slice(at, bytes), type, groups[g].Rows, builder);
                Column values = builder.View();
                if (values is BytesColumn text && text.Offsets[groups[g].Rows] > TextBytesMax * (long)groups[g].Rows)
                {
                    return null;
                }

                count += GroupFilter.Hash(values, groups[g].Rows, identity, hashes.AsSpan(count));
                ends[g] = count;
                at += bytes;
            }

            // A value is in a quarter of the groups at most, or in little more than one.
            if (!GroupFilter.Write(hashes.AsSpan(0, count), ends, identity, writer, (pairs, values) => pairs <= values * Math.Max(1.25, groups.Length / 4)))
            {
                return null;
            }

            var meta = new FilterMeta(column, GroupFilter.PageBitsOf(count), 0, writer.Length, 0);
            return meta with { Crc = Crc32C.Of(writer.Written[..meta.DirectoryBytes], identity) };
        }
        finally
        {
            ArrayPool<ulong>.Shared.Return(hashes);
        }
    }

    // True when a value lies within the bounds of hardly more than one group, as where the column ascends with the key or with time.
    private static bool BoundsTell(GroupMeta[] groups, int column)
    {
        int step = Math.Max(1, groups.Length / Samples);
        (int samples, long within) = (0, 0);
        for (int s = 0; s < groups.Length; s += step)
        {
            ZoneMap sample = groups[s].Blocks[column].Zone;
            var wanted = new ColumnRange(column)
            {
                Integers = sample.Kind == ZoneKind.Integer ? (sample.Min, sample.Min) : null,
                AnyOf = sample.Kind == ZoneKind.Bytes ? [sample.MinBytes!] : null,
            };
            samples++;
            foreach (GroupMeta group in groups)
            {
                BlockMeta block = group.Blocks[column];
                within += wanted.MayMatch(block.Zone, block.Nulls > 0, block.Nulls == group.Rows) ? 1 : 0;
            }
        }

        return within <= 2L * samples;
    }
}
