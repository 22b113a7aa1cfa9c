// What lies under /v1/endpoints: the list, and each endpoint by its name, as rows or as a live feed.
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Millrace.Core;
using Millrace.Doors.Formats;
using Millrace.Formats;
using Millrace.Doors.Http.Access;
using Millrace.Doors.Http.Feeds;
using Millrace.Sql;

namespace Millrace.Doors.Http.Endpoints;

/// <summary>Finds the endpoint a request names and hands it on.</summary>
internal sealed class EndpointRoutes(HttpBackend database, EndpointReads reads, FeedEndpoint feeds)
{
    /// <summary>GET /v1/endpoints/{name}.</summary>
    public async Task Handle(HttpContext context)
    {
        PublishedQuery query = Find(context, RouteName.Of(context));
        try
        {
            AnswerKind kind = AnswerFormat.Of(context.Request.Query.TryGetValue("format", out var format) ? format.ToString() : null, context.Request.Headers.Accept.ToString());
            if (kind == AnswerKind.Events || context.WebSockets.IsWebSocketRequest)
            {
                await feeds.Follow(context, query);
            }
            else
            {
                await reads.Handle(context, query, kind);
            }
        }
        catch (ArgumentRefusedException e)
        {
            await EndpointArguments.Refuse(context, e);
        }
    }

    /// <summary>GET /v1/endpoints.</summary>
    public Task List(HttpContext context)
    {
        CatalogSnapshot catalog = database.Catalog();
        TokenScope? scope = Caller.Of(context).Scope;
        return JsonAnswer.Write(context, to =>
        {
            to.WriteStartObject();
            to.WriteStartArray("endpoints"u8);
            foreach (CatalogObject o in catalog.Beside.Where(o => o.Kind == ObjectKind.Endpoint && scope?.Allows(o.Name) != false).OrderBy(o => o.Name, StringComparer.Ordinal))
            {
                Write(to, o);
            }

            to.WriteEndArray();
            to.WriteEndObject();
        });
    }

    /// <summary>The endpoint of a name.</summary>
    /// <exception cref="HttpException">404, with the nearest name there is.</exception>
    /// <exception cref="SqlException">42501: the caller may not use it.</exception>
    public PublishedQuery Find(HttpContext context, string name)
    {
        if (database.Endpoint(name) is { } query)
        {
            Caller.Of(context).RequireEndpoint(database.Catalog(), query.Definition);
            return query;
        }

        string? nearest = RowRules.Nearest(name, database.Catalog().Beside.Where(o => o.Kind == ObjectKind.Endpoint && Caller.Of(context).Scope?.Allows(o.Name) != false).Select(o => o.Name));
        throw new HttpException(404, "Not found", $"there is no endpoint \"{name}\"",
            nearest is null ? "GET /v1/endpoints lists them; CREATE ENDPOINT name (parameters) AS SELECT … makes one" : $"perhaps you mean \"{nearest}\"");
    }

    private static void Write(Utf8JsonWriter to, CatalogObject o)
    {
        to.WriteStartObject();
        to.WriteString("name"u8, o.Name);
        to.WriteString("path"u8, "/v1/endpoints/" + Uri.EscapeDataString(o.Name));
        to.WriteStartArray("parameters"u8);
        foreach (EndpointParameter p in o.Parameters)
        {
            to.WriteStartObject();
            to.WriteString("name"u8, p.Name);
            to.WriteString("type"u8, p.Type.ToString());
            to.WriteBoolean("required"u8, p.Default is null);
            to.WriteString("default"u8, Text(p.Default));
            to.WriteEndObject();
        }

        to.WriteEndArray();
        JsonWrite.Columns(to, o.Columns);
        to.WriteStartArray("key"u8);
        foreach (int column in o.PrimaryKey)
        {
            to.WriteStringValue(o.Columns[column].Name);
        }

        to.WriteEndArray();
        to.WriteString("query"u8, o.Query);
        to.WriteString("definition"u8, o.Definition);
        to.WriteEndObject();
    }

    /// <summary>A default as text; null for none, and for NULL.</summary>
    public static string? Text(LiteralExpr? value)
    {
        if (value?.Value is null)
        {
            return null;
        }

        return TextFormat.ToText(BoxedValue.ToColumn(value.Value, value.Type), 0);
    }
}
