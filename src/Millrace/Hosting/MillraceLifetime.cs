// Opens the database with the host and closes it behind it; says in the log what happened.
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Millrace.Hosting;

/// <summary>The database of a host. Disposed by it, after all who use the database.</summary>
internal sealed partial class MillraceLifetime(IOptions<MillraceOptions> options, ILoggerFactory loggers, IHostApplicationLifetime host) : IHostedLifecycleService, IAsyncDisposable
{
    private readonly ILogger _log = loggers.CreateLogger("Millrace");
    private readonly Lock _gate = new();
    private Task<Database>? _opening;

    /// <summary>The database; whoever asks first opens it.</summary>
    public Database Database => OpenOnceAsync().GetAwaiter().GetResult();

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        Database database = await OpenOnceAsync().ConfigureAwait(false);
        _ = WatchAsync(database);
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_opening is { IsCompletedSuccessfully: true })
        {
            await (await _opening.ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false);
            Closed(_log, Where);
        }
    }

    private string Where => options.Value.InMemory ? "memory" : Path.GetFullPath(options.Value.Folder!);

    private Task<Database> OpenOnceAsync()
    {
        lock (_gate)
        {
            return _opening ??= OpenAsync();
        }
    }

    private async Task<Database> OpenAsync()
    {
        MillraceOptions settings = options.Value;
        DatabaseOptions given = settings.Database;
        DatabaseOptions used = given with
        {
            Warning = sentence =>
            {
                Damaged(_log, sentence);
                given.Warning?.Invoke(sentence);
            },
        };
        Database database = await (settings.InMemory ? Database.OpenInMemoryAsync(used) : Database.OpenAsync(settings.Folder!, used)).ConfigureAwait(false);
        try
        {
            Opened(_log, Where, database.RecoveryReport[0]);
            foreach (string warning in database.RecoveryReport.Skip(1))
            {
                Damaged(_log, warning);
            }

            foreach (string statement in settings.Statements)
            {
                await database.ExecuteAsync(statement).ConfigureAwait(false);
            }

            return database;
        }
        catch
        {
            await database.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task WatchAsync(Database database)
    {
        Exception reason = await database.Failed.ConfigureAwait(false);
        Failed(_log, reason);
        if (options.Value.StopHostOnFailure)
        {
            host.StopApplication();
        }
    }

    [LoggerMessage(1, LogLevel.Information, "Opened Millrace in {Place}: {Report}")]
    private static partial void Opened(ILogger log, string place, string report);

    [LoggerMessage(2, LogLevel.Error, "{Damage}")]
    private static partial void Damaged(ILogger log, string damage);

    [LoggerMessage(3, LogLevel.Critical, "Millrace has stopped by itself and takes no more writes")]
    private static partial void Failed(ILogger log, Exception reason);

    [LoggerMessage(4, LogLevel.Information, "Closed Millrace in {Place}")]
    private static partial void Closed(ILogger log, string place);
}
