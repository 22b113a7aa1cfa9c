// Window functions: the touched partitions computed before and after an epoch's changes, and the difference emitted.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>
/// Keeps the rows of each partition in order (ties broken by the remaining columns). At the end of an epoch each touched partition is computed as it was and
/// as it is; rows whose values did not change cancel out.
/// </summary>
internal sealed class Window : Operator
{
    private readonly OrderedPartitions _partitions;
    private readonly int _width;
    private readonly BatchBuilder _rows;
    private readonly ChangeSum _changes;
    private readonly WindowEvaluator[] _evaluators;
    private readonly List<int> _peerStarts = [];

    public Window(WindowPlan plan)
        : base(plan.Columns)
    {
        Schema input = plan.Input.Columns;
        _width = input.Count;
        _partitions = new OrderedPartitions(input, plan.PartitionBy, plan.OrderBy);
        _rows = new BatchBuilder(input);
        _changes = new ChangeSum(plan.Columns);
        _evaluators = [.. plan.Calls.Select(c => new WindowEvaluator(c, plan.OrderBy, input))];
        Detail = string.Join(", ", plan.Calls.Select(c => $"{c.Function?.Name ?? c.Aggregate!.Name}({string.Join(", ", c.Arguments.Select(a => input[a].Name))})")) +
            PlanText.Join(plan.PartitionBy.Select(c => input[c].Name), " partition by ") + PlanText.Join(plan.OrderBy.Select(k => PlanText.Of(k, input)), " order by ");
    }

    /// <inheritdoc/>
    public override string Name => "Window";

    /// <inheritdoc/>
    public override string Detail { get; }

    /// <inheritdoc/>
    public override long StateRows => _partitions.Rows.Count;

    /// <inheritdoc/>
    public override long StateBytes => _partitions.Bytes;

    /// <inheritdoc/>
    public override void Process(int port, Batch input, IOutput output) => _partitions.Take(input);

    /// <inheritdoc/>
    public override void EndEpoch(in EpochInfo epoch, IOutput output)
    {
        foreach (int slot in _partitions.Touched)
        {
            Compute(slot, -1);
            _partitions.Apply(slot);
            Compute(slot, 1);
        }

        _partitions.EndEpoch();
        _changes.Emit(output);
    }

    /// <inheritdoc/>
    public override void Save(ByteWriter writer) => _partitions.Save(writer);

    /// <inheritdoc/>
    public override void Load(ref ByteReader reader) => _partitions.Load(ref reader);

    private void Compute(int slot, int sign)
    {
        _rows.Reset();
        _peerStarts.Clear();
        Span<byte> prefix = stackalloc byte[OrderedPartitions.PrefixLength];
        OrderedPartitions.Prefix(slot, prefix);
        byte[] peers = [];
        for (OrderedRows.Cursor cursor = _partitions.Rows.Seek(prefix); cursor.At(prefix); cursor.Next())
        {
            ReadOnlySpan<byte> order = OrderedPartitions.OrderPart(cursor.Key);
            if (_rows.Count == 0 || !order.SequenceEqual(peers))
            {
                _peerStarts.Add(_rows.Count);
                peers = order.ToArray();
            }

            for (long n = cursor.Weight; n > 0; n--)
            {
                _partitions.Decode(cursor.Key, _rows.Columns);
                _rows.EndRow();
            }
        }

        if (_rows.Count == 0)
        {
            return;
        }

        Batch rows = _rows.View();
        int[] group = new int[rows.Count];
        for (int g = 0; g < _peerStarts.Count; g++)
        {
            int end = g + 1 < _peerStarts.Count ? _peerStarts[g + 1] : rows.Count;
            group.AsSpan(_peerStarts[g], end - _peerStarts[g]).Fill(g);
        }

        int[] starts = [.. _peerStarts, rows.Count];
        var columns = new Column[Columns.Count];
        rows.Columns.CopyTo(columns, 0);
        for (int c = 0; c < _evaluators.Length; c++)
        {
            columns[_width + c] = _evaluators[c].Evaluate(rows, group, starts);
        }

        _changes.Add(new Batch(columns, rows.Count), sign);
    }
}
