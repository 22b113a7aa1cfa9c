// The live state of one catalog object inside the engine, and its immutable face for readers.
using System.Runtime.CompilerServices;
using Millrace.Core;
using Millrace.Sql;
using Millrace.Store.Segments;

namespace Millrace.Engine;

/// <summary>The rows of one object at one epoch; immutable, read from any thread.</summary>
internal sealed class ObjectSnapshot
{
    private readonly ChunkSnapshot? _chunks;
    private readonly RowRun[] _runs;
    private readonly RowLayout? _layout;

    public ObjectSnapshot(CatalogObject definition, ChunkSnapshot chunks)
    {
        Definition = definition;
        _chunks = chunks;
        _runs = [];
    }

    public ObjectSnapshot(CatalogObject definition, RowRun[] runs, RowLayout layout)
    {
        Definition = definition;
        _runs = runs;
        _layout = layout;
    }

    public CatalogObject Definition { get; }

    /// <summary>Why the object stands still, when it does: reading it gives this error.</summary>
    public SqlException? Error { get; init; }

    /// <summary>For tables with hidden row ids: where ids come from.</summary>
    public RowIdSource? RowIds { get; init; }

    /// <summary>For tables: where rows are counted that came with an older version.</summary>
    public StrongBox<long>? StaleRows { get; init; }

    /// <summary>For tables: the keys of their unique constraints.</summary>
    public RowRun[][] UniqueRuns { get; init; } = [];

    /// <summary>The rows of an object that only ever grows; null for others.</summary>
    public ChunkSnapshot? Appended => _chunks;

    /// <summary>Rows of such an object with event times (µs) up to here may be gone by retention; MinValue for none.</summary>
    public long GoneUpto { get; init; } = long.MinValue;

    /// <summary>For a window view that queries over its stream can be answered from: how far that goes.</summary>
    public RollupCandidate? Rollup { get; init; }

    /// <summary>The layout when rows are kept by key.</summary>
    public RowLayout? Layout => _layout;

    /// <summary>The sorted runs when rows are kept by key.</summary>
    public RowRun[] Runs => _runs;

    /// <summary>All rows, or those that begin with a key prefix (see <see cref="RowLayout.EncodePrefix"/>).</summary>
    public IEnumerable<Batch> Scan(ChunkLoader load, byte[]? prefix = null)
    {
        ThrowIfStill();
        return _chunks is not null ? _chunks.Scan(Definition.Id, load).Select(b => RowWidth.Fit(b, Definition)) : _layout!.Scan(_runs, prefix);
    }

    /// <summary>Throws when the object stands still: its rows are not those of its query.</summary>
    public void ThrowIfStill()
    {
        if (Error is not null)
        {
            throw Error;
        }
    }
}

/// <summary>The live state of one object. Touched by the engine's thread only.</summary>
internal abstract class ObjectState(CatalogObject definition)
{
    /// <summary>Its catalog entry; replaced when it is altered.</summary>
    public CatalogObject Definition { get; set; } = definition;

    public int Id => Definition.Id;

    /// <summary>What changed in the epoch being computed, for dependents and subscribers. Cleared when the epoch ends.</summary>
    public List<Batch> Delta { get; } = [];

    /// <summary>The last epoch in which it changed or its watermark may have moved: what reads it is stepped then.</summary>
    public long TouchedEpoch { get; set; } = -1;

    /// <summary>Rows (or changes) taken in.</summary>
    public long RowsTotal { get; protected set; }

    /// <summary>Rows of change given out.</summary>
    public long ChangesTotal { get; protected set; }

    /// <summary>No row with an earlier event time is expected (µs); MinValue when unknown, MaxValue when there is none to wait for.</summary>
    public virtual long Watermark => long.MaxValue;

    /// <summary>Rows that came too late to count.</summary>
    public virtual long LateRows => 0;

    /// <summary>Why its rows cannot be told though it itself goes on: something it reads stands still.</summary>
    public SqlException? Blocked { get; set; }

    /// <summary>Why its rows cannot be told; null when they can.</summary>
    public virtual SqlException? Still => Blocked;

    /// <summary>How far it has come in this epoch, by its rows and by the clock.</summary>
    public virtual Progress ProgressNow(Func<int, ObjectState> find) => Progress.Nothing;

    /// <summary>The next time at which its watermark reaches a value, or it becomes idle, though nothing comes in; MaxValue for never.</summary>
    public virtual long DueFor(long watermark, Func<int, ObjectState> find) => long.MaxValue;

    public abstract long? Rows { get; }

    public abstract long Bytes { get; }

    /// <summary>The rows in arrival order, of objects that only ever grow; null for others.</summary>
    public virtual ChunkList? AppendedRows => null;

    public abstract ObjectSnapshot Snapshot();

    /// <summary>Takes on a definition with more columns; rows that are there have the values <see cref="CatalogObject.ValuesBefore"/> says in them.</summary>
    public virtual void Widen(CatalogObject wider) => Check.Fail($"columns added to {Definition.Kind}");

    public abstract void Save(ByteWriter writer);

    /// <param name="reader">What <see cref="Save"/> wrote.</param>
    /// <param name="open">Makes a segment of what the manifest says of it.</param>
    public abstract void Load(ref ByteReader reader, Func<SegmentInfo, StoredSegment> open);
}

/// <summary>An index: another object's rows in another order.</summary>
internal sealed class IndexState : ObjectState
{
    private RowLayout _layout;
    private ChangeCollector _collector;
    private Spine _spine = new();

    public IndexState(CatalogObject definition)
        : base(definition)
    {
        _layout = new RowLayout(definition.Columns, definition.IndexColumns);
        _collector = new ChangeCollector(_layout);
    }

    public override long? Rows => _spine.Rows;

    public override long Bytes => _spine.Bytes;

    public void Apply(IEnumerable<Batch> changes)
    {
        foreach (Batch batch in changes)
        {
            RowsTotal += batch.Count;
            _collector.Add(batch);
        }

        _spine.Add(_collector.Take());
    }

    public override void Widen(CatalogObject wider)
    {
        RowLayout narrow = _layout;
        _layout = new RowLayout(wider.Columns, wider.IndexColumns);
        _collector = new ChangeCollector(_layout);
        _spine = RowWidth.Widen(_spine, narrow, _collector, wider);
        Definition = wider;
    }

    public override ObjectSnapshot Snapshot() => new(Definition, _spine.Runs, _layout) { Error = Still };

    public override void Save(ByteWriter writer) => _spine.Save(writer);

    public override void Load(ref ByteReader reader, Func<SegmentInfo, StoredSegment> open) => _spine.Load(ref reader);
}
