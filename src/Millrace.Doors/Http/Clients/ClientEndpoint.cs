// GET /v1/client.ts and /v1/client.cs: a program's half of the endpoints, typed by their definitions of this moment.
using System.Text;
using Microsoft.AspNetCore.Http;
using Millrace.Core;
using Millrace.Doors.Http.Access;
using Millrace.Doors.Http.Endpoints;
using Millrace.Sql;

namespace Millrace.Doors.Http.Clients;

/// <summary>Hands out generated clients.</summary>
internal sealed class ClientEndpoint(HttpBackend database)
{
    /// <summary>The client in TypeScript.</summary>
    public Task TypeScript(HttpContext context) => Write(context, "text/typescript; charset=utf-8", "millrace.ts", TypeScriptClient.Of);

    /// <summary>The client in C#.</summary>
    public Task CSharp(HttpContext context) => Write(context, "text/plain; charset=utf-8", "MillraceEndpoints.cs", CSharpClient.Of);

    private async Task Write(HttpContext context, string type, string file, Func<IReadOnlyList<CatalogObject>, long, string> make)
    {
        CatalogSnapshot catalog = database.Catalog();
        byte[] body = Encoding.UTF8.GetBytes(make(OpenApi.Endpoints(catalog, Caller.Of(context).Scope), catalog.Version));
        context.Response.ContentType = type;
        context.Response.ContentLength = body.Length;
        context.Response.Headers.ContentDisposition = $"inline; filename=\"{file}\"";
        context.Response.Headers.CacheControl = "no-cache";
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.BodyWriter.WriteAsync(body, context.RequestAborted);
        }
    }
}

/// <summary>Names of SQL as names of programs.</summary>
internal sealed class ClientNames
{
    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);

    /// <summary>A name such as <c>TopSellers</c> of <c>top_sellers</c>: letters and digits, and another one each time.</summary>
    public string Pascal(string name)
    {
        var text = new StringBuilder();
        bool start = true;
        foreach (char c in name)
        {
            if (char.IsAsciiLetterOrDigit(c))
            {
                text.Append(start ? char.ToUpperInvariant(c) : c);
            }

            start = !char.IsAsciiLetterOrDigit(c);
        }

        if (text.Length == 0 || char.IsAsciiDigit(text[0]))
        {
            text.Insert(0, '_');
        }

        string made = text.ToString();
        for (int i = 2; !_taken.Add(made); i++)
        {
            made = $"{text}_{i}";
        }

        return made;
    }
}
