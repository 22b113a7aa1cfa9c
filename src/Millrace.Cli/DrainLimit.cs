// How long a server may take to stop: what sends the signal waits ten seconds and then kills, so we end first, and say so.
namespace Millrace.Cli;

/// <summary>Runs from its making until it is disposed.</summary>
internal sealed class DrainLimit(TimeProvider time, Action over) : IDisposable
{
    /// <summary>A second less than what stops services waits for them.</summary>
    public static readonly TimeSpan Max = TimeSpan.FromSeconds(9);

    private readonly ITimer _timer = time.CreateTimer(_ => over(), null, Max, Timeout.InfiniteTimeSpan);

    public void Dispose() => _timer.Dispose();
}
