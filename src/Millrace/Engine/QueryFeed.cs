// A running query: compiled dataflow fed epoch by epoch, its output gathered into one change an epoch.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>Runs a query over changes of its inputs. Serves materialized views and subscriptions alike.</summary>
internal sealed class QueryFeed
{
    private readonly Dataflow _dataflow;
    private readonly ChangeCollector? _collector;
    private readonly List<Batch> _appended = [];
    private readonly long[] _watermarks;
    private bool _started;

    /// <param name="query">What runs.</param>
    /// <param name="layout">How result rows are ordered when they can change.</param>
    /// <param name="appendOnly">True when the result is only ever added to: rows are then given on as they come.</param>
    public QueryFeed(BoundQuery query, RowLayout layout, bool appendOnly)
    {
        int visible = layout.Schema.Count;
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
        _watermarks = new long[_dataflow.Inputs.Count];
        Array.Fill(_watermarks, long.MinValue);
    }

    public Dataflow Dataflow => _dataflow;

    /// <summary>The slowest input's watermark, µs; MaxValue when no input has event time.</summary>
    public long Watermark => _watermarks.Length == 0 ? long.MaxValue : _watermarks.Min();

    public long StateBytes => _dataflow.StateBytes;

    public void Backfill(Func<int, IEnumerable<Batch>> history, Func<int, long> watermark, long epoch, long now)
    {
        _dataflow.BeginEpoch(now);
        for (int i = 0; i < _dataflow.Inputs.Count; i++)
        {
            foreach (Batch batch in history(_dataflow.Inputs[i].Id))
            {
                _dataflow.Push(i, batch);
            }
        }

        ReadWatermarks(watermark);
        _dataflow.EndEpoch(epoch, now, _watermarks);
        _started = true;
    }

    /// <summary>Feeds one epoch's changes; false when nothing could change the answer.</summary>
    public bool Step(Func<int, List<Batch>> changes, Func<int, long> watermark, long epoch, long now)
    {
        Check.That(_started);
        bool active = ReadWatermarks(watermark);
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
            _dataflow.EndEpoch(epoch, now, _watermarks);
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
        foreach (long watermark in _watermarks)
        {
            writer.WriteInt64(watermark);
        }

        _dataflow.Save(writer);
    }

    public void Load(ref ByteReader reader)
    {
        for (int i = 0; i < _watermarks.Length; i++)
        {
            _watermarks[i] = reader.ReadInt64();
        }

        _dataflow.Load(ref reader);
        _started = true;
    }

    private bool ReadWatermarks(Func<int, long> watermark)
    {
        bool moved = false;
        for (int i = 0; i < _watermarks.Length; i++)
        {
            long now = watermark(_dataflow.Inputs[i].Id);
            moved |= now > _watermarks[i];
            _watermarks[i] = Math.Max(_watermarks[i], now);
        }

        return moved;
    }
}
