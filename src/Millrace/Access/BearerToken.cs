// Bearer tokens: 256 random bits, of which only the hash is kept.
using System.Security.Cryptography;
using System.Text;
using Millrace.Sql;

namespace Millrace.Access;

/// <summary>A token that was found good.</summary>
/// <param name="Name">Its name.</param>
/// <param name="User">Whose permissions it carries.</param>
/// <param name="Rate">Requests a second that it allows; null for any number.</param>
/// <param name="Id">Its number in the catalog, which no other object ever gets.</param>
public sealed record TokenGrant(string Name, string User, int? Rate, int Id);

/// <summary>Makes tokens and their hashes.</summary>
public static class BearerToken
{
    private const string Prefix = "mr_";

    /// <summary>The token that some random bytes make.</summary>
    public static string Of(ReadOnlySpan<byte> random) => Prefix + Convert.ToBase64String(random).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    /// <summary>What is kept of a token. Tokens are random, so nothing slower than a hash is needed.</summary>
    public static string Hash(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));

    /// <summary>
    /// The tokens of a catalog by their hashes. How long a look takes may tell something of a hash, and a hash of 256 random bits tells nothing of the token.
    /// </summary>
    public static Dictionary<string, TokenGrant> All(CatalogSnapshot catalog)
    {
        var tokens = new Dictionary<string, TokenGrant>(StringComparer.Ordinal);
        foreach (CatalogObject o in catalog.Beside.Where(o => o.Kind == ObjectKind.Token))
        {
            if (catalog.Find(o.DependsOn[0]) is { } user)
            {
                tokens[o.Options[AccessOptions.Hash]] = new TokenGrant(o.Name, user.Name, AccessOptions.RateOf(o), o.Id);
            }
        }

        return tokens;
    }
}
