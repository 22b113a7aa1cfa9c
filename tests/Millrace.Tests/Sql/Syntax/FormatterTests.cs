// Random expression trees survive being printed and parsed, and the printer puts no parentheses where none are needed.
using Millrace.Core;
using Millrace.Sql.Syntax;
using Xunit;

namespace Millrace.Tests.Sql.Syntax;

public class FormatterTests
{
    [Fact]
    public void RandomTreesSurvive()
    {
        for (int seed = 0; seed < 20_000; seed++)
        {
            Expr expr = new ExprGenerator(new Random(seed)).Next(1 + (seed % 6));
            string printed = SqlFormatter.Format(expr);
            try
            {
                Expr again = SqlParser.ParseExpression(printed);
                Assert.True(expr.Equals(again), $"seed {seed}\n   {printed}\n-> {SqlFormatter.Format(again)}");
            }
            catch (SqlException e)
            {
                Assert.Fail($"seed {seed}: {e.Message} at {e.Position}\n   {printed}");
            }
        }
    }

    [Theory]
    [InlineData("a + b * c")]
    [InlineData("(a + b) * c")]
    [InlineData("a - (b - c)")]
    [InlineData("a AND b AND c OR d")]
    [InlineData("NOT a = b")]
    [InlineData("(-1)::integer")]
    [InlineData("-1::integer")]
    [InlineData("- -a")]
    [InlineData("a IS NULL IS NULL")]
    [InlineData("a BETWEEN b + 1 AND c + 1")]
    [InlineData("a BETWEEN (b COLLATE \"C\") AND c COLLATE \"C\"")]
    [InlineData("(a = b) = c")]
    [InlineData("extract(year FROM a)")]
    [InlineData("ARRAY[1, 2] || a[1:2]")]
    [InlineData("(a).b")]
    [InlineData("(a COLLATE \"C\")[1]")]
    [InlineData("x::text COLLATE \"C\" AT TIME ZONE 'UTC'")]
    [InlineData("f(a, b => 1) FILTER (WHERE c) OVER w")]
    public void PrintsWhatWasWritten(string sql) => Assert.Equal(sql, SqlFormatter.Format(SqlParser.ParseExpression(sql)));

    [Theory]
    [InlineData("a", "a")]
    [InlineData("A", "\"A\"")]
    [InlineData("a b", "\"a b\"")]
    [InlineData("select", "\"select\"")]
    [InlineData("time", "\"time\"")]
    [InlineData("stream", "stream")]
    [InlineData("1a", "\"1a\"")]
    [InlineData("a\"b", "\"a\"\"b\"")]
    [InlineData("", "\"\"")]
    public void QuotesNames(string name, string quoted) => Assert.Equal(quoted, SqlFormatter.QuoteName(name));
}
