// Every statement of the corpus parses, and printing and parsing again gives the same tree.
using Millrace.Core;
using Millrace.Sql.Syntax;
using Xunit;

namespace Millrace.Tests.Sql.Syntax;

public class CorpusTests
{
    [Fact]
    public void EveryFileParses()
    {
        int count = 0;
        foreach (string file in Corpus.Files)
        {
            string text = File.ReadAllText(Path.Combine(Corpus.Folder(), file));
            try
            {
                count += SqlParser.Parse(text).Count;
            }
            catch (SqlException e)
            {
                var (line, column) = SqlException.LineAndColumn(text, e.Position);
                Assert.Fail($"{file}:{line}:{column}: {e.Message}");
            }
        }
        Assert.True(count >= 200, $"only {count} statements");
    }

    [Fact]
    public void PrintingAndParsingGivesTheSameTree()
    {
        var failures = new List<string>();
        foreach (string sql in Corpus.Statements())
        {
            Statement statement = SqlParser.Parse(sql)[0];
            string printed = SqlFormatter.Format(statement);
            try
            {
                Statement again = Assert.Single(SqlParser.Parse(printed));
                if (!statement.Equals(again) || statement.GetHashCode() != again.GetHashCode())
                {
                    failures.Add($"differs: {sql}\n   -> {printed}\n   -> {SqlFormatter.Format(again)}");
                }
                else if (SqlFormatter.Format(again) != printed)
                {
                    failures.Add($"unstable: {printed}\n   -> {SqlFormatter.Format(again)}");
                }
            }
            catch (SqlException e)
            {
                failures.Add($"{e.Message} at {e.Position}: {sql}\n   -> {printed}");
            }
        }
        Assert.True(failures.Count == 0, string.Join("\n", failures));
    }
}
