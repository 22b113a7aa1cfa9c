// Who is connected: for the limit, and for requests to cancel another connection's statement.
using System.Collections.Concurrent;
using System.Security.Cryptography;
using Millrace.Core;

namespace Millrace.Doors.Postgres;

/// <summary>The open connections of one door. Safe for use from many threads.</summary>
internal sealed class ConnectionTable(int connectionsMax)
{
    private readonly ConcurrentDictionary<int, (int Key, string? User, Action<bool> Stop)> _sessions = new();
    private readonly int _socketsMax = connectionsMax + Math.Max(connectionsMax, 16);
    private int _sockets;
    private int _open;
    private int _lastProcess;

    /// <summary>Counts a connection that has not logged in yet; false when there are so many that another one is closed unheard.</summary>
    public bool TryAccept()
    {
        if (Interlocked.Increment(ref _sockets) <= _socketsMax)
        {
            return true;
        }

        Release();
        return false;
    }

    /// <summary>The connection is closed.</summary>
    public void Release() => Interlocked.Decrement(ref _sockets);

    /// <summary>Takes a place; false when all are taken.</summary>
    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _open) <= connectionsMax)
        {
            return true;
        }

        Leave();
        return false;
    }

    /// <summary>Gives the place back.</summary>
    public void Leave() => Interlocked.Decrement(ref _open);

    /// <summary>Makes a session known under a number and a random key.</summary>
    /// <param name="user">Whose session it is.</param>
    /// <param name="stop">Cancels what it is running, or (true) ends it.</param>
    public (int ProcessId, int Key) Add(string? user, Action<bool> stop)
    {
        int process = Interlocked.Increment(ref _lastProcess);
        int key = BitConverter.ToInt32(RandomNumberGenerator.GetBytes(4));
        _sessions[process] = (key, user, stop);
        return (process, key);
    }

    /// <summary>Forgets a session.</summary>
    public void Remove(int processId) => _sessions.TryRemove(processId, out _);

    /// <summary>Cancels what a session is running, when the key is the right one; says nothing otherwise.</summary>
    public void Cancel(int processId, int key)
    {
        if (_sessions.TryGetValue(processId, out (int Key, string? User, Action<bool> Stop) session) && session.Key == key)
        {
            session.Stop(false);
        }
    }

    /// <summary>Cancels what a session is running, or ends it, for another session.</summary>
    /// <param name="processId">Which.</param>
    /// <param name="end">True to end it.</param>
    /// <param name="user">Who asks.</param>
    /// <param name="isSuperuser">Whether that user may do everything.</param>
    /// <returns>False when there is no such session.</returns>
    /// <exception cref="SqlException">42501: it is another user's.</exception>
    public bool Stop(int processId, bool end, string? user, bool isSuperuser)
    {
        if (!_sessions.TryGetValue(processId, out (int Key, string? User, Action<bool> Stop) session))
        {
            return false;
        }

        if (!isSuperuser && session.User != user)
        {
            throw new SqlException(
                "42501", end ? "permission denied to terminate process" : "permission denied to cancel query", hint: "ask as the user whose connection it is, or as a superuser");
        }

        session.Stop(end);
        return true;
    }
}
