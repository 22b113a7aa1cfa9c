// Workers that are threads of their own: not from the thread pool, so that blocked work items cannot delay a commit.
using System.Runtime.ExceptionServices;

namespace Millrace.Engine;

/// <summary>The caller and some threads take pieces off one counter until none is left. Between epochs the threads sleep.</summary>
internal sealed class WorkerThreads : Workers, IDisposable
{
    private readonly Thread[] _threads;
    private readonly SemaphoreSlim _signal = new(0);
    private volatile Round? _round;
    private volatile bool _stopping;

    /// <param name="count">Threads that work, the caller's included: one less is started.</param>
    public WorkerThreads(int count)
    {
        _threads = new Thread[count - 1];
        for (int i = 0; i < _threads.Length; i++)
        {
            _threads[i] = new Thread(Help) { Name = $"millrace worker {i + 1}", IsBackground = true };
            _threads[i].Start();
        }
    }

    /// <inheritdoc/>
    public override int Count => _threads.Length + 1;

    /// <inheritdoc/>
    public override void Run(int pieces, Action<int> work)
    {
        int helpers = Math.Min(_threads.Length, pieces - 1);
        if (helpers <= 0)
        {
            Alone.Run(pieces, work);
            return;
        }

        var round = new Round(pieces, work);
        _round = round;
        _signal.Release(helpers);
        round.Take();

        // For pieces, not for threads: one that wakes up late finds nothing left, and nobody waits for it.
        round.Done.Wait();
        _round = null;
        round.ThrowIfFailed();
    }

    /// <summary>Ends the threads; nothing may be running.</summary>
    public void Dispose()
    {
        _stopping = true;
        _signal.Release(Math.Max(1, _threads.Length));
        foreach (Thread thread in _threads)
        {
            thread.Join();
        }

        _signal.Dispose();
    }

    private void Help()
    {
        while (true)
        {
            _signal.Wait();
            if (_stopping)
            {
                return;
            }

            _round?.Take();
        }
    }

    private sealed class Round(int pieces, Action<int> work)
    {
        private readonly Exception?[] _errors = new Exception?[pieces];
        private int _next = -1;
        private int _finished;

        public ManualResetEventSlim Done { get; } = new(false);

        public void Take()
        {
            for (int piece = Interlocked.Increment(ref _next); piece < pieces; piece = Interlocked.Increment(ref _next))
            {
                try
                {
                    work(piece);
                }
                catch (Exception e)
                {
                    _errors[piece] = e;
                }

                if (Interlocked.Increment(ref _finished) == pieces)
                {
                    Done.Set();
                }
            }
        }

        public void ThrowIfFailed()
        {
            if (Array.Find(_errors, e => e is not null) is { } error)
            {
                ExceptionDispatchInfo.Throw(error);
            }
        }
    }
}
