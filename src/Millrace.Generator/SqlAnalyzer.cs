// What a compiler can say of SQL in a program: values that are pasted into it, quotes that are not closed, parameters that do not add up.
using System.Collections.Immutable;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace Millrace.Generator;

/// <summary>Looks at the texts that are given to a database's ExecuteAsync, QueryAsync, SubscribeAsync and FollowAsync.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class SqlAnalyzer : DiagnosticAnalyzer
{
    private const string Database = "Millrace.Database";

    private static readonly DiagnosticDescriptor Pasted = Rule("MILL006", "Values are parameters of SQL, not parts of its text",
        "A value is put into the text of SQL: write $1 in its place and give it behind the text");

    private static readonly DiagnosticDescriptor Open = Rule("MILL007", "What is opened in SQL is closed", "This SQL is cut short: {0}");

    private static readonly DiagnosticDescriptor Count = Rule("MILL008", "Each parameter of SQL has a value", "The SQL has {0}, and {1} given");

    private static readonly DiagnosticDescriptor Verb = Rule("MILL009", "SQL begins with the word for what is to be done", "No statement begins with \"{0}\"{1}");

    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } = ImmutableArray.Create(Pasted, Open, Count, Verb);

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.EnableConcurrentExecution();
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.RegisterCompilationStartAction(start =>
        {
            if (start.Compilation.GetTypeByMetadataName(Database) is { } database)
            {
                start.RegisterOperationAction(found => Look(found, (IInvocationOperation)found.Operation, database), OperationKind.Invocation);
            }
        });
    }

    private static void Look(OperationAnalysisContext context, IInvocationOperation call, INamedTypeSymbol database)
    {
        IMethodSymbol method = call.TargetMethod;
        if (!SymbolEqualityComparer.Default.Equals(method.ContainingType, database) || method.Name is not ("ExecuteAsync" or "QueryAsync" or "SubscribeAsync" or "FollowAsync")
            || call.Arguments.FirstOrDefault(a => a.Parameter?.Name == "sql") is not { Value: var sql })
        {
            return;
        }

        Location place = sql.Syntax.GetLocation();
        if (sql.ConstantValue is not { HasValue: true, Value: string text })
        {
            if (IsPasted(sql))
            {
                context.ReportDiagnostic(Diagnostic.Create(Pasted, place));
            }

            return;
        }

        SqlText read = SqlText.Read(text);
        if (read.Open is { } open)
        {
            context.ReportDiagnostic(Diagnostic.Create(Open, place, open));
            return;
        }

        if (read.Verb is { Length: > 0 } verb && !SqlText.Verbs.Contains(verb))
        {
            context.ReportDiagnostic(Diagnostic.Create(Verb, place, verb, SqlText.Nearest(verb) is { } near ? $": is it {near}?" : ""));
        }

        if (call.Arguments.FirstOrDefault(a => a.Parameter is { IsParams: true }) is { ArgumentKind: ArgumentKind.ParamArray, Value: IArrayCreationOperation { Initializer: { } given } }
            && given.ElementValues.Length != read.Parameters)
        {
            int values = given.ElementValues.Length;
            string parameters = read.Parameters switch { 0 => "no parameters", 1 => "the parameter $1", var n => $"parameters up to ${n}" };
            context.ReportDiagnostic(Diagnostic.Create(Count, place, parameters, values switch { 0 => "no value is", 1 => "1 value is", _ => $"{values} values are" }));
        }
    }

    // Text with holes, or texts put together, where a part is not known when the program is compiled.
    private static bool IsPasted(IOperation sql) => sql switch
    {
        IInterpolatedStringOperation interpolated => interpolated.Parts.OfType<IInterpolationOperation>().Any(p => !p.Expression.ConstantValue.HasValue),
        IBinaryOperation { OperatorKind: BinaryOperatorKind.Add } sum => IsUnknownPart(sum.LeftOperand) || IsUnknownPart(sum.RightOperand),
        IParenthesizedOperation inner => IsPasted(inner.Operand),
        IConversionOperation converted => IsPasted(converted.Operand),
        _ => false,
    };

    private static bool IsUnknownPart(IOperation part) =>
        !part.ConstantValue.HasValue && (part is not (IBinaryOperation or IInterpolatedStringOperation or IParenthesizedOperation) || IsPasted(part));

    private static DiagnosticDescriptor Rule(string id, string title, string message) => new(id, title, message, "Millrace", DiagnosticSeverity.Warning, isEnabledByDefault: true);
}
