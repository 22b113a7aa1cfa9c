// Knows what was acknowledged and what is in doubt, and holds the database to it.
using Millrace.Core;
using Millrace.Engine;

namespace Millrace.Sim;

/// <summary>
/// Acts are noted in the order of their submission, which is the order in which the engine takes them. An act is acknowledged (it must survive),
/// refused (it must have had no effect) or in doubt; after a restart what is there must be the acknowledged acts and a beginning of those in doubt.
/// </summary>
internal sealed class Oracle(Story story)
{
    private readonly Queue<(Act Act, Task Task)> _pending = new();

    // Refused because the disk refused. The bytes may be there after all, in the place of the record that would have come next.
    private readonly List<Act> _ghosts = [];
    private readonly Dictionary<int, List<string>> _emitted = [];
    private readonly Dictionary<int, int> _gone = [];

    /// <summary>Everything acknowledged.</summary>
    internal Model Model { get; private set; } = Model.Empty;

    /// <summary>The epoch of the last acknowledged act, or that the last restart came up with.</summary>
    internal long Epoch { get; private set; }

    /// <summary>The model at each epoch since the last restart.</summary>
    internal Dictionary<long, Model> ByEpoch { get; } = [];

    /// <summary>The model at an epoch; epochs in which no act was acknowledged (sealing makes such) changed nothing.</summary>
    internal Model? ModelAt(long epoch)
    {
        long at = ByEpoch.Keys.Where(e => e <= epoch).DefaultIfEmpty(-1).Max();
        return at < 0 ? null : ByEpoch[at];
    }

    internal long Acknowledged { get; private set; }

    internal long InDoubtKept { get; private set; }

    internal long DiskRefusals { get; private set; }

    internal SortedDictionary<string, int> Unsupported { get; } = new(StringComparer.Ordinal);

    internal int Pending => _pending.Count;

    internal void Submit(Act act, DatabaseEngine engine)
    {
        story.Tell($"> {act.Story}");
        _pending.Enqueue((act, act.Submit(engine)));
    }

    /// <summary>What the model will be if everything under way succeeds; good for drawing the next act.</summary>
    internal Model Expected()
    {
        Model model = Model;
        foreach ((Act act, Task task) in _pending)
        {
            model = act.Apply(model).After;
        }

        return model;
    }

    /// <summary>Takes note of answers, and checks that each is the one it must be.</summary>
    /// <param name="mayRefuse">Whether the disk is allowed to refuse now.</param>
    /// <param name="stopped">Whether the engine has stopped for good.</param>
    internal void ReadAnswers(bool mayRefuse, bool stopped)
    {
        while (_pending.TryPeek(out (Act Act, Task Task) next) && next.Task.IsCompleted)
        {
            (Act act, Task task) = next;
            var error = task.Exception?.InnerException as SqlException;
            if (task.IsFaulted && error is null)
            {
                throw new SimFailure($"{act.Story}: {task.Exception!.InnerException}");
            }

            bool ended = error?.SqlState == "57P01" || (error?.SqlState == "58030" && error.Message.StartsWith("the database has stopped", StringComparison.Ordinal));
            if (ended || (stopped && error?.SqlState is "58030" or "53100"))
            {
                return; // in doubt
            }

            _pending.Dequeue();
            if (error?.SqlState is "0A000" or "42883" or "42P20" && act is DefinitionAct definition)
            {
                definition.Unsupported = error.SqlState;
                string what = $"{definition.Label} ({error.Message})";
                Unsupported[what] = Unsupported.GetValueOrDefault(what) + 1;
            }

            (Model after, string? refusal) = act.Apply(Model);
            if (error is null && refusal is null)
            {
                long epoch = act.EpochOf(task);
                Expect(epoch >= Epoch, $"{act.Story}: acknowledged in epoch {epoch}, after one in epoch {Epoch}");
                story.Tell($"  acknowledged in epoch {epoch}");
                (Model, Epoch) = (after, epoch);
                ByEpoch[epoch] = after;
                Acknowledged++;
                _ghosts.Clear();
            }
            else if (error?.SqlState is "53100" or "58030" && mayRefuse)
            {
                story.Tell($"  refused by the disk: {error.Message}");
                DiskRefusals++;
                _ghosts.Add(act);
            }
            else if (error is not null && _ghosts.Count > 0 && refusal != error.SqlState)
            {
                // It was judged by a group commit that the disk then refused as a whole.
                story.Tell($"  refused beside what the disk refused: {error.SqlState}");
                _ghosts.Add(act);
            }
            else
            {
                Expect(error?.SqlState == refusal, $"{act.Story}: expected {refusal ?? "success"}, got {(error is null ? "success" : $"{error.SqlState} {error.Message}")}");
                story.Tell($"  refused: {error!.SqlState}");
            }
        }
    }

    /// <summary>After a restart: finds out which of the acts in doubt are there, and that all of the others are as they must be.</summary>
    /// <param name="snapshot">What recovery came up with.</param>
    /// <param name="mayLose">The log was not kept with fsync: acknowledged acts may be lost, but only from the end.</param>
    internal void Reconcile(DatabaseSnapshot snapshot, bool mayLose)
    {
        var candidates = new List<(Model Model, int Kept, string How)> { (Model, 0, "what was acknowledged") };
        Model model = Model;
        int kept = 0;
        foreach ((Act act, Task _) in _pending)
        {
            model = act.Apply(model).After;
            candidates.Add((model, ++kept, $"{kept} acts in doubt"));
        }

        for (int i = 0; i < _ghosts.Count; i++)
        {
            model = Model;
            for (int j = i; j < _ghosts.Count; j++)
            {
                model = _ghosts[j].Apply(model).After;
                candidates.Add((model, 1, $"refused acts {i} to {j}"));
            }
        }

        if (mayLose)
        {
            // The epoch says what is likeliest: a view that was made and dropped in what is lost leaves nothing to see, but the next object gets its number.
            candidates.InsertRange(
                snapshot.Epoch < Epoch ? 0 : candidates.Count,
                ByEpoch.OrderByDescending(e => e.Key <= snapshot.Epoch).ThenByDescending(e => e.Key).Select(e => (e.Value, 0, $"what was acknowledged up to epoch {e.Key}")));
        }

        var differences = new List<string>();
        foreach ((Model candidate, int count, string how) in candidates)
        {
            string? difference = Difference(candidate, snapshot) ?? ViewDifference(candidate, snapshot);
            if (difference is null)
            {
                story.Tell($"recovered epoch {snapshot.Epoch}: {how}, of {_pending.Count} in doubt");
                Model = candidate;
                InDoubtKept += count;
                Expect(mayLose || snapshot.Epoch >= Epoch, $"recovered epoch {snapshot.Epoch}, but epoch {Epoch} was acknowledged");
                if (mayLose)
                {
                    _emitted.Clear();
                    _gone.Clear();
                }

                Epoch = snapshot.Epoch;
                _pending.Clear();
                _ghosts.Clear();
                ByEpoch.Clear();
                ByEpoch[Epoch] = Model;
                return;
            }

            differences.Add($"against {how}: {difference}");
        }

        throw new SimFailure($"after the restart the rows are none of {candidates.Count} possible states; {string.Join("; ", differences.Take(5))}");
    }

    /// <summary>Everything must be as the model says, views included.</summary>
    internal static void CheckAll(Model model, DatabaseSnapshot snapshot)
    {
        if (Difference(model, snapshot) is { } difference)
        {
            throw new SimFailure(difference);
        }

        foreach (SimObject view in model.Objects.Values.Where(o => o.Kind == SimKind.View))
        {
            CheckView(model, snapshot, view);
        }
    }

    // What a view has of rows that retention has let go.
    private static string? ViewDifference(Model model, DatabaseSnapshot snapshot) => model.Objects.Values
        .Where(o => o.Kind == SimKind.View && o.Query!.Computes && model.MayLack(o.DependsOn))
        .Select(v => FirstDifference(model.Text(v.Id), Read(snapshot, v))).FirstOrDefault(d => d is not null);

    internal static void CheckView(Model model, DatabaseSnapshot snapshot, SimObject view)
    {
        if (!view.Query!.Computes)
        {
            return;
        }

        if (FirstDifference(model.Text(view.Id), Read(snapshot, view)) is { } difference)
        {
            throw new SimFailure($"epoch {snapshot.Epoch}: view {view.Name} ({view.Query!.Name}: {view.Query.Sql}): {difference}");
        }
    }

    /// <summary>
    /// What EMIT ON WINDOW CLOSE has given, it never takes back, changes or gives again, whatever restarts come between; nothing is given of windows
    /// that are not over.
    /// </summary>
    internal void CheckEmitted(DatabaseSnapshot snapshot)
    {
        foreach (SimObject view in Model.Objects.Values.Where(o => o.Query is { Emits: true }))
        {
            List<string> rows = Read(snapshot, view with { Kind = SimKind.Stream });
            List<string> before = _emitted.GetValueOrDefault(view.Id) ?? [];
            if (FirstDifference(before, [.. rows.Take(before.Count)]) is { } difference)
            {
                throw new SimFailure($"epoch {snapshot.Epoch}: view {view.Name} ({view.Query!.Sql}) had given {before.Count} rows, gives {rows.Count} now: {difference}");
            }

            int keys = Array.FindIndex(view.Columns, c => c.Name == "n");
            if (rows.GroupBy(r => string.Join('|', r.Split('|').Take(keys))).FirstOrDefault(g => g.Count() > 1) is { } twice)
            {
                throw new SimFailure($"epoch {snapshot.Epoch}: view {view.Name} ({view.Query!.Sql}) gave window {twice.Key} {twice.Count()} times");
            }

            _emitted[view.Id] = rows;
        }
    }

    /// <summary>What was let go does not come back, and where every row is too old none is left. Returns how many rows are gone.</summary>
    /// <param name="snapshot">The newest, with nothing under way and time caught up with.</param>
    internal long CheckForgotten(DatabaseSnapshot snapshot)
    {
        long more = 0;
        foreach (SimObject stream in Model.Objects.Values.Where(o => o.Keeps.Ever))
        {
            List<string> found = Read(snapshot, stream);
            int gone = Model.Streams[stream.Id].Count - found.Count;
            int before = _gone.GetValueOrDefault(stream.Id);
            Expect(gone >= before, $"epoch {snapshot.Epoch}: of {stream.Name} {before} rows were gone, now {gone}");
            Expect(
                found.Count == 0 || !Keeping.IsAllTooOld(Model, stream, snapshot.TimeMicros),
                $"epoch {snapshot.Epoch}: of {stream.Name} {found.Count} rows are left, though all are too old");
            _gone[stream.Id] = gone;
            more += gone - before;
        }

        return more;
    }

    /// <summary>The rows of an object as text: streams in order, everything else sorted.</summary>
    internal static List<string> Read(DatabaseSnapshot snapshot, SimObject o)
    {
        var rows = new Dictionary<string, long>();
        var list = new List<string>();
        foreach (Batch batch in snapshot.Find(o.Id).Scan(snapshot.Load))
        {
            for (int i = 0; i < batch.Count; i++)
            {
                string text = SimText.Row(batch, i, o.Columns.Length);
                if (o.Kind == SimKind.Stream)
                {
                    Expect(batch.Weight(i) == 1, $"{o.Name}: a row of weight {batch.Weight(i)}");
                    list.Add(text);
                }
                else
                {
                    rows[text] = rows.GetValueOrDefault(text) + batch.Weight(i);
                }
            }
        }

        return o.Kind == SimKind.Stream ? list : Expand(rows);
    }

    /// <summary>Weighted rows as sorted lines.</summary>
    internal static List<string> Expand(Dictionary<string, long> rows)
    {
        var list = new List<string>();
        foreach ((string text, long weight) in rows)
        {
            Expect(weight >= 0, $"row {text} has weight {weight}");
            for (long i = 0; i < weight; i++)
            {
                list.Add(text);
            }
        }

        list.Sort(StringComparer.Ordinal);
        return list;
    }

    internal static string? FirstDifference(List<string> expected, List<string> found)
    {
        for (int i = 0; i < Math.Max(expected.Count, found.Count); i++)
        {
            string? e = i < expected.Count ? expected[i] : null;
            string? f = i < found.Count ? found[i] : null;
            if (e != f)
            {
                return $"row {i} of {expected.Count} must be {e ?? "absent"}, is {f ?? "absent"} ({found.Count} rows)";
            }
        }

        return null;
    }

    /// <summary>Names, streams and tables; null when they are as the model says.</summary>
    private static string? Difference(Model model, DatabaseSnapshot snapshot)
    {
        CatalogText(snapshot, out List<string> catalog);
        List<string> expected =
            [.. model.Objects.Values.Select(o => $"{o.Id} {o.Name}: {string.Join(", ", o.Kind == SimKind.Index ? [] : o.Columns.Select(c => c.Name))} {o.Keeps}")];
        if (FirstDifference(expected, catalog) is { } names)
        {
            return "catalog: " + names;
        }

        foreach (SimObject o in model.Objects.Values)
        {
            // Rows that retention let go at once look like rows that were never written, but for the offset that comes next.
            if (o.Kind == SimKind.Stream && snapshot.Find(o.Id).Appended!.NextOffset is var next && next != model.Streams[o.Id].Count)
            {
                return $"epoch {snapshot.Epoch}, {o.Name}: the next offset must be {model.Streams[o.Id].Count}, is {next}";
            }

            List<string> found = o.Kind is SimKind.Stream or SimKind.Table ? Read(snapshot, o) : [];
            if (o.Kind is SimKind.Stream or SimKind.Table
                && (o.Keeps.Ever ? Keeping.Difference(model, o, found, snapshot.TimeMicros) : FirstDifference(model.Text(o.Id), found)) is { } rows)
            {
                return $"epoch {snapshot.Epoch}, {o.Name}: {rows}";
            }
        }

        return null;
    }

    private static void CatalogText(DatabaseSnapshot snapshot, out List<string> lines)
    {
        lines = [.. snapshot.Catalog.All.Where(o => o.Id > 0).OrderBy(o => o.Id)
            .Select(o => $"{o.Id} {o.Name}: {string.Join(", ", Columns(o))} {Keeping.Text(o.Options)}")];

        static IEnumerable<string> Columns(Sql.CatalogObject o) =>
            o.Kind == Sql.ObjectKind.Index ? [] : o.Columns.Fields.Take(o.Columns.Count - o.HiddenColumns).Select(f => f.Name);
    }

    private static void Expect(bool holds, string message)
    {
        if (!holds)
        {
            throw new SimFailure(message);
        }
    }
}
