// The catalog of everything a query may call.
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>All functions, operators, casts, aggregates and window functions.</summary>
internal static class FunctionLibrary
{
    private static readonly Lazy<FunctionCatalog> s_catalog = new(Build);

    /// <summary>The catalog; filled at first use, read-only afterwards.</summary>
    public static FunctionCatalog Catalog => s_catalog.Value;

    private static FunctionCatalog Build()
    {
        var catalog = new FunctionCatalog
        {
            Fold = ConstantFolder.Evaluate,
            Relations = SystemRelations.Functions.ToDictionary(r => r.Object.Name, r => r.Object),
        };
        FunctionList.Register(new FunctionRegistry(catalog));
        return catalog;
    }
}
