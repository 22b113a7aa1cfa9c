// An operation on disk that is under way: polled, waited for, or called back.
namespace Millrace.Core.Io;

/// <summary>
/// A sync or publish that has been started. Completes once. <see cref="Error"/> is set before <see cref="IsCompleted"/> turns true.
/// </summary>
public sealed class PendingIo
{
    private readonly object gate = new();
    private readonly Action<PendingIo>? drive;
    private Action? callbacks;
    private volatile bool completed;

    internal PendingIo(Action<PendingIo>? drive = null) => this.drive = drive;

    /// <summary>One that has completed well already.</summary>
    public static PendingIo Done { get; } = CreateDone();

    /// <summary>Whether the outcome is known.</summary>
    public bool IsCompleted => completed;

    /// <summary>Why it failed; null while it runs and when it went well.</summary>
    public Exception? Error { get; private set; }

    /// <summary>
    /// Runs <paramref name="callback"/> once, when this completes (on the disk's thread), or at once when it has. It must be short and not throw:
    /// its use is to wake the thread that polls.
    /// </summary>
    public void OnCompleted(Action callback)
    {
        lock (gate)
        {
            if (!completed)
            {
                callbacks += callback;
                return;
            }
        }
        callback();
    }

    /// <summary>Blocks until it completes and throws its error, if any.</summary>
    public void Wait()
    {
        if (!completed && drive is not null)
        {
            drive(this);
        }
        lock (gate)
        {
            while (!completed)
            {
                Monitor.Wait(gate);
            }
        }
        if (Error is DiskException e)
        {
            throw e.Again();
        }
        if (Error is not null)
        {
            throw new InvalidOperationException(Error.Message, Error);
        }
    }

    internal void Complete(Exception? error)
    {
        Action? toRun;
        lock (gate)
        {
            if (completed)
            {
                throw new InvalidOperationException("BUG: a disk operation completed twice");
            }
            Error = error;
            completed = true;
            toRun = callbacks;
            callbacks = null;
            Monitor.PulseAll(gate);
        }
        toRun?.Invoke();
    }

    /// <summary>One that has failed already.</summary>
    internal static PendingIo Failed(Exception error)
    {
        var failed = new PendingIo();
        failed.Complete(error);
        return failed;
    }

    private static PendingIo CreateDone()
    {
        var done = new PendingIo();
        done.Complete(null);
        return done;
    }
}
