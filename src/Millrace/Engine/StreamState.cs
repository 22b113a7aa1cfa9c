// A stream's rows in arrival order, and how far its event time has come: by its rows, or by the clock while it is silent.
using Millrace.Core;
using Millrace.Sql;
using Millrace.Store.Segments;

namespace Millrace.Engine;

/// <summary>
/// A stream. Its watermark trails the latest event time. When nothing has come for its idle timeout it is idle: it holds no other input back any more, and its
/// watermark goes on with the clock, from where the last row left it, so that the last windows close by themselves.
/// </summary>
internal sealed class StreamState : ObjectState
{
    private long _maxTime = long.MinValue;
    private long _watermark = long.MinValue;
    private long _lastArrival;
    private bool _idle;

    public StreamState(CatalogObject definition)
        : base(definition) => Chunks = new ChunkList(definition.Columns, definition.EventTime);

    public ChunkList Chunks { get; }

    public override ChunkList AppendedRows => Chunks;

    public override long Watermark => _watermark;

    private bool HasWatermark => Definition.WatermarkDelay >= 0;

    private long FromRows => _maxTime == long.MinValue ? long.MinValue : _maxTime - Definition.WatermarkDelay;

    public override Progress ProgressNow(Func<int, ObjectState> find) => HasWatermark ? new Progress(_watermark, _idle) : Progress.Nothing;

    /// <summary>Silence is counted from here: the stream is new, or the database has been down and nobody could write.</summary>
    public void Rouse(long now) => _lastArrival = Math.Max(_lastArrival, now);

    /// <summary>Takes note of what time it is; true when the stream has become idle, or is so no longer.</summary>
    public bool Pass(long now)
    {
        if (!HasWatermark)
        {
            return false;
        }

        bool was = _idle;
        long silent = now - _lastArrival;
        _idle = silent >= IdleTimeout.Micros(Definition.Options);
        _watermark = Math.Max(_watermark, _idle && _maxTime != long.MinValue ? FromRows + silent : FromRows);
        return _idle != was;
    }

    public override long DueFor(long watermark, Func<int, ObjectState> find)
    {
        if (!HasWatermark || IdleTimeout.Micros(Definition.Options) is var timeout && timeout == long.MaxValue)
        {
            return long.MaxValue;
        }

        if (!_idle)
        {
            return _lastArrival + timeout;
        }

        return _maxTime == long.MinValue || _watermark >= watermark ? long.MaxValue : _lastArrival + (watermark - FromRows);
    }

    public override long? Rows => Chunks.Rows;

    public override long Bytes => Chunks.ResidentBytes;

    public void Append(Batch batch, long position, long now)
    {
        if (Definition.EventTime >= 0)
        {
            Column time = batch.Columns[Definition.EventTime];
            long[] values = ((FixedColumn<long>)time).Values;
            for (int i = 0; i < batch.Count; i++)
            {
                if (values[i] > _maxTime && !time.IsNull(i))
                {
                    _maxTime = values[i];
                }
            }
        }

        _lastArrival = now;
        Chunks.Append(batch, position, now);
        RowsTotal += batch.Count;
        ChangesTotal += batch.Count;
        Delta.Add(batch);
    }

    public override ObjectSnapshot Snapshot() => new(Definition, Chunks.Snapshot()) { GoneUpto = Chunks.GoneUpto };

    public override void Widen(CatalogObject wider)
    {
        Chunks.Widen(wider.Columns);
        Definition = wider;
    }

    public override void Save(ByteWriter writer)
    {
        writer.WriteInt64(_maxTime);
        writer.WriteInt64(_watermark);
        writer.WriteInt64(_lastArrival);
        writer.WriteByte(_idle ? (byte)1 : (byte)0);
        Chunks.Save(writer);
    }

    public override void Load(ref ByteReader reader, Func<SegmentInfo, StoredSegment> open)
    {
        _maxTime = reader.ReadInt64();
        _watermark = reader.ReadInt64();
        _lastArrival = reader.ReadInt64();
        _idle = reader.ReadByte() != 0;
        Chunks.Load(ref reader, open);
        RowsTotal = Chunks.NextOffset;
    }
}
