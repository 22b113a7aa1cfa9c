// INTERSECT and EXCEPT: counts of each row on both sides.
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>Keeps two counts per different row and emits, at the end of an epoch, how the resulting count changed.</summary>
internal sealed class SetOp(bool except, bool all, Schema columns) : Operator(columns)
{
    private readonly KeyIndex _index = KeyIndex.For([.. columns.Fields.Select(f => f.Type)]);
    private readonly int[] _all = [.. Enumerable.Range(0, columns.Count)];
    private readonly BatchBuilder _output = new(columns);
    private readonly List<int> _touched = [];
    private long[][] _counts = [[], []];
    private long[] _before = [];
    private bool[] _isTouched = [];
    private int[] _slots = [];

    /// <inheritdoc/>
    public override string Name => except ? "Except" : "Intersect";

    /// <inheritdoc/>
    public override string Detail => all ? "all" : "";

    /// <inheritdoc/>
    public override long StateRows => _index.Count;

    /// <inheritdoc/>
    public override long StateBytes => _index.Bytes + (_before.Length * 25L);

    /// <inheritdoc/>
    public override void Process(int port, Batch input, IOutput output)
    {
        if (_slots.Length < input.Count)
        {
            _slots = new int[input.Count];
        }

        _index.FindOrAdd(input, _all, _slots);
        Ensure(_index.SlotEnd);
        for (int i = 0; i < input.Count; i++)
        {
            int slot = _slots[i];
            if (!_isTouched[slot])
            {
                _isTouched[slot] = true;
                _touched.Add(slot);
                _before[slot] = Result(slot);
            }

            _counts[port][slot] += input.Weight(i);
        }
    }

    /// <inheritdoc/>
    public override void EndEpoch(in EpochInfo epoch, IOutput output)
    {
        var slots = new List<int>();
        var weights = new List<long>();
        foreach (int slot in _touched)
        {
            _isTouched[slot] = false;
            long change = Result(slot) - _before[slot];
            if (change != 0)
            {
                slots.Add(slot);
                weights.Add(change);
            }
        }

        _output.Reset();
        _index.Decode([.. slots], _output.Columns);
        _output.EndRows(slots.Count, weights.ToArray());
        foreach (int slot in _touched)
        {
            if (_counts[0][slot] == 0 && _counts[1][slot] == 0)
            {
                _index.Remove(slot);
            }
        }

        _touched.Clear();
        if (slots.Count > 0)
        {
            output.Emit(_output.View());
        }
    }

    /// <inheritdoc/>
    public override void Save(ByteWriter writer)
    {
        _index.Save(writer);
        writer.WriteArray(_counts[0], _index.SlotEnd);
        writer.WriteArray(_counts[1], _index.SlotEnd);
    }

    /// <inheritdoc/>
    public override void Load(ref ByteReader reader)
    {
        _index.Load(ref reader);
        _counts = [reader.ReadArray<long>(_index.SlotEnd), reader.ReadArray<long>(_index.SlotEnd)];
        Ensure(_index.SlotEnd);
    }

    private long Result(int slot)
    {
        long left = Math.Max(0, _counts[0][slot]);
        long right = Math.Max(0, _counts[1][slot]);
        long result = !except ? Math.Min(left, right) : all ? Math.Max(0, left - right) : right == 0 ? left : 0;
        return all ? result : Math.Min(1, result);
    }

    private void Ensure(int slots)
    {
        if (_before.Length < slots)
        {
            int size = Math.Max(slots, Math.Max(16, _before.Length * 2));
            Array.Resize(ref _before, size);
            Array.Resize(ref _isTouched, size);
            Array.Resize(ref _counts[0], size);
            Array.Resize(ref _counts[1], size);
        }
    }
}
