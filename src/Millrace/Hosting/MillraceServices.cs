// services.AddMillrace(…) and health checks: a database with the lifetime of the host it is in.
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Millrace.Hosting;

namespace Millrace;

/// <summary>A database in a program with dependency injection.</summary>
public static class MillraceServices
{
    /// <summary>
    /// Adds one <see cref="Database"/> that all share. It is opened before the program's services start, or when it is first asked for, and flushed and closed when
    /// the host goes.
    /// </summary>
    /// <param name="services">Where it is added.</param>
    /// <param name="configure">Says the folder, and more.</param>
    public static IServiceCollection AddMillrace(this IServiceCollection services, Action<MillraceOptions> configure)
    {
        services.AddOptions<MillraceOptions>().Configure(configure)
            .Validate(o => o.InMemory || !string.IsNullOrWhiteSpace(o.Folder), "Millrace needs a data folder: AddMillrace(o => o.Folder = \"data\"), or o.InMemory = true in tests")
            .ValidateOnStart();
        services.TryAddSingleton<MillraceLifetime>();
        services.TryAddSingleton(provider => provider.GetRequiredService<MillraceLifetime>().Database);
        services.AddHostedService(provider => provider.GetRequiredService<MillraceLifetime>());
        return services;
    }

    /// <summary>Adds a health check: unhealthy when the database has failed, degraded while a view stands still.</summary>
    /// <param name="health">Where it is added.</param>
    /// <param name="name">Its name.</param>
    /// <param name="tags">Its tags, such as "ready".</param>
    public static IHealthChecksBuilder AddMillrace(this IHealthChecksBuilder health, string name = "millrace", IEnumerable<string>? tags = null) =>
        health.Add(new HealthCheckRegistration(name, provider => new MillraceHealthCheck(provider.GetRequiredService<Database>()), failureStatus: null, tags));
}
