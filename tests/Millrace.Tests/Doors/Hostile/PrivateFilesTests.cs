// T44 of the reliability catalogue: everything that is kept on disk is its owner's alone, whatever made it.
using System.Runtime.Versioning;
using Xunit;

namespace Millrace.Tests.Doors.Hostile;

public sealed class PrivateFilesTests
{
    [UnixFact]
    [UnsupportedOSPlatform("windows")]
    public async Task LogCheckpointsSegmentsAndBackupsAreTheirOwnersAlone()
    {
        using var folder = new TempFolder();
        await using (Database database = await Database.OpenAsync(folder.In("data"), new DatabaseOptions { SegmentRows = 100, Durability = Millrace.Log.Durability.None }))
        {
            await database.ExecuteAsync(
                """
                CREATE USER ada SUPERUSER PASSWORD 'hunter2';
                CREATE TOKEN probe FOR ada;
                CREATE STREAM s (n int);
                CREATE TABLE t (n int PRIMARY KEY);
                CREATE ALERT big ON (SELECT n FROM t WHERE n > 5000) NOTIFY 'https://hooks.example/secret' WITH (authorization = 'Bearer abc');
                INSERT INTO s SELECT g FROM generate_series(1, 1000) AS g
                """);
            await database.ExecuteAsync("VACUUM");
            await database.ExecuteAsync("CHECKPOINT");
            await database.BackupAsync(folder.In("backup"));
        }

        const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        foreach (string root in new[] { folder.In("data"), folder.In("backup") })
        {
            string[] folders = [root, .. Directory.GetDirectories(root, "*", SearchOption.AllDirectories)];
            string[] files = Directory.GetFiles(root, "*", SearchOption.AllDirectories);
            Assert.Contains(files, f => f.EndsWith(".segment", StringComparison.Ordinal));
            Assert.Contains(files, f => f.EndsWith(".checkpoint", StringComparison.Ordinal));
            Assert.Equal(folders.Select(f => (f, Owner | UnixFileMode.UserExecute)), folders.Select(f => (f, File.GetUnixFileMode(f))));
            Assert.Equal(files.Select(f => (f, Owner)), files.Select(f => (f, File.GetUnixFileMode(f))));
        }
    }
}
