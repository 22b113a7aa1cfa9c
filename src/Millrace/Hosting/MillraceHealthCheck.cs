// Is the database well, and what does it show?
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Millrace.Hosting;

/// <summary>Looks at the database without writing to it.</summary>
internal sealed class MillraceHealthCheck(Database database) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(Look());

    private HealthCheckResult Look()
    {
        if (database.Failed.IsCompletedSuccessfully)
        {
            return HealthCheckResult.Unhealthy("the database has stopped: " + database.Failed.Result.Message, database.Failed.Result);
        }

        DatabaseStatistics statistics = database.Statistics();
        var data = new Dictionary<string, object>
        {
            ["epoch"] = statistics.Epoch,
            ["rows_ingested"] = statistics.IngestRowsTotal,
            ["log_bytes"] = statistics.LogBytes,
            ["subscriptions"] = statistics.Subscriptions,
        };
        string[] still = [.. statistics.Objects.Where(o => o.Error is not null).Select(o => database.Catalog.Find(o.Id)?.FullName ?? o.Id.ToString(System.Globalization.CultureInfo.InvariantCulture))];
        return still.Length == 0
            ? HealthCheckResult.Healthy(data: data)
            : HealthCheckResult.Degraded($"not kept up to date any more: {string.Join(", ", still)}", data: data);
    }
}
