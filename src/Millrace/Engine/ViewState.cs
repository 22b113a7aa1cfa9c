// A materialized view: its dataflow, and its result kept as rows by key or as appended chunks.
using Millrace.Core;
using Millrace.Sql;
using Millrace.Store.Segments;

namespace Millrace.Engine;

/// <summary>
/// A materialized view. A failure inside its dataflow stops this view alone: it keeps its last good result, says why it stands still, and the
/// engine goes on.
/// </summary>
internal sealed class ViewState : ObjectState
{
    private readonly ChunkList? _chunks;
    private readonly RowLayout _layout;
    private readonly RollupShape? _rollup;
    private readonly bool _sharded;
    private QueryFeed _feed;
    private Spine? _spine;
    private SqlException? _failure;
    private SqlException? _pause;

    // Of times up to here it never saw all rows, or nobody knows: its stream had lost them when it was made, or it has stood still since.
    private long _doubtfulUpto = long.MinValue;
    private (long ClosedUpto, long LateRows) _told;

    /// <param name="definition">What it is.</param>
    /// <param name="query">What it shows.</param>
    /// <param name="sharded">True to split what can be split by keys; false for views made before that was done, whose state lies in one piece.</param>
    public ViewState(CatalogObject definition, BoundQuery query, bool sharded)
        : base(definition)
    {
        _sharded = sharded;
        _layout = new RowLayout(definition.Columns, definition.PrimaryKey);
        Query = query;
        _feed = NewFeed();
        InputIds = [.. _feed.Inputs.Select(i => i.Id)];
        if (definition.AppendOnly)
        {
            // A rollup that does not give the end of its windows lets rows go by their start, not by when they were computed.
            _rollup = RollupShape.Of(query.Plan, FunctionLibrary.Catalog);
            _chunks = new ChunkList(definition.Columns, definition.EventTime >= 0 ? definition.EventTime : _rollup?.StartColumn ?? -1);
        }
        else
        {
            _spine = new Spine();
        }
    }

    public QueryFeed Feed => _feed;

    /// <summary>False for a sink whose rows are never taken back: they lie where it writes them.</summary>
    public bool KeepsRows => Definition.SinkInto == 0 || _spine is not null;

    /// <summary>What it is made of.</summary>
    public BoundQuery Query { get; }

    /// <summary>How its rows lie.</summary>
    public RowLayout Layout => _layout;

    /// <summary>The runs of its rows when they are kept by key.</summary>
    public RowRun[] Runs => _spine?.Runs ?? [];

    /// <summary>Bytes of state of its operators when last measured (see <see cref="MeasureState"/>); −1 before.</summary>
    public long MeasuredBytes { get; private set; } = -1;

    /// <summary>The objects it reads.</summary>
    public int[] InputIds { get; }

    /// <summary>Rows in arrival order, when rows are only ever added.</summary>
    public override ChunkList? AppendedRows => _chunks;

    /// <summary>Why the view stands still, or null.</summary>
    public SqlException? Error
    {
        get
        {
            if (Definition.Paused is not { } reason)
            {
                return _failure;
            }

            return _pause ??= new SqlException(
                "55000", $"{(Definition.SinkInto > 0 ? "sink" : "view")} \"{Definition.Name}\" is paused: {reason}",
                hint: $"ALTER {(Definition.SinkInto > 0 ? "SINK" : "MATERIALIZED VIEW")} {Definition.FullName} RESUME computes it anew from what it reads");
        }
    }

    public override SqlException? Still => Error ?? Blocked;

    public override long Watermark => _feed.Watermark;

    public override long LateRows => _feed.LateRows;

    // While it stands still nobody knows what it will give: it holds back whoever waits for it.
    public override Progress ProgressNow(Func<int, ObjectState> find) => Error is not null ? new Progress(_feed.Watermark, false) : _feed.Meet(id => find(id).ProgressNow(find));

    /// <summary>The next time at which an epoch is worth while for this view though nothing comes in; MaxValue for never.</summary>
    public long DueMicros(Func<int, ObjectState> find)
    {
        if (Error is not null)
        {
            return long.MaxValue;
        }

        return _feed.AwaitedWatermark == long.MaxValue ? _feed.DueMicros : Math.Min(_feed.DueMicros, DueFor(_feed.AwaitedWatermark, find));
    }

    public override long DueFor(long watermark, Func<int, ObjectState> find)
    {
        long due = long.MaxValue;
        foreach (int id in Error is null ? InputIds : [])
        {
            due = Math.Min(due, find(id).DueFor(watermark + _feed.HoldBackMicros, find));
        }

        return due;
    }

    /// <summary>True when time alone changes the answer in this epoch.</summary>
    public bool IsDue(Func<int, ObjectState> find, long now) => Error is null
        && (_feed.DueMicros <= now || (_feed.AwaitedWatermark != long.MaxValue && ProgressNow(find).Watermark >= _feed.AwaitedWatermark));

    public override long? Rows => _chunks?.Rows ?? _spine!.Rows;

    public override long Bytes => (_chunks?.ResidentBytes ?? _spine!.Bytes) + _feed.StateBytes;

    /// <summary>A dataflow of its query without state.</summary>
    public QueryFeed NewFeed() => new(Query, _layout, Definition.AppendOnly, _sharded);

    /// <summary>Runs the history through the dataflow, once, when the view is created.</summary>
    /// <exception cref="SqlException">The query fails on the data there is; 53200: its state becomes too large.</exception>
    public void Backfill(Func<int, ObjectState> inputs, ChunkLoader load, long epoch, long now, long stateBytesMax, Workers workers)
    {
        _feed.Backfill(id => inputs(id).Snapshot(), load, id => inputs(id).ProgressNow(inputs), epoch, now, stateBytesMax, workers);
        _doubtfulUpto = _rollup is null ? long.MinValue : inputs(_rollup.StreamId).AppendedRows?.GoneUpto ?? long.MinValue;
        Store(now);
    }

    /// <summary>Gives the state of its operators back. Its rows stay, unread, so that what has changed meanwhile can be told when it goes on.</summary>
    public void DropState()
    {
        long watermark = _feed.Watermark;
        _doubtfulUpto = Math.Max(_doubtfulUpto, _feed.ClosedUpto);
        _feed = NewFeed();
        _feed.HoldAt(watermark);
        _pause = null;
        MeasuredBytes = 0;
    }

    /// <summary>Goes on with what was computed anew.</summary>
    public void Adopt(ViewRebuild rebuilt, long now)
    {
        // Windows that it had given stay as they are, whatever came for them since; and of rows that are gone by now it may not have seen all.
        _doubtfulUpto = Math.Max(Math.Max(_doubtfulUpto, _feed.ClosedUpto), rebuilt.GoneUpto);
        _feed = rebuilt.Feed;
        _failure = null;
        _pause = null;
        if (rebuilt.Result is { } rows)
        {
            _spine = new Spine();
            _spine.Add(rows);
        }

        foreach (Batch batch in rebuilt.Difference)
        {
            RowsTotal += batch.Count;
            ChangesTotal += batch.Count;
            if (KeepsRows)
            {
                _chunks?.Append(batch, -1, now);
            }

            Delta.Add(batch);
        }
    }

    /// <summary>Ends a sink whose target does not take what it gives. The rows of this epoch are none of its own then: they come again when it goes on.</summary>
    public void Stop(SqlException why)
    {
        _failure = new SqlException(
            why.SqlState, $"sink \"{Definition.Name}\" stands still: {why.Message}",
            hint: KeepsRows ? $"ALTER SINK {Definition.FullName} RESUME goes on, once the table takes its rows" : "drop the sink and create it anew, with a query that gives what can be written");
        if (_spine is not null)
        {
            var back = new ChangeCollector(_layout);
            foreach (Batch batch in Delta)
            {
                back.Add(new Batch(batch.Columns, batch.Count, [.. Enumerable.Range(0, batch.Count).Select(i => -batch.Weight(i))]));
            }

            _spine.Add(back.Take());
        }

        Delta.Clear();
    }

    /// <summary>Counts the bytes of state of its operators; by how many they are more than before.</summary>
    public long MeasureState()
    {
        long before = MeasuredBytes;
        MeasuredBytes = Error is null ? _feed.StateBytes : 0;
        return MeasuredBytes - before;
    }

    /// <summary>Takes in the changes of its inputs in this epoch; false when nothing could change the answer or its watermark.</summary>
    public bool Step(Func<int, ObjectState> inputs, long epoch, long now, Workers workers)
    {
        if (Error is not null)
        {
            return false;
        }

        try
        {
            bool active = _feed.Step(id => inputs(id).Delta, id => inputs(id).ProgressNow(inputs), epoch, now, workers);
            if (active)
            {
                Store(now);
            }

            return active;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // A bug in an operator ends this view, not the database: its message says BUG or names the exception.
            _failure = e is SqlException sql
                ? new SqlException(sql.SqlState, $"view \"{Definition.Name}\" stands still: {sql.Message}", hint: sql.Hint ?? "ALTER MATERIALIZED VIEW … RESUME computes it anew")
                : new SqlException("XX000", $"view \"{Definition.Name}\" stands still: {e.GetType().Name}: {e.Message}", hint: "please report this; drop the view and create it anew");
            Delta.Clear();
            return true;
        }
    }

    /// <summary>True when what can be said of it as a rollup has changed since its last snapshot.</summary>
    public bool HasNewReach => _rollup is not null && Still is null && _told != ReachNow;

    private (long, long) ReachNow => (_rollup!.Bucket.Floor(_feed.ClosedUpto), _feed.LateRows);

    public override ObjectSnapshot Snapshot() => _chunks is not null
        ? new ObjectSnapshot(Definition, _chunks.Snapshot()) { Error = Still, GoneUpto = _chunks.GoneUpto, Rollup = Reach() }
        : new ObjectSnapshot(Definition, _spine!.Runs, _layout) { Error = Still };

    public override void Save(ByteWriter writer)
    {
        writer.WriteString(_failure?.Message ?? "");
        writer.WriteString(_failure?.SqlState ?? "");
        writer.WriteInt64(_doubtfulUpto);
        _feed.Save(writer);
        if (_chunks is not null)
        {
            _chunks.Save(writer);
        }
        else
        {
            _spine!.Save(writer);
        }
    }

    public override void Load(ref ByteReader reader, Func<SegmentInfo, StoredSegment> open)
    {
        string message = reader.ReadString();
        string state = reader.ReadString();
        _doubtfulUpto = reader.Version >= CheckpointFile.WithReach ? reader.ReadInt64() : long.MinValue;
        _failure = message.Length == 0 ? null : new SqlException(state, message);
        _feed.Load(ref reader);
        if (_rollup is not null && reader.Version < CheckpointFile.WithReach)
        {
            // What it has missed so far was not written down: it answers for what closes from here on.
            _doubtfulUpto = _feed.ClosedUpto;
        }

        if (_chunks is not null)
        {
            _chunks.Load(ref reader, open);
        }
        else
        {
            _spine!.Load(ref reader);
        }
    }

    private RollupCandidate? Reach()
    {
        if (_rollup is null || Still is not null)
        {
            return null;
        }

        _told = ReachNow;
        long dropped = _chunks!.GoneUpto;
        if (dropped != long.MinValue)
        {
            // When it keeps its rows by another time, nothing is known of its windows.
            int time = _chunks.TimeColumn;
            dropped = time < 0 ? long.MaxValue : time == _rollup.StartColumn ? dropped : time == _rollup.EndColumn ? dropped - _rollup.Bucket.Size : long.MaxValue;
        }

        return new RollupCandidate(Definition, _rollup, Math.Max(_doubtfulUpto, dropped), _feed.ClosedUpto, _feed.LateWindows);
    }

    private void Store(long now)
    {
        if (_chunks is not null)
        {
            foreach (Batch batch in _feed.TakeAppended())
            {
                RowsTotal += batch.Count;
                ChangesTotal += batch.Count;
                if (KeepsRows)
                {
                    _chunks.Append(batch, -1, now);
                }

                Delta.Add(batch);
            }

            return;
        }

        (RowRun run, Batch? change) = _feed.TakeChange();
        _spine!.Add(run);
        if (change is not null)
        {
            RowsTotal += change.Count;
            ChangesTotal += change.Count;
            Delta.Add(change);
        }
    }
}
