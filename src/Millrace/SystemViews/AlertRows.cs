// Alerts as rows: how they stand and how their deliveries go, nothing of where exactly they are sent.
using Millrace.Alerts;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>millrace.alerts.</summary>
internal static class AlertRows
{
    /// <summary>A row for each alert.</summary>
    public static void Alerts(SystemContext context, RelationRows rows)
    {
        foreach (CatalogObject alert in context.Catalog.Beside.Where(o => o.Kind == ObjectKind.Alert).OrderBy(o => o.Name, StringComparer.Ordinal))
        {
            AlertReport? report = context.Database.Alerts.ReportOf(alert);
            IncidentRow[] told = [.. AlertHub.Rows(context.Database, AlertHub.TableOf(context.Catalog, alert).Id)];
            int firing = told.Count(i => i.Until is null);
            rows.Add(
                ("name", alert.Name),
                ("state", report switch
                {
                    null => "off",
                    { IsBroken: true } => "broken",
                    { IsRetrying: true } => "retrying",
                    { IsFull: true } => "full",
                    _ => firing > 0 ? "firing" : "quiet",
                }),
                ("firing", firing),
                ("outstanding", told.Count(i => new Incident(i, i).Message is not null)),
                ("delivered", report?.Delivered ?? 0L),
                ("failed", report?.Failed ?? 0L),
                ("retries", report?.Retries ?? 0L),
                ("last_error", report?.Error),
                ("last_delivery", report?.LastDelivery),
                ("address", AlertOptions.Shown(AlertOptions.Of(alert).Address)),
                ("definition", alert.Definition));
        }
    }
}
