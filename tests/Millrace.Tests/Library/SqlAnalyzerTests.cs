// What the analyzer says of SQL in a program, and what it leaves alone.
using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using Millrace.Generator;
using Xunit;

namespace Millrace.Tests.Library;

public sealed class SqlAnalyzerTests
{
    [Theory]
    [InlineData("db.ExecuteAsync($\"SELECT {x}\")", "MILL006")]
    [InlineData("db.QueryAsync<int>(\"SELECT n FROM t WHERE name = '\" + name + \"'\")", "MILL006")]
    [InlineData("db.SubscribeAsync<int>(\"SELECT \" + (\"a\" + name))", "MILL006")]
    [InlineData("db.ExecuteAsync(\"SELECT 'it's'\")", "MILL007")]
    [InlineData("db.ExecuteAsync(\"SELECT \\\"a FROM t\")", "MILL007")]
    [InlineData("db.ExecuteAsync(\"SELECT (1 + (2)\")", "MILL007")]
    [InlineData("db.ExecuteAsync(\"SELECT 1)\")", "MILL007")]
    [InlineData("db.ExecuteAsync(\"SELECT 1 /* /* */\")", "MILL007")]
    [InlineData("db.ExecuteAsync(\"SELECT $a$ x $b$\")", "MILL007")]
    [InlineData("db.ExecuteAsync(\"SELECT $1\")", "MILL008")]
    [InlineData("db.ExecuteAsync(\"SELECT $1, $2\", 5)", "MILL008")]
    [InlineData("db.QueryAsync<int>(\"SELECT 1\", x, name)", "MILL008")]
    [InlineData("db.ExecuteAsync(\"SELCT 1\")", "MILL009")]
    [InlineData("db.ExecuteAsync(\"frobnicate the table\")", "MILL009")]
    [InlineData("db.ExecuteAsync(\"SELECT 1\")", "")]
    [InlineData("db.ExecuteAsync(\"-- a comment\\n(SELECT e'\\\\'' || '$5' || $$ ' $2 $$)\")", "")]
    [InlineData("db.ExecuteAsync(\"INSERT INTO t VALUES ($1, $2, $1)\", x, name)", "")]
    [InlineData("db.ExecuteAsync(\"INSERT INTO t VALUES ($1)\", new object?[] { x })", "")]
    [InlineData("db.ExecuteAsync($\"SELECT * FROM {Table}\")", "")]
    [InlineData("db.ExecuteAsync(\"SELECT * FROM \" + Table + \" WHERE a[1] = $1\", x)", "")]
    [InlineData("db.ExecuteAsync(name)", "")]
    [InlineData("db.ExecuteAsync(\"\")", "")]
    [InlineData("System.Console.WriteLine($\"SELECT {x}\")", "")]
    public async Task SqlInLiteralsIsLookedAt(string call, string expected)
    {
        string statement = call.StartsWith("System", StringComparison.Ordinal) ? call : "_ = " + call;
        string source = "#nullable enable\nusing Millrace;\nclass C { const string Table = \"t\"; void M(Database db, int x, string name) { " + statement + "; } }";
        IEnumerable<MetadataReference> references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(p => Path.GetFileName(p).StartsWith("System.", StringComparison.Ordinal) || Path.GetFileName(p) is "Millrace.dll" or "Millrace.Core.dll" or "Millrace.Sql.dll" or "netstandard.dll")
            .Select(p => MetadataReference.CreateFromFile(p));
        CSharpCompilation compilation = CSharpCompilation.Create(
            "sql", [CSharpSyntaxTree.ParseText(source)], references, new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));
        Assert.DoesNotContain(compilation.GetDiagnostics(), d => d.Severity == DiagnosticSeverity.Error);
        ImmutableArray<Diagnostic> told = await compilation.WithAnalyzers([new SqlAnalyzer()]).GetAnalyzerDiagnosticsAsync();
        Assert.Equal(expected, string.Join(' ', told.Select(d => d.Id)));
    }

    [Fact]
    public void TheNearestVerbIsNamed()
    {
        Assert.Equal("SELECT", SqlText.Nearest("selct"));
        Assert.Equal("CREATE", SqlText.Nearest("crate"));
        Assert.Null(SqlText.Nearest("frobnicate"));
    }
}
