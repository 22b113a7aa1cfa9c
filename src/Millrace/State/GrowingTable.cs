// A hash table that grows a part at a time: no insert pays for moving millions of entries.
using System.Runtime.CompilerServices;

namespace Millrace.Engine;

/// <summary>What a <see cref="GrowingTable{T}"/> asks of its entries; the default value is an empty place.</summary>
internal interface ITableEntry<TSelf>
    where TSelf : struct
{
    /// <summary>True for a place without an entry.</summary>
    static abstract bool IsEmpty(in TSelf entry);

    /// <summary>The entry's hash: both its upper and its lower bits must be good.</summary>
    static abstract uint Hash(in TSelf entry);
}

/// <summary>A number beside the hash of what it stands for.</summary>
internal readonly struct HashedSlot(uint hash, int slot) : ITableEntry<HashedSlot>
{
    private readonly ulong _both = ((ulong)hash << 32) | (uint)(slot + 1);

    /// <summary>The number; −1 for an empty place.</summary>
    public int Slot => (int)(uint)_both - 1;

    public static bool IsEmpty(in HashedSlot entry) => entry._both == 0;

    public static uint Hash(in HashedSlot entry) => (uint)(entry._both >> 32);
}

/// <summary>
/// Open addressing with linear probing inside of parts of a few thousand places; the hash's upper bits choose the part by way of a directory, its lower bits
/// the place. A part that is half full is doubled while it is small, and split in two from then on, as in extendible hashing (Fagin, Nievergelt, Pippenger and
/// Strong, 1979). Removal shifts back: there are no tombstones, and parts do not shrink.
/// </summary>
internal sealed class GrowingTable<T>
    where T : struct, ITableEntry<T>
{
    private const int FirstPlaces = 16;
    private const int PlacesMax = 4096;

    // A directory of a million parts; keys beyond that make parts larger, as do more keys of the very same upper bits than secret seeds let one expect.
    private const int DepthMax = 20;

    private T[][] _parts;
    private byte[] _depths; // by place of the directory: how many upper bits its part's entries share
    private int[] _counts; // entries of a part, at the first place of the directory that is its
    private int _shift = 32;
    private long _places;

    public GrowingTable()
    {
        _parts = [new T[FirstPlaces]];
        _depths = [0];
        _counts = [0];
        _places = FirstPlaces;
    }

    /// <summary>Memory held, in bytes.</summary>
    public long Bytes => (_places * Unsafe.SizeOf<T>()) + (_parts.Length * 13L);

    /// <summary>Where an entry of this hash is, or would be: its length is a power of two, and there are empty places.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T[] PartOf(uint hash) => _parts[(int)((ulong)hash >> _shift)];

    /// <summary>Puts an entry into an empty place of its part; the part may be another one afterwards.</summary>
    public void Put(T[] part, int at, in T entry)
    {
        part[at] = entry;
        int first = FirstOf(T.Hash(entry));
        if (++_counts[first] * 2 > part.Length)
        {
            Grow(first);
        }
    }

    /// <summary>Puts an entry that is known not to be there.</summary>
    public void Add(in T entry)
    {
        T[] part = PartOf(T.Hash(entry));
        Put(part, FreePlace(part, T.Hash(entry)), entry);
    }

    /// <summary>Takes the entry at a place out of its part.</summary>
    public void RemoveAt(T[] part, int hole)
    {
        _counts[FirstOf(T.Hash(part[hole]))]--;
        int mask = part.Length - 1;
        for (int at = (hole + 1) & mask; !T.IsEmpty(part[at]); at = (at + 1) & mask)
        {
            int home = (int)T.Hash(part[at]) & mask;
            if (((at - home) & mask) >= ((at - hole) & mask))
            {
                part[hole] = part[at];
                hole = at;
            }
        }

        part[hole] = default;
    }

    private static int FreePlace(T[] part, uint hash)
    {
        int mask = part.Length - 1;
        int at = (int)hash & mask;
        while (!T.IsEmpty(part[at]))
        {
            at = (at + 1) & mask;
        }

        return at;
    }

    // The first of the directory's places that lead to the hash's part.
    private int FirstOf(uint hash)
    {
        int place = (int)((ulong)hash >> _shift);
        return place & ~(PlacesOf(place) - 1);
    }

    private int PlacesOf(int place) => 1 << (32 - _shift - _depths[place]);

    private void Grow(int first)
    {
        T[] full = _parts[first];
        if (full.Length < PlacesMax || _depths[first] == DepthMax)
        {
            var larger = new T[full.Length * 2];
            foreach (ref readonly T entry in full.AsSpan())
            {
                if (!T.IsEmpty(entry))
                {
                    larger[FreePlace(larger, T.Hash(entry))] = entry;
                }
            }

            _parts.AsSpan(first, PlacesOf(first)).Fill(larger);
            _places += full.Length;
            return;
        }

        if (PlacesOf(first) == 1)
        {
            DoubleDirectory();
            first *= 2;
        }

        int places = PlacesOf(first);
        int middle = first + (places / 2);
        var low = new T[full.Length];
        var high = new T[full.Length];
        int lows = 0;
        foreach (ref readonly T entry in full.AsSpan())
        {
            if (!T.IsEmpty(entry))
            {
                bool isLow = (int)((ulong)T.Hash(entry) >> _shift) < middle;
                T[] to = isLow ? low : high;
                to[FreePlace(to, T.Hash(entry))] = entry;
                lows += isLow ? 1 : 0;
            }
        }

        int all = _counts[first];
        _parts.AsSpan(first, places / 2).Fill(low);
        _parts.AsSpan(middle, places / 2).Fill(high);
        _depths.AsSpan(first, places).Fill((byte)(_depths[first] + 1));
        _counts[first] = lows;
        _counts[middle] = all - lows;
        _places += full.Length;
    }

    private void DoubleDirectory()
    {
        int length = _parts.Length * 2;
        var parts = new T[length][];
        byte[] depths = new byte[length];
        int[] counts = new int[length];
        for (int i = 0; i < length; i++)
        {
            parts[i] = _parts[i / 2];
            depths[i] = _depths[i / 2];
            counts[i] = i % 2 == 0 ? _counts[i / 2] : 0;
        }

        (_parts, _depths, _counts) = (parts, depths, counts);
        _shift--;
    }
}
