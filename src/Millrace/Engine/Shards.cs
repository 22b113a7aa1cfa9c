// A part of a view's plan computed in shards: one dataflow for each share of the keys, all of the same plan, none of which sees another's rows.
using System.Diagnostics;
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>
/// The shards of one <see cref="ShardedPlan"/>. A batch is parted by the hash of a column; each shard copies its own rows, computes, and keeps what it gives
/// until all are done, so that shards run at the same time. What they give together, in the order of the shards, depends on nothing but their number, which is
/// fixed. A shard is made when its first row comes: a view without many keys costs little more than one dataflow.
/// </summary>
internal sealed class Shards
{
    private readonly ShardedPlan _part;
    private readonly Dataflow?[] _flows = new Dataflow?[ShardHash.Shards];
    private readonly Action<int, Batch> _give;
    private readonly List<Parted> _pending = [];
    private readonly Stack<Parted> _spare = new();
    private readonly BatchBuilder?[,] _rows;
    private readonly bool[]?[] _needed;
    private readonly int[] _splitBy;

    /// <param name="part">What is computed.</param>
    /// <param name="give">Takes what a shard gives, by the shard's number; lent for the call, on whichever thread runs the shard.</param>
    public Shards(ShardedPlan part, Action<int, Batch> give)
    {
        _part = part;
        _give = give;
        Dataflow first = Make(0);
        _splitBy = [.. first.Inputs.Select(i => part.Columns.Single(c => c.Id == i.Id && c.Width == i.Columns.Count).Column)];
        _needed = [.. first.Inputs.Select(i => ScanNeed.Of(part.Plan, i).Columns)];
        _rows = new BatchBuilder?[_flows.Length, first.Inputs.Count];
    }

    /// <summary>The shards there are; the first is always among them.</summary>
    public IEnumerable<Dataflow> Flows => _flows.OfType<Dataflow>();

    /// <summary>The first shard: where one is as good as another.</summary>
    public Dataflow First => _flows[0]!;

    /// <summary>Takes a batch of an input to be computed by the next <see cref="Run"/>; it must stay as it is until then.</summary>
    /// <param name="input">The index among the inputs of <see cref="First"/>.</param>
    /// <param name="batch">The rows.</param>
    /// <param name="before">How far the inputs had come before: what a shard that is made now is told first.</param>
    /// <param name="now">The epoch's time, µs.</param>
    public void Take(int input, Batch batch, Progress[] before, long now)
    {
        Batch rows = RowWidth.Fit(batch, First.Inputs[input]);
        _pending.Add(NewParted(input, rows, _splitBy[input], before, now));
    }

    /// <summary>Computes what one shard has to, and ends its epoch where one is given.</summary>
    public void Run(int shard, long now, Ending? ending)
    {
        if (_flows[shard] is not { } flow)
        {
            return;
        }

        flow.BeginEpoch(now);
        foreach (Parted parted in _pending)
        {
            int count = parted.CountOf(shard);
            if (count == parted.Rows.Count)
            {
                flow.Push(parted.Input, parted.Rows);
            }
            else if (count > 0)
            {
                long started = Stopwatch.GetTimestamp();
                Batch own = Gather(shard, parted);
                flow.AddTime(parted.Input, Stopwatch.GetTimestamp() - started);
                flow.Push(parted.Input, own);
            }
        }

        if (ending is { } end)
        {
            flow.EndEpoch(end.Epoch, now, end.Inputs);
        }
    }

    /// <summary>Forgets the rows that all shards have computed.</summary>
    public void Done()
    {
        foreach (Parted parted in _pending)
        {
            parted.Clear();
            _spare.Push(parted);
        }

        _pending.Clear();
    }

    public void Save(ByteWriter writer)
    {
        foreach (Dataflow? flow in _flows)
        {
            writer.WriteByte(flow is null ? (byte)0 : (byte)1);
            flow?.Save(writer);
        }
    }

    public void Load(ref ByteReader reader)
    {
        for (int s = 0; s < _flows.Length; s++)
        {
            if (reader.ReadByte() != 0)
            {
                (_flows[s] ?? Make(s)).Load(ref reader);
            }
        }
    }

    /// <summary>Groups the pieces of a scan on several threads and gives each shard its groups; false, and nothing done, when that does not pay or cannot be done.</summary>
    public bool TryScan(int input, AppendedScan scan, Progress[] before, long now)
    {
        if (PartialAggregation.Over(_part.Plan, First.Inputs[input]) is not { } grouping)
        {
            return false;
        }

        int key = grouping.Keys.ToList().FindIndex(k => Origin(grouping.Input, k) == _splitBy[input]);
        return key >= 0 && PartialAggregation.TryRun(
            First, input, scan, _part.Plan, () => new EvalContext(), now, CancellationToken.None, worker => Absorb(input, key, worker, before, now));
    }

    private void Absorb(int input, int key, Dataflow worker, Progress[] before, long now)
    {
        Aggregate groups = worker.AggregateOver(0)!;
        (int[] slots, Batch keys) = groups.Groups();
        Parted parted = NewParted(input, keys, key, before, now);
        First.AddWork(input, worker);
        for (int s = 0; s < _flows.Length; s++)
        {
            int[] rows = parted.RowsOf(s).ToArray();
            ColumnBuilder[] own = Array.ConvertAll(keys.Columns, c => c.NewBuilder());
            for (int c = 0; c < own.Length && rows.Length > 0; c++)
            {
                own[c].AppendRows(keys.Columns[c], rows);
            }

            if (rows.Length > 0)
            {
                _flows[s]!.AggregateOver(input)!.Merge(groups, Array.ConvertAll(rows, r => slots[r]), new Batch(Array.ConvertAll(own, c => c.View()), rows.Length));
            }
        }
    }

    // The column of the scan that a column is, where there is nothing that keeps state between.
    private static int Origin(PlanNode plan, int column) => plan switch
    {
        ScanPlan => column,
        FilterPlan p => Origin(p.Input, column),
        ProjectPlan p => p.Expressions[column] is ColumnExpr c ? Origin(p.Input, c.Index) : -1,
        TimeWindowPlan p => column < p.Input.Columns.Count ? Origin(p.Input, column) : -1,
        _ => -1,
    };

    private Parted NewParted(int input, Batch rows, int column, Progress[] before, long now)
    {
        if (!_spare.TryPop(out Parted? parted))
        {
            parted = new Parted();
        }

        parted.Part(input, rows, column);
        for (int s = 1; s < _flows.Length; s++)
        {
            if (_flows[s] is null && parted.CountOf(s) > 0)
            {
                Dataflow made = Make(s);
                made.BeginEpoch(now);
                made.EndEpoch(0, now, before);
            }
        }

        return parted;
    }

    private Dataflow Make(int shard)
    {
        Dataflow flow = PlanCompiler.Compile(_part.Plan, EvalErrors.Null);
        flow.Sink = batch => _give(shard, batch);
        _flows[shard] = flow;
        return flow;
    }

    private Batch Gather(int shard, Parted parted)
    {
        ref BatchBuilder? builder = ref _rows[shard, parted.Input];
        builder ??= new BatchBuilder(First.Inputs[parted.Input].Columns);
        builder.Reset();
        ReadOnlySpan<int> rows = parted.RowsOf(shard);
        bool[]? needed = _needed[parted.Input];
        var columns = new Column[builder.Columns.Length];
        for (int c = 0; c < columns.Length; c++)
        {
            if (needed is null || needed[c])
            {
                builder.Columns[c].AppendRows(parted.Rows.Columns[c], rows);
                columns[c] = builder.Columns[c].View();
            }
            else
            {
                columns[c] = NullColumns.Of(builder.Columns[c].Type, rows.Length);
            }
        }

        long[]? weights = null;
        if (parted.Rows.Weights is { } given)
        {
            weights = new long[rows.Length];
            for (int i = 0; i < rows.Length; i++)
            {
                weights[i] = given[rows[i]];
            }
        }

        return new Batch(columns, rows.Length, weights);
    }

    /// <summary>How an epoch ends for a part.</summary>
    internal readonly record struct Ending(long Epoch, Progress[] Inputs);

    // A batch with its row numbers ordered by shard, each shard's in the order in which they came.
    private sealed class Parted
    {
        private readonly int[] _ends = new int[ShardHash.Shards];
        private int[] _order = [];
        private byte[] _shards = [];

        public int Input { get; private set; }

        public Batch Rows { get; private set; } = new([], 0);

        public int CountOf(int shard) => _ends[shard] - (shard == 0 ? 0 : _ends[shard - 1]);

        public ReadOnlySpan<int> RowsOf(int shard) => _order.AsSpan(_ends[shard] - CountOf(shard), CountOf(shard));

        public void Part(int input, Batch rows, int column)
        {
            Input = input;
            Rows = rows;
            if (_order.Length < rows.Count)
            {
                _order = new int[Math.Max(rows.Count, 256)];
                _shards = new byte[_order.Length];
            }

            ShardHash.Of(rows.Columns[column], rows.Count, _shards);
            Span<int> next = stackalloc int[ShardHash.Shards];
            next.Clear();
            for (int i = 0; i < rows.Count; i++)
            {
                next[_shards[i]]++;
            }

            int end = 0;
            for (int s = 0; s < next.Length; s++)
            {
                int count = next[s];
                next[s] = end;
                _ends[s] = end += count;
            }

            for (int i = 0; i < rows.Count; i++)
            {
                _order[next[_shards[i]]++] = i;
            }
        }

        public void Clear() => Rows = new([], 0);
    }
}
