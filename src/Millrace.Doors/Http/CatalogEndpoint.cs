// GET /v1/catalog: every stream, table, view and index.
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Millrace.Core;
using Millrace.Doors.Formats;
using Millrace.Formats;
using Millrace.Sql;

namespace Millrace.Doors.Http;

/// <summary>Describes the objects of the catalog; system relations are left out.</summary>
internal sealed class CatalogEndpoint(HttpBackend database)
{
    public async Task Handle(HttpContext context)
    {
        long epoch = database.Statistics().Epoch;
        CatalogSnapshot catalog = database.Catalog();
        await JsonAnswer.Write(context, to =>
        {
            to.WriteStartObject();
            to.WriteNumber("epoch"u8, epoch);
            to.WriteStartArray("objects"u8);
            foreach (CatalogObject o in catalog.All.Where(o => o.Kind != ObjectKind.System).OrderBy(o => o.Id))
            {
                WriteObject(to, o);
            }

            to.WriteEndArray();
            to.WriteEndObject();
        });
    }

    private static void WriteObject(Utf8JsonWriter to, CatalogObject o)
    {
        IReadOnlyList<Field> fields = o.Columns.Fields;
        to.WriteStartObject();
        to.WriteNumber("id"u8, o.Id);
        to.WriteString("name"u8, o.Name);
        to.WriteString("schema"u8, o.Namespace);
        to.WriteString("kind"u8, o.Kind switch
        {
            ObjectKind.Stream => "stream",
            ObjectKind.Table => "table",
            ObjectKind.Index => "index",
            _ => "view",
        });
        to.WriteBoolean("materialized"u8, o.Kind == ObjectKind.MaterializedView);
        to.WriteStartArray("columns"u8);
        foreach (Field field in fields.Take(fields.Count - o.HiddenColumns))
        {
            to.WriteStartObject();
            to.WriteString("name"u8, field.Name);
            to.WriteString("type"u8, field.Type.ToString());
            to.WriteBoolean("nullable"u8, field.Nullable);
            to.WriteEndObject();
        }

        to.WriteEndArray();
        to.WriteStartArray("primaryKey"u8);
        foreach (int column in o.PrimaryKey)
        {
            if (column < fields.Count - o.HiddenColumns)
            {
                to.WriteStringValue(fields[column].Name);
            }
        }

        to.WriteEndArray();
        to.WriteString("eventTime"u8, o.EventTime < 0 ? null : fields[o.EventTime].Name);
        to.WriteBoolean("appendOnly"u8, o.AppendOnly);
        to.WriteString("definition"u8, o.Definition);
        to.WriteStartArray("dependsOn"u8);
        foreach (int id in o.DependsOn)
        {
            to.WriteNumberValue(id);
        }

        to.WriteEndArray();
        to.WriteEndObject();
    }
}
