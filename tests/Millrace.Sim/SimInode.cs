// What a simulated file holds: what programs see, what is on the platter, and the writes between the two.
namespace Millrace.Sim;

internal sealed class SimInode
{
    private const int SectorBytes = 512;

    private readonly List<Change> unsynced = [];
    private readonly Content seen = new();
    private readonly Content platter = new();

    /// <summary>How a power cut treats the changes that no sync covered.</summary>
    internal enum CrashStyle
    {
        DropAll,
        KeepAll,

        /// <summary>Each sector of each write by the toss of a coin, so later ones can survive earlier ones.</summary>
        Torn,

        /// <summary>As Torn, and what was allocated but never written holds garbage.</summary>
        TornWithGarbage,
    }

    internal int Length => seen.Length;

    internal int UnsyncedCount => unsynced.Count;

    internal int Read(long offset, Span<byte> into) => seen.Read(offset, into);

    internal void Write(long offset, ReadOnlySpan<byte> data)
    {
        unsynced.Add(new Change(offset, data.ToArray()));
        seen.Write(offset, data);
    }

    internal void Truncate(long length)
    {
        unsynced.Add(new Change(length, null));
        seen.Truncate(length);
    }

    /// <summary>The first <paramref name="count"/> unsynced changes reach the platter.</summary>
    internal void Sync(int count)
    {
        for (int i = 0; i < count; i++)
        {
            unsynced[i].ApplyTo(platter);
        }
        unsynced.RemoveRange(0, count);
    }

    /// <summary>
    /// A sync that failed: pages are marked clean although any of them may not be on the platter, and no later sync writes them again.
    /// </summary>
    internal void FailSync(int count, SimRandom random)
    {
        for (int i = 0; i < count; i++)
        {
            ApplyTorn(unsynced[i], random, garbage: false);
        }
        unsynced.RemoveRange(0, count);
    }

    internal void Crash(CrashStyle style, SimRandom random)
    {
        foreach (Change change in unsynced)
        {
            switch (style)
            {
                case CrashStyle.KeepAll:
                    change.ApplyTo(platter);
                    break;
                case CrashStyle.Torn or CrashStyle.TornWithGarbage:
                    ApplyTorn(change, random, style == CrashStyle.TornWithGarbage);
                    break;
            }
        }
        unsynced.Clear();
        seen.CopyFrom(platter);
    }

    /// <summary>For tests that damage: changes a byte on the platter and as seen.</summary>
    internal void Damage(long offset, byte xor)
    {
        seen.Xor(offset, xor);
        platter.Xor(offset, xor);
    }

    private void ApplyTorn(Change change, SimRandom random, bool garbage)
    {
        if (change.Data is null)
        {
            if (random.OneIn(2))
            {
                change.ApplyTo(platter);
            }
            return;
        }
        Span<byte> noise = stackalloc byte[SectorBytes];
        for (int done = 0; done < change.Data.Length;)
        {
            long at = change.Offset + done;
            int take = (int)Math.Min(SectorBytes - (at % SectorBytes), change.Data.Length - done);
            if (random.OneIn(2))
            {
                platter.Write(at, change.Data.AsSpan(done, take));
            }
            else if (garbage && at >= platter.Length && random.OneIn(2))
            {
                random.Fill(noise[..take]);
                platter.Write(at, noise[..take]);
            }
            done += take;
        }
    }

    /// <summary>A write, or with null data a cut to Offset.</summary>
    private sealed record Change(long Offset, byte[]? Data)
    {
        internal void ApplyTo(Content content)
        {
            if (Data is null)
            {
                content.Truncate(Offset);
            }
            else
            {
                content.Write(Offset, Data);
            }
        }
    }

    private sealed class Content
    {
        private byte[] bytes = [];

        internal int Length { get; private set; }

        internal int Read(long offset, Span<byte> into)
        {
            int count = (int)Math.Clamp(Length - offset, 0, into.Length);
            bytes.AsSpan(count == 0 ? 0 : (int)offset, count).CopyTo(into);
            return count;
        }

        internal void Write(long offset, ReadOnlySpan<byte> data)
        {
            if (data.Length == 0)
            {
                return;
            }
            int end = checked((int)offset + data.Length);
            if (end > bytes.Length)
            {
                Array.Resize(ref bytes, Math.Max(end, bytes.Length * 2));
            }
            data.CopyTo(bytes.AsSpan((int)offset));
            Length = Math.Max(Length, end);
        }

        internal void Truncate(long length)
        {
            int to = (int)length;
            if (to > bytes.Length)
            {
                Array.Resize(ref bytes, to);
            }
            if (to < Length)
            {
                bytes.AsSpan(to, Length - to).Clear(); // what a longer file shows again is zeros
            }
            Length = to;
        }

        internal void Xor(long offset, byte with)
        {
            if (offset < Length)
            {
                bytes[offset] ^= with;
            }
        }

        internal void CopyFrom(Content other)
        {
            bytes = other.bytes.AsSpan(0, other.Length).ToArray();
            Length = other.Length;
        }
    }
}
