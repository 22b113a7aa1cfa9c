// A transaction: a snapshot to read, private copies of the tables it writes, and what it will commit.
using Millrace.Core;
using Millrace.Engine;
using Millrace.Sql;

namespace Millrace.Sessions;

/// <summary>
/// Snapshot isolation, first committer wins: reads see the snapshot and the transaction's own writes; at commit the engine refuses changes to rows that
/// somebody else has changed meanwhile (40001).
/// </summary>
internal sealed class Transaction(DatabaseSnapshot snapshot, bool isImplicit)
{
    private readonly Dictionary<int, TableState> _tables = [];
    private readonly SortedDictionary<int, List<Batch>> _rows = [];
    private readonly Stack<(string Name, Savepoint State)> _savepoints = new();

    public DatabaseSnapshot Snapshot { get; private set; } = snapshot;

    /// <summary>True for the transaction that a text with several statements runs in.</summary>
    public bool Implicit { get; set; } = isImplicit;

    public bool Failed { get; set; }

    public bool ReadOnly { get; set; }

    public bool HasWrites => _rows.Count > 0;

    /// <summary>The private copy of a table.</summary>
    public TableState Table(CatalogObject table)
    {
        if (!_tables.TryGetValue(table.Id, out TableState? copy))
        {
            _tables.Add(table.Id, copy = TableState.Fork(Snapshot.Find(table.Id)));
        }

        return copy;
    }

    /// <summary>Notes rows to commit: appended ones for a stream, a weighted change for a table.</summary>
    public void Add(int objectId, Batch rows)
    {
        if (!_rows.TryGetValue(objectId, out List<Batch>? list))
        {
            _rows.Add(objectId, list = []);
        }

        list.Add(rows);
    }

    public IEnumerable<Batch> Scan(CatalogObject o, DatabaseSnapshot snapshot, RowRange? range)
    {
        if (_tables.TryGetValue(o.Id, out TableState? table))
        {
            // Indexes do not know the transaction's own writes.
            return table.Snapshot().Scan(snapshot.Load, range?.SourceId == o.Id ? range.Prefix : null);
        }

        IEnumerable<Batch> rows = snapshot.Find(range?.SourceId ?? o.Id).Scan(snapshot.Load, range?.Prefix);
        return o.Kind == ObjectKind.Stream && _rows.TryGetValue(o.Id, out List<Batch>? own) ? rows.Concat(own) : rows;
    }

    /// <summary>True when it has written to the object: its rows are not those of the snapshot alone.</summary>
    public bool HasRowsOf(CatalogObject o) => _tables.ContainsKey(o.Id) || _rows.ContainsKey(o.Id);

    /// <summary>What the engine is asked to commit.</summary>
    public List<WriteEntry> Entries()
    {
        var entries = new List<WriteEntry>();
        foreach ((int id, List<Batch> batches) in _rows)
        {
            bool table = _tables.ContainsKey(id);
            var all = new BatchBuilder(Snapshot.Find(id).Definition.Columns);
            foreach (Batch batch in batches)
            {
                all.Append(batch);
            }

            entries.Add(new WriteEntry(id, batches.Count == 1 ? batches[0] : all.Share(), table ? WriteRule.Change : WriteRule.Append) { Shape = Snapshot.Find(id).Definition.Shape });
        }

        return entries;
    }

    /// <summary>Goes on with a newer catalog, after a definition inside the transaction. What was written before takes on columns added since.</summary>
    public void Refresh(DatabaseSnapshot snapshot)
    {
        Snapshot = snapshot;
        foreach ((int id, List<Batch> batches) in _rows)
        {
            if (snapshot.Catalog.Find(id) is not { HiddenColumns: 0 } now)
            {
                continue;
            }

            for (int i = 0; i < batches.Count; i++)
            {
                batches[i] = RowWidth.Fit(batches[i], now);
            }
        }

        foreach ((int id, TableState table) in _tables)
        {
            if (snapshot.Catalog.Find(id) is { } now && now.Columns.Count > table.Definition.Columns.Count)
            {
                foreach ((string _, Savepoint state) in _savepoints.Where(s => s.State.Tables.ContainsKey(id)))
                {
                    TableState then = table.At(state.Tables[id]);
                    then.Widen(now);
                    state.Tables[id] = then.Mark();
                }

                table.Widen(now);
            }
        }
    }

    public void SetSavepoint(string name) => _savepoints.Push((name, new Savepoint(
        _tables.ToDictionary(t => t.Key, t => t.Value.Mark()), _rows.ToDictionary(r => r.Key, r => r.Value.Count))));

    public void Release(string name)
    {
        Find(name);
        while (_savepoints.Pop().Name != name)
        {
        }
    }

    public void RollbackTo(string name)
    {
        Savepoint state = Find(name);
        while (_savepoints.Peek().Name != name)
        {
            _savepoints.Pop();
        }

        foreach ((int id, TableState table) in _tables.ToList())
        {
            if (state.Tables.TryGetValue(id, out TableMark? mark))
            {
                table.Restore(mark);
            }
            else
            {
                _tables.Remove(id);
            }
        }

        foreach ((int id, List<Batch> list) in _rows.ToList())
        {
            int keep = state.Rows.GetValueOrDefault(id);
            list.RemoveRange(keep, list.Count - keep);
            if (keep == 0)
            {
                _rows.Remove(id);
            }
        }

        Failed = false;
    }

    private Savepoint Find(string name)
    {
        foreach ((string saved, Savepoint state) in _savepoints)
        {
            if (saved == name)
            {
                return state;
            }
        }

        throw new SqlException("3B001", $"savepoint \"{name}\" does not exist");
    }

    private sealed record Savepoint(Dictionary<int, TableMark> Tables, Dictionary<int, int> Rows);
}
