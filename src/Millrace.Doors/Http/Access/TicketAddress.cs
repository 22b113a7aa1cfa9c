// The address that a ticket opens, in a form of fixed size that two ways of writing the same address share.
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace Millrace.Doors.Http.Access;

/// <summary>
/// A path and its parameters, without the ticket: what a page writes into "for" and what its browser then sends may differ in how they escape, and in the
/// order of the parameters.
/// </summary>
internal readonly record struct TicketAddress
{
    /// <summary>How long an address may be, as a request's line may be.</summary>
    public const int CharactersMax = 8 << 10;

    private const string Parameter = "ticket";

    private TicketAddress(string hash) => Hash = hash;

    private string Hash { get; }

    /// <summary>The address of a request.</summary>
    public static TicketAddress Of(HttpRequest request) => Of(request.Path.Value ?? "", request.QueryString.Value ?? "");

    /// <summary>The address that a ticket is asked for; null when it is none on this server.</summary>
    public static TicketAddress? Parse(string text)
    {
        if (text.Length > CharactersMax || !text.StartsWith('/') || text.StartsWith("//", StringComparison.Ordinal))
        {
            return null;
        }

        int query = text.IndexOf('?', StringComparison.Ordinal);
        string path = query < 0 ? text : text[..query];

        // The server leaves an escaped slash in a path as it is, and nothing else.
        return Of(Uri.UnescapeDataString(path.Replace("%2F", "%252F", StringComparison.Ordinal).Replace("%2f", "%252f", StringComparison.Ordinal)), query < 0 ? "" : text[query..]);
    }

    private static TicketAddress Of(string path, string query)
    {
        var parameters = new List<(string Name, string Value)>();
        foreach (QueryStringEnumerable.EncodedNameValuePair pair in new QueryStringEnumerable(query))
        {
            string name = pair.DecodeName().ToString();
            if (!name.Equals(Parameter, StringComparison.OrdinalIgnoreCase))
            {
                parameters.Add((name, pair.DecodeValue().ToString()));
            }
        }

        // The order of names says nothing, that of one name's values does; and names are one whatever their case.
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Add(path);
        foreach ((string name, string value) in parameters.OrderBy(p => p.Name, StringComparer.OrdinalIgnoreCase))
        {
            Add(name);
            Add(value);
        }

        return new TicketAddress(Convert.ToHexStringLower(hash.GetHashAndReset()));

        void Add(string part)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(part);
            Span<byte> length = stackalloc byte[4];
            BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
            hash.AppendData(length);
            hash.AppendData(bytes);
        }
    }
}
