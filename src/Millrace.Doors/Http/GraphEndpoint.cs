// GET /v1/graph: the dataflow as it runs, with counters on operators and edges.
using Microsoft.AspNetCore.Http;
using Millrace.Sql;

namespace Millrace.Doors.Http;

/// <summary>Operators of every view and the edges between them, for the dashboard's drawing.</summary>
internal sealed class GraphEndpoint(HttpBackend database)
{
    public async Task Handle(HttpContext context)
    {
        DataflowGraph graph = await database.GraphAsync();
        CatalogSnapshot catalog = database.Catalog();
        await JsonAnswer.Write(context, to =>
        {
            to.WriteStartObject();
            to.WriteStartArray("objects"u8);
            foreach (CatalogObject o in catalog.All.Where(o => o.Kind is ObjectKind.Stream or ObjectKind.Table or ObjectKind.MaterializedView).OrderBy(o => o.Id))
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
