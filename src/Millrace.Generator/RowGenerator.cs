// The source generator behind [MillraceRow]: for each such type the code that reads and writes its rows.
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Millrace.Generator;

/// <summary>Makes a RowAccessor for each partial type with [MillraceRow], and tells what stands in the way.</summary>
[Generator]
public sealed class RowGenerator : IIncrementalGenerator
{
    private const string RowAttribute = "Millrace.MillraceRowAttribute";

    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        IncrementalValuesProvider<RowModel> rows = context.SyntaxProvider.ForAttributeWithMetadataName(
            RowAttribute, (node, _) => node is TypeDeclarationSyntax, (found, _) => RowModel.Of((INamedTypeSymbol)found.TargetSymbol, found.Attributes[0]));
        context.RegisterSourceOutput(rows, (output, row) =>
        {
            foreach (RowProblem problem in row.Problems)
            {
                output.ReportDiagnostic(Diagnostic.Create(problem.Rule, problem.Place?.ToLocation(), problem.Arguments.ToArray<object?>()));
            }

            if (row.Problems.IsEmpty)
            {
                output.AddSource(row.FileName, RowSource.Of(row));
            }
        });
    }
}

/// <summary>A list that is equal to another by what it holds, so that unchanged types are not generated again.</summary>
internal readonly struct EquatableList<T>(ImmutableArray<T> items) : System.IEquatable<EquatableList<T>>
{
    private ImmutableArray<T> Items => items.IsDefault ? ImmutableArray<T>.Empty : items;

    public bool IsEmpty => Items.IsEmpty;

    public int Count => Items.Length;

    public T this[int index] => Items[index];

    public T1[] ToArray<T1>() => Items.Select(i => (T1)(object)i!).ToArray();

    public bool Equals(EquatableList<T> other) => Items.SequenceEqual(other.Items);

    public override bool Equals(object? obj) => obj is EquatableList<T> other && Equals(other);

    public override int GetHashCode() => Items.Aggregate(17, (hash, item) => (hash * 31) + EqualityComparer<T>.Default.GetHashCode(item!));

    public IEnumerable<T> All() => Items;

    public ImmutableArray<T>.Enumerator GetEnumerator() => Items.GetEnumerator();
}
