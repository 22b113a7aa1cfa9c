// A signed token (JWT, RFC 7519): read, checked, and turned into what its holder may do.
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Millrace.Doors.Http.Access;

/// <summary>To what a signed token confines its holder.</summary>
/// <param name="Endpoints">The endpoints he may read; null for those his user may.</param>
/// <param name="Parameters">Parameters whose value the token has decided.</param>
/// <param name="Expires">Until when it is good.</param>
internal sealed record TokenScope(IReadOnlyList<string>? Endpoints, IReadOnlyList<KeyValuePair<string, string>> Parameters, DateTimeOffset Expires)
{
    /// <summary>True when endpoints are all that the holder may ask: otherwise he could get around what is fixed.</summary>
    public bool EndpointsOnly => Endpoints is not null || Parameters.Count > 0;

    /// <summary>True when the token is for this endpoint too.</summary>
    public bool Allows(string endpoint) => Endpoints?.Contains(endpoint, StringComparer.Ordinal) ?? true;
}

/// <summary>The claims of a signed token that was found good.</summary>
/// <param name="Subject">The database's user whose permissions it carries; null for those it names itself.</param>
/// <param name="Rate">Requests a second; null for any number.</param>
/// <param name="Scope">To what it confines.</param>
internal sealed record WebToken(string? Subject, int? Rate, TokenScope Scope)
{
    private const string Audience = "millrace";
    private const int NamesMax = 100;

    // Clocks of two machines differ; a token that is made now must be good now.
    private static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(60);
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 4, AllowDuplicateProperties = false };

    /// <summary>Reads a token; null when it is none, is not signed with the key, is over, or says something that is not understood.</summary>
    public static WebToken? Of(string text, WebTokenKey key, DateTimeOffset now)
    {
        string[] parts = text.Split('.');
        if (parts.Length != 3 || !Decode(parts[0], out byte[] head) || !Decode(parts[1], out byte[] body) || !Decode(parts[2], out byte[] signature))
        {
            return null;
        }

        try
        {
            // What is not signed is not read, but for the name of the algorithm, and that decides nothing: it has to be the key's.
            using JsonDocument header = JsonDocument.Parse(head, Strict);
            if (header.RootElement.GetProperty("alg").GetString() != key.Algorithm || header.RootElement.TryGetProperty("crit", out _)
                || !key.Fits(Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), signature))
            {
                return null;
            }

            using JsonDocument claims = JsonDocument.Parse(body, Strict);
            return Of(claims.RootElement, now);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or CryptographicException or ArgumentOutOfRangeException)
        {
            return null;
        }
    }

    private static WebToken? Of(JsonElement claims, DateTimeOffset now)
    {
        DateTimeOffset expires = Time(claims.GetProperty("exp"));
        if (expires <= now || (claims.TryGetProperty("nbf", out JsonElement from) && Time(from) > now + ClockSkew)
            || (claims.TryGetProperty("aud", out JsonElement audience) && !Names(audience).Contains(Audience)))
        {
            return null;
        }

        string? subject = claims.TryGetProperty("sub", out JsonElement sub) ? sub.GetString() : null;
        string[]? endpoints = claims.TryGetProperty("endpoints", out JsonElement list) ? Names(list) : null;
        int? rate = claims.TryGetProperty("rate", out JsonElement number) ? number.GetInt32() : null;
        KeyValuePair<string, string>[] fixedOnes = claims.TryGetProperty("params", out JsonElement parameters)
            ? [.. parameters.EnumerateObject().Select(p => KeyValuePair.Create(p.Name, Value(p.Value)))] : [];
        return subject is null or "" && endpoints is null ? null
            : rate < 1 || endpoints?.Length > NamesMax || fixedOnes.Length > NamesMax ? null
            : new WebToken(subject is "" ? null : subject, rate, new TokenScope(endpoints, fixedOnes, expires));
    }

    private static DateTimeOffset Time(JsonElement seconds) => DateTimeOffset.FromUnixTimeMilliseconds(checked((long)Math.Clamp(seconds.GetDouble() * 1000, 0, 253_402_300_799_000)));

    private static string[] Names(JsonElement value) =>
        value.ValueKind == JsonValueKind.String ? [value.GetString()!] : [.. value.EnumerateArray().Select(v => v.GetString() ?? throw new FormatException())];

    private static string Value(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => value.GetRawText(),
        _ => throw new FormatException(),
    };

    private static bool Decode(string part, out byte[] bytes)
    {
        bytes = [];
        if (part.Length == 0 || !Base64Url.IsValid(part) || part.AsSpan().ContainsAny(" \t\r\n="))
        {
            return false;
        }

        bytes = Base64Url.DecodeFromChars(part);
        return true;
    }
}
