// A database with its doors open, from start to drained end; serve and demo are made of it.
using System.Net;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Millrace.Doors;

namespace Millrace.Cli;

/// <summary>Opens the database and its doors, waits for a signal, drains.</summary>
internal sealed class Server : IAsyncDisposable
{
    private readonly TaskCompletionSource _signal = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly PosixSignalRegistration[] _signals;
    private readonly CancellationTokenSource _stopping = new();

    private readonly ServerLog _log;
    private string _reason = "the caller";

    private Server(Database database, DoorHost doors, ServerLog log, bool ownsCtrlC)
    {
        Database = database;
        _log = log;
        DoorHost = doors;
        _signals = ownsCtrlC
            ? [PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal), PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal)]
            : [PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal)];
    }

    /// <summary>The database.</summary>
    public Database Database { get; }

    /// <summary>Its doors.</summary>
    public DoorHost DoorHost { get; }

    /// <summary>Cancelled when a signal has come or the database has failed.</summary>
    public CancellationToken Stopping => _stopping.Token;

    /// <summary>The line that tells scripts that everything is up, such as <c>ready pg=127.0.0.1:5433 http=127.0.0.1:8086</c>.</summary>
    public string ReadyLine => "ready" + Part("pg", DoorHost.Postgres) + Part("http", DoorHost.Http);

    /// <summary>Opens everything.</summary>
    /// <param name="settings">What and where.</param>
    /// <param name="ownsCtrlC">False when Ctrl-C belongs to a prompt.</param>
    public static async Task<Server> StartAsync(Settings settings, bool ownsCtrlC = true)
    {
        // The default thread pool starts too small for many clients that block in commits at once.
        ThreadPool.SetMinThreads(16, 16);
        var log = new ServerLog(Console.Error, settings.Log, TimeProvider.System);
        log.Tell("opening", ("data", Path.GetFullPath(settings.Data)), ("version", typeof(Database).Assembly.GetName().Version?.ToString(3)), ("pid", $"{Environment.ProcessId}"));
        var defaults = new DatabaseOptions();
        Database database = await Database.OpenAsync(settings.Data, defaults with
        {
            Durability = settings.Durability,
            SegmentRows = settings.Sizes.SegmentRows ?? defaults.SegmentRows,
            SegmentBytes = settings.Sizes.SegmentBytes ?? defaults.SegmentBytes,
            StateBytesMax = settings.StateBytes,
            Workers = settings.Workers ?? defaults.Workers,
            CheckpointLogBytes = settings.Sizes.CheckpointBytes ?? defaults.CheckpointLogBytes,
            DeliverAlerts = settings.Alerts != "off",
            AlertsToPrivateAddresses = settings.Alerts == "any",
            FilesFolder = settings.FilesFolder,
            Warning = log.Warn,
        });
        log.Tell(database.RecoveryReport[0]);
        foreach (string warning in database.RecoveryReport.Skip(1))
        {
            log.Warn(warning);
        }

        try
        {
            DoorHost doors = await DoorHost.StartAsync(
                database, settings.DoorOptions() with
                {
                    Logging = l => l.SetMinimumLevel(LogLevel.Warning)
                    .AddFilter("Microsoft.Extensions.Hosting", LogLevel.None).AddProvider(log)
                });
            foreach ((string name, IPEndPoint? address) in new[] { ("PostgreSQL", doors.Postgres), ("HTTP", doors.Http) })
            {
                if (address is not null && !IPAddress.IsLoopback(address.Address) && settings.Security.Certificate is null)
                {
                    log.Warn($"the {name} door listens on {address} without TLS: what passes can be read on the way, tokens and passwords over HTTP among it; see --tls-cert");
                }
            }

            var server = new Server(database, doors, log, ownsCtrlC);
            log.Tell("ready", ("pg", doors.Postgres?.ToString()), ("http", doors.Http?.ToString()));
            Supervisor.Current.Ready(server.ReadyLine);
            return server;
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits for SIGTERM, SIGINT or the database's failure and returns the exit code; the caller then disposes.</summary>
    public async Task<int> WaitAsync()
    {
        Task first = await Task.WhenAny(_signal.Task, Database.Failed);
        await _stopping.CancelAsync();
        if (first == _signal.Task)
        {
            return Exit.Done;
        }

        // What was not acknowledged is not on disk and nobody may think otherwise: end at once, the next start reads the truth.
        _log.Fail($"stopped, the disk failed: {(await Database.Failed).Message}");
        Environment.Exit(Exit.Failed);
        return Exit.Failed;
    }

    /// <summary>Closes the doors, then the database. A second signal, or taking too long, ends the process the hard way; the log survives that.</summary>
    public async ValueTask DisposeAsync()
    {
        using var limit = new DrainLimit(TimeProvider.System, () =>
        {
            _log.Fail("draining took too long, ending now; acknowledged writes are safe");
            Environment.Exit(Exit.Failed);
        });
        _log.Tell("draining", ("reason", _reason), ("connections", $"{DoorHost.Connections}"));
        Supervisor.Current.Stopping();
        await DoorHost.DisposeAsync();
        await Database.DisposeAsync();
        _log.Tell("stopped");
        foreach (PosixSignalRegistration signal in _signals)
        {
            signal.Dispose();
        }

        _stopping.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        _reason = context.Signal.ToString();
        if (!_signal.TrySetResult())
        {
            Environment.Exit(Exit.Interrupted);
        }
    }

    private static string Part(string name, IPEndPoint? address) => address is null ? "" : $" {name}={address}";
}
