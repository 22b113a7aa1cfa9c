// The schemas in /openapi.json: rows, answers and events of each endpoint, and what all have in common.
using System.Text;
using System.Text.Json;
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Doors.Http.Endpoints;

/// <summary>Writes schemas (JSON Schema 2020-12, as OpenAPI 3.1 has them).</summary>
internal static class OpenApiSchemas
{
    /// <summary>What may be said about an answer, by name.</summary>
    public const string Parameters = """
        {"format":{"name":"format","in":"query","description":"What Accept says, for callers that cannot set headers.","schema":{"type":"string","enum":["json","ndjson","csv","excel","events"]}},
         "ifNoneMatch":{"name":"If-None-Match","in":"header","description":"The ETag of the answer that the caller has.","schema":{"type":"string"}},
         "mode":{"name":"mode","in":"query","description":"Of a feed: what tells of a change. delta: upserts and deletes; changes: rows with weights; latest: the whole answer.",
          "schema":{"type":"string","enum":["delta","changes","latest"],"default":"delta"}},
         "minInterval":{"name":"min_interval","in":"query","description":"Of a feed: time between two changes at least; what happens meanwhile is merged.",
          "schema":{"type":"string","examples":["250ms","2s"]}},
         "slow":{"name":"slow","in":"query","description":"Of a feed: what happens to a reader that is too slow.","schema":{"type":"string","enum":["conflate","drop"],"default":"conflate"}},
         "snapshot":{"name":"snapshot","in":"query","description":"Of a feed: whether the answer as it stands comes first.","schema":{"type":"boolean","default":true}},
         "since":{"name":"since","in":"query","description":"Of a feed: the id of the last event that was seen.","schema":{"type":"string"}},
         "lastEventId":{"name":"Last-Event-ID","in":"header","description":"Of a feed: the same; EventSource sends it by itself.","schema":{"type":"string"}}}
        """;

    // What does not depend on the endpoint.
    private const string Common = """
        {"Problem":{"type":"object","description":"RFC 9457.","required":["title","status"],"properties":{"title":{"type":"string"},"detail":{"type":"string"},"status":{"type":"integer"},
          "parameter":{"type":"string"},"cause":{"type":"string"},"fix":{"type":"string"},"hint":{"type":"string"},"sqlstate":{"type":"string"},"position":{"type":"integer"},
          "line":{"type":"integer"},"column":{"type":"integer"}}},
         "Column":{"type":"object","required":["name","type"],"properties":{"name":{"type":"string"},"type":{"type":"string","description":"Of SQL."}}},
         "Event.Schema":{"type":"object","description":"Comes first.","required":["event","data"],"properties":{"event":{"const":"schema"},
          "data":{"type":"object","required":["columns","key","epoch","resumed"],"properties":{"columns":{"type":"array","items":{"$ref":"#/components/schemas/Column"}},
          "key":{"type":["array","null"],"items":{"type":"integer"},"description":"Indexes of the columns that name a row."},
          "epoch":{"type":"integer","format":"int64"},"resumed":{"type":"boolean","description":"True when the feed goes on where the id said."}}}}},
         "Event.Progress":{"type":"object","description":"Nothing has changed up to this epoch.","required":["event","id","data"],"properties":{"event":{"const":"progress"},"id":{"type":"string"},
          "data":{"type":"object","required":["epoch"],"properties":{"epoch":{"type":"integer","format":"int64"}}}}},
         "Event.Gap":{"type":"object","description":"Changes were missed; reset and a snapshot follow.","required":["event","data"],"properties":{"event":{"const":"gap"},
          "data":{"type":"object","required":["dropped"],"properties":{"dropped":{"type":"integer","description":"Epochs that were missed."}}}}},
         "Event.Reset":{"type":"object","description":"What was known before does not count any more; a snapshot follows.","required":["event","data"],"properties":{"event":{"const":"reset"},
          "data":{"type":"object","required":["reason"],"properties":{"reason":{"type":"string"}}}}},
         "Event.Error":{"type":"object","description":"The feed ends.","required":["event","data"],"properties":{"event":{"const":"error"},"data":{"$ref":"#/components/schemas/Problem"}}},
         "Event.AuthExpired":{"type":"object","description":"The feed ends: who follows may not do so any more.","required":["event","data"],"properties":{"event":{"const":"auth_expired"},
          "data":{"type":"object","required":["reason"],"properties":{"reason":{"type":"string"}}}}}}
        """;

    // Of each endpoint: @ is its name, @Gone what names a row that has left.
    private const string Own = """
        {"@.Answer":{"type":"object","required":["endpoint","version","columns","rows","data"],"properties":{"endpoint":{"type":"string"},
          "version":{"type":"string","description":"The epoch at which anything the endpoint reads last changed."},
          "columns":{"type":"array","items":{"$ref":"#/components/schemas/Column"}},
          "rows":{"type":"integer"},"data":{"type":"array","items":{"$ref":"#/components/schemas/@.Row"}}}},
         "@.Snapshot":{"type":"object","description":"Rows of the answer; the last of several has an id.","required":["event","data"],
          "properties":{"event":{"const":"snapshot"},"id":{"type":"string"},"data":{"type":"object","required":["epoch","rows","last"],
           "properties":{"epoch":{"type":"integer","format":"int64"},"rows":{"type":"array","items":{"$ref":"#/components/schemas/@.Row"}},"last":{"type":"boolean"}}}}},
         "@.Delta":{"type":"object","description":"From one epoch to a later one.","required":["event","id","data"],
          "properties":{"event":{"const":"delta"},"id":{"type":"string"},"data":{"type":"object","required":["epoch"],
           "properties":{"epoch":{"type":"integer","format":"int64"},"merged":{"type":"integer","description":"Epochs that are told as one."},
            "upserts":{"type":"array","items":{"$ref":"#/components/schemas/@.Row"}},"deletes":{"type":"array","items":{"$ref":"#/components/schemas/@Gone"}},
            "changes":{"type":"array","description":"With mode=changes, in place of both: pairs of weight and row.",
             "items":{"type":"array","prefixItems":[{"type":"integer"},{"$ref":"#/components/schemas/@.Row"}]}}}}}},
         "@.Event":{"description":"One event of the stream.","oneOf":[{"$ref":"#/components/schemas/@.Snapshot"},{"$ref":"#/components/schemas/@.Delta"},
          {"$ref":"#/components/schemas/Event.Schema"},{"$ref":"#/components/schemas/Event.Progress"},{"$ref":"#/components/schemas/Event.Gap"},
          {"$ref":"#/components/schemas/Event.Reset"},{"$ref":"#/components/schemas/Event.Error"},{"$ref":"#/components/schemas/Event.AuthExpired"}]}}
        """;

    /// <summary>What the schemas of an endpoint are called by.</summary>
    public static string NameOf(CatalogObject endpoint)
    {
        // Letters, digits, - . and _ are what they may hold.
        var name = new StringBuilder();
        foreach (char c in endpoint.Name)
        {
            // Reversible, so that no two endpoints share a name.
            name.Append(char.IsAsciiLetterOrDigit(c) || c == '_' ? c : $"-{(int)c:x}.");
        }

        return name.ToString();
    }

    /// <summary>The schemas that all share.</summary>
    public static void WriteCommon(Utf8JsonWriter to)
    {
        using JsonDocument common = JsonDocument.Parse(Common);
        foreach (JsonProperty schema in common.RootElement.EnumerateObject())
        {
            schema.WriteTo(to);
        }
    }

    /// <summary>The row, the key, the answer and the events of an endpoint.</summary>
    public static void WriteOf(Utf8JsonWriter to, CatalogObject o)
    {
        string name = NameOf(o);
        WriteRow(to, name + ".Row", o.Columns.Fields);
        if (o.PrimaryKey.Count > 0)
        {
            WriteRow(to, name + ".Key", o.PrimaryKey.Select(c => o.Columns[c]));
        }

        using JsonDocument own = JsonDocument.Parse(Own.Replace("@Gone", name + (o.PrimaryKey.Count > 0 ? ".Key" : ".Row"), StringComparison.Ordinal).Replace("@", name, StringComparison.Ordinal));
        foreach (JsonProperty schema in own.RootElement.EnumerateObject())
        {
            schema.WriteTo(to);
        }
    }

    /// <summary>The members that say of which type a value is.</summary>
    public static void WriteType(Utf8JsonWriter to, SqlType type, bool parameter, bool nullable)
    {
        (string? name, string? format) = TypeOf(type, parameter);
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

    /// <summary>A type's name and format. bigint and numeric are strings in answers, as JavaScript would round them; in an address everything is text anyway.</summary>
    public static (string? Name, string? Format) TypeOf(SqlType type, bool parameter) => type.Id switch
    {
        TypeId.Boolean => ("boolean", null),
        TypeId.SmallInt or TypeId.Integer => ("integer", "int32"),
        TypeId.BigInt => (parameter ? "integer" : "string", "int64"),
        TypeId.Real or TypeId.Double => ("number", "double"),
        TypeId.Numeric => (parameter ? "number" : "string", "decimal"),
        TypeId.Date => ("string", "date"),
        TypeId.Timestamp or TypeId.TimestampTz => ("string", "date-time"),
        TypeId.Uuid => ("string", "uuid"),
        TypeId.Jsonb => (parameter ? "string" : null, null),
        TypeId.Array when !parameter => ("array", null),
        TypeId.Row when !parameter => ("object", null),
        _ => ("string", null),
    };

    private static void WriteRow(Utf8JsonWriter to, string name, IEnumerable<Field> fields)
    {
        to.WriteStartObject(name);
        to.WriteString("type"u8, "object");
        to.WriteStartArray("required"u8);
        foreach (Field field in fields)
        {
            to.WriteStringValue(field.Name);
        }

        to.WriteEndArray();
        to.WriteStartObject("properties"u8);
        foreach (Field field in fields)
        {
            to.WriteStartObject(field.Name);
            WriteType(to, field.Type, parameter: false, field.Nullable);
            to.WriteEndObject();
        }

        to.WriteEndObject();
        to.WriteEndObject();
    }
}
