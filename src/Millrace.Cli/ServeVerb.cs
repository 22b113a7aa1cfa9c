// millrace serve: the database with its doors open, until a signal comes.
using System.CommandLine;
using Millrace.Cli.Config;

namespace Millrace.Cli;

/// <summary>Prints one line, <c>ready …</c>, when every door is open; SIGTERM and SIGINT drain and exit 0.</summary>
internal static class ServeVerb
{
    public static Command Command(IReadOnlyList<DoorSetting> doors)
    {
        var command = new Command("serve", "Open a data folder and its doors; runs until SIGTERM or Ctrl-C");
        var settings = new SettingsReader(command, doors);
        command.SetAction((parsed, _) => RunAsync(settings.Read(parsed, "millrace-data")));
        return command;
    }

    private static async Task<int> RunAsync(Settings settings)
    {
        try
        {
            await using Server server = await Server.StartAsync(settings);
            await Console.Out.WriteLineAsync(server.ReadyLine);
            await Console.Out.FlushAsync();
            return await server.WaitAsync();
        }
        catch (Exception e) when (settings.Log == LogForm.Json)
        {
            // The last line too is one that what collects logs can read.
            (string line, int code) = Exit.Describe(e);
            new ServerLog(Console.Error, LogForm.Json, TimeProvider.System).Fail(line);
            return code;
        }
    }
}
