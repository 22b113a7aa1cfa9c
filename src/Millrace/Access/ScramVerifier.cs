// What is kept of a password: enough to check a SCRAM-SHA-256 proof (RFC 5802, RFC 7677), not enough to make one.
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Millrace.Core;

namespace Millrace.Access;

/// <summary>A SCRAM-SHA-256 verifier, in PostgreSQL's text form.</summary>
public sealed class ScramVerifier
{
    private const string Scheme = "SCRAM-SHA-256";
    private const int IterationsDefault = 4096;
    private const int IterationsMax = 1_000_000;

    private ScramVerifier(int iterations, byte[] salt, byte[] storedKey, byte[] serverKey)
    {
        Iterations = iterations;
        Salt = salt;
        StoredKey = storedKey;
        ServerKey = serverKey;
    }

    /// <summary>Rounds of PBKDF2.</summary>
    public int Iterations { get; }

    /// <summary>The salt.</summary>
    public byte[] Salt { get; }

    /// <summary>SHA-256 of the client's key.</summary>
    public byte[] StoredKey { get; }

    /// <summary>The server's key.</summary>
    public byte[] ServerKey { get; }

    /// <summary>Makes the verifier of a password.</summary>
    /// <exception cref="SqlException">22023: it holds characters that clients prepare in ways that are not known here.</exception>
    public static ScramVerifier Create(string password, ReadOnlySpan<byte> salt, int iterations = IterationsDefault)
    {
        string prepared = ScramPreparation.Prepare(password) ?? throw new SqlException("22023", "the password holds characters that clients would change before they send it",
            hint: "use letters, digits, spaces and common signs; or set a verifier that psql's \\password has made");
        return Derive(prepared, salt, iterations);
    }

    private static ScramVerifier Derive(string prepared, ReadOnlySpan<byte> salt, int iterations)
    {
        byte[] salted = Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(prepared), salt, iterations, HashAlgorithmName.SHA256, 32);
        byte[] storedKey = SHA256.HashData(HMACSHA256.HashData(salted, "Client Key"u8));
        byte[] serverKey = HMACSHA256.HashData(salted, "Server Key"u8);
        CryptographicOperations.ZeroMemory(salted);
        return new ScramVerifier(iterations, salt.ToArray(), storedKey, serverKey);
    }

    /// <summary>True when this is the verifier of a password. Takes as long whether it is or not.</summary>
    public bool Fits(string password) => CryptographicOperations.FixedTimeEquals(
        Derive(ScramPreparation.Prepare(password) ?? password, Salt, Iterations).StoredKey, StoredKey);

    /// <summary>
    /// A verifier for a user who is not there: the same for the same name, so that nobody can tell by asking twice, and fitting no password.
    /// </summary>
    public static ScramVerifier OfNobody(string name, ReadOnlySpan<byte> secret)
    {
        byte[] seed = HMACSHA256.HashData(secret, Encoding.UTF8.GetBytes(name));
        return new ScramVerifier(IterationsDefault, seed[..16], HMACSHA256.HashData(seed, "stored"u8), HMACSHA256.HashData(seed, "server"u8));
    }

    /// <summary>Reads <c>SCRAM-SHA-256$iterations:salt$stored:server</c>; null when it is something else.</summary>
    public static ScramVerifier? Parse(string text)
    {
        string[] parts = text.Split('$', ':');
        try
        {
            return parts.Length == 5 && parts[0] == Scheme && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int iterations)
                && iterations is >= 1 and <= IterationsMax && Convert.FromBase64String(parts[3]) is { Length: 32 } stored && Convert.FromBase64String(parts[4]) is { Length: 32 } server
                ? new ScramVerifier(iterations, Convert.FromBase64String(parts[2]), stored, server)
                : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Scheme}${Iterations}:{Convert.ToBase64String(Salt)}${Convert.ToBase64String(StoredKey)}:{Convert.ToBase64String(ServerKey)}");
}
