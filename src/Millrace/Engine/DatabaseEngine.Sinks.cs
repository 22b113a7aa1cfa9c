// Sinks: what a view gives in an epoch is written into a table or stream in the same epoch.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

internal sealed partial class DatabaseEngine
{
    private readonly Dictionary<int, List<ViewState>> _sinks = [];

    // What sinks write is not logged: a replay computes it again from the log in the same epochs, behind the same writes, so each change is made once whatever happens.
    // True when a sink has ceased to work.
    private bool DrainSinks(ObjectState target, long now)
    {
        bool stopped = false;
        if (!_sinks.TryGetValue(target.Id, out List<ViewState>? sinks))
        {
            return false;
        }

        foreach (ViewState sink in sinks)
        {
            if (sink.Delta.Count == 0)
            {
                continue;
            }

            try
            {
                if (target is TableState table)
                {
                    table.Take(sink.Delta).ForEach(table.Publish);
                }
                else
                {
                    foreach (Batch rows in ForStream(target, sink.Delta))
                    {
                        ((StreamState)target).Append(rows, -1, now);
                    }
                }

                target.TouchedEpoch = _epoch;
            }
            catch (SqlException e)
            {
                sink.Stop(e);
                _dirty.Add(sink.Id);
                stopped = true;
            }
        }

        return stopped;
    }

    private static List<Batch> ForStream(ObjectState target, IEnumerable<Batch> given)
    {
        List<Batch> rows = [.. given.Select(b => RowWidth.Fit(b, target.Definition))];
        foreach (Batch batch in rows)
        {
            Check.That(batch.Weights is null);
            TableState.CheckNotNull(target.Definition, batch);
            CheckRules.Verify(target.Definition, batch);
        }

        return rows;
    }

    // Whether the target takes the first rows of a sink is found out while there is somebody to be told.
    private void TrySink(ViewState sink, IReadOnlyList<Batch> changes)
    {
        ObjectState target = Find(sink.Definition.SinkInto);
        if (target is not TableState table)
        {
            ForStream(target, changes);
            return;
        }

        TableMark before = table.Mark();
        try
        {
            table.Take(changes);
        }
        finally
        {
            table.Restore(before);
        }
    }

    // What is written by sinks lies above them, and so does all that reads it. The longest way goes once past each object.
    private void LiftTargets(ObjectState[] objects, int[] levels)
    {
        _sinks.Clear();
        foreach (ViewState sink in objects.OfType<ViewState>().Where(v => v.Definition.SinkInto > 0))
        {
            if (!_sinks.TryGetValue(sink.Definition.SinkInto, out List<ViewState>? of))
            {
                _sinks.Add(sink.Definition.SinkInto, of = []);
            }

            of.Add(sink);
        }

        for (bool lifted = _sinks.Count > 0; lifted;)
        {
            lifted = false;
            foreach (ObjectState o in objects)
            {
                IEnumerable<int> below = o is ViewState view ? view.InputIds : o is IndexState ? o.Definition.DependsOn : (_sinks.GetValueOrDefault(o.Id) ?? []).Select(s => s.Id);
                int level = below.Concat(o is ViewState && o.Definition.PartOf > 0 ? [o.Definition.PartOf] : []).Select(id => levels[id] + 1).DefaultIfEmpty(0).Max();
                lifted |= level != levels[o.Id];
                levels[o.Id] = level;
            }
        }
    }
}
