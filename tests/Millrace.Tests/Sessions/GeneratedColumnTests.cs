// Generated columns of rows that no statement brings: a batch of the library's or a door's.
using Millrace.Core;
using Millrace.Log;
using Xunit;

namespace Millrace.Tests.Sessions;

public sealed class GeneratedColumnTests
{
    [Theory]
    [InlineData("CREATE STREAM g (a bigint, b bigint AS a * 2, c bigint)")]
    [InlineData("CREATE TABLE g (a bigint PRIMARY KEY, b bigint AS a * 2, c bigint)")]
    public async Task ABatchGetsItsGeneratedColumnsWhateverItSaysOfThem(string create)
    {
        using var folder = new TempFolder();
        await using Database database = await Database.OpenAsync(folder.Path, new DatabaseOptions { Durability = Durability.None });
        await using Session session = database.NewSession();
        await session.ExecuteAsync(create);
        for (int round = 1; round <= 3; round++)
        {
            var rows = new BatchBuilder(new Schema([new Field("a", SqlType.BigInt), new Field("b", SqlType.BigInt), new Field("c", SqlType.BigInt)]));
            ((FixedBuilder<long>)rows.Columns[0]).Append(round);
            ((FixedBuilder<long>)rows.Columns[1]).Append(-1);
            rows.Columns[2].AppendNull();
            rows.EndRow(1);
            await database.AppendAsync("g", rows.Share());
        }

        IReadOnlyList<StatementResult> results = await session.ExecuteAsync("SELECT a, b, c FROM g ORDER BY a");
        Batch answer = results[0].Batches[0];
        Assert.Equal([2L, 4L, 6L], Enumerable.Range(0, answer.Count).Select(i => ((FixedColumn<long>)answer.Columns[1]).Values[i]));
        Assert.All(Enumerable.Range(0, answer.Count), i => Assert.True(answer.Columns[2].IsNull(i)));
    }
}
