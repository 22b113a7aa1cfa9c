// Statements that are deep or long end in a plan or in an error, never in an overflow of the stack.
using System.Text;
using Millrace.Core;
using Millrace.Sql;
using Millrace.Sql.Syntax;
using Xunit;

namespace Millrace.Tests.Binding;

public class DepthTests
{
    private static readonly TestDatabase s_database = new();

    [Theory]
    [InlineData(200)]
    [InlineData(20_000)]
    public void A_long_sum_binds_or_is_refused(int terms) => BindsOrIsRefused("SELECT " + string.Join(" + ", Enumerable.Repeat("a", terms)) + " FROM t");

    [Theory]
    [InlineData(100)]
    [InlineData(20_000)]
    public void A_long_union_binds_or_is_refused(int parts) => BindsOrIsRefused(string.Join(" UNION ALL ", Enumerable.Repeat("SELECT a FROM t", parts)));

    [Theory]
    [InlineData(20)]
    [InlineData(5_000)]
    public void Nested_subqueries_bind_or_are_refused(int depth)
    {
        var sql = new StringBuilder("SELECT a FROM t");
        for (int i = 0; i < depth; i++)
        {
            sql.Insert(0, "SELECT a FROM (").Append($") q{i}");
        }

        BindsOrIsRefused(sql.ToString());
    }

    [Fact]
    public void Nested_correlated_subqueries_bind()
    {
        string sql = "SELECT max(x) FROM r q0";
        for (int i = 1; i < 8; i++)
        {
            sql = $"SELECT max(x) FROM r q{i} WHERE q{i}.y < ({sql.Replace("FROM r q" + (i - 1), $"FROM r q{i - 1} WHERE q{i - 1}.x = q{i}.x AND true")
                .Replace("AND true WHERE", "AND")})";
        }

        BindsOrIsRefused(sql);
    }

    [Fact]
    public void A_million_values_in_a_list()
    {
        string sql = "SELECT a FROM t WHERE a IN (" + string.Join(",", Enumerable.Range(0, 1_000_000)) + ")";
        var filter = Assert.IsType<FilterPlan>(PlanMap.All(s_database.Query(sql).Plan).First(n => n is FilterPlan));
        Assert.Equal(1_000_000, ((Millrace.Sql.InListExpr)filter.Predicate).Values.Count);
    }

    private static void BindsOrIsRefused(string sql)
    {
        try
        {
            s_database.Bind(SqlParser.Parse(sql).Single());
        }
        catch (SqlException e)
        {
            Assert.Equal("54001", e.SqlState);
        }
    }
}
