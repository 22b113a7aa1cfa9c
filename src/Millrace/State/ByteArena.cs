// Byte strings in pages: state of any size without one array that must hold it all.
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>
/// Appends byte strings to pages and hands out addresses. Freed bytes are only counted; the owner copies what lives into a fresh arena when
/// <see cref="NeedsCompaction"/> says that more than half is garbage.
/// </summary>
internal sealed class ByteArena
{
    private const int PageBits = 20;
    private const int PageBytes = 1 << PageBits;
    private const int FirstPageBytes = 1024;

    private readonly List<byte[]> _pages = [];
    private readonly List<int> _fills = []; // by page: what is used of it, once another has been begun
    private int _used;
    private long _written;
    private long _garbage;

    /// <summary>Memory held.</summary>
    public long Bytes { get; private set; }

    /// <summary>True when copying would free more than it keeps.</summary>
    public bool NeedsCompaction => _garbage > 4096 && _garbage > _written - _garbage;

    /// <summary>Stores a byte string and gives its address.</summary>
    public long Add(ReadOnlySpan<byte> bytes)
    {
        if (_pages.Count == 0 || _pages[^1].Length - _used < bytes.Length)
        {
            Grow(bytes.Length);
        }

        bytes.CopyTo(_pages[^1].AsSpan(_used));
        long address = ((long)(_pages.Count - 1) << PageBits) | (uint)_used;
        _used += bytes.Length;
        _written += bytes.Length;
        return address;
    }

    /// <summary>The byte string at an address.</summary>
    public ReadOnlySpan<byte> Get(long address, int length) => _pages[(int)(address >> PageBits)].AsSpan((int)(address & (PageBytes - 1)), length);

    /// <summary>Counts bytes that nobody will ask for again.</summary>
    public void Free(int length) => _garbage += length;

    /// <summary>Writes what is stored, garbage too, so that addresses stay what they are. What is stored never changes: a checkpoint copies it beside the engine.</summary>
    public void Save(ByteWriter writer)
    {
        writer.WriteInt64(_garbage);
        writer.WriteVarint((ulong)_pages.Count);
        var pages = new List<IFrozenPage>(_pages.Count);
        for (int i = 0; i < _pages.Count; i++)
        {
            writer.WriteVarint((ulong)Used(i));
            pages.Add(new Page(_pages[i], Used(i)));
        }

        FrozenPages.Write(writer, pages);
    }

    /// <summary>Restores what <see cref="Save"/> wrote, into a fresh arena.</summary>
    public void Load(ref ByteReader reader)
    {
        _garbage = reader.ReadInt64();
        int[] used = new int[reader.ReadCount()];
        for (int i = 0; i < used.Length; i++)
        {
            used[i] = reader.ReadCount();
        }

        for (int i = 0; i < used.Length; i++)
        {
            byte[] page = new byte[Math.Max(used[i], FirstPageBytes)];
            reader.Read(used[i]).CopyTo(page);
            _pages.Add(page);
            _fills.Add(used[i]);
            _used = used[i];
            _written += used[i];
            Bytes += page.Length;
        }
    }

    /// <summary>True for the address of a byte string that was stored, as far as that can be told: for what comes out of a file.</summary>
    public bool Holds(long address, int length)
    {
        int page = (int)Math.Min(address >> PageBits, int.MaxValue);
        return address >= 0 && length >= 0 && page < _pages.Count && (address & (PageBytes - 1)) + length <= Used(page);
    }

    private int Used(int page) => page == _pages.Count - 1 ? _used : _fills[page];

    // The last page doubles up to its full size, so that small state stays small; a longer string gets a page of its own.
    private void Grow(int length)
    {
        if (_pages.Count > 0 && _used + length <= PageBytes)
        {
            byte[] page = _pages[^1];
            int size = page.Length;
            while (size < _used + length)
            {
                size *= 2;
            }

            size = Math.Min(size, PageBytes);
            Bytes += size - page.Length;
            Array.Resize(ref page, size);
            _pages[^1] = page;
            return;
        }

        int bytes = _pages.Count == 0 ? Math.Max(FirstPageBytes, (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)length)) : PageBytes;
        bytes = length > PageBytes ? length : Math.Min(bytes, PageBytes);
        if (_pages.Count > 0)
        {
            _fills[^1] = _used;
        }

        _pages.Add(GC.AllocateUninitializedArray<byte>(bytes));
        _fills.Add(0);
        Bytes += bytes;
        _used = 0;
    }

    private sealed record Page(byte[] Bytes, int Used) : IFrozenPage
    {
        public int SavedBytes => Used;

        public void Save(Span<byte> into) => Bytes.AsSpan(0, Used).CopyTo(into);
    }
}
