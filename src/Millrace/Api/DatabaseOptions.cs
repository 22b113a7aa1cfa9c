// How a database is opened.
using Millrace.Alerts;
using Millrace.Core.Io;
using Millrace.Log;

namespace Millrace;

/// <summary>How a database is opened. The defaults are right for a program that embeds it.</summary>
public sealed record DatabaseOptions
{
    /// <summary>What time it is; null for the machine's clock. A <see cref="ManualClock"/> lets a test move it.</summary>
    public IClock? Clock { get; init; }

    /// <summary>What an acknowledgement means. Default: on disk.</summary>
    public Durability Durability { get; init; } = Durability.Fsync;

    /// <summary>Memory for the streams' recent batches, in bytes; older ones are read back from disk. Default 256 MiB.</summary>
    public long TailBytesMax { get; init; } = 256L << 20;

    /// <summary>Bytes of writes that may wait for the engine before writers are held back. Default 64 MiB.</summary>
    public long QueueBytesMax { get; init; } = 64L << 20;

    /// <summary>
    /// How many bytes of state all materialized views and subscriptions may hold together. A view that would exceed it is not made; when one grows beyond it, it is
    /// paused and says so when it is read. Default: any number. ALTER SYSTEM SET state_bytes_max goes before it.
    /// </summary>
    public long? StateBytesMax { get; init; }

    /// <summary>Log bytes after which a checkpoint is made. Default 256 MiB.</summary>
    public long CheckpointLogBytes { get; init; } = 256L << 20;

    /// <summary>
    /// Threads that compute views: those of one epoch that do not read one another are computed at the same time, with the same answers whatever the number.
    /// Default: one a core.
    /// </summary>
    public int Workers { get; init; } = Environment.ProcessorCount;

    /// <summary>
    /// True to split the keyed work of single views that are made from now on over the workers, with the same answers whatever their number. It costs processor time, so
    /// it pays where one view has to use several cores. A view keeps to what it was made with. Default false.
    /// </summary>
    public bool SplitViews { get; init; }

    /// <summary>Rows below which the engine's thread computes views alone.</summary>
    internal long? WorkersRowsMin { get; init; }

    /// <summary>Rows of a stream that are sealed into a segment together, and the most that compaction puts into one. Default 1,048,576.</summary>
    public long SegmentRows { get; init; } = 1 << 20;

    /// <summary>Bytes of a stream's rows in memory after which they are sealed although they are fewer. Default 128 MiB.</summary>
    public long SegmentBytes { get; init; } = 128L << 20;

    /// <summary>Told once of each file that turns out to be damaged while the database is open, in a sentence that names it. Called from any thread.</summary>
    public Action<string>? Warning { get; init; }

    /// <summary>Bytes of changes that may wait for one subscriber, or for all who follow one query, before they are dropped. Default 16 MiB.</summary>
    public long SubscriptionBytesMax { get; init; } = 16L << 20;

    /// <summary>Bytes that all followed queries may hold together: their answers and their changes of late. Default 256 MiB.</summary>
    public long FeedsBytesMax { get; init; } = 256L << 20;

    /// <summary>
    /// The folder below which queries of sessions may read files (<c>SELECT * FROM 'orders.csv'</c>), users' as well, where they are superusers. Default: none. It is
    /// not asked about what the program itself runs with <see cref="Database.ExecuteAsync"/> and its kin, nor where <see cref="Session.Files"/> is set.
    /// </summary>
    public string? FilesFolder { get; init; }

    /// <summary>Different queries that may be followed at once. Default 1,000.</summary>
    public int FeedsMax { get; init; } = 1_000;

    /// <summary>How long a query that nobody follows any more is kept up, for those who come back. Default 30 s.</summary>
    public TimeSpan FeedLinger { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>False to leave alerts alone: they are kept, and nobody is told. For tools that open a database in passing. Default true.</summary>
    public bool DeliverAlerts { get; init; } = true;

    /// <summary>
    /// True to post alerts to loopback, link-local and private addresses too. Default false: whoever may define an alert could otherwise make this process
    /// talk to what only it can reach.
    /// </summary>
    public bool AlertsToPrivateAddresses { get; init; }

    /// <summary>
    /// False to make no rows for streams that have a generator (<c>WITH (generator = 'random')</c>). For tools that open a database in passing. Default true.
    /// </summary>
    public bool RunGenerators { get; init; } = true;

    /// <summary>Waits until generators make rows again, in place of the machine's clock.</summary>
    internal Func<TimeSpan, CancellationToken, Task>? GeneratorPause { get; init; }

    /// <summary>Posts messages of alerts, in place of HTTP.</summary>
    internal Func<WebhookPost, CancellationToken, Task<WebhookAnswer>>? AlertTransport { get; init; }

    /// <summary>Waits between attempts, in place of the clock.</summary>
    internal Func<TimeSpan, CancellationToken, Task>? AlertPause { get; init; }
}
