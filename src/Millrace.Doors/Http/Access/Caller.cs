// Who makes a request on the HTTP door, and what he may do.
using Microsoft.AspNetCore.Http;
using Millrace.Access;
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Doors.Http.Access;

/// <summary>Who makes a request.</summary>
/// <param name="Name">The token's name, or the user's.</param>
/// <param name="User">Whose permissions count; null for whoever is trusted with everything.</param>
/// <param name="Rate">Requests a second; null for any number.</param>
/// <param name="Id">The catalog's number of the token, or else of the user; null for who is in no catalog.</param>
internal sealed record Caller(string Name, string? User, int? Rate = null, int? Id = null)
{
    private static readonly Caller Trusted = new("", null);

    /// <summary>The caller of a request; where nobody has to log in everybody is trusted.</summary>
    public static Caller Of(HttpContext context) => context.Features.Get<Caller>() ?? Trusted;

    /// <summary>A session with the caller's permissions.</summary>
    public static Session NewSession(HttpContext context, HttpBackend database)
    {
        Session session = database.NewSession();
        session.User = Of(context).User;
        return session;
    }

    /// <summary>Checks that an object may be read.</summary>
    /// <exception cref="SqlException">42501: it may not.</exception>
    public void RequireRead(CatalogSnapshot catalog, CatalogObject o)
    {
        if (User is not null && Principal.Of(catalog, User)?.CanRead(o) != true)
        {
            throw Principal.Denied(o);
        }
    }

    /// <summary>Checks that an object may be written to.</summary>
    /// <exception cref="SqlException">42501: it may not.</exception>
    public void RequireWrite(CatalogSnapshot catalog, CatalogObject o)
    {
        if (User is not null && Principal.Of(catalog, User)?.CanWrite(o) != true)
        {
            throw Principal.Denied(o);
        }
    }

    /// <summary>Checks that streams may be made and widened by writing to them.</summary>
    /// <exception cref="SqlException">42501: they may not.</exception>
    public void RequireMake(CatalogSnapshot catalog, string name)
    {
        if (User is not null && Principal.Of(catalog, User)?.CanWriteAll != true)
        {
            throw new SqlException("42501", $"permission denied to make or widen stream {name}", hint: "a superuser can make it, or GRANT INSERT ON ALL TABLES");
        }
    }
}
