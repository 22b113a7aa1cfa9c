// A thread of its own for slow disk calls: the thread pool can be full of blocked work just when a commit must be answered.
namespace Millrace.Core.Io;

/// <summary>Runs disk operations one after the other on a dedicated thread, started with the first of them.</summary>
internal sealed class DiskThread : IDisposable
{
    private readonly string name;
    private readonly bool patient;
    private readonly Queue<(PendingIo Pending, Action Work)> queue = new();
    private Thread? thread;
    private bool closed;

    /// <param name="name">The thread's name.</param>
    /// <param name="patient">True for work that nobody waits for: where cores are short, threads that answer somebody go first.</param>
    internal DiskThread(string name, bool patient = false)
    {
        this.name = name;
        this.patient = patient;
    }

    internal PendingIo Begin(Action work)
    {
        var pending = new PendingIo();
        lock (queue)
        {
            ObjectDisposedException.ThrowIf(closed, this);
            queue.Enqueue((pending, work));
            if (thread is null)
            {
                thread = new Thread(Run) { Name = name, IsBackground = true };
                thread.Start();
            }
            Monitor.Pulse(queue);
        }
        return pending;
    }

    /// <summary>Finishes what was begun, then ends the thread.</summary>
    public void Dispose()
    {
        Thread? toJoin;
        lock (queue)
        {
            closed = true;
            toJoin = thread;
            Monitor.PulseAll(queue);
        }
        if (toJoin != Thread.CurrentThread)
        {
            toJoin?.Join();
        }
    }

    private void Run()
    {
        if (patient)
        {
            Posix.LowerPriority();
        }

        while (true)
        {
            (PendingIo Pending, Action Work) next;
            lock (queue)
            {
                while (queue.Count == 0)
                {
                    if (closed)
                    {
                        return;
                    }
                    Monitor.Wait(queue);
                }
                next = queue.Dequeue();
            }
            Exception? error = null;
            try
            {
                next.Work();
            }
            catch (Exception e)
            {
                error = e; // handed to whoever polls: this thread has nobody above it
            }
            next.Pending.Complete(error);
        }
    }
}
