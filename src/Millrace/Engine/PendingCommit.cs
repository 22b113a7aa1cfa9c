// A group commit in the making: writes resolved one after the other, each wholly or not at all.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

internal sealed partial class DatabaseEngine
{
    /// <summary>Resolves write requests into entries of one log record; can undo everything while the record is not written.</summary>
    private sealed class PendingCommit(DatabaseEngine engine)
    {
        private readonly List<(WriteRequest Request, long[] Changed, long FirstOffset)> _requests = [];
        private readonly Dictionary<TableState, TableMark> _marks = [];
        private readonly SortedDictionary<int, List<Batch>> _rows = [];

        /// <summary>What the record will hold: one entry an object.</summary>
        public List<CommitEntry> Entries => [.. _rows.Select(r => new CommitEntry(
            engine._objects[r.Key] is StreamState ? EntryKind.Append : EntryKind.Change, r.Key, Join(engine._objects[r.Key].Definition, r.Value), null))];

        /// <summary>Resolves a request; one that fails is refused alone and leaves no trace.</summary>
        public void Take(WriteRequest request)
        {
            var undo = new List<(TableState Table, TableMark Mark)>();
            var resolved = new List<(int Id, Batch Batch)>();
            long firstOffset = 0;
            long[] changed = new long[request.Entries.Count];
            try
            {
                for (int i = 0; i < request.Entries.Count; i++)
                {
                    WriteEntry entry = request.Entries[i];
                    ObjectState target = engine._objects.GetValueOrDefault(entry.ObjectId)
                        ?? throw new SqlException("42P01", "the relation was dropped meanwhile");
                    Batch? batch = Resolve(target, entry, undo);
                    changed[i] = entry.Rule == WriteRule.Change ? batch?.Count ?? 0 : entry.Batch.Count - ((target as TableState)?.Ignored ?? 0);
                    if (batch is { Count: > 0 })
                    {
                        if (i == 0 && target is StreamState stream)
                        {
                            firstOffset = stream.Chunks.NextOffset + (_rows.TryGetValue(target.Id, out List<Batch>? earlier) ? earlier.Sum(b => (long)b.Count) : 0);
                        }

                        resolved.Add((target.Id, batch));
                    }
                }
            }
            catch (SqlException e)
            {
                undo.Reverse();
                foreach ((TableState table, TableMark mark) in undo)
                {
                    table.Restore(mark);
                }

                request.Fail(e);
                return;
            }

            foreach ((int id, Batch batch) in resolved)
            {
                if (!_rows.TryGetValue(id, out List<Batch>? list))
                {
                    _rows.Add(id, list = []);
                }

                list.Add(batch);
            }

            _requests.Add((request, changed, firstOffset));
        }

        public void Acknowledge(long epoch)
        {
            foreach ((WriteRequest request, long[] changed, long firstOffset) in _requests)
            {
                request.Complete(new WriteResult(epoch, firstOffset, changed));
            }
        }

        public void Refuse(Exception error)
        {
            foreach ((WriteRequest request, _, _) in _requests)
            {
                request.Fail(error);
            }
        }

        /// <summary>Takes back every change of state and refuses every request: the record could not be written.</summary>
        public void Undo(Exception error)
        {
            foreach ((TableState table, TableMark mark) in _marks)
            {
                table.Restore(mark);
            }

            Refuse(error);
        }

        private Batch? Resolve(ObjectState target, WriteEntry entry, List<(TableState, TableMark)> undo)
        {
            if (entry.Shape != target.Definition.Shape)
            {
                throw new SqlException("40001", $"the columns of \"{target.Definition.Name}\" have changed meanwhile", hint: "run the transaction again");
            }

            // Whoever made the rows may not have known of a column added meanwhile. Tables with a hidden last column get one in another way.
            Batch rows = target.Definition.HiddenColumns > 0 ? entry.Batch : RowWidth.Fit(entry.Batch, target.Definition);
            Check.That(entry.Batch.Columns.Length <= target.Definition.Columns.Count);
            switch (target)
            {
                case StreamState:
                    Check.That(rows.Weights is null);
                    TableState.CheckNotNull(target.Definition, rows);
                    CheckRules.Verify(target.Definition, rows);
                    return rows;
                case TableState table:
                    _marks.TryAdd(table, table.Mark());
                    undo.Add((table, table.Mark()));
                    return table.Write(rows, entry.Rule == WriteRule.Append ? WriteRule.Overwrite : entry.Rule);
                default:
                    throw new SqlException("42809", $"\"{target.Definition.Name}\" is not a stream or table", hint: "a view changes when its inputs do");
            }
        }

        private static Batch Join(CatalogObject definition, List<Batch> batches)
        {
            if (batches.Count == 1)
            {
                return batches[0];
            }

            if (batches.Exists(b => b.Weights is not null))
            {
                var builder = new BatchBuilder(definition.Columns);
                foreach (Batch batch in batches)
                {
                    builder.Append(batch);
                }

                return builder.Share();
            }

            var columns = new Column[definition.Columns.Count];
            for (int c = 0; c < columns.Length; c++)
            {
                columns[c] = ColumnBuilder.Join(definition.Columns[c].Type, [.. batches.Select(b => b.Columns[c])]);
            }

            return new Batch(columns, batches.Sum(b => b.Count));
        }
    }
}
