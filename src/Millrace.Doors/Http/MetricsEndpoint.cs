// GET /metrics: counters in Prometheus' text format 0.0.4.
using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using Millrace.Sql;

namespace Millrace.Doors.Http;

/// <summary>Counters for Prometheus. https://prometheus.io/docs/instrumenting/exposition_formats/</summary>
internal sealed class MetricsEndpoint(HttpBackend database, Func<long> connections, Func<long> failures)
{
    // Labels cost the collector a series each: beyond so many alerts only the sums are told.
    private const int AlertsMax = 1_000;

    public async Task Handle(HttpContext context)
    {
        byte[] body = Encoding.UTF8.GetBytes(Text(database.Statistics(), database.Catalog(), connections(), failures()));
        context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        context.Response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.BodyWriter.WriteAsync(body, context.RequestAborted);
        }
    }

    internal static string Text(DatabaseStatistics s, CatalogSnapshot catalog, long connections, long failures)
    {
        var to = new StringBuilder();
        Single("millrace_uptime_seconds", "gauge", "Seconds since the database was opened.", s.UptimeSeconds);
        Single("millrace_epoch", "gauge", "The newest epoch.", s.Epoch);
        Single("millrace_commits_total", "counter", "Group commits.", s.CommitsTotal);
        Single("millrace_ingest_rows_total", "counter", "Rows written into streams and tables.", s.IngestRowsTotal);
        Single("millrace_memory_bytes", "gauge", "Managed memory in use.", s.MemoryBytes);
        Single("millrace_disk_bytes", "gauge", "Bytes of log and checkpoints on disk.", s.DiskBytes);
        Single("millrace_log_bytes", "gauge", "Bytes of the write-ahead log on disk.", s.LogBytes);
        Single("millrace_subscriptions", "gauge", "Live subscriptions.", s.Subscriptions);
        Single("millrace_connections", "gauge", "Open connections over all doors.", connections);
        Single("millrace_login_failures_total", "counter", "Log-ins that failed, over all doors.", failures);
        Head("millrace_build_info", "gauge", "1, with the version as label.");
        to.Append(CultureInfo.InvariantCulture, $"millrace_build_info{{version=\"{InfluxEndpoint.Version[(InfluxEndpoint.Version.IndexOf('+') + 1)..]}\"}} 1\n");
        Single("millrace_gc_pause_seconds_total", "counter", "Time the process stood still for its memory to be collected.", GC.GetTotalPauseDuration().TotalSeconds);
        Single("process_cpu_seconds_total", "counter", "Processor time used, in user and system mode.", Environment.CpuUsage.TotalTime.TotalSeconds);
        Single("process_resident_memory_bytes", "gauge", "Physical memory of the process.", Environment.WorkingSet);
        Each("millrace_object_rows_total", "counter", "Rows taken in, by object.", o => o.RowsTotal);
        Each("millrace_object_changes_total", "counter", "Rows of change given out, by object.", o => o.ChangesTotal);
        Each("millrace_object_rows", "gauge", "Rows held, by object.", o => o.Rows);
        Each("millrace_object_bytes", "gauge", "Memory held, by object.", o => o.Bytes);
        Each("millrace_object_state_bytes", "gauge", "State that a view's operators hold, by view.", o => o.StateBytes);
        Each("millrace_object_watermark_seconds", "gauge", "Watermark as Unix time, by object.", o => o.WatermarkMicros / 1e6);
        Each("millrace_object_late_rows_total", "counter", "Rows that came too late to count, by view.", o => o.LateRows);
        Each("millrace_object_failed", "gauge", "1 when a view stands still because of an error.", o => o.Error is null ? 0 : 1);
        Single("millrace_alerts", "gauge", "Alerts that are delivered.", s.Alerts.Count);
        Alert("millrace_alert_firing", "gauge", "Rows that ring, by alert.", a => a.Firing);
        Alert("millrace_alert_fired_total", "counter", "Rows that began to ring, by alert.", a => a.FiredTotal);
        Alert("millrace_alert_resolved_total", "counter", "Rows that ceased to ring, and that was told or given up, by alert.", a => a.ResolvedTotal);
        Alert("millrace_alert_deliveries_total", "counter", "Messages that the receiver took, by alert.", a => a.DeliveredTotal);
        Alert("millrace_alert_deliveries_failed_total", "counter", "Messages that were given up, by alert.", a => a.FailedTotal);
        Alert("millrace_alert_retries_total", "counter", "Attempts that failed and are made again, by alert.", a => a.RetriesTotal);
        Alert("millrace_alert_broken", "gauge", "1 when an alert's query cannot be followed or its table not be written.", a => a.Broken ? 1 : 0);
        return to.ToString();

        void Alert(string name, string type, string help, Func<AlertStatistics, long> value)
        {
            Head(name, type, help);
            foreach (AlertStatistics alert in s.Alerts.Take(AlertsMax))
            {
                to.Append(CultureInfo.InvariantCulture, $"{name}{{alert=\"{Escape(alert.Name)}\"}} {value(alert)}\n");
            }

            if (s.Alerts.Count > AlertsMax)
            {
                to.Append(CultureInfo.InvariantCulture, $"{name}{{alert=\"\",others=\"{s.Alerts.Count - AlertsMax}\"}} {s.Alerts.Skip(AlertsMax).Sum(value)}\n");
            }
        }

        void Head(string name, string type, string help) => to.Append(
            CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} {type}\n");

        void Single(string name, string type, string help, double value)
        {
            Head(name, type, help);
            to.Append(CultureInfo.InvariantCulture, $"{name} {value}\n");
        }

        void Each(string name, string type, string help, Func<ObjectStatistics, double?> value)
        {
            Head(name, type, help);
            foreach (ObjectStatistics o in s.Objects)
            {
                if (catalog.Find(o.Id) is { } known && value(o) is { } number)
                {
                    string kind = known.Kind.ToString().ToLowerInvariant();
                    to.Append(CultureInfo.InvariantCulture, $"{name}{{object=\"{Escape(known.FullName)}\",kind=\"{kind}\"}} {number}\n");
                }
            }
        }
    }

    private static string Escape(string label) => label.Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
}
