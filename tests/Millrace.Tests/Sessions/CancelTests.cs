// A statement is cancelled wherever it is: also inside an operator that makes any number of rows of one batch.
using Millrace.Core;
using Xunit;

namespace Millrace.Tests.Sessions;

public sealed class CancelTests
{
    [Theory]
    [InlineData("SELECT count(*) FROM generate_series(1, 1000000) AS a(x), generate_series(1, 1000000) AS b(y)")]
    [InlineData("SELECT count(*) FROM generate_series(1, 1000000) AS a(x) JOIN generate_series(1, 1000000) AS b(y) ON x <> y")]
    public async Task ACrossJoinEnds(string sql)
    {
        using var folder = new TempFolder();
        await using Database database = await Database.OpenAsync(folder.In("data"));
        await using Session session = database.NewSession();
        using var cancel = new CancellationTokenSource();
        Task running = Task.Run(async () => await session.ExecuteAsync(sql, cancel.Token));
        cancel.CancelAfter(50);
        SqlException e = await Assert.ThrowsAsync<SqlException>(() => running.WaitAsync(TimeSpan.FromMinutes(1)));
        Assert.Equal("57014", e.SqlState);
        Assert.Single(await session.ExecuteAsync("SELECT 1"));
    }
}
