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
/// <param name="Scope">To what a signed token confines him; null for any other.</param>
internal sealed record Caller(string Name, string? User, int? Rate = null, int? Id = null, TokenScope? Scope = null)
{
    /// <summary>The user of who comes with a signed token that names none: nobody of this name can be made, so all that asks for a user's permission is refused.</summary>
    public const string Nobody = "";

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

    /// <summary>Checks that an endpoint may be used.</summary>
    /// <exception cref="SqlException">42501: it may not.</exception>
    public void RequireEndpoint(CatalogSnapshot catalog, CatalogObject endpoint)
    {
        if (Scope?.Allows(endpoint.Name) == false)
        {
            throw Principal.Denied(endpoint);
        }

        if (User != Nobody)
        {
            RequireRead(catalog, endpoint);
        }
    }

    /// <summary>Checks that a query of the caller's own may be run.</summary>
    /// <exception cref="SqlException">42501: it may not.</exception>
    public void RequireQueries()
    {
        if (Scope?.EndpointsOnly == true)
        {
            throw new SqlException("42501", "this token is for endpoints alone", hint: "GET /v1/endpoints lists those it is for");
        }
    }

    /// <summary>What was given for an endpoint, with what the token has decided.</summary>
    /// <exception cref="SqlException">42501: the endpoint lacks such a parameter, so that it would give what was not meant.</exception>
    /// <exception cref="ArgumentRefusedException">Something else was given for it.</exception>
    public IEnumerable<KeyValuePair<string, string>> Decide(PublishedQuery query, IEnumerable<KeyValuePair<string, string>> given)
    {
        if (Scope is not { Parameters: { Count: > 0 } decided })
        {
            return given;
        }

        var all = given.ToList();
        foreach ((string name, string value) in decided)
        {
            if (query.Parameters.All(p => p.Name != name))
            {
                throw new SqlException("42501", $"this token decides the parameter {name}, which endpoint {query.Name} does not have");
            }

            if (all.Exists(p => p.Key == name && p.Value != value))
            {
                throw new ArgumentRefusedException(name, new SqlException("42501", "is decided by the token"), "leave it out");
            }

            all.RemoveAll(p => p.Key == name);
            all.Add(KeyValuePair.Create(name, value));
        }

        return all;
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
