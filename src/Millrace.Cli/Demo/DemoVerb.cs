// millrace demo: this machine's own metrics and the Nexmark auction, with live views over both.
using System.CommandLine;
using Millrace.Cli.Config;
using Millrace.Cli.Demo;
using Millrace.Core;

namespace Millrace.Cli;

/// <summary>Starts a server, sets the demo's objects up, feeds them, shows what goes on.</summary>
internal static class DemoVerb
{
    public static Command Command(IReadOnlyList<DoorSetting> doors)
    {
        var command = new Command("demo", "Live views over this machine's metrics and the Nexmark auction, with a dashboard");
        var settings = new SettingsReader(command, doors);
        var rate = new Option<long>("--rate") { Description = "Nexmark events a second", HelpName = "N", DefaultValueFactory = _ => 10_000 };
        command.Add(rate);
        command.SetAction((parsed, _) => RunAsync(settings.Read(parsed, "millrace-demo"), parsed.GetValue(rate)));
        return command;
    }

    /// <summary>Where to look, for people.</summary>
    public static string Addresses(Server server) =>
        (server.DoorHost.Http is { } http ? $"dashboard http://{http}/" : "")
        + (server.DoorHost.Postgres is { } pg ? $"   psql -h {pg.Address} -p {pg.Port}" : "");

    private static async Task<int> RunAsync(Settings settings, long rate)
    {
        if (rate is < 1 or > 10_000_000)
        {
            throw new UsageException("--rate is between 1 and 10,000,000");
        }

        Console.WriteLine($"opening {Path.GetFullPath(settings.Data)}");
        await using Server server = await Server.StartAsync(settings);
        Console.WriteLine(server.Database.RecoveryReport[0]);
        long firstEvent;
        await using (Session session = server.Database.NewSession())
        {
            await SetUpAsync(session);
            firstEvent = await AuctionFeed.NextEventAsync(session, rate);
        }

        Console.WriteLine(server.ReadyLine);
        Console.WriteLine(Addresses(server));
        using MachineFeed? machine = server.DoorHost.Http is { } http ? new MachineFeed(http) : null;
        var auction = new AuctionFeed(server.Database, rate, firstEvent);
        Task feeds = Task.WhenAll(
            machine?.RunAsync(server.Stopping) ?? Task.CompletedTask,
            auction.RunAsync(server.Stopping),
            new DemoStatus(server, machine, auction).RunAsync(server.Stopping));
        Task<int> signal = server.WaitAsync();
        await Task.WhenAny(feeds, signal);
        if (!signal.IsCompleted)
        {
            await feeds;
        }

        int code = await signal;
        await feeds;
        Console.WriteLine($"stopped; {Path.GetFullPath(settings.Data)} keeps the data");
        return code;
    }

    private static async Task SetUpAsync(Session session)
    {
        foreach (string statement in DemoSchema.Sources)
        {
            await session.ExecuteAsync(statement);
        }

        foreach ((string name, string shows, string query) in DemoSchema.Views)
        {
            try
            {
                await session.ExecuteAsync($"CREATE MATERIALIZED VIEW IF NOT EXISTS {name} AS {query}");
                Console.WriteLine($"  view {name}: {shows}");
            }
            catch (SqlException e)
            {
                throw new SqlException(e.SqlState, $"view {name}: {e.Message}", hint: e.Hint);
            }
        }

        foreach (string statement in DemoBoard.Statements)
        {
            await session.ExecuteAsync(statement);
        }
    }
}
