// Who asks, and what he may do.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Access;

/// <summary>A user as of one state of the catalog.</summary>
/// <param name="Name">The user's name.</param>
/// <param name="Entry">The user's entry in the catalog; null for whoever is trusted without one.</param>
public sealed record Principal(string Name, CatalogObject? Entry)
{
    /// <summary>May do everything.</summary>
    public bool IsSuperuser => Entry is null || AccessOptions.IsSuperuser(Entry);

    /// <summary>A user by name; null when there is none (any more).</summary>
    public static Principal? Of(CatalogSnapshot catalog, string name) => catalog.Find(ObjectKind.User, name) is { } entry ? new Principal(name, entry) : null;

    /// <summary>True when a session may do everything: its user does, or it is trusted without one.</summary>
    public static bool MayAll(CatalogSnapshot catalog, string? user) => user is null || Of(catalog, user)?.IsSuperuser == true;

    /// <summary>True when an object may be read. System relations may be.</summary>
    public bool CanRead(CatalogObject o) => o.Kind == ObjectKind.System || Has(AccessOptions.Read, o);

    /// <summary>True when rows of an object may be inserted, updated and deleted.</summary>
    public bool CanWrite(CatalogObject o) => Has(AccessOptions.Write, o);

    /// <summary>True when streams may be made and widened by writing to them, in public: the permission to write to all there will ever be.</summary>
    public bool CanWriteAll => IsSuperuser || Entry!.Options.ContainsKey(AccessOptions.Write + AccessOptions.AllRelations)
        || Entry.Options.ContainsKey(AccessOptions.Write + AccessOptions.AllOfSchema + "public");

    /// <summary>What is said to somebody who may not.</summary>
    public static SqlException Denied(CatalogObject o) => new("42501", $"permission denied for {(o.Kind == ObjectKind.Endpoint ? "endpoint" : "relation")} {o.FullName}",
        hint: "a superuser can GRANT it");

    private bool Has(string privilege, CatalogObject o) => IsSuperuser
        || Entry!.Options.ContainsKey(AccessOptions.Key(privilege, o.Id))
        || Entry.Options.ContainsKey(privilege + (o.Kind == ObjectKind.Endpoint ? AccessOptions.AllEndpoints : AccessOptions.AllRelations))
        || (o.Kind != ObjectKind.Endpoint && Entry.Options.ContainsKey(privilege + AccessOptions.AllOfSchema + o.Namespace));
}
