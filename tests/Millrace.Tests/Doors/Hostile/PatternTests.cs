// T40 of the reliability catalogue: patterns that take a backtracking engine longer than the machine will last end here, and say the right thing.
using Millrace.Core;
using Xunit;

namespace Millrace.Tests.Doors.Hostile;

public sealed class PatternTests
{
    // Two ways to read each of 50,000 letters, and a last one that fits none: tried one after the other, this test would not end.
    [Theory]
    [InlineData("repeat('a', 50000) || '!' ~ '^(a+)+$'", "f")]
    [InlineData("repeat('a', 50000) ~ '^(a+)+$'", "t")]
    [InlineData("repeat('a', 50000) || '!' ~* '^(A|a|aa)*$'", "f")]
    [InlineData("repeat('a', 5000) || '!' ~ '^(([a-z])+.)+[A-Z]([a-z])+$'", "f")]
    [InlineData("repeat('\u00e4', 20000) || '!' ~ '^(\u00e4+)+$'", "f")]
    [InlineData("regexp_replace(repeat('a', 50000) || '!', '^(a+)+$', 'x') = repeat('a', 50000) || '!'", "t")]
    [InlineData("repeat('a', 50000) || '!' SIMILAR TO '(a+)+'", "f")]
    [InlineData("repeat('a', 50000) LIKE repeat('%a', 20) || '%b'", "f")]
    [InlineData("repeat('a', 50000) ILIKE repeat('%A', 20) || '%b%'", "f")]
    public async Task APatternIsReadOnceWhateverItSays(string expression, string expected)
    {
        await using Database database = await Database.OpenInMemoryAsync();
        await database.ExecuteAsync("CREATE TABLE t (x text); INSERT INTO t VALUES ('a')");

        // Once as a constant, once row by row.
        foreach (string sql in new[] { $"SELECT {expression}", $"SELECT {expression.Replace("'a'", "x", StringComparison.Ordinal)} FROM t" })
        {
            StatementResult result = await database.ExecuteAsync(sql);
            Assert.Equal(expected, TextFormat.ToText(result.Batches[0].Columns[0], 0));
        }
    }

    [Fact]
    public async Task APatternThatGrowsWhenItIsCompiledIsRefused()
    {
        await using Database database = await Database.OpenInMemoryAsync();
        foreach (string pattern in new[] { "((((((a{1,30}){1,30}){1,30}){1,30}){1,30}){1,30})", "(a{1,1000}){1,1000}", "(a)\\1+$" })
        {
            var e = await Record.ExceptionAsync(() => database.ExecuteAsync($"SELECT repeat('a', 1000) ~ '{pattern}'"));
            Assert.True(e is SqlException { SqlState: "2201B" or "0A000" or "54001" }, $"{pattern}: {e}");
        }
    }
}
