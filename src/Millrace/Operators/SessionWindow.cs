// SESSION: rows of a partition closer in time than the gap share a window.
using System.Buffers.Binary;
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>
/// Keeps rows by partition and time. A change touches only the sessions it falls into or next to: at the end of an epoch these stretches of time are read
/// before and after the changes, and the difference is emitted. Exact for late rows and for rows taken back, which may merge and split sessions. Where sessions
/// close, their rows are forgotten then: the gate below lets nothing through that would belong to them.
/// </summary>
internal sealed class SessionWindow : Operator
{
    private readonly SessionPlan _plan;
    private readonly OrderedPartitions _partitions;
    private readonly BatchBuilder _windows;
    private readonly ChangeSum _changes;
    private readonly List<(long Low, long High)> _stretches = [];
    private readonly SessionClosing? _closing;
    private readonly PriorityQueue<(int Slot, long First), long> _ends = new(); // by last row, or a row before it
    private readonly HashSet<(int Slot, long First)> _queued = []; // what stands in _ends
    private readonly List<byte[]> _forgotten = [];
    private long _closed = long.MinValue;

    public SessionWindow(SessionPlan plan, SessionClosing? closing = null)
        : base(plan.Columns)
    {
        _plan = plan;
        _closing = closing;
        _partitions = new OrderedPartitions(plan.Input.Columns, plan.PartitionBy, [new SortKey(plan.Time, false, false)]);
        _windows = new BatchBuilder(plan.Columns);
        _changes = new ChangeSum(plan.Columns);
        Detail = $"{plan.Input.Columns[plan.Time].Name} gap {PlanText.Span(plan.Gap)}" + PlanText.Join(plan.PartitionBy.Select(c => plan.Columns[c].Name), " partition by ");
    }

    /// <inheritdoc/>
    public override string Name => "Session";

    /// <inheritdoc/>
    public override string Detail { get; }

    /// <inheritdoc/>
    public override long StateRows => _partitions.Rows.Count;

    /// <inheritdoc/>
    public override long StateBytes => _partitions.Bytes + (_ends.Count * 48L);

    /// <inheritdoc/>
    public override void Process(int port, Batch input, IOutput output) => _partitions.Take(input, skip: input.Columns[_plan.Time]);

    /// <inheritdoc/>
    public override void EndEpoch(in EpochInfo epoch, IOutput output)
    {
        foreach (int slot in _partitions.Touched)
        {
            FindStretches(slot);
            Read(slot, -1);
            _partitions.Apply(slot);
            Read(slot, 1);
        }

        if (_closing is { } closing)
        {
            Forget(closing.ByClock ? epoch.TimeMicros : epoch.Watermark, closing.Lateness);
        }

        _partitions.EndEpoch();
        _changes.Emit(output);
    }

    /// <inheritdoc/>
    public override void Save(ByteWriter writer)
    {
        _partitions.Save(writer);
        if (_closing is not null)
        {
            writer.WriteInt64(_closed);
        }
    }

    /// <inheritdoc/>
    public override void Load(ref ByteReader reader)
    {
        _partitions.Load(ref reader);
        if (_closing is null)
        {
            return;
        }

        _closed = reader.ReadInt64();
        (int Slot, long Last) before = (-1, 0);
        for (OrderedRows.Cursor cursor = _partitions.Rows.First(); cursor.Valid; cursor.Next())
        {
            (int Slot, long Last) at = (OrderedPartitions.Slot(cursor.Key), Time(cursor.Key));
            if (at.Slot != before.Slot || at.Last - before.Last >= _plan.Gap)
            {
                Await(at.Slot, at.Last, at.Last);
            }

            before = at;
        }
    }

    // Takes away the rows of sessions that have closed. An entry whose session has grown is put back; one whose session begins elsewhere now has another.
    private void Forget(long passed, long lateness)
    {
        if (passed <= _closed || passed == long.MaxValue)
        {
            return;
        }

        _closed = passed;
        byte[] prefix = new byte[OrderedPartitions.PrefixLength];
        while (_ends.TryPeek(out (int Slot, long First) session, out long last) && OpenSessions.CloseTime(last, _plan.Gap, lateness) <= _closed)
        {
            _ends.Dequeue();
            _queued.Remove(session);
            OrderedPartitions.Prefix(session.Slot, prefix);
            OrderedRows.Cursor cursor = _partitions.Rows.Seek(At(session.Slot, session.First));
            if (!cursor.At(prefix) || Time(cursor.Key) != session.First)
            {
                continue;
            }

            OrderedRows.Cursor back = cursor;
            back.Previous();
            if (back.At(prefix) && session.First - Time(back.Key) < _plan.Gap)
            {
                continue;
            }

            last = session.First;
            _forgotten.Clear();
            for (; cursor.At(prefix) && Time(cursor.Key) - last < _plan.Gap; cursor.Next())
            {
                last = Time(cursor.Key);
                _forgotten.Add(cursor.Key.ToArray());
            }

            if (OpenSessions.CloseTime(last, _plan.Gap, lateness) > _closed)
            {
                Await(session.Slot, session.First, last);
                continue;
            }

            foreach (byte[] key in _forgotten)
            {
                _partitions.Rows.Add(key, -_partitions.Rows.Weight(key));
            }

            _partitions.Revisit(session.Slot);
        }
    }

    private void Await(int slot, long first, long last)
    {
        if (_queued.Add((slot, first)))
        {
            _ends.Enqueue((slot, first), last);
        }
    }

    // For each changed time the sessions around it, joined where they are closer than the gap.
    private void FindStretches(int slot)
    {
        var times = new List<long>();
        foreach (ReadOnlyMemory<byte> entry in _partitions.ChangedEntries(slot))
        {
            times.Add(Time(entry.Span));
        }

        times.Sort();
        _stretches.Clear();
        byte[] prefix = new byte[OrderedPartitions.PrefixLength];
        OrderedPartitions.Prefix(slot, prefix);
        foreach (long time in times)
        {
            if (_stretches.Count > 0 && time <= _stretches[^1].High)
            {
                continue;
            }

            long low = time;
            OrderedRows.Cursor back = _partitions.Rows.Seek(At(slot, time));
            for (back.Previous(); back.At(prefix) && low - Time(back.Key) < _plan.Gap; back.Previous())
            {
                low = Time(back.Key);
            }

            long high = time;
            for (OrderedRows.Cursor ahead = _partitions.Rows.Seek(At(slot, time)); ahead.At(prefix) && Time(ahead.Key) - high < _plan.Gap; ahead.Next())
            {
                high = Time(ahead.Key);
            }

            if (_stretches.Count > 0 && low - _stretches[^1].High < _plan.Gap)
            {
                _stretches[^1] = (_stretches[^1].Low, high);
            }
            else
            {
                _stretches.Add((low, high));
            }
        }
    }

    // Adds the rows of the stretches with their present sessions to the changes.
    private void Read(int slot, int sign)
    {
        byte[] prefix = new byte[OrderedPartitions.PrefixLength];
        OrderedPartitions.Prefix(slot, prefix);
        var starts = (FixedBuilder<long>)_windows.Columns[^2];
        var ends = (FixedBuilder<long>)_windows.Columns[^1];
        foreach ((long low, long high) in _stretches)
        {
            _windows.Reset();
            int session = 0;
            long start = 0;
            long last = 0;
            for (OrderedRows.Cursor cursor = _partitions.Rows.Seek(At(slot, low)); cursor.At(prefix) && Time(cursor.Key) <= high; cursor.Next())
            {
                long time = Time(cursor.Key);
                if (_windows.Count == session || time - last >= _plan.Gap)
                {
                    Close(starts, ends, _windows.Count - session, start, last);
                    session = _windows.Count;
                    start = time;
                    if (_closing is not null && sign > 0)
                    {
                        Await(slot, start, start);
                    }
                }

                last = time;
                _partitions.Decode(cursor.Key, _windows.Columns.AsSpan(0, _plan.Input.Columns.Count));
                _windows.EndRow(cursor.Weight);
            }

            Close(starts, ends, _windows.Count - session, start, last);
            _changes.Add(_windows.View(), sign);
        }
    }

    private void Close(FixedBuilder<long> starts, FixedBuilder<long> ends, int rows, long start, long last)
    {
        for (int i = 0; i < rows; i++)
        {
            starts.Append(start);
            ends.Append(last + _plan.Gap);
        }
    }

    private static long Time(ReadOnlySpan<byte> entry) =>
        (long)BinaryPrimitives.ReadUInt64BigEndian(entry[(OrderedPartitions.PrefixLength + 1)..]) ^ long.MinValue;

    // The first entry that a row of this time could have.
    private static byte[] At(int slot, long time)
    {
        byte[] key = new byte[OrderedPartitions.PrefixLength + 9];
        OrderedPartitions.Prefix(slot, key);
        key[OrderedPartitions.PrefixLength] = 1;
        BinaryPrimitives.WriteUInt64BigEndian(key.AsSpan(OrderedPartitions.PrefixLength + 1), (ulong)(time ^ long.MinValue));
        return key;
    }
}
