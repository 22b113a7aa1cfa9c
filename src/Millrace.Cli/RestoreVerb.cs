// millrace restore BACKUP DATA: makes a data folder of a backup, after comparing every byte with its manifest.
using System.CommandLine;
using System.Globalization;

namespace Millrace.Cli;

/// <summary>The new folder counts when all of it was compared; exit code 3 when the backup is damaged.</summary>
internal static class RestoreVerb
{
    public static Command Command()
    {
        var backup = new Argument<string>("BACKUP") { Description = "The folder that `millrace backup` made" };
        var data = new Argument<string>("DATA") { Description = "The new data folder: empty, or made" };
        var command = new Command("restore", "Make a data folder of a backup") { backup, data };
        command.SetAction((parsed, _) => Task.FromResult(Run(parsed.GetValue(backup)!, parsed.GetValue(data)!)));
        return command;
    }

    private static int Run(string backup, string data)
    {
        long total = Directory.Exists(backup) ? new DirectoryInfo(backup).EnumerateFiles("*", SearchOption.AllDirectories).Sum(f => f.Length) : 0;
        var bar = new ByteProgress("restore");
        long shown = 0;
        BackupReport report = Database.Restore(backup, data, done =>
        {
            if (done - shown > 64 << 20)
            {
                bar.Show(shown = done, total);
            }
        });
        bar.End();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"restored epoch {report.Epoch} into {data}: {report.Files:N0} files, {report.Bytes:N0} bytes, every checksum holds"));
        foreach (string missing in report.Missing)
        {
            Console.WriteLine("not in the backup, it was damaged when that was made: " + missing);
        }

        return report.Missing.Count > 0 ? Exit.Damaged : Exit.Done;
    }
}
