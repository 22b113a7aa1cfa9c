// A compiled plan: operators in topological order, the edges between them, and the epoch's way through them.
using System.Diagnostics;
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>What an operator of a dataflow has done: for EXPLAIN ANALYZE, the graph and metrics.</summary>
/// <param name="Id">Its number, unique in the dataflow; inputs are listed by these.</param>
/// <param name="Name">The operator.</param>
/// <param name="Detail">Keys, conditions and the like.</param>
/// <param name="Inputs">The nodes it reads, in port order.</param>
/// <param name="RowsIn">Changes taken.</param>
/// <param name="RowsOut">Changes given.</param>
/// <param name="Nanoseconds">Time spent in it, without that of the operators behind it.</param>
/// <param name="StateRows">Rows of state.</param>
/// <param name="StateBytes">Bytes of state.</param>
/// <param name="Facts">What the plan knows of its rows, and operators were chosen by: append-only, key, watermarked columns.</param>
internal sealed record OperatorStatistics(
    int Id, string Name, string Detail, IReadOnlyList<int> Inputs, long RowsIn, long RowsOut, long Nanoseconds, long StateRows, long StateBytes, string Facts);

/// <summary>
/// A dataflow over Z-sets. Changes are pushed into an input and run depth-first through the operators; <c>EndEpoch</c> then ends the epoch in
/// topological order. Batches given to <see cref="Sink"/> are lent for the call. Not thread-safe: one worker owns it.
/// </summary>
internal sealed class Dataflow
{
    /// <summary>The name under which inputs stand among the <see cref="Statistics"/>.</summary>
    public const string ScanName = "Scan";

    private const string PartName = "Part";
    private const int Magic = 0x4D46_4C31; // "MFL1"

    private readonly List<Node> _nodes = [];
    private readonly List<CatalogObject> _inputs = [];
    private readonly List<Node> _sources = [];
    private readonly List<Node> _parts = [];
    private readonly Lazy<string> _fingerprint;
    private Node? _root;
    private Node? _running;
    private long _since;

    internal Dataflow(Func<string> fingerprint, EvalContext context)
    {
        _fingerprint = new Lazy<string>(fingerprint, LazyThreadSafetyMode.None);
        Context = context;
    }

    /// <summary>The objects read, each once for each width it is read in; the index is what <see cref="Push"/> takes.</summary>
    public IReadOnlyList<CatalogObject> Inputs => _inputs;

    /// <summary>Takes the changes of the result.</summary>
    public Action<Batch>? Sink { get; set; }

    /// <summary>Ends a query that runs once, in the middle of an operator too: one batch of a cross join can make any number of them.</summary>
    public CancellationToken Cancellation { get; set; }

    /// <summary>What expressions know: now(), the session's zone.</summary>
    public EvalContext Context { get; }

    /// <summary>Bytes of state in all operators.</summary>
    public long StateBytes => _nodes.Sum(n => n.Operator?.StateBytes ?? 0);

    /// <summary>Rows of state in all operators.</summary>
    public long StateRows => _nodes.Sum(n => n.Operator?.StateRows ?? 0);

    /// <summary>The epoch's time (µs) at which time alone changes the answer; MaxValue for never.</summary>
    public long DueMicros => Least(o => o.DueMicros);

    /// <summary>The smallest watermark (µs) that changes the answer; MaxValue when none does.</summary>
    public long AwaitedWatermark => Least(o => o.AwaitedWatermark);

    /// <summary>How far event times in the result may lie behind the watermark of the inputs, µs.</summary>
    public long HoldBackMicros => _root?.HoldBack ?? 0;

    /// <summary>Rows that came too late to count, in all operators.</summary>
    public long LateRows => _nodes.Sum(n => n.Operator?.LateRows ?? 0);

    /// <summary>The ends of windows that missed rows, in stretches; each operator's by itself.</summary>
    public IReadOnlyList<(long First, long Last)> LateWindows => [.. _nodes.SelectMany(n => n.Operator?.LateWindows?.Ranges ?? [])];

    /// <summary>Windows that end by then (µs) have been given for good, for each operator that gives by window.</summary>
    public IEnumerable<long> ClosedUpto => _nodes.Select(n => n.Operator).OfType<EmitOnClose>().Select(o => o.ClosedUpto);

    /// <summary>What each operator has done, in topological order; scans first.</summary>
    public IReadOnlyList<OperatorStatistics> Statistics => [.. _nodes.Select((n, i) => new OperatorStatistics(
        i, n.Name, n.Detail, [.. n.Inputs.Select(x => _nodes.IndexOf(x))], n.RowsIn, n.RowsOut, (long)(n.Ticks * (1e9 / Stopwatch.Frequency)),
        n.Operator?.StateRows ?? 0, n.Operator?.StateBytes ?? 0, n.Facts))];

    /// <summary>Which of the <see cref="Statistics"/> gives the result.</summary>
    public int RootIndex => _nodes.IndexOf(_root!);

    /// <summary>How far the result has come, by the epoch that ended last.</summary>
    public Progress Progress => _root!.Progress;

    /// <summary>True when the result is that of a part, as it is.</summary>
    public bool IsOnlyPart => _parts.Contains(_root!);

    /// <summary>True when something reads a part.</summary>
    public bool Reads(int part) => _parts[part].IsRoot || _parts[part].IsRead;

    /// <summary>Which of the <see cref="Statistics"/> stands for a part.</summary>
    public int IndexOfPart(int part) => _nodes.IndexOf(_parts[part]);

    /// <summary>Begins an epoch: sets now(). Without it now() is the time of the epoch before.</summary>
    public void BeginEpoch(long timeMicros) => Context.NowMicros = timeMicros;

    /// <summary>Takes a change of an input, lent for the call. The operators see the columns that the input had when the plan was bound.</summary>
    public void Push(int input, Batch batch)
    {
        Node source = _sources[input];
        source.RowsIn += batch.Count;
        _running = null;
        try
        {
            source.Emit(RowWidth.Fit(batch, _inputs[input]));
        }
        catch (OverflowException)
        {
            throw OutOfRange();
        }
    }

    /// <summary>Takes what a part that is computed elsewhere has given, lent for the call.</summary>
    public void PushPart(int part, Batch batch)
    {
        _running = null;
        try
        {
            _parts[part].Emit(batch);
        }
        catch (OverflowException)
        {
            throw OutOfRange();
        }
    }

    /// <summary>Says how far a part has come.</summary>
    public void SetPartProgress(int part, Progress progress) => _parts[part].Progress = progress;

    /// <summary>Counts time that was spent to bring an input's rows here, in <see cref="Stopwatch"/> ticks.</summary>
    public void AddTime(int input, long ticks) => _sources[input].Ticks += ticks;

    /// <summary>Ends the epoch: every operator gives what it held back.</summary>
    /// <param name="epoch">Number of the epoch.</param>
    /// <param name="timeMicros">Its time, µs since 1970 UTC.</param>
    /// <param name="inputWatermarks">The watermark of each input, see <see cref="EpochInfo.Watermark"/>; none of them idle.</param>
    public void EndEpoch(long epoch, long timeMicros, long[] inputWatermarks) =>
        EndEpoch(epoch, timeMicros, Array.ConvertAll(inputWatermarks, w => new Progress(w, false)));

    /// <summary>Ends the epoch: every operator gives what it held back.</summary>
    /// <param name="epoch">Number of the epoch.</param>
    /// <param name="timeMicros">Its time, µs since 1970 UTC.</param>
    /// <param name="inputs">How far each input has come.</param>
    public void EndEpoch(long epoch, long timeMicros, Progress[] inputs)
    {
        Context.NowMicros = timeMicros;
        for (int i = 0; i < _sources.Count; i++)
        {
            _sources[i].Progress = inputs[i];
        }

        foreach (Node node in _nodes)
        {
            if (node.Operator is null)
            {
                continue;
            }

            var meeting = new Meeting();
            foreach (Node input in node.Inputs)
            {
                meeting.Add(input.Progress);
            }

            Progress reached = meeting.Result;
            node.Progress = reached.Behind(node.Operator.HoldBackMicros);

            Node? outer = Enter(node);
            try
            {
                node.Operator.EndEpoch(new EpochInfo(epoch, timeMicros, reached.Watermark), node);
            }
            catch (OverflowException)
            {
                throw OutOfRange();
            }

            Leave(outer);
        }
    }

    /// <summary>The aggregate that alone reads an input, through nothing that keeps state; null when there is none.</summary>
    public Aggregate? AggregateOver(int input) => Path(input) is [.., { Operator: Aggregate aggregate }] ? aggregate : null;

    /// <summary>Takes over what another thread has grouped: a dataflow of the plan of the aggregate over <paramref name="input"/>.</summary>
    public void Absorb(int input, Dataflow worker)
    {
        Aggregate groups = worker.AggregateOver(0)!;
        (int[] slots, Batch keys) = groups.Groups();
        AddWork(input, worker);
        AggregateOver(input)!.Merge(groups, slots, keys);
    }

    /// <summary>Counts what another thread has done for the aggregate over <paramref name="input"/>.</summary>
    public void AddWork(int input, Dataflow worker)
    {
        foreach ((Node own, Node other) in Path(input).Zip(worker.Path(0)))
        {
            own.Add(other);
        }
    }

    // From a scan up to the first operator that has several readers or keeps state.
    private List<Node> Path(int input)
    {
        var path = new List<Node> { _sources[input] };
        while (path[^1].OnlyTarget is { } next && path[^1].Operator is null or Filter or Project or TimeWindow)
        {
            path.Add(next);
        }

        return path;
    }

    /// <summary>Writes the state of all operators; between epochs only.</summary>
    public void Save(ByteWriter writer)
    {
        writer.WriteInt32(Magic);
        writer.WriteString(_fingerprint.Value);
        foreach (Node node in _nodes)
        {
            int start = writer.Length;
            writer.WriteInt32(0);
            node.Operator?.Save(writer);
            System.Buffers.Binary.BinaryPrimitives.WriteInt32LittleEndian(writer.Buffer.AsSpan(start), writer.Length - start - 4);
        }
    }

    /// <summary>Restores what <see cref="Save"/> wrote, into a fresh dataflow of the same plan.</summary>
    /// <exception cref="FormatException">The bytes are not the state of this plan.</exception>
    public void Load(ref ByteReader reader)
    {
        if (reader.ReadInt32() != Magic || reader.ReadString() != _fingerprint.Value)
        {
            throw new FormatException("the saved state belongs to another plan");
        }

        foreach (Node node in _nodes)
        {
            int length = reader.ReadInt32();
            int end = reader.Position + length;
            node.Operator?.Load(ref reader);
            if (reader.Position != end)
            {
                throw new FormatException($"state of {node.Name} ends at {reader.Position}, {end} expected");
            }
        }
    }

    /// <summary>The operators as an indented tree, the result first; with what they have done when <paramref name="analyze"/>.</summary>
    public IReadOnlyList<string> Explain(bool analyze = false) => FlowReport.Explain(Statistics, RootIndex, analyze);

    internal Node AddScan(CatalogObject scanned)
    {
        int at = _inputs.FindIndex(o => o.Id == scanned.Id && o.Columns.Count == scanned.Columns.Count);
        if (at >= 0)
        {
            return _sources[at];
        }

        var node = new Node(this, null, ScanName, scanned.FullName, []);
        _nodes.Add(node);
        _inputs.Add(scanned);
        _sources.Add(node);
        return node;
    }

    internal Node AddPart(Dataflow first)
    {
        var node = new Node(this, null, PartName, "", []) { HoldBack = first.HoldBackMicros };
        _nodes.Add(node);
        _parts.Add(node);
        return node;
    }

    internal Node Add(Operator added, params Node[] inputs)
    {
        var node = new Node(this, added, added.Name, "", inputs);
        _nodes.Add(node);
        for (int port = 0; port < inputs.Length; port++)
        {
            inputs[port].Connect(node, port);
        }

        return node;
    }

    internal void SetRoot(Node root)
    {
        _root = root;
        root.IsRoot = true;
    }

    // Checked arithmetic of an operator: the user's numbers are too large, the query fails, nothing else does.
    private static SqlException OutOfRange() => new("22003", "value out of range", hint: "cast the argument to numeric");

    private long Least(Func<Operator, long> of)
    {
        long least = long.MaxValue;
        foreach (Node node in _nodes)
        {
            if (node.Operator is { } o)
            {
                least = Math.Min(least, of(o));
            }
        }

        return least;
    }

    private Node? Enter(Node node)
    {
        long now = Stopwatch.GetTimestamp();
        Node? outer = _running;
        if (outer is not null)
        {
            outer.Ticks += now - _since;
        }

        _running = node;
        _since = now;
        return outer;
    }

    private void Leave(Node? outer)
    {
        long now = Stopwatch.GetTimestamp();
        _running!.Ticks += now - _since;
        _running = outer;
        _since = now;
    }

    /// <summary>An operator with its edges, or a scan without one.</summary>
    internal sealed class Node(Dataflow owner, Operator? op, string name, string scanned, Node[] inputs) : IOutput
    {
        private (Node Target, int Port)[] _targets = [];
        private string? _detail;
        private string? _facts;

        public Operator? Operator { get; } = op;

        public string Name { get; } = name;

        // Text that a query run once never shows.
        public string Detail => _detail ??= Operator?.Detail ?? scanned;

        /// <summary>What it computes, where that is a part of the plan.</summary>
        public PlanNode? Plan { get; set; }

        public string Facts => _facts ??= Plan is null ? "" : PlanPrinter.Facts(Plan);

        public Node[] Inputs { get; } = inputs;

        public bool IsRoot { get; set; }

        public bool IsRead => _targets.Length > 0;

        public long HoldBack { get; init; } = (op?.HoldBackMicros ?? 0) + inputs.Select(i => i.HoldBack).DefaultIfEmpty(0).Max();

        public long RowsIn { get; set; }

        public long RowsOut { get; private set; }

        public long Ticks { get; set; }

        public Progress Progress { get; set; }

        public Node? OnlyTarget => _targets.Length == 1 && !IsRoot ? _targets[0].Target : null;

        /// <summary>Adds the counters of the same operator on another thread.</summary>
        public void Add(Node other)
        {
            RowsIn += other.RowsIn;
            RowsOut += other.RowsOut;
            Ticks += other.Ticks;
        }

        public void Connect(Node target, int port) => _targets = [.. _targets, (target, port)];

        public void Emit(Batch batch)
        {
            if (batch.Count == 0)
            {
                return;
            }

            owner.Cancellation.ThrowIfCancellationRequested();
            RowsOut += batch.Count;
            foreach ((Node target, int port) in _targets)
            {
                target.RowsIn += batch.Count;
                Node? outer = owner.Enter(target);
                target.Operator!.Process(port, batch, target);
                owner.Leave(outer);
            }

            if (IsRoot)
            {
                owner.Sink?.Invoke(batch);
            }
        }
    }
}
