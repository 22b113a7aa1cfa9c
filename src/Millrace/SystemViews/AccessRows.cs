// Users and tokens as rows: names and permissions, nothing of their secrets.
using System.Globalization;
using Millrace.Access;
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>Rows about who may do what.</summary>
internal static class AccessRows
{
    /// <summary>Every role: the one that owns the objects, and the users.</summary>
    public static IEnumerable<(string Name, bool Superuser, bool Login, int Oid)> Roles(SystemContext context)
    {
        CatalogObject? owner = context.Catalog.Find(ObjectKind.User, SystemContext.Owner);
        yield return (SystemContext.Owner, owner is null || AccessOptions.IsSuperuser(owner), owner is not null || !context.Catalog.HasUsers, Oids.Role);
        foreach (CatalogObject user in Of(context, ObjectKind.User).Where(u => u != owner).OrderBy(o => o.Id))
        {
            yield return (user.Name, AccessOptions.IsSuperuser(user), true, Oids.Of(user));
        }
    }

    /// <summary>A role's name by its oid; null when there is none.</summary>
    public static string? RoleName(SystemContext context, int oid) => Roles(context).Where(r => r.Oid == oid).Select(r => r.Name).FirstOrDefault();

    /// <summary>Whether whoever asks may see everything; so may everybody as long as there are no users.</summary>
    public static bool IsSuperuser(SystemContext context) =>
        context.Session.User is not { } name || (Principal.Of(context.Catalog, name)?.IsSuperuser ?? name == SystemContext.Owner);

    /// <summary>Whether a role holds one of the privileges of a list; a null role is whoever asks.</summary>
    public static bool Holds(SystemContext context, string? role, int relation, string privileges)
    {
        string? name = role ?? context.Session.User;
        if (name is null || name == SystemContext.Owner && context.Catalog.Find(ObjectKind.User, name) is null)
        {
            return true;
        }

        Principal who = Principal.Of(context.Catalog, name) ?? throw new SqlException("42704", $"role \"{name}\" does not exist");
        return context.ByOid(relation) is { } o && privileges.Split(',', StringSplitOptions.TrimEntries).Any(p => p.ToUpperInvariant() switch
        {
            "SELECT" => who.CanRead(o),
            "INSERT" or "UPDATE" or "DELETE" or "TRUNCATE" => who.CanWrite(o),
            _ => who.IsSuperuser,
        });
    }

    /// <summary>Who may do what with a relation, one privilege a row: the owner of everything first, then users by name.</summary>
    public static IEnumerable<(string Grantee, string Privilege)> Privileges(SystemContext context, CatalogObject relation)
    {
        string[] all = relation.Kind switch
        {
            ObjectKind.Table => ["INSERT", "SELECT", "UPDATE", "DELETE", "TRUNCATE"],
            ObjectKind.Stream => ["INSERT", "SELECT", "TRUNCATE"],
            _ => ["SELECT"],
        };
        string[] users = [.. Of(context, ObjectKind.User).Select(u => u.Name).Where(n => n != SystemContext.Owner).Order(StringComparer.Ordinal)];
        return users.Prepend(SystemContext.Owner)
            .SelectMany(user => all.Where(p => Holds(context, user, Oids.Of(relation), p)).Select(p => (user, p)));
    }

    /// <summary>millrace.users.</summary>
    public static void Users(SystemContext context, RelationRows rows)
    {
        foreach (CatalogObject user in Of(context, ObjectKind.User).OrderBy(o => o.Name, StringComparer.Ordinal))
        {
            rows.Add(
                ("name", user.Name),
                ("superuser", AccessOptions.IsSuperuser(user)),
                ("has_password", user.Options.ContainsKey(AccessOptions.Verifier)),
                ("grants", user.Options.Keys.Select(k => Grant(k, context.Catalog)).OfType<string>().Order(StringComparer.Ordinal).ToArray()));
        }
    }

    /// <summary>millrace.tokens.</summary>
    public static void Tokens(SystemContext context, RelationRows rows)
    {
        foreach (CatalogObject token in Of(context, ObjectKind.Token).OrderBy(o => o.Name, StringComparer.Ordinal))
        {
            rows.Add(
                ("name", token.Name),
                ("user_name", context.Catalog.Find(token.DependsOn[0])?.Name ?? ""),
                ("rate", AccessOptions.RateOf(token)));
        }
    }

    private static IEnumerable<CatalogObject> Of(SystemContext context, ObjectKind kind) => context.Catalog.Beside.Where(o => o.Kind == kind);

    private static string? Grant(string option, CatalogSnapshot catalog)
    {
        string verb = option.StartsWith(AccessOptions.Read, StringComparison.Ordinal) ? "SELECT" : option.StartsWith(AccessOptions.Write, StringComparison.Ordinal) ? "INSERT" : "";
        return verb.Length == 0 ? null : option[2..] switch
        {
            AccessOptions.AllRelations => verb + " ON ALL TABLES",
            AccessOptions.AllEndpoints => verb + " ON ALL ENDPOINTS",
            string all when all.StartsWith(AccessOptions.AllOfSchema, StringComparison.Ordinal) => $"{verb} ON ALL TABLES IN SCHEMA {all[AccessOptions.AllOfSchema.Length..]}",
            string id => catalog.Find(int.Parse(id, CultureInfo.InvariantCulture)) is { } o ? $"{verb} ON {(o.Kind == ObjectKind.Endpoint ? "ENDPOINT " : "")}{o.FullName}" : null,
        };
    }
}
