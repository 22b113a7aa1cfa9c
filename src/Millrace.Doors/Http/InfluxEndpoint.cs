// GET /ping and /query: what clients of InfluxDB ask before they write.
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;
using Millrace.Doors.Formats;
using Millrace.Formats;
using Millrace.Doors.LineProtocol;
using Millrace.Sql;

namespace Millrace.Doors.Http;

/// <summary>
/// Answers the questions with which Telegraf and the drivers begin. There is one database, so making one is answered with success and a notice that it
/// means nothing; databases and measurements are listed. InfluxQL's own queries are refused: rows are read by SQL.
/// </summary>
internal sealed partial class InfluxEndpoint(HttpBackend database)
{
    // What drivers compare is the number before the plus.
    public static readonly string Version = "1.8.10+millrace." + typeof(InfluxEndpoint).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!
        .InformationalVersion.Split('+')[0];

    private const string DatabaseName = "millrace";
    private const int FormBytesMax = 64 << 10;
    private const int StatementsMax = 100;

    /// <summary>A client asks whether somebody is there, and how old.</summary>
    public static Task Ping(HttpContext context)
    {
        Introduce(context);
        if (context.Request.Query["verbose"].ToString() is "" or "0" or "false")
        {
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return Task.CompletedTask;
        }

        return JsonAnswer.Write(context, to =>
        {
            to.WriteStartObject();
            to.WriteString("version"u8, Version);
            to.WriteEndObject();
        });
    }

    /// <summary>Says in the headers which version of InfluxDB's API this is like.</summary>
    public static void Introduce(HttpContext context)
    {
        context.Response.Headers["X-Influxdb-Version"] = Version;
        context.Response.Headers["X-Influxdb-Build"] = DatabaseName;
    }

    /// <summary>GET or POST /query.</summary>
    public async Task Query(HttpContext context)
    {
        Introduce(context);
        string text = context.Request.Query["q"].ToString();
        if (text.Length == 0 && HttpMethods.IsPost(context.Request.Method))
        {
            text = await FromForm(context);
        }

        string[] statements = text.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        string? error = statements.Length == 0 ? "missing required parameter \"q\""
            : statements.Length > StatementsMax ? $"more than {StatementsMax} statements"
            : statements.FirstOrDefault(s => !IsKnown(s)) is { } unknown
                ? $"error parsing query: '{Cut(unknown)}' is not understood: InfluxQL is not; read with SQL, POST /v1/sql or the PostgreSQL door"
            : null;
        await JsonAnswer.Write(
            context,
            to =>
            {
                to.WriteStartObject();
                if (error is not null)
                {
                    to.WriteString("error"u8, error);
                }
                else
                {
                    to.WriteStartArray("results"u8);
                    for (int i = 0; i < statements.Length; i++)
                    {
                        Answer(to, i, statements[i]);
                    }

                    to.WriteEndArray();
                }

                to.WriteEndObject();
            },
            error is null ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest);
    }

    private static async Task<string> FromForm(HttpContext context)
    {
        var body = new MemoryStream();
        await RequestBody.ReadAsync(context, FormBytesMax, null, body.Write);
        string form = Encoding.UTF8.GetString(body.GetBuffer().AsSpan(0, (int)body.Length));
        return QueryHelpers.ParseQuery(form).TryGetValue("q", out StringValues q) ? q.ToString() : "";
    }

    private static bool IsKnown(string statement) => Create().IsMatch(statement) || ShowDatabases().IsMatch(statement) || ShowMeasurements().IsMatch(statement);

    private void Answer(Utf8JsonWriter to, int number, string statement)
    {
        to.WriteStartObject();
        to.WriteNumber("statement_id"u8, number);
        if (Create().IsMatch(statement))
        {
            to.WriteStartArray("messages"u8);
            to.WriteStartObject();
            to.WriteString("level"u8, "warning"u8);
            to.WriteString("text"u8, "nothing was made: there is one database, and each stream has a retention of its own (ALTER STREAM … SET (retention = '7 days'))"u8);
            to.WriteEndObject();
            to.WriteEndArray();
        }
        else if (ShowDatabases().IsMatch(statement))
        {
            Names(to, "databases", [DatabaseName]);
        }
        else
        {
            Names(to, "measurements", database.Catalog().All
                .Where(o => o.Kind == ObjectKind.Stream && o.Namespace == LineWriter.Namespace && o.EventTime >= 0).Select(o => o.Name).Order(StringComparer.Ordinal));
        }

        to.WriteEndObject();
    }

    private static void Names(Utf8JsonWriter to, string what, IEnumerable<string> names)
    {
        to.WriteStartArray("series"u8);
        to.WriteStartObject();
        to.WriteString("name"u8, what);
        to.WriteStartArray("columns"u8);
        to.WriteStringValue("name"u8);
        to.WriteEndArray();
        to.WriteStartArray("values"u8);
        foreach (string name in names)
        {
            to.WriteStartArray();
            to.WriteStringValue(name);
            to.WriteEndArray();
        }

        to.WriteEndArray();
        to.WriteEndObject();
        to.WriteEndArray();
    }

    private static string Cut(string text) => text.Length <= 100 ? text : text[..100] + "…";

    [GeneratedRegex(@"^CREATE\s+(DATABASE|RETENTION\s+POLICY)\s+\S", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Create();

    [GeneratedRegex(@"^SHOW\s+DATABASES$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex ShowDatabases();

    [GeneratedRegex(@"^SHOW\s+MEASUREMENTS$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex ShowMeasurements();
}
