// millrace check DATA: verifies every checksum of a data folder and says what is damaged and what that means.
using System.CommandLine;

namespace Millrace.Cli;

/// <summary>Looks and changes nothing. Exit code 0: sound; 3: damaged.</summary>
internal static class CheckVerb
{
    public static Command Command()
    {
        var data = new Argument<string>("DATA") { Description = "The data folder; no server may have it open" };
        var command = new Command("check", "Verify all checksums of a data folder; changes nothing") { data };
        command.SetAction((parsed, _) => Task.FromResult(Run(parsed.GetValue(data)!)));
        return command;
    }

    private static int Run(string folder)
    {
        FolderCheck check = FolderCheck.Run(folder);
        foreach (string line in check.Lines)
        {
            Console.WriteLine(line);
        }

        return check.Sound ? Exit.Done : Exit.Damaged;
    }
}
