// The library's front door: open a folder, write, ask, subscribe.
using System.Collections.Concurrent;
using System.Diagnostics;
using Millrace.Alerts;
using Millrace.Core;
using Millrace.Core.Io;
using Millrace.Engine;
using Millrace.Generators;
using Millrace.Feeds;
using Millrace.Log;
using Millrace.Published;
using Millrace.Sessions;
using Millrace.Sql;

namespace Millrace;

/// <summary>
/// A streaming database inside this process. Safe for use from many threads. Open one per folder; dispose it to flush and close.
/// </summary>
public sealed partial class Database : IAsyncDisposable
{
    private readonly IDisk _disk;
    private readonly IClock _clock;
    private readonly EngineThread _thread;
    private readonly DiskThread _background;
    private readonly DiskThread _backups;
    private readonly DiskThread _checkpoints;
    private readonly WorkerThreads _workers;
    private readonly PublishedQueries _published;
    private readonly DatabaseMeter _meter;
    private readonly long _opened = Stopwatch.GetTimestamp();
    private int _disposed;

    private Database(IDisk disk, DiskThread background, DiskThread backups, DiskThread checkpoints, WorkerThreads workers, DatabaseEngine engine, DatabaseOptions options)
    {
        _disk = disk;
        _clock = options.Clock ?? new SystemClock();
        _background = background;
        _backups = backups;
        _checkpoints = checkpoints;
        _workers = workers;
        Engine = engine;
        Options = options;
        _thread = new EngineThread(engine);
        if (options.Clock is ManualClock clock)
        {
            clock.Moved += engine.Wake;
        }

        _published = new PublishedQueries(this);
        _meter = new DatabaseMeter(this, disk is RealDisk folder ? Path.GetFileName(Path.TrimEndingDirectorySeparator(folder.Root)) : "memory");
        FollowerList = new FollowerList(() => NowMicros);
        _feeds = new FeedHub(options.FeedsBytesMax, options.FeedsMax, options.FeedLinger, FollowerList);
        Alerts = new AlertHub(this, options);
        Generators = new GeneratorHub(this, options, _clock);
    }

    /// <summary>The catalog as of the newest epoch.</summary>
    public CatalogSnapshot Catalog => Engine.Current.Catalog;

    /// <summary>The newest epoch that can be read.</summary>
    public long Epoch => Engine.Current.Epoch;

    /// <summary>Completes when the database has stopped by itself because its disk failed; the exception says why. Hosts exit then.</summary>
    public Task<Exception> Failed => _thread.Failed;

    /// <summary>What opening found: how much was replayed, and warnings about damaged files that were set aside.</summary>
    public IReadOnlyList<string> RecoveryReport => [Engine.RecoverySummary, .. Engine.RecoveryWarnings];

    /// <summary>The connections that have made themselves known, and how to look at one.</summary>
    internal ConcurrentDictionary<Session, Func<Backend>> Connections { get; } = new();

    /// <summary>All who are connected through doors where sessions last, with what they are doing.</summary>
    public IReadOnlyList<Backend> Backends() => [.. Connections.Values.Select(look => look()).OrderBy(b => b.Id)];

    /// <summary>How it was opened.</summary>
    public DatabaseOptions Options { get; }

    internal DatabaseEngine Engine { get; }

    /// <summary>The alerts, and who tells of them.</summary>
    internal AlertHub Alerts { get; }

    /// <summary>The streams whose rows are made here.</summary>
    internal GeneratorHub Generators { get; }

    /// <summary>Plans kept of queries that came before.</summary>
    internal KnownQueries KnownQueries { get; } = new();

    /// <summary>now() of a statement that runs once, µs: never before the newest epoch's time.</summary>
    internal long NowMicros => Math.Max(Engine.Current.TimeMicros, _clock.UtcNowMicros);

    /// <summary>Opens the database in <paramref name="folder"/>, made if it does not exist; recovers it if it was not closed.</summary>
    /// <exception cref="DataFolderException">The folder is taken, cannot be written, or is of a newer version.</exception>
    /// <exception cref="CorruptionException">Something that was durable is damaged.</exception>
    public static Task<Database> OpenAsync(string folder, DatabaseOptions? options = null, CancellationToken cancellation = default) =>
        OpenAsync(() => new RealDisk(folder), options, cancellation);

    /// <summary>
    /// Opens an empty database that lives in memory alone and is gone when it is disposed: for tests, and for what need not be kept. Everything works as in a
    /// folder, but for BACKUP.
    /// </summary>
    public static Task<Database> OpenInMemoryAsync(DatabaseOptions? options = null, CancellationToken cancellation = default) =>
        OpenAsync(() => new MemoryDisk(), options, cancellation);

    private static Task<Database> OpenAsync(Func<IDisk> open, DatabaseOptions? options, CancellationToken cancellation)
    {
        options ??= new DatabaseOptions();
        return WithoutTemporaryAsync(Task.Run(
            () =>
            {
                IDisk disk = open();
                var background = new DiskThread("millrace-seal", patient: true);
                var backups = new DiskThread("millrace-backup", patient: true);
                var checkpoints = new DiskThread("millrace-checkpoint", patient: true);
                var workers = new WorkerThreads(Math.Max(1, options.Workers));
                try
                {
                    var engine = new DatabaseEngine(disk, new EngineOptions
                    {
                        Clock = options.Clock ?? new SystemClock(),
                        Log = new LogOptions { Durability = options.Durability },
                        TailBytesMax = options.TailBytesMax,
                        CheckpointLogBytes = options.CheckpointLogBytes,
                        SealRows = options.SegmentRows,
                        SealBytes = options.SegmentBytes,
                        StateBytesMax = options.StateBytesMax ?? long.MaxValue,
                        Background = background.Begin,
                        Workers = workers,
                        SplitViews = options.SplitViews,
                        WorkersRowsMin = options.WorkersRowsMin ?? 1_000,
                        BackupThread = backups.Begin,
                        CheckpointThread = checkpoints.Begin,
                        Warning = options.Warning,
                    });
                    var database = new Database(disk, background, backups, checkpoints, workers, engine, options);
                    database.Alerts.Refresh();
                    database.Generators.Refresh();
                    return database;
                }
                catch
                {
                    workers.Dispose();
                    background.Dispose();
                    backups.Dispose();
                    checkpoints.Dispose();
                    disk.Dispose();
                    throw;
                }
            },
            cancellation));
    }

    private static async Task<Database> WithoutTemporaryAsync(Task<Database> opening)
    {
        Database database = await opening.ConfigureAwait(false);
        await database.DropTemporaryAsync(_ => true).ConfigureAwait(false);
        return database;
    }

    /// <summary>Drops temporary tables: those of a session that ends, or all that a database was left with when it was closed.</summary>
    internal async Task DropTemporaryAsync(Func<CatalogObject, bool> which)
    {
        foreach (CatalogObject table in Engine.Current.Catalog.All.Where(o => o.Temporary && which(o)).OrderByDescending(o => o.Id).ToArray())
        {
            string text = $"DROP TABLE IF EXISTS {SqlNames.Quote(table.Name)} CASCADE";
            try
            {
                await SubmitAsync(new DefinitionRequest(Sql.Syntax.SqlParser.Parse(text)[0], text), CancellationToken.None).ConfigureAwait(false);
            }
            catch (SqlException)
            {
                // The database is closing, or its disk takes no more: the table goes when it is opened again.
                return;
            }
        }
    }

    /// <summary>A new session: the way for doors, and for whoever needs transactions.</summary>
    public Session NewSession() => new LocalSession(this);

    /// <summary>
    /// Appends rows to a stream, or upserts them into a table by primary key. Takes ownership of the batch, whose columns are the object's visible
    /// ones in order; columns added to the object since may be missing. Returns when the rows are durable and every view reflects them.
    /// </summary>
    /// <returns>The offset of the first row (streams), or 0.</returns>
    /// <exception cref="SqlException">42P01 no such object; 23502 a null where none may be; 57P01 the database is shutting down; 53100 its disk is full.</exception>
    public async ValueTask<long> AppendAsync(string name, Batch batch, CancellationToken cancellation = default)
    {
        using MillraceDiagnostics.Operation operation = MillraceDiagnostics.Begin("APPEND", name);
        try
        {
            WriteResult result = await SubmitAsync(new WriteRequest([EntryFor(name, batch)]), cancellation).ConfigureAwait(false);
            return result.FirstOffset;
        }
        catch (Exception e)
        {
            operation.Failed(e);
            throw;
        }
    }

    /// <summary>Appends rows to several streams and tables as one commit: all of them or none. See <see cref="AppendAsync(string, Batch, CancellationToken)"/>.</summary>
    /// <exception cref="SqlException">As for one.</exception>
    public async ValueTask AppendAsync(IReadOnlyList<(string Name, Batch Batch)> writes, CancellationToken cancellation = default)
    {
        if (writes.Count > 0)
        {
            await SubmitAsync(new WriteRequest([.. writes.Select(w => EntryFor(w.Name, w.Batch))]), cancellation).ConfigureAwait(false);
        }
    }

    private static readonly EvalContext NoContext = new();

    private WriteEntry EntryFor(string name, Batch batch)
    {
        CatalogObject target = Catalog.FindNamed(name) ?? throw new SqlException("42P01", $"relation \"{name}\" does not exist");
        if (target.Kind is not (ObjectKind.Stream or ObjectKind.Table) || target.PartOf > 0)
        {
            throw new SqlException("42809", $"\"{name}\" is not a stream or table that is written to",
                hint: target.Kind == ObjectKind.Table ? "it is kept by the alert of its name" : "a view changes when its inputs do");
        }

        int visible = target.Columns.Count - target.HiddenColumns;
        if (batch.Columns.Length > visible || batch.Columns.Length < visible - target.ColumnsAdded)
        {
            throw new SqlException("42601", $"\"{name}\" has {visible} columns, the batch {batch.Columns.Length}");
        }

        for (int c = 0; c < batch.Columns.Length; c++)
        {
            if (!batch.Columns[c].Type.SameAs(target.Columns[c].Type))
            {
                throw new SqlException("42804", $"column \"{target.Columns[c].Name}\" is of type {target.Columns[c].Type}, the batch's of {batch.Columns[c].Type}");
            }
        }

        batch = GeneratedRows.Fill(target, batch, target.Generated.Count == 0 ? NoContext : new EvalContext { NowMicros = NowMicros });
        return new WriteEntry(target.Id, batch, target.Kind == ObjectKind.Stream ? WriteRule.Append
            : target.OnConflict == ConflictRule.Error ? WriteRule.Overwrite : WriteStatement.RuleOf(target))
        { Shape = target.Shape };
    }

    /// <summary>The endpoint of a name, ready to answer; null when there is none.</summary>
    /// <exception cref="SqlException">Something it reads has changed so that it cannot be bound any more.</exception>
    public PublishedQuery? FindEndpoint(string name) => _published.Find(name);

    /// <summary>Counters.</summary>
    public DatabaseStatistics Statistics()
    {
        ObjectStatistics[] objects = [.. Engine.Objects.Where(o => o is not IndexState).Select(o => new ObjectStatistics(
            o.Id, o.RowsTotal, o.Rows, o.Bytes, o.ChangesTotal,
            o.Watermark is long.MinValue or long.MaxValue ? null : o.Watermark, o.Still?.Message, o.LateRows)
            { StateBytes = (o as ViewState)?.Feed.StateBytes ?? 0 })];
        return new DatabaseStatistics(
            Epoch, Stopwatch.GetElapsedTime(_opened).TotalSeconds, GC.GetTotalMemory(false), Engine.LogBytes + Engine.CheckpointBytes, Engine.LogBytes,
            Engine.IngestRowsTotal, Engine.CommitsTotal, Engine.Subscriptions, objects)
        {
            Alerts = Alerts.Statistics(),
        };
    }

    /// <summary>
    /// Seals all rows of streams and append-only views into segments, and merges small segments. Returns when nothing is left to do; the log behind is
    /// freed with the next checkpoints.
    /// </summary>
    /// <exception cref="SqlException">53100 the disk is full; 58030 it failed.</exception>
    public Task CompactAsync(CancellationToken cancellation = default) => SubmitAsync(new CompactRequest(), cancellation);

    /// <summary>Every segment: what it holds and how large it is, by object and first offset.</summary>
    public IReadOnlyList<SegmentReport> Segments() => [.. Engine.Objects.SelectMany(o => (o.AppendedRows?.Segments ?? []).OrderBy(s => s.Info.FirstOffset)
        .Select(s => new SegmentReport(
            o.Id, o.Definition.FullName, s.Info.Path, s.Info.Rows, s.Info.FirstOffset, s.Info.LastOffset, s.Info.MinTime, s.Info.MaxTime, s.Info.FileBytes, s.Damage)))];

    /// <summary>How the columns of an object lie in its segments; reads all of them.</summary>
    /// <exception cref="SqlException">42P01 there is no such object; XX001 a segment is damaged.</exception>
    public IReadOnlyList<ColumnReport> InspectColumns(string name)
    {
        CatalogObject target = Catalog.FindNamed(name) ?? throw new SqlException("42P01", $"relation \"{name}\" does not exist");
        return SegmentInspection.Columns(target, Engine.Objects.FirstOrDefault(o => o.Id == target.Id)?.AppendedRows?.Segments ?? []);
    }

    /// <summary>The dataflow graph with counters as they happen to stand.</summary>
    internal DataflowGraph Graph() => GraphReport.Make(Engine);

    /// <summary>The dataflow graph with counters.</summary>
    public async ValueTask<DataflowGraph> GraphAsync() => await SubmitAsync(new InspectRequest<DataflowGraph>(GraphReport.Make), default).ConfigureAwait(false);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _meter.Dispose();
            await Alerts.DisposeAsync().ConfigureAwait(false);
            await Generators.DisposeAsync().ConfigureAwait(false);
            await _feeds.DisposeAsync().ConfigureAwait(false);
            bool failed = Failed.IsCompleted;
            await _thread.StopAsync().ConfigureAwait(false);
            if (!failed && Failed.IsCompleted)
            {
                Exception error = await Failed.ConfigureAwait(false);
                Options.Warning?.Invoke($"the database could not be closed as it should: {error.GetType().Name}: {error.Message}; what was acknowledged is in its log");
            }

            if (_clock is ManualClock clock)
            {
                clock.Moved -= Engine.Wake;
            }

            _workers.Dispose();
            _background.Dispose();
            _backups.Dispose();
            _checkpoints.Dispose();
            _disk.Dispose();
        }
    }

    /// <summary>Hands a request to the engine; waits while more than the allowed bytes of writes are queued.</summary>
    internal async Task<T> SubmitAsync<T>(Request<T> request, CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        while (request.Bytes > 0 && Engine.Queue.Bytes > Options.QueueBytesMax)
        {
            await Task.Delay(1, cancellation).ConfigureAwait(false);
        }

        Engine.Submit(request);
        return await request.Task.WaitAsync(cancellation).ConfigureAwait(false);
    }
}
