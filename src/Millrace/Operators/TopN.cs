// LIMIT, DISTINCT ON, row_number() <= n: the first rows of each partition in an order.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>
/// Keeps the rows of each partition in order; at the end of an epoch it walks the wanted ranks of each touched partition before and after the changes and
/// emits only where the two differ. Ties are broken by the remaining columns. Where rows are never taken back, those behind the last wanted rank are
/// dropped, in the midst of an epoch already when it brings many.
/// </summary>
internal sealed class TopN : Operator
{
    private readonly TopNPlan _plan;
    private readonly OrderedPartitions _partitions;
    private readonly long _end;
    private readonly BatchBuilder _output;
    private readonly RankedRows _before = new();
    private readonly RankedRows _after = new();
    private readonly Dictionary<int, RankedRows> _early = []; // ranks before the epoch, of partitions changed in its midst
    private readonly int _heldMax;

    // Entries of one partition with the wanted ranks, in order.
    private sealed class RankedRows
    {
        public readonly List<(int Start, int Length, long Rank, long Count)> Rows = [];
        private byte[] _data = [];
        private int _used;

        public ReadOnlySpan<byte> Entry(int i) => _data.AsSpan(Rows[i].Start, Rows[i].Length);

        public void Reset()
        {
            Rows.Clear();
            _used = 0;
        }

        public int Store(ReadOnlySpan<byte> entry)
        {
            if (_data.Length - _used < entry.Length)
            {
                Array.Resize(ref _data, Math.Max(_used + entry.Length, Math.Max(256, _data.Length * 2)));
            }

            entry.CopyTo(_data.AsSpan(_used));
            _used += entry.Length;
            return _used - entry.Length;
        }
    }

    /// <param name="plan">What is ranked.</param>
    /// <param name="heldMax">Changes that an epoch of append-only input may hold back.</param>
    public TopN(TopNPlan plan, int heldMax = 1 << 16)
        : base(plan.Columns)
    {
        _heldMax = plan.Input.AppendOnly && plan.Limit is not null ? heldMax : int.MaxValue;
        _plan = plan;
        _partitions = new OrderedPartitions(plan.Input.Columns, plan.PartitionBy, plan.OrderBy);
        _end = plan.Limit is { } limit ? plan.Offset + limit : long.MaxValue;
        _output = new BatchBuilder(plan.Columns);
        Detail = Describe(plan);
    }

    /// <inheritdoc/>
    public override string Name => "TopN";

    /// <inheritdoc/>
    public override string Detail { get; }

    /// <inheritdoc/>
    public override long StateRows => _partitions.Rows.Count;

    /// <inheritdoc/>
    public override long StateBytes => _partitions.Bytes;

    /// <inheritdoc/>
    public override void Process(int port, Batch input, IOutput output)
    {
        _partitions.Take(input);
        if (_partitions.Held < _heldMax)
        {
            return;
        }

        foreach (int slot in _partitions.Touched)
        {
            if (!_early.ContainsKey(slot))
            {
                var before = new RankedRows();
                Rank(slot, before);
                _early.Add(slot, before);
            }
        }

        _partitions.ApplyHeld();
        foreach (int slot in _partitions.Touched)
        {
            DropBehind(slot);
        }
    }

    /// <inheritdoc/>
    public override void EndEpoch(in EpochInfo epoch, IOutput output)
    {
        _output.Reset();
        foreach (int slot in _partitions.Touched)
        {
            if (!_early.TryGetValue(slot, out RankedRows? before))
            {
                before = _before;
                Rank(slot, before);
            }

            _partitions.Apply(slot);
            DropBehind(slot);
            EmitDifference(before, _after);
        }

        _early.Clear();
        _partitions.EndEpoch();
        if (_output.Count > 0)
        {
            output.Emit(_output.View());
        }
    }

    /// <inheritdoc/>
    public override void Save(ByteWriter writer) => _partitions.Save(writer);

    /// <inheritdoc/>
    public override void Load(ref ByteReader reader) => _partitions.Load(ref reader);

    /// <summary>What is ranked, for EXPLAIN.</summary>
    public static string Describe(TopNPlan plan)
    {
        Schema input = plan.Input.Columns;
        return $"{plan.Rank}" + (plan.Limit is null ? "" : $" limit {plan.Limit}") + (plan.Offset == 0 ? "" : $" offset {plan.Offset}") +
            PlanText.Join(plan.PartitionBy.Select(c => input[c].Name), " partition by ") + PlanText.Join(plan.OrderBy.Select(k => PlanText.Of(k, input)), " order by ");
    }

    // Collects the wanted ranks; gives the first entry behind them, if any.
    private byte[]? Rank(int slot, RankedRows into)
    {
        into.Reset();
        Span<byte> prefix = stackalloc byte[OrderedPartitions.PrefixLength];
        OrderedPartitions.Prefix(slot, prefix);
        long position = 0;
        long rank = 0;
        bool first = true;
        byte[] peers = [];
        for (OrderedRows.Cursor cursor = _partitions.Rows.Seek(prefix); cursor.At(prefix); cursor.Next())
        {
            ReadOnlySpan<byte> entry = cursor.Key;
            long weight = cursor.Weight;
            if (_plan.Rank == RankKind.RowNumber)
            {
                if (position >= _end)
                {
                    return entry.ToArray();
                }

                long from = Math.Max(position, _plan.Offset);
                long to = Math.Min(position + weight, _end);
                if (to > from)
                {
                    int start = into.Store(entry);
                    for (long n = from; _plan.WithRank && n < to; n++)
                    {
                        into.Rows.Add((start, entry.Length, n + 1, 1));
                    }

                    if (!_plan.WithRank)
                    {
                        into.Rows.Add((start, entry.Length, 0, to - from));
                    }
                }
            }
            else
            {
                ReadOnlySpan<byte> order = OrderedPartitions.OrderPart(entry);
                if (first || !order.SequenceEqual(peers))
                {
                    rank = _plan.Rank == RankKind.Rank ? position + 1 : rank + 1;
                    peers = order.ToArray();
                    first = false;
                }

                if (rank > _end)
                {
                    return entry.ToArray();
                }

                if (rank > _plan.Offset)
                {
                    into.Rows.Add((into.Store(entry), entry.Length, _plan.WithRank ? rank : 0, weight));
                }
            }

            position += weight;
        }

        return null;
    }

    // Ranks a partition anew; what lies behind the last wanted rank never comes back where rows are only added.
    private void DropBehind(int slot)
    {
        byte[]? behind = Rank(slot, _after);
        if (behind is null || !_plan.Input.AppendOnly)
        {
            return;
        }

        byte[] prefix = new byte[OrderedPartitions.PrefixLength];
        OrderedPartitions.Prefix(slot, prefix);
        for (OrderedRows.Cursor cursor = _partitions.Rows.Seek(behind); cursor.At(prefix); cursor = _partitions.Rows.Seek(behind))
        {
            _partitions.Rows.Add(cursor.Key.ToArray(), -cursor.Weight);
        }
    }

    // Both lists ascend by entry and rank: one walk finds what is only in one, or counts differently.
    private void EmitDifference(RankedRows before, RankedRows after)
    {
        int i = 0;
        int j = 0;
        while (i < before.Rows.Count || j < after.Rows.Count)
        {
            int order = i == before.Rows.Count ? 1 : j == after.Rows.Count ? -1 : before.Entry(i).SequenceCompareTo(after.Entry(j));
            order = order == 0 ? before.Rows[i].Rank.CompareTo(after.Rows[j].Rank) : order;
            long change = (order >= 0 ? after.Rows[j].Count : 0) - (order <= 0 ? before.Rows[i].Count : 0);
            if (change != 0)
            {
                RankedRows from = order <= 0 ? before : after;
                int at = order <= 0 ? i : j;
                _partitions.Decode(from.Entry(at), _output.Columns.AsSpan(0, _plan.Input.Columns.Count));
                if (_plan.WithRank)
                {
                    ((FixedBuilder<long>)_output.Columns[^1]).Append(from.Rows[at].Rank);
                }

                _output.EndRow(change);
            }

            i += order <= 0 ? 1 : 0;
            j += order >= 0 ? 1 : 0;
        }
    }
}
