// Which other sites' pages may read what is published here, as the browser asks it (Fetch standard, CORS protocol).
using Microsoft.AspNetCore.Http;

namespace Millrace.Doors.Http;

/// <summary>
/// Allowed origins, by configuration; none by default. An origin named in full may use the whole API; <c>*</c> opens the published endpoints alone, for
/// reading, to every page.
/// </summary>
internal sealed class Cors
{
    private const string Anyone = "*";
    private readonly HashSet<string> _origins;

    public Cors(IEnumerable<string> origins) =>
        _origins = new(origins.Select(o => o.Trim().TrimEnd('/').ToLowerInvariant()), StringComparer.Ordinal);

    /// <summary>True when a page of an origin may make this request.</summary>
    public bool Allows(string origin, HttpRequest request) => _origins.Contains(origin) || (_origins.Contains(Anyone) && IsPublished(request));

    /// <summary>Says in the answer that the page may read it.</summary>
    public static void Tell(HttpResponse response, string origin)
    {
        response.Headers.AccessControlAllowOrigin = origin;
        response.Headers.Vary = "Origin";
        response.Headers.AccessControlExposeHeaders = "ETag, Retry-After";
        response.Headers["Cross-Origin-Resource-Policy"] = "cross-origin";
    }

    /// <summary>Answers the question a browser asks before a request that is not simple.</summary>
    public static void Preflight(HttpResponse response)
    {
        response.StatusCode = StatusCodes.Status204NoContent;
        response.Headers.AccessControlAllowMethods = "GET, HEAD, POST";
        response.Headers.AccessControlAllowHeaders = "Authorization, Content-Type, If-None-Match, Last-Event-ID";
        response.Headers.AccessControlMaxAge = "600";
    }

    private static bool IsPublished(HttpRequest request) =>
        (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || HttpMethods.IsOptions(request.Method))
        && (request.Path.StartsWithSegments("/v1/endpoints") || request.Path == "/openapi.json");
}
