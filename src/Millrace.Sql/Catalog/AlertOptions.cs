// What an alert's entry in the catalog holds. Persisted words: never change one.
using System.Globalization;

namespace Millrace.Sql;

/// <summary>Options of an alert: as they are kept with it, and as they are meant.</summary>
public sealed record AlertOptions
{
    /// <summary>The key of the address that messages are posted to.</summary>
    public const string AddressKey = "address";

    /// <summary>The key of the header Authorization.</summary>
    public const string AuthorizationKey = "authorization";

    /// <summary>The key of the secret that messages are signed with.</summary>
    public const string SecretKey = "secret";

    /// <summary>The key of how long a message is tried for.</summary>
    public const string RetryKey = "retry_for";

    /// <summary>The key of how many rows may ring, or have something left to be told of them, at once.</summary>
    public const string OutstandingKey = "max_outstanding";

    /// <summary>The most that can be allowed there.</summary>
    public const int OutstandingMax = 10_000;

    /// <summary>How long a message may be tried for at most, µs.</summary>
    public const long RetryMicrosMax = 7L * 86_400_000_000;

    /// <summary>Where messages are posted to.</summary>
    public required Uri Address { get; init; }

    /// <summary>The header Authorization, or null.</summary>
    public string? Authorization { get; init; }

    /// <summary>What messages are signed with, or null.</summary>
    public string? Secret { get; init; }

    /// <summary>How long a message is tried for, µs.</summary>
    public long RetryMicros { get; init; } = 3_600_000_000;

    /// <summary>How many rows may ring, or have something left to be told of them, at once.</summary>
    public int Outstanding { get; init; } = 1_000;

    /// <summary>Reads them from an alert's entry.</summary>
    public static AlertOptions Of(CatalogObject alert) => new()
    {
        Address = new Uri(alert.Options[AddressKey]),
        Authorization = alert.Options.GetValueOrDefault(AuthorizationKey),
        Secret = alert.Options.GetValueOrDefault(SecretKey),
        RetryMicros = alert.Options.TryGetValue(RetryKey, out string? retry) ? long.Parse(retry, CultureInfo.InvariantCulture) : 3_600_000_000,
        Outstanding = alert.Options.TryGetValue(OutstandingKey, out string? outstanding) ? int.Parse(outstanding, CultureInfo.InvariantCulture) : 1_000,
    };

    /// <summary>As much of an address as may be shown: paths and queries of webhooks are secrets.</summary>
    public static string Shown(Uri address) => address.GetLeftPart(UriPartial.Authority) + "/…";
}
