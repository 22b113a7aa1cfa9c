// The server of the subscribers' bench, in a process of its own: so its memory and its time are its own, and each side has descriptors enough.
using System.Diagnostics;
using System.Globalization;
using System.Net;
using Millrace.Doors;
using Millrace.Doors.Http;
using Millrace.Log;

namespace Millrace.Bench;

/// <summary>Starts it and asks it; <see cref="ServeAsync"/> is what runs over there.</summary>
internal sealed class SubscribersServer : IDisposable
{
    /// <summary>The only argument of such a process.</summary>
    public const string Argument = "--serve-subscribers";

    private const int ConnectionsMax = 12_000;

    private readonly Process _process;

    private SubscribersServer(Process process, int port) => (_process, Port) = (process, port);

    /// <summary>The HTTP door's.</summary>
    public int Port { get; }

    /// <summary>Processor time so far.</summary>
    public TimeSpan Cpu
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    public static async Task<SubscribersServer> StartAsync()
    {
        Process process = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, Argument) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        string line = await process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("the server has not started");
        return new SubscribersServer(process, int.Parse(line, CultureInfo.InvariantCulture));
    }

    /// <summary>Resident bytes, and bytes of live objects, after a collection.</summary>
    public async Task<(long Resident, long Live)> MemoryAsync()
    {
        await _process.StandardInput.WriteLineAsync("memory");
        string[] answer = (await _process.StandardOutput.ReadLineAsync())!.Split(' ');
        return (long.Parse(answer[0], CultureInfo.InvariantCulture), long.Parse(answer[1], CultureInfo.InvariantCulture));
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }

    /// <summary>Serves until its input ends.</summary>
    public static async Task<int> ServeAsync()
    {
        ThreadPool.SetMinThreads(16, 16);
        using TestFolder folder = TestFolder.Make();
        await using Database database = await folder.OpenAsync(Durability.Fsync);
        await database.ExecuteAsync(
            """
            CREATE STREAM readings (device integer, mark text);
            CREATE MATERIALIZED VIEW latest AS SELECT device, count(*) AS n, max(mark) AS mark FROM readings GROUP BY device
            """);
        await using DoorHost doors = await DoorHost.StartAsync(database, new DoorHostOptions
        {
            Postgres = null,
            Http = new IPEndPoint(IPAddress.Loopback, 0),
            HttpConnectionsMax = ConnectionsMax,
            HttpOptions = new HttpDoorOptions { EventStreamsMax = ConnectionsMax },
        });
        Console.WriteLine(doors.Http!.Port);
        while (await Console.In.ReadLineAsync() is not null)
        {
            GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Environment.WorkingSet} {GC.GetTotalMemory(false)}"));
        }

        return 0;
    }
}
