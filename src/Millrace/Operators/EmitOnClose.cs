// EMIT ON WINDOW CLOSE: each window's rows once, when the watermark has passed its end.
using System.Buffers.Binary;
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>
/// Holds rows ordered by their window's end and sums up their changes; when the watermark reaches an end, its rows are given for good. Changes of
/// windows that have closed are dropped and counted: they are late. A row without a window end never closes.
/// </summary>
internal sealed class EmitOnClose(int windowEnd, Schema columns) : Operator(columns)
{
    private const int TimeLength = 9;

    private readonly RowCodec _timeCodec = new([columns[windowEnd].Type], exact: false);
    private readonly RowCodec _rowCodec = RowCodec.Of(columns);
    private readonly EncodedRows _times = new();
    private readonly EncodedRows _encoded = new();
    private readonly OrderedRows _rows = new();
    private readonly BatchBuilder _output = new(columns);
    private long _closed = long.MinValue;
    private byte[] _key = [];

    /// <inheritdoc/>
    public override string Name => "EmitOnClose";

    /// <inheritdoc/>
    public override string Detail => Columns[windowEnd].Name;

    /// <inheritdoc/>
    public override long StateRows => _rows.Count;

    /// <inheritdoc/>
    public override long StateBytes => _rows.Bytes;

    /// <summary>Changes that came after their window had closed.</summary>
    public long LateRows { get; private set; }

    /// <inheritdoc/>
    public override void Process(int port, Batch input, IOutput output)
    {
        var ends = (FixedColumn<long>)input.Columns[windowEnd];
        _timeCodec.Encode(input, [windowEnd], _times);
        _rowCodec.Encode(input, _encoded);
        for (int i = 0; i < input.Count; i++)
        {
            if (ends.IsNull(i))
            {
                continue;
            }

            if (ends.Values[i] <= _closed)
            {
                LateRows++;
                continue;
            }

            ReadOnlySpan<byte> row = _encoded.Row(i);
            int length = TimeLength + row.Length;
            if (_key.Length < length)
            {
                _key = new byte[length * 2];
            }

            _times.Row(i).CopyTo(_key);
            row.CopyTo(_key.AsSpan(TimeLength));
            _rows.Add(_key.AsSpan(0, length), input.Weight(i));
        }
    }

    /// <inheritdoc/>
    public override void EndEpoch(in EpochInfo epoch, IOutput output)
    {
        if (epoch.Watermark <= _closed)
        {
            return;
        }

        _closed = epoch.Watermark;
        _output.Reset();
        int count = 0;
        for (OrderedRows.Cursor cursor = _rows.First(); cursor.Valid && End(cursor.Key) <= _closed; cursor.Next())
        {
            count++;
            if (cursor.Weight > 0)
            {
                _rowCodec.Decode(cursor.Key[TimeLength..], _output.Columns);
                _output.EndRow(cursor.Weight);
            }
        }

        for (; count > 0; count--)
        {
            OrderedRows.Cursor first = _rows.First();
            _rows.Add(first.Key.ToArray(), -first.Weight);
        }

        if (_output.Count > 0)
        {
            output.Emit(_output.View());
        }
    }

    /// <inheritdoc/>
    public override void Save(ByteWriter writer)
    {
        writer.WriteInt64(_closed);
        writer.WriteInt64(LateRows);
        _rows.Save(writer);
    }

    /// <inheritdoc/>
    public override void Load(ref ByteReader reader)
    {
        _closed = reader.ReadInt64();
        LateRows = reader.ReadInt64();
        _rows.Load(ref reader);
    }

    private static long End(ReadOnlySpan<byte> key) => (long)BinaryPrimitives.ReadUInt64BigEndian(key[1..]) ^ long.MinValue;
}
