// Random lives of one log over a simulated disk, with a model beside it that knows what must, may and must not survive.
using Millrace.Core.Io;
using Millrace.Log;
using Millrace.Sim;
using Xunit;

namespace Millrace.Tests.Log;

internal sealed class LogLifetime
{
    private readonly SimRandom random;
    private readonly SimDisk disk;
    private readonly LogOptions options;
    private readonly bool faults;

    /// <summary>Records appended, oldest first. Those before <see cref="acknowledged"/> must survive, the others may.</summary>
    private readonly List<Entry> entries = [];
    private int acknowledged;
    private int freeable;
    private int? takenBackTo;
    private bool syncFaults;

    internal LogLifetime(ulong seed, bool faults)
    {
        random = new SimRandom(seed);
        disk = new SimDisk(random.NextULong());
        this.faults = faults;
        options = new LogOptions { FileBytes = random.OneIn(3) ? 100_000 : random.Between(200, 3000), Random = random.NextULong, VerifyAll = random.OneIn(2) };
    }

    internal long Recovered { get; private set; }

    internal long PowerCuts { get; private set; }

    internal long TornTails { get; private set; }

    internal void Run(int lives)
    {
        for (int life = 0; life < lives; life++)
        {
            OneLife();
        }
        disk.Fault = null;
        disk.OperationsToPowerCut = -1;
        using WriteAheadLog log = WriteAheadLog.Open(disk, "log", options);
        CheckRecovered(log);
    }

    private void OneLife()
    {
        disk.Fault = null;
        disk.OperationsToPowerCut = random.OneIn(2) ? random.Next(120) : -1;
        if (faults && random.OneIn(2))
        {
            int kind = random.Next(3);
            syncFaults = kind == 0;
            int after = random.Next(30);
            disk.Fault = (op, _) => kind switch
            {
                0 => op is SimOp.Sync or SimOp.SyncFolder && after-- <= 0 ? Posix.EIO : 0,
                1 => op is SimOp.Write && after-- <= 0 && after > -3 ? Posix.ENOSPC : 0,
                _ => op is SimOp.Write or SimOp.Truncate && after-- == 0 ? Posix.EIO : 0,
            };
        }
        try
        {
            using WriteAheadLog log = WriteAheadLog.Open(disk, "log", options);
            CheckRecovered(log);
            int steps = random.Next(60);
            for (int i = 0; i < steps; i++)
            {
                Step(log);
            }
            if (random.OneIn(3))
            {
                log.Close();
                acknowledged = entries.Count;
                disk.Restart();
                return;
            }
        }
        catch (SimPowerCutException)
        {
            PowerCuts++;
            takenBackTo = null;
            disk.Crash();
            return;
        }
        catch (DiskException)
        {
            // The disk failed when opening or syncing: the process ends.
        }
        catch (LogPoisonedException)
        {
            // Likewise.
        }
        End();
    }

    private void End()
    {
        if (random.OneIn(2))
        {
            takenBackTo = null; // a cut that was not synced may be lost itself
            disk.Crash();
        }
        else
        {
            disk.Restart();
        }
    }

    private PendingIo? pending;
    private int pendingCovers;

    private void Step(WriteAheadLog log)
    {
        disk.Poll();
        if (pending is { IsCompleted: true } done)
        {
            pending = null;
            if (done.Error is null)
            {
                acknowledged = Math.Max(acknowledged, pendingCovers);
            }
            else
            {
                Assert.NotNull(log.Poison); // cuts back the file, where the power may go
                Assert.Throws<LogPoisonedException>(() => log.Append([1]));
                int durable = entries.Count(e => e.Appended && e.Position < log.Durable.Value);
                Assert.True(durable >= acknowledged);
                takenBackTo = syncFaults ? durable : null;
                throw new LogPoisonedException(done.Error);
            }
        }
        switch (random.Next(8))
        {
            case 0 or 1 or 2 or 3:
                Append(log);
                break;
            case 4 or 5:
                if (pending is null)
                {
                    pendingCovers = entries.Count;
                    pending = log.BeginSync();
                    Assert.NotNull(pending);
                }
                else if (random.OneIn(3))
                {
                    pending.OnCompleted(() => { });
                    try
                    {
                        pending.Wait();
                    }
                    catch (DiskException)
                    {
                        Assert.NotNull(pending.Error);
                    }
                }
                break;
            case 6:
                ReadBack(log);
                break;
            default:
                if (random.OneIn(4) && acknowledged > 0)
                {
                    freeable = Math.Max(freeable, random.Next(acknowledged));
                    log.FreeBefore(new LogPosition(entries[freeable].Position));
                    Assert.True(log.First.Value <= entries[freeable].Position);
                }
                break;
        }
    }

    private void Append(WriteAheadLog log)
    {
        byte[] payload = new byte[random.Next(6) switch
        {
            0 => 0,
            1 => random.Next(80_000),
            2 => LogFormat.BlockBytes - random.Next(200),
            _ => random.Next(300),
        }];
        random.Fill(payload.AsSpan(0, Math.Min(payload.Length, 64)));
        if (payload.Length > 64)
        {
            payload.AsSpan(payload.Length - 8).Fill((byte)random.Next(256));
        }
        var entry = new Entry(payload, entries.Count);
        entries.Add(entry); // before the call: after a power cut in it the record may be there
        try
        {
            int cut = payload.Length == 0 ? 0 : random.Next(payload.Length);
            entry.Position = random.OneIn(2)
                ? log.Append(payload).Value
                : log.Append([payload.AsMemory(0, cut), ReadOnlyMemory<byte>.Empty, payload.AsMemory(cut)]).Value;
            entry.Appended = true;
        }
        catch (DiskException e) when (!e.IsSyncFailure)
        {
            // Not in the log, unless a later power cut brings its last bytes back in the place of its successor.
            entries.RemoveAt(entries.Count - 1);
            ghosts.Add(entry);
        }
    }

    private readonly List<Entry> ghosts = [];

    private void ReadBack(WriteAheadLog log)
    {
        int from = entries.FindIndex(e => e.Position >= log.First.Value);
        if (from < 0)
        {
            return;
        }
        int at = random.Between(from, entries.Count - 1);
        Assert.Equal(entries[at].Payload, log.ReadAt(new LogPosition(entries[at].Position)));
        using LogReader reader = log.ReadFrom(new LogPosition(entries[at].Position));
        for (int i = at; i < entries.Count; i++)
        {
            Assert.True(reader.TryRead(out LogPosition position, out ReadOnlyMemory<byte> payload));
            Assert.Equal(entries[i].Position, position.Value);
            Assert.True(payload.Span.SequenceEqual(entries[i].Payload));
        }
        Assert.False(reader.TryRead(out _, out _));
        using LogReader atEnd = log.ReadFrom(log.End);
        Assert.False(atEnd.TryRead(out _, out _));
    }

    /// <summary>No hole, no double, nothing changed, nothing acknowledged missing.</summary>
    private void CheckRecovered(WriteAheadLog log)
    {
        pending = null;
        Assert.Equal(log.End, log.Durable);
        using LogReader reader = log.ReadFrom(log.First);
        int index = -1;
        while (reader.TryRead(out LogPosition position, out ReadOnlyMemory<byte> payload))
        {
            if (index < 0)
            {
                index = Math.Max(0, entries.FindIndex(e => e.Appended && e.Position == position.Value));
                Assert.True(index <= freeable, "the log begins behind what was freed");
            }
            if (index == entries.Count)
            {
                entries.Add(new Entry([], index)); // only a ghost can be here
            }
            Entry expected = entries[index];
            if (!payload.Span.SequenceEqual(expected.Payload) || (expected.Appended && expected.Position != position.Value))
            {
                byte[] found = payload.ToArray();
                Assert.True(index >= acknowledged, $"record {index} was acknowledged and has changed");
                expected = ghosts.Find(g => g.Index == index && g.Payload.AsSpan().SequenceEqual(found))!;
                Assert.True(expected is not null, $"record {index} was never written like this");
                entries[index] = expected;
            }
            expected.Position = position.Value;
            expected.Appended = true;
            index++;
            Recovered++;
        }
        int count = index < 0 ? (log.First.Value == 0 ? 0 : entries.FindIndex(e => !e.Appended || e.Position >= log.First.Value) is >= 0 and int i ? i : entries.Count) : index;
        Assert.True(count >= acknowledged, $"{acknowledged} records were acknowledged, {count} are there");
        if (takenBackTo is int back)
        {
            Assert.Equal(back, count); // what was not acknowledged was taken back
            takenBackTo = null;
        }
        entries.RemoveRange(count, entries.Count - count);
        ghosts.Clear();
        acknowledged = count;
        TornTails += log.Recovery.Reason is null ? 0 : 1;
    }

    private sealed class Entry(byte[] payload, int index)
    {
        internal byte[] Payload => payload;

        internal int Index => index;

        internal long Position { get; set; } = -1;

        internal bool Appended { get; set; }
    }
}
