// A damaged segment as users meet it: named by the server when it is read, in millrace.segments, by check and inspect; everything else goes on.
using Millrace.Tests.Kills;
using Npgsql;
using Xunit;

namespace Millrace.Tests.Cli;

public sealed class DamageVerbTests
{
    [UnixFact]
    public async Task ADamagedSegmentIsNamedEverywhereAndTheRestGoesOn()
    {
        using var folder = new TempFolder();
        await using (Database db = await Database.OpenAsync(folder.Path))
        {
            await db.ExecuteAsync("CREATE STREAM hit (k int, v bigint)");
            await db.ExecuteAsync("CREATE STREAM sound (k int, v bigint)");
            await db.ExecuteAsync("INSERT INTO hit SELECT g, g * g FROM generate_series(1, 5000) AS g");
            await db.ExecuteAsync("INSERT INTO sound SELECT g, g FROM generate_series(1, 10) AS g");
            await db.CompactAsync();
        }

        string path;
        await using (Database db = await Database.OpenAsync(folder.Path))
        {
            path = db.Segments().First(s => s.Object == "hit").Path;
        }

        string file = Path.Combine(folder.Path, path);
        byte[] bytes = await File.ReadAllBytesAsync(file);
        bytes[100] ^= 1;
        await File.WriteAllBytesAsync(file, bytes);

        (int code, string text, _) = await CliProcess.RunAsync("check", folder.Path);
        Assert.Equal(3, code);
        Assert.Contains(path, text, StringComparison.Ordinal);
        Assert.Contains("everything else goes on", text, StringComparison.Ordinal);
        using var server = new CliProcess(["serve", "--data", folder.Path, "--pg", "127.0.0.1:0", "--http", "127.0.0.1:0"]);
        await using var connection = new NpgsqlConnection(Workload.Connection((await server.ReadyAsync())["pg"]));
        await connection.OpenAsync();
        PostgresException refused = await Assert.ThrowsAsync<PostgresException>(() => Workload.RowsAsync(connection, "SELECT * FROM hit"));
        Assert.Equal("XX001", refused.SqlState);
        Assert.Contains(path, refused.MessageText, StringComparison.Ordinal);
        // The client ends its connection by itself on errors of class XX.
        await connection.CloseAsync();
        await connection.OpenAsync();
        Assert.Equal(["hit"], await Workload.RowsAsync(connection, "SELECT object FROM millrace.segments WHERE damage IS NOT NULL"));
        Assert.Equal(["10|55"], await Workload.RowsAsync(connection, "SELECT count(*), sum(v) FROM sound"));
        await Workload.RunAsync(connection, "INSERT INTO hit VALUES (1, 1)");
        server.Terminate();
        Assert.Equal(0, await server.WaitAsync());
        Assert.Contains(path, server.Error, StringComparison.Ordinal);
    }
}
