// millrace compact DATA: seals all rows into segments and merges small ones.
using System.CommandLine;
using System.Globalization;
using Millrace.Core.Io;

namespace Millrace.Cli;

/// <summary>Runs on a folder that no server has open; a server does the same by itself as rows come in.</summary>
internal static class CompactVerb
{
    public static Command Command()
    {
        var data = new Argument<string>("DATA") { Description = "The data folder; no server may have it open" };
        var command = new Command("compact", "Seal all rows of streams into compressed segments and merge small ones") { data };
        command.SetAction((parsed, cancellation) => RunAsync(parsed.GetValue(data)!, cancellation));
        return command;
    }

    private static async Task<int> RunAsync(string folder, CancellationToken cancellation)
    {
        if (!Directory.Exists(folder))
        {
            throw new DataFolderException($"there is no folder {folder}");
        }

        await using Database db = await Database.OpenAsync(folder, new DatabaseOptions { DeliverAlerts = false, RunGenerators = false }, cancellation);
        await db.CompactAsync(cancellation);
        IReadOnlyList<SegmentReport> segments = db.Segments();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{segments.Sum(s => s.Rows):N0} rows in {segments.Count:N0} segments, {segments.Sum(s => s.Bytes):N0} bytes"));
        return Exit.Done;
    }
}
