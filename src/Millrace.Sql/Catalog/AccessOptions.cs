// How a user's and a token's entry in the catalog says what they are and may do. Persisted words: never change one.
using System.Globalization;

namespace Millrace.Sql;

/// <summary>Keys of <see cref="CatalogObject.Options"/> of users and tokens.</summary>
public static class AccessOptions
{
    /// <summary>A user's SCRAM verifier.</summary>
    public const string Verifier = "verifier";

    /// <summary>A user who may do everything.</summary>
    public const string Superuser = "superuser";

    /// <summary>A token's SHA-256, in hexadecimal.</summary>
    public const string Hash = "hash";

    /// <summary>Requests a second that a token allows.</summary>
    public const string Rate = "rate";

    /// <summary>May read; an object's id, or one of the words for all, follows.</summary>
    public const string Read = "r:";

    /// <summary>May insert, update, delete; an object's id, or one of the words for all, follows.</summary>
    public const string Write = "w:";

    /// <summary>Every stream, table and view, those to come among them.</summary>
    public const string AllRelations = "relations";

    /// <summary>Every endpoint, those to come among them.</summary>
    public const string AllEndpoints = "endpoints";

    /// <summary>Every stream, table and view of a schema, those to come among them; the schema's name follows.</summary>
    public const string AllOfSchema = "in:";

    /// <summary>The key that says that a privilege is held on one object.</summary>
    public static string Key(string privilege, int id) => privilege + id.ToString(CultureInfo.InvariantCulture);

    /// <summary>True for a user who may do everything.</summary>
    public static bool IsSuperuser(CatalogObject user) => user.Options.ContainsKey(Superuser);

    /// <summary>Requests a second that a token allows; null for any number.</summary>
    public static int? RateOf(CatalogObject token) => token.Options.TryGetValue(Rate, out string? rate) ? int.Parse(rate, CultureInfo.InvariantCulture) : null;
}
