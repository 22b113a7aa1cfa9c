// Statements and the plans or errors they give, in tests/sql/plans.txt, errors.txt and time.txt; MILLRACE_GOLDEN=1 writes what is instead of comparing.
using System.Text;
using Xunit;

namespace Millrace.Tests.Binding;

public class GoldenPlanTests
{
    [Theory]
    [InlineData("plans.txt")]
    [InlineData("errors.txt")]
    [InlineData("time.txt")]
    public void Statements_give_what_the_file_says(string file)
    {
        string path = Path.Combine(Root(), "tests", "sql", file);
        var database = new TestDatabase(file == "time.txt" ? Millrace.Engine.FunctionLibrary.Catalog : null);
        var failures = new List<string>();
        var written = new StringBuilder();
        foreach (string block in File.ReadAllText(path).Split("\n\n", StringSplitOptions.RemoveEmptyEntries))
        {
            if (block.StartsWith('#'))
            {
                written.Append(block.TrimEnd()).Append("\n\n");
                continue;
            }

            string[] parts = block.Split("\n----\n");
            string sql = parts[0].Trim();
            string actual = database.Describe(sql).TrimEnd();
            written.Append(sql).Append("\n----\n").Append(actual).Append("\n\n");
            if (parts.Length < 2 || parts[1].TrimEnd() != actual)
            {
                failures.Add($"{sql}\n---- expected\n{(parts.Length < 2 ? "" : parts[1].TrimEnd())}\n---- actual\n{actual}");
            }
        }

        if (Environment.GetEnvironmentVariable("MILLRACE_GOLDEN") == "1")
        {
            File.WriteAllText(path, written.ToString().TrimEnd('\n') + "\n");
            return;
        }

        Assert.True(failures.Count == 0, string.Join("\n\n", failures));
    }

    internal static string Root()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Millrace.slnx")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? throw new InvalidOperationException("not inside the repository");
    }
}
