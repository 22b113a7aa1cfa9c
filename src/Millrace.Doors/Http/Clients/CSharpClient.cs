// The generated client in C#: a record for each endpoint's rows, a method to read it and one to follow it, over an HttpClient.
using System.Globalization;
using System.Text;
using System.Text.Json;
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Doors.Http.Clients;

/// <summary>Writes C#.</summary>
internal static class CSharpClient
{
    private static readonly HashSet<string> Reserved = new(
        ("abstract as base bool break byte case catch char checked class const continue decimal default delegate do double else enum event explicit extern false finally fixed float "
            + "for foreach goto if implicit in int interface internal is lock long namespace new null object operator out override params private protected public "
            + "readonly ref return sbyte sealed short sizeof stackalloc static string struct switch this throw true try typeof uint ulong unchecked unsafe "
            + "ushort using virtual void volatile while cancellation").Split(' '), StringComparer.Ordinal);

    // Written once for all: nothing in it depends on the endpoints.
    private const string Runtime = """
            private static readonly JsonSerializerOptions Json = new()
            {
                NumberHandling = JsonNumberHandling.AllowReadingFromString | JsonNumberHandling.AllowNamedFloatingPointLiterals,
            };

            private async Task<EndpointAnswer<T>> ReadAsync<T>(string path, CancellationToken cancellation)
            {
                using HttpResponseMessage response = await OpenAsync(path, "application/json", "", cancellation).ConfigureAwait(false);
                Stream body = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
                return (await JsonSerializer.DeserializeAsync<EndpointAnswer<T>>(body, Json, cancellation).ConfigureAwait(false))!;
            }

            // Comes back by itself, where it was; the server says so when that is too long ago, and gives the answer anew.
            private async IAsyncEnumerable<EndpointChange<T>> FollowAsync<T>(string path, [EnumeratorCancellation] CancellationToken cancellation)
            {
                string last = "";
                int pauseMs = 250;
                while (true)
                {
                    HttpResponseMessage? response = null;
                    try
                    {
                        response = await OpenAsync(path, "text/event-stream", last, cancellation).ConfigureAwait(false);
                    }
                    catch (HttpRequestException e) when (e is not EndpointException { IsFinal: true })
                    {
                        // No answer, or none now.
                    }

                    if (response is not null)
                    {
                        using (response)
                        {
                            var snapshot = new List<T>();
                            await foreach ((string name, string id, string data) in EventsAsync(response, cancellation).ConfigureAwait(false))
                            {
                                pauseMs = 250;
                                switch (name)
                                {
                                    case "schema" or "reset":
                                        snapshot.Clear();
                                        break;
                                    case "snapshot":
                                        SnapshotEvent<T> part = JsonSerializer.Deserialize<SnapshotEvent<T>>(data, Json)!;
                                        snapshot.AddRange(part.Rows);
                                        if (part.Last)
                                        {
                                            yield return new EndpointChange<T>(part.Epoch, true, snapshot.ToArray(), Array.Empty<T>());
                                            snapshot.Clear();
                                        }

                                        break;
                                    case "delta":
                                        DeltaEvent<T> delta = JsonSerializer.Deserialize<DeltaEvent<T>>(data, Json)!;
                                        yield return new EndpointChange<T>(delta.Epoch, false, delta.Upserts, delta.Deletes);
                                        break;
                                    case "error":
                                        throw EndpointException.Of(data, HttpStatusCode.InternalServerError);
                                    case "auth_expired":
                                        throw new EndpointException("the token does not hold any more", HttpStatusCode.Unauthorized, null);
                                }

                                last = id.Length > 0 ? id : last;
                            }
                        }
                    }

                    await Task.Delay(pauseMs, cancellation).ConfigureAwait(false);
                    pauseMs = Math.Min(pauseMs * 2, 10_000);
                }
            }

            private async Task<HttpResponseMessage> OpenAsync(string path, string accept, string last, CancellationToken cancellation)
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, path);
                request.Headers.TryAddWithoutValidation("Accept", accept);
                if (last.Length > 0)
                {
                    request.Headers.TryAddWithoutValidation("Last-Event-ID", last);
                }

                HttpResponseMessage response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation).ConfigureAwait(false);
                if (response.IsSuccessStatusCode)
                {
                    return response;
                }

                using (response)
                {
                    throw EndpointException.Of(await response.Content.ReadAsStringAsync(cancellation).ConfigureAwait(false), response.StatusCode);
                }
            }

            private static async IAsyncEnumerable<(string Name, string Id, string Data)> EventsAsync(HttpResponseMessage response, [EnumeratorCancellation] CancellationToken cancellation)
            {
                using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false));
                string name = "", id = "", data = "";
                while (true)
                {
                    string? line;
                    try
                    {
                        line = await reader.ReadLineAsync(cancellation).ConfigureAwait(false);
                    }
                    catch (IOException)
                    {
                        // Cut: the feed is taken up again.
                        yield break;
                    }

                    if (line is null)
                    {
                        yield break;
                    }

                    if (line.Length == 0)
                    {
                        if (data.Length > 0)
                        {
                            yield return (name, id, data);
                        }

                        (name, id, data) = ("", "", "");
                    }
                    else if (line.StartsWith("event: ", StringComparison.Ordinal))
                    {
                        name = line.Substring(7);
                    }
                    else if (line.StartsWith("id: ", StringComparison.Ordinal))
                    {
                        id = line.Substring(4);
                    }
                    else if (line.StartsWith("data: ", StringComparison.Ordinal))
                    {
                        data += line.Substring(6);
                    }
                }
            }

            private static string Address(string name, params (string Name, string? Value)[] parameters)
            {
                string query = string.Join("&", parameters.Where(p => p.Value is not null).Select(p => Uri.EscapeDataString(p.Name) + "=" + Uri.EscapeDataString(p.Value!)));
                return "v1/endpoints/" + Uri.EscapeDataString(name) + (query.Length > 0 ? "?" + query : "");
            }

            private static string? Text(object? value) => value switch
            {
                null => null,
                bool b => b ? "true" : "false",
                DateTime or DateTimeOffset => ((IFormattable)value).ToString("O", CultureInfo.InvariantCulture),
                DateOnly d => d.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
                TimeOnly t => t.ToString("HH:mm:ss.ffffff", CultureInfo.InvariantCulture),
                IFormattable f => f.ToString(null, CultureInfo.InvariantCulture),
                _ => value.ToString(),
            };

            private sealed record SnapshotEvent<T>([property: JsonPropertyName("epoch")] long Epoch, [property: JsonPropertyName("rows")] T[] Rows, [property: JsonPropertyName("last")] bool Last);

            private sealed record DeltaEvent<T>(
                [property: JsonPropertyName("epoch")] long Epoch, [property: JsonPropertyName("upserts")] T[] Upserts, [property: JsonPropertyName("deletes")] T[] Deletes);
        }

        /// <summary>An endpoint's answer.</summary>
        /// <param name="Version">The epoch at which anything it reads last changed.</param>
        /// <param name="Rows">Its rows.</param>
        public sealed record EndpointAnswer<T>([property: JsonPropertyName("version")] string Version, [property: JsonPropertyName("data")] IReadOnlyList<T> Rows);

        /// <summary>What has become of an answer that is followed.</summary>
        /// <param name="Epoch">The state of the database that it leads to.</param>
        /// <param name="IsSnapshot">True when the rows are the whole answer, in place of all that came before.</param>
        /// <param name="Upserts">Rows that are new or changed.</param>
        /// <param name="Deletes">Rows that are gone; of an answer with a key, only the key's members are set.</param>
        public sealed record EndpointChange<T>(long Epoch, bool IsSnapshot, IReadOnlyList<T> Upserts, IReadOnlyList<T> Deletes);

        /// <summary>A request that was refused.</summary>
        public sealed class EndpointException : HttpRequestException
        {
            internal EndpointException(string message, HttpStatusCode status, string? parameter)
                : base(message, null, status) => Parameter = parameter;

            /// <summary>The parameter at fault, if one is.</summary>
            public string? Parameter { get; }

            /// <summary>True when asking again does not help.</summary>
            public bool IsFinal => (int)StatusCode!.Value is < 500 and not 429;

            internal static EndpointException Of(string problem, HttpStatusCode status)
            {
                try
                {
                    using JsonDocument json = JsonDocument.Parse(problem);
                    string? Member(string name) => json.RootElement.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
                    HttpStatusCode told = json.RootElement.TryGetProperty("status", out JsonElement number) && number.TryGetInt32(out int code) ? (HttpStatusCode)code : status;
                    return new EndpointException(Member("detail") ?? Member("title") ?? told.ToString(), told, Member("parameter"));
                }
                catch (JsonException)
                {
                    return new EndpointException(status.ToString(), status, null);
                }
            }
        }
        """;

    /// <summary>The client of these endpoints.</summary>
    public static string Of(IReadOnlyList<CatalogObject> endpoints, long version)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"// The endpoints of a Millrace server, typed. Made by GET /v1/client.cs of definitions of version {version}: fetch it again, do not change it.\n");
        text.Append("// <auto-generated/>\n#nullable enable\n");
        foreach (string space in (string[])["System", "System.Collections.Generic", "System.Globalization", "System.IO", "System.Linq", "System.Net", "System.Net.Http",
            "System.Runtime.CompilerServices", "System.Text.Json", "System.Text.Json.Serialization", "System.Threading", "System.Threading.Tasks"])
        {
            text.Append(CultureInfo.InvariantCulture, $"using {space};\n");
        }

        text.Append("\nnamespace Millrace.Client;\n\n");
        var names = new ClientNames();
        (CatalogObject Endpoint, string Name)[] named = [.. endpoints.Select(o => (o, names.Pascal(o.Name)))];
        foreach ((CatalogObject o, string name) in named)
        {
            var members = new ClientNames();
            // A member may not be called like the record that it is in.
            members.Pascal(name + "Row");
            text.Append(CultureInfo.InvariantCulture, $"/// <summary>A row of the endpoint {Comment(o.Name)}.</summary>\npublic sealed record {name}Row(\n    ");
            text.AppendJoin(",\n    ", o.Columns.Fields.Select(f => $"[property: JsonPropertyName({Quoted(f.Name)})] {Type(f.Type)}{(f.Nullable ? "?" : "")} {members.Pascal(f.Name)}"));
            text.Append(");\n\n");
        }

        text.Append("/// <summary>Reads and follows the endpoints.</summary>\n");
        text.Append("/// <param name=\"http\">Its BaseAddress is the server's, with a slash at its end; its Authorization holds the token. Its Timeout counts until a feed begins.</param>\n");
        text.Append("public sealed class MillraceEndpoints(HttpClient http)\n{\n");
        foreach ((CatalogObject o, string name) in named)
        {
            var arguments = new ClientNames();
            (EndpointParameter Parameter, string Name)[] parameters = [.. o.Parameters.Select(p => (p, Camel(arguments.Pascal(p.Name))))];
            string list = string.Concat(parameters.OrderBy(p => p.Parameter.Default is not null)
                .Select(p => $"{Type(p.Parameter.Type)}{(p.Parameter.Default is null ? "" : "?")} {p.Name}{(p.Parameter.Default is null ? "" : " = null")}, "));
            string address = $"Address({Quoted(o.Name)}{string.Concat(parameters.Select(p => $", ({Quoted(p.Parameter.Name)}, Text({p.Name}))"))})";
            text.Append(CultureInfo.InvariantCulture, $"    /// <summary>The answer of {Comment(o.Name)} as of now.</summary>\n");
            text.Append(CultureInfo.InvariantCulture, $"    public Task<EndpointAnswer<{name}Row>> {name}Async({list}CancellationToken cancellation = default) =>\n");
            text.Append(CultureInfo.InvariantCulture, $"        ReadAsync<{name}Row>({address}, cancellation);\n\n");
            text.Append(CultureInfo.InvariantCulture, $"    /// <summary>The answer of {Comment(o.Name)}, then every change of it.</summary>\n");
            text.Append(CultureInfo.InvariantCulture, $"    public IAsyncEnumerable<EndpointChange<{name}Row>> Follow{name}Async({list}CancellationToken cancellation = default) =>\n");
            text.Append(CultureInfo.InvariantCulture, $"        FollowAsync<{name}Row>({address}, cancellation);\n\n");
        }

        return text.Append(Runtime.ReplaceLineEndings("\n")).Append('\n').ToString();
    }

    private static string Type(SqlType type) => type.Id switch
    {
        TypeId.Boolean => "bool",
        TypeId.SmallInt => "short",
        TypeId.Integer => "int",
        TypeId.BigInt => "long",
        TypeId.Real => "float",
        TypeId.Double => "double",
        TypeId.Numeric => "decimal",
        TypeId.Date => "DateOnly",
        TypeId.Time => "TimeOnly",
        TypeId.Timestamp => "DateTime",
        TypeId.TimestampTz => "DateTimeOffset",
        TypeId.Uuid => "Guid",
        TypeId.Jsonb or TypeId.Array or TypeId.Row => "JsonElement",
        _ => "string",
    };

    // Escapes of JSON are escapes of C#.
    private static string Quoted(string name) => JsonSerializer.Serialize(name);

    private static string Comment(string name) => System.Net.WebUtility.HtmlEncode(name.ReplaceLineEndings(" "));

    private static string Camel(string pascal)
    {
        string name = char.ToLowerInvariant(pascal[0]) + pascal[1..];
        return Reserved.Contains(name) ? "@" + name + (name == "cancellation" ? "Value" : "") : name;
    }
}
