// Serves the dashboard's embedded files at / and /assets/, compressed as they were built, under a policy that lets nothing else in.
using System.Collections.Frozen;
using System.IO.Compression;
using System.Reflection;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;

namespace Millrace.Doors.Dashboard;

/// <summary>The dashboard: one page and its assets, all inside this assembly.</summary>
public static class DashboardFiles
{
    private const string Prefix = "dashboard/";
    private const string Index = "index.html";

    /// <summary>
    /// What the page may do: load itself and talk to where it came from. No inline script or style, no frame around it, no form, no foreign origin.
    /// </summary>
    internal const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static readonly string[] Methods = ["GET", "HEAD"];

    /// <summary>Maps <c>/</c> and <c>/assets/*</c> to the embedded dashboard. A build made without Node answers with a page that says so.</summary>
    /// <param name="endpoints">The routes of the HTTP door.</param>
    /// <returns>The same routes.</returns>
    public static IEndpointRouteBuilder MapDashboard(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var files = Load(typeof(DashboardFiles).Assembly);
        endpoints.MapMethods("/", Methods, context => Send(context, files, Index));
        endpoints.MapMethods("/assets/{**path}", Methods, context => Send(context, files, "assets/" + context.GetRouteValue("path")));
        return endpoints;
    }

    /// <summary>Reads every embedded file once; the page is small and served from memory.</summary>
    internal static FrozenDictionary<string, DashboardFile> Load(Assembly assembly)
    {
        var files = new Dictionary<string, DashboardFile>(StringComparer.Ordinal);
        foreach (var name in assembly.GetManifestResourceNames())
        {
            if (!name.StartsWith(Prefix, StringComparison.Ordinal) || !name.EndsWith(".gz", StringComparison.Ordinal)) continue;
            var path = name[Prefix.Length..^".gz".Length];
            files[path] = new DashboardFile(path, Read(assembly, name), Read(assembly, Prefix + path + ".br"));
        }
        if (!files.ContainsKey(Index)) files[Index] = DashboardFile.FromPlain(Index, Read(assembly, Prefix + "missing.html"));
        return files.ToFrozenDictionary(StringComparer.Ordinal);
    }

    private static byte[] Read(Assembly assembly, string name)
    {
        using var stream = assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"BUG: resource {name} is not embedded");
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    private static async Task Send(HttpContext context, FrozenDictionary<string, DashboardFile> files, string path)
    {
        var response = context.Response;
        var headers = response.Headers;
        headers.ContentSecurityPolicy = ContentSecurityPolicy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers.XFrameOptions = "DENY";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        if (!files.TryGetValue(path, out var file))
        {
            response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }
        var (body, encoding) = file.Choose(context.Request.Headers.AcceptEncoding);
        var etag = file.ETag(encoding);
        headers.ETag = etag;
        headers.Vary = "Accept-Encoding";
        headers.CacheControl = file.Immutable ? "public, max-age=31536000, immutable" : "no-cache";
        if (Matches(context.Request.Headers.IfNoneMatch, etag))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }
        response.ContentType = file.ContentType;
        if (encoding is not null) headers.ContentEncoding = encoding;
        response.ContentLength = body.Length;
        if (HttpMethods.IsHead(context.Request.Method)) return;
        await response.Body.WriteAsync(body, context.RequestAborted);
    }

    private static bool Matches(IEnumerable<string?> ifNoneMatch, string etag)
    {
        foreach (var line in ifNoneMatch)
        {
            if (line is null) continue;
            foreach (var one in line.Split(','))
            {
                var tag = one.Trim();
                if (tag == "*" || tag == etag || (tag.StartsWith("W/", StringComparison.Ordinal) && tag[2..] == etag)) return true;
            }
        }
        return false;
    }
}

/// <summary>One file of the dashboard in the two forms it was built in.</summary>
internal sealed class DashboardFile(string path, byte[] gzip, byte[] brotli)
{
    private readonly string hash = Convert.ToHexStringLower(SHA256.HashData(gzip))[..16];

    public string ContentType { get; } = Path.GetExtension(path) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".svg" => "image/svg+xml",
        ".json" => "application/json",
        ".txt" => "text/plain; charset=utf-8",
        ".woff2" => "font/woff2",
        _ => "application/octet-stream",
    };

    /// <summary>The bundler puts a hash of the content in the names of scripts and styles: such a file never changes.</summary>
    public bool Immutable { get; } = path.StartsWith("assets/", StringComparison.Ordinal) && Path.GetExtension(path) is ".js" or ".css";

    public static DashboardFile FromPlain(string path, byte[] plain)
    {
        using var gzip = new MemoryStream();
        using (var stream = new GZipStream(gzip, CompressionLevel.Optimal, leaveOpen: true)) stream.Write(plain);
        using var brotli = new MemoryStream();
        using (var stream = new BrotliStream(brotli, CompressionLevel.Optimal, leaveOpen: true)) stream.Write(plain);
        return new DashboardFile(path, gzip.ToArray(), brotli.ToArray());
    }

    public string ETag(string? encoding) => encoding is null ? $"\"{hash}\"" : $"\"{hash}-{encoding}\"";

    /// <summary>The smallest form the client takes. Who takes none gets the plain bytes, unpacked for the occasion.</summary>
    public (byte[] Body, string? Encoding) Choose(IList<string?> acceptEncoding)
    {
        if (Accepts(acceptEncoding, "br")) return (brotli, "br");
        if (Accepts(acceptEncoding, "gzip")) return (gzip, "gzip");
        using var plain = new MemoryStream();
        using (var stream = new GZipStream(new MemoryStream(gzip), CompressionMode.Decompress)) stream.CopyTo(plain);
        return (plain.ToArray(), null);
    }

    private static bool Accepts(IList<string?> acceptEncoding, string encoding)
    {
        if (acceptEncoding.Count == 0 || !StringWithQualityHeaderValue.TryParseList([.. acceptEncoding.OfType<string>()], out var list)) return false;
        foreach (var item in list)
        {
            if (item.Value.Equals(encoding, StringComparison.OrdinalIgnoreCase)) return item.Quality is null or > 0;
        }
        return false;
    }
}
