// An epoch's way through the objects: level by level, and the views of one level at the same time.
namespace Millrace.Engine;

internal sealed partial class DatabaseEngine
{
    private readonly List<ObjectState> _ready = [];
    private ObjectState[]? _levelled;
    private ObjectState[][] _levels = [];
    private bool[] _moved = [];

    // Objects in topological order; those whose inputs neither changed nor moved their watermark, and for which no time has come, are passed over. A view touches
    // nothing but its own state and reads what lies on lower levels: so the views of a level can be stepped in any order, or at once, with the same result. The
    // shards of a view are pieces inside its own.
    private void StepObjects(long now)
    {
        bool stopped = false;
        foreach (ObjectState[] level in Levels())
        {
            _ready.Clear();
            long rows = 0;
            foreach (ObjectState o in level)
            {
                stopped |= DrainSinks(o, now);
                if (o is StreamState stream)
                {
                    if (stream.Pass(now))
                    {
                        stream.TouchedEpoch = _epoch;
                    }
                }
                else if (IsReady(o, now))
                {
                    _ready.Add(o);
                    rows += RowsFor(o);
                }
            }

            stopped |= StepReady(rows, now);
            foreach (ObjectState o in level)
            {
                if (o is ViewState { HasNewReach: true })
                {
                    _furthered.Add(o.Id);
                }

                if (o.Delta.Count > 0 || o is ViewState { Error: not null })
                {
                    _dirty.Add(o.Id);
                }
            }
        }

        if (stopped)
        {
            SpreadStill();
        }
    }

    // True when a view has ceased to work.
    private bool StepReady(long rows, long now)
    {
        if (_moved.Length < _ready.Count)
        {
            _moved = new bool[Math.Max(_ready.Count, _moved.Length * 2)];
        }

        // Waking a thread takes as long as a few hundred rows.
        Workers workers = rows >= _options.WorkersRowsMin ? _options.Workers : Workers.Alone;
        workers.Run(_ready.Count, i =>
        {
            if (_ready[i] is ViewState view)
            {
                _moved[i] = view.Step(_find, _epoch, now, workers);
            }
            else
            {
                var index = (IndexState)_ready[i];
                index.Apply(Find(index.Definition.DependsOn[0]).Delta);
            }
        });
        bool stopped = false;
        for (int i = 0; i < _ready.Count; i++)
        {
            if (_ready[i] is not ViewState view)
            {
                _dirty.Add(_ready[i].Id);
                continue;
            }

            if (_moved[i])
            {
                view.TouchedEpoch = _epoch;
            }

            stopped |= view.Error is not null;
        }

        return stopped;
    }

    private bool IsReady(ObjectState o, long now)
    {
        if (o is IndexState)
        {
            return Find(o.Definition.DependsOn[0]).Delta.Count > 0;
        }

        if (o is not ViewState { Error: null } view)
        {
            return false;
        }

        // What is late for a view is so by the watermark that the view has seen: both look at it in the same epochs.
        bool follows = view.Definition.PartOf > 0 && Find(view.Definition.PartOf).TouchedEpoch == _epoch;
        return follows || IsTouched(view.InputIds) || view.IsDue(_find, now);
    }

    private long RowsFor(ObjectState o)
    {
        long rows = 0;
        foreach (int id in o is ViewState view ? view.InputIds : o.Definition.DependsOn)
        {
            foreach (Core.Batch batch in Find(id).Delta)
            {
                rows += batch.Count;
            }
        }

        return rows;
    }

    // An object's level is above those of all that it looks at: of its inputs, and of the view whose late rows it takes.
    private ObjectState[][] Levels()
    {
        ObjectState[] objects = _objects.Values;
        if (ReferenceEquals(objects, _levelled))
        {
            return _levels;
        }

        int[] levels = new int[_objects.IdEnd];
        foreach (ObjectState o in objects)
        {
            foreach (int id in o is ViewState view ? view.InputIds : o is IndexState ? o.Definition.DependsOn : [])
            {
                levels[o.Id] = Math.Max(levels[o.Id], levels[id] + 1);
            }

            if (o is ViewState && o.Definition.PartOf > 0)
            {
                levels[o.Id] = Math.Max(levels[o.Id], levels[o.Definition.PartOf] + 1);
            }
        }

        LiftTargets(objects, levels);

        _levels = [.. objects.GroupBy(o => levels[o.Id]).OrderBy(g => g.Key).Select(g => g.ToArray())];
        _levelled = objects;
        return _levels;
    }
}
