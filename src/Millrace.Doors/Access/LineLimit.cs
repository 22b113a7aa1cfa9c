// How many lines about strangers go into the log: a few a minute one by one, the rest as a number.
namespace Millrace.Doors.Access;

/// <summary>Whoever can open a connection can cause a line, so lines are counted. Safe for use from many threads.</summary>
internal sealed class LineLimit(TimeProvider time)
{
    /// <summary>Lines within a minute.</summary>
    public const int ToldMax = 20;

    private readonly Lock _gate = new();
    private long _since;
    private int _told;
    private long _untold;

    /// <summary>True when a line may be written.</summary>
    /// <param name="more">How many were kept back since the last one that was written.</param>
    public bool TryTake(out long more)
    {
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
                more = 0;
                return false;
            }

            _told++;
            (more, _untold) = (_untold, 0);
            return true;
        }
    }
}
