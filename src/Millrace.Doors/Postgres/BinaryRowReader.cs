// COPY's binary layout, in chunks cut anywhere. https://www.postgresql.org/docs/15/sql-copy.html, "Binary Format"
using System.Buffers.Binary;
using Millrace.Core;
using Millrace.Formats;

namespace Millrace.Doors.Postgres;

/// <summary>Reads rows of the binary layout into a batch.</summary>
internal sealed class BinaryRowReader(Schema columns)
{
    private const int RecordBytesMax = 64 << 20;
    private byte[] _carry = [];
    private int _carried;
    private int _wanted;
    private bool _started;
    private bool _done;
    private long _line = 1;

    /// <summary>How the layout begins; two integers follow, flags and the length of an extension.</summary>
    public static ReadOnlySpan<byte> Signature => [0x50, 0x47, 0x43, 0x4F, 0x50, 0x59, 0x0A, 0xFF, 0x0D, 0x0A, 0x00];

    /// <summary>The rows read and not yet taken.</summary>
    public BatchBuilder Rows { get; } = new(columns);

    /// <summary>Takes the next piece of the input.</summary>
    /// <exception cref="RowException">It is not the layout, or a value is not of its column's type.</exception>
    public void Write(ReadOnlySpan<byte> chunk)
    {
        if (_carried + (long)chunk.Length > RecordBytesMax * 2L)
        {
            throw Bad("a row is too long");
        }

        if (_carry.Length < _carried + chunk.Length)
        {
            Array.Resize(ref _carry, Math.Max(_carried + chunk.Length, _carry.Length * 2));
        }

        chunk.CopyTo(_carry.AsSpan(_carried));
        _carried += chunk.Length;
        int at = 0;
        while (_carried - at >= _wanted && TryReadOne(_carry.AsSpan(at, _carried - at), out int used))
        {
            at += used;
        }

        _carry.AsSpan(at, _carried - at).CopyTo(_carry);
        _carried -= at;
    }

    /// <summary>Ends the input.</summary>
    /// <exception cref="RowException">It ends in the middle of a row.</exception>
    public void Complete()
    {
        if (!_done && (_carried > 0 || !_started))
        {
            throw Bad("unexpected EOF in COPY data");
        }
    }

    // _wanted says how many bytes the thing at the front needs at least, so that a long row in small pieces is not read again and again.
    private bool TryReadOne(ReadOnlySpan<byte> bytes, out int used)
    {
        used = 0;
        _wanted = 0;
        if (_done)
        {
            used = bytes.Length;
            return false;
        }

        return _started ? TryReadRow(bytes, out used) : TryReadHeader(bytes, out used);
    }

    private bool TryReadHeader(ReadOnlySpan<byte> bytes, out int used)
    {
        used = 0;
        if (bytes.Length < 19)
        {
            return false;
        }

        if (!bytes.StartsWith(Signature))
        {
            throw Bad("COPY file signature not recognized");
        }

        int flags = BinaryPrimitives.ReadInt32BigEndian(bytes[11..]);
        int extension = BinaryPrimitives.ReadInt32BigEndian(bytes[15..]);
        if ((flags & 0xFFFF_0000) != 0 || extension is < 0 or > 1 << 16)
        {
            throw Bad("invalid COPY file header");
        }

        if (bytes.Length < 19 + extension)
        {
            return false;
        }

        used = 19 + extension;
        return _started = true;
    }

    private bool TryReadRow(ReadOnlySpan<byte> bytes, out int used)
    {
        used = 0;
        if (bytes.Length < 2)
        {
            return false;
        }

        int count = BinaryPrimitives.ReadInt16BigEndian(bytes);
        if (count == -1)
        {
            _done = true;
            used = bytes.Length;
            return true;
        }

        if (count != columns.Count)
        {
            throw Bad($"row field count is {count}, expected {columns.Count}");
        }

        int at = 2;
        for (int i = 0; i < count; i++)
        {
            if (bytes.Length < at + 4)
            {
                return false;
            }

            int length = BinaryPrimitives.ReadInt32BigEndian(bytes[at..]);
            if (length is < -1 or > RecordBytesMax)
            {
                throw Bad("invalid field size");
            }

            at += 4 + Math.Max(length, 0);
            if (at > RecordBytesMax)
            {
                throw Bad("a row is too long");
            }

            if (bytes.Length < at)
            {
                _wanted = at;
                return false;
            }
        }

        Append(bytes[2..at], count);
        used = at;
        return true;
    }

    private void Append(ReadOnlySpan<byte> fields, int count)
    {
        int column = 0;
        try
        {
            for (; column < count; column++)
            {
                int length = BinaryPrimitives.ReadInt32BigEndian(fields);
                fields = fields[4..];
                if (length < 0)
                {
                    Rows.Columns[column].AppendNull();
                    continue;
                }

                BinaryRead.Append(Rows.Columns[column], fields[..length]);
                fields = fields[length..];
            }

            Rows.EndRow();
            _line++;
        }
        catch (SqlException e)
        {
            throw new RowException(_line, columns[column].Name, "", e);
        }
    }

    private RowException Bad(string message) => new(_line, null, "", new SqlException("22P04", message));
}
