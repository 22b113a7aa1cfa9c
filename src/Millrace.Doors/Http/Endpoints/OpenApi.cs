// GET /openapi.json: the endpoints of this moment, described for machines (OpenAPI 3.1).
using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Millrace.Core;
using Millrace.Doors.Formats;
using Millrace.Sql;

namespace Millrace.Doors.Http.Endpoints;

/// <summary>Describes every endpoint: parameters with types and defaults, rows, events, errors.</summary>
internal sealed class OpenApi(HttpBackend database)
{
    private volatile Made? _made;

    /// <summary>Answers with the description; it is made anew when the catalog has changed.</summary>
    public async Task Handle(HttpContext context)
    {
        CatalogSnapshot catalog = database.Catalog();
        Made? made = _made;
        if (made is null || made.Version != catalog.Version)
        {
            _made = made = new Made(catalog.Version, Describe(catalog));
        }

        context.Response.ContentType = "application/json";
        context.Response.ContentLength = made.Body.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.BodyWriter.WriteAsync(made.Body, context.RequestAborted);
        }
    }

    private sealed record Made(long Version, byte[] Body);

    private static byte[] Describe(CatalogSnapshot catalog)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        using var to = new Utf8JsonWriter(buffer, JsonWrite.Options);
        to.WriteStartObject();
        to.WriteString("openapi"u8, "3.1.0");
        to.WriteStartObject("info"u8);
        to.WriteString("title"u8, "Millrace endpoints");
        to.WriteString("version"u8, catalog.Version.ToString(System.Globalization.CultureInfo.InvariantCulture));
        to.WriteString("description"u8, "Each endpoint answers as JSON, NDJSON or CSV, and with Accept: text/event-stream as a live feed of the same query.");
        to.WriteEndObject();
        to.WriteStartObject("paths"u8);
        foreach (CatalogObject o in catalog.Beside.Where(o => o.Kind == ObjectKind.Endpoint).OrderBy(o => o.Name, StringComparer.Ordinal))
        {
            WritePath(to, o);
        }

        to.WriteEndObject();
        to.WriteStartObject("components"u8);
        to.WriteStartObject("schemas"u8);
        to.WritePropertyName("Problem"u8);
        to.WriteRawValue("""
            {"type":"object","required":["title","status"],"properties":{"title":{"type":"string"},"detail":{"type":"string"},"status":{"type":"integer"},
             "parameter":{"type":"string"},"cause":{"type":"string"},"fix":{"type":"string"},"hint":{"type":"string"},"sqlstate":{"type":"string"}}}
            """);
        to.WriteEndObject();
        to.WriteStartObject("securitySchemes"u8);
        to.WritePropertyName("token"u8);
        to.WriteRawValue("""{"type":"http","scheme":"bearer"}""");
        to.WriteEndObject();
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
        to.WriteString("description"u8, o.Query);
        to.WriteStartArray("parameters"u8);
        foreach (EndpointParameter p in o.Parameters)
        {
            to.WriteStartObject();
            to.WriteString("name"u8, p.Name);
            to.WriteString("in"u8, "query");
            to.WriteBoolean("required"u8, p.Default is null);
            to.WriteStartObject("schema"u8);
            WriteType(to, p.Type, parameter: true, nullable: false);
            if (EndpointRoutes.Text(p.Default) is { } text)
            {
                to.WriteString("default"u8, text);
            }

            to.WriteEndObject();
            to.WriteString("example"u8, PublishedQuery.Example(p)[(p.Name.Length + 1)..]);
            to.WriteEndObject();
        }

        to.WriteRawValue("""
            {"name":"format","in":"query","required":false,"schema":{"type":"string","enum":["json","ndjson","csv","excel","events"]},
             "description":"What Accept says, for callers that cannot set headers."}
            """);
        to.WriteEndArray();
        to.WriteStartObject("responses"u8);
        to.WriteStartObject("200"u8);
        to.WriteString("description"u8, "The rows as of the newest epoch; the ETag changes when they may have.");
        to.WriteStartObject("content"u8);
        WriteJsonAnswer(to, o);
        to.WriteRawValueProperty("application/x-ndjson", """{"schema":{"type":"string"}}""");
        to.WriteRawValueProperty("text/csv", """{"schema":{"type":"string"}}""");
        to.WriteRawValueProperty("text/event-stream", """{"schema":{"type":"string","description":"events: schema, snapshot, delta, progress, gap, reset, error"}}""");
        to.WriteEndObject();
        to.WriteEndObject();
        to.WriteRawValueProperty("304", """{"description":"Nothing has changed since the ETag in If-None-Match."}""");
        foreach (string status in (string[])["400", "401", "403", "404", "429"])
        {
            to.WriteRawValueProperty(
                status, "{\"description\":\"" + Meaning(status) + "\",\"content\":{\"application/problem+json\":{\"schema\":{\"$ref\":\"#/components/schemas/Problem\"}}}}");
        }

        to.WriteEndObject();
        to.WriteEndObject();
        to.WriteEndObject();
    }

    private static string Meaning(string status) => status switch
    {
        "400" => "A parameter is unknown, missing or not of its type.",
        "401" => "A token is needed.",
        "403" => "The token may not read this endpoint.",
        "404" => "There is no such endpoint.",
        _ => "Too many requests; Retry-After says when.",
    };

    private static void WriteJsonAnswer(Utf8JsonWriter to, CatalogObject o)
    {
        to.WriteStartObject("application/json"u8);
        to.WriteStartObject("schema"u8);
        to.WriteString("type"u8, "object");
        to.WriteStartObject("properties"u8);
        to.WriteRawValueProperty("endpoint", """{"type":"string"}""");
        to.WriteRawValueProperty("version", """{"type":"string"}""");
        to.WriteRawValueProperty("columns", """{"type":"array","items":{"type":"object"}}""");
        to.WriteRawValueProperty("rows", """{"type":"integer"}""");
        to.WriteStartObject("data"u8);
        to.WriteString("type"u8, "array");
        to.WriteStartObject("items"u8);
        to.WriteString("type"u8, "object");
        to.WriteStartObject("properties"u8);
        foreach (Field field in o.Columns.Fields)
        {
            to.WriteStartObject(field.Name);
            WriteType(to, field.Type, parameter: false, field.Nullable);
            to.WriteEndObject();
        }

        to.WriteEndObject();
        to.WriteEndObject();
        to.WriteEndObject();
        to.WriteEndObject();
        to.WriteEndObject();
        to.WriteEndObject();
    }

    private static void WriteType(Utf8JsonWriter to, SqlType type, bool parameter, bool nullable)
    {
        // bigint and numeric are strings in answers, as JavaScript would round them; in an address everything is text anyway.
        (string? name, string? format) = type.Id switch
        {
            TypeId.Boolean => ("boolean", null),
            TypeId.SmallInt or TypeId.Integer => ("integer", "int32"),
            TypeId.BigInt => (parameter ? "integer" : "string", "int64"),
            TypeId.Real or TypeId.Double => ("number", "double"),
            TypeId.Numeric => (parameter ? "number" : "string", "decimal"),
            TypeId.Date => ("string", "date"),
            TypeId.Timestamp or TypeId.TimestampTz => ("string", "date-time"),
            TypeId.Uuid => ("string", "uuid"),
            TypeId.Jsonb => (null, (string?)null),
            TypeId.Array when !parameter => ("array", null),
            TypeId.Row when !parameter => ("object", null),
            _ => ("string", null),
        };
        if (name is not null && nullable)
        {
            to.WriteStartArray("type"u8);
            to.WriteStringValue(name);
            to.WriteStringValue("null"u8);
            to.WriteEndArray();
        }
        else if (name is not null)
        {
            to.WriteString("type"u8, name);
        }

        if (format is not null)
        {
            to.WriteString("format"u8, format);
        }

        to.WriteString("x-sql-type"u8, type.ToString());
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
