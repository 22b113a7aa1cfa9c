// The thread that steps the engine: not from the thread pool, so that blocked work items cannot delay a commit.
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>Steps an engine until it is stopped; sleeps while there is nothing to do.</summary>
internal sealed class EngineThread
{
    private readonly DatabaseEngine _engine;
    private readonly Thread _thread;
    private readonly AutoResetEvent _signal = new(false);
    private readonly TaskCompletionSource<Exception> _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _stopping;

    public EngineThread(DatabaseEngine engine)
    {
        _engine = engine;
        engine.Wake = () => _signal.Set();
        _thread = new Thread(Run) { Name = "millrace engine", IsBackground = true };
        _thread.Start();
    }

    /// <summary>Completes with the reason when the engine has stopped by itself.</summary>
    public Task<Exception> Failed => _failed.Task;

    /// <summary>Lets the engine finish what waits, then closes it.</summary>
    public Task StopAsync()
    {
        _stopping = true;
        _signal.Set();
        return _stopped.Task;
    }

    private void Run()
    {
        try
        {
            while (true)
            {
                if (_engine.Step())
                {
                    continue;
                }

                if (_engine.Failure is { } failure)
                {
                    _failed.TrySetResult(failure);
                }

                if (_stopping && _engine.IsIdle)
                {
                    break;
                }

                _signal.WaitOne(_engine.MillisecondsUntilDue);
            }

            _engine.Dispose();
            _stopped.TrySetResult();
        }
        catch (Exception e)
        {
            // A bug must not leave writers waiting for ever: refuse them all and tell the host.
            _engine.Abandon(e);
            _failed.TrySetResult(e);
            while (!_stopping)
            {
                _engine.Step();
                _signal.WaitOne();
            }

            _engine.Step();
            _engine.Release();
            _stopped.TrySetResult();
        }
    }
}
