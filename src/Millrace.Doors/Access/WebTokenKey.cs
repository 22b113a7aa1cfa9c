// The key that signed tokens (JWT, RFC 7519) are checked with: a shared secret, or somebody's public key.
using System.Security.Cryptography;
using System.Text;

namespace Millrace.Doors;

/// <summary>Checks signatures. Which algorithm is right says the key, never the token.</summary>
public sealed class WebTokenKey
{
    private const int SecretBytesMin = 32;
    private const int RsaBitsMin = 2048;
    private readonly Func<byte[], byte[], bool> _fits;

    private WebTokenKey(string algorithm, Func<byte[], byte[], bool> fits) => (Algorithm, _fits) = (algorithm, fits);

    /// <summary>HS256, ES256 or RS256 (RFC 7518).</summary>
    public string Algorithm { get; }

    /// <summary>Reads a key from a file: a public key in PEM form (P-256, or RSA of at least 2,048 bits), or a secret of at least 32 bytes as it stands there.</summary>
    /// <exception cref="DoorException">There is no such key in it; the message names the file and nothing of what it holds.</exception>
    public static WebTokenKey Load(string file)
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DoorException($"the key of signed tokens cannot be read: {e.Message.TrimEnd('.')}", e);
        }

        string text = Encoding.UTF8.GetString(bytes);
        if (text.TrimStart().StartsWith("-----BEGIN", StringComparison.Ordinal))
        {
            return OfPem(text) ?? throw new DoorException($"{file} is not a public key in PEM form that is of use here: P-256, or RSA of at least {RsaBitsMin} bits");
        }

        // An editor's line end is not part of the secret.
        int length = bytes.Length;
        while (length > 0 && bytes[length - 1] is (byte)'\n' or (byte)'\r')
        {
            length--;
        }

        return length >= SecretBytesMin ? OfSecret(bytes[..length])
            : throw new DoorException($"{file} holds neither a public key in PEM form nor a secret of at least {SecretBytesMin} bytes");
    }

    /// <summary>A key that is shared with whoever makes the tokens: HS256.</summary>
    /// <param name="secret">At least 32 bytes.</param>
    public static WebTokenKey OfSecret(byte[] secret)
    {
        ArgumentNullException.ThrowIfNull(secret);
        ArgumentOutOfRangeException.ThrowIfLessThan(secret.Length, SecretBytesMin, nameof(secret));
        byte[] own = [.. secret];
        return new WebTokenKey("HS256", (signed, signature) => CryptographicOperations.FixedTimeEquals(HMACSHA256.HashData(own, signed), signature));
    }

    /// <summary>True when a signature is that of these bytes.</summary>
    internal bool Fits(byte[] signed, byte[] signature) => _fits(signed, signature);

    private static WebTokenKey? OfPem(string pem)
    {
        // Objects of the platform's keys are not made for many threads at once: each check makes its own from what was read.
        try
        {
            using var curve = ECDsa.Create();
            curve.ImportFromPem(pem);
            ECParameters point = curve.ExportParameters(includePrivateParameters: false);
            return point.Curve.Oid.Value != ECCurve.NamedCurves.nistP256.Oid.Value ? null : new WebTokenKey("ES256", (signed, signature) =>
            {
                using var key = ECDsa.Create(point);
                return key.VerifyData(signed, signature, HashAlgorithmName.SHA256);
            });
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            // No curve: perhaps RSA.
        }

        try
        {
            using var rsa = RSA.Create();
            rsa.ImportFromPem(pem);
            RSAParameters numbers = rsa.ExportParameters(includePrivateParameters: false);
            return rsa.KeySize < RsaBitsMin ? null : new WebTokenKey("RS256", (signed, signature) =>
            {
                using var key = RSA.Create(numbers);
                return key.VerifyData(signed, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
            });
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            return null;
        }
    }
}
