// A log whose sync failed takes nothing more.
namespace Millrace.Log;

/// <summary>
/// A sync of this log failed. What it covered may or may not be on disk and cannot be found out by trying again, so the log refuses
/// everything; the process ends, and the next start reads what is there.
/// </summary>
public sealed class LogPoisonedException : IOException
{
    /// <summary>With the failure that poisoned the log.</summary>
    public LogPoisonedException(Exception cause)
        : base($"the log takes no more writes since a sync failed: {cause.Message}", cause)
    {
    }
}
