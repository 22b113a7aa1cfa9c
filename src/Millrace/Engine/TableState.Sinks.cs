// A table that sinks write into.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

internal sealed partial class TableState
{
    /// <summary>
    /// Takes in what a sink gives: the rows of keys that leave it go, the others are written as the table says of keys that are taken. All of it or nothing.
    /// </summary>
    /// <returns>What has changed.</returns>
    /// <exception cref="SqlException">23502, 23514.</exception>
    public List<Batch> Take(IEnumerable<Batch> given)
    {
        TableMark before = Mark();
        try
        {
            var added = new BatchBuilder(Definition.Columns);
            var gone = new BatchBuilder(Definition.Columns);
            foreach (Batch batch in given.Select(b => RowWidth.Fit(b, Definition)))
            {
                for (int row = 0; row < batch.Count; row++)
                {
                    (batch.Weight(row) > 0 ? added : gone).AppendRow(batch, row, 1);
                }
            }

            var changes = new List<Batch>();
            Batch rows = added.Share();
            if (Definition.Identities.Count > 0)
            {
                // Numbers are given once, to who inserts: a replay would give others.
                CheckNotNull(Definition, rows);
            }

            if (Leaving(gone.View(), rows) is { Count: > 0 } leaving && Write(leaving, WriteRule.Change) is { } left)
            {
                changes.Add(left);
            }

            WriteRule rule = Definition.OnConflict switch { ConflictRule.Ignore => WriteRule.Ignore, ConflictRule.UpdateIfNotNull => WriteRule.Merge, _ => WriteRule.Overwrite };
            if (rows.Count > 0 && Write(rows, rule) is { } written)
            {
                changes.Add(written);
            }

            return changes;
        }
        catch (SqlException)
        {
            Restore(before);
            throw;
        }
    }

    // The rows that are there of keys that are given no more.
    private Batch Leaving(Batch gone, Batch added)
    {
        HashSet<ByteSlice> done = [];
        _layout.EncodeKeys(added, _keys);
        for (int i = 0; i < added.Count; i++)
        {
            done.Add(ByteSlice.From(_keys.Key(i).ToArray()));
        }

        var builder = new BatchBuilder(Definition.Columns);
        ColumnBuilder[] arranged = _layout.Arrange(builder);
        _layout.EncodeKeys(gone, _keys);
        for (int i = 0; i < gone.Count; i++)
        {
            if (done.Add(ByteSlice.From(_keys.Key(i).ToArray())) && Find(_keys.Key(i)) is { } cursor)
            {
                _layout.Decode(cursor.Row, arranged);
                builder.EndRow(-cursor.Weight);
            }
        }

        return builder.Share();
    }
}
