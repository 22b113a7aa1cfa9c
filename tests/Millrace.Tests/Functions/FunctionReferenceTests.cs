// docs/sql-functions.md says what the functions say of themselves, and each of its examples gives what it promises.
using Millrace.Core;
using Millrace.Engine;
using Millrace.Log;
using Millrace.Sql;
using Millrace.Tests.Binding;
using Xunit;

namespace Millrace.Tests.Functions;

public sealed class FunctionReferenceTests
{
    [Fact]
    public void TheGoldenReferenceIsUpToDate()
    {
        string path = Path.Combine(GoldenPlanTests.Root(), "docs", "sql-functions.md");
        string page = FunctionReference.Write(FunctionLibrary.Catalog);
        if (Environment.GetEnvironmentVariable("MILLRACE_GOLDEN") == "1")
        {
            File.WriteAllText(path, page);
            return;
        }

        Assert.True(File.ReadAllText(path) == page, "docs/sql-functions.md is not what the functions say of themselves: ./dev docs");
    }

    [Fact]
    public void EveryFunctionIsDescribedWithAnExample()
    {
        FunctionCatalog catalog = FunctionLibrary.Catalog;
        IEnumerable<(string Name, bool Complete)> all = catalog.Scalars.Where(f => f.Group != FunctionReference.CatalogGroup)
            .GroupBy(f => f.Name).Select(g => (g.Key, g.All(f => f.Doc.Length > 0) && g.Any(f => f.Example.Contains(FunctionReference.Gives, StringComparison.Ordinal))))
            .Concat(catalog.Aggregates.GroupBy(f => f.Name).Select(g => (g.Key, g.First().Example.Contains(FunctionReference.Gives, StringComparison.Ordinal))))
            .Concat(catalog.WindowFunctions.Select(f => (f.Name, f.Example.Contains(FunctionReference.Gives, StringComparison.Ordinal))));
        string[] missing = [.. all.Where(f => !f.Complete).Select(f => f.Name)];
        Assert.True(missing.Length == 0, $"{missing.Length} without example: {string.Join(" ", missing)}");
    }

    [Fact]
    public async Task ExamplesOverRowsAndOfFormsGiveWhatTheyPromise()
    {
        using var folder = new TempFolder();
        await using Database database = await Database.OpenAsync(folder.Path, new DatabaseOptions { Durability = Durability.None });
        await using Session session = database.NewSession();
        var wrong = new List<string>();
        IEnumerable<(string Example, string From)> examples = SpecialForms.All.Select(f => (f.Example, ""))
            .Concat(FunctionLibrary.Catalog.Aggregates.Select(f => (f.Example, " FROM " + FunctionReference.SampleRows)))
            .Concat(FunctionLibrary.Catalog.WindowFunctions.Select(f => (f.Example, " FROM " + FunctionReference.SampleRows + " ORDER BY y")));
        foreach ((string example, string from) in examples.Distinct())
        {
            string[] parts = example.Split(FunctionReference.Gives, 2);
            string found;
            try
            {
                IReadOnlyList<StatementResult> results = await session.ExecuteAsync($"SELECT {parts[0]}{from}");
                found = string.Join(", ", results[^1].Batches.SelectMany(b => Enumerable.Range(0, b.Count).Select(i => Shown(b.Columns[0], i))));
            }
            catch (SqlException e)
            {
                found = e.SqlState + " " + e.Message;
            }

            if (parts.Length < 2 || found != parts[1])
            {
                wrong.Add($"{parts[0]}{FunctionReference.Gives}{found}");
            }
        }

        Assert.True(wrong.Count == 0, "found:\n" + string.Join("\n", wrong));
    }

    private static string Shown(Column column, int row) => TextFormat.ToText(column, row) switch
    {
        null => "NULL",
        "t" when column.Type.Id == TypeId.Boolean => "true",
        "f" when column.Type.Id == TypeId.Boolean => "false",
        var text => text,
    };
}
