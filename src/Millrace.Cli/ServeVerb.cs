// millrace serve: the database with its doors open, until a signal comes.
using System.CommandLine;

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
        if (settings.Postgres is null && settings.Http is null)
        {
            throw new UsageException("every door is off; leave one open, or use the folder without a server: millrace sql --data DIR");
        }

        await using Server server = await Server.StartAsync(settings);
        await Console.Out.WriteLineAsync(server.ReadyLine);
        await Console.Out.FlushAsync();
        return await server.WaitAsync();
    }
}
