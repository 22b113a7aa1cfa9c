// Splits bytes into records and fields, without meaning: one subclass a layout (CSV, COPY text).
namespace Millrace.Formats;

/// <summary>
/// Pure: bytes in, field ranges out. A record that is not whole yet is left alone; call again with more bytes from the same place.
/// </summary>
internal abstract class RecordTokenizer
{
    private Field[] _fields = new Field[16];
    private byte[] _scratch = new byte[256];

    /// <summary>One field: a range of the input, or of the scratch buffer when it had to be unescaped.</summary>
    private readonly record struct Field(int Start, int Length, bool InScratch, bool IsNull);

    /// <summary>Fields of the record last read.</summary>
    public int Count { get; private set; }

    /// <summary>Line breaks inside the record last read, its own included.</summary>
    public int Lines { get; protected set; }

    /// <summary>True when the record last read was the end-of-data mark (<c>\.</c>).</summary>
    public bool EndMark { get; protected set; }

    /// <summary>Bytes of the scratch buffer in use.</summary>
    protected int ScratchLength { get; set; }

    /// <summary>Reads one record.</summary>
    /// <param name="input">Bytes from the start of a record on.</param>
    /// <param name="final">True when no more bytes follow.</param>
    /// <param name="consumed">Bytes of the record, its line break included; 0 when it is not whole.</param>
    /// <returns>False when the record is not whole, or there is none.</returns>
    public abstract bool TryRead(ReadOnlySpan<byte> input, bool final, out int consumed);

    /// <summary>True when field <paramref name="index"/> stands for null.</summary>
    public bool IsNull(int index) => _fields[index].IsNull;

    /// <summary>The unescaped bytes of field <paramref name="index"/>.</summary>
    /// <param name="input">The span given to <see cref="TryRead"/>.</param>
    /// <param name="index">0-based.</param>
    public ReadOnlySpan<byte> Get(ReadOnlySpan<byte> input, int index)
    {
        Field f = _fields[index];
        return f.InScratch ? _scratch.AsSpan(f.Start, f.Length) : input.Slice(f.Start, f.Length);
    }

    protected void StartRecord()
    {
        Count = 0;
        Lines = 0;
        ScratchLength = 0;
        EndMark = false;
    }

    protected void AddField(int start, int length, bool inScratch, bool isNull)
    {
        if (Count == _fields.Length)
        {
            Array.Resize(ref _fields, Count * 2);
        }

        _fields[Count++] = new Field(start, length, inScratch, isNull);
    }

    protected void Keep(ReadOnlySpan<byte> bytes)
    {
        if (_scratch.Length - ScratchLength < bytes.Length)
        {
            Array.Resize(ref _scratch, Math.Max(ScratchLength + bytes.Length, _scratch.Length * 2));
        }

        bytes.CopyTo(_scratch.AsSpan(ScratchLength));
        ScratchLength += bytes.Length;
    }

    protected void Keep(byte value) => Keep([value]);
}
