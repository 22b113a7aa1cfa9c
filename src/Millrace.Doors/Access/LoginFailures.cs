// Log-ins that failed: all counted, a few a minute told one by one, the rest as a number.
using System.Net;
using Microsoft.Extensions.Logging;

namespace Millrace.Doors.Access;

/// <summary>Counts and tells failures. A line names the door and the address, never what was typed: people type passwords into the wrong field.</summary>
internal sealed partial class LoginFailures(TimeProvider time)
{
    /// <summary>Failures told singly within a minute.</summary>
    public const int ToldMax = 20;

    private readonly Lock _gate = new();
    private long _count;
    private long _since;
    private int _told;
    private long _untold;

    /// <summary>Where they are told; null for nowhere.</summary>
    public ILogger? Log { get; set; }

    /// <summary>All there were.</summary>
    public long Count => Interlocked.Read(ref _count);

    /// <summary>Counts one.</summary>
    public void Add(string door, IPAddress? from)
    {
        Interlocked.Increment(ref _count);
        if (Log is not { } log)
        {
            return;
        }

        long more;
        lock (_gate)
        {
            if (_told == 0 || time.GetElapsedTime(_since) >= TimeSpan.FromMinutes(1))
            {
                _since = time.GetTimestamp();
                _told = 0;
            }

            if (_told == ToldMax)
            {
                _untold++;
                return;
            }

            _told++;
            more = _untold;
            _untold = 0;
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
