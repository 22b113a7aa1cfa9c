// NOT IN (subquery): where a null on either side makes the answer unknown, and unknown drops the row.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>
/// x NOT IN (SELECT y …) by counts. A partition is what the null-safe keys select (everything, when the subquery is not correlated). A left row passes when
/// its partition's right side is empty, or when neither x nor any y there is null and no y equals x.
/// </summary>
internal sealed class NullAwareAntiJoin : Operator
{
    private const int None = -1;

    private readonly int[][] _keys;
    private readonly int[][] _partitionKeys;
    private readonly int[] _compared;
    private readonly KeyIndex _index;
    private readonly KeyIndex _partitions;
    private readonly RowCodec _codec;
    private readonly RowStore _rows;
    private readonly EncodedRows _encoded = new();
    private readonly BatchBuilder _output;
    private readonly HashSet<int> _touchedPartitions = [];
    private readonly HashSet<int> _touchedKeys = [];
    private KeyState[] _keyStates = [];
    private PartitionState[] _partitionStates = [];
    private int[] _slots = [];
    private int[] _partitionSlots = [];

    private struct KeyState
    {
        public long Right;
        public long LeftRows;
        public int Partition;
        public int Next; // keys of the partition; + 1
        public int Previous;
        public bool Null;
        public bool Linked;
        public bool Passes; // as last emitted
    }

    private struct PartitionState
    {
        public long Right;
        public long RightNulls;
        public int First; // + 1
        public int Keys;
    }

    public NullAwareAntiJoin(JoinPlan plan)
        : base(plan.Columns)
    {
        if (plan.Condition is not null || plan.NullSafe.Count(n => !n) != 1)
        {
            throw new SqlException("0A000", "NOT IN over several columns, or correlated by other than equality, is not supported", hint: "use NOT EXISTS");
        }

        int[] safe = [.. Enumerable.Range(0, plan.NullSafe.Count).Where(i => plan.NullSafe[i])];
        int compared = Enumerable.Range(0, plan.NullSafe.Count).First(i => !plan.NullSafe[i]);
        _keys = [[.. plan.LeftKeys], [.. plan.RightKeys]];
        _partitionKeys = [[.. safe.Select(i => plan.LeftKeys[i])], [.. safe.Select(i => plan.RightKeys[i])]];
        _compared = [plan.LeftKeys[compared], plan.RightKeys[compared]];
        _index = KeyIndex.For([.. plan.LeftKeys.Select(k => plan.Left.Columns[k].Type)]);
        _partitions = KeyIndex.For([.. safe.Select(i => plan.Left.Columns[plan.LeftKeys[i]].Type)]);
        _codec = RowCodec.Of(plan.Left.Columns);
        _rows = new RowStore(!plan.Left.AppendOnly);
        _output = new BatchBuilder(plan.Columns);
        Detail = PlanText.Join(plan.LeftKeys.Zip(plan.RightKeys, (l, r) => $"{plan.Left.Columns[l].Name} = {plan.Right.Columns[r].Name}"), "on ");
    }

    /// <inheritdoc/>
    public override string Name => "NotInJoin";

    /// <inheritdoc/>
    public override string Detail { get; }

    /// <inheritdoc/>
    public override long StateRows => _rows.Count + _index.Count;

    /// <inheritdoc/>
    public override long StateBytes => _rows.Bytes + _index.Bytes + _partitions.Bytes + (_keyStates.Length * 40L) + (_partitionStates.Length * 24L);

    /// <inheritdoc/>
    public override void Process(int port, Batch input, IOutput output)
    {
        if (_slots.Length < input.Count)
        {
            _slots = new int[input.Count];
            _partitionSlots = new int[input.Count];
        }

        _index.FindOrAdd(input, _keys[port], _slots);
        _partitions.FindOrAdd(input, _partitionKeys[port], _partitionSlots);
        Grow(_index.SlotEnd, _partitions.SlotEnd);
        _output.Reset();
        Column compared = input.Columns[_compared[port]];
        for (int i = 0; i < input.Count; i++)
        {
            Link(_slots[i], _partitionSlots[i], compared.IsNull(i));
        }

        if (port == 0)
        {
            TakeLeft(input);
        }
        else
        {
            TakeRight(input, compared);
        }

        for (int i = 0; i < input.Count; i++)
        {
            Unlink(_slots[i]);
        }

        if (_output.Count > 0)
        {
            output.Emit(_output.View());
        }
    }

    /// <inheritdoc/>
    public override void Save(ByteWriter writer)
    {
        _index.Save(writer);
        _partitions.Save(writer);
        writer.WriteArray(_keyStates, _index.SlotEnd);
        writer.WriteArray(_partitionStates, _partitions.SlotEnd);
        _rows.Save(writer);
    }

    /// <inheritdoc/>
    public override void Load(ref ByteReader reader)
    {
        _index.Load(ref reader);
        _partitions.Load(ref reader);
        _keyStates = reader.ReadArray<KeyState>(_index.SlotEnd);
        _partitionStates = reader.ReadArray<PartitionState>(_partitions.SlotEnd);
        _rows.Load(ref reader);
    }

    private void TakeLeft(Batch input)
    {
        _codec.Encode(input, _encoded);
        for (int i = 0; i < input.Count; i++)
        {
            int slot = _slots[i];
            _keyStates[slot].LeftRows += input.Weight(i);
            _rows.Change(slot, _encoded.Row(i), input.Weight(i), 0);
            if (_keyStates[slot].Passes)
            {
                _output.AppendRow(input, i, input.Weight(i));
            }
        }
    }

    private void TakeRight(Batch input, Column compared)
    {
        for (int i = 0; i < input.Count; i++)
        {
            ref PartitionState partition = ref _partitionStates[_partitionSlots[i]];
            bool empty = partition.Right == 0;
            bool nulls = partition.RightNulls != 0;
            partition.Right += input.Weight(i);
            partition.RightNulls += compared.IsNull(i) ? input.Weight(i) : 0;
            _keyStates[_slots[i]].Right += input.Weight(i);
            _touchedKeys.Add(_slots[i]);
            if (empty != (partition.Right == 0) || nulls != (partition.RightNulls != 0))
            {
                _touchedPartitions.Add(_partitionSlots[i]);
            }
        }

        foreach (int partition in _touchedPartitions)
        {
            for (int key = _partitionStates[partition].First - 1; key >= 0; key = _keyStates[key].Next - 1)
            {
                Refresh(key);
            }
        }

        foreach (int key in _touchedKeys)
        {
            Refresh(key);
        }

        _touchedPartitions.Clear();
        _touchedKeys.Clear();
    }

    private bool Passes(int slot)
    {
        ref KeyState key = ref _keyStates[slot];
        ref PartitionState partition = ref _partitionStates[key.Partition];
        return partition.Right == 0 || (partition.RightNulls == 0 && !key.Null && key.Right == 0);
    }

    private void Refresh(int slot)
    {
        bool passes = Passes(slot);
        if (passes == _keyStates[slot].Passes)
        {
            return;
        }

        _keyStates[slot].Passes = passes;
        for (int row = _rows.First(slot); row >= 0; row = _rows.Next(row))
        {
            _codec.Decode(_rows.Row(row), _output.Columns);
            _output.EndRow(passes ? _rows.Weight(row) : -_rows.Weight(row));
        }
    }

    private void Link(int slot, int partition, bool isNull)
    {
        ref KeyState key = ref _keyStates[slot];
        if (key.Linked)
        {
            return;
        }

        ref PartitionState owner = ref _partitionStates[partition];
        key = new KeyState { Partition = partition, Null = isNull, Linked = true, Next = owner.First };
        if (owner.First > 0)
        {
            _keyStates[owner.First - 1].Previous = slot + 1;
        }

        owner.First = slot + 1;
        owner.Keys++;
        key.Passes = Passes(slot);
    }

    private void Unlink(int slot)
    {
        ref KeyState key = ref _keyStates[slot];
        if (!key.Linked || key.Right != 0 || _rows.First(slot) != None)
        {
            return;
        }

        ref PartitionState owner = ref _partitionStates[key.Partition];
        if (key.Previous > 0)
        {
            _keyStates[key.Previous - 1].Next = key.Next;
        }
        else
        {
            owner.First = key.Next;
        }

        if (key.Next > 0)
        {
            _keyStates[key.Next - 1].Previous = key.Previous;
        }

        int partition = key.Partition;
        key = default;
        _index.Remove(slot);
        if (--owner.Keys == 0)
        {
            owner = default;
            _partitions.Remove(partition);
        }
    }

    private void Grow(int keys, int partitions)
    {
        if (_keyStates.Length < keys)
        {
            Array.Resize(ref _keyStates, Math.Max(keys, Math.Max(16, _keyStates.Length * 2)));
        }

        if (_partitionStates.Length < partitions)
        {
            Array.Resize(ref _partitionStates, Math.Max(partitions, Math.Max(16, _partitionStates.Length * 2)));
        }
    }
}
