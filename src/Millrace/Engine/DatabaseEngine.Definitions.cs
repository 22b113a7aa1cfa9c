// DDL inside the engine: bind against the present catalog, build state, log the statement, publish.
using Millrace.Core;
using Millrace.Core.Io;
using Millrace.Log;
using Millrace.Sql;
using Millrace.Sql.Syntax;
using ObjectKind = Millrace.Sql.ObjectKind;

namespace Millrace.Engine;

internal sealed partial class DatabaseEngine
{
    private CatalogState _catalog;

    /// <summary>Parses and binds a statement against a catalog: where the engine, sessions and recovery meet the SQL front end.</summary>
    internal static BoundStatement Bind(
        Statement statement, CatalogSnapshot catalog, string text, IReadOnlyList<SqlType?>? parameters = null, bool replayed = false, Func<string, int, CatalogObject>? files = null) =>
        new Binder(catalog, FunctionLibrary.Catalog, new BindOptions { Text = text, ParameterTypes = parameters ?? [], Replayed = replayed, Files = files }).Bind(statement);

    private void Define(DefinitionRequest request)
    {
        // Errors up to the log record leave nothing behind: the change is made on the side and put in place afterwards.
        long epoch = _epoch + 1;
        BoundStatement bound = Bind(request.Statement, _catalog.Snapshot(), request.Text);
        CatalogObject? existing = IsNoChange(bound);
        if (bound is BoundAlterResume { Object: var told } && _objects[told.Id] is ViewState { Error: null })
        {
            request.Complete(new DefinitionResult(bound.Tag, null, [.. bound.Notices, $"\"{told.Name}\" is not paused"], _epoch));
            return;
        }

        if (existing is not null || bound is BoundNoOp)
        {
            request.Complete(new DefinitionResult(bound.Tag, existing, bound.Notices, _epoch));
            return;
        }

        int id = _catalog.NextId;
        DefinitionChange change = Plan(bound, id, _options.SplitViews);
        long now = NextTime();
        Backfill(change, epoch, now);
        try
        {
            _record.Reset();
            CommitRecord.Write(_record, epoch, now, [new CommitEntry(EntryKind.Definition, id, null, request.Text)], _options.SplitViews);
            _log.Append(_record.Written);
        }
        catch (Exception e) when (e is DiskException or LogPoisonedException)
        {
            StopIfPoisoned();
            throw WriteFailed(e);
        }

        _epoch = epoch;
        Apply(change, id, request.Text, _options.SplitViews, now);
        _acknowledgements.Add(() => request.Complete(new DefinitionResult(bound.Tag, change.Created, bound.Notices, epoch)));
        _refusals.Add(request.Fail);
        RunEpoch(now);
    }

    private static CatalogObject? IsNoChange(BoundStatement bound) => bound switch
    {
        BoundCreateRelation { Exists: true, OrReplace: false } c => c.Template,
        BoundCreateView { Exists: true, OrReplace: false } c => c.Template,
        BoundCreateIndex { Exists: true } c => c.Template,
        BoundCreateEndpoint { OrReplace: false, Replaced: { } there } => there,
        BoundCreateFunction { OrReplace: false, Replaced: { } there } => there,
        _ => null,
    };

    /// <summary>What a definition will do, worked out without doing it. What is made beside the object gets the id after it.</summary>
    private sealed record DefinitionChange(CatalogObject? Created, ObjectState? State, IReadOnlyList<int> Dropped, CatalogObject? Altered)
    {
        public ObjectState? Beside { get; init; }

        /// <summary>What is shown as the statement that made it, where that is not the statement itself: it holds secrets.</summary>
        public string? Shown { get; init; }

        public ViewRebuild? Resumed { get; init; }

        public BoundAlterSystem? System { get; init; }

        public TableShape? Shape { get; init; }

        /// <summary>What a column that is new in the shape has in the rows that are there.</summary>
        public object? Added { get; init; }
    }

    private void Backfill(DefinitionChange change, long epoch, long now)
    {
        (change.State as ViewState)?.Backfill(Find, _rows.Load, epoch, now, StateBytesLeft(), _options.Workers);
        (change.Beside as ViewState)?.Backfill(Find, _rows.Load, epoch, now, StateBytesLeft(), _options.Workers);
        change.Resumed?.Run(Find, _rows.Load, epoch, now, StateBytesLeft(), _options.Workers);
        if (_recovered && (change.State as ViewState ?? change.Resumed?.View) is { Definition.SinkInto: > 0 } sink)
        {
            TrySink(sink, change.Resumed?.Difference ?? sink.Delta);
        }

        if (change.State is IndexState index)
        {
            index.Apply(Find(index.Definition.DependsOn[0]).Snapshot().Scan(_rows.Load));
        }
    }

    private DefinitionChange Plan(BoundStatement bound, int id, bool sharded)
    {
        switch (bound)
        {
            case BoundCreateRelation { Template: { } template }:
                CatalogObject relation = template with { Id = id };
                return new DefinitionChange(relation, relation.Kind == ObjectKind.Stream ? new StreamState(relation) : new TableState(relation), [], null);
            case BoundCreateView { Materialized: true } view:
                CatalogObject materialized = view.Template with { Id = id };
                return new DefinitionChange(materialized, new ViewState(materialized, view.Query, sharded), [], null)
                {
                    Beside = view.Late is not { } late ? null
                        : new ViewState(late.Template with { Id = id + 1, PartOf = id, DependsOn = [.. materialized.DependsOn, id] }, late.Query, sharded),
                };
            case BoundCreateView view:
                int[] replaced = view.Exists ? [_catalog.Snapshot().Find(view.Template.Namespace, view.Template.Name)!.Id] : [];
                return new DefinitionChange(view.Template with { Id = id }, null, replaced, null);
            case BoundCreateIndex create:
                CatalogObject index = create.Template with { Id = id, Columns = create.Table.Columns, DependsOn = [create.Table.Id] };
                return new DefinitionChange(index, new IndexState(index), [], null);
            case BoundCreateEndpoint create:
                return new DefinitionChange(create.Template with { Id = id }, null, create.Replaced is { } old ? [old.Id] : [], null);
            case BoundCreateSchema create:
                return new DefinitionChange(create.Template with { Id = id }, null, [], null);
            case BoundCreateFunction create:
                return new DefinitionChange(create.Template with { Id = id }, null, create.Replaced is { } before ? [before.Id] : [], null);
            case BoundCreateAlert create:
                return new DefinitionChange(create.Alert with { Id = id }, null, [], null)
                {
                    Beside = new TableState(create.Told with { Id = id + 1, PartOf = id, DependsOn = [id] }),
                    Shown = create.Alert.Definition,
                };
            case BoundAccess { Creates: true } access:
                return new DefinitionChange(access.User with { Id = id }, null, [], null);
            case BoundAccess access:
                return new DefinitionChange(null, null, [], access.User);
            case BoundCreateToken create:
                return new DefinitionChange(create.Template with { Id = id }, null, [], null);
            case BoundDrop drop:
                return new DefinitionChange(null, null, WithDependents(drop), null);
            case BoundAlterPause { Object: var o }:
                if (_recovered && !_pausing)
                {
                    CheckReproducible(o, (ViewState)_objects[o.Id], "paused, as it could not be resumed");
                }

                return new DefinitionChange(null, null, [], Altered(_catalog[o.Id], (BoundAlter)bound));
            case BoundAlterResume { Object: var o }:
                return new DefinitionChange(null, null, [], Altered(_catalog[o.Id], (BoundAlter)bound)) { Resumed = Rebuild(o) };
            case BoundAlterSystem system:
                return new DefinitionChange(null, null, [], null) { System = system };
            case BoundAlterAddColumn { IsOfNow: true } ofNow:
                throw new SqlException("0A000", $"the default of \"{ofNow.Column.Name}\" is not a constant", hint: "add the column, then ALTER COLUMN … SET DEFAULT");
            case BoundAlterSeveral { Actions: var several } when several.Any(a => a is BoundAlterAddColumn { IsOfNow: true }):
                throw new SqlException("0A000", "a column whose default is not a constant is added alone", hint: "write one ALTER for each");
            case BoundAlter alter when ShapeOf(_catalog[alter.Object.Id], alter) is { } shape:
                object? value = alter is BoundAlterAddColumn added ? ConstantFolder.Evaluate(added.Default).Value : null;
                return alter is BoundAlterAddColumn { Column: { Nullable: false } } && value is null
                    ? throw new SqlException("23502", $"column \"{((BoundAlterAddColumn)alter).Column.Name}\" of relation \"{alter.Object.Name}\" contains null values", hint: "give it a default")
                    : new DefinitionChange(null, null, [], null) { Shape = shape, Added = value };
            case BoundAlterSeveral { Object.HiddenColumns: > 0 } several when several.Actions.Any(a => a is BoundAlterAddColumn):
                throw new SqlException("0A000", $"columns are added one by one to \"{several.Object.Name}\", which has no primary key", hint: "write one ALTER for each");
            case BoundAlter alter:
                return new DefinitionChange(null, null, [], Altered(_catalog[alter.Object.Id], alter));
            default:
                throw new SqlException("0A000", $"{bound.Tag} is not supported");
        }
    }

    private CatalogObject Altered(CatalogObject o, BoundAlter alter)
    {
        switch (alter)
        {
            case BoundAlterRename rename:
                RefuseWhenPlainViewsDepend(o, "renamed");
                return o with { Name = rename.NewName };
            case BoundAlterSetSchema set:
                RefuseWhenPlainViewsDepend(o, "moved");
                return _catalog.IndexesOf(o.Id).FirstOrDefault(i => _catalog.Snapshot().Find(set.Schema, i.Name) is not null) is { } taken
                    ? throw new SqlException("42P07", $"relation \"{taken.Name}\" already exists in schema \"{set.Schema}\"", hint: "drop one of the two indexes")
                    : o with { Namespace = set.Schema };
            case BoundAlterRenameColumn rename:
                RefuseWhenPlainViewsDepend(o, "changed");
                Field[] fields = [.. o.Columns.Fields];
                fields[rename.Column] = fields[rename.Column] with { Name = rename.NewName };
                return o with { Columns = new Schema(fields), Options = RelationOptions.WithColumnRenamed(o.Options, o.Columns[rename.Column].Name, rename.NewName) };
            case BoundAlterSetOptions set:
                var options = new Dictionary<string, string>(o.Options);
                foreach ((string name, string? value) in set.Options)
                {
                    if (value is null)
                    {
                        options.Remove(name);
                    }
                    else
                    {
                        options[name] = value;
                    }
                }

                return o with { Options = options };
            case BoundAlterAddColumn add:
                return WithColumn(o, add);
            case BoundAlterColumn column:
                CheckNullability(o, column);
                return column.Applied(o);
            case BoundComment comment:
                var comments = new Dictionary<int, string>(o.Comments);
                comments.Remove(comment.Column);
                if (comment.Text is { } said)
                {
                    comments.Add(comment.Column, said);
                }

                return o with { Comments = comments };
            case BoundAlterPause pause:
                return o with { Paused = pause.Reason };
            case BoundAlterResume:
                return o with { Paused = null };
            case BoundAlterSeveral several:
                return several.Actions.Aggregate(o, Altered);
            default:
                throw new SqlException("0A000", $"{alter.Tag} is not supported");
        }
    }

    private List<int> WithDependents(BoundDrop drop)
    {
        var dropped = new List<int>();
        var pending = new Queue<int>(drop.Objects.Select(o => o.Id));
        while (pending.TryDequeue(out int id))
        {
            if (dropped.Contains(id))
            {
                continue;
            }

            if (_catalog[id].PartOf is > 0 and var whole && !dropped.Contains(whole) && drop.Objects.All(o => o.Id != whole))
            {
                throw new SqlException(
                    "2BP01", _catalog[whole].Kind == ObjectKind.Alert ? $"cannot drop \"{_catalog[id].Name}\" because it is what the alert of its name has told"
                        : $"cannot drop \"{_catalog[id].Name}\" because \"{_catalog[whole].Name}\" puts its late rows there",
                    hint: _catalog[whole].Kind == ObjectKind.Alert ? "use DROP ALERT, which takes both" : $"drop \"{_catalog[whole].Name}\", which takes both");
            }

            dropped.Add(id);
            foreach (CatalogObject dependent in _catalog.DependentsOf(id))
            {
                // An index goes with its table, as in PostgreSQL, late rows with their view, and a token with its user; anything else needs CASCADE.
                if (!drop.Cascade && dependent.Kind is not (ObjectKind.Index or ObjectKind.Token) && dependent.PartOf != id && drop.Objects.All(o => o.Id != dependent.Id))
                {
                    throw new SqlException(
                        "2BP01", $"cannot drop \"{_catalog[id].Name}\" because other objects depend on it",
                        detail: $"\"{dependent.Name}\" depends on \"{_catalog[id].Name}\"", hint: "use DROP … CASCADE to drop the dependent objects too");
                }

                pending.Enqueue(dependent.Id);
            }
        }

        return dropped;
    }

    private void RefuseWhenPlainViewsDepend(CatalogObject o, string what)
    {
        if (_catalog.DependentsOf(o.Id).FirstOrDefault(d => d.Kind is ObjectKind.View or ObjectKind.Endpoint or ObjectKind.Alert) is { } view)
        {
            string word = view.Kind.ToString().ToLowerInvariant();
            throw new SqlException(
                "2BP01", $"\"{o.Name}\" cannot be {what} because {word} \"{view.Name}\" names it",
                hint: view.Kind == ObjectKind.View ? "drop the view first, or make it a materialized view" : $"drop the {word} first");
        }
    }

    private void Apply(DefinitionChange change, int id, string text, bool sharded, long now)
    {
        foreach (int dropped in change.Dropped)
        {
            if (_objects.GetValueOrDefault(dropped) is { } gone)
            {
                ForgetSegments(gone);
            }

            if (_objects.ContainsKey(dropped))
            {
                // A plain view or an endpoint has no rows, and its id may lie beyond the table's end.
                _objects.Remove(dropped);
                _dirty.Add(dropped);
            }

            if (_catalog[dropped] is { Kind: ObjectKind.Schema, Name: var schema })
            {
                ForgetGrants(schema);
            }

            _catalog.Remove(dropped);
            foreach (Subscriber subscriber in _subscribers.Where(s => s.Feed.Inputs.Any(i => i.Id == dropped)))
            {
                subscriber.Close(new SqlException("42P01", "a relation that the subscription reads was dropped"), _epoch, _time);
            }
        }

        if (change.Created is { } created)
        {
            Create(created, change.State, change.Shown ?? text, now);
            foreach (int replaced in change.Dropped)
            {
                PassOnGrants(replaced, id);
            }
        }

        if (change.Beside is { } beside)
        {
            Create(beside.Definition, beside, change.Shown ?? text, now);
        }

        if (change.Altered is { } altered)
        {
            bool wider = altered.Columns.Count > _catalog[altered.Id].Columns.Count;
            bool moved = altered.Namespace != _catalog[altered.Id].Namespace;
            _catalog.Put(altered);
            foreach (CatalogObject index in moved ? _catalog.IndexesOf(altered.Id).ToList() : [])
            {
                _catalog.Put(index with { Namespace = altered.Namespace });
                _objects[index.Id].Definition = _catalog[index.Id];
                _dirty.Add(index.Id);
            }

            if (wider)
            {
                Widen(altered);
            }
            else if (_objects.TryGetValue(altered.Id, out ObjectState? state))
            {
                state.Definition = altered;
                _dirty.Add(altered.Id);
            }
        }

        if (change.Shape is { } shape)
        {
            Reshape(shape, change.Added);
        }

        if (change.System is { } system)
        {
            _stateBytesSet = system.Value is null ? null : SystemSettings.ParseStateBytes(system.Value);
        }

        if (change.Resumed is { } resumed)
        {
            resumed.View.Adopt(resumed, now);
            resumed.View.TouchedEpoch = _epoch;
        }

        if (change.Altered is { Kind: ObjectKind.MaterializedView } view)
        {
            if (view.Paused is not null && _objects[view.Id] is ViewState paused)
            {
                paused.DropState();
            }

            SpreadStill();
        }

        _catalog.History.Add(new Definition(id, text, sharded));
        _published = [.. _objects.Values];
    }

    private void Create(CatalogObject created, ObjectState? state, string text, long now)
    {
        int id = created.Id;
        _catalog.Put(created with { Definition = text });
        _catalog.NextId = Math.Max(_catalog.NextId, id + 1);
        _rows.SetSchema(id, created.Columns);
        if (state is not null)
        {
            state.Definition = _catalog[id];
            (state as StreamState)?.Rouse(now);
            _objects.Add(id, state);
        }
    }

    // What takes an object's place under its name may be used by the same people, as in PostgreSQL.
    private void PassOnGrants(int from, int to)
    {
        foreach (CatalogObject user in _catalog.All.Where(o => o.Kind == ObjectKind.User).ToList())
        {
            string[] held = [.. new[] { AccessOptions.Read, AccessOptions.Write }.Where(p => user.Options.ContainsKey(AccessOptions.Key(p, from)))];
            if (held.Length > 0)
            {
                _catalog.Put(user with { Options = new Dictionary<string, string>(user.Options.Concat(held.Select(p => KeyValuePair.Create(AccessOptions.Key(p, to), "true")))) });
            }
        }
    }

    // A schema of the same name that comes later is another one.
    private void ForgetGrants(string schema)
    {
        foreach (CatalogObject user in _catalog.All.Where(o => o.Kind == ObjectKind.User).ToList())
        {
            string[] held = [.. new[] { AccessOptions.Read, AccessOptions.Write }.Select(p => p + AccessOptions.AllOfSchema + schema).Where(user.Options.ContainsKey)];
            if (held.Length > 0)
            {
                _catalog.Put(user with { Options = new Dictionary<string, string>(user.Options.Where(o => !held.Contains(o.Key))) });
            }
        }
    }

    // Recovery applies statements of the history; with data it also runs the view over the rows there are, as when it was first created.
    private void ReplayDefinition(int id, string text, bool withData, bool sharded, long now)
    {
        IReadOnlyList<Statement> statements = SqlParser.Parse(text);
        Check.That(statements.Count == 1);
        BoundStatement bound = Bind(statements[0], _catalog.Snapshot(), text, replayed: true);
        DefinitionChange change = Plan(bound, id, sharded);
        if (withData)
        {
            Backfill(change, _epoch, now);
        }

        Apply(change, id, text, sharded, now);
    }

    private void Subscribe(SubscribeRequest request)
    {
        BoundQuery query = request.Query;
        foreach (int id in query.DependsOn)
        {
            if (id < 0)
            {
                throw new SqlException("0A000", "system relations have no changes to follow", hint: "SELECT them again when you want to know");
            }

            if (!_objects.ContainsKey(id) && _catalog.All.All(o => o.Id != id))
            {
                throw new SqlException("42P01", "a relation of the query was dropped meanwhile");
            }
        }

        IReadOnlyList<int>? key = query.Plan.Key is { } k && k.All(c => c < query.Columns.Count) ? k : null;
        var layout = new RowLayout(query.Columns, key ?? []);
        var feed = new QueryFeed(query, layout, query.Plan.AppendOnly);
        feed.Backfill(id => Find(id).Snapshot(), _rows.Load, id => Find(id).ProgressNow(_find), _epoch, _time);
        _dueOfEpoch = -1;
        var subscriber = new Subscriber(feed, query.Columns, key, query.Plan.AppendOnly, request.Progress, request.BytesMax) { Epoch = _epoch };
        List<Batch> rows = TakeRows(subscriber);
        if (request.Snapshot)
        {
            for (int i = 0; i < rows.Count; i++)
            {
                subscriber.Send(new SubscriptionEvent(SubscriptionEventKind.Snapshot, _epoch, _time, rows[i], Last: i == rows.Count - 1));
            }

            if (rows.Count == 0)
            {
                subscriber.Send(new SubscriptionEvent(SubscriptionEventKind.Snapshot, _epoch, _time, Batch.Empty(query.Columns), Last: true));
            }
        }

        _subscribers.Add(subscriber);
        request.Complete(subscriber);
    }

    private void Unsubscribe(UnsubscribeRequest request)
    {
        request.Subscriber.Close(null);
        _subscribers.Remove(request.Subscriber);
        request.Complete(true);
    }

    private void StepSubscriber(Subscriber subscriber, long now)
    {
        if (subscriber.Closed)
        {
            return;
        }

        try
        {
            if (subscriber.Feed.Step(id => Find(id).Delta, id => Find(id).ProgressNow(_find), _epoch, now))
            {
                List<Batch> rows = TakeRows(subscriber);
                foreach ((int i, Batch batch) in rows.Index())
                {
                    _outbox.Add((subscriber, new SubscriptionEvent(SubscriptionEventKind.Delta, _epoch, now, batch, Last: i == rows.Count - 1)));
                }

                if (rows.Count > 0)
                {
                    return;
                }
            }

            if (subscriber.Progress)
            {
                _outbox.Add((subscriber, new SubscriptionEvent(SubscriptionEventKind.Progress, _epoch, now)));
            }
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            subscriber.Close(e as SqlException ?? new SqlException("XX000", $"{e.GetType().Name}: {e.Message}", hint: "please report this"), _epoch, now);
        }
    }

    private static List<Batch> TakeRows(Subscriber subscriber)
    {
        if (subscriber.AppendOnly)
        {
            return subscriber.Feed.TakeAppended();
        }

        return subscriber.Feed.TakeChange().Change is { } change ? [change] : [];
    }
}
