// ASOF joins: each left row with the one right row of its key that lies closest in time, on one side of it.
using System.Buffers.Binary;
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>
/// Keeps both sides by key and time. A right row decides for the left rows from its time to that of the next right row; at the end of an epoch the left rows
/// in the stretches that changed are joined as before and as now, and the difference is emitted. Where both inputs only grow and have watermarks, left rows
/// behind the watermark are final and go; of the right rows behind it the newest of a key stays. Rows that come behind the watermark are late and dropped.
/// </summary>
internal sealed class AsOfJoin : Operator
{
    private const int SlotLength = 4;
    private const int HeadLength = SlotLength + 8;

    private readonly AsOfJoinPlan _plan;
    private readonly KeyIndex _index;
    private readonly Side _left;
    private readonly Side _right;
    private readonly bool _bounded;
    private readonly ChangeSum _changes;
    private readonly BatchBuilder _pairs;
    private readonly HashSet<int> _touched = [];
    private readonly List<(long Low, long High)> _stretches = [];
    private int[] _slots = [];
    private byte[] _key = new byte[64];
    private long _watermark = long.MinValue;
    private long _late;

    private sealed class Side(Schema columns, IReadOnlyList<int> keys, int time)
    {
        public readonly int[] Keys = [.. keys];
        public readonly int Time = time;
        public readonly int Width = columns.Count;
        public readonly RowCodec Codec = RowCodec.Of(columns);
        public readonly EncodedRows Encoded = new();
        public readonly OrderedRows Rows = new();
        public readonly OrderedRows Pending = new();
    }

    public AsOfJoin(AsOfJoinPlan plan)
        : base(plan.Columns)
    {
        _plan = plan;
        _index = KeyIndex.For([.. plan.LeftKeys.Select(k => plan.Left.Columns[k].Type)], [.. plan.LeftKeys.Select(_ => true)]);
        _left = new Side(plan.Left.Columns, plan.LeftKeys, plan.LeftTime);
        _right = new Side(plan.Right.Columns, plan.RightKeys, plan.RightTime);
        _bounded = plan.IsBounded;
        _changes = new ChangeSum(plan.Columns);
        _pairs = new BatchBuilder(plan.Columns);
        Detail = $"{plan.Left.Columns[plan.LeftTime].Name} {plan.Operator} {plan.Right.Columns[plan.RightTime].Name}"
            + PlanText.Join(plan.LeftKeys.Zip(plan.RightKeys, (l, r) => $"{plan.Left.Columns[l].Name} = {plan.Right.Columns[r].Name}"), " on ");
    }

    /// <inheritdoc/>
    public override string Name => _plan.Outer ? "AsOfJoin Left" : "AsOfJoin";

    /// <inheritdoc/>
    public override string Detail { get; }

    /// <inheritdoc/>
    public override long StateRows => _left.Rows.Count + _right.Rows.Count;

    /// <inheritdoc/>
    public override long StateBytes => _index.Bytes + _left.Rows.Bytes + _right.Rows.Bytes;

    /// <inheritdoc/>
    public override long LateRows => _late;

    private bool Backward => _plan.Operator is ">=" or ">";

    /// <inheritdoc/>
    public override void Process(int port, Batch input, IOutput output)
    {
        Side side = port == 0 ? _left : _right;
        if (_slots.Length < input.Count)
        {
            _slots = new int[input.Count];
        }

        _index.FindOrAdd(input, side.Keys, _slots);
        side.Codec.Encode(input, side.Encoded);
        _pairs.Reset();
        for (int i = 0; i < input.Count; i++)
        {
            if (_slots[i] >= 0)
            {
                _touched.Add(_slots[i]);
            }

            if (_slots[i] < 0 || input.Columns[side.Time].IsNull(i))
            {
                AddAlone(port, input, i);
                continue;
            }

            long time = TimeOf(input.Columns[side.Time], i);
            if (_bounded && time < _watermark && _watermark < long.MaxValue)
            {
                _late++;
                continue;
            }

            side.Pending.Add(Key(_slots[i], time, side.Encoded.Row(i)), input.Weight(i));
        }

        if (_pairs.Count > 0)
        {
            _changes.Add(_pairs.View(), 1);
        }
    }

    /// <inheritdoc/>
    public override void EndEpoch(in EpochInfo epoch, IOutput output)
    {
        foreach (int slot in _touched)
        {
            FindStretches(slot);
            Join(slot, -1);
            Apply(_left, slot);
            Apply(_right, slot);
            Join(slot, 1);
        }

        _watermark = Math.Max(_watermark, epoch.Watermark);
        foreach (int slot in _touched)
        {
            if (_bounded)
            {
                DropBehind(slot);
            }

            if (!_left.Rows.Seek(Head(slot)).At(Head(slot)) && !_right.Rows.Seek(Head(slot)).At(Head(slot)))
            {
                _index.Remove(slot);
            }
        }

        _touched.Clear();
        _changes.Emit(output);
    }

    /// <inheritdoc/>
    public override void Save(ByteWriter writer)
    {
        writer.WriteInt64(_watermark);
        writer.WriteInt64(_late);
        _index.Save(writer);
        _left.Rows.Save(writer);
        _right.Rows.Save(writer);
    }

    /// <inheritdoc/>
    public override void Load(ref ByteReader reader)
    {
        _watermark = reader.ReadInt64();
        _late = reader.ReadInt64();
        _index.Load(ref reader);
        _left.Rows.Load(ref reader);
        _right.Rows.Load(ref reader);
    }

    // A left row without key or time has no partner.
    private void AddAlone(int port, Batch input, int row)
    {
        if (port != 0 || !_plan.Outer)
        {
            return;
        }

        for (int c = 0; c < _pairs.Columns.Length; c++)
        {
            if (c < _left.Width)
            {
                _pairs.Columns[c].AppendFrom(input.Columns[c], row);
            }
            else
            {
                _pairs.Columns[c].AppendNull();
            }
        }

        _pairs.EndRow(input.Weight(row));
    }

    // The times of left rows whose partner may have changed: those of changed left rows, and from a changed right row to the next that stays.
    private void FindStretches(int slot)
    {
        _stretches.Clear();
        byte[] head = Head(slot);
        for (OrderedRows.Cursor cursor = _left.Pending.Seek(head); cursor.At(head); cursor.Next())
        {
            _stretches.Add((Time(cursor.Key), Time(cursor.Key)));
        }

        for (OrderedRows.Cursor cursor = _right.Pending.Seek(head); cursor.At(head); cursor.Next())
        {
            long time = Time(cursor.Key);
            _stretches.Add(Backward ? (time, NextTime(slot, time)) : (PreviousTime(slot, time), time));
        }

        Stretches.Join(_stretches);
    }

    private long NextTime(int slot, long time)
    {
        byte[] head = Head(slot);
        OrderedRows.Cursor cursor = time == long.MaxValue ? default : _right.Rows.Seek(Key(slot, time + 1, []));
        return time < long.MaxValue && cursor.At(head) ? Time(cursor.Key) : long.MaxValue;
    }

    private long PreviousTime(int slot, long time)
    {
        byte[] head = Head(slot);
        OrderedRows.Cursor cursor = _right.Rows.Seek(Key(slot, time, []));
        cursor.Previous();
        return cursor.At(head) ? Time(cursor.Key) : long.MinValue;
    }

    private void Join(int slot, int sign)
    {
        byte[] head = Head(slot);
        _pairs.Reset();
        foreach ((long low, long high) in _stretches)
        {
            for (OrderedRows.Cursor cursor = _left.Rows.Seek(Key(slot, low, [])); cursor.At(head) && Time(cursor.Key) <= high; cursor.Next())
            {
                OrderedRows.Cursor partner = Partner(slot, Time(cursor.Key));
                bool found = partner.At(head);
                if (!found && !_plan.Outer)
                {
                    continue;
                }

                _left.Codec.Decode(cursor.Key[HeadLength..], _pairs.Columns.AsSpan(0, _left.Width));
                if (found)
                {
                    _right.Codec.Decode(partner.Key[HeadLength..], _pairs.Columns.AsSpan(_left.Width, _right.Width));
                }

                for (int c = _left.Width; !found && c < _pairs.Columns.Length; c++)
                {
                    _pairs.Columns[c].AppendNull();
                }

                _pairs.EndRow(cursor.Weight);
            }
        }

        if (_pairs.Count > 0)
        {
            _changes.Add(_pairs.View(), sign);
        }
    }

    // Of right rows of equal time the last in order of their columns counts when looking back, the first when looking ahead.
    private OrderedRows.Cursor Partner(int slot, long time)
    {
        bool orEqual = _plan.Operator is ">=" or "<=";
        if (Backward)
        {
            OrderedRows.Cursor back = orEqual && time == long.MaxValue
                ? _right.Rows.SeekLast(Head(slot))
                : _right.Rows.Seek(Key(slot, orEqual ? time + 1 : time, []));
            if (!(orEqual && time == long.MaxValue))
            {
                back.Previous();
            }

            return back;
        }

        return orEqual || time < long.MaxValue ? _right.Rows.Seek(Key(slot, orEqual ? time : time + 1, [])) : _right.Rows.Seek(Key(slot + 1, long.MinValue, []));
    }

    private static void Apply(Side side, int slot)
    {
        byte[] head = Head(slot);
        for (OrderedRows.Cursor cursor = side.Pending.Seek(head); cursor.At(head); cursor.Next())
        {
            side.Rows.Add(cursor.Key, cursor.Weight);
        }

        side.Pending.RemovePrefix(head);
    }

    private void DropBehind(int slot)
    {
        byte[] head = Head(slot);
        var gone = new List<(byte[] Key, long Weight)>();
        for (OrderedRows.Cursor cursor = _left.Rows.Seek(head); cursor.At(head) && Time(cursor.Key) < _watermark; cursor.Next())
        {
            gone.Add((cursor.Key.ToArray(), cursor.Weight));
        }

        gone.ForEach(g => _left.Rows.Add(g.Key, -g.Weight));
        gone.Clear();
        for (OrderedRows.Cursor cursor = _right.Rows.Seek(head); cursor.At(head) && Time(cursor.Key) < _watermark; cursor.Next())
        {
            gone.Add((cursor.Key.ToArray(), cursor.Weight));
        }

        // Looking back, the newest behind the watermark is the partner of rows to come (with >, of rows at the watermark too).
        int keep = Backward ? 1 : 0;
        for (int i = 0; i < gone.Count - keep; i++)
        {
            _right.Rows.Add(gone[i].Key, -gone[i].Weight);
        }
    }

    private ReadOnlySpan<byte> Key(int slot, long time, ReadOnlySpan<byte> row)
    {
        int length = HeadLength + row.Length;
        if (_key.Length < length)
        {
            _key = new byte[length * 2];
        }

        BinaryPrimitives.WriteInt32BigEndian(_key, slot);
        BinaryPrimitives.WriteUInt64BigEndian(_key.AsSpan(SlotLength), (ulong)(time ^ long.MinValue));
        row.CopyTo(_key.AsSpan(HeadLength));
        return _key.AsSpan(0, length);
    }

    private static byte[] Head(int slot)
    {
        byte[] head = new byte[SlotLength];
        BinaryPrimitives.WriteInt32BigEndian(head, slot);
        return head;
    }

    private static long Time(ReadOnlySpan<byte> key) => (long)BinaryPrimitives.ReadUInt64BigEndian(key[SlotLength..]) ^ long.MinValue;

    private static long TimeOf(Column column, int row) => column is FixedColumn<int> days ? days.Values[row] : ((FixedColumn<long>)column).Values[row];
}
