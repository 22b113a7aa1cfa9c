// Operator precedence as PostgreSQL has it: each pair must be one tree, the right side saying with parentheses what the left side means.
using Millrace.Core;
using Millrace.Sql.Syntax;
using Xunit;

namespace Millrace.Tests.Sql.Syntax;

public class PrecedenceTests
{
    [Theory]
    [InlineData("a + b * c", "a + (b * c)")]
    [InlineData("a - b - c", "(a - b) - c")]
    [InlineData("a / b * c % d", "((a / b) * c) % d")]
    [InlineData("a ^ b ^ c", "(a ^ b) ^ c")]
    [InlineData("a * b ^ c", "a * (b ^ c)")]
    [InlineData("- a ^ b", "(- a) ^ b")]
    [InlineData("-1::int", "-(1::int)")]
    [InlineData("-a[1]", "-(a[1])")]
    [InlineData("a || b + c", "a || (b + c)")]
    [InlineData("a || b || c", "(a || b) || c")]
    [InlineData("a -> b ->> c", "(a -> b) ->> c")]
    [InlineData("a & b << c", "(a & b) << c")]
    [InlineData("~ a + b", "~ (a + b)")]
    [InlineData("~ a | b", "(~ a) | b")]
    [InlineData("a * ~ b + c", "a * (~ (b + c))")]
    [InlineData("a = b + c", "a = (b + c)")]
    [InlineData("a || b = c || d", "(a || b) = (c || d)")]
    [InlineData("a < b AND c > d", "(a < b) AND (c > d)")]
    [InlineData("a OR b AND c", "a OR (b AND c)")]
    [InlineData("NOT a AND b", "(NOT a) AND b")]
    [InlineData("NOT a = b", "NOT (a = b)")]
    [InlineData("NOT a IS NULL", "NOT (a IS NULL)")]
    [InlineData("NOT a IN (1)", "NOT (a IN (1))")]
    [InlineData("NOT a BETWEEN 1 AND 2 AND b", "(NOT (a BETWEEN 1 AND 2)) AND b")]
    [InlineData("a = b IS NULL", "(a = b) IS NULL")]
    [InlineData("a IS NULL = b", "(a IS NULL) = b")]
    [InlineData("a + b IS NOT NULL", "(a + b) IS NOT NULL")]
    [InlineData("a IS DISTINCT FROM b + 1", "a IS DISTINCT FROM (b + 1)")]
    [InlineData("a IS DISTINCT FROM b AND c", "(a IS DISTINCT FROM b) AND c")]
    [InlineData("a = b LIKE c", "a = (b LIKE c)")]
    [InlineData("a LIKE b || c", "a LIKE (b || c)")]
    [InlineData("a LIKE b = c", "(a LIKE b) = c")]
    [InlineData("a + 1 IN (1, 2)", "(a + 1) IN (1, 2)")]
    [InlineData("a = b IN (c)", "a = (b IN (c))")]
    [InlineData("a BETWEEN b AND c AND d", "(a BETWEEN b AND c) AND d")]
    [InlineData("a BETWEEN b AND c = d", "(a BETWEEN b AND c) = d")]
    [InlineData("a BETWEEN b + 1 AND c || d", "a BETWEEN (b + 1) AND (c || d)")]
    [InlineData("a BETWEEN b = c AND d", "a BETWEEN (b = c) AND d")]
    [InlineData("a AT TIME ZONE b + c", "(a AT TIME ZONE b) + c")]
    [InlineData("a + b AT TIME ZONE c", "a + (b AT TIME ZONE c)")]
    [InlineData("a ^ b AT TIME ZONE c", "a ^ (b AT TIME ZONE c)")]
    [InlineData("- a AT TIME ZONE b", "(- a) AT TIME ZONE b")]
    [InlineData("a AT TIME ZONE b AT TIME ZONE c", "(a AT TIME ZONE b) AT TIME ZONE c")]
    [InlineData("a AT TIME ZONE b COLLATE \"C\"", "a AT TIME ZONE (b COLLATE \"C\")")]
    [InlineData("a COLLATE \"C\" || b", "(a COLLATE \"C\") || b")]
    [InlineData("- a COLLATE \"C\"", "(- a) COLLATE \"C\"")]
    [InlineData("a::int::text", "(a::int)::text")]
    [InlineData("a::int + b", "(a::int) + b")]
    [InlineData("a.b::int[]", "(a.b)::int[]")]
    [InlineData("a OPERATOR(pg_catalog.*) b + c", "a OPERATOR(*) (b + c)")]
    [InlineData("a=-1", "a = (- 1)")]
    [InlineData("a<-1", "a < (- 1)")]
    [InlineData("a - -1", "a - (- 1)")]
    [InlineData("a@-1", "a @- 1")]
    [InlineData("2*-3", "2 * (- 3)")]
    [InlineData("a != b", "a <> b")]
    [InlineData("a = ANY (b) AND c", "(a = ANY (b)) AND c")]
    [InlineData("CASE WHEN a THEN b END + 1", "(CASE WHEN a THEN b END) + 1")]
    [InlineData("CAST(a AS int)", "a::int")]
    [InlineData("a ISNULL", "a IS NULL")]
    [InlineData("a NOTNULL", "a IS NOT NULL")]
    [InlineData("a = SOME (b)", "a = ANY (b)")]
    [InlineData("EXTRACT(Year FROM a)", "extract('year', a)")]
    [InlineData("SUBSTRING(a FROM 2 FOR 3)", "substring(a, 2, 3)")]
    [InlineData("SUBSTRING(a FOR 3)", "substring(a, 1, 3)")]
    [InlineData("POSITION(a IN b)", "strpos(b, a)")]
    [InlineData("TRIM(LEADING a FROM b)", "ltrim(b, a)")]
    [InlineData("TRIM(b)", "btrim(b)")]
    [InlineData("ARRAY[[1], [2]]", "ARRAY[ARRAY[1], ARRAY[2]]")]
    [InlineData("ROW(a, b)", "(a, b)")]
    [InlineData("((a))", "a")]
    [InlineData("INTERVAL '1 day'", "INTERVAL  '1 day'")]
    [InlineData("0xFF + 1_000", "255 + 1000")]
    [InlineData("E'a\\tb'", "'a\tb'")]
    [InlineData("U&'d\\0061t'", "'dat'")]
    [InlineData("$x$it's$x$", "'it''s'")]
    [InlineData("sum(a) OVER (ROWS 1 PRECEDING)", "sum(a) OVER (ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)")]
    [InlineData("Foo.\"Bar\"", "foo.\"Bar\"")]
    public void SameTree(string sql, string explicitly)
    {
        Expr expr = SqlParser.ParseExpression(sql);
        Expr same = SqlParser.ParseExpression(explicitly);
        Assert.True(expr.Equals(same), $"{SqlFormatter.Format(expr)} against {SqlFormatter.Format(same)}");
        Assert.Equal(expr.GetHashCode(), same.GetHashCode());
    }

    [Theory]
    [InlineData("SELECT 1 UNION SELECT 2 INTERSECT SELECT 3", "SELECT 1 UNION (SELECT 2 INTERSECT SELECT 3)")]
    [InlineData("SELECT 1 EXCEPT SELECT 2 UNION SELECT 3", "(SELECT 1 EXCEPT SELECT 2) UNION SELECT 3")]
    [InlineData("SELECT 1 INTERSECT SELECT 2 INTERSECT SELECT 3", "(SELECT 1 INTERSECT SELECT 2) INTERSECT SELECT 3")]
    [InlineData("SELECT 1 UNION DISTINCT SELECT 2", "SELECT 1 UNION SELECT 2")]
    [InlineData("SELECT * FROM a, b JOIN c ON x", "SELECT * FROM a, (b JOIN c ON x)")]
    [InlineData("SELECT * FROM a JOIN b ON x JOIN c ON y", "SELECT * FROM (a JOIN b ON x) JOIN c ON y")]
    [InlineData("SELECT * FROM a JOIN b JOIN c ON y ON x", "SELECT * FROM a JOIN (b JOIN c ON y) ON x")]
    [InlineData("SELECT a b FROM t u", "SELECT a AS b FROM t AS u")]
    [InlineData("SELECT a FROM t FETCH FIRST ROW ONLY", "SELECT a FROM t LIMIT 1")]
    [InlineData("SELECT a FROM t OFFSET 1 LIMIT 2", "SELECT a FROM t LIMIT 2 OFFSET 1")]
    [InlineData("SELECT a FROM t ORDER BY a USING >", "SELECT a FROM t ORDER BY a DESC")]
    [InlineData("TABLE t", "SELECT * FROM t")]
    [InlineData("START TRANSACTION", "BEGIN")]
    [InlineData("END", "COMMIT")]
    [InlineData("ABORT", "ROLLBACK")]
    [InlineData("SET timezone TO 'UTC'", "SET TIME ZONE 'UTC'")]
    [InlineData("CREATE TABLE t (a double precision, b timestamptz, c dec(3), d string)",
        "CREATE TABLE t (a float8, b timestamp with time zone, c numeric(3), d text)")]
    [InlineData("COPY t FROM STDIN CSV HEADER", "COPY t FROM STDIN WITH (FORMAT csv, HEADER)")]
    [InlineData("SELECT * FROM TABLE(TUMBLE(TABLE b, DESCRIPTOR(t), INTERVAL '1' DAY))", "SELECT * FROM TUMBLE(b, t, INTERVAL '1' DAY)")]
    [InlineData("SELECT * FROM TABLE(HOP(DATA => TABLE b, TIMECOL => DESCRIPTOR(t), SIZE => INTERVAL '9' DAY, SLIDE => INTERVAL '3' DAY))",
        "SELECT * FROM HOP(b, t, INTERVAL '3' DAY, INTERVAL '9' DAY)")]
    [InlineData("SELECT * FROM SESSION(b PARTITION BY (x, y), t, INTERVAL '1' DAY)",
        "SELECT * FROM SESSION(b PARTITION BY x, y, t, INTERVAL '1' DAY)")]
    [InlineData("SELECT * FROM r AS OF PROCTIME() AS x", "SELECT * FROM r x FOR SYSTEM_TIME AS OF proctime()")]
    [InlineData("SUBSCRIBE SELECT 1", "SUBSCRIBE TO (SELECT 1)")]
    [InlineData("BEGIN; ; COMMIT;", "BEGIN; COMMIT")]
    public void SameStatements(string sql, string explicitly) => Assert.Equal(SqlParser.Parse(explicitly), SqlParser.Parse(sql));

    [Fact]
    public void ChainsAreOneNode()
    {
        LogicalExpr chain = Assert.IsType<LogicalExpr>(SqlParser.ParseExpression("a AND b AND c AND NOT d"));
        Assert.Equal(4, chain.Operands.Count);
    }

    [Fact]
    public void PositionsPointIntoTheText()
    {
        const string Text = " select a + bb from t ; delete from u where x = 1";
        IReadOnlyList<Statement> statements = SqlParser.Parse(Text);
        Assert.Equal("select a + bb from t", statements[0].SourceText(Text));
        Assert.Equal("delete from u where x = 1", statements[1].SourceText(Text));
        var select = (SelectBody)((QueryStatement)statements[0]).Query.Body;
        var sum = (BinaryExpr)select.Items[0].Value;
        Assert.Equal(Text.IndexOf('+'), sum.Position);
        Assert.Equal(Text.IndexOf("bb", StringComparison.Ordinal), sum.Right.Position);
        Assert.Equal(Text.IndexOf("t ;", StringComparison.Ordinal), select.From[0].Position);
    }

    [Fact]
    public void EqualityIgnoresPlaces()
    {
        Assert.Equal(SqlParser.ParseExpression("a+b"), SqlParser.ParseExpression("  a  +  b"));
        Assert.NotEqual(SqlParser.ParseExpression("a+b"), SqlParser.ParseExpression("b+a"));
        Assert.NotEqual(SqlParser.ParseExpression("f(a)"), SqlParser.ParseExpression("f(DISTINCT a)"));
        Assert.NotEqual<Expr>(SqlParser.ParseExpression("1"), SqlParser.ParseExpression("'1'"));
    }
}
