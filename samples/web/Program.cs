// An ASP.NET Core application with a database of its own, its health, and the doors of Millrace beside its own routes.
using System.Net;
using Millrace;
using Millrace.Doors;

WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
builder.Services.AddMillrace(o =>
{
    o.Folder = builder.Configuration["Millrace:Folder"] ?? "data";
    o.Create<Visit>();
    o.Statements.Add("CREATE MATERIALIZED VIEW IF NOT EXISTS per_page AS SELECT page, count(*) AS visits FROM visits GROUP BY page");
});
builder.Services.AddMillraceDoors(o => o with
{
    Postgres = new IPEndPoint(IPAddress.Loopback, builder.Configuration.GetValue("Millrace:PgPort", 5433)),
    Http = new IPEndPoint(IPAddress.Loopback, builder.Configuration.GetValue("Millrace:HttpPort", 8086)),
});
builder.Services.AddHealthChecks().AddMillrace();

WebApplication app = builder.Build();
app.MapHealthChecks("/health");
app.MapPost("/visit/{page}", async (string page, Database db) => await db.AppendAsync([new Visit(page, DateTime.UtcNow)]));
app.MapGet("/visits", async (Database db) => await db.QueryAsync<PerPage>("SELECT * FROM per_page ORDER BY page"));
app.Run();

/// <summary>A row of the stream "visits".</summary>
[MillraceRow("visits", EventTime = nameof(At))]
public partial record Visit(string Page, DateTime At);

/// <summary>A row of the view.</summary>
public record PerPage(string Page, long Visits);
