// Byte strings in pages: state of any size without one array that must hold it all.
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

            Bytes += size - page.Length;
            Array.Resize(ref page, size);
            _pages[^1] = page;
            return;
        }

        int bytes = _pages.Count == 0 ? Math.Max(FirstPageBytes, (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)length)) : PageBytes;
        bytes = length > PageBytes ? length : Math.Min(bytes, PageBytes);
        _pages.Add(GC.AllocateUninitializedArray<byte>(bytes));
        Bytes += bytes;
        _used = 0;
    }
}
