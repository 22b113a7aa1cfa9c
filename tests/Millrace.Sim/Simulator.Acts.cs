// What a lifetime does next: writes, definitions, subscriptions, checkpoints, looking at it all, and letting time pass.
using System.Collections.Immutable;
using Millrace.Core;
using Millrace.Engine;
using Millrace.Sql;
using Millrace.Sql.Syntax;

namespace Millrace.Sim;

internal sealed partial class Simulator
{
    private const int RowsMax = 150;
    private const long Second = 1_000_000;
    private static readonly string[] _words = ["", "a", "ant", "bee", "cat", "it's", "ünï", "a|b", "dog"];
    private readonly List<Task<long>> _checkpoints = [];
    private long _rowTime = 1_704_067_200L * Second;

    private void OneStep()
    {
        Pass(TimeSpan.FromMilliseconds(_random.Next(2000)));
        Model model = _oracle.Expected();
        int written = model.Objects.Values.Count(o => o.Kind is SimKind.Stream or SimKind.Table);
        switch (written < 2 ? 0 : _random.Next(27))
        {
            case 0:
                Submit(CreateRelation(model));
                break;
            case 1 or 2 or 3:
                Submit(CreateView(model));
                break;
            case 4:
                Submit(_random.Next(6) switch { 0 => CreateIndex(model), 1 => Rename(model), 2 => RenameColumn(model), 3 => Drop(model), _ => AddColumn(model) });
                break;
            case 5:
                Submit(CreateView(model));
                Settle();
                Subscribe();
                break;
            case 6:
                var checkpoint = new CheckpointRequest();
                _story.Tell("checkpoint");
                _engine!.Submit(checkpoint);
                _checkpoints.Add(checkpoint.Task);
                break;
            case 10 when _weather != Weather.DiskFull:
                _story.Tell("compact");
                _engine!.Submit(new CompactRequest());
                break;
            case 7:
                Settle();
                CheckEverything();
                CompareWithBatch();
                CheckForgotten();
                break;
            case 11:
                BackUp();
                break;
            case 12 or 13:
                Submit(Keep(model));
                break;
            case 8:
                Settle();
                _held.Add((_engine!.Current, _oracle.Model));
                break;
            case 9:
                Pass(_random.OneIn(2) ? TimeSpan.FromHours(-1) : TimeSpan.FromDays(3652));
                break;
            case 10 when _weather == Weather.DiskFull:
                Settle();
                ToggleFull();
                break;
            default:
                Submit(Write(model));
                break;
        }

        if (_random.OneIn(2))
        {
            Settle();
            bool failed = _engine!.Failure is not null;
            if (!failed && _engine.Current.Epoch < _oracle.Epoch)
            {
                throw new SimFailure($"epoch {_engine.Current.Epoch} is shown, epoch {_oracle.Epoch} was acknowledged");
            }

            Look(failed);
        }
        else
        {
            for (int steps = _random.Next(4); steps > 0 && _engine!.Failure is null; steps--)
            {
                if (!_engine.Step())
                {
                    _disk.Poll();
                }
            }

            ReadAnswers();
        }
    }

    private void Look(bool failed)
    {
        if (failed)
        {
            return;
        }

        foreach (Follower follower in _followers)
        {
            follower.Read(_oracle, thorough: true);
        }

        _followers.RemoveAll(f => f.Ended);
        if (_held.Count > 0 && _random.OneIn(3))
        {
            // A snapshot that somebody still holds shows what it showed.
            (DatabaseSnapshot snapshot, Model model) = _held[_random.Next(_held.Count)];
            Oracle.CheckAll(model, snapshot);
            _story.Tell($"  the snapshot of epoch {snapshot.Epoch} is as it was");
        }

        Counts.Checkpoints += _checkpoints.Count(c => c.IsCompletedSuccessfully);
        if (!_mayRefuse && _weather != Weather.SyncFails && _checkpoints.Find(c => c.IsFaulted) is { } faulted)
        {
            throw new SimFailure($"a checkpoint failed: {faulted.Exception!.InnerException!.Message}");
        }

        _checkpoints.RemoveAll(c => c.IsCompleted);
        RestoreBackups();
    }

    private void Submit(Act? act)
    {
        if (act is not null)
        {
            _oracle.Submit(act, _engine!);
            if (act is DefinitionAct && _mayRefuse)
            {
                // Later acts name objects by id, as sessions do that have seen them: a definition the disk may refuse must have its answer first.
                Settle();
            }
        }
    }

    private void ToggleFull()
    {
        bool full = _disk.CapacityBytes != long.MaxValue;
        _disk.CapacityBytes = long.MaxValue;
        if (!full)
        {
            string[] folders = ["log", "checkpoint", "segments"];
            string[] paths = [.. _disk.List("").Where(n => !folders.Contains(n)), .. folders.SelectMany(f => _disk.List(f).Select(n => $"{f}/{n}"))];
            long used = paths.Sum(p => (long)_disk.Content(p).Length);
            _disk.CapacityBytes = used + _random.Next(3000);
        }

        _story.Tell(full ? "the disk has room again" : $"the disk has {_disk.FreeBytes} bytes left");
    }

    private string NewName(string prefix) => $"{prefix}{_random.Next(40)}";

    private DefinitionAct CreateRelation(Model model)
    {
        bool stream = _random.OneIn(2);
        string name = NewName("r");
        var columns = new List<SimColumn>();
        string suffix = _random.OneIn(2) ? "" : _random.Next(10).ToString(System.Globalization.CultureInfo.InvariantCulture);
        bool withKey = _random.OneIn(3);
        columns.Add(new SimColumn("k" + suffix, _random.OneIn(2) ? SimType.Integer : SimType.BigInt, Role.Key, !withKey || stream));
        columns.Add(new SimColumn("v" + suffix, _random.OneIn(2) ? SimType.Integer : SimType.BigInt, Role.Value, !_random.OneIn(3)));
        columns.Add(new SimColumn("s" + suffix, SimType.Text, Role.Text, true));
        columns.Add(new SimColumn("t" + suffix, SimType.Timestamp, Role.Time, false));
        if (_random.OneIn(3))
        {
            columns.Add(new SimColumn("x" + suffix, _random.OneIn(2) ? SimType.Boolean : SimType.Double, Role.Extra, true));
        }

        bool bag = !stream && _random.OneIn(4);
        if (!stream && !bag)
        {
            columns.Add(new SimColumn("id" + suffix, SimType.Integer, Role.Id, false));
        }

        SimColumn[] shuffled = [.. columns.OrderBy(_ => _random.NextULong())];
        var o = new SimObject(model.NextId, name, stream ? SimKind.Stream : SimKind.Table, shuffled);
        string sql = string.Join(", ", shuffled.Select(c => $"{c.Name} {SimColumn.SqlOf(c.Type)}{(c.Nullable ? "" : " NOT NULL")}"));
        if (!stream && !bag)
        {
            o = o with { Key = withKey ? [o.Find(Role.Id), o.Find(Role.Key)] : [o.Find(Role.Id)] };
            sql += $", PRIMARY KEY ({string.Join(", ", o.Key.Select(c => shuffled[c].Name))})";
        }
        else if (stream && _random.OneIn(2))
        {
            string time = shuffled[o.Find(Role.Time)].Name;
            o = o with { Watermarked = true };
            sql += $", WATERMARK FOR {time} AS {time} - INTERVAL '{_random.Between(1, 10)} seconds'";
        }

        return new DefinitionAct($"CREATE {(stream ? "STREAM" : "TABLE")} {name} ({sql})", m =>
        {
            if (m.Find(name) is not null)
            {
                return (m, "42P07");
            }

            SimObject created = o with { Id = m.NextId };
            return (m with
            {
                NextId = m.NextId + 1,
                Objects = m.Objects.Add(created.Id, created),
                Streams = stream ? m.Streams.Add(created.Id, []) : m.Streams,
                Times = stream ? m.Times.Add(created.Id, []) : m.Times,
                Tables = stream ? m.Tables : m.Tables.Add(created.Id, ImmutableSortedDictionary.Create<string, object?[]>(StringComparer.Ordinal)),
            }, null);
        });
    }

    private SimQuery? DrawQuery(Model model)
    {
        var templates = new Templates(_random, model);
        for (int tries = 0; tries < 20; tries++)
        {
            if (templates.Draw() is { } query)
            {
                return query;
            }
        }

        return null;
    }

    private DefinitionAct? CreateView(Model model)
    {
        if (model.Objects.Values.Count(o => o.Kind == SimKind.View) >= 5 || DrawQuery(model) is not { } query)
        {
            return null;
        }

        string name = NewName("m");
        Counts.Views[query.Name] = Counts.Views.GetValueOrDefault(query.Name) + 1;
        return new DefinitionAct($"CREATE MATERIALIZED VIEW {name} AS {query.Sql}", m =>
        {
            if (!query.Inputs.All(m.Objects.ContainsKey))
            {
                return (m, "42P01");
            }

            if (m.Find(name) is not null)
            {
                return (m, "42P07");
            }

            var view = new SimObject(m.NextId, name, SimKind.View, query.Columns) { Query = query, DependsOn = query.Inputs, Wide = query.Wide };
            return (m with { NextId = m.NextId + 1, Objects = m.Objects.Add(view.Id, view) }, null);
        })
        { Label = query.Name };
    }

    private DefinitionAct? CreateIndex(Model model)
    {
        SimObject[] tables = [.. model.Objects.Values.Where(o => o.Kind == SimKind.Table)];
        if (tables.Length == 0)
        {
            return null;
        }

        SimObject table = tables[_random.Next(tables.Length)];
        string name = NewName("i");
        return new DefinitionAct($"CREATE INDEX {name} ON {table.Name} ({table.Columns[table.Find(Role.Key)].Name})", m => m.Find(name) is not null ? (m, "42P07")
            : !m.Objects.ContainsKey(table.Id) ? (m, "42P01")
            : (m with { NextId = m.NextId + 1, Objects = m.Objects.Add(m.NextId, new SimObject(m.NextId, name, SimKind.Index, []) { DependsOn = [table.Id] }) }, null));
    }

    private DefinitionAct Rename(Model model)
    {
        SimObject o = AnyRelation(model);
        string name = NewName(o.Kind == SimKind.View ? "m" : "r");
        string kind = KindSql(o);
        return new DefinitionAct($"ALTER {kind} {o.Name} RENAME TO {name}", m => m.Find(o.Name)?.Kind != o.Kind ? (m, "42P01")
            : m.Find(name) is not null ? (m, "42P07")
            : (m with { Objects = m.Objects.SetItem(m.Find(o.Name)!.Id, m.Find(o.Name)! with { Name = name }) }, null));
    }

    private DefinitionAct? RenameColumn(Model model)
    {
        SimObject[] tables = [.. model.Objects.Values.Where(o => o.Kind is SimKind.Table or SimKind.Stream)];
        SimObject o = tables[_random.Next(tables.Length)];
        int column = _random.Next(o.Columns.Length);
        string name = $"c{_random.Next(1_000_000)}";
        SimColumn[] renamed = [.. o.Columns];
        renamed[column] = renamed[column] with { Name = name };
        return new DefinitionAct($"ALTER {KindSql(o)} {o.Name} RENAME COLUMN {o.Columns[column].Name} TO {name}", m => m.Objects.ContainsKey(o.Id)
            ? (m with { Objects = m.Objects.SetItem(o.Id, m.Objects[o.Id] with { Columns = renamed }) }, null)
            : (m, "42P01"));
    }

    private DefinitionAct? Drop(Model model)
    {
        SimObject o = AnyRelation(model);
        bool cascade = _random.OneIn(2);
        return new DefinitionAct($"DROP {KindSql(o)} {o.Name}{(cascade ? " CASCADE" : "")}", m =>
        {
            if (m.Find(o.Name) is not { } found || found.Kind != o.Kind)
            {
                return (m, "42P01");
            }

            if (!cascade && m.Dependents(found.Id).Any(d => d.Kind != SimKind.Index))
            {
                return (m, "2BP01");
            }

            var gone = new Queue<int>([found.Id]);
            while (gone.TryDequeue(out int id))
            {
                foreach (SimObject dependent in m.Dependents(id))
                {
                    gone.Enqueue(dependent.Id);
                }

                m = m with { Objects = m.Objects.Remove(id), Streams = m.Streams.Remove(id), Times = m.Times.Remove(id), Tables = m.Tables.Remove(id) };
            }

            return (m, null);
        });
    }

    private SimObject AnyRelation(Model model)
    {
        SimObject[] all = [.. model.Objects.Values.Where(o => o.Kind != SimKind.Index)];
        return all[_random.Next(all.Length)];
    }

    private static string KindSql(SimObject o) => o.Kind switch { SimKind.Stream => "STREAM", SimKind.Table => "TABLE", _ => "MATERIALIZED VIEW" };

    private void Subscribe()
    {
        if (_engine!.Failure is not null || _followers.Count >= 3)
        {
            return;
        }

        Model model = _oracle.Model;
        SimObject[] views = [.. model.Objects.Values.Where(o => o.Kind == SimKind.View && o.Query!.Computes)];
        SimQuery query;
        if (views.Length > 0 && _random.OneIn(2))
        {
            SimObject view = views[_random.Next(views.Length)];
            query = view.Query! with { Sql = $"SELECT * FROM {view.Name}", Inputs = [view.Id], Compute = m => [.. m.Rows(view.Id)] };
        }
        else if (DrawQuery(model) is { Computes: true } drawn)
        {
            query = drawn;
        }
        else
        {
            return;
        }

        _story.Tell($"subscribe to {query.Sql}");
        SubscribeRequest request;
        try
        {
            request = new SubscribeRequest(Bind(query.Sql), snapshot: true, progress: _random.OneIn(2), bytesMax: 64 << 20);
        }
        catch (SqlException e) when (e.SqlState is "0A000" or "42883")
        {
            return;
        }

        _engine.Submit(request);
        Settle();
        if (request.Task.IsFaulted && _mayRefuse && request.Task.Exception!.InnerException is SqlException { SqlState: "53100" or "58030" })
        {
            return;
        }

        if (request.Task.IsFaulted && request.Task.Exception!.InnerException is SqlException { SqlState: "0A000" })
        {
            Counts.Unsupported[query.Name] = Counts.Unsupported.GetValueOrDefault(query.Name) + 1;
            return;
        }

        _followers.Add(new Follower(query, request.Task.Result));
    }

    private BoundQuery Bind(string sql) => (BoundQuery)DatabaseEngine.Bind(SqlParser.Parse(sql)[0], _engine!.Current.Catalog, sql);

    // A view equals its query run from scratch, by the engine itself over one snapshot.
    private void CompareWithBatch(bool foreignOnly = false)
    {
        DatabaseSnapshot snapshot = _engine!.Current;
        foreach (SimObject view in _oracle.Model.Objects.Values.Where(o => o.Kind == SimKind.View && !o.Query!.Emits && (o.Query.Foreign || !foreignOnly)
            && !_oracle.Model.MayLack(o.DependsOn)))
        {
            BoundQuery query;
            try
            {
                query = Bind(view.Query!.Sql);
            }
            catch (SqlException e) when (e.SqlState is "42P01" or "42703" or "42803")
            {
                continue; // something was renamed since
            }

            if (!query.DependsOn.Order().SequenceEqual(view.Query.Inputs.Distinct().Order()))
            {
                continue;
            }

            Dataflow dataflow = PlanCompiler.Compile(query.Plan, EvalErrors.Throw);
            List<Batch> batches = QueryRunner.Run(
                dataflow, query, snapshot, snapshot.TimeMicros, RowSource.Of(snapshot, () => new EvalContext()), default);
            List<string> rows = [.. batches.SelectMany(b => Enumerable.Range(0, b.Count).Select(i => SimText.Row(b, i, view.Columns.Length)))];
            rows.Sort(StringComparer.Ordinal);
            List<string> expected = view.Query.Foreign ? Oracle.Read(snapshot, view) : _oracle.Model.Text(view.Id);
            if (Oracle.FirstDifference(expected, rows) is { } difference)
            {
                throw new SimFailure($"{view.Query.Name} run once ({(view.Query.Foreign ? "against the view" : "against the oracle")}): {view.Query.Sql}: {difference}");
            }
        }
    }

    private Act? Write(Model model)
    {
        if (_oracle.Pending == 0 && _random.OneIn(6) && model.Objects.Values.FirstOrDefault(o => o.IsBag && model.Tables[o.Id].Count > 0) is { } bag)
        {
            return DeleteFromBag(bag, model.Tables[bag.Id].Values.ToList());
        }

        SimObject[] targets = [.. model.Objects.Values.Where(o => o.Kind is SimKind.Stream or SimKind.Table)];
        var entries = new List<ActEntry>();
        int count = _random.OneIn(4) ? _random.Between(2, 3) : 1;
        foreach (SimObject target in targets.OrderBy(_ => _random.NextULong()).Take(count))
        {
            _rowTime += _random.Next(4) * Second / 2;
            if (target.Kind == SimKind.Stream)
            {
                if (model.Streams[target.Id].Count < RowsMax)
                {
                    entries.Add(new ActEntry(target, WriteRule.Append, [.. Enumerable.Range(0, _random.Between(1, 6)).Select(_ => (Row(target), 1))]));
                }
            }
            else if (target.IsBag)
            {
                entries.Add(new ActEntry(target, WriteRule.Insert, [.. Enumerable.Range(0, _random.Between(1, 5)).Select(_ => (Row(target), 1))]));
            }
            else if (model.Tables[target.Id].Count > 0 && _random.OneIn(2))
            {
                entries.Add(Change(target, [.. model.Tables[target.Id].Values]));
            }
            else if (model.Tables[target.Id].Count < RowsMax)
            {
                WriteRule rule = _random.Next(5) switch { 0 => WriteRule.Insert, 1 => WriteRule.Ignore, 2 => WriteRule.Merge, _ => WriteRule.Overwrite };
                entries.Add(new ActEntry(target, rule, [.. Enumerable.Range(0, _random.Between(1, 5)).Select(_ => (Row(target), 1))]));
            }
        }

        return entries.Count == 0 ? null : new WriteAct(entries) { NotBefore = _engine!.Current.TimeMicros };
    }

    // As a session does: finds the rows, with their hidden ids, in a snapshot, and takes them back.
    private BagDeleteAct? DeleteFromBag(SimObject bag, List<object?[]> rows)
    {
        DatabaseSnapshot snapshot = _engine!.Current;
        if (snapshot.Epoch < _oracle.Epoch || _oracle.Pending > 0)
        {
            return null;
        }

        object?[] row = rows[_random.Next(rows.Count)];
        string text = SimText.Row(row, bag.Columns);
        foreach (Batch batch in snapshot.Find(bag.Id).Scan(snapshot.Load))
        {
            for (int i = 0; i < batch.Count; i++)
            {
                if (SimText.Row(batch, i, bag.Columns.Length) == text)
                {
                    var change = new BatchBuilder(snapshot.Find(bag.Id).Definition.Columns);
                    change.AppendRow(batch, i, -1);
                    return new BagDeleteAct(bag, [row], change.ToBatch());
                }
            }
        }

        throw new SimFailure($"{bag.Name} has no row {text}");
    }

    // Updates and deletes as sessions send them: rows taken back and rows added.
    private ActEntry Change(SimObject table, List<object?[]> rows)
    {
        var change = new List<(object?[], int)>();
        foreach (object?[] row in rows.OrderBy(_ => _random.NextULong()).Take(_random.Between(1, 4)))
        {
            change.Add((row, -1));
            object?[] after = Row(table);
            foreach (int k in table.Key)
            {
                after[k] = row[k];
            }

            if (!_random.OneIn(3) && SimText.Row(after, table.Columns) != SimText.Row(row, table.Columns))
            {
                change.Add((after, 1));
            }
        }

        return new ActEntry(table, WriteRule.Change, change);
    }

    private object?[] Row(SimObject target)
    {
        var row = new object?[target.Columns.Length];
        for (int i = 0; i < row.Length; i++)
        {
            SimColumn column = target.Columns[i];
            row[i] = column.Nullable && _random.OneIn(8) ? null : column.Role switch
            {
                Role.Id => (long)_random.Next(25),
                Role.Key => (long)_random.Next(9),
                Role.Value => (long)_random.Between(-30, 30),
                Role.Text => _words[_random.Next(_words.Length)],
                // Most are about now; some are late, a few very late.
                Role.Time => _rowTime - (_random.Next(8) switch { 0 => _random.Next(60) * Second, 1 or 2 => _random.Next(10) * Second / 2, _ => 0 }),
                _ => AnyValue(column.Type),
            };
        }

        return row;
    }
}
