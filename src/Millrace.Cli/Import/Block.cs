// A file as blocks of whole records, unpacked.
using System.Buffers;
using System.IO.Compression;
using Millrace.Doors.LineProtocol;

namespace Millrace.Cli.Import;

/// <summary>Some whole records. The memory is lent: <see cref="Dispose"/> gives it back.</summary>
/// <param name="Bytes">At least <paramref name="Length"/> bytes.</param>
/// <param name="Length">Bytes of the records.</param>
/// <param name="FirstLine">The line of the file with which it begins, from 1.</param>
/// <param name="FilePosition">How far the file as it lies on disk has been read.</param>
internal sealed record Block(byte[] Bytes, int Length, long FirstLine, long FilePosition) : IDisposable
{
    public ReadOnlyMemory<byte> Memory => Bytes.AsMemory(0, Length);

    public void Dispose() => ArrayPool<byte>.Shared.Return(Bytes);
}

/// <summary>Reads a file block by block and cuts between records.</summary>
internal sealed class BlockReader : IDisposable
{
    /// <summary>Bytes of a block, as a rule; a record that is longer makes a longer one.</summary>
    public const int BlockBytes = 8 << 20;

    private const int RecordBytesMax = 256 << 20;
    private readonly ImportSource _source;
    private readonly Stream _file;
    private readonly Stream _text;
    private byte[] _rest = [];
    private int _restLength;
    private long _line = 1;
    private bool _isOver;

    public BlockReader(ImportSource source)
    {
        _source = source;
        _file = source.IsStandardInput ? Console.OpenStandardInput() : new FileStream(source.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1 << 20);
        Length = source.IsStandardInput ? 0 : _file.Length;

        // What a file is called says less than how it begins.
        byte[] start = new byte[2];
        int read = _file.ReadAtLeast(start, 2, throwOnEndOfStream: false);
        if (_file.CanSeek)
        {
            _file.Position = 0;
        }

        Stream whole = _file.CanSeek ? _file : new Prefixed(start.AsMemory(0, read), _file);
        _text = read == 2 && start is [0x1F, 0x8B] ? new GZipStream(whole, CompressionMode.Decompress) : whole;
    }

    /// <summary>Bytes of the file as it lies on disk; 0 when nobody knows.</summary>
    public long Length { get; }

    /// <summary>The first line without its end, of CSV that has a header; the file goes on behind it.</summary>
    public byte[] TakeFirstRecord()
    {
        using Block? block = Next();
        if (block is null)
        {
            return [];
        }

        ReadOnlySpan<byte> bytes = block.Memory.Span;
        int end = FirstEnd(bytes);
        byte[] first = bytes[..end].ToArray();
        GiveBack(bytes[end..], block.FirstLine + first.AsSpan().Count((byte)'\n'));
        return first;
    }

    /// <summary>The next block without taking it: for a look at what the data is.</summary>
    public byte[] Peek(int bytesMax)
    {
        using Block? block = Next();
        if (block is null)
        {
            return [];
        }

        ReadOnlySpan<byte> bytes = block.Memory.Span;
        byte[] start = bytes[..(bytes.Length <= bytesMax ? bytes.Length : CutOf(bytes[..bytesMax]) is > 0 and int cut ? cut : bytes.Length)].ToArray();
        GiveBack(bytes, block.FirstLine);
        return start;
    }

    /// <summary>The next block, or null at the end.</summary>
    /// <exception cref="InvalidDataException">The gzip data is damaged or cut short, or a record has no end.</exception>
    public Block? Next()
    {
        int room = Math.Max(BlockBytes, _restLength);
        while (true)
        {
            byte[] bytes = ArrayPool<byte>.Shared.Rent(room + 1);
            _rest.AsSpan(0, _restLength).CopyTo(bytes);
            int length = _restLength;
            if (!_isOver)
            {
                int wanted = Math.Max(room - length, 0);
                int read = _text.ReadAtLeast(bytes.AsSpan(length, wanted), wanted, throwOnEndOfStream: false);
                _isOver = read < wanted;
                length += read;
            }

            int end = _isOver ? length : CutOf(bytes.AsSpan(0, length));
            if (end == 0 && !_isOver)
            {
                // Not one whole record: more of it.
                _rest = bytes.AsSpan(0, length).ToArray();
                _restLength = length;
                ArrayPool<byte>.Shared.Return(bytes);
                room = length <= RecordBytesMax ? checked(length * 2) : throw new InvalidDataException(
                    $"{_source.Path}:{_line}: a record is longer than {RecordBytesMax >> 20} MiB; look for a quote that is never closed");
                continue;
            }

            if (length == 0)
            {
                ArrayPool<byte>.Shared.Return(bytes);
                return null;
            }

            if (_rest.Length < length - end)
            {
                _rest = new byte[length - end];
            }

            bytes.AsSpan(end, length - end).CopyTo(_rest);
            _restLength = length - end;
            var block = new Block(bytes, end, _line, _file.CanSeek ? _file.Position : 0);
            _line += bytes.AsSpan(0, end).Count((byte)'\n');
            return block;
        }
    }

    public void Dispose()
    {
        _text.Dispose();
        _file.Dispose();
    }

    private void GiveBack(ReadOnlySpan<byte> bytes, long line)
    {
        byte[] all = new byte[bytes.Length + _restLength];
        bytes.CopyTo(all);
        _rest.AsSpan(0, _restLength).CopyTo(all.AsSpan(bytes.Length));
        _rest = all;
        _restLength = all.Length;
        _line = line;
    }

    // Where the last whole record ends; 0 when there is none.
    private int CutOf(ReadOnlySpan<byte> bytes) => _source.Format switch
    {
        ImportFormat.Csv => CsvCut(bytes),
        ImportFormat.Lines => LineCut.Last(bytes),
        _ => bytes.LastIndexOf((byte)'\n') + 1,
    };

    // A line feed ends a record when the quotes before it come in pairs.
    private static int CsvCut(ReadOnlySpan<byte> bytes)
    {
        bool inside = (bytes.Count((byte)'"') & 1) != 0;
        for (int end = bytes.Length; ;)
        {
            end = bytes[..end].LastIndexOfAny((byte)'\n', (byte)'"');
            if (end < 0)
            {
                return 0;
            }

            if (bytes[end] == '"')
            {
                inside = !inside;
            }
            else if (!inside)
            {
                return end + 1;
            }
        }
    }

    private int FirstEnd(ReadOnlySpan<byte> bytes)
    {
        for (int at = 0; at < bytes.Length; at++)
        {
            int step = bytes[at..].IndexOf((byte)'\n');
            at = step < 0 ? bytes.Length - 1 : at + step;
            if (_source.Format != ImportFormat.Csv || (bytes[..at].Count((byte)'"') & 1) == 0)
            {
                return at + 1;
            }
        }

        return bytes.Length;
    }

    /// <summary>A stream that cannot be turned back, with its first bytes in front again.</summary>
    private sealed class Prefixed(ReadOnlyMemory<byte> start, Stream rest) : Stream
    {
        private ReadOnlyMemory<byte> _start = start;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            if (_start.IsEmpty)
            {
                return rest.Read(buffer);
            }

            int count = Math.Min(_start.Length, buffer.Length);
            _start.Span[..count].CopyTo(buffer);
            _start = _start[count..];
            return count;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
