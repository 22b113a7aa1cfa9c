// Connections that a door has closed for what came over them, or for what did not: one line each in the log, and not too many lines.
using System.Net;
using Microsoft.Extensions.Logging;

namespace Millrace.Doors.Access;

/// <summary>Counts and tells them. A reason is ours and holds nothing of what was sent, which may be a secret, or a forged line.</summary>
internal sealed partial class Refusals(TimeProvider time)
{
    /// <summary>The reason when a door is full.</summary>
    public const string TooMany = "there are more connections than are taken";

    private readonly LineLimit _limit = new(time);
    private long _count;

    /// <summary>Where they are told; null for nowhere.</summary>
    public ILogger? Log { get; set; }

    /// <summary>All there were.</summary>
    public long Count => Interlocked.Read(ref _count);

    /// <summary>Counts one.</summary>
    public void Add(string door, EndPoint? from, string reason)
    {
        Interlocked.Increment(ref _count);
        if (Log is not { } log || !_limit.TryTake(out long more))
        {
            return;
        }

        if (more > 0)
        {
            TellMore(log, more);
        }

        Tell(log, door, (from as IPEndPoint)?.Address, reason);
    }

    [LoggerMessage(12, LogLevel.Warning, "{Door} door: a connection from {Address} was closed: {Reason}")]
    private static partial void Tell(ILogger log, string door, IPAddress? address, string reason);

    [LoggerMessage(13, LogLevel.Warning, "{Count} more connections were closed and not told one by one")]
    private static partial void TellMore(ILogger log, long count);
}
