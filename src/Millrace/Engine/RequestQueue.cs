// The engine's inbox: many writers, one reader, bounded by bytes at the sessions' side.
using System.Diagnostics.CodeAnalysis;

namespace Millrace.Engine;

/// <summary>Requests in order of arrival.</summary>
internal sealed class RequestQueue
{
    private readonly Queue<Request> _requests = new();
    private long _bytes;

    /// <summary>Bytes of writes that wait.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    public bool IsEmpty
    {
        get
        {
            lock (_requests)
            {
                return _requests.Count == 0;
            }
        }
    }

    public void Add(Request request)
    {
        lock (_requests)
        {
            _requests.Enqueue(request);
            _bytes += request.Bytes;
        }
    }

    public bool TryTake([NotNullWhen(true)] out Request? request) => TryTakeIf(_ => true, out request);

    /// <summary>Takes the next request if it is of the wanted kind.</summary>
    public bool TryTakeIf(Func<Request, bool> wanted, [NotNullWhen(true)] out Request? request)
    {
        lock (_requests)
        {
            if (_requests.TryPeek(out request) && wanted(request))
            {
                _requests.Dequeue();
                _bytes -= request.Bytes;
                return true;
            }

            request = null;
            return false;
        }
    }

    /// <summary>Fails everything that waits; true when there was something.</summary>
    public bool FailAll(Exception error)
    {
        bool any = false;
        while (TryTake(out Request? request))
        {
            request.Fail(error);
            any = true;
        }

        return any;
    }
}
