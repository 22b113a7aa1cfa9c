// Tickets: a secret for one use within half a minute, for connections whose headers a page cannot set.
using System.Security.Cryptography;

namespace Millrace.Doors.Http.Access;

/// <summary>Issues and redeems tickets; unused ones are bounded in number and age.</summary>
internal sealed class Tickets(TimeProvider time)
{
    /// <summary>How long a ticket is good.</summary>
    public const int LifeSeconds = 30;

    private const int Max = 10_000;
    private readonly Dictionary<string, (Caller Holder, long At)> _open = new(StringComparer.Ordinal);
    private readonly Queue<string> _order = [];

    /// <summary>A new ticket; null when too many are unused.</summary>
    public string? Issue(Caller holder)
    {
        string ticket = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24));
        lock (_open)
        {
            while (_order.TryPeek(out string? oldest) && (!_open.TryGetValue(oldest, out var entry) || IsOver(entry.At)))
            {
                _open.Remove(_order.Dequeue());
            }

            if (_order.Count >= Max)
            {
                return null;
            }

            _open.Add(ticket, (holder, time.GetTimestamp()));
            _order.Enqueue(ticket);
            return ticket;
        }
    }

    /// <summary>The holder of a ticket, once; null when it is unknown, used or over.</summary>
    public Caller? Redeem(string ticket)
    {
        lock (_open)
        {
            return _open.Remove(ticket, out var entry) && !IsOver(entry.At) ? entry.Holder : null;
        }
    }

    private bool IsOver(long at) => time.GetElapsedTime(at).TotalSeconds > LifeSeconds;
}
