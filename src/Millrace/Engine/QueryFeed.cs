// A running query: compiled dataflow fed epoch by epoch, its output gathered into one change an epoch.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>Runs a query over changes of its inputs. Serves materialized views and subscriptions alike.</summary>
internal sealed class QueryFeed
{
    private readonly Dataflow _dataflow;
    private readonly PlanNode _plan;
    private readonly ChangeCollector? _collector;
    private readonly List<Batch> _appended = [];
    private readonly Progress[] _inputs;
    private long _watermark = long.MinValue;
    private bool _started;

    /// <param name="query">What runs.</param>
    /// <param name="layout">How result rows are ordered when they can change.</param>
    /// <param name="appendOnly">True when the result is only ever added to: rows are then given on as they come.</param>
    public QueryFeed(BoundQuery query, RowLayout layout, bool appendOnly)
    {
        int visible = layout.Schema.Count;
        _plan = query.Plan;
        _dataflow = PlanCompiler.Compile(query.Plan, EvalErrors.Null);
        _collector = appendOnly ? null : new ChangeCollector(layout);
        _dataflow.Sink = batch =>
        {
            Batch rows = batch.Columns.Length == visible ? batch : new Batch(batch.Columns[..visible], batch.Count, batch.Weights);
            if (_collector is not null)
            {
                _collector.Add(rows);
            }
            else
            {
                _appended.Add(rows.Clone());
            }
        };
        _inputs = new Progress[_dataflow.Inputs.Count];
        Array.Fill(_inputs, new Progress(long.MinValue, false));
    }

    public Dataflow Dataflow => _dataflow;

    /// <summary>How far the inputs have come together, µs, when last looked at; MaxValue when no input has event time. It never goes back.</summary>
    public long Watermark => _watermark;

    /// <summary>The epoch's time (µs) at which time alone changes the answer; MaxValue for never.</summary>
    public long DueMicros { get; private set; } = long.MaxValue;

    /// <summary>The smallest watermark (µs) that changes the answer; MaxValue when none does.</summary>
    public long AwaitedWatermark { get; private set; } = long.MaxValue;

    /// <summary>Rows that came too late to count.</summary>
    public long LateRows { get; private set; }

    public long StateBytes => _dataflow.StateBytes;

    /// <summary>Stands at a watermark before it has seen any row.</summary>
    public void HoldAt(long watermark) => _watermark = watermark;

    /// <summary>How far the inputs have come together by now.</summary>
    public Progress Meet(Func<int, Progress> progress)
    {
        var meeting = new Meeting();
        foreach (CatalogObject input in _dataflow.Inputs)
        {
            meeting.Add(progress(input.Id));
        }

        Progress result = meeting.Result.Behind(_dataflow.HoldBackMicros);
        return result with { Watermark = Math.Max(result.Watermark, _watermark) };
    }

    /// <summary>Runs the rows there are through the query, once, before the first change.</summary>
    /// <param name="history">An input's rows.</param>
    /// <param name="load">Reads back what is not in memory.</param>
    /// <param name="progress">How far an input has come.</param>
    /// <param name="epoch">The present epoch.</param>
    /// <param name="now">Its time, µs.</param>
    /// <param name="stateBytesMax">How many bytes of state it may come to.</param>
    /// <exception cref="SqlException">53200: they become more.</exception>
    public void Backfill(
        Func<int, ObjectSnapshot> history, ChunkLoader load, Func<int, Progress> progress, long epoch, long now, long stateBytesMax = long.MaxValue)
    {
        _dataflow.BeginEpoch(now);
        for (int i = 0; i < _dataflow.Inputs.Count && !IsOfChangesOnly(_plan); i++)
        {
            foreach (Batch batch in History(i, history(_dataflow.Inputs[i].Id), load, now))
            {
                _dataflow.Push(i, batch);
                CheckState(stateBytesMax);
            }
        }

        ReadProgress(progress);
        EndEpoch(epoch, now);
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
        ScanNeed need = ScanNeed.Of(_plan, _dataflow.Inputs[input]);
        need = need with { InOrder = need.InOrder || _collector is null };
        if (AppendedScan.Of(rows, need, _dataflow.Context, EvalErrors.Null) is not { } scan)
        {
            return rows.Scan(load);
        }

        return PartialAggregation.TryRun(_dataflow, input, scan, _plan, () => new EvalContext(), now, CancellationToken.None) ? scan.Unsealed(load) : scan.All(load);
    }

    /// <summary>Feeds one epoch's changes; false when nothing could change the answer.</summary>
    public bool Step(Func<int, List<Batch>> changes, Func<int, Progress> progress, long epoch, long now)
    {
        Check.That(_started);
        bool active = ReadProgress(progress) || DueMicros <= now;
        _dataflow.BeginEpoch(now);
        for (int i = 0; i < _dataflow.Inputs.Count; i++)
        {
            foreach (Batch batch in changes(_dataflow.Inputs[i].Id))
            {
                _dataflow.Push(i, batch);
                active = true;
            }
        }

        if (active)
        {
            EndEpoch(epoch, now);
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
        if (_collector!.IsEmpty)
        {
            return (RowRun.Empty, null);
        }

        RowRun run = _collector.Take();
        return (run, run.Count == 0 ? null : _collector.ToBatch(run));
    }

    public void Save(ByteWriter writer)
    {
        writer.WriteInt64(_watermark);
        foreach (Progress input in _inputs)
        {
            writer.WriteInt64(input.Watermark);
            writer.WriteByte(input.Idle ? (byte)1 : (byte)0);
        }

        _dataflow.Save(writer);
    }

    public void Load(ref ByteReader reader)
    {
        _watermark = reader.ReadInt64();
        for (int i = 0; i < _inputs.Length; i++)
        {
            _inputs[i] = new Progress(reader.ReadInt64(), reader.ReadByte() != 0);
        }

        _dataflow.Load(ref reader);
        LateRows = _dataflow.LateRows;
        (DueMicros, AwaitedWatermark) = (_dataflow.DueMicros, _dataflow.AwaitedWatermark);
        _started = true;
    }

    private void EndEpoch(long epoch, long now)
    {
        _dataflow.EndEpoch(epoch, now, _inputs);
        (DueMicros, AwaitedWatermark) = (_dataflow.DueMicros, _dataflow.AwaitedWatermark);
        LateRows = _dataflow.LateRows;
    }

    private bool ReadProgress(Func<int, Progress> progress)
    {
        bool moved = false;
        for (int i = 0; i < _inputs.Length; i++)
        {
            Progress now = progress(_dataflow.Inputs[i].Id);
            moved |= now.Watermark > _inputs[i].Watermark || now.Idle != _inputs[i].Idle;
            _inputs[i] = now with { Watermark = Math.Max(_inputs[i].Watermark, now.Watermark) };
        }

        _watermark = Meet(progress).Watermark;
        return moved;
    }
}
