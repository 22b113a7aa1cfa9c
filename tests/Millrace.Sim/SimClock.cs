// A clock that stands still until the simulator moves it, either way.
using Millrace.Core.Io;

namespace Millrace.Sim;

internal sealed class SimClock(long utcNowMicros = 1_767_225_600_000_000) : IClock
{
    public long UtcNowMicros { get; private set; } = utcNowMicros;

    internal void Advance(TimeSpan by) => UtcNowMicros += by.Ticks / TimeSpan.TicksPerMicrosecond;

    internal void JumpTo(long micros) => UtcNowMicros = micros;
}
