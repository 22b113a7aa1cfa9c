// Messages to a client: written into a small buffer, handed to the pipe in large pieces, never more than the client takes.
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Text;
using Millrace.Core;
using Millrace.Doors.Formats;
using Millrace.Formats;
using Millrace.Engine;

namespace Millrace.Doors.Postgres;

/// <summary>The client does not read, or is gone.</summary>
internal sealed class ConnectionLostException(string message, bool isSlow = false) : Exception(message)
{
    /// <summary>True when it is there and does not read.</summary>
    public bool IsSlow { get; } = isSlow;
}

/// <summary>Writes messages. Begin, fields, End; <see cref="FlushAsync"/> sends and waits until the client has taken enough.</summary>
internal sealed class MessageOutput(PipeWriter pipe, TimeSpan writeTimeout, TimeProvider time)
{
    private const int FullBytes = 32 << 10;
    private const int KeepBytesMax = 1 << 20;
    private ByteWriter _buffer = new(1024);
    private int _start;
    private bool _open;

    /// <summary>The buffer, for values that write themselves.</summary>
    public ByteWriter Buffer => _buffer;

    /// <summary>True when enough has gathered that the caller should flush.</summary>
    public bool Full => _buffer.Length >= FullBytes;

    /// <summary>Starts a message.</summary>
    public MessageOutput Begin(char type)
    {
        Check.That(!_open);
        _open = true;
        _buffer.WriteByte((byte)type);
        _start = _buffer.Length;
        _buffer.Take(4);
        return this;
    }

    /// <summary>Ends a message: its length is known now.</summary>
    public void End()
    {
        BinaryPrimitives.WriteInt32BigEndian(_buffer.Buffer.AsSpan(_start), _buffer.Length - _start);
        _open = false;
    }

    /// <summary>Takes back a message that was begun and not ended: one of its values could not be written.</summary>
    public void AbandonUnfinished()
    {
        if (_open)
        {
            _buffer.TruncateTo(_start - 1);
            _open = false;
        }
    }

    /// <summary>One byte.</summary>
    public MessageOutput Byte(byte value)
    {
        _buffer.WriteByte(value);
        return this;
    }

    /// <summary>Two bytes.</summary>
    public MessageOutput Int16(int value)
    {
        BinaryPrimitives.WriteInt16BigEndian(_buffer.Take(2), (short)value);
        return this;
    }

    /// <summary>Four bytes.</summary>
    public MessageOutput Int32(int value)
    {
        BinaryPrimitives.WriteInt32BigEndian(_buffer.Take(4), value);
        return this;
    }

    /// <summary>UTF-8 and a zero byte.</summary>
    public MessageOutput String(string text)
    {
        Encoding.UTF8.GetBytes(text, _buffer.Take(Encoding.UTF8.GetByteCount(text)));
        _buffer.WriteByte(0);
        return this;
    }

    /// <summary>A message without a body.</summary>
    public void Empty(char type) => Begin(type).End();

    /// <summary>CommandComplete.</summary>
    public void Complete(string tag) => Begin('C').String(tag).End();

    /// <summary>ParameterStatus.</summary>
    public void Parameter(string name, string value) => Begin('S').String(name).String(value).End();

    /// <summary>ReadyForQuery.</summary>
    public void Ready(TransactionStatus status) => Begin('Z').Byte(status switch
    {
        TransactionStatus.Idle => (byte)'I',
        TransactionStatus.InTransaction => (byte)'T',
        _ => (byte)'E',
    }).End();

    /// <summary>RowDescription.</summary>
    /// <param name="columns">The columns.</param>
    /// <param name="formats">Format codes as in Bind.</param>
    /// <param name="origins">The relation and attribute behind each of the last columns; those in front of them have none.</param>
    public void RowDescription(Schema columns, short[] formats, IReadOnlyList<(int Relation, int Attribute)> origins)
    {
        int computed = columns.Count - origins.Count;
        Begin('T').Int16(columns.Count);
        for (int i = 0; i < columns.Count; i++)
        {
            (int relation, int attribute) = i >= computed && origins.Count > 0 ? origins[i - computed] : default;
            PgType type = PgType.Of(columns[i].Type, relation, attribute);
            String(columns[i].Name).Int32(relation).Int16(attribute);
            Int32(type.Oid).Int16(type.Length).Int32(type.Modifier).Int16(BindMessage.FormatOf(formats, i));
        }

        End();
    }

    /// <summary>DataRow: the given columns of one row.</summary>
    public void DataRow(Column[] columns, ValueWriter[] writers, int row)
    {
        Begin('D').Int16(writers.Length);
        for (int i = 0; i < writers.Length; i++)
        {
            BinaryWrite.Field(_buffer, columns[i], row, writers[i]);
        }

        End();
    }

    /// <summary>ErrorResponse or NoticeResponse.</summary>
    /// <param name="severity">ERROR, FATAL, WARNING, NOTICE.</param>
    /// <param name="sqlState">SQLSTATE.</param>
    /// <param name="message">One sentence.</param>
    /// <param name="detail">More, or null.</param>
    /// <param name="hint">Advice, or null.</param>
    /// <param name="position">1-based character in the query, or 0.</param>
    /// <param name="where">Context, or null.</param>
    /// <param name="about">Names the table, the column and the constraint that it is about, or is null.</param>
    public void Error(
        string severity, string sqlState, string message, string? detail = null, string? hint = null, int position = 0, string? where = null, SqlException? about = null)
    {
        Begin(severity is "ERROR" or "FATAL" ? 'E' : 'N');
        Byte((byte)'S').String(severity).Byte((byte)'V').String(severity).Byte((byte)'C').String(sqlState).Byte((byte)'M').String(message);
        Optional('D', detail);
        Optional('H', hint);
        Optional('P', position > 0 ? position.ToString(System.Globalization.CultureInfo.InvariantCulture) : null);
        Optional('W', where);
        Optional('s', about?.Table is null ? null : "public");
        Optional('t', about?.Table);
        Optional('c', about?.Column);
        Optional('n', about?.Constraint);

        // By the name of PostgreSQL's routine JDBC knows that preparing the statement again is all it takes.
        Optional('R', sqlState == "0A000" && message.StartsWith("cached plan", StringComparison.Ordinal) ? "RevalidateCachedQuery" : null);
        Byte(0).End();
    }

    /// <summary>Sends what has gathered. Returns when the client has taken enough for more to be welcome.</summary>
    /// <exception cref="ConnectionLostException">The client is gone, or did not read for longer than the limit.</exception>
    public async ValueTask FlushAsync()
    {
        if (_buffer.Length == 0)
        {
            return;
        }

        ValueTask<FlushResult> write = pipe.WriteAsync(_buffer.WrittenMemory);
        FlushResult result;
        if (write.IsCompletedSuccessfully)
        {
            result = write.Result;
        }
        else
        {
            try
            {
                result = await write.AsTask().WaitAsync(writeTimeout, time).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                throw new ConnectionLostException($"the client has not read for {writeTimeout.TotalSeconds:0} s", isSlow: true);
            }
        }

        if (_buffer.Buffer.Length > KeepBytesMax)
        {
            _buffer = new ByteWriter(FullBytes);
        }

        _buffer.Reset();
        if (result.IsCompleted)
        {
            throw new ConnectionLostException("the client is gone");
        }
    }

    private void Optional(char field, string? value)
    {
        if (value is not null)
        {
            Byte((byte)field).String(value);
        }
    }
}
