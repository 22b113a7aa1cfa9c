// The server's side of SCRAM-SHA-256 (RFC 5802, RFC 7677): pure, bytes in and bytes out.
using System.Security.Cryptography;
using System.Text;
using Millrace.Access;

namespace Millrace.Doors.Postgres;

/// <summary>
/// One log-in. The user's name is the start-up packet's; the one in the messages is passed over, as PostgreSQL does. Channel binding is not offered. A proof
/// is checked to the end whether or not there is such a user, so both take the same time and look the same.
/// </summary>
/// <param name="verifier">What is known of the password.</param>
/// <param name="serverNonce">Random printable text, of this log-in alone.</param>
internal sealed class ScramExchange(ScramVerifier verifier, string serverNonce)
{
    /// <summary>The only mechanism there is.</summary>
    public const string Mechanism = "SCRAM-SHA-256";

    private const int MessageMax = 4096;

    private string _header = "";
    private string _clientFirst = "";
    private string _serverFirst = "";
    private string _nonce = "";

    /// <summary>Answers the client's first message.</summary>
    /// <exception cref="ProtocolException">It is not one.</exception>
    public byte[] First(ReadOnlySpan<byte> message)
    {
        string text = Text(message);
        int a = text.IndexOf(',', StringComparison.Ordinal);
        int end = a < 0 ? -1 : text.IndexOf(',', a + 1);
        if (end < 0 || text[0] is not ('n' or 'y') || a != 1)
        {
            throw Bad(text.StartsWith('p') ? "channel binding is not offered" : "the first message has no GS2 header");
        }

        // An identity to act for is allowed by the RFC and refused here.
        if (end != 2)
        {
            throw Bad("authorization identities are not supported");
        }

        _header = text[..(end + 1)];
        _clientFirst = text[(end + 1)..];
        string[] attributes = _clientFirst.Split(',');
        if (attributes.Length < 2 || !attributes[0].StartsWith("n=", StringComparison.Ordinal) || !attributes[1].StartsWith("r=", StringComparison.Ordinal)
            || attributes[1].Length < 3 || attributes[1].AsSpan(2).ContainsAnyExceptInRange('!', '~'))
        {
            throw Bad("the first message has no user and nonce");
        }

        _nonce = attributes[1][2..] + serverNonce;
        _serverFirst = $"r={_nonce},s={Convert.ToBase64String(verifier.Salt)},i={verifier.Iterations.ToString(System.Globalization.CultureInfo.InvariantCulture)}";
        return Encoding.ASCII.GetBytes(_serverFirst);
    }

    /// <summary>Checks the client's final message; the server's signature, or null when the proof does not fit.</summary>
    /// <exception cref="ProtocolException">It is not one, or not one of this log-in.</exception>
    public byte[]? Final(ReadOnlySpan<byte> message)
    {
        string text = Text(message);
        int proofAt = text.LastIndexOf(",p=", StringComparison.Ordinal);
        string[] attributes = proofAt < 0 ? [] : text[..proofAt].Split(',');
        if (attributes.Length < 2 || attributes[0] != "c=" + Convert.ToBase64String(Encoding.ASCII.GetBytes(_header)) || attributes[1] != "r=" + _nonce)
        {
            throw Bad("the final message is not of this exchange");
        }

        Span<byte> proof = stackalloc byte[32];
        string given = text[(proofAt + 3)..];
        if (!Convert.TryFromBase64String(given, proof, out int length) || length != 32 || Convert.ToBase64String(proof) != given)
        {
            throw Bad("the proof is not 32 bytes of base64");
        }

        byte[] signed = Encoding.UTF8.GetBytes($"{_clientFirst},{_serverFirst},{text[..proofAt]}");
        byte[] signature = HMACSHA256.HashData(verifier.StoredKey, signed);
        for (int i = 0; i < proof.Length; i++)
        {
            proof[i] ^= signature[i];
        }

        bool fits = CryptographicOperations.FixedTimeEquals(SHA256.HashData(proof), verifier.StoredKey);
        byte[] answer = Encoding.ASCII.GetBytes("v=" + Convert.ToBase64String(HMACSHA256.HashData(verifier.ServerKey, signed)));
        return fits ? answer : null;
    }

    private static string Text(ReadOnlySpan<byte> message) => message.Length <= MessageMax && System.Text.Unicode.Utf8.IsValid(message) && message.Length > 0
        ? Encoding.UTF8.GetString(message)
        : throw Bad("a message is not text of reasonable length");

    private static ProtocolException Bad(string what) => new("malformed SCRAM message: " + what, "08P01");
}
