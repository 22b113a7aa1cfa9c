// Every Nexmark query binds, and those that never take a row back are known to be so.
using Millrace.Engine;
using Millrace.Generators.Nexmark;
using Millrace.Sql;
using Xunit;

namespace Millrace.Tests.Binding;

public class NexmarkTests
{
    private static readonly TestDatabase s_database = new(FunctionLibrary.Catalog);

    public static TheoryData<string> Names => [.. NexmarkQueries.All.Select(q => q.Name)];

    [Fact]
    public void There_are_24_queries() =>
        Assert.Equal(Enumerable.Range(0, 24).Select(i => $"q{i}"), NexmarkQueries.All.Select(q => q.Name));

    [Theory]
    [MemberData(nameof(Names))]
    public void Binds(string name) => Assert.IsType<BoundCreateView>(s_database.Bind(NexmarkQueries.Find(name)!.Definition));

    [Theory]
    [InlineData("q0")]
    [InlineData("q1")]
    [InlineData("q2")]
    [InlineData("q3")]
    [InlineData("q10")]
    [InlineData("q14")]
    [InlineData("q20")]
    [InlineData("q21")]
    [InlineData("q22")]
    [InlineData("q23")]
    public void Stateless_queries_and_stream_joins_are_append_only(string name) =>
        Assert.True(s_database.Query(NexmarkQueries.Find(name)!.Sql).Plan.AppendOnly);
}
