// Arrays by slot as they were when a checkpoint was begun, copied beside the engine while it goes on changing them.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>
/// The arrays of one operator, of which the engine's thread says only that they belong to a checkpoint. Another thread copies them into the section, without regard to what changes
/// meanwhile; the engine's thread hands over the old values of a slot before it first changes it, and these are put over the copy last. So what is copied is what was, and the engine does no
/// more than the slots that it touches ask for. An array that grows is a new one: the copy is made of the old.
/// </summary>
internal sealed class FrozenSlots : ICopiedLater
{
    private readonly Lock _gate = new();
    private readonly List<Part> _parts = [];
    private readonly int _slots;
    private ByteWriter? _section;
    private List<int> _kept = [];
    private ulong[] _isKept = [];
    private bool _isCopied;

    private FrozenSlots(ByteWriter section, int slots)
    {
        _section = section;
        _slots = slots;
    }

    /// <summary>
    /// From here on <see cref="Write"/> is about arrays of so many slots, until <see cref="End"/>. Null when they are written at once: few of them, or a section that has to be whole.
    /// </summary>
    /// <param name="section">What is written.</param>
    /// <param name="slots">How many slots there are.</param>
    public static FrozenSlots? Begin(ByteWriter section, int slots)
    {
        if (section.Beside is not PieceWriter pieces)
        {
            return null;
        }

        FrozenSlots? frozen = pieces.IsLarge(slots * 8L) ? new FrozenSlots(section, slots) : null;
        pieces.Freezing.Push(frozen);
        return frozen;
    }

    /// <summary>What is written next are no such arrays, or those of the <see cref="Begin"/> around this one.</summary>
    public static void End(ByteWriter section)
    {
        if (section.Beside is PieceWriter pieces && pieces.Freezing.Pop() is { } frozen)
        {
            pieces.Frozen.Add(frozen);
        }
    }

    /// <summary>Writes the array of a slot's values, now or, between <see cref="Begin"/> and <see cref="End"/>, later.</summary>
    /// <param name="section">Where to.</param>
    /// <param name="array">The values.</param>
    /// <param name="slots">How many slots there are.</param>
    /// <param name="each">Values of one slot.</param>
    public static void Write<T>(ByteWriter section, T[] array, int slots, int each = 1)
        where T : unmanaged
    {
        if (section.Beside is PieceWriter pieces && pieces.Freezing.TryPeek(out FrozenSlots? frozen) && frozen is not null)
        {
            Check.That(slots == frozen._slots && array.Length >= slots * each);
            frozen._parts.Add(new Part<T>(array, section.Length, each));
            section.Take(checked(slots * each * Unsafe.SizeOf<T>()));
            return;
        }

        section.WriteArray(array, slots * each);
    }

    /// <summary>As <see cref="Keep(ReadOnlySpan{int})"/>, for whoever may have a checkpoint that is being copied: forgets it once that is done.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Keep(ref FrozenSlots? frozen, ReadOnlySpan<int> slots)
    {
        if (frozen is not null && !frozen.Keep(slots))
        {
            frozen = null;
        }
    }

    /// <summary>Hands over slots that are about to change; those of no slot are passed over. False once everything is copied: nobody has to be told any more.</summary>
    public bool Keep(ReadOnlySpan<int> slots)
    {
        lock (_gate)
        {
            if (_isCopied)
            {
                return false;
            }

            if (_isKept.Length == 0)
            {
                _isKept = new ulong[(_slots + 63) / 64];
            }

            int before = _kept.Count;
            foreach (int slot in slots)
            {
                if ((uint)slot < (uint)_slots && (_isKept[slot >> 6] >> slot & 1) == 0)
                {
                    _isKept[slot >> 6] |= 1UL << slot;
                    _kept.Add(slot);
                }
            }

            ReadOnlySpan<int> fresh = CollectionsMarshal.AsSpan(_kept)[before..];
            foreach (Part part in _parts)
            {
                part.Keep(fresh);
            }

            return true;
        }
    }

    /// <inheritdoc/>
    public void CopyAll()
    {
        foreach (Part part in _parts)
        {
            part.Copy(_section!, _slots);
        }

        lock (_gate)
        {
            _isCopied = true;
            foreach (Part part in _parts)
            {
                part.PutBack(_section!, CollectionsMarshal.AsSpan(_kept));
            }

            // Whoever does not change anything goes on knowing this one: it holds nothing any more.
            _parts.Clear();
            _kept = [];
            _isKept = [];
            _section = null;
        }
    }

    private abstract class Part
    {
        public abstract void Keep(ReadOnlySpan<int> slots);

        public abstract void Copy(ByteWriter section, int slots);

        public abstract void PutBack(ByteWriter section, ReadOnlySpan<int> kept);
    }

    private sealed class Part<T>(T[] array, int at, int each) : Part
        where T : unmanaged
    {
        private T[] _values = [];
        private int _count;

        public override void Keep(ReadOnlySpan<int> slots)
        {
            if (_values.Length < _count + (slots.Length * each))
            {
                Array.Resize(ref _values, Math.Max(_count + (slots.Length * each), _values.Length * 2));
            }

            foreach (int slot in slots)
            {
                for (int i = 0; i < each; i++)
                {
                    _values[_count++] = array[(slot * each) + i];
                }
            }
        }

        public override void Copy(ByteWriter section, int slots) =>
            MemoryMarshal.AsBytes(array.AsSpan(0, slots * each)).CopyTo(section.Buffer.AsSpan(at));

        public override void PutBack(ByteWriter section, ReadOnlySpan<int> kept)
        {
            int size = each * Unsafe.SizeOf<T>();
            ReadOnlySpan<byte> values = MemoryMarshal.AsBytes(_values.AsSpan(0, _count));
            for (int i = 0; i < kept.Length; i++)
            {
                values.Slice(i * size, size).CopyTo(section.Buffer.AsSpan(at + (kept[i] * size)));
            }
        }
    }
}
