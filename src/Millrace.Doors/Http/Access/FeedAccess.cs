// Whether somebody who follows may go on: looked at again whenever the catalog has changed, and when a token's time is over.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Doors.Http.Access;

/// <summary>The permission of one open feed.</summary>
/// <param name="catalog">The newest catalog.</param>
/// <param name="caller">Who follows.</param>
/// <param name="time">The clock.</param>
/// <param name="check">Throws 42501 or 28000 when what is followed may not be read any more.</param>
internal sealed class FeedAccess(Func<CatalogSnapshot> catalog, Caller caller, TimeProvider time, Action<CatalogSnapshot> check)
{
    private long _seen = -1;

    /// <summary>How long nobody has to look again on account of the clock.</summary>
    public TimeSpan? Left => caller.Scope is { } scope ? scope.Expires - time.GetUtcNow() : null;

    /// <summary>Why whoever opened the connection is nobody any more; null as long as he is somebody.</summary>
    public string? Gone() => Left is { Ticks: <= 0 } ? "the token has expired"
        : caller.Id is { } id && catalog().Find(id) is null ? "the token or user that opened this feed is gone" : null;

    /// <summary>Why the feed has to end; null as long as it may go on.</summary>
    public string? Over()
    {
        CatalogSnapshot now = catalog();
        if (now.Version == _seen && Left is not { Ticks: <= 0 })
        {
            return null;
        }

        if (Gone() is { } gone)
        {
            return gone;
        }

        try
        {
            check(now);
        }
        catch (SqlException e) when (e.SqlState is "42501" or "28000")
        {
            return e.Message;
        }
        catch (SqlException)
        {
            // Dropped or changed: the feed ends by itself, with its own reason.
        }

        _seen = now.Version;
        return null;
    }
}
