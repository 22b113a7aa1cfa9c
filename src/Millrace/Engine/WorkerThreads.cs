// Workers that are threads of their own: not from the thread pool, so that blocked work items cannot delay a commit.
using System.Runtime.ExceptionServices;

namespace Millrace.Engine;

/// <summary>
/// The caller and some threads take pieces off one counter until none is left. A piece may have pieces of its own done (a view its shards): whoever has nothing
/// left to take helps there. Between epochs the threads sleep.
/// </summary>
internal sealed class WorkerThreads : Workers, IDisposable
{
    private readonly Thread[] _threads;
    private readonly object _lock = new();
    private readonly List<Round> _open = []; // those that have pieces left, the innermost last
    private bool _stopping;

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
        if (_threads.Length == 0 || pieces < 2)
        {
            Alone.Run(pieces, work);
            return;
        }

        var round = new Round(this, pieces, work);
        lock (_lock)
        {
            _open.Add(round);
            Monitor.PulseAll(_lock);
        }

        while (round.TryTakeOne())
        {
        }

        // For pieces, not for threads: one that wakes up late finds nothing left, and nobody waits for it.
        while (Other(round) is { } other)
        {
            other.TryTakeOne();
        }

        round.ThrowIfFailed();
    }

    /// <summary>Ends the threads; nothing may be running.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _stopping = true;
            Monitor.PulseAll(_lock);
        }

        foreach (Thread thread in _threads)
        {
            thread.Join();
        }
    }

    // What to help with until a round is finished; null when it is.
    private Round? Other(Round awaited)
    {
        lock (_lock)
        {
            while (!awaited.IsFinished)
            {
                if (Open() is { } open)
                {
                    return open;
                }

                Monitor.Wait(_lock);
            }

            return null;
        }
    }

    private void Help()
    {
        while (true)
        {
            Round? round;
            lock (_lock)
            {
                while ((round = Open()) is null && !_stopping)
                {
                    Monitor.Wait(_lock);
                }
            }

            if (round is null)
            {
                return;
            }

            while (round.TryTakeOne())
            {
            }
        }
    }

    private Round? Open()
    {
        while (_open.Count > 0)
        {
            if (_open[^1].HasPieces)
            {
                return _open[^1];
            }

            _open.RemoveAt(_open.Count - 1);
        }

        return null;
    }

    private sealed class Round(WorkerThreads owner, int pieces, Action<int> work)
    {
        private readonly Exception?[] _errors = new Exception?[pieces];
        private int _next = -1;
        private int _finished;

        public bool HasPieces => Volatile.Read(ref _next) < pieces - 1;

        public bool IsFinished => Volatile.Read(ref _finished) == pieces;

        public bool TryTakeOne()
        {
            if (!HasPieces || Interlocked.Increment(ref _next) is var piece && piece >= pieces)
            {
                return false;
            }

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
                lock (owner._lock)
                {
                    Monitor.PulseAll(owner._lock);
                }
            }

            return true;
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
