// The HTTP door's gate: which names we answer to, which pages may use us, and what every answer says to browsers.
using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Millrace.Doors.Http;

/// <summary>
/// The database listens on the user's own machine, where every web page in the user's browser can reach it. So: a Host that is not ours is refused (DNS
/// rebinding), an API request from a page of another site is refused whatever its method and content type (a text/plain POST needs no preflight), no
/// answer allows another origin to read it, and nothing is framed or sniffed.
/// </summary>
internal sealed class Safety(HttpDoorOptions options, RequestDelegate next)
{
    private readonly HashSet<string> _hosts =
        new(["localhost", "127.0.0.1", "[::1]", .. options.AllowedHosts.Select(h => h.Trim().ToLowerInvariant())], StringComparer.Ordinal);

    private readonly Cors _cors = new(options.AllowedOrigins);

    public Task Invoke(HttpContext context)
    {
        IHeaderDictionary headers = context.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'";
        headers.CacheControl = "no-store";

        if (!HostIsOurs(context))
        {
            return Problem.Write(context, 403, "Host not allowed", "the Host header names a server that this one is not", hint:
                "use localhost or 127.0.0.1, or add the name to the allowed hosts (--http-hosts, MILLRACE_HTTP_HOSTS)");
        }

        // Pages may be linked to from anywhere; everything that reads or changes data may not be used by another site's page.
        bool page = HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method);
        if ((!page || context.Request.Path.StartsWithSegments("/v1") || context.Request.Path.StartsWithSegments("/query")
            || context.Request.Path == "/openapi.json") && !OriginIsOurs(context))
        {
            return Problem.Write(context, 403, "Origin not allowed", "a page of another site may not use this server", hint:
                "add its origin to the allowed origins (--http-origins, MILLRACE_HTTP_ORIGINS) if it is yours");
        }

        if (HttpMethods.IsOptions(context.Request.Method) && headers.AccessControlAllowOrigin.Count == 1)
        {
            Cors.Preflight(context.Response);
            return Task.CompletedTask;
        }

        return next(context);
    }

    private bool HostIsOurs(HttpContext context)
    {
        StringValues host = context.Request.Headers.Host;
        if (host.Count != 1 || !TrySplit(host[0], out string name))
        {
            return false;
        }

        // An address cannot be rebound: whoever names the one the connection came in on means this server.
        return _hosts.Contains(name)
            || (IPAddress.TryParse(name.Trim('[', ']'), out IPAddress? address) && address.ToString() == name.Trim('[', ']') && context.Connection.LocalIpAddress is { } local
                && (address.Equals(local) || (local.IsIPv4MappedToIPv6 && address.Equals(local.MapToIPv4()))));
    }

    private static bool TrySplit(string? host, out string name)
    {
        name = "";
        if (string.IsNullOrEmpty(host))
        {
            return false;
        }

        int colon = host[0] == '[' ? host.IndexOf(':', Math.Max(host.IndexOf(']'), 0)) : host.IndexOf(':');
        if (colon >= 0 && !ushort.TryParse(host.AsSpan(colon + 1), System.Globalization.NumberStyles.None, null, out _))
        {
            return false;
        }

        name = (colon < 0 ? host : host[..colon]).ToLowerInvariant();
        return true;
    }

    private bool OriginIsOurs(HttpContext context)
    {
        HttpRequest request = context.Request;
        if (request.Headers.TryGetValue("Origin", out StringValues origin))
        {
            if (origin.Count != 1 || origin[0] is not { Length: > 0 } from)
            {
                return false;
            }

            from = from.ToLowerInvariant();
            if (from == $"{request.Scheme}://{request.Headers.Host}".ToLowerInvariant())
            {
                return true;
            }

            if (!_cors.Allows(from, request))
            {
                return false;
            }

            Cors.Tell(context.Response, from);
            return true;
        }

        return !request.Headers.TryGetValue("Sec-Fetch-Site", out StringValues site) || (site.Count == 1 && site[0] is "same-origin" or "none");
    }
}
