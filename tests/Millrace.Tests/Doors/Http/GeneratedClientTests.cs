// The generated clients: the one in C# is compiled and used against a door, the one in TypeScript is compiled by the client test that has a compiler.
using System.Collections;
using System.Net;
using System.Reflection;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Millrace.Doors;
using Millrace.Doors.Http.Clients;
using Xunit;

namespace Millrace.Tests.Doors.Http;

public sealed class GeneratedClientTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private Database _database = null!;
    private DoorHost _host = null!;
    private HttpClient _http = null!;

    public async Task InitializeAsync()
    {
        _database = await Database.OpenAsync(_folder.In("data"), new DatabaseOptions { Durability = Millrace.Log.Durability.None });
        _host = await DoorHost.StartAsync(_database, new DoorHostOptions { Http = new IPEndPoint(IPAddress.Loopback, 0), Postgres = null });
        _http = HttpSafetyTests.Client(_host);
        foreach (string sql in (string[])["CREATE TABLE sales (id bigint PRIMARY KEY, country text, amount numeric(10,2), at timestamptz, more jsonb)",
            "INSERT INTO sales VALUES (1, 'AT', 12.50, '2026-01-01 12:00:00+00', '{\"a\":1}'), (9007199254740993, 'DE', NULL, NULL, NULL)",
            "CREATE ENDPOINT by_country (country text, n int DEFAULT 10, after timestamptz DEFAULT NULL, exact boolean DEFAULT true) AS SELECT s.* FROM sales s "
                + "WHERE s.country = $country AND $exact AND ($after IS NULL OR s.at > $after) ORDER BY s.id LIMIT $n",
            // Everything that could go wrong with names.
            "CREATE ENDPOINT \"2nd/class \"\"x\"\" <b>\" (\"class\" int DEFAULT 1, cancellation int DEFAULT 1, \"a b\" text DEFAULT '') AS "
                + "SELECT $class + $cancellation AS \"class\", $3 AS \"a b\", 1 AS \"a_b\", true AS \"é\", ARRAY[1] AS list, 1::real AS r, 1::smallint AS s, DATE '2026-01-01' AS d, "
                + "TIME '12:00' AS t, TIMESTAMP '2026-01-01 12:00' AS ts, '6f1c2a34-0000-4000-8000-000000000000'::uuid AS u, INTERVAL '1 day' AS i, '\\x00'::bytea AS b, 'NaN'::float8 AS nan"])
        {
            await _database.ExecuteAsync(sql);
        }
    }

    public async Task DisposeAsync()
    {
        _http.Dispose();
        await _host.DisposeAsync();
        await _database.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task TheOneInCSharpReadsFollowsAndTellsFaults()
    {
        Assembly client = Compile(await _http.GetStringAsync("/v1/client.cs"));
        object endpoints = Activator.CreateInstance(client.GetType("Millrace.Client.MillraceEndpoints")!, _http)!;
        dynamic answer = await Call("ByCountryAsync", "AT", null, null, null, CancellationToken.None);
        object row = Assert.Single(((IEnumerable)answer.Rows).Cast<object>());
        Assert.Equal((1L, "AT", 12.50m, new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero), "{\"a\": 1}"),
            ((long)Get(row, "Id")!, (string)Get(row, "Country")!, (decimal)Get(row, "Amount")!, (DateTimeOffset)Get(row, "At")!, Get(row, "More")!.ToString()));
        answer = await Call("ByCountryAsync", "DE", 5, null, true, CancellationToken.None);
        row = Assert.Single(((IEnumerable)answer.Rows).Cast<object>());
        Assert.Equal((9007199254740993L, null), ((long)Get(row, "Id")!, Get(row, "Amount")));
        answer = await Call("ByCountryAsync", "AT", 5, new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero), true, CancellationToken.None);
        Assert.Empty((IEnumerable)answer.Rows);
        answer = await Call("_2ndClassXBAsync", 2, null, "ä&b", CancellationToken.None);
        row = Assert.Single(((IEnumerable)answer.Rows).Cast<object>());
        Assert.Equal((3, "ä&b", 1, true, new DateOnly(2026, 1, 1), double.NaN),
            ((int)Get(row, "Class")!, (string)Get(row, "AB")!, (int)Get(row, "AB_2")!, (bool)Get(row, "_")!, (DateOnly)Get(row, "D")!, (double)Get(row, "Nan")!));
        HttpRequestException refused = await Assert.ThrowsAnyAsync<HttpRequestException>(() => (Task)Call("ByCountryAsync", "AT", -1, null, null, CancellationToken.None));
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);

        using var enough = new CancellationTokenSource();
        object feed = Method("FollowByCountryAsync").Invoke(endpoints, ["AT", null, null, null, enough.Token])!;
        Type change = Method("FollowByCountryAsync").ReturnType.GetGenericArguments()[0];
        var all = (IAsyncEnumerable<object>)GetType().GetMethod(nameof(Objects), BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(change).Invoke(null, [feed])!;
        await using IAsyncEnumerator<object> reader = all.GetAsyncEnumerator(enough.Token);
        Assert.True(await reader.MoveNextAsync());
        Assert.True((bool)Get(reader.Current, "IsSnapshot")!);
        Assert.Single(Rows("Upserts"));
        await _database.ExecuteAsync("UPDATE sales SET amount = 20 WHERE id = 1");
        Assert.True(await reader.MoveNextAsync());
        Assert.False((bool)Get(reader.Current, "IsSnapshot")!);
        Assert.Equal(20m, (decimal)Get(Rows("Upserts").Single(), "Amount")!);
        await _database.ExecuteAsync("DELETE FROM sales WHERE id = 1");
        Assert.True(await reader.MoveNextAsync());
        Assert.Equal(1L, (long)Get(Rows("Deletes").Single(), "Id")!);
        await enough.CancelAsync();

        IEnumerable<object> Rows(string name) => ((IEnumerable)Get(reader.Current, name)!).Cast<object>();
        MethodInfo Method(string name) => endpoints.GetType().GetMethod(name)!;
        dynamic Call(string name, params object?[] arguments) => Method(name).Invoke(endpoints, arguments)!;
        static object? Get(object row, string name) => row.GetType().GetProperty(name)!.GetValue(row);
    }

    [Fact]
    public async Task TheOneInTypeScriptNamesWhatIsThere()
    {
        using HttpResponseMessage answer = await _http.GetAsync("/v1/client.ts");
        Assert.Equal("text/typescript", answer.Content.Headers.ContentType!.MediaType);
        string text = await answer.Content.ReadAsStringAsync();
        Assert.Contains("export interface ByCountryParams {\n  \"country\": string;\n  \"n\"?: number;\n  \"after\"?: string;\n  \"exact\"?: boolean;\n}\n", text, StringComparison.Ordinal);
        Assert.Contains("  \"id\": string;\n", text, StringComparison.Ordinal);
        Assert.Contains("  \"amount\": string | null;\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void WithoutEndpointsItCompilesToo() => Compile(CSharpClient.Of([], 1));

    private static async IAsyncEnumerable<object> Objects<T>(IAsyncEnumerable<T> from)
    {
        await foreach (T one in from)
        {
            yield return one!;
        }
    }

    private static Assembly Compile(string source)
    {
        IEnumerable<MetadataReference> references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(p => Path.GetFileName(p).StartsWith("System.", StringComparison.Ordinal) || Path.GetFileName(p) == "netstandard.dll")
            .Select(p => MetadataReference.CreateFromFile(p));
        CSharpCompilation compilation = CSharpCompilation.Create(
            "client" + Guid.NewGuid().ToString("N"), [CSharpSyntaxTree.ParseText(source)], references,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));
        using var bytes = new MemoryStream();
        Microsoft.CodeAnalysis.Emit.EmitResult made = compilation.Emit(bytes);
        Assert.True(
            made.Success && made.Diagnostics.All(d => d.Severity < DiagnosticSeverity.Warning),
            string.Join("\n", made.Diagnostics.Where(d => d.Severity >= DiagnosticSeverity.Warning)) + "\n" + source);
        return Assembly.Load(bytes.ToArray());
    }
}
