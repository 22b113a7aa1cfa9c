// A running query: compiled dataflow fed epoch by epoch, its output gathered into one change an epoch.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>
/// Runs a query over changes of its inputs. Serves materialized views and subscriptions alike. What can be split by keys is computed in shards, on as many workers
/// as there are; the rest once, over what the shards give.
/// </summary>
internal sealed class QueryFeed
{
    private readonly Dataflow _main;
    private readonly PlanNode _plan;
    private readonly int _visible;
    private readonly List<Shards> _parts = [];
    private readonly List<CatalogObject> _inputs = [];
    private readonly List<(int Part, int Input, int Of)> _uses = []; // part −1 is what is computed once
    private readonly List<Batch>[] _given;
    private readonly ChangeCollector[]? _collectors;
    private readonly RowRun[] _runs;
    private readonly List<Batch> _appended = [];
    private readonly Progress[] _progress;
    private long _watermark = long.MinValue;
    private bool _started;

    /// <param name="query">What runs.</param>
    /// <param name="layout">How result rows are ordered when they can change.</param>
    /// <param name="appendOnly">True when the result is only ever added to: rows are then given on as they come.</param>
    /// <param name="sharded">True to split what can be split.</param>
    public QueryFeed(BoundQuery query, RowLayout layout, bool appendOnly, bool sharded = false)
    {
        _visible = layout.Schema.Count;
        _plan = query.Plan;
        var sharders = new List<(string Fingerprint, Shards Shards)>();
        foreach (ShardedPlan part in sharded ? ShardPlan.Of(query.Plan) : [])
        {
            int at = sharders.Count * ShardHash.Shards;
            sharders.Add((part.Fingerprint, new Shards(part, (shard, batch) => Give(at + shard, batch))));
        }

        _main = PlanCompiler.Compile(query.Plan, EvalErrors.Null, null, [.. sharders.Select(s => (s.Fingerprint, s.Shards.First))]);
        if (sharders.Count > 0 && Enumerable.Range(0, sharders.Count).Any(p => !_main.Reads(p)))
        {
            // An operator above has taken a part's plan into its own.
            sharders.Clear();
            _main = PlanCompiler.Compile(query.Plan, EvalErrors.Null);
        }

        _parts.AddRange(sharders.Select(s => s.Shards));
        _given = [.. Enumerable.Range(0, _parts.Count * ShardHash.Shards).Select(_ => new List<Batch>())];
        bool shardsOnly = _parts.Count > 0 && _main.IsOnlyPart;
        _collectors = appendOnly ? null : [.. Enumerable.Range(0, shardsOnly ? ShardHash.Shards : 1).Select(_ => new ChangeCollector(layout))];
        _runs = new RowRun[shardsOnly ? ShardHash.Shards : 1];
        Array.Fill(_runs, RowRun.Empty);
        _main.Sink = batch =>
        {
            Batch rows = Visible(batch);
            if (_collectors is not null)
            {
                _collectors[0].Add(rows);
            }
            else
            {
                _appended.Add(rows.Clone());
            }
        };
        for (int p = -1; p < _parts.Count; p++)
        {
            IReadOnlyList<CatalogObject> read = (p < 0 ? _main : _parts[p].First).Inputs;
            for (int i = 0; i < read.Count; i++)
            {
                int at = _inputs.FindIndex(o => o.Id == read[i].Id && o.Columns.Count == read[i].Columns.Count);
                if (at < 0)
                {
                    at = _inputs.Count;
                    _inputs.Add(read[i]);
                }

                _uses.Add((p, at, i));
            }
        }

        _progress = new Progress[_inputs.Count];
        Array.Fill(_progress, new Progress(long.MinValue, false));
    }

    /// <summary>The objects read, each once for each width it is read in.</summary>
    public IReadOnlyList<CatalogObject> Inputs => _inputs;

    /// <summary>True when a part of it is computed in shards.</summary>
    public bool IsSharded => _parts.Count > 0;

    /// <summary>How far the inputs have come together, µs, when last looked at; MaxValue when no input has event time. It never goes back.</summary>
    public long Watermark => _watermark;

    /// <summary>The epoch's time (µs) at which time alone changes the answer; MaxValue for never.</summary>
    public long DueMicros { get; private set; } = long.MaxValue;

    /// <summary>The smallest watermark (µs) that changes the answer; MaxValue when none does.</summary>
    public long AwaitedWatermark { get; private set; } = long.MaxValue;

    /// <summary>Rows that came too late to count.</summary>
    public long LateRows { get; private set; }

    public long StateBytes => Flows.Sum(f => f.StateBytes);

    public long StateRows => Flows.Sum(f => f.StateRows);

    /// <summary>How far event times in the result may lie behind the watermark of the inputs, µs.</summary>
    public long HoldBackMicros => _main.HoldBackMicros;

    /// <summary>The ends of windows that missed rows, in stretches; each operator's by itself.</summary>
    public IReadOnlyList<(long First, long Last)> LateWindows => [.. Flows.SelectMany(f => f.LateWindows)];

    /// <summary>Windows that end by then (µs) have been given for good; MinValue when nothing is given by window.</summary>
    public long ClosedUpto => Flows.SelectMany(f => f.ClosedUpto).DefaultIfEmpty(long.MinValue).Min();

    /// <summary>What each operator has done, in topological order, and which gives the result.</summary>
    public (IReadOnlyList<OperatorStatistics> Operators, int Root) Statistics => FlowReport.Join(_main, _parts);

    private IEnumerable<Dataflow> Flows => _parts.SelectMany(p => p.Flows).Append(_main);

    /// <summary>Stands at a watermark before it has seen any row.</summary>
    public void HoldAt(long watermark) => _watermark = watermark;

    /// <summary>How far the inputs have come together by now.</summary>
    public Progress Meet(Func<int, Progress> progress)
    {
        var meeting = new Meeting();
        foreach (CatalogObject input in _inputs)
        {
            meeting.Add(progress(input.Id));
        }

        Progress result = meeting.Result.Behind(HoldBackMicros);
        return result with { Watermark = Math.Max(result.Watermark, _watermark) };
    }

    /// <summary>Runs the rows there are through the query, once, before the first change.</summary>
    /// <param name="history">An input's rows.</param>
    /// <param name="load">Reads back what is not in memory.</param>
    /// <param name="progress">How far an input has come.</param>
    /// <param name="epoch">The present epoch.</param>
    /// <param name="now">Its time, µs.</param>
    /// <param name="stateBytesMax">How many bytes of state it may come to.</param>
    /// <param name="workers">Who computes; the caller alone when null.</param>
    /// <exception cref="SqlException">53200: they become more.</exception>
    public void Backfill(
        Func<int, ObjectSnapshot> history, ChunkLoader load, Func<int, Progress> progress, long epoch, long now, long stateBytesMax = long.MaxValue,
        Workers? workers = null)
    {
        workers ??= Workers.Alone;
        _main.BeginEpoch(now);
        Progress[] before = [.. _progress];
        for (int i = 0; i < _inputs.Count && !IsOfChangesOnly(_plan); i++)
        {
            foreach (Batch batch in History(i, history(_inputs[i].Id), load, now))
            {
                Take(i, batch, before, now);
                Compute(workers, now, null);
                CheckState(stateBytesMax);
            }
        }

        ReadProgress(progress);
        EndEpoch(workers, epoch, now);
        CheckState(stateBytesMax);
        _started = true;
    }

    private void CheckState(long bytesMax)
    {
        if (bytesMax < long.MaxValue && StateBytes is var bytes && bytes > bytesMax)
        {
            throw new SqlException(
                "53200", $"its state would exceed {SystemSettings.StateBytes}: it has come to {bytes} bytes, and {Math.Max(0, bytesMax)} are left",
                hint: $"bound the query (a window that closes, a condition on now()), drop or pause another view, or ALTER SYSTEM SET {SystemSettings.StateBytes}");
        }
    }

    // Before the first watermark no row is late: history need not be read to know that.
    private static bool IsOfChangesOnly(PlanNode plan) => plan switch
    {
        FilterPlan or ProjectPlan => IsOfChangesOnly(plan.Inputs[0]),
        LateRowsPlan p => KeepsNothing(p.Input),
        _ => false,
    };

    private static bool KeepsNothing(PlanNode plan) => plan is ScanPlan || (plan is FilterPlan or ProjectPlan && KeepsNothing(plan.Inputs[0]));

    // Rows that are given on as they come keep their order: it is that of their offsets, and must be the same when the log is replayed.
    private IEnumerable<Batch> History(int input, ObjectSnapshot rows, ChunkLoader load, long now)
    {
        ScanNeed need = ScanNeed.Of(_plan, _inputs[input]);
        need = need with { InOrder = need.InOrder || _collectors is null };
        if (AppendedScan.Of(rows, need, _main.Context, EvalErrors.Null) is not { } scan)
        {
            return rows.Scan(load);
        }

        return ScanOnThreads(input, scan, now) ? scan.Unsealed(load) : scan.All(load);
    }

    private bool ScanOnThreads(int input, AppendedScan scan, long now)
    {
        if (_parts.Count == 0)
        {
            return PartialAggregation.TryRun(_main, input, scan, _plan, () => new EvalContext(), now, CancellationToken.None);
        }

        return _uses.Where(u => u.Input == input).ToList() is [{ Part: >= 0 } use] && _parts[use.Part].TryScan(use.Of, scan, Of(use.Part, _progress), now);
    }

    /// <summary>Feeds one epoch's changes; false when nothing could change the answer.</summary>
    /// <param name="changes">Those of an object.</param>
    /// <param name="progress">How far an object has come.</param>
    /// <param name="epoch">The epoch.</param>
    /// <param name="now">Its time, µs.</param>
    /// <param name="workers">Who computes; the caller alone when null.</param>
    public bool Step(Func<int, List<Batch>> changes, Func<int, Progress> progress, long epoch, long now, Workers? workers = null)
    {
        Check.That(_started);
        Progress[] before = _parts.Count == 0 ? _progress : [.. _progress];
        bool active = ReadProgress(progress) || DueMicros <= now;
        _main.BeginEpoch(now);
        for (int i = 0; i < _inputs.Count; i++)
        {
            foreach (Batch batch in changes(_inputs[i].Id))
            {
                Take(i, batch, before, now);
                active = true;
            }
        }

        if (active)
        {
            EndEpoch(workers ?? Workers.Alone, epoch, now);
        }

        return active;
    }

    /// <summary>Rows added since the last call; each batch is its own.</summary>
    public List<Batch> TakeAppended()
    {
        var taken = new List<Batch>(_appended);
        _appended.Clear();
        return taken;
    }

    /// <summary>The consolidated change since the last call: sorted, and as a batch (null when nothing changed).</summary>
    public (RowRun Run, Batch? Change) TakeChange()
    {
        if (_runs.Length == 1)
        {
            _runs[0] = _collectors![0].IsEmpty ? RowRun.Empty : _collectors[0].Take();
        }

        RowRun run = RowRun.MergeAll(_runs);
        Array.Fill(_runs, RowRun.Empty);
        return (run, run.Count == 0 ? null : _collectors![0].ToBatch(run));
    }

    public void Save(ByteWriter writer)
    {
        writer.WriteInt64(_watermark);
        foreach (Progress input in _progress)
        {
            writer.WriteInt64(input.Watermark);
            writer.WriteByte(input.Idle ? (byte)1 : (byte)0);
        }

        foreach (Shards part in _parts)
        {
            part.Save(writer);
        }

        _main.Save(writer);
    }

    public void Load(ref ByteReader reader)
    {
        _watermark = reader.ReadInt64();
        for (int i = 0; i < _progress.Length; i++)
        {
            _progress[i] = new Progress(reader.ReadInt64(), reader.ReadByte() != 0);
        }

        foreach (Shards part in _parts)
        {
            part.Load(ref reader);
        }

        _main.Load(ref reader);
        LookAhead();
        _started = true;
    }

    private void LookAhead()
    {
        (DueMicros, AwaitedWatermark, LateRows) = (long.MaxValue, long.MaxValue, 0);
        foreach (Dataflow flow in Flows)
        {
            (DueMicros, AwaitedWatermark, LateRows) = (Math.Min(DueMicros, flow.DueMicros), Math.Min(AwaitedWatermark, flow.AwaitedWatermark), LateRows + flow.LateRows);
        }
    }

    private Batch Visible(Batch batch) => batch.Columns.Length == _visible ? batch : new Batch(batch.Columns[.._visible], batch.Count, batch.Weights);

    // What a shard gives, on whichever thread runs it.
    private void Give(int shard, Batch batch)
    {
        if (_runs.Length == 1 || _collectors is null)
        {
            _given[shard].Add((_main.IsOnlyPart ? Visible(batch) : batch).Clone());
        }
        else
        {
            _collectors[shard].Add(Visible(batch));
        }
    }

    private void Take(int input, Batch batch, Progress[] before, long now)
    {
        foreach ((int part, int taken, int of) in _uses)
        {
            if (taken != input)
            {
                continue;
            }

            if (part < 0)
            {
                _main.Push(of, batch);
            }
            else
            {
                _parts[part].Take(of, batch, Of(part, before), now);
            }
        }
    }

    // The progress of a part's own inputs; where nothing is split, the one dataflow reads them all, in their order.
    private Progress[] Of(int part, Progress[] all) => _parts.Count == 0 ? all : [.. _uses.Where(u => u.Part == part).Select(u => all[u.Input])];

    // Runs all shards of all parts, then gives on what they gave: part by part, and shard by shard.
    private void Compute(Workers workers, long now, Shards.Ending[]? endings)
    {
        if (_parts.Count == 0)
        {
            return;
        }

        workers.Run(_given.Length, i =>
        {
            int shard = i % ShardHash.Shards;
            _parts[i / ShardHash.Shards].Run(shard, now, endings?[i / ShardHash.Shards]);
            if (endings is not null && _collectors is not null && _runs.Length > 1 && !_collectors[shard].IsEmpty)
            {
                _runs[shard] = _collectors[shard].Take();
            }
        });
        for (int i = 0; i < _given.Length; i++)
        {
            int part = i / ShardHash.Shards;
            foreach (Batch batch in _given[i])
            {
                if (_main.IsOnlyPart)
                {
                    _appended.Add(batch);
                }
                else
                {
                    _main.PushPart(part, batch);
                }
            }

            _given[i].Clear();
        }

        for (int p = 0; p < _parts.Count; p++)
        {
            _parts[p].Done();
            _main.SetPartProgress(p, _parts[p].First.Progress);
        }
    }

    private void EndEpoch(Workers workers, long epoch, long now)
    {
        Compute(workers, now, [.. Enumerable.Range(0, _parts.Count).Select(p => new Shards.Ending(epoch, Of(p, _progress)))]);
        _main.EndEpoch(epoch, now, Of(-1, _progress));
        LookAhead();
    }

    private bool ReadProgress(Func<int, Progress> progress)
    {
        bool moved = false;
        for (int i = 0; i < _progress.Length; i++)
        {
            Progress now = progress(_inputs[i].Id);
            moved |= now.Watermark > _progress[i].Watermark || now.Idle != _progress[i].Idle;
            _progress[i] = now with { Watermark = Math.Max(_progress[i].Watermark, now.Watermark) };
        }

        _watermark = Meet(progress).Watermark;
        return moved;
    }
}
