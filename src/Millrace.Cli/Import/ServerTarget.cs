// Import into a running server, over its HTTP door.
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Millrace.Cli.Import;

/// <summary>Posts each block as one request, which is one commit; the server parses.</summary>
internal sealed partial class ServerTarget : IImportTarget
{
    // A server that has too much to do says so and when to come again.
    private const int TriesMax = 20;

    private readonly HttpClient _client;
    private readonly ImportOptions _options;

    private ServerTarget(HttpClient client, ImportOptions options)
    {
        _client = client;
        _options = options;
    }

    public static async Task<ServerTarget> ConnectAsync(string address, ImportOptions options, CancellationToken cancellation)
    {
        if (!Uri.TryCreate(address.Contains("://", StringComparison.Ordinal) ? address : $"http://{address}", UriKind.Absolute, out Uri? uri))
        {
            throw new UsageException($"{address} is no address; write it like 127.0.0.1:8086");
        }

        var client = new HttpClient { BaseAddress = uri, Timeout = Timeout.InfiniteTimeSpan };
        if (Environment.GetEnvironmentVariable("MILLRACE_TOKEN") is { Length: > 0 } token)
        {
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        try
        {
            using HttpResponseMessage answer = await client.GetAsync("/health", cancellation);
            return answer.IsSuccessStatusCode ? new ServerTarget(client, options) : throw new ImportException($"the server at {uri.Authority} is not ready");
        }
        catch (HttpRequestException e)
        {
            throw new ImportException($"no server answers at {uri.Authority} ({e.Message}); give --server HOST:PORT, or --data DIR to load into a folder");
        }
    }

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }

    public async ValueTask<string?> BeginAsync(ImportSource source, Func<string> create, CancellationToken cancellation)
    {
        string name = '"' + source.Into.Replace("\"", "\"\"", StringComparison.Ordinal) + '"';
        if (await SqlAsync($"SELECT 1 FROM {name} LIMIT 0", cancellation) is not { } missing)
        {
            return null;
        }

        if (missing.State != "42P01")
        {
            throw new ImportException(missing.Reason);
        }

        string made = create();
        return await SqlAsync(made, cancellation) is { } refused ? throw new ImportException(refused.Reason) : made;
    }

    public Func<CancellationToken, Task<BlockResult>> Start(ImportSource source, IReadOnlyList<string> columns, Block block)
    {
        string errors = _options.Skip ? "skip" : "fail";
        string unknown = _options.IgnoreUnknown ? "ignore" : "error";
        string path = $"/v1/streams/{Uri.EscapeDataString(source.Into)}?on_error={errors}&unknown={unknown}";
        return source.Format switch
        {
            ImportFormat.Lines => cancellation => LinesAsync($"/api/v2/write?bucket=millrace&precision={_options.Precision}&accept_partial={(_options.Skip ? "true" : "false")}", block, cancellation),
            ImportFormat.Csv => cancellation => RowsAsync($"{path}&columns={Uri.EscapeDataString(string.Join(',', columns))}", "text/csv", block, cancellation),
            _ => cancellation => RowsAsync(path, "application/x-ndjson", block, cancellation),
        };
    }

    private async Task<BlockResult> RowsAsync(string path, string type, Block block, CancellationToken cancellation)
    {
        using HttpResponseMessage answer = await PostAsync(path, type, block, cancellation);
        JsonElement body = await Body(answer, cancellation);
        BlockError[] errors = body.TryGetProperty("errors", out JsonElement told) ? [.. told.EnumerateArray().Select(Error)] : [];
        if (answer.IsSuccessStatusCode)
        {
            return new BlockResult(body.GetProperty("accepted").GetInt64(), body.GetProperty("rejected").GetInt64(), errors);
        }

        throw errors.Length > 0 ? new BadBlockException(errors[0]) : new ImportException(Reason(body, answer));
    }

    private async Task<BlockResult> LinesAsync(string path, Block block, CancellationToken cancellation)
    {
        using HttpResponseMessage answer = await PostAsync(path, "text/plain", block, cancellation);
        long rows = answer.Headers.TryGetValues("X-Millrace-Rows", out IEnumerable<string>? given) ? long.Parse(given.Single(), CultureInfo.InvariantCulture) : 0;
        if (answer.IsSuccessStatusCode)
        {
            return new BlockResult(rows, 0, []);
        }

        string message = Reason(await Body(answer, cancellation), answer);
        BlockError[] errors = [.. LineError().Matches(message).Select(m => new BlockError(long.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture), null, m.Groups[2].Value))];
        Match dropped = Dropped().Match(message);
        return answer.StatusCode != HttpStatusCode.BadRequest || errors.Length == 0 ? throw new ImportException(message)
            : _options.Skip ? new BlockResult(rows, long.Parse(dropped.Groups[1].Value, CultureInfo.InvariantCulture), errors)
            : throw new BadBlockException(errors[0]);
    }

    private async Task<HttpResponseMessage> PostAsync(string path, string type, Block block, CancellationToken cancellation)
    {
        for (int tries = 1; ; tries++)
        {
            using var content = new ReadOnlyMemoryContent(block.Memory);
            content.Headers.ContentType = new MediaTypeHeaderValue(type);
            HttpResponseMessage answer = await _client.PostAsync(path, content, cancellation);
            if (answer.StatusCode is not (HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests) || tries == TriesMax || answer.Headers.RetryAfter?.Delta is not { } wait)
            {
                return answer;
            }

            // It was refused whole, so it may be sent again.
            answer.Dispose();
            await Task.Delay(wait, cancellation);
        }
    }

    private async Task<(string State, string Reason)?> SqlAsync(string query, CancellationToken cancellation)
    {
        using HttpResponseMessage answer = await _client.PostAsJsonAsync("/v1/sql", new { query }, cancellation);
        if (answer.IsSuccessStatusCode)
        {
            return null;
        }

        JsonElement body = await Body(answer, cancellation);
        return (body.TryGetProperty("sqlstate", out JsonElement state) ? state.GetString()! : "", Reason(body, answer));
    }

    private static async Task<JsonElement> Body(HttpResponseMessage answer, CancellationToken cancellation)
    {
        byte[] bytes = await answer.Content.ReadAsByteArrayAsync(cancellation);
        try
        {
            return JsonDocument.Parse(bytes).RootElement;
        }
        catch (JsonException)
        {
            throw new ImportException($"the server answered {(int)answer.StatusCode} and no JSON: is it Millrace?");
        }
    }

    private static BlockError Error(JsonElement e) => new(
        e.GetProperty("line").GetInt64(),
        e.TryGetProperty("column", out JsonElement column) ? column.GetString() : null,
        e.GetProperty("reason").GetString() + (e.TryGetProperty("hint", out JsonElement hint) ? $" ({hint.GetString()})" : ""));

    private static string Reason(JsonElement body, HttpResponseMessage answer) =>
        (body.TryGetProperty("message", out JsonElement message) || body.TryGetProperty("detail", out message) ? message.GetString()! : $"the server answered {(int)answer.StatusCode}")
        + (body.TryGetProperty("hint", out JsonElement hint) ? $" ({hint.GetString()})" : "");

    [GeneratedRegex(@"^(?:partial write: |nothing was written: )?line ([0-9]+): (.*?)(?: dropped=[0-9]+)?$", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex LineError();

    [GeneratedRegex(@"dropped=([0-9]+)$", RegexOptions.CultureInvariant)]
    private static partial Regex Dropped();
}
