// services.AddMillraceDoors(): the doors of a program's own database, open while its host runs.
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Doors;

namespace Millrace;

/// <summary>Doors in a program with dependency injection.</summary>
public static class MillraceDoorServices
{
    /// <summary>
    /// Opens the doors (PostgreSQL; HTTP with the dashboard) in front of the database that AddMillrace added: on their own ports of loopback, beside whatever the
    /// program itself serves. They open when the host starts and drain when it stops. <see cref="MillraceDoors"/> tells where they are.
    /// </summary>
    /// <param name="services">Where they are added.</param>
    /// <param name="configure">Changes the settings: <c>o => o with { Postgres = null }</c>.</param>
    public static IServiceCollection AddMillraceDoors(this IServiceCollection services, Func<DoorHostOptions, DoorHostOptions>? configure = null)
    {
        services.TryAddSingleton(provider => new MillraceDoors(
            provider.GetRequiredService<Database>(), configure?.Invoke(new DoorHostOptions()) ?? new DoorHostOptions(), provider.GetRequiredService<ILoggerFactory>()));
        services.AddHostedService(provider => provider.GetRequiredService<MillraceDoors>());
        return services;
    }
}

/// <summary>The doors of a host's database.</summary>
public sealed partial class MillraceDoors : IHostedService
{
    private readonly Database _database;
    private readonly DoorHostOptions _options;
    private readonly ILogger _log;
    private DoorHost? _host;

    internal MillraceDoors(Database database, DoorHostOptions options, ILoggerFactory loggers)
    {
        _database = database;
        // The doors write into the program's own log.
        _options = options.Logging is null ? options with { Logging = logging => logging.Services.Replace(ServiceDescriptor.Singleton<ILoggerFactory>(new ProgramLog(loggers))) } : options;
        _log = loggers.CreateLogger("Millrace.Doors");
    }

    /// <summary>The doors, with where they listen; null while they are closed.</summary>
    public DoorHost? Host => _host;

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _host = await DoorHost.StartAsync(_database, _options, cancellationToken);
        Opened(_log, _host.Postgres?.ToString() ?? "off", _host.Http?.ToString() ?? "off");
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _host, null) is { } host)
        {
            await host.DisposeAsync();
        }
    }

    // The program's log without the lines of a host: that it listens and has started is for the program's own host to say.
    private sealed class ProgramLog(ILoggerFactory program) : ILoggerFactory
    {
        public ILogger CreateLogger(string categoryName) =>
            categoryName == "Microsoft.Hosting.Lifetime" ? NullLogger.Instance : program.CreateLogger(categoryName);

        public void AddProvider(ILoggerProvider provider) => program.AddProvider(provider);

        public void Dispose()
        {
        }
    }

    [LoggerMessage(10, LogLevel.Information, "Millrace listens: PostgreSQL on {Postgres}, HTTP on {Http}")]
    private static partial void Opened(ILogger log, string postgres, string http);
}
