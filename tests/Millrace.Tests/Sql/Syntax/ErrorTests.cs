// What the parser says of wrong statements: errors.txt holds each with a caret below the place, the SQLSTATE, the message and the hint.
using Millrace.Core;
using Millrace.Sql.Syntax;
using Xunit;

namespace Millrace.Tests.Sql.Syntax;

public class ErrorTests
{
    [Fact]
    public void EveryErrorIsTheOneInTheTable()
    {
        string table = File.ReadAllText(Path.Combine(Corpus.Folder(), "errors.txt"));
        var failures = new List<string>();
        foreach (string block in table.Split("\n\n", StringSplitOptions.RemoveEmptyEntries))
        {
            string sql = block.Split('\n')[0];
            string actual = Describe(sql);
            if (actual != block.TrimEnd('\n'))
            {
                failures.Add($"expected:\n{block}\nfound:\n{actual}");
            }
        }
        Assert.True(failures.Count == 0, string.Join("\n\n", failures));
    }

    private static string Describe(string sql)
    {
        try
        {
            return sql + "\n(parses as " + SqlFormatter.Format(SqlParser.Parse(sql)[0]) + ")";
        }
        catch (SqlException e)
        {
            return $"{sql}\n{new string(' ', e.Position)}^ {e.SqlState} {e.Message}" + (e.Hint is null ? "" : "\nHINT: " + e.Hint);
        }
    }

    [Fact]
    public void ExcerptShowsLineColumnAndCaret()
    {
        const string Text = "SELECT a\n\tFROM t\n\tWHER b = 1";
        SqlException error = Assert.Throws<SqlException>(() => SqlParser.Parse(Text));
        Assert.Equal(
            "syntax error at or near \"b\": expected \",\", an operator, a clause or \";\" (line 3, column 7)\n"
            + "  \tWHER b = 1\n"
            + "  \t     ^\n"
            + "Hint: Did you mean WHERE in place of \"wher\"?",
            ErrorExcerpt.Describe(error, Text));
    }

    [Fact]
    public void ExcerptCutsLongLines()
    {
        string text = "SELECT " + string.Join(", ", Enumerable.Range(0, 500)) + " FROM FROM " + new string('x', 500);
        SqlException error = Assert.Throws<SqlException>(() => SqlParser.Parse(text));
        string[] lines = ErrorExcerpt.Describe(error, text).Split('\n');
        Assert.True(lines[1].Length < 120);
        Assert.Equal("FROM x", lines[1].Substring(lines[2].Length - 1, 6));
    }
}
