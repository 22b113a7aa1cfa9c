// Who is let in on the HTTP door, and as whom.
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Millrace.Access;
using Millrace.Core;
using Millrace.Doors.Access;

namespace Millrace.Doors.Http.Access;

/// <summary>
/// Once there is somebody to log in as, asks for a bearer token or a user's password on everything but health and the dashboard's own files. A page that cannot
/// set headers (EventSource, WebSocket) gets a ticket with its token first: it opens one address, once, within half a minute, so that no lasting secret stands
/// in an address. What clients of InfluxDB send is understood on its addresses, where it stands.
/// </summary>
internal sealed class Gate(LoginRules rules, Tickets tickets, Func<HttpContext, bool> asks, HttpDoorOptions options, RequestDelegate next)
{
    private const int HeaderMax = 2048;
    private static readonly string[] Challenges = ["Bearer realm=\"millrace\"", "Basic realm=\"millrace\", charset=\"UTF-8\""];
    private readonly RateLimits _rates = new(options.Time);

    public async Task Invoke(HttpContext context)
    {
        if (IsOpen(context.Request.Path) || !asks(context))
        {
            await next(context);
            return;
        }

        Caller? caller;
        try
        {
            caller = await Find(context);
        }
        catch (SqlException e)
        {
            await Refuse(context, 503, "Too many log-ins", e.Message, e.Hint!);
            return;
        }

        if (caller is null)
        {
            if (context.Request.Headers.Authorization.Count > 0 || context.Request.Query.ContainsKey("p") || context.Request.Query.ContainsKey("ticket"))
            {
                rules.Failures.Add("HTTP", context.Connection.RemoteIpAddress);
            }

            context.Response.Headers.WWWAuthenticate = IsPage(context.Request) ? new(Challenges[0]) : new(Challenges);
            await (context.Request.Headers.Authorization.Count == 0 && context.Request.Query.ContainsKey("ticket")
                ? Refuse(context, 401, "Unauthorized", "the ticket is not good here: it is unknown, used, too old, for another address, or of a token or user that is gone",
                    "POST " + TicketEndpoint.Path + " {\"for\": \"/v1/…\"} gives one for a single GET of that address")
                : Refuse(context, 401, "Unauthorized", "a valid token, or a user and password, is needed",
                    "send Authorization: Bearer TOKEN (CREATE TOKEN name FOR user makes one), or user and password as Basic"));
            return;
        }

        context.Features.Set(caller);
        if (caller.Rate is { } rate && !_rates.TryTake(caller.Name, rate))
        {
            await Refuse(context, 429, "Too many requests", $"this token allows {rate} requests a second", "come back in a second");
            return;
        }

        if (caller.Scope?.EndpointsOnly == true && !IsForEndpoints(context.Request))
        {
            await Refuse(context, 403, "Forbidden", "this token is for endpoints alone", "GET /v1/endpoints lists those it is for");
            return;
        }

        await next(context);
    }

    private static bool IsForEndpoints(HttpRequest request) => HttpMethods.IsPost(request.Method) ? request.Path == TicketEndpoint.Path
        : request.Path.StartsWithSegments("/v1/endpoints", StringComparison.Ordinal) || request.Path.Value is "/v1/ws" or "/openapi.json" or "/v1/client.ts" or "/v1/client.cs";

    // Basic makes a browser open a window of its own. A page, the dashboard among them, asks its reader itself.
    private static bool IsPage(HttpRequest request) =>
        request.Headers.UserAgent.ToString().StartsWith("Mozilla/", StringComparison.Ordinal) && request.Headers["Sec-Fetch-Mode"] != "navigate";

    private static Task Refuse(HttpContext context, int status, string title, string detail, string hint) =>
        context.Request.Path == "/write" || context.Request.Path == "/api/v2/write"
            ? WriteEndpoint.WriteError(context, context.Request.Path != "/write", status, $"{title.ToLowerInvariant()}: {detail} ({hint})")
            : Problem.Write(context, status, title, detail, hint: hint);

    private async ValueTask<Caller?> Find(HttpContext context)
    {
        HttpRequest request = context.Request;
        if (request.Headers.Authorization.Count > 0)
        {
            return request.Headers.Authorization.Count == 1 && request.Headers.Authorization[0] is { Length: <= HeaderMax } header && Split(header, out string? user, out string secret)
                ? await Of(user, secret, context.RequestAborted)
                : null;
        }

        if (IsInflux(request.Path) && request.Query.TryGetValue("p", out var password) && password.Count == 1)
        {
            return await Of(request.Query["u"].ToString(), password[0]!, context.RequestAborted);
        }

        return HttpMethods.IsGet(request.Method) && request.Query.TryGetValue("ticket", out var ticket)
            && tickets.Redeem(ticket.ToString(), TicketAddress.Of(request)) is { } holder && rules.IsThere(holder.Id)
            ? holder
            : null;
    }

    // A secret is a token, or else the user's password: clients that know users and passwords alone carry a token in the password's place.
    private async ValueTask<Caller?> Of(string? user, string secret, CancellationToken cancellation)
    {
        if (secret.Length is 0 or > HeaderMax)
        {
            return null;
        }

        if (rules.IsAdmin(secret))
        {
            return new Caller("admin", null);
        }

        if (rules.Find(secret) is TokenGrant grant)
        {
            return new Caller(grant.Name, grant.User, grant.Rate, grant.Id);
        }

        if (rules.Security.WebTokens is { } key && WebToken.Of(secret, key, options.Time.GetUtcNow()) is { } signed)
        {
            // A user's tokens share his rate, one without a user has its own. What counts them has a name that no token of the catalog has.
            return signed.Subject is not { } subject
                ? new Caller("signed: " + Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(secret)))[..32], Caller.Nobody, signed.Rate, null, signed.Scope)
                : rules.IdOf(subject) is { } known ? new Caller("signed: " + subject, subject, signed.Rate, known, signed.Scope) : null;
        }

        return user is { Length: > 0 } && await rules.CheckAsync(user, secret, cancellation) && rules.IdOf(user) is { } id ? new Caller(user, user, Id: id) : null;
    }

    // Bearer TOKEN; Token TOKEN and Token USER:PASSWORD, as InfluxDB has them; Basic.
    private static bool Split(string header, out string? user, out string secret)
    {
        user = null;
        secret = "";
        int space = header.IndexOf(' ', StringComparison.Ordinal);
        string rest = space < 0 ? "" : header[(space + 1)..].Trim();
        switch (space < 0 ? "" : header[..space].ToLowerInvariant())
        {
            case "bearer":
                secret = rest;
                return true;
            case "token":
                return Pair(rest, ref user, ref secret) || (secret = rest).Length > 0;
            case "basic":
                byte[] bytes = new byte[rest.Length];
                return Convert.TryFromBase64String(rest, bytes, out int length) && Pair(Encoding.UTF8.GetString(bytes, 0, length), ref user, ref secret);
            default:
                return false;
        }
    }

    private static bool Pair(string text, ref string? user, ref string secret)
    {
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0)
        {
            return false;
        }

        (user, secret) = (text[..colon], text[(colon + 1)..]);
        return true;
    }

    private static bool IsInflux(PathString path) => path.Value is "/write" or "/api/v2/write" or "/query";

    private static bool IsOpen(PathString path) => path.Value is "/" or "/health" or "/livez" or "/readyz" or "/ready" or "/ping" || path.StartsWithSegments("/assets", StringComparison.Ordinal);
}
