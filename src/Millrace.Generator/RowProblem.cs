// What the generator has to say about a type it cannot make code for.
using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;

namespace Millrace.Generator;

/// <summary>A place in a file, kept without the tree it came from.</summary>
internal sealed record Place(string Path, TextSpan Span, LinePositionSpan Lines)
{
    public static Place? Of(ISymbol symbol) => symbol.Locations.Length > 0 && symbol.Locations[0] is { SourceTree: { } tree } at
        ? new Place(tree.FilePath, at.SourceSpan, at.GetLineSpan().Span)
        : null;

    public Location ToLocation() => Location.Create(Path, Span, Lines);
}

/// <summary>A diagnostic in the making.</summary>
internal sealed record RowProblem(DiagnosticDescriptor Rule, Place? Place, EquatableList<string> Arguments)
{
    public static readonly DiagnosticDescriptor NotPartial = Rule0("MILL001", "A row type is partial", "\"{0}\" has [MillraceRow] and must be partial, as must be the types around it");

    public static readonly DiagnosticDescriptor NoColumn = Rule0("MILL002", "A member has a type that no column has",
        "Member \"{0}\" is of type {1}, which no column has; say which with [MillraceColumn(Type = …)], or leave the member without a setter");

    public static readonly DiagnosticDescriptor NoSuchColumn = Rule0("MILL003", "An option names a column", "{0} of [MillraceRow] names \"{1}\", which is no column of \"{2}\"");

    public static readonly DiagnosticDescriptor Nothing = Rule0("MILL004", "A row has columns", "\"{0}\" has neither constructor parameters nor properties that can be set");

    public static readonly DiagnosticDescriptor Generic = Rule0("MILL005", "A row type is not generic", "\"{0}\" is generic: a row type is of one shape");

    public static RowProblem Make(DiagnosticDescriptor rule, ISymbol symbol, params string[] arguments) =>
        new(rule, Millrace.Generator.Place.Of(symbol), new EquatableList<string>(arguments.ToImmutableArray()));

    private static DiagnosticDescriptor Rule0(string id, string title, string message) => new(id, title, message, "Millrace", DiagnosticSeverity.Error, isEnabledByDefault: true);
}
