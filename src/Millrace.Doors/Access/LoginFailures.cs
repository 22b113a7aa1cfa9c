// Log-ins that failed: all counted, a few a minute told one by one, the rest as a number.
using System.Net;
using Microsoft.Extensions.Logging;

namespace Millrace.Doors.Access;

/// <summary>Counts and tells failures. A line names the door and the address, never what was typed: people type passwords into the wrong field.</summary>
internal sealed partial class LoginFailures(TimeProvider time)
{
    private readonly LineLimit _limit = new(time);
    private long _count;

    /// <summary>Where they are told; null for nowhere.</summary>
    public ILogger? Log { get; set; }

    /// <summary>All there were.</summary>
    public long Count => Interlocked.Read(ref _count);

    /// <summary>Counts one.</summary>
    public void Add(string door, IPAddress? from)
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

        Tell(log, door, from);
    }

    [LoggerMessage(10, LogLevel.Warning, "{Door} door: a log-in from {Address} failed")]
    private static partial void Tell(ILogger log, string door, IPAddress? address);

    [LoggerMessage(11, LogLevel.Warning, "{Count} more log-ins failed and were not told one by one")]
    private static partial void TellMore(ILogger log, long count);
}
