// A clock that stands still until somebody moves it: for tests of what depends on time.
namespace Millrace.Core.Io;

/// <summary>Shows the time it was set to. Safe for use from many threads.</summary>
/// <param name="start">The time it begins at.</param>
public sealed class ManualClock(DateTimeOffset start) : IClock
{
    private long _micros = (start.UtcTicks - DateTime.UnixEpoch.Ticks) / 10;

    /// <summary>Raised after each move, on the mover's thread.</summary>
    public event Action? Moved;

    /// <inheritdoc/>
    public long UtcNowMicros => Interlocked.Read(ref _micros);

    /// <summary>The time it shows.</summary>
    public DateTimeOffset UtcNow => new(DateTime.UnixEpoch.AddTicks(UtcNowMicros * 10), TimeSpan.Zero);

    /// <summary>Moves it on.</summary>
    public void Advance(TimeSpan by)
    {
        Interlocked.Add(ref _micros, by.Ticks / 10);
        Moved?.Invoke();
    }
}
