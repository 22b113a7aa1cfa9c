// Who has to log in, and whether what he shows is good: the same for every door.
using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Millrace.Access;
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Doors.Access;

/// <summary>
/// The rules of all doors of one database. What is not there is checked as long as what is: nobody can tell an unknown user from a wrong password.
/// </summary>
/// <param name="catalog">The newest catalog, where users and tokens are.</param>
/// <param name="security">What was configured.</param>
/// <param name="time">The clock.</param>
internal sealed class LoginRules(Func<CatalogSnapshot> catalog, DoorSecurity security, TimeProvider time)
{
    /// <summary>Under what name lines about strangers are logged.</summary>
    public const string LogName = "Millrace.Access";

    // A password costs thousands of hashes, on purpose. Strangers may have a part of the machine with that, and not all of it.
    private const int WaitingMax = 64;
    private const int KnownMax = 1_000;
    private readonly SemaphoreSlim _hashing = new(Math.Max(1, Environment.ProcessorCount / 2));
    private readonly byte[] _secret = RandomNumberGenerator.GetBytes(32);
    private readonly byte[]? _adminHash = security.AdminToken is { } token ? Encoding.ASCII.GetBytes(BearerToken.Hash(token)) : null;

    // Passwords found good, by a keyed hash of user and password, with the verifier they fitted: asked with each request, hashed once.
    private readonly ConcurrentDictionary<string, string> _known = new(StringComparer.Ordinal);
    private volatile Tokens _tokens = new(-1, []);
    private int _waiting;

    /// <summary>What was configured.</summary>
    public DoorSecurity Security => security;

    /// <summary>Log-ins that failed.</summary>
    public LoginFailures Failures { get; } = new(time);

    /// <summary>Connections that were closed for what came over them.</summary>
    public Refusals Refusals { get; } = new(time);

    /// <summary>True when a door at an address asks for a log-in now.</summary>
    public bool Asks(IPEndPoint door) => catalog().HasUsers || (security.RequireLogin ?? !IPAddress.IsLoopback(door.Address));

    /// <summary>True when the HTTP door does.</summary>
    public bool AsksHttp(IPEndPoint door) => _adminHash is not null || security.WebTokens is not null || Asks(door);

    /// <summary>Says why a door may not be opened at an address; null when it may.</summary>
    public string? Refusal(IPEndPoint door, bool http)
    {
        if (IPAddress.IsLoopback(door.Address) || catalog().HasUsers || security.RequireLogin == true
            || (http && (_adminHash is not null || security.WebTokens is not null || security.RequireLogin == false)))
        {
            return null;
        }

        return $"{door} is beyond loopback, and there is nobody yet who could log in: everybody would be let in, or nobody. First make a user "
            + "(CREATE USER name SUPERUSER PASSWORD '…' on 127.0.0.1, or with millrace sql --data DIR)"
            + (http ? ", or set MILLRACE_ADMIN_TOKEN or --jwt-key, or decide with --auth none that everybody there may do everything" : "");
    }

    /// <summary>What is known of a user's password; of somebody who is not there, or has none, something that fits no password.</summary>
    public ScramVerifier VerifierOf(string user) =>
        (catalog().Find(ObjectKind.User, user)?.Options.TryGetValue(AccessOptions.Verifier, out string? text) == true ? ScramVerifier.Parse(text) : null)
        ?? ScramVerifier.OfNobody(user, _secret);

    /// <summary>True when a user has this password.</summary>
    /// <exception cref="SqlException">53300: too many are asking at once.</exception>
    public async ValueTask<bool> CheckAsync(string user, string password, CancellationToken cancellation)
    {
        ScramVerifier verifier = VerifierOf(user);
        string text = verifier.ToString();
        string key = Convert.ToHexStringLower(HMACSHA256.HashData(_secret, Encoding.UTF8.GetBytes($"{user.Length}:{user}{password}")));
        if (_known.TryGetValue(key, out string? fitted) && fitted == text)
        {
            return true;
        }

        if (Interlocked.Increment(ref _waiting) > WaitingMax)
        {
            Interlocked.Decrement(ref _waiting);
            throw new SqlException("53300", "too many log-ins at once", hint: "come back in a second");
        }

        try
        {
            await _hashing.WaitAsync(cancellation);
            try
            {
                if (!verifier.Fits(password))
                {
                    return false;
                }
            }
            finally
            {
                _hashing.Release();
            }
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }

        if (_known.Count >= KnownMax)
        {
            _known.Clear();
        }

        _known[key] = text;
        return true;
    }

    /// <summary>True for the token that may do everything.</summary>
    public bool IsAdmin(string token) =>
        _adminHash is not null && CryptographicOperations.FixedTimeEquals(_adminHash, Encoding.ASCII.GetBytes(BearerToken.Hash(token)));

    /// <summary>The grant of a token; null when it is nobody's.</summary>
    public TokenGrant? Find(string token)
    {
        CatalogSnapshot now = catalog();
        Tokens tokens = _tokens;
        if (tokens.Version != now.Version)
        {
            _tokens = tokens = new Tokens(now.Version, BearerToken.All(now));
        }

        return tokens.ByHash.GetValueOrDefault(BearerToken.Hash(token));
    }

    /// <summary>True for users who may do everything, and for whoever is trusted without being one.</summary>
    public bool IsSuperuser(string? user) => Principal.MayAll(catalog(), user);

    /// <summary>The catalog's number of a user; null when there is none of the name.</summary>
    public int? IdOf(string user) => catalog().Find(ObjectKind.User, user)?.Id;

    /// <summary>False when the token or user that somebody was let in by has been dropped: a new one of the name is another.</summary>
    public bool IsThere(int? id) => id is not { } known || catalog().Find(known) is not null;

    private sealed record Tokens(long Version, Dictionary<string, TokenGrant> ByHash);
}
