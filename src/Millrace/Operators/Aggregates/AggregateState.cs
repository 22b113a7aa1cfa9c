// What an aggregate remembers per group, in arrays by slot; one loop per batch and argument.
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>
/// State of aggregates by group slot; shared by calls that need the same (sum(x) and avg(x)). Rows of weight 0 are ignored: that is how FILTER and
/// DISTINCT leave rows out. A cleared slot is as new.
/// </summary>
internal abstract class AggregateState
{
    /// <summary>Memory held, in bytes.</summary>
    public abstract long Bytes { get; }

    /// <summary>Makes room for slots below <paramref name="slots"/>.</summary>
    public abstract void Ensure(int slots);

    /// <summary>Adds a batch.</summary>
    /// <param name="batch">The rows.</param>
    /// <param name="slots">The group of each row.</param>
    /// <param name="weights">The weight of each row; null when each is 1.</param>
    public abstract void Add(Batch batch, int[] slots, long[]? weights);

    /// <summary>True when <see cref="Merge(AggregateState, int[], int[])"/> is there, and exact.</summary>
    public virtual bool CanMerge => false;

    /// <summary>Adds the groups of another state of the same kind, or of this one itself: that of <paramref name="theirs"/>[i] to that of <paramref name="ours"/>[i].</summary>
    public virtual void Merge(AggregateState other, int[] ours, int[] theirs) => Check.Fail($"{GetType().Name} cannot be merged");

    /// <summary>Forgets groups.</summary>
    public abstract void Clear(ReadOnlySpan<int> slots);

    /// <summary>Writes the state of slots below <paramref name="slots"/>.</summary>
    public abstract void Save(ByteWriter writer, int slots);

    /// <summary>Restores what <see cref="Save"/> wrote.</summary>
    public abstract void Load(ref ByteReader reader, int slots);

    /// <summary>A grown copy.</summary>
    protected static T[] Grown<T>(T[] array, int slots)
    {
        if (array.Length < slots)
        {
            Array.Resize(ref array, Math.Max(slots, Math.Max(16, array.Length * 2)));
        }

        return array;
    }
}

/// <summary>Gives the current value of an aggregate from its states.</summary>
internal abstract class AggregateResult
{
    /// <summary>Appends the value of each group.</summary>
    public abstract void Emit(ReadOnlySpan<int> slots, ColumnBuilder into);
}

/// <summary>Rows per group: the life of a group, and count(*).</summary>
internal sealed class GroupRows : AggregateState
{
    /// <summary>Sum of the weights by slot.</summary>
    public long[] Rows { get; private set; } = [];

    /// <inheritdoc/>
    public override long Bytes => Rows.Length * 8L;

    /// <inheritdoc/>
    public override void Ensure(int slots) => Rows = Grown(Rows, slots);

    /// <inheritdoc/>
    public override void Add(Batch batch, int[] slots, long[]? weights)
    {
        long[] rows = Rows;
        ReadOnlySpan<int> at = slots.AsSpan(0, batch.Count);
        if (weights is null)
        {
            foreach (SlotRuns.Stretch stretch in SlotRuns.Over(at))
            {
                if (stretch.IsRun)
                {
                    rows[at[stretch.Start]] += stretch.End - stretch.Start;
                    continue;
                }

                for (int i = stretch.Start; i < stretch.End; i++)
                {
                    rows[at[i]]++;
                }
            }

            return;
        }

        for (int i = 0; i < at.Length; i++)
        {
            rows[at[i]] += weights[i];
        }
    }

    /// <inheritdoc/>
    public override bool CanMerge => true;

    /// <inheritdoc/>
    public override void Merge(AggregateState other, int[] ours, int[] theirs)
    {
        long[] rows = ((GroupRows)other).Rows;
        for (int i = 0; i < theirs.Length; i++)
        {
            Rows[ours[i]] += rows[theirs[i]];
        }
    }

    /// <inheritdoc/>
    public override void Clear(ReadOnlySpan<int> slots)
    {
        foreach (int slot in slots)
        {
            Rows[slot] = 0;
        }
    }

    /// <inheritdoc/>
    public override void Save(ByteWriter writer, int slots) => FrozenSlots.Write(writer, Rows, slots);

    /// <inheritdoc/>
    public override void Load(ref ByteReader reader, int slots) => Rows = reader.ReadArray<long>(slots);
}

/// <summary>
/// Rows per group whose arguments are all not null. As long as no null has been seen and nothing is filtered it is the group's row count, and
/// costs nothing.
/// </summary>
internal sealed class CountState(GroupRows rows, int[] arguments, bool mayShare) : AggregateState
{
    private long[] _own = [];
    private bool _split = !mayShare;

    /// <summary>The counts by slot.</summary>
    public long[] Counts => _split ? _own : rows.Rows;

    /// <inheritdoc/>
    public override long Bytes => _own.Length * 8L;

    /// <inheritdoc/>
    public override void Ensure(int slots)
    {
        if (_split)
        {
            _own = Grown(_own, slots);
        }
    }

    /// <inheritdoc/>
    public override void Add(Batch batch, int[] slots, long[]? weights)
    {
        bool nulls = arguments.Any(a => batch.Columns[a].Validity is not null);
        if (!_split)
        {
            if (!nulls)
            {
                return;
            }

            _own = [.. rows.Rows];
            _split = true;
        }

        long[] own = _own;
        for (int i = 0; i < batch.Count; i++)
        {
            bool present = true;
            for (int a = 0; nulls && a < arguments.Length; a++)
            {
                present &= !batch.Columns[arguments[a]].IsNull(i);
            }

            if (present)
            {
                own[slots[i]] += weights is null ? 1 : weights[i];
            }
        }
    }

    /// <inheritdoc/>
    public override bool CanMerge => true;

    /// <inheritdoc/>
    public override void Merge(AggregateState other, int[] ours, int[] theirs)
    {
        var counts = (CountState)other;
        if (!_split && !counts._split)
        {
            return;
        }

        if (!_split)
        {
            _own = [.. rows.Rows];
            _split = true;
        }

        for (int i = 0; i < theirs.Length; i++)
        {
            _own[ours[i]] += counts.Counts[theirs[i]];
        }
    }

    /// <inheritdoc/>
    public override void Clear(ReadOnlySpan<int> slots)
    {
        if (_split)
        {
            foreach (int slot in slots)
            {
                _own[slot] = 0;
            }
        }
    }

    /// <inheritdoc/>
    public override void Save(ByteWriter writer, int slots)
    {
        writer.WriteByte(_split ? (byte)1 : (byte)0);
        if (_split)
        {
            FrozenSlots.Write(writer, _own, slots);
        }
    }

    /// <inheritdoc/>
    public override void Load(ref ByteReader reader, int slots)
    {
        _split = reader.ReadByte() != 0;
        _own = _split ? reader.ReadArray<long>(slots) : [];
    }
}

/// <summary>count(*) and count(x).</summary>
internal sealed class CountResult(Func<long[]> counts) : AggregateResult
{
    /// <inheritdoc/>
    public override void Emit(ReadOnlySpan<int> slots, ColumnBuilder into)
    {
        var builder = (FixedBuilder<long>)into;
        long[] values = counts();
        foreach (int slot in slots)
        {
            builder.Append(values[slot]);
        }
    }
}
