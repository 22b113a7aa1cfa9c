// Pipelines against a real database: everything up to a Sync is one transaction, wherever the packets are cut.
using Xunit;

namespace Millrace.Tests.Doors.Postgres;

public sealed class PipelineTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private Database _database = null!;
    private DoorHost _host = null!;

    public async Task InitializeAsync()
    {
        _database = await Database.OpenAsync(_folder.In("data"));
        _host = await DoorHost.StartAsync(_database.NewSession);
    }

    public async Task DisposeAsync()
    {
        await _host.DisposeAsync();
        await _database.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public void AStatementWhoseSyncIsStillOnItsWayIsNotCommittedBeforeIt()
    {
        using RawClient client = RawClient.Login(_host.Port);
        using RawClient other = RawClient.Login(_host.Port);
        client.Query("CREATE TABLE t (id int PRIMARY KEY)");
        Assert.Equal("CZ", client.Types());
        for (int round = 0; round < 10; round++)
        {
            // The questions of the other give the server time to take the statement for a whole one, if it is so inclined.
            client.Send(Insert(1));
            for (int i = 0; i < 10; i++)
            {
                Assert.Equal("0", Count(other));
            }

            client.Send([.. Insert(1), .. RawClient.Encode('S', "")]);
            Assert.Equal("12C12EZ", client.Types());
            Assert.Equal("0", Count(other));
        }

        client.Send(Insert(1));
        Assert.Equal("0", Count(other));
        client.Send([.. Insert(2), .. RawClient.Encode('S', "")]);
        Assert.Equal("12C12CZ", client.Types());
        Assert.Equal("2", Count(other));

        client.Send(Insert(3));
        Assert.Equal("2", Count(other));
        client.Message('S');
        Assert.Equal("12CZ", client.Types());
        Assert.Equal("3", Count(other));
    }

    private static byte[] Insert(int id) =>
        [.. RawClient.Encode('P', $"^INSERT INTO t VALUES ({id})^~2:0;"), .. RawClient.Encode('B', "^^~2:0;~2:0;~2:0;"), .. RawClient.Encode('E', "^~4:0;")];

    private static string Count(RawClient client)
    {
        client.Query("SELECT count(*) FROM t");
        (char Type, string Body) row = client.Until('Z').Single(m => m.Type == 'D');
        return row.Body[6..];
    }
}
