// Settings of the whole database: ALTER SYSTEM SET, SHOW.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>The settings that ALTER SYSTEM knows.</summary>
public static class SystemSettings
{
    /// <summary>How many bytes of state all views and subscriptions may hold together.</summary>
    public const string StateBytes = "state_bytes_max";

    // RisingWave's parameters of a cluster: scripts set them, and there is nothing here that they would change.
    private static readonly HashSet<string> s_foreign =
    [
        "barrier_interval_ms", "checkpoint_frequency", "max_concurrent_creating_streaming_jobs", "pause_on_next_bootstrap", "enable_tracing", "license_key",
        "adaptive_parallelism_strategy", "per_database_isolation", "enforce_secret", "time_travel_retention_ms",
    ];

    /// <summary>Binds ALTER SYSTEM.</summary>
    /// <exception cref="SqlException">There is no such setting, or it has no such value.</exception>
    internal static BoundStatement Bind(Syntax.AlterSystemStatement s)
    {
        if (s_foreign.Contains(s.Name))
        {
            return new BoundNoOp("ALTER SYSTEM") { Notices = [$"\"{s.Name}\" is a setting of RisingWave's and has no effect here"] };
        }

        if (s.Name != StateBytes)
        {
            throw new SqlException("42704", $"unrecognized configuration parameter \"{s.Name}\"", s.Position,
                $"the one that ALTER SYSTEM sets is {StateBytes}; others are of a session (SET) or given at the start");
        }

        string? text = new Syntax.Option(s.Name, s.Value).Text;
        return text is null or "default" ? new BoundAlterSystem(s.Name, null) : ParseStateBytes(text) is not null ? new BoundAlterSystem(s.Name, text) : throw new SqlException(
            "22023", $"{StateBytes} \"{text}\" is not a size", s.Value!.Position, "write a number and a unit, such as '2 GB', or none");
    }

    /// <summary>The bytes that a value of <see cref="StateBytes"/> names, MaxValue for none; null when it is no value.</summary>
    public static long? ParseStateBytes(string text) => text is "none" or "0" ? long.MaxValue : Retention.TryParseBytes(text);

    /// <summary>The value in words.</summary>
    public static string Text(long stateBytes) => stateBytes == long.MaxValue ? "none" : FormattableString.Invariant($"{stateBytes}");
}
