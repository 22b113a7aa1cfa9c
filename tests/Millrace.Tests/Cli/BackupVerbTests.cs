// millrace backup and restore as processes: of a server that is written to, of a folder, and of what cannot be restored.
using Millrace.Tests.Kills;
using Npgsql;
using Xunit;

namespace Millrace.Tests.Cli;

public sealed class BackupVerbTests
{
    [UnixFact]
    public async Task ALiveServerIsBackedUpAndRestored()
    {
        using var folder = new TempFolder();
        string data = Path.Combine(folder.Path, "data");
        string backup = Path.Combine(folder.Path, "it's a backup");
        var work = new Workload();
        using (var server = new CliProcess(["serve", "--data", data, "--pg", "127.0.0.1:0", "--http", "127.0.0.1:0", .. KillTests.SmallSizes]))
        {
            Dictionary<string, string> doors = await server.ReadyAsync();
            await using (var connection = new NpgsqlConnection(Workload.Connection(doors["pg"])))
            {
                await connection.OpenAsync();
                await Workload.CreateAsync(connection);
            }

            Task writing = work.WriteAsync(doors["pg"], doors["http"], 7);
            while (work.Acknowledged < 150)
            {
                await Task.Delay(1);
            }

            int[] before = work.AcknowledgedByWriter;
            (int code, string text, string error) = await CliProcess.RunAsync("backup", backup, doors["pg"]);
            Assert.True(code == 0, error);
            Assert.Contains("backup of epoch", text, StringComparison.Ordinal);
            Assert.False(writing.IsCompleted, "writes stopped");
            Assert.Equal(1, (await CliProcess.RunAsync("backup", backup, doors["pg"])).Code);
            server.KillHard();
            await writing;
            work.IsAtLeast(before);
        }

        Assert.Equal(0, (await CliProcess.RunAsync("check", backup)).Code);
        (int refused, _, string why) = await CliProcess.RunAsync("serve", "--data", backup);
        Assert.Equal(1, refused);
        Assert.Contains("millrace restore", why, StringComparison.Ordinal);

        string restored = Path.Combine(folder.Path, "restored");
        Assert.Equal(0, (await CliProcess.RunAsync("restore", backup, restored)).Code);
        Assert.Equal(1, (await CliProcess.RunAsync("restore", backup, restored)).Code); // not empty any more
        Assert.Equal(0, (await CliProcess.RunAsync("check", restored)).Code);
        using (var server = new CliProcess(["serve", "--data", restored, "--pg", "127.0.0.1:0", "--http", "127.0.0.1:0"]))
        {
            await using var connection = new NpgsqlConnection(Workload.Connection((await server.ReadyAsync())["pg"]));
            await connection.OpenAsync();
            await work.CheckAsync(connection);
            server.Terminate();
            Assert.Equal(0, await server.WaitAsync());
        }

        Assert.Equal(0, (await CliProcess.RunAsync("compact", restored)).Code);
        string second = Path.Combine(folder.Path, "second");
        Assert.Equal(0, (await CliProcess.RunAsync("backup", second, "--data", restored)).Code);
        string segment = Directory.GetFiles(Path.Combine(second, "segments"))[0];
        byte[] bytes = await File.ReadAllBytesAsync(segment);
        bytes[bytes.Length / 2] ^= 4;
        await File.WriteAllBytesAsync(segment, bytes);
        (int damaged, _, string told) = await CliProcess.RunAsync("restore", second, Path.Combine(folder.Path, "third"));
        Assert.Equal(3, damaged);
        Assert.Contains(Path.GetFileName(segment), told, StringComparison.Ordinal);
        Assert.Equal(3, (await CliProcess.RunAsync("check", second)).Code);
        Assert.Equal(1, (await CliProcess.RunAsync("restore", restored, Path.Combine(folder.Path, "fourth"))).Code); // no backup
    }
}
