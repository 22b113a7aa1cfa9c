// A table: rows by primary key, and how a write becomes an exact change.
using System.Runtime.CompilerServices;
using Millrace.Core;
using Millrace.Sql;
using Millrace.Store.Segments;

namespace Millrace.Engine;

/// <summary>How a write treats keys that are taken.</summary>
internal enum WriteRule
{
    /// <summary>Append to a stream.</summary>
    Append,
    /// <summary>Error 23505.</summary>
    Insert,
    /// <summary>The new row replaces the old.</summary>
    Overwrite,
    /// <summary>The old row stays.</summary>
    Ignore,
    /// <summary>Non-null fields of the new row replace those of the old.</summary>
    Merge,
    /// <summary>A weighted change computed against an earlier epoch: refused (40001) when a row it takes back is no longer there.</summary>
    Change,
}

/// <summary>A table's rows by primary key.</summary>
internal sealed partial class TableState : ObjectState
{
    private RowLayout _layout;
    private ChangeCollector _collector;
    private readonly EncodedRows _keys = new();
    private Spine _spine = new();
    private readonly RowIdSource _rowIds;
    private RowVersions? _versions;
    private BatchBuilder? _held;
    private readonly StrongBox<long> _stale;
    private UniqueKeys[] _uniques;

    public TableState(CatalogObject definition)
        : this(definition, new RowIdSource(RowNumbers.First(definition)), new StrongBox<long>(), new TableMark([], [.. definition.Uniques.Select(_ => Array.Empty<RowRun>())]))
    {
    }

    private TableState(CatalogObject definition, RowIdSource rowIds, StrongBox<long> stale, TableMark mark)
        : base(definition)
    {
        Check.That(definition.PrimaryKey.Count > 0);
        _layout = new RowLayout(definition.Columns, definition.PrimaryKey);
        _collector = new ChangeCollector(_layout);
        _rowIds = rowIds;
        _stale = stale;
        _spine = new Spine(mark.Rows);
        _uniques = [.. definition.Uniques.Select((u, i) => new UniqueKeys(definition, u, mark.Uniques[i]))];
        _versions = RowVersions.Of(definition);
        _held = _versions is null ? null : new BatchBuilder(definition.Columns);
    }

    /// <summary>A private copy as of a snapshot, for a transaction to write into; hands out row ids from the same source.</summary>
    public static TableState Fork(ObjectSnapshot snapshot) => new(snapshot.Definition, snapshot.RowIds!, snapshot.StaleRows!, new TableMark(snapshot.Runs, snapshot.UniqueRuns));

    /// <summary>Another copy, as it was at a <see cref="Mark"/>.</summary>
    public TableState At(TableMark mark) => new(Definition, _rowIds, _stale, mark);

    public override long? Rows => _spine.Rows;

    public override long Bytes => _spine.Bytes + _uniques.Sum(u => u.Bytes);

    /// <summary>Rows that came with an older version than the one held, since the start; also those of transactions that failed.</summary>
    public override long LateRows => Volatile.Read(ref _stale.Value);

    /// <summary>How many rows of the last <see cref="Write"/> changed nothing because their keys were taken, or taken by newer versions.</summary>
    public int Ignored { get; private set; }

    /// <summary>What undoes everything since it was taken; see <see cref="Restore"/>.</summary>
    public TableMark Mark() => new(_spine.Runs, [.. _uniques.Select(u => u.Runs)]);

    public void Restore(TableMark mark)
    {
        _spine = _spine.AsOf(mark.Rows);
        for (int i = 0; i < _uniques.Length; i++)
        {
            _uniques[i].Restore(mark.Uniques[i]);
        }
    }

    /// <summary>Turns a write into the change it makes, applies it, and returns it; null when nothing changes.</summary>
    /// <exception cref="SqlException">23502, 23505, 23514, 40001.</exception>
    public Batch? Write(Batch batch, WriteRule rule)
    {
        Ignored = 0;
        batch = rule == WriteRule.Change ? batch : RowNumbers.Fill(Definition, batch, _rowIds);
        CheckNotNull(Definition, batch);
        if (rule != WriteRule.Merge)
        {
            CheckRules.Verify(Definition, batch);
        }

        Batch change = rule == WriteRule.Change ? Verified(batch) : Resolve(batch, rule);
        if (rule == WriteRule.Merge)
        {
            CheckRules.Verify(Definition, change);
        }

        if (change.Count == 0)
        {
            return null;
        }

        if (_uniques.Length == 0)
        {
            return ApplyConsolidated(change);
        }

        TableMark before = Mark();
        try
        {
            foreach (UniqueKeys unique in _uniques)
            {
                unique.Apply(change, check: true);
            }

            return ApplyConsolidated(change);
        }
        catch (SqlException)
        {
            Restore(before);
            throw;
        }
    }

    /// <summary>Applies a change from the log.</summary>
    public void Replay(Batch change)
    {
        if (Definition.HiddenColumns > 0)
        {
            foreach (long id in ((FixedColumn<long>)change.Columns[^1]).Values.AsSpan(0, change.Count))
            {
                _rowIds.Used(id);
            }
        }

        ApplyConsolidated(change);
        foreach (UniqueKeys unique in _uniques)
        {
            unique.Apply(change, check: false);
        }
    }

    /// <summary>The key of a one-row batch by a unique constraint, and the row that has it now. A row with NULL in the constraint's columns has no key.</summary>
    public (byte[]? Key, Batch? Existing) Lookup(Batch row, int unique)
    {
        if (_uniques[unique].Probes(row)[0] is not { } probe)
        {
            return (null, null);
        }

        if (_uniques[unique].Owner(probe) is not { } owner)
        {
            return (probe, null);
        }

        var builder = new BatchBuilder(Definition.Columns);
        var cursor = new SpineCursor(_spine.Runs, _layout.EncodePrefix(owner.Columns));
        Check.That(cursor.MoveNext());
        _layout.Decode(cursor.Row, _layout.Arrange(builder));
        builder.EndRow();
        return (probe, builder.Share());
    }

    /// <summary>The key of a one-row batch, and the row that has it now.</summary>
    public (byte[] Key, Batch? Existing) Lookup(Batch row)
    {
        _layout.EncodeKeys(row, _keys);
        byte[] key = _keys.Key(0).ToArray();
        if (Find(key) is not { } cursor)
        {
            return (key, null);
        }

        var builder = new BatchBuilder(Definition.Columns);
        _layout.Decode(cursor.Row, _layout.Arrange(builder));
        builder.EndRow();
        return (key, builder.Share());
    }

    /// <summary>True when a row of one key is of an older version than the one held; it is counted then.</summary>
    public bool IsStale(Batch row, Batch held)
    {
        _versions?.Begin(row);
        if (_versions?.IsOlder(0, held) != true)
        {
            return false;
        }

        Interlocked.Increment(ref _stale.Value);
        return true;
    }

    /// <summary>Rows with their numbers, in columns that the engine numbers and that were given no value. Those that have theirs are left as they are.</summary>
    public Batch Numbered(Batch batch) => RowNumbers.Fill(Definition, batch, _rowIds);

    /// <summary>Hands the epoch's change to dependents.</summary>
    public void Publish(Batch change)
    {
        RowNumbers.Note(Definition, change, _rowIds);
        RowsTotal += change.Count;
        ChangesTotal += change.Count;
        Delta.Add(change);
    }

    public override void Widen(CatalogObject wider)
    {
        RowLayout narrow = _layout;
        _layout = new RowLayout(wider.Columns, wider.PrimaryKey);
        _collector = new ChangeCollector(_layout);
        _versions = RowVersions.Of(wider);
        _held = _versions is null ? null : new BatchBuilder(wider.Columns);
        _spine = RowWidth.Widen(_spine, narrow, _collector, wider);
        _uniques = [.. wider.Uniques.Select((u, i) => new UniqueKeys(wider, u, _uniques[i].Runs))];
        Definition = wider;
    }

    /// <summary>Lays the rows out anew.</summary>
    /// <param name="shape">How.</param>
    /// <param name="added">What a new column has in the rows that are there.</param>
    public void Reshape(TableShape shape, object? added)
    {
        CatalogObject table = shape.Table;
        RowLayout before = _layout;
        RowRun[] runs = _spine.Runs;
        _layout = new RowLayout(table.Columns, table.PrimaryKey);
        _collector = new ChangeCollector(_layout);
        _versions = RowVersions.Of(table);
        _held = _versions is null ? null : new BatchBuilder(table.Columns);
        _uniques = [.. table.Uniques.Select(u => new UniqueKeys(table, u, []))];
        Definition = table;
        _spine = new Spine();
        foreach (Batch shaped in Shaped(shape, added, before.Scan(runs)))
        {
            _collector.Add(shaped);
            foreach (UniqueKeys unique in _uniques)
            {
                unique.Apply(shaped, check: false);
            }
        }

        if (!_collector.IsEmpty)
        {
            _spine.Add(_collector.Take());
        }
    }

    /// <summary>Computes what rows would be in another shape, for the errors in it.</summary>
    /// <exception cref="SqlException">A value does not convert; 23502.</exception>
    public void Convert(TableShape shape)
    {
        foreach (Batch rows in Shaped(shape, null, _layout.Scan(_spine.Runs)))
        {
            CheckNotNull(shape.Table, rows);
        }
    }

    private static IEnumerable<Batch> Shaped(TableShape shape, object? added, IEnumerable<Batch> scanned)
    {
        Schema columns = shape.Table.Columns;
        CompiledExpression?[] converted = [.. shape.Converted.Select(e => e is null ? null : new CompiledExpression(e, EvalErrors.Throw))];
        var context = new EvalContext();
        foreach (Batch rows in scanned)
        {
            var shaped = new Column[columns.Count];
            for (int i = 0; i < shaped.Length; i++)
            {
                if (i < converted.Length && converted[i] is { } value)
                {
                    ColumnBuilder builder = ColumnBuilder.For(columns[i].Type);
                    value.Run(rows, builder, context);
                    shaped[i] = builder.ToColumn();
                }
                else
                {
                    shaped[i] = shape.From[i] >= 0 ? rows.Columns[shape.From[i]] : RowWidth.Constant(columns[i].Type, added, rows.Count);
                }
            }

            yield return new Batch(shaped, rows.Count, rows.Weights);
        }
    }

    public override ObjectSnapshot Snapshot() => new(Definition, _spine.Runs, _layout) { RowIds = _rowIds, StaleRows = _stale, UniqueRuns = [.. _uniques.Select(u => u.Runs)] };

    public override void Save(ByteWriter writer)
    {
        writer.WriteInt64(_rowIds.Next);
        _spine.Save(writer);
    }

    public override void Load(ref ByteReader reader, Func<SegmentInfo, StoredSegment> open)
    {
        _rowIds.Used(reader.ReadInt64() - 1);
        _spine.Load(ref reader);
        if (_uniques.Length == 0)
        {
            return;
        }

        foreach (Batch rows in _layout.Scan(_spine.Runs))
        {
            foreach (UniqueKeys unique in _uniques)
            {
                unique.Apply(rows, check: false);
            }
        }
    }

    /// <summary>Refuses a NULL where there may be none (23502).</summary>
    /// <param name="target">The table or stream.</param>
    /// <param name="batch">Rows for it.</param>
    /// <param name="before">How many rows of the statement come before the batch: for the error's words.</param>
    internal static void CheckNotNull(CatalogObject target, Batch batch, int before = 0)
    {
        for (int c = 0; c < batch.Columns.Length; c++)
        {
            if (target.Columns[c].Nullable || batch.Columns[c].Validity is null)
            {
                continue;
            }

            for (int row = 0; row < batch.Count; row++)
            {
                if (batch.Columns[c].IsNull(row))
                {
                    throw new SqlException(
                        "23502", $"null value in column \"{target.Columns[c].Name}\" of relation \"{target.Name}\" violates not-null constraint",
                        detail: $"Row {before + row + 1} of the statement.")
                    { Table = target.Name, Column = target.Columns[c].Name };
                }
            }
        }
    }

    private string KeyName => Definition.Name + "_pkey";

    private Batch ApplyConsolidated(Batch change)
    {
        _collector.Add(change);
        RowRun run = _collector.Take();
        _spine.Add(run);
        return _collector.ToBatch(run);
    }

    private Batch Resolve(Batch batch, WriteRule rule)
    {
        _layout.EncodeKeys(batch, _keys);
        var latest = new Dictionary<ByteSlice, (int Row, bool Existed)>(batch.Count);
        var builder = new BatchBuilder(Definition.Columns);
        ColumnBuilder[] arranged = _layout.Arrange(builder);
        var merged = rule == WriteRule.Merge ? new Dictionary<ByteSlice, Batch>() : null;
        // A statement that says what happens to taken keys (DO NOTHING) is taken at its word.
        RowVersions? versions = rule is WriteRule.Overwrite or WriteRule.Merge ? _versions : null;
        versions?.Begin(batch);
        byte[]?[][] probes = rule == WriteRule.Ignore ? [.. _uniques.Select(u => u.Probes(batch))] : [];
        var probed = probes.Length > 0 ? _uniques.Select(_ => new HashSet<ByteSlice>()).ToArray() : [];
        for (int i = 0; i < batch.Count; i++)
        {
            var key = new ByteSlice(_keys.Data, _keys.Offsets[i], _keys.KeyEnds[i] - _keys.Offsets[i]);
            bool pending = latest.TryGetValue(key, out (int Row, bool Existed) last);
            SpineCursor? old = pending ? null : Find(key.Span);
            bool exists = pending || old is not null;
            if (exists && rule == WriteRule.Insert)
            {
                throw new SqlException(
                    "23505", $"duplicate key value violates unique constraint \"{KeyName}\"",
                    detail: $"Key {DescribeKey(batch, i)} already exists.", hint: "use ON CONFLICT to say what should happen")
                {
                    Table = Definition.Name,
                    Constraint = KeyName,
                };
            }

            if (rule == WriteRule.Ignore && (exists || Agrees(probes, probed, i)))
            {
                Ignored++;
                continue;
            }

            if (exists && versions is not null && (pending ? versions.IsOlder(i, last.Row) : versions.IsOlder(i, Held(old!))))
            {
                Ignored++;
                Interlocked.Increment(ref _stale.Value);
                continue;
            }

            if (old is not null)
            {
                _layout.Decode(old.Row, arranged);
                builder.EndRow(-old.Weight);
            }

            if (merged is not null && exists)
            {
                Batch before = pending ? merged.GetValueOrDefault(key) ?? Slice(batch, last.Row) : LastRow(builder);
                merged[key] = MergeRow(before, batch, i);
            }

            latest[key] = (i, exists);
        }

        foreach ((ByteSlice key, (int row, bool _)) in latest)
        {
            if (merged is not null && merged.TryGetValue(key, out Batch? row0))
            {
                builder.AppendRow(row0, 0, 1);
            }
            else
            {
                builder.AppendRow(batch, row, 1);
            }
        }

        return builder.Share();
    }

    // Whether a unique constraint knows the row's key, or that of a row before it; notes it otherwise.
    private bool Agrees(byte[]?[][] probes, HashSet<ByteSlice>[] probed, int row)
    {
        for (int u = 0; u < probes.Length; u++)
        {
            if (probes[u][row] is { } probe && (_uniques[u].Has(probe) || probed[u].Contains(ByteSlice.From(probe))))
            {
                return true;
            }
        }

        for (int u = 0; u < probes.Length; u++)
        {
            if (probes[u][row] is { } probe)
            {
                probed[u].Add(ByteSlice.From(probe));
            }
        }

        return false;
    }

    private Batch Held(SpineCursor cursor)
    {
        _held!.Reset();
        _layout.Decode(cursor.Row, _layout.Arrange(_held));
        _held.EndRow();
        return _held.View();
    }

    private Batch Verified(Batch change)
    {
        _collector.Add(change);
        RowRun run = _collector.Take();
        Batch rows = _collector.ToBatch(run);
        _layout.EncodeKeys(rows, _keys);
        var taken = new HashSet<ByteSlice>();
        for (int i = 0; i < run.Count; i++)
        {
            if (run.Weight(i) < 0)
            {
                var cursor = new SpineCursor(_spine.Runs, run.Row(i));
                if (!cursor.MoveNext() || !cursor.Row.SequenceEqual(run.Row(i)))
                {
                    throw new SqlException(
                        "40001", "could not serialize access due to concurrent update", detail: $"Key {DescribeKey(rows, i)} was changed meanwhile.",
                        hint: "run the transaction again");
                }

                taken.Add(new ByteSlice(_keys.Data, _keys.Offsets[i], _keys.KeyEnds[i] - _keys.Offsets[i]));
            }
        }

        ReadOnlySpan<byte> lastAdded = default;
        for (int i = 0; i < run.Count; i++)
        {
            if (run.Weight(i) <= 0)
            {
                continue;
            }

            var key = new ByteSlice(_keys.Data, _keys.Offsets[i], _keys.KeyEnds[i] - _keys.Offsets[i]);
            bool twice = run.Weight(i) > 1 || (!lastAdded.IsEmpty && lastAdded.SequenceEqual(key.Span));
            lastAdded = key.Span;
            if (twice || (!taken.Contains(key) && Find(key.Span) is not null))
            {
                throw new SqlException(
                    "23505", $"duplicate key value violates unique constraint \"{KeyName}\"",
                    detail: $"Key {DescribeKey(rows, i)} already exists.")
                {
                    Table = Definition.Name,
                    Constraint = KeyName,
                };
            }
        }

        return rows;
    }

    private SpineCursor? Find(ReadOnlySpan<byte> key)
    {
        var cursor = new SpineCursor(_spine.Runs, key);
        return cursor.MoveNext() ? cursor : null;
    }

    private Batch MergeRow(Batch before, Batch after, int row)
    {
        var builder = new BatchBuilder(Definition.Columns);
        for (int c = 0; c < after.Columns.Length; c++)
        {
            bool keep = after.Columns[c].IsNull(row);
            builder.Columns[c].AppendFrom(keep ? before.Columns[c] : after.Columns[c], keep ? 0 : row);
        }

        builder.EndRow();
        return builder.Share();
    }

    private static Batch LastRow(BatchBuilder builder) => Slice(builder.View(), builder.Count - 1);

    private static Batch Slice(Batch batch, int row)
    {
        var columns = new Column[batch.Columns.Length];
        for (int c = 0; c < columns.Length; c++)
        {
            ColumnBuilder one = batch.Columns[c].NewBuilder();
            one.AppendFrom(batch.Columns[c], row);
            columns[c] = one.ToColumn();
        }

        return new Batch(columns, 1);
    }

    private string DescribeKey(Batch batch, int row)
    {
        IEnumerable<string> names = Definition.PrimaryKey.Select(c => Definition.Columns[c].Name);
        IEnumerable<string> values = Definition.PrimaryKey.Select(c => TextFormat.ToText(batch.Columns[c], row) ?? "null");
        return $"({string.Join(", ", names)})=({string.Join(", ", values)})";
    }
}
