// What the row generator says about types it cannot complete, and that what it writes compiles.
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Millrace.Generator;
using Xunit;

namespace Millrace.Tests.Library;

public class GeneratorTests
{
    [Theory]
    [InlineData("[MillraceRow] public record A(int X);", "MILL001")]
    [InlineData("class Out { [MillraceRow] public partial record A(int X); }", "MILL001")]
    [InlineData("[MillraceRow] public partial record A(System.Uri X);", "MILL002")]
    [InlineData("[MillraceRow(Key = \"y\")] public partial record A(int X);", "MILL003")]
    [InlineData("[MillraceRow] public partial class A { public int X => 1; }", "MILL004")]
    [InlineData("[MillraceRow] public partial record A<T>(int X);", "MILL005")]
    public void WhatStandsInTheWayIsToldOnceAndAtThePlace(string source, string id)
    {
        (Diagnostic[] told, Diagnostic[] _, string _) = Run(source);
        Diagnostic one = Assert.Single(told);
        Assert.Equal((id, true), (one.Id, one.Location.GetLineSpan().IsValid));
    }

    [Theory]
    [InlineData("[MillraceRow] public partial record A(int X, string? @class);")]
    [InlineData("[MillraceRow] public partial record struct A(int X);")]
    [InlineData("namespace N.M { partial class Out { partial struct In { [MillraceRow] public partial class A { public int X { get; set; } public required string Y { get; init; } } } } }")]
    [InlineData("public record Base(int X); [MillraceRow] public partial record A(int X, long Y) : Base(X);")]
    [InlineData("[MillraceRow(\"a\\\"b\", EventTime = \"At\", Lateness = \"5 'x\")] public partial record A([property: MillraceColumn(Name = \"t\\\\\\\"\")] System.DateTime At);")]
    public void WhatIsWrittenCompiles(string source)
    {
        (Diagnostic[] told, Diagnostic[] compiler, string written) = Run(source);
        Assert.Empty(told);
        Assert.True(compiler.Length == 0, string.Join("\n", compiler.Select(c => c.ToString())) + "\n" + written);
    }

    [Theory]
    [InlineData("TookMs", "took_ms")]
    [InlineData("HTTPStatus", "http_status")]
    [InlineData("Id", "id")]
    [InlineData("A_B", "a_b")]
    public void NamesBecomeSnakes(string member, string column) =>
        Assert.Contains($"new(\"{column}\"", Run($"[MillraceRow] public partial record A(int {member});").Written);

    private static (Diagnostic[] Told, Diagnostic[] Compiler, string Written) Run(string source)
    {
        IEnumerable<MetadataReference> references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(p => Path.GetFileName(p) is "System.Runtime.dll" or "System.Private.CoreLib.dll" or "System.Collections.dll" or "Millrace.dll" or "netstandard.dll"
                or "System.Private.Uri.dll" or "Millrace.Core.dll")
            .Select(p => MetadataReference.CreateFromFile(p));
        CSharpCompilation compilation = CSharpCompilation.Create(
            "rows", [CSharpSyntaxTree.ParseText("#nullable enable\nusing Millrace;\n" + source)], references,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));
        GeneratorDriver driver = CSharpGeneratorDriver.Create(new RowGenerator()).RunGeneratorsAndUpdateCompilation(compilation, out Compilation after, out _);
        GeneratorDriverRunResult result = driver.GetRunResult();
        return ([.. result.Diagnostics], [.. after.GetDiagnostics().Where(d => d.Severity >= DiagnosticSeverity.Warning)],
            string.Join("\n", result.GeneratedTrees.Select(t => t.ToString())));
    }
}
