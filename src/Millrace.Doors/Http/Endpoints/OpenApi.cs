// GET /openapi.json: the endpoints of this moment, described for machines (OpenAPI 3.1).
using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Millrace.Core;
using Millrace.Doors.Formats;
using Millrace.Formats;
using Millrace.Doors.Http.Access;
using Millrace.Sql;

namespace Millrace.Doors.Http.Endpoints;

/// <summary>Describes every endpoint: parameters with types and defaults, rows, events, errors.</summary>
internal sealed class OpenApi(HttpBackend database)
{
    // What may be said about the answer, besides the endpoint's own parameters.
    private static readonly string[] Wishes = ["format", "ifNoneMatch", "mode", "minInterval", "slow", "snapshot", "since", "lastEventId"];

    private volatile Made? _made;

    /// <summary>Answers with the description; it is made anew when the catalog has changed, and for each holder of a token for some endpoints alone.</summary>
    public async Task Handle(HttpContext context)
    {
        CatalogSnapshot catalog = database.Catalog();
        TokenScope? scope = Caller.Of(context).Scope;
        Made? made = _made;
        if (scope?.Endpoints is not null)
        {
            made = new Made(catalog.Version, Describe(catalog, scope));
        }
        else if (made is null || made.Version != catalog.Version)
        {
            _made = made = new Made(catalog.Version, Describe(catalog, null));
        }

        context.Response.ContentType = "application/json";
        context.Response.ContentLength = made.Body.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.BodyWriter.WriteAsync(made.Body, context.RequestAborted);
        }
    }

    private sealed record Made(long Version, byte[] Body);

    /// <summary>The endpoints that a caller may know of, by name.</summary>
    public static CatalogObject[] Endpoints(CatalogSnapshot catalog, TokenScope? scope) =>
        [.. catalog.Beside.Where(o => o.Kind == ObjectKind.Endpoint && scope?.Allows(o.Name) != false).OrderBy(o => o.Name, StringComparer.Ordinal)];

    private static byte[] Describe(CatalogSnapshot catalog, TokenScope? scope)
    {
        CatalogObject[] endpoints = Endpoints(catalog, scope);
        var buffer = new ArrayBufferWriter<byte>(4096);
        using var to = new Utf8JsonWriter(buffer, JsonWrite.Options);
        to.WriteStartObject();
        to.WriteString("openapi"u8, "3.1.0");
        to.WriteStartObject("info"u8);
        to.WriteString("title"u8, "Millrace endpoints");
        to.WriteString("version"u8, catalog.Version.ToString(System.Globalization.CultureInfo.InvariantCulture));
        to.WriteString("description"u8, "Each endpoint answers as JSON, NDJSON or CSV, and with Accept: text/event-stream as a live feed of the same query.");
        to.WriteEndObject();
        to.WriteRawValueProperty("servers", """[{"url":"/","description":"This server."}]""");
        // Nobody has to log in before there are users; from then on everybody has to.
        to.WriteRawValueProperty("security", """[{"token":[]},{"password":[]},{"ticket":[]},{}]""");
        to.WriteStartObject("paths"u8);
        foreach (CatalogObject o in endpoints)
        {
            WritePath(to, o);
        }

        to.WriteEndObject();
        to.WriteStartObject("components"u8);
        to.WriteStartObject("schemas"u8);
        foreach (CatalogObject o in endpoints)
        {
            OpenApiSchemas.WriteOf(to, o);
        }

        OpenApiSchemas.WriteCommon(to);
        to.WriteEndObject();
        to.WriteRawValueProperty("parameters", OpenApiSchemas.Parameters);
        to.WriteRawValueProperty("securitySchemes", """
            {"token":{"type":"http","scheme":"bearer","description":"A token of CREATE TOKEN, or a signed one."},"password":{"type":"http","scheme":"basic"},
             "ticket":{"type":"apiKey","in":"query","name":"ticket","description":"From POST /v1/tickets: for one address, once, within 30 s."}}
            """);
        to.WriteEndObject();
        to.WriteEndObject();
        to.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static void WritePath(Utf8JsonWriter to, CatalogObject o)
    {
        to.WriteStartObject("/v1/endpoints/" + Uri.EscapeDataString(o.Name));
        to.WriteStartObject("get"u8);
        to.WriteString("operationId"u8, o.Name);
        to.WriteString("summary"u8, "Endpoint " + o.Name);
        to.WriteString("description"u8, o.Query);
        to.WriteStartArray("parameters"u8);
        foreach (EndpointParameter p in o.Parameters)
        {
            to.WriteStartObject();
            to.WriteString("name"u8, p.Name);
            to.WriteString("in"u8, "query");
            to.WriteBoolean("required"u8, p.Default is null);
            to.WriteStartObject("schema"u8);
            OpenApiSchemas.WriteType(to, p.Type, parameter: true, nullable: false);
            if (EndpointRoutes.Text(p.Default) is { } text)
            {
                WriteValue(to, "default", p.Type, text);
            }

            to.WriteEndObject();
            WriteValue(to, "example", p.Type, PublishedQuery.Example(p)[(p.Name.Length + 1)..]);
            to.WriteEndObject();
        }

        foreach (string wish in Wishes)
        {
            to.WriteRawValue("{\"$ref\":\"#/components/parameters/" + wish + "\"}");
        }

        to.WriteEndArray();
        to.WriteStartObject("responses"u8);
        to.WriteStartObject("200"u8);
        to.WriteString("description"u8, "The rows as of the newest epoch, or the feed.");
        to.WriteRawValueProperty("headers", """{"ETag":{"description":"Changes when the rows may have; not there for what tells the time.","schema":{"type":"string"}}}""");
        string name = OpenApiSchemas.NameOf(o);
        to.WriteStartObject("content"u8);
        to.WriteRawValueProperty("application/json", Ref(name + ".Answer"));
        to.WriteRawValueProperty("application/x-ndjson", """{"schema":{"type":"string","description":"A row a line, as in the property data of application/json."}}""");
        to.WriteRawValueProperty("text/csv", """{"schema":{"type":"string","description":"A line of names, then a row a line."}}""");
        to.WriteRawValueProperty("text/event-stream", Ref(name + ".Event"));
        to.WriteEndObject();
        to.WriteEndObject();
        to.WriteRawValueProperty("304", """{"description":"Nothing has changed since the ETag in If-None-Match."}""");
        foreach ((string status, string meaning) in Errors)
        {
            to.WriteStartObject(status);
            to.WriteString("description"u8, meaning);
            to.WriteRawValueProperty("content", """{"application/problem+json":{"schema":{"$ref":"#/components/schemas/Problem"}}}""");
            to.WriteEndObject();
        }

        to.WriteEndObject();
        to.WriteEndObject();
        to.WriteEndObject();
    }

    private static readonly (string Status, string Meaning)[] Errors =
    [
        ("400", "A parameter is unknown, missing or not of its type."), ("401", "A token is needed."), ("403", "The token may not read this endpoint."),
        ("404", "There is no such endpoint."), ("406", "None of the types in Accept can be given."), ("429", "Too many requests; Retry-After says when to come back."),
    ];

    private static string Ref(string schema) => "{\"schema\":{\"$ref\":\"#/components/schemas/" + schema + "\"}}";

    // In the form that the schema asks for: a number for numbers, so that who checks a default against its type finds nothing.
    private static void WriteValue(Utf8JsonWriter to, string member, SqlType type, string text)
    {
        switch (OpenApiSchemas.TypeOf(type, parameter: true).Name)
        {
            case "boolean": to.WriteBoolean(member, text is "t" or "true"); break;
            case "integer" or "number" when double.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out double number) && double.IsFinite(number):
                to.WriteRawValueProperty(member, text);
                break;
            default: to.WriteString(member, text); break;
        }
    }
}

/// <summary>Ready JSON as a member.</summary>
internal static class RawMembers
{
    /// <summary>Writes <c>"name": json</c>.</summary>
    public static void WriteRawValueProperty(this Utf8JsonWriter to, string name, string json)
    {
        to.WritePropertyName(name);
        to.WriteRawValue(json);
    }
}
