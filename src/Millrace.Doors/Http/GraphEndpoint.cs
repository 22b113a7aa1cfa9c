// GET /v1/graph: the dataflow as it runs, with counters on operators and edges.
using Microsoft.AspNetCore.Http;
using Millrace.Sql;

namespace Millrace.Doors.Http;

/// <summary>Operators of every view and the edges between them, for the dashboard's drawing.</summary>
internal sealed class GraphEndpoint(HttpBackend database)
{
    // A view's own operators, and the edges that begin or end at one of them.
    private static DataflowGraph Of(DataflowGraph graph, CatalogObject view)
    {
        OperatorStatistics[] operators = [.. graph.Operators.Where(o => o.Object == view.Id)];
        HashSet<string> mine = [.. operators.Select(o => o.Id), $"object:{view.Id}"];
        HashSet<string> within = [.. mine, .. view.DependsOn.Select(id => $"object:{id}")];
        return new DataflowGraph(operators, [.. graph.Edges.Where(e => mine.Contains(e.To) && within.Contains(e.From))]);
    }

    public async Task Handle(HttpContext context)
    {
        DataflowGraph graph = await database.GraphAsync();
        CatalogSnapshot catalog = database.Catalog();
        Func<CatalogObject, bool> shown = o => o.Kind is ObjectKind.Stream or ObjectKind.Table or ObjectKind.MaterializedView;
        if (context.Request.Query["view"].ToString() is { Length: > 0 } name)
        {
            CatalogObject view = catalog.FindNamed(name) is { Kind: ObjectKind.MaterializedView } found
                ? found
                : throw new HttpException(404, "Not found", $"there is no materialized view \"{name}\"", "GET /v1/catalog lists them");
            graph = Of(graph, view);
            shown = o => o.Id == view.Id || view.DependsOn.Contains(o.Id);
        }

        await JsonAnswer.Write(context, to =>
        {
            to.WriteStartObject();
            to.WriteStartArray("objects"u8);
            foreach (CatalogObject o in catalog.All.Where(shown).OrderBy(o => o.Id))
            {
                to.WriteNumberValue(o.Id);
            }

            to.WriteEndArray();
            to.WriteStartArray("operators"u8);
            foreach (OperatorStatistics o in graph.Operators)
            {
                to.WriteStartObject();
                to.WriteString("id"u8, o.Id);
                to.WriteNumber("object"u8, o.Object);
                to.WriteString("name"u8, o.Name);
                to.WriteString("detail"u8, o.Detail);
                to.WriteNumber("rowsIn"u8, o.RowsIn);
                to.WriteNumber("rowsOut"u8, o.RowsOut);
                to.WriteNumber("stateRows"u8, o.StateRows);
                to.WriteNumber("stateBytes"u8, o.StateBytes);
                to.WriteNumber("nsPerRow"u8, o.RowsIn == 0 ? 0 : Math.Round((double)o.Nanos / o.RowsIn, 1));
                to.WriteEndObject();
            }

            to.WriteEndArray();
            to.WriteStartArray("edges"u8);
            foreach (GraphEdge edge in graph.Edges)
            {
                to.WriteStartObject();
                to.WriteString("from"u8, edge.From);
                to.WriteString("to"u8, edge.To);
                to.WriteNumber("rows"u8, edge.Rows);
                to.WriteEndObject();
            }

            to.WriteEndArray();
            to.WriteEndObject();
        });
    }
}
