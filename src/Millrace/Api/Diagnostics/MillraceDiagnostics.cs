// Traces and durations of what a program asks of its database, by the names OpenTelemetry gives to database clients.
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Millrace.Core;

namespace Millrace;

/// <summary>The names under which a program listens: an <see cref="ActivitySource"/> and a <see cref="Meter"/>, both called Millrace.</summary>
public static class MillraceDiagnostics
{
    /// <summary>The name of both.</summary>
    public const string Name = "Millrace";

    internal static readonly ActivitySource Source = new(Name, Version);

    private static readonly Meter Calls = new(Name, Version);

    private static readonly Histogram<double> Duration = Calls.CreateHistogram<double>(
        "db.client.operation.duration", "s", "Duration of calls into the database.", advice: new() { HistogramBucketBoundaries = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10] });

    internal static string Version => typeof(MillraceDiagnostics).Assembly.GetName().Version?.ToString(3) ?? "";

    /// <summary>Begins a call; costs nothing to speak of while nobody listens.</summary>
    internal static Operation Begin(string verb, string? relation)
    {
        bool measured = Duration.Enabled;
        Activity? activity = Source.HasListeners() ? Source.StartActivity(relation is null ? verb : $"{verb} {relation}", ActivityKind.Client) : null;
        if (activity is not null)
        {
            activity.SetTag("db.system.name", "millrace");
            activity.SetTag("db.operation.name", verb);
            if (relation is not null)
            {
                activity.SetTag("db.collection.name", relation);
            }
        }

        return new Operation(activity, measured ? Stopwatch.GetTimestamp() : 0, verb);
    }

    /// <summary>SELECT, INSERT …: the first word of a text, past white space and comments.</summary>
    internal static string VerbOf(string sql)
    {
        ReadOnlySpan<char> rest = sql.AsSpan().TrimStart();
        while (rest.StartsWith("--", StringComparison.Ordinal))
        {
            int end = rest.IndexOf('\n');
            rest = end < 0 ? [] : rest[end..].TrimStart();
        }

        int length = 0;
        while (length < rest.Length && length < 20 && char.IsAsciiLetter(rest[length]))
        {
            length++;
        }

        return length == 0 ? "SQL" : rest[..length].ToString().ToUpperInvariant();
    }

    /// <summary>One call, from its beginning to its end.</summary>
    internal readonly struct Operation(Activity? activity, long began, string verb) : IDisposable
    {
        /// <summary>It failed. The message may hold values of rows, so it is not told.</summary>
        public void Failed(Exception e)
        {
            string type = e is SqlException sql ? sql.SqlState : e.GetType().Name;
            activity?.SetStatus(ActivityStatusCode.Error);
            activity?.SetTag("error.type", type);
            if (e is SqlException)
            {
                activity?.SetTag("db.response.status_code", type);
            }
        }

        public void Dispose()
        {
            if (began != 0)
            {
                Duration.Record(Stopwatch.GetElapsedTime(began).TotalSeconds, new("db.system.name", "millrace"), new KeyValuePair<string, object?>("db.operation.name", verb));
            }

            activity?.Dispose();
        }
    }
}
