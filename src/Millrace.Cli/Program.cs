// The executable `millrace`: its verbs and its doors, in plain sight.
using System.CommandLine;
using Millrace.Cli;
using Millrace.Cli.Config;
using Millrace.Cli.Import;

var root = new RootCommand("Millrace: a streaming database in one process. Events in, live SQL answers out.")
{
    ServeVerb.Command(KnownDoors.All),
    DemoVerb.Command(KnownDoors.All),
    SqlVerb.Command(),
    ImportVerb.Command(),
    CheckVerb.Command(),
    ConfigVerb.Command(KnownDoors.All),
    InspectVerb.Command(),
    CompactVerb.Command(),
    BackupVerb.Command(),
    RestoreVerb.Command(),
    TokenVerb.Command(),
    BenchVerb.Command(),
};
root.SetAction((_, _) => StartVerb.RunAsync());

ParseResult parsed = root.Parse(args);
return await Exit.Guard(() => parsed.InvokeAsync(new InvocationConfiguration
{
    // Signals are ours: serve and demo drain before they end.
    ProcessTerminationTimeout = null,
    EnableDefaultExceptionHandler = false,
}));

/// <summary>The doors there are and will be, and where each listens unless told otherwise.</summary>
internal static class KnownDoors
{
    public static readonly DoorSetting Postgres = new("pg", "PostgreSQL wire protocol", 5433);
    public static readonly DoorSetting Http = new("http", "HTTP, server-sent events and the dashboard", 8086);
    public static readonly DoorSetting Resp = new("resp", "Redis protocol", 6380, Exists: false);
    public static readonly DoorSetting Kafka = new("kafka", "Kafka protocol", 9092, Exists: false);

    public static readonly IReadOnlyList<DoorSetting> All = [Postgres, Http, Resp, Kafka];
}
