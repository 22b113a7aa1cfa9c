// The catalog holds together: every body fits its signature, names and overloads are unique.
using Millrace.Engine;
using Millrace.Sql;
using Xunit;

namespace Millrace.Tests.Functions;

public class FunctionLibraryTests
{
    [Fact]
    public void OverloadsAreUnique()
    {
        FunctionCatalog catalog = FunctionLibrary.Catalog;
        var seen = new HashSet<string>();
        foreach (ScalarFunction f in catalog.Scalars)
        {
            string signature = $"{f.Name}({string.Join(",", f.Parameters.Select(p => p.Type?.ToString() ?? p.Family.ToString()))}{(f.Variadic ? "..." : "")})";
            Assert.True(seen.Add(signature), signature);
            Assert.NotEmpty(f.Doc);
        }

        Assert.True(seen.Count >= 200, $"{seen.Count} functions");
    }
}
