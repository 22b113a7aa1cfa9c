// Tickets: a secret for one address, once, within half a minute, for connections whose headers a page cannot set.
using System.Security.Cryptography;

namespace Millrace.Doors.Http.Access;

/// <summary>Issues and redeems tickets. Those that wait to be used are bounded, for each token or user and for all together; used and old ones are forgotten.</summary>
/// <param name="time">The clock.</param>
/// <param name="ownMax">How many may wait of one token, or of one user who came with a password.</param>
/// <param name="max">How many may wait in all: a bound of memory.</param>
internal sealed class Tickets(TimeProvider time, int ownMax = 1_000, int max = 100_000)
{
    /// <summary>How long a ticket is good.</summary>
    public const int LifeSeconds = 30;

    private readonly Dictionary<string, LinkedListNode<Ticket>> _open = new(StringComparer.Ordinal);
    private readonly LinkedList<Ticket> _byAge = [];
    private readonly Dictionary<int, int> _own = [];

    /// <summary>A new ticket for one address.</summary>
    /// <exception cref="HttpException">429 or 503: too many wait to be used.</exception>
    public string Issue(Caller holder, TicketAddress address)
    {
        lock (_open)
        {
            while (_byAge.First is { } oldest && IsOver(oldest.Value))
            {
                Forget(oldest);
            }

            int own = _own.GetValueOrDefault(Key(holder));
            if (own >= ownMax)
            {
                throw new HttpException(429, "Too many tickets", $"{holder.Name} has {own} tickets that were not used yet, and no more are kept", $"use them, or wait {LifeSeconds} s");
            }

            if (_byAge.Count >= max)
            {
                throw new HttpException(
                    503, "Too many tickets", $"there are {max} tickets of all users that were not used yet, and no more are kept", $"come back within {LifeSeconds} s: unused ones end by then");
            }

            string secret = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24));
            _open.Add(secret, _byAge.AddLast(new Ticket(secret, holder, address, time.GetTimestamp())));
            _own[Key(holder)] = own + 1;
            return secret;
        }
    }

    /// <summary>The holder of a ticket, once; null when it is unknown, used, over or for another address. Shown at another address it is used up.</summary>
    public Caller? Redeem(string secret, TicketAddress address)
    {
        lock (_open)
        {
            if (!_open.TryGetValue(secret, out LinkedListNode<Ticket>? found))
            {
                return null;
            }

            Forget(found);
            return !IsOver(found.Value) && found.Value.Address == address ? found.Value.Holder : null;
        }
    }

    // No object of the catalog has the number 0: it stands for whoever is none, the preset token.
    private static int Key(Caller holder) => holder.Id ?? 0;

    private bool IsOver(Ticket ticket) => time.GetElapsedTime(ticket.At).TotalSeconds > LifeSeconds;

    private void Forget(LinkedListNode<Ticket> ticket)
    {
        _byAge.Remove(ticket);
        _open.Remove(ticket.Value.Secret);
        int key = Key(ticket.Value.Holder);
        if (--_own[key] == 0)
        {
            _own.Remove(key);
        }
    }

    private sealed record Ticket(string Secret, Caller Holder, TicketAddress Address, long At);
}
