// millrace alone: a server over ./millrace-data with a prompt, for the first five minutes.
using System.Net;
using System.Net.Sockets;
using Millrace.Cli.Sql;
using Millrace.Doors.Http;
using Millrace.Log;

namespace Millrace.Cli;

/// <summary>Starts on the usual ports, or the next free ones, says what to try, and opens the prompt. Not in a terminal it says what there is.</summary>
internal static class StartVerb
{
    private const string Data = "millrace-data";

    public static async Task<int> RunAsync()
    {
        if (Console.IsInputRedirected || Console.IsOutputRedirected)
        {
            throw new UsageException("say what to do: serve, demo, sql, check or bench; --help tells more");
        }

        var settings = new Settings(Data, Durability.Fsync, Free(KnownDoors.Postgres.Port), Free(KnownDoors.Http.Port), new HttpDoorOptions());
        await using Server server = await Server.StartAsync(settings, ownsCtrlC: false);
        Console.WriteLine($"""
            Millrace over {Path.GetFullPath(Data)}
              dashboard   http://{server.DoorHost.Http}/
              PostgreSQL  psql -h 127.0.0.1 -p {server.DoorHost.Postgres!.Port}
            Try:
              CREATE STREAM visits WITH (generator = 'random', rate = 20);
              CREATE MATERIALIZED VIEW by_name AS SELECT name, count(*) AS n FROM visits GROUP BY name;
              SUBSCRIBE by_name;
            \? helps, \q ends.
            """);
        Session session = server.Database.NewSession();
        session.Files = FileRule.Any;
        await using var runner = new EmbeddedRunner(session);
        Task<int> prompt = Prompt.RunAsync(runner, OutputFormat.Table);
        Task<int> signal = server.WaitAsync();
        return await await Task.WhenAny(prompt, signal);
    }

    private static IPEndPoint Free(int port)
    {
        for (int candidate = port; candidate < port + 50; candidate++)
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Loopback, candidate));
                return new IPEndPoint(IPAddress.Loopback, candidate);
            }
            catch (SocketException)
            {
                // Taken: the next one.
            }
        }

        return new IPEndPoint(IPAddress.Loopback, 0);
    }
}
