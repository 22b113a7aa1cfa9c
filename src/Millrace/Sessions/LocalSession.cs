// The session: binds statements against the newest catalog and sends each to where it is executed.
using Millrace.Core;
using Millrace.Engine;
using Millrace.Files;
using Millrace.Sql;
using Millrace.Sql.Syntax;
using ObjectKind = Millrace.Sql.ObjectKind;

namespace Millrace.Sessions;

/// <summary>A session inside this process.</summary>
internal sealed partial class LocalSession : Session
{
    private readonly Database _database;
    private readonly SessionSettings _settings = new();
    private readonly Dictionary<string, Cursor> _cursors = [];
    private readonly List<int> _temporary = [];
    private Transaction? _transaction;

    public LocalSession(Database database)
    {
        _database = database;
        Files = database.Options.FilesFolder is { } folder ? FileRule.Below(folder) : FileRule.None;
    }

    public override TransactionStatus Status => _transaction switch
    {
        null or { Implicit: true } => TransactionStatus.Idle,
        { Failed: true } => TransactionStatus.Failed,
        _ => TransactionStatus.InTransaction,
    };

    public override IReadOnlyDictionary<string, string> Settings => _settings.Values;

    // What statements of a transaction read: the state as of its first statement.
    private DatabaseSnapshot Snapshot => _transaction?.Snapshot ?? _database.Engine.Current;

    public override long NowMicros => _database.NowMicros;

    public override int NumberOf(SqlType type, string name)
    {
        ScalarFunction cast = FunctionLibrary.Catalog.FindScalars(type + "in")[0];
        var call = new CallExpr(cast, [new LiteralExpr(ByteSlice.From(name), SqlType.Text)], SqlType.Integer);
        return (int)ConstantFolder.Evaluate(call, ContextOf(Snapshot, _database.NowMicros)).Value!;
    }

    public override void Set(string name, string value) => _settings.Set(name, value);

    public override void ShowAs(Func<Backend> look) => _database.Connections[this] = look;

    public override IReadOnlyList<Statement> Parse(string text) => SqlParser.Parse(text);

    public override PreparedStatement Prepare(Statement statement, string text, IReadOnlyList<SqlType?>? parameterTypes = null)
    {
        try
        {
            var prepared = new LocalPrepared(this, statement, text, parameterTypes);
            if (Status == TransactionStatus.Failed && statement is not TransactionStatement { Verb: TransactionVerb.Rollback or TransactionVerb.Commit or TransactionVerb.RollbackTo })
            {
                throw Aborted();
            }

            prepared.Rebind();
            return prepared;
        }
        catch (SqlException)
        {
            MarkFailed();
            throw;
        }
    }

    public override async ValueTask<StatementResult> ExecuteAsync(
        PreparedStatement statement, IReadOnlyList<LiteralExpr>? parameters = null, CancellationToken cancellation = default)
    {
        var prepared = (LocalPrepared)statement;
        try
        {
            if (Status == TransactionStatus.Failed && prepared.Bound is not BoundTransaction)
            {
                throw Aborted();
            }

            return await ReadPointAsync(prepared, parameters, cancellation).ConfigureAwait(false)
                ?? await ExecuteBoundAsync(BoundNow(prepared, parameters), prepared, parameters, cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            MarkFailed();
            throw new SqlException("57014", "canceling statement due to user request");
        }
        catch (SqlException)
        {
            MarkFailed();
            throw;
        }
    }

    public override async ValueTask<IReadOnlyList<StatementResult>> ExecuteAsync(
        IReadOnlyList<Statement> statements, string text, CancellationToken cancellation = default)
    {
        var results = new List<StatementResult>();
        if (statements.Count > 1)
        {
            BeginImplicit();
        }

        bool done = false;
        try
        {
            foreach (Statement statement in statements)
            {
                results.Add(await ExecuteAsync(Prepare(statement, text), null, cancellation).ConfigureAwait(false));
            }

            done = true;
        }
        finally
        {
            await EndImplicitAsync(done, cancellation).ConfigureAwait(false);
        }

        return results;
    }

    public override ValueTask DisposeAsync()
    {
        _transaction = null;
        _database.Connections.TryRemove(this, out _);
        return _cursors.Count + _temporary.Count == 0 ? ValueTask.CompletedTask : EndAsync();
    }

    private async ValueTask EndAsync()
    {
        await CloseCursorsAsync(_ => true).ConfigureAwait(false);
        await DropTemporaryAsync().ConfigureAwait(false);
    }

    // What was made with CREATE TEMPORARY TABLE goes with the session. When the database closes before that, it goes when it is opened again.
    private async Task DropTemporaryAsync()
    {
        int[] made = [.. _temporary];
        _temporary.Clear();
        await _database.DropTemporaryAsync(o => made.Contains(o.Id)).ConfigureAwait(false);
    }

    // The statement as the newest catalog has it, with its parameters filled in.
    private static BoundStatement BoundNow(LocalPrepared prepared, IReadOnlyList<LiteralExpr>? parameters)
    {
        prepared.RebindWhenCatalogChanged();
        BoundStatement bound = prepared.Bound;
        if (prepared.Constants is { } constants)
        {
            return (BoundQuery)bound with { Plan = ParameterSubstitution.Apply(((BoundQuery)bound).Plan, constants) };
        }

        if (bound.Parameters.Count == 0)
        {
            return bound;
        }

        return (parameters?.Count ?? 0) == bound.Parameters.Count ? ParameterSubstitution.Apply(bound, parameters!)
            : throw new SqlException("08P01", $"the statement needs {bound.Parameters.Count} parameters, {parameters?.Count ?? 0} were given");
    }

    // The rows of a query that is no more than a lookup; null when it is more, or the operators must find them.
    private async ValueTask<StatementResult?> ReadPointAsync(LocalPrepared prepared, IReadOnlyList<LiteralExpr>? parameters, CancellationToken cancellation)
    {
        prepared.RebindWhenCatalogChanged();
        IReadOnlyList<LiteralExpr> values = prepared.Constants ?? parameters ?? [];
        if (prepared.Point is not { } point || prepared.Bound is not BoundQuery query || (prepared.Constants is null && values.Count != query.Parameters.Count))
        {
            return null;
        }

        Authorize(_user, _database.Catalog, query);
        await CommitBeforeReadAsync(query, cancellation).ConfigureAwait(false);
        DatabaseSnapshot snapshot = Snapshot;

        // A transaction's own rows are in no index, and its snapshot may be of another catalog.
        return snapshot.Catalog.Version == prepared.Version && _transaction?.HasRowsOf(point.Object) != true && point.Run(values, snapshot, (o, range) => Scan(snapshot, o, range)) is { } rows
            ? ResultOf(query, rows, snapshot, [])
            : null;
    }

    private async ValueTask<StatementResult> ExecuteBoundAsync(
        BoundStatement bound, LocalPrepared prepared, IReadOnlyList<LiteralExpr>? parameters, CancellationToken cancellation)
    {
        Authorize(_user, _database.Catalog, bound);
        switch (bound)
        {
            case BoundQuery query:
                await CommitBeforeReadAsync(query, cancellation).ConfigureAwait(false);
                return Query(query, cancellation);
            case BoundInsert or BoundUpdate or BoundDelete or BoundTruncate:
                return await WriteAsync(bound, prepared, parameters, cancellation).ConfigureAwait(false);
            case BoundCopyFrom copy:
                return new StatementResult { CommandTag = "COPY", CopyIn = new SessionCopyIn(this, copy, ContextOf(Snapshot, _database.NowMicros)) };
            case BoundCopyTo copy:
                await CommitBeforeReadAsync(copy.Query, cancellation).ConfigureAwait(false);
                StatementResult rows = Query(copy.Query, cancellation);
                return new StatementResult
                {
                    CommandTag = $"COPY {rows.RowCount}",
                    Columns = rows.Columns,
                    Batches = rows.Batches,
                    RowCount = rows.RowCount,
                    Epoch = rows.Epoch,
                    CopyOut = copy.Format,
                    Notices = rows.Notices,
                };
            case BoundSubscribe subscribe:
                return await SubscribeAsync(subscribe, prepared.Text, cancellation).ConfigureAwait(false);
            case BoundTransaction transaction:
                return await TransactAsync(transaction, cancellation).ConfigureAwait(false);
            case BoundCreateRelation or BoundCreateView or BoundCreateIndex or BoundCreateEndpoint or BoundCreateFunction or BoundCreateAlert or BoundCreateSchema or BoundDrop or BoundAlter
                or BoundAlterSystem:
                return await DefineAsync(bound, prepared, cancellation).ConfigureAwait(false);
            case BoundAccess or BoundCreateToken:
                return await DefineAccessAsync(bound, prepared, cancellation).ConfigureAwait(false);
            case BoundFlush:
                await FlushAsync(cancellation).ConfigureAwait(false);
                return Done(bound);
            case BoundCheckpoint:
                await _database.SubmitAsync(new CheckpointRequest(), cancellation).ConfigureAwait(false);
                return Done(bound);
            case BoundVacuum:
                await _database.SubmitAsync(new CompactRequest(), cancellation).ConfigureAwait(false);
                return Done(bound);
            case BoundBackup backup:
                BackupReport report = await _database.BackupAsync(backup.Folder, cancellation).ConfigureAwait(false);
                return Done(bound with { Notices = [.. report.Lines(backup.Folder)] });
            case BoundPrepare or BoundExecute or BoundDeallocate or BoundDeclareCursor or BoundFetch or BoundCloseCursor or BoundDiscard:
                return await ExecuteNamedAsync(bound, prepared, cancellation).ConfigureAwait(false);
            case BoundExplain { Inner: BoundDescribe described } running:
                IReadOnlyList<string> lines = await _database.SubmitAsync(
                    new InspectRequest<IReadOnlyList<string>>(e => RunningView.Explain(e, described.Object, running.Analyze)), cancellation).ConfigureAwait(false);
                return Table(running, lines.Select(l => new[] { l }));
            case BoundExplain explain:
                return Explain(explain, cancellation);
            default:
                return Show(bound);
        }
    }

    private static StatementResult Done(BoundStatement bound, string? tag = null) => new()
    {
        CommandTag = tag ?? bound.Tag,
        Notices = ToNotices(bound.Notices),
    };

    private static Notice[] ToNotices(IReadOnlyList<string> notices) => [.. notices.Select(n => new Notice("00000", n))];

    private static SqlException Aborted() => new(
        "25P02", "current transaction is aborted, commands ignored until end of transaction block", hint: "ROLLBACK ends it");

    private void MarkFailed()
    {
        if (_transaction is { Implicit: false })
        {
            _transaction.Failed = true;
        }
    }

    private StatementResult Query(BoundQuery query, CancellationToken cancellation) => Read(query, Snapshot, cancellation);

    /// <summary>Runs a query over a snapshot.</summary>
    internal StatementResult Read(BoundQuery query, DatabaseSnapshot snapshot, CancellationToken cancellation)
    {
        List<Batch> rows = Run(query, snapshot, cancellation, out IReadOnlyList<RollupReport> reports);
        return ResultOf(query, rows, snapshot, reports);
    }

    /// <summary>Rows with what is told beside them.</summary>
    internal static StatementResult ResultOf(BoundQuery query, List<Batch> rows, DatabaseSnapshot snapshot, IReadOnlyList<RollupReport> reports)
    {
        long count = rows.Sum(b => (long)b.Count);
        return new StatementResult
        {
            CommandTag = $"SELECT {count}",
            Columns = query.Columns,
            Batches = rows,
            RowCount = count,
            Epoch = snapshot.Epoch,
            Notices = [.. ToNotices(query.Notices), .. NoticesOf(reports)],
        };
    }

    private List<Batch> Run(BoundQuery query, DatabaseSnapshot snapshot, CancellationToken cancellation, out IReadOnlyList<RollupReport> reports)
    {
        // One now() for what is folded and what is not.
        long now = _database.NowMicros;
        EvalContext context = ContextOf(snapshot, now);
        (query, reports) = FromRollups(Folded(query, context), snapshot, context);
        return Run(query, snapshot, context, now, cancellation);
    }

    private EvalContext ContextOf(DatabaseSnapshot snapshot, long now) =>
        new() { System = SystemOf(snapshot), NowMicros = now, User = _user ?? SystemContext.Owner, TimeZone = TimeZone };

    private static BoundQuery Folded(BoundQuery query, EvalContext context) =>
        query with { Plan = FoldStable.Apply(query.Plan, e => ConstantFolder.Evaluate(e, context)) };

    private List<Batch> Run(BoundQuery query, DatabaseSnapshot snapshot, EvalContext context, long now, CancellationToken cancellation)
    {
        if (Recursion.IsIn(query.Plan))
        {
            PlanNode plan = Recursion.Unfold(query.Plan, p => Run(new BoundQuery(p, p.Columns), snapshot, context, now, cancellation));
            return Run(query with { Plan = plan }, snapshot, context, now, cancellation);
        }

        Dataflow dataflow = PlanCompiler.Compile(query.Plan, EvalErrors.Throw, context);
        try
        {
            return QueryRunner.Run(dataflow, query, snapshot, now, SourceOf(snapshot), cancellation);
        }
        catch (SqlException e) when (e.SqlState.StartsWith("22", StringComparison.Ordinal) && HasJoin(query.Plan))
        {
            // A row may stand without its partner until that comes: what is computed of it then is taken back, and so is its failure.
            EvalContext weighing = ContextOf(snapshot, now);
            Dataflow again = PlanCompiler.Compile(query.Plan, EvalErrors.Weigh, weighing);
            List<Batch> rows = QueryRunner.Run(again, query, snapshot, now, SourceOf(snapshot), cancellation);
            if (weighing.FailedWeight != 0)
            {
                throw;
            }

            return rows;
        }
    }

    private static bool HasJoin(PlanNode plan) => plan is JoinPlan or AsOfJoinPlan || plan.Inputs.Any(HasJoin);

    private RowSource SourceOf(DatabaseSnapshot snapshot) => new(
        (o, range) => Scan(snapshot, o, range), (o, need, context) => ScanAppended(snapshot, o, need, context),
        () => ContextOf(snapshot, 0));

    private SystemContext SystemOf(DatabaseSnapshot snapshot) => new(OnPath(snapshot.Catalog), _database, this) { Functions = FunctionLibrary.Catalog };

    private IEnumerable<Batch> Scan(DatabaseSnapshot snapshot, CatalogObject o, RowRange? range)
    {
        if (o.Kind == ObjectKind.System)
        {
            return o.File is null ? [SystemRelations.Rows(o, SystemOf(snapshot))] : FileTables.Rows(o);
        }

        return _transaction is { } transaction
            ? transaction.Scan(o, snapshot, range)
            : snapshot.Find(range?.SourceId ?? o.Id).Scan(snapshot.Load, range?.Prefix);
    }

    // What a transaction has written itself is not in the snapshot.
    private AppendedScan? ScanAppended(DatabaseSnapshot snapshot, CatalogObject o, ScanNeed need, EvalContext context) =>
        o.Kind == ObjectKind.System || _transaction?.HasRowsOf(o) == true ? null : AppendedScan.Of(snapshot.Find(o.Id), need, context, EvalErrors.Throw);

    private async ValueTask<StatementResult> SubscribeAsync(BoundSubscribe subscribe, string text, CancellationToken cancellation)
    {
        Subscriber subscriber = await _database.SubmitAsync(
            new SubscribeRequest(subscribe.Query, subscribe.Snapshot, subscribe.Progress, _database.Options.SubscriptionBytesMax), cancellation).ConfigureAwait(false);
        string? name = Settings.GetValueOrDefault("application_name") is { Length: > 0 } given ? given : null;
        Action strike = _database.FollowerList.Enter((id, started, now) =>
        {
            (int waiting, long oldest) = subscriber.Backlog;
            return new Follower(
                id, text, "session", name, started, subscriber.EpochTaken, waiting, waiting > 0 ? Math.Max(0, now - oldest) : 0, subscriber.RowsTaken, 0, 0, 0, subscriber.BytesWaiting);
        });
        return new StatementResult
        {
            CommandTag = "SUBSCRIBE",
            Columns = subscriber.Columns,
            Subscription = new Subscription(subscriber.Columns, subscriber.Key, subscriber.Reader, async () =>
            {
                strike();
                subscriber.Close(null);
                await _database.SubmitAsync(new UnsubscribeRequest(subscriber), CancellationToken.None).ConfigureAwait(false);
            }),
        };
    }

    private async ValueTask<StatementResult> DefineAsync(BoundStatement bound, LocalPrepared prepared, CancellationToken cancellation)
    {
        RefuseReadOnly(bound);
        await CommitPendingAsync(cancellation).ConfigureAwait(false);
        if (bound is BoundAlterDropColumn or BoundAlterType or BoundAlterAddColumn { Object.HiddenColumns: > 0 } && _transaction?.HasRowsOf(((BoundAlter)bound).Object) == true)
        {
            throw new SqlException("55006", $"the columns of \"{((BoundAlter)bound).Object.Name}\" cannot change: this transaction has changed its rows", hint: "COMMIT first");
        }

        (Statement statement, string text) = DefinitionText.Of(bound, prepared.Statement, prepared.Text);
        if (bound is BoundAlterAddColumn { IsOfNow: true } ofNow)
        {
            // Rows that are there get what it is now, as a constant; those to come what it will be then.
            (string first, text) = DefinitionText.OfNow(ofNow, (AlterStatement)statement, ContextOf(Snapshot, _database.NowMicros));
            await _database.SubmitAsync(new DefinitionRequest(SqlParser.Parse(first)[0], first), cancellation).ConfigureAwait(false);
            statement = SqlParser.Parse(text)[0];
        }

        DefinitionResult result = await _database.SubmitAsync(new DefinitionRequest(statement, text), cancellation).ConfigureAwait(false);
        List<Notice> notices = [.. ToNotices(result.Notices)];
        if (Status == TransactionStatus.InTransaction)
        {
            notices.Add(new Notice("01000", $"{result.Tag} took effect at once: definitions are not part of a transaction"));
        }

        _transaction?.Refresh(_database.Engine.Current);
        if (bound is BoundCreateRelation or BoundDrop)
        {
            _database.Generators.Refresh();
        }

        if (bound is BoundCreateAlert or BoundDrop)
        {
            _database.Alerts.Refresh();
            if (result.Object is { Kind: Sql.ObjectKind.Alert } alert)
            {
                await _database.Alerts.WatchesAsync(alert, cancellation).ConfigureAwait(false);
                notices.AddRange(ToNotices(_database.Alerts.NoticesOf(alert)));
            }
        }

        if (result.Object is { Temporary: true } temporary)
        {
            _temporary.Add(temporary.Id);
        }

        string tag = result.Tag;
        if (bound is BoundCreateRelation { AsSelect: { } source, Exists: false } && result.Object is { } created)
        {
            StatementResult filled = await WriteAsync(new BoundInsert(created, source), null, null, cancellation).ConfigureAwait(false);
            tag = $"SELECT {filled.RowCount}";
        }

        return new StatementResult { CommandTag = tag, Notices = notices, Epoch = result.Epoch };
    }

    // Acknowledged writes are visible when they are acknowledged: what may be left is a tick that is due.
    private Task<long> FlushAsync(CancellationToken cancellation) => _database.SubmitAsync(new FlushRequest(), cancellation);
}
