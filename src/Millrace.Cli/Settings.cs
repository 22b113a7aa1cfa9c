// The settings of a server, once they are known; Config/ finds them.
using System.Net;
using Millrace.Doors;
using Millrace.Doors.Http;
using Millrace.Log;

namespace Millrace.Cli;

/// <summary>The settings of a server.</summary>
internal sealed record Settings(string Data, Durability Durability, IPEndPoint? Postgres, IPEndPoint? Http, HttpDoorOptions HttpOptions)
{
    /// <summary>Rows, bytes in memory and log bytes after which rows are sealed and checkpoints are made; null: as the library has it.</summary>
    public (long? SegmentRows, long? SegmentBytes, long? CheckpointBytes) Sizes { get; init; }

    /// <summary>Who has to log in, and TLS.</summary>
    public DoorSecurity Security { get; init; } = new();

    /// <summary>Where alerts are posted to: public, any or off.</summary>
    public string Alerts { get; init; } = "public";

    /// <summary>The folder below which queries may read files; null for none.</summary>
    public string? FilesFolder { get; init; }

    /// <summary>Bytes of state that views and subscriptions may hold together; null for any number.</summary>
    public long? StateBytes { get; init; }

    /// <summary>How the server tells what happens to it.</summary>
    public LogForm Log { get; init; }

    /// <summary>Threads that compute views; null for one a core.</summary>
    public int? Workers { get; init; }

    /// <summary>The doors as the host wants them.</summary>
    public DoorHostOptions DoorOptions() => new() { Postgres = Postgres, Http = Http, HttpOptions = HttpOptions, Security = Security };
}
