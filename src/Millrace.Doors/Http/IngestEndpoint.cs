// POST /v1/streams/{name}: rows into a stream or table. One request is one commit: all its good rows, or none.
using System.Buffers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using Millrace.Core;
using Millrace.Doors.Formats;
using Millrace.Formats;
using Millrace.Doors.Http.Access;
using Millrace.Sql;

namespace Millrace.Doors.Http;

/// <summary>
/// Takes JSON (an object or an array of them), NDJSON or CSV by Content-Type, gzip accepted. Options in the address: <c>on_error=fail|skip</c> (default
/// fail: a bad row refuses the request), <c>unknown=error|ignore</c> for fields without a column (default error: a misspelt name is not lost in silence),
/// <c>columns=a,b</c> for CSV without a header line. A body cut short writes nothing.
/// </summary>
internal sealed class IngestEndpoint(HttpBackend database, HttpDoorOptions options, IngestBudget budget)
{
    private const int RowBytesMax = 16 << 20;

    private enum Layout
    {
        Document,
        Lines,
        Csv,
    }

    public async Task Handle(HttpContext context)
    {
        CatalogObject target = Target(RouteName.Of(context));
        Caller.Of(context).RequireWrite(database.Catalog(), target);
        Layout layout = LayoutOf(context.Request);
        bool skip = Choice(context.Request, "on_error", "fail", "skip");
        bool ignoreUnknown = Choice(context.Request, "unknown", "error", "ignore");
        Schema columns = target.WrittenColumns;
        var byName = new ByName(ignoreUnknown, await ColumnDefaults.EvaluateAsync(database.NewSession, target, _ => true, context.RequestAborted));

        var told = new List<RowException>();
        long rejected = 0;
        long lineOffset = 0;
        using var lease = new IngestLease(budget);
        Batch rows;
        if (layout == Layout.Csv)
        {
            var reader = new RowReader(
                columns, RowReader.Csv, HeaderUse.Match, skipEmptyLines: true, OnBadRow, RowBytesMax, byName);
            if (context.Request.Query.TryGetValue("columns", out var named))
            {
                // The names given in the address stand for the header line that the body does not have.
                lineOffset = 1;
                string header = string.Join(',', named.ToString().Split(',').Select(n => '"' + n.Trim().Replace("\"", "\"\"", StringComparison.Ordinal) + '"'));
                reader.Write(Encoding.UTF8.GetBytes(header + "\n"));
            }

            try
            {
                await RequestBody.ReadAsync(context, options.BodyBytesMax, lease, reader.Write);
                reader.Complete();
            }
            catch (RowException e) when (lineOffset > 0)
            {
                throw Shifted(e, lineOffset);
            }

            rows = reader.TakeBatch();
        }
        else
        {
            var reader = new JsonRowReader(columns, layout == Layout.Lines, byName, OnBadRow, RowBytesMax);
            await RequestBody.ReadAsync(context, options.BodyBytesMax, lease, reader.Write);
            reader.Complete();
            rows = reader.Rows.ToBatch();
        }

        // From here on the rows are whole: a client that goes away does not undo the commit.
        int accepted = rows.Count;
        long offset = accepted == 0 ? 0 : await database.AppendAsync(target.FullName, rows, CancellationToken.None);
        await Answer(context, accepted, rejected, told, lineOffset, target.Kind == ObjectKind.Stream && accepted > 0 ? offset : null);

        bool OnBadRow(RowException error)
        {
            if (!skip)
            {
                return false;
            }

            if (++rejected > options.BadRowsMax)
            {
                throw new HttpException(
                    400, "Too many bad rows", $"more than {options.BadRowsMax} rows are bad (the last on line {error.Line - lineOffset}); nothing was written");
            }

            if (told.Count < options.ErrorsTold)
            {
                told.Add(error);
            }

            return true;
        }
    }

    // Lines are those of the body, which has no header.
    private static RowException Shifted(RowException error, long lines) =>
        lines == 0 ? error : new RowException(Math.Max(error.Line - lines, 1), error.Column, error.Raw, error.Error);

    private CatalogObject Target(string name)
    {
        CatalogSnapshot catalog = database.Catalog();
        CatalogObject? found = catalog.FindNamed(name);
        if (found is null)
        {
            string? nearest = RowRules.Nearest(name, catalog.All.Where(o => o.Kind is ObjectKind.Stream or ObjectKind.Table).Select(o => o.FullName));
            throw new HttpException(404, "Unknown stream", $"there is no stream or table \"{name}\"", nearest is null
                ? "create it first: CREATE STREAM name (column type, …)"
                : $"did you mean \"{nearest}\"?");
        }

        return found.Kind is ObjectKind.Stream or ObjectKind.Table
            ? found
            : throw new HttpException(409, "Not writable", $"\"{name}\" is not a stream or table", "a view's rows come from its query");
    }

    private static Layout LayoutOf(HttpRequest request)
    {
        if (MediaTypeHeaderValue.TryParse(request.ContentType, out MediaTypeHeaderValue? type))
        {
            if (type.Charset.HasValue && !type.Charset.Value!.Trim('"').Equals("utf-8", StringComparison.OrdinalIgnoreCase))
            {
                throw new HttpException(415, "Unsupported charset", $"charset {type.Charset} is not understood", "send UTF-8");
            }

            switch (type.MediaType.Value?.ToLowerInvariant())
            {
                case "application/json": return Layout.Document;
                case "application/x-ndjson" or "application/ndjson" or "application/jsonl" or "application/x-jsonlines": return Layout.Lines;
                case "text/csv" or "application/csv": return Layout.Csv;
            }
        }

        throw new HttpException(
            415, "Unsupported content type", $"Content-Type \"{request.ContentType}\" is not understood", "use application/json, application/x-ndjson or text/csv");
    }

    // True for the second value, false for the first or when it is not given.
    private static bool Choice(HttpRequest request, string name, string first, string second)
    {
        string value = request.Query[name].ToString();
        return value == second || (value.Length == 0 || value == first
            ? false
            : throw new HttpException(400, "Bad option", $"{name}={value} is not understood", $"{name} is {first} or {second}"));
    }

    private static async Task Answer(HttpContext context, int accepted, long rejected, List<RowException> told, long lineOffset, long? offset)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        await using (var to = new Utf8JsonWriter(buffer, JsonWrite.Options))
        {
            to.WriteStartObject();
            to.WriteNumber("accepted"u8, accepted);
            to.WriteNumber("rejected"u8, rejected);
            to.WriteStartArray("errors"u8);
            foreach (RowException error in told)
            {
                Problem.WriteRowError(to, Shifted(error, lineOffset));
            }

            to.WriteEndArray();
            if (offset is { } first)
            {
                to.WriteString("offset"u8, first.ToString(System.Globalization.CultureInfo.InvariantCulture));
            }

            to.WriteEndObject();
        }

        context.Response.ContentType = "application/json";
        context.Response.ContentLength = buffer.WrittenCount;
        await context.Response.BodyWriter.WriteAsync(buffer.WrittenMemory);
    }
}
