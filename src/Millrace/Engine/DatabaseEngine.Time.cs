// Time as an input: when nothing comes in and time alone changes an answer, an empty commit carries the time through log and views.
using Millrace.Core;
using Millrace.Core.Io;
using Millrace.Log;

namespace Millrace.Engine;

internal sealed partial class DatabaseEngine
{
    private const long TickRetryMicros = 1_000_000;

    private readonly List<FlushRequest> _flushes = [];
    private bool _flushTicked;
    private bool _openingLogged;
    private long _due;
    private long _dueOfEpoch = -1;
    private long _noTickBefore = long.MinValue;

    /// <summary>
    /// When <see cref="Step"/> is to be called by the clock although nobody asks for anything, µs; MaxValue for never. Until then an idle database costs nothing.
    /// </summary>
    public long DueMicros
    {
        get
        {
            if (_dueOfEpoch != _epoch)
            {
                _due = FindDue();
                _dueOfEpoch = _epoch;
            }

            // Not more often than so: what is due soon after an epoch waits for company.
            return _due == long.MaxValue ? long.MaxValue : Math.Max(Math.Max(_due, _time + _options.TickMicros), _noTickBefore);
        }
    }

    /// <summary>How long until <see cref="DueMicros"/>, in whole milliseconds, at most an hour; −1 for ever.</summary>
    public int MillisecondsUntilDue => Failure is not null || DueMicros == long.MaxValue
        ? -1
        : (int)Math.Clamp(((DueMicros - _options.Clock.UtcNowMicros) / 1000) + 1, 0, 3_600_000);

    /// <summary>Epochs made because time had come, not rows.</summary>
    public long TicksTotal { get; private set; }

    private long FindDue()
    {
        long due = long.MaxValue;
        foreach (ObjectState o in _objects.Values)
        {
            if (o.AppendedRows is { } rows && o != _sealing?.Target && _catalog.RetentionOf(o.Id).Micros is { } keep)
            {
                due = Math.Min(due, rows.DueFor(keep));
            }

            if (o is ViewState view)
            {
                due = Math.Min(due, view.DueMicros(_find));
            }
        }

        foreach (Subscriber subscriber in _subscribers)
        {
            due = subscriber.Closed ? due : Math.Min(due, subscriber.Feed.DueMicros);
            if (!subscriber.Closed && subscriber.Feed.AwaitedWatermark is < long.MaxValue and var awaited)
            {
                foreach (Sql.CatalogObject input in subscriber.Feed.Inputs.Where(i => _objects.ContainsKey(i.Id)))
                {
                    due = Math.Min(due, Find(input.Id).DueFor(awaited + subscriber.Feed.HoldBackMicros, _find));
                }
            }
        }

        return due;
    }

    // One tick, however long it takes: waiting until nothing is due could be waiting for ever.
    private void Flush()
    {
        if (!_flushTicked && TickWhenDue())
        {
            _flushTicked = true;
            return;
        }

        _flushTicked = false;
        _flushes.ForEach(f => f.Complete(Current.Epoch));
        _flushes.Clear();
    }

    private bool TickWhenDue()
    {
        if (DueMicros is var due && (due == long.MaxValue || _options.Clock.UtcNowMicros < due))
        {
            return false;
        }

        long now = NextTime();
        if (CommitAlone(Outlived(now), now))
        {
            TicksTotal++;
        }

        return true;
    }

    // An epoch that nobody waits for; false when the disk refuses it.
    private bool CommitAlone(IEnumerable<CommitEntry> changes, long now)
    {
        long epoch = _epoch + 1;
        List<CommitEntry> entries = WithOpening([.. changes]);
        try
        {
            _record.Reset();
            CommitRecord.Write(_record, epoch, now, entries);
            _log.Append(_record.Written);
        }
        catch (Exception e) when (e is DiskException or LogPoisonedException)
        {
            // It is tried again, and until then the answers are of the epoch before.
            StopIfPoisoned();
            _noTickBefore = _options.Clock.UtcNowMicros + TickRetryMicros;
            return false;
        }

        _epoch = epoch;
        ApplyOpening(entries, now);
        ApplyEntries(entries, -1, now);
        RunEpoch(now);
        return true;
    }

    // The first record of commits after a start says that the database was down until then: silence is no idleness when nobody could write.
    private List<CommitEntry> WithOpening(List<CommitEntry> entries) => _openingLogged
        ? entries
        : [new CommitEntry(EntryKind.Opened, 0, null, null), .. entries];

    private void ApplyOpening(List<CommitEntry> entries, long now)
    {
        if (entries.Count > 0 && entries[0].Kind == EntryKind.Opened)
        {
            _openingLogged = true;
            RouseStreams(now);
        }
    }

    private void RouseStreams(long now)
    {
        foreach (ObjectState o in _objects.Values)
        {
            (o as StreamState)?.Rouse(now);
        }
    }
}
