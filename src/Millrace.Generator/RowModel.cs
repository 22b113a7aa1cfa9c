// What the generator knows of a type: its name, its columns, and how a value of it is made.
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Millrace.Generator;

/// <summary>A member that is a column.</summary>
/// <param name="Name">The member's name.</param>
/// <param name="Type">Its type in C#.</param>
/// <param name="Column">The column's name.</param>
/// <param name="SqlType">The column's type.</param>
/// <param name="Nullable">Whether it takes null.</param>
/// <param name="InConstructor">Whether the constructor takes it; else it is set.</param>
internal sealed record RowMember(string Name, string Type, string Column, string SqlType, bool Nullable, bool InConstructor);

/// <summary>A type with [MillraceRow].</summary>
internal sealed record RowModel(
    string Namespace, EquatableList<string> Around, string Declaration, string Type, string Name, string FileName, string Relation, string Key, string EventTime, string Lateness,
    EquatableList<RowMember> Members, EquatableList<RowProblem> Problems)
{
    private static readonly SymbolDisplayFormat Full = SymbolDisplayFormat.FullyQualifiedFormat.AddMiscellaneousOptions(SymbolDisplayMiscellaneousOptions.IncludeNullableReferenceTypeModifier);

    public static RowModel Of(INamedTypeSymbol type, AttributeData attribute)
    {
        var problems = new List<RowProblem>();
        for (INamedTypeSymbol? at = type; at is not null; at = at.ContainingType)
        {
            if (!at.DeclaringSyntaxReferences.Any(r => r.GetSyntax() is TypeDeclarationSyntax d && d.Modifiers.Any(m => m.Text == "partial")))
            {
                problems.Add(RowProblem.Make(RowProblem.NotPartial, type, type.Name));
                break;
            }
        }

        if (type.IsGenericType)
        {
            problems.Add(RowProblem.Make(RowProblem.Generic, type, type.Name));
        }

        List<RowMember> members = MembersOf(type, problems);
        if (members.Count == 0 && problems.Count == 0)
        {
            problems.Add(RowProblem.Make(RowProblem.Nothing, type, type.Name));
        }

        string Option(string name) => attribute.NamedArguments.FirstOrDefault(a => a.Key == name).Value.Value as string ?? "";
        string key = Named("Key", Option("Key"));
        string eventTime = Named("EventTime", Option("EventTime"));
        return new RowModel(
            type.ContainingNamespace.IsGlobalNamespace ? "" : type.ContainingNamespace.ToDisplayString(),
            new EquatableList<string>(AroundOf(type).ToImmutableArray()), Keyword(type), type.ToDisplayString(SymbolDisplayFormat.FullyQualifiedFormat), type.Name,
            type.ToDisplayString().Replace('<', '_').Replace('>', '_') + ".MillraceRow.g.cs",
            attribute.ConstructorArguments.Length > 0 && attribute.ConstructorArguments[0].Value is string given ? given : Snake(type.Name),
            key, eventTime, Option("Lateness") is { Length: > 0 } lateness ? lateness : "0 seconds",
            new EquatableList<RowMember>(members.ToImmutableArray()), new EquatableList<RowProblem>(problems.ToImmutableArray()));

        // Options may name members or columns; what is generated names columns.
        string Named(string option, string names) => string.Join(",", names.Split(new[] { ',' }, System.StringSplitOptions.RemoveEmptyEntries).Select(n => n.Trim()).Select(n =>
        {
            RowMember? member = members.FirstOrDefault(m => m.Column == n) ?? members.FirstOrDefault(m => m.Name == n);
            if (member is null)
            {
                problems.Add(RowProblem.Make(RowProblem.NoSuchColumn, type, option, n, type.Name));
            }

            return member?.Column ?? n;
        }));
    }

    private static List<RowMember> MembersOf(INamedTypeSymbol type, List<RowProblem> problems)
    {
        var properties = new List<IPropertySymbol>();
        for (INamedTypeSymbol? at = type; at is not null && at.SpecialType == SpecialType.None; at = at.BaseType)
        {
            properties.InsertRange(0, at.GetMembers().OfType<IPropertySymbol>().Where(p => !p.IsStatic && !p.IsIndexer && p.GetMethod is not null && p.DeclaredAccessibility == Accessibility.Public));
        }

        // The longest constructor all of whose parameters are properties too: of a record, its own.
        IMethodSymbol? constructor = type.InstanceConstructors
            .Where(c => c.DeclaredAccessibility == Accessibility.Public && c.Parameters.All(p => PropertyOf(p) is not null))
            .OrderByDescending(c => c.Parameters.Length).FirstOrDefault();
        var members = new List<RowMember>();
        var seen = new HashSet<string>();
        foreach (IParameterSymbol parameter in constructor?.Parameters ?? ImmutableArray<IParameterSymbol>.Empty)
        {
            Add(PropertyOf(parameter)!, parameter, inConstructor: true);
        }

        foreach (IPropertySymbol property in properties.Where(p => p.SetMethod is { DeclaredAccessibility: Accessibility.Public }))
        {
            if (!seen.Contains(property.Name))
            {
                Add(property, null, inConstructor: false);
            }
        }

        return members;

        IPropertySymbol? PropertyOf(IParameterSymbol parameter) =>
            properties.FirstOrDefault(p => string.Equals(p.Name, parameter.Name, System.StringComparison.OrdinalIgnoreCase)
                && SymbolEqualityComparer.Default.Equals(p.Type, parameter.Type));

        void Add(IPropertySymbol property, IParameterSymbol? parameter, bool inConstructor)
        {
            seen.Add(property.Name);
            AttributeData? column = AttributeOf(property) ?? (parameter is null ? null : AttributeOf(parameter));
            string? Option(string name) => column?.NamedArguments.FirstOrDefault(a => a.Key == name).Value.Value as string;
            ITypeSymbol bare = property.Type is INamedTypeSymbol { OriginalDefinition.SpecialType: SpecialType.System_Nullable_T } nullable ? nullable.TypeArguments[0] : property.Type;
            string? sql = Option("Type") ?? SqlTypeOf(bare);
            if (sql is null)
            {
                problems.Add(RowProblem.Make(RowProblem.NoColumn, property, property.Name, property.Type.ToDisplayString()));
                return;
            }

            bool takesNull = property.Type.IsReferenceType
                ? property.NullableAnnotation == NullableAnnotation.Annotated
                : !SymbolEqualityComparer.Default.Equals(bare, property.Type);
            members.Add(new RowMember(property.Name, property.Type.ToDisplayString(Full), Option("Name") ?? Snake(property.Name), sql, takesNull, inConstructor));
        }
    }

    private static AttributeData? AttributeOf(ISymbol symbol) => symbol.GetAttributes().FirstOrDefault(a => a.AttributeClass?.ToDisplayString() == "Millrace.MillraceColumnAttribute");

    private static string? SqlTypeOf(ITypeSymbol type) => type.SpecialType switch
    {
        SpecialType.System_Boolean => "boolean",
        SpecialType.System_Byte or SpecialType.System_Int16 => "smallint",
        SpecialType.System_Int32 => "integer",
        SpecialType.System_UInt16 => "integer",
        SpecialType.System_Int64 or SpecialType.System_UInt32 => "bigint",
        SpecialType.System_Single => "real",
        SpecialType.System_Double => "double precision",
        SpecialType.System_Decimal => "numeric",
        SpecialType.System_String => "text",
        SpecialType.System_DateTime => "timestamptz",
        _ when type.TypeKind == TypeKind.Enum => "text",
        _ when type is IArrayTypeSymbol { ElementType.SpecialType: SpecialType.System_Byte } => "bytea",
        _ => type.ToDisplayString() switch
        {
            "System.DateTimeOffset" => "timestamptz",
            "System.DateOnly" => "date",
            "System.TimeOnly" => "time",
            "System.TimeSpan" => "interval",
            "System.Guid" => "uuid",
            _ => null,
        },
    };

    private static IEnumerable<string> AroundOf(INamedTypeSymbol type)
    {
        var around = new Stack<string>();
        for (INamedTypeSymbol? at = type.ContainingType; at is not null; at = at.ContainingType)
        {
            around.Push($"partial {Keyword(at)} {at.Name}");
        }

        return around;
    }

    private static string Keyword(INamedTypeSymbol type) => (type.IsRecord, type.IsValueType) switch
    {
        (true, true) => "record struct",
        (true, false) => "record",
        (false, true) => "struct",
        _ => "class",
    };

    /// <summary>TookMs → took_ms, HTTPStatus → http_status.</summary>
    public static string Snake(string name)
    {
        var text = new System.Text.StringBuilder(name.Length + 4);
        for (int i = 0; i < name.Length; i++)
        {
            bool starts = char.IsUpper(name[i]) && i > 0 && name[i - 1] != '_'
                && (!char.IsUpper(name[i - 1]) || (i + 1 < name.Length && char.IsLower(name[i + 1])));
            text.Append(starts ? "_" : "").Append(char.ToLowerInvariant(name[i]));
        }

        return text.ToString();
    }
}
