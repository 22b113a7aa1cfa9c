// The list of everything that is registered, in the order of the reference.
namespace Millrace.Engine;

/// <summary>One line a subject.</summary>
internal static class FunctionList
{
    public static void Register(FunctionRegistry r)
    {
        ComparisonFunctions.Register(r);
        ArithmeticFunctions.Register(r);
        MathFunctions.Register(r);
        TextFunctions.Register(r);
        PatternFunctions.Register(r);
        RegexFunctions.Register(r);
        RegexPartFunctions.Register(r);
        DateTimeOperators.Register(r);
        DateTimeFunctions.Register(r);
        FormatFunctions.Register(r);
        JsonFunctions.Register(r);
        JsonPartFunctions.Register(r);
        JsonEditFunctions.Register(r);
        JsonPathFunctions.Register(r);
        ArrayFunctions.Register(r);
        ArrayMoreFunctions.Register(r);
        MiscFunctions.Register(r);
        ByteFunctions.Register(r);
        ConversionFunctions.Register(r);
        PgCatalogFunctions.Register(r);
        AggregateList.Register(r);
        WindowList.Register(r);
    }
}
