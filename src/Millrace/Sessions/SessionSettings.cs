// The settings of a session: SET, SHOW, RESET.
using System.Globalization;
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Sessions;

/// <summary>One setting.</summary>
/// <param name="Default">Its value in a new session.</param>
/// <param name="Doc">One sentence for SHOW ALL.</param>
/// <param name="Fixed">True when it only tells and cannot be changed.</param>
internal sealed record Setting(string Default, string Doc, bool Fixed = false);

/// <summary>Settings by name. Those of PostgreSQL that clients set at start-up are accepted and told back.</summary>
internal sealed class SessionSettings
{
    private static readonly Dictionary<string, Setting> Known = new(StringComparer.OrdinalIgnoreCase)
    {
        ["application_name"] = new("", "Sets the application name to be reported in statistics."),
        ["bytea_output"] = new("hex", "Sets the output format for bytea."),
        ["client_encoding"] = new("UTF8", "Sets the client's character set encoding."),
        ["client_min_messages"] = new("notice", "Sets the message levels that are sent to the client."),
        ["datestyle"] = new("ISO, MDY", "Sets the display format for date and time values."),
        ["default_transaction_isolation"] = new("repeatable read", "Sets the transaction isolation level of each new transaction."),
        ["default_transaction_read_only"] = new("off", "Sets the default read-only status of new transactions."),
        ["extra_float_digits"] = new("1", "Sets the number of digits displayed for floating-point values."),
        ["idle_in_transaction_session_timeout"] = new("0", "Accepted; has no effect."),
        ["in_hot_standby"] = new("off", "Shows whether hot standby is currently active.", true),
        ["integer_datetimes"] = new("on", "Shows whether datetimes are integer based.", true),
        ["intervalstyle"] = new("postgres", "Sets the display format for interval values."),
        ["is_superuser"] = new("on", "Shows whether the current user is a superuser.", true),
        ["lc_collate"] = new("C", "Shows the collation order locale.", true),
        ["lc_ctype"] = new("C.UTF-8", "Shows the character classification and case conversion locale.", true),
        ["lc_messages"] = new("C", "Accepted; has no effect."),
        ["lc_monetary"] = new("C", "Accepted; has no effect."),
        ["lc_numeric"] = new("C", "Accepted; has no effect."),
        ["lc_time"] = new("C", "Accepted; has no effect."),
        ["lock_timeout"] = new("0", "Accepted; there are no locks to wait for."),
        ["max_identifier_length"] = new("1000", "Shows the maximum identifier length, in bytes.", true),
        ["password_encryption"] = new("scram-sha-256", "Shows how passwords are kept.", true),
        ["role"] = new("none", "Accepted where it is none or the session's own user: nobody takes on another's role."),
        ["rollups"] = new("on", "Answers aggregates over streams from rollups: on (where they give the same), rounded (also sums of floats), off."),
        ["rw_implicit_flush"] = new("true", "RisingWave's: reads here always see the session's own writes."),
        ["search_path"] = new(DefaultPath, "Sets the schema search order for names that are not schema-qualified."),
        ["server_encoding"] = new("UTF8", "Shows the server (database) character set encoding.", true),
        ["server_version"] = new("15.0 (Millrace 0.1.0)", "Shows the server version.", true),
        ["server_version_num"] = new("150000", "Shows the server version as an integer.", true),
        ["session_authorization"] = new("millrace", "Shows the current user.", true),
        ["standard_conforming_strings"] = new("on", "Causes '...' strings to treat backslashes literally.", true),
        ["statement_timeout"] = new("0", "Sets the longest time that a statement may take, in milliseconds or with a unit: on the PostgreSQL door; 0 for no limit."),
        ["streaming_parallelism"] = new("0", "RisingWave's: accepted, has no effect."),
        ["synchronous_commit"] = new("on", "Accepted; durability is chosen when the database is opened."),
        ["timezone"] = new("UTC", "Sets the time zone for displaying and interpreting time stamps."),
        ["transaction_isolation"] = new("repeatable read", "Sets the current transaction's isolation level."),
        ["transaction_read_only"] = new("off", "Sets the current transaction's read-only status."),
        ["xmloption"] = new("content", "Accepted; there is no XML."),
    };

    // Names of RisingWave's that tune how it runs: scripts set them, and none of them changes an answer.
    private static readonly HashSet<string> Foreign = new(StringComparer.OrdinalIgnoreCase)
    {
        "query_mode", "query_epoch", "visibility_mode", "background_ddl", "implicit_flush", "create_compaction_group_for_mv", "sink_decouple", "synchronize_seqscans",
        "backfill_rate_limit", "source_rate_limit", "dml_rate_limit", "sink_rate_limit", "batch_parallelism", "batch_enable_distributed_dml", "bypass_cluster_limits",
        "recover_on_first_failure", "license_key",
    };

    private readonly Dictionary<string, string> _values = Known.ToDictionary(k => k.Key, k => k.Value.Default, StringComparer.OrdinalIgnoreCase);

    public IReadOnlyDictionary<string, string> Values => _values;

    /// <summary>The path that names are looked up along before anybody sets another.</summary>
    public const string DefaultPath = "\"$user\", public";

    /// <summary>The path that names are looked up along.</summary>
    public string SearchPath => _values["search_path"];

    /// <summary>The schemas of a path that are there, in order. <c>$user</c> is one called like the user, where somebody made it.</summary>
    public static IEnumerable<string> Schemas(string path, string? user, CatalogSnapshot catalog) => path.Split(',')
        .Select(w => w.Trim().Trim('"')).Select(w => w == "$user" ? user ?? "" : catalog.HasSchema(w) ? w : w.ToLowerInvariant())
        .Where(w => w.Length > 0 && catalog.HasSchema(w)).Distinct();

    public static IEnumerable<KeyValuePair<string, Setting>> All => Known.OrderBy(k => k.Key, StringComparer.Ordinal);

    public string Get(string name) => _values.TryGetValue(Normal(name), out string? value) ? value : throw Unknown(name);

    /// <summary>The name as PostgreSQL shows it: three of them have capital letters.</summary>
    public static string Shown(string name) => Normal(name) switch
    {
        "timezone" => "TimeZone",
        "datestyle" => "DateStyle",
        "intervalstyle" => "IntervalStyle",
        string other => other,
    };

    /// <summary>Shows whose session it is.</summary>
    public void Introduce(string user, bool isSuperuser)
    {
        _values["session_authorization"] = user;
        _values["is_superuser"] = isSuperuser ? "on" : "off";
    }

    public void Set(string name, string? value)
    {
        name = Normal(name);
        if (!Known.TryGetValue(name, out Setting? setting))
        {
            // PostgreSQL takes any name with a dot as a setting of an extension.
            if (!name.Contains('.', StringComparison.Ordinal) && !IsForeign(name))
            {
                throw Unknown(name);
            }

            _values[name] = value ?? "";
            return;
        }

        value ??= setting.Default;
        if (name == "role" && value != "none" && value != _values["session_authorization"])
        {
            throw new SqlException("42501", $"permission denied to set role \"{value}\"", hint: "log in as that user");
        }

        if (setting.Fixed && value != _values[name])
        {
            throw new SqlException("55P02", $"parameter \"{name}\" cannot be changed");
        }

        _values[name] = Checked(name, value);
    }

    /// <summary>A length of time as settings are written, a number of milliseconds or one with a unit; null for what is none.</summary>
    public static int? MillisecondsOf(string value)
    {
        string text = value.Trim();
        int unit = text.Length;
        while (unit > 0 && char.IsAsciiLetter(text[unit - 1]))
        {
            unit--;
        }

        double factor = text[unit..] switch { "" or "ms" => 1, "us" => 0.001, "s" => 1_000, "min" => 60_000, "h" => 3_600_000, "d" => 86_400_000, _ => double.NaN };
        return double.TryParse(text[..unit], NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && Math.Round(number * factor) is >= 0 and <= int.MaxValue and var given
            ? (int)given
            : null;
    }

    /// <summary>True for a setting of RisingWave's that is accepted and has no meaning here.</summary>
    public static bool IsForeign(string name) => !Known.ContainsKey(name)
        && (Foreign.Contains(name) || name.StartsWith("rw_", StringComparison.OrdinalIgnoreCase) || name.StartsWith("streaming_", StringComparison.OrdinalIgnoreCase)
            || name.StartsWith("batch_", StringComparison.OrdinalIgnoreCase));

    public void ResetAll()
    {
        foreach ((string name, Setting setting) in Known)
        {
            _values[name] = setting.Fixed ? _values[name] : setting.Default;
        }
    }

    private static string Checked(string name, string value)
    {
        switch (name.ToLowerInvariant())
        {
            case "client_encoding" when value.Replace("-", "", StringComparison.Ordinal).Trim('\'').ToUpperInvariant() is not ("UTF8" or "UNICODE" or "SQLASCII" or "SQL_ASCII"):
                throw new SqlException("22023", $"invalid value for parameter \"client_encoding\": \"{value}\"", hint: "Millrace speaks UTF8");
            case "client_encoding":
                return "UTF8";
            case "timezone" when value.ToUpperInvariant() is "UTC" or "GMT" or "ETC/UTC" or "Z" or "ZULU" or "DEFAULT" or "LOCAL":
                return "UTC";
            case "timezone" when TimeZones.Find(value) is null:
                throw new SqlException("22023", $"invalid value for parameter \"TimeZone\": \"{value}\"", hint: "name a zone such as 'UTC' or 'Europe/Vienna'");
            case "datestyle" when Words(value).Except(["iso", "mdy", "us", "noneuropean", "default"]).Any():
                throw new SqlException("0A000", $"DateStyle \"{value}\" is not supported",
                    hint: "dates are shown as ISO, and 1/2/2026 is read as January 2nd; write them as 2026-01-02, or show them with to_char");
            case "datestyle":
                return "ISO, MDY";
            case "intervalstyle" when !value.Equals("postgres", StringComparison.OrdinalIgnoreCase):
                throw new SqlException("0A000", $"IntervalStyle \"{value}\" is not supported", hint: "intervals are shown as postgres does; use to_char or extract for another form");
            case "rollups":
                return value.ToLowerInvariant() switch
                {
                    "on" or "true" or "yes" or "1" => "on",
                    "off" or "false" or "no" or "0" => "off",
                    "rounded" => "rounded",
                    _ => throw new SqlException("22023", $"invalid value for parameter \"rollups\": \"{value}\"", hint: "on, rounded or off"),
                };
            case "statement_timeout" when MillisecondsOf(value) is null:
                throw new SqlException("22023", $"invalid value for parameter \"statement_timeout\": \"{value}\"", hint: "milliseconds, or a number with us, ms, s, min, h or d");
            case "extra_float_digits" when !int.TryParse(value, CultureInfo.InvariantCulture, out _):
                throw new SqlException("22023", $"invalid value for parameter \"extra_float_digits\": \"{value}\"");
            default:
                return value;
        }
    }

    private static string[] Words(string value) => value.ToLowerInvariant().Split([',', ' '], StringSplitOptions.RemoveEmptyEntries);

    private static string Normal(string name) => name.ToLowerInvariant() switch
    {
        "time zone" => "timezone",
        "names" => "client_encoding",
        "session characteristics" => "default_transaction_isolation",
        string other => other,
    };

    private static SqlException Unknown(string name) => new(
        "42704", $"unrecognized configuration parameter \"{name}\"",
        hint: Known.Keys.FirstOrDefault(k => k.StartsWith(name[..Math.Min(4, name.Length)], StringComparison.OrdinalIgnoreCase)) is { } near ? $"did you mean \"{near}\"?" : "SHOW ALL lists them");
}
