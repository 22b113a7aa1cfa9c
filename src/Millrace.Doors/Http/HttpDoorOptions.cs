// What of the HTTP door can be configured.
namespace Millrace.Doors.Http;

/// <summary>The HTTP door's settings; the defaults are safe on loopback.</summary>
public sealed record HttpDoorOptions
{
    /// <summary>
    /// Host names (without port) that requests may name besides localhost, 127.0.0.1, [::1] and the very address they came in on. A page of another
    /// site that points its own name at this machine is refused by this list.
    /// </summary>
    public IReadOnlyList<string> AllowedHosts { get; init; } = [];

    /// <summary>
    /// Origins such as <c>https://dash.example</c> whose pages may use the API besides the server's own; <c>*</c> lets every page read the published
    /// endpoints, and nothing else. Default: none.
    /// </summary>
    public IReadOnlyList<string> AllowedOrigins { get; init; } = [];

    /// <summary>The largest body of an ingest request, in bytes, as sent and also once decompressed. Default 256 MiB.</summary>
    public long BodyBytesMax { get; init; } = 256L << 20;

    /// <summary>The largest body of an SQL request, in bytes. Default 16 MiB.</summary>
    public long SqlBytesMax { get; init; } = 16L << 20;

    /// <summary>Bytes of bodies that may be taken in at once over all requests; beyond it a request gets 503 and may come back. Default 1 GiB.</summary>
    public long IngestBytesMax { get; init; } = 1L << 30;

    /// <summary>Bad rows after which a request with <c>on_error=skip</c> is given up. Default 10,000.</summary>
    public int BadRowsMax { get; init; } = 10_000;

    /// <summary>Bad rows whose reasons are told. Default 100.</summary>
    public int ErrorsTold { get; init; } = 100;

    /// <summary>Gives lines of line protocol that have no timestamp their time.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Bytes of endpoints' answers that are kept to be given again while nothing has changed. Default 32 MiB.</summary>
    public long AnswerCacheBytes { get; init; } = 32L << 20;

    /// <summary>Event streams (subscriptions and statistics) at once. Default 256.</summary>
    public int EventStreamsMax { get; init; } = 256;

    /// <summary>How long a WebSocket may take nothing while there is something for it, before it is cut off. Default 30 s.</summary>
    public TimeSpan SlowReaderMax { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>An event stream that is quiet for this long gets a comment, so that nobody between takes it for dead. Default 10 s.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(10);
}
