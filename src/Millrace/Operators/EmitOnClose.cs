// EMIT ON WINDOW CLOSE: each window's rows once, when the watermark has passed its end; or every change until then.
using System.Buffers.Binary;
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>
/// Holds rows ordered by their window's end and sums up their changes; when the watermark reaches an end, its rows are given for good. Changes of
/// windows that have closed are dropped and counted: they are late. A row without a window end never closes.
/// </summary>
/// <param name="windowEnd">The column with the window's end.</param>
/// <param name="byClock">True when windows are over processing time: the epoch's time closes them.</param>
/// <param name="columns">Columns of input and output.</param>
/// <param name="lateness">How long after its end a window stays open, µs.</param>
/// <param name="everyChange">True to give changes as they come; nothing is held then.</param>
internal sealed class EmitOnClose(int windowEnd, bool byClock, long lateness, bool everyChange, Schema columns) : Operator(columns)
{
    private const int TimeLength = 9;

    private readonly RowCodec _timeCodec = new([columns[windowEnd].Type], exact: false);
    private readonly RowCodec _rowCodec = RowCodec.Of(columns);
    private readonly EncodedRows _times = new();
    private readonly EncodedRows _encoded = new();
    private readonly OrderedRows _rows = new();
    private readonly BatchBuilder _output = new(columns);
    private readonly LateWindows _windows = new();
    private long _closed = long.MinValue;
    private long _late;
    private byte[] _key = [];

    /// <inheritdoc/>
    public override string Name => everyChange ? "CloseWindows" : "EmitOnClose";

    /// <inheritdoc/>
    public override string Detail => Columns[windowEnd].Name;

    /// <inheritdoc/>
    public override long StateRows => _rows.Count;

    /// <inheritdoc/>
    public override long StateBytes => _rows.Bytes;

    /// <inheritdoc/>
    public override long HoldBackMicros => everyChange ? 0 : lateness;

    /// <inheritdoc/>
    public override long DueMicros => byClock ? FirstEnd : long.MaxValue;

    /// <inheritdoc/>
    public override long AwaitedWatermark => byClock ? long.MaxValue : FirstEnd;

    /// <summary>Changes that came after their window had closed.</summary>
    public override long LateRows => _late;

    /// <inheritdoc/>
    public override LateWindows LateWindows => _windows;

    /// <summary>Windows that end by then (µs) have been given.</summary>
    public long ClosedUpto => _closed;

    /// <inheritdoc/>
    public override void Process(int port, Batch input, IOutput output)
    {
        var ends = (FixedColumn<long>)input.Columns[windowEnd];
        _timeCodec.Encode(input, [windowEnd], _times);
        _rowCodec.Encode(input, _encoded);
        _output.Reset();
        for (int i = 0; i < input.Count; i++)
        {
            if (ends.IsNull(i))
            {
                continue;
            }

            if (ends.Values[i] <= _closed)
            {
                _late++;
                _windows.Add(ends.Values[i]);
                continue;
            }

            ReadOnlySpan<byte> row = _encoded.Row(i);
            if (everyChange)
            {
                _rowCodec.Decode(row, _output.Columns);
                _output.EndRow(input.Weight(i));
                continue;
            }

            int length = TimeLength + row.Length;
            if (_key.Length < length)
            {
                _key = new byte[length * 2];
            }

            _times.Row(i).CopyTo(_key);
            row.CopyTo(_key.AsSpan(TimeLength));
            _rows.Add(_key.AsSpan(0, length), input.Weight(i));
        }

        if (_output.Count > 0)
        {
            output.Emit(_output.View());
        }
    }

    /// <inheritdoc/>
    public override void EndEpoch(in EpochInfo epoch, IOutput output)
    {
        long passed = byClock ? epoch.TimeMicros : epoch.Watermark;
        passed = passed is long.MinValue or long.MaxValue ? passed : passed - lateness;
        if (passed <= _closed)
        {
            return;
        }

        _closed = passed;
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
        writer.WriteInt64(_late);
        _windows.Save(writer);
        _rows.Save(writer);
    }

    /// <inheritdoc/>
    public override void Load(ref ByteReader reader)
    {
        _closed = reader.ReadInt64();
        _late = reader.ReadInt64();
        if (reader.Version >= CheckpointFile.WithReach)
        {
            _windows.Load(ref reader);
        }

        _rows.Load(ref reader);
    }

    private long FirstEnd => _rows.Count == 0 ? long.MaxValue : End(_rows.First().Key) + lateness;

    private static long End(ReadOnlySpan<byte> key) => (long)BinaryPrimitives.ReadUInt64BigEndian(key[1..]) ^ long.MinValue;
}
