// What the codecs want to know of a sequence of integers before one is chosen; each fact is worked out once.
using System.Buffers;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Millrace.Core;

namespace Millrace.Store.Codecs;

/// <summary>A sequence of integers, its range, its runs, a sample of it, and its differences.</summary>
internal sealed class IntegerProfile : IDisposable
{
    private const int SampleMax = 512;
    private const int Medians = 15;
    private readonly long[] _values;
    private readonly CodecHabit? _habit;
    private readonly (IntegerCodec Codec, double Bits)?[] _choices = new (IntegerCodec, double)?[IntegerBlock.DepthMax + 1];
    private IntegerProfile? _deltas;
    private long[]? _sample;
    private int _sampled;
    private EntropyFrame? _entropy;
    private IntegerProfile? _multiples;
    private IntegerDictionary? _dictionary;
    private bool _dictionaryKnown;

    /// <summary>Copies <paramref name="values"/>, at least one.</summary>
    /// <param name="values">The values.</param>
    /// <param name="habit">What is usual for them; null when nothing is known of others.</param>
    public IntegerProfile(ReadOnlySpan<long> values, CodecHabit? habit = null)
        : this(values.Length, habit) => values.CopyTo(_values);

    private IntegerProfile(int count, CodecHabit? habit)
    {
        Check.That(count > 0);
        Count = count;
        _habit = habit;
        _values = ArrayPool<long>.Shared.Rent(count);
    }

    public int Count { get; }

    public ReadOnlySpan<long> Values => _values.AsSpan(0, Count);

    /// <summary>The smallest value; known after the first choice.</summary>
    public long Min { get; private set; }

    /// <summary>The largest value; known after the first choice.</summary>
    public long Max { get; private set; }

    /// <summary>How many stretches of equal neighbours there are.</summary>
    public int Runs { get; private set; }

    /// <summary>How often differences have been taken to come to these values.</summary>
    public int Order { get; private init; }

    /// <summary>Up to 512 of the values in ascending order.</summary>
    public ReadOnlySpan<long> Sample
    {
        get
        {
            if (_sample is null)
            {
                _sample = ArrayPool<long>.Shared.Rent(SampleMax);
                _sampled = TakeSample(_sample);
                _sample.AsSpan(0, _sampled).Sort();
            }

            return _sample.AsSpan(0, _sampled);
        }
    }

    /// <summary>The differences of neighbours, modulo 2^64; only for more than one value.</summary>
    public IntegerProfile Deltas
    {
        get
        {
            if (_deltas is null)
            {
                _deltas = new IntegerProfile(Count - 1, _habit?[CodecPart.Deltas]) { Order = Order + 1 };
                ReadOnlySpan<long> from = Values;
                Span<long> to = _deltas._values.AsSpan(0, Count - 1);
                for (int i = 0; i < to.Length; i++)
                {
                    to[i] = from[i + 1] - from[i];
                }
            }

            return _deltas;
        }
    }

    /// <summary>The largest number that the distances of all values from the smallest are multiples of; 0 until <see cref="Multiples"/> was asked for.</summary>
    public ulong Step { get; private set; }

    /// <summary>(value − Min) / Step, when the step is larger than 1; otherwise null.</summary>
    public IntegerProfile? Multiples
    {
        get
        {
            if (Step == 0)
            {
                Step = FindStep();
                if (Step > 1)
                {
                    _multiples = new IntegerProfile(Count, _habit?[CodecPart.Multiples]);
                    ReadOnlySpan<long> from = Values;
                    Span<long> to = _multiples._values.AsSpan(0, Count);
                    for (int i = 0; i < to.Length; i++)
                    {
                        to[i] = (long)((ulong)(from[i] - Min) / Step);
                    }
                }
            }

            return _multiples;
        }
    }

    /// <summary>The distinct values, when they are few and far from one another; otherwise null.</summary>
    public IntegerDictionary? Dictionary
    {
        get
        {
            if (!_dictionaryKnown)
            {
                _dictionaryKnown = true;
                _dictionary = LooksFew() ? IntegerDictionary.Build(Values, _habit) : null;
            }

            return _dictionary;
        }
    }

    /// <summary>Whether differences look as if they were smaller than the values, by a sample: it saves the work of taking all of them.</summary>
    public bool DeltasLookSmaller()
    {
        const double Slack = 0.25;
        ReadOnlySpan<long> values = Values;
        Span<long> some = stackalloc long[Medians];
        for (int i = 0; i < Medians; i++)
        {
            int at = (int)((long)i * (Count - 1) / Medians);
            some[i] = values[at + 1] - values[at];
        }

        some.Sort();
        long middleDelta = some[Medians / 2];
        long middle = Sample[_sampled / 2];
        int step = Math.Max(1, Count / SampleMax);
        double own = 0;
        double deltas = 0;
        for (int i = 1; i < values.Length; i += step)
        {
            own += WidthOf(Distance(values[i], middle));
            deltas += WidthOf(Distance(values[i] - values[i - 1], middleDelta));
        }

        return deltas <= own + (Slack * values.Length / step);
    }

    /// <summary>How the entropy codec would lay out these values; for use after the first choice has begun.</summary>
    public EntropyFrame Entropy => _entropy ??= EntropyFrame.Of(this);

    /// <summary>The codec that takes the fewest bits, with a small preference for the ones that stand first in the table.</summary>
    public (IntegerCodec Codec, double Bits) Choose(int depth)
    {
        if (_choices[depth] is { } known)
        {
            return known;
        }

        Measure();
        // Long runs, or a range of quite another size, may call for another codec.
        int shape = WidthOf((ulong)(Max - Min)) + (Runs <= Count / 3 ? CodecHabit.FarApart : 0);
        if (_habit?.Usual(depth, shape) is IntegerCodec usual && usual.Estimate(this, depth) is var usually && _habit.Holds(usually / Count))
        {
            _choices[depth] = (usual, usually);
            return (usual, usually);
        }

        (IntegerCodec? Codec, double Bits) best = (null, double.PositiveInfinity);
        foreach (IntegerCodec codec in CodecTable.Integers)
        {
            double bits = codec.Estimate(this, depth);
            if (bits < best.Bits)
            {
                best = (codec, bits);
            }
        }

        Check.That(best.Codec is not null);
        _choices[depth] = (best.Codec, best.Bits);
        _habit?.Note(best.Codec, best.Bits / Count, depth, shape);
        return (best.Codec, best.Bits);
    }

    /// <summary>Bits that value − floor needs when it is at most <paramref name="range"/>.</summary>
    public static int WidthOf(ulong range) => 64 - BitOperations.LeadingZeroCount(range);

    public void Dispose()
    {
        ArrayPool<long>.Shared.Return(_values);
        if (_sample is not null)
        {
            ArrayPool<long>.Shared.Return(_sample);
            _sample = null;
        }

        _deltas?.Dispose();
        _multiples?.Dispose();
        _dictionary?.Dispose();
    }

    // Euclid's algorithm over the sample first: most sequences end there, at 1.
    private ulong FindStep()
    {
        ulong step = 0;
        foreach (long value in Sample)
        {
            step = CommonDivisor(step, (ulong)(value - Min));
            if (step == 1)
            {
                return 1;
            }
        }

        foreach (long value in Values)
        {
            ulong distance = (ulong)(value - Min);
            if (step == 0 || distance % step != 0)
            {
                step = CommonDivisor(step, distance);
                if (step == 1)
                {
                    return 1;
                }
            }
        }

        return Math.Max(step, 1);
    }

    private static ulong CommonDivisor(ulong a, ulong b)
    {
        while (b != 0)
        {
            (a, b) = (b, a % b);
        }

        return a;
    }

    // At most a quarter of the sample is distinct, and there are gaps between the values.
    private bool LooksFew()
    {
        ReadOnlySpan<long> sample = Sample;
        int distinct = 1;
        for (int i = 1; i < sample.Length; i++)
        {
            distinct += sample[i] == sample[i - 1] ? 0 : 1;
        }

        return distinct <= sample.Length / 4 && (ulong)(Max - Min) / 4 > (ulong)distinct;
    }

    private static ulong Distance(long a, long b) => a > b ? (ulong)(a - b) : (ulong)(b - a);

    private void Measure()
    {
        ReadOnlySpan<long> values = Values;
        long min = values[0];
        long max = min;
        int runs = 1;
        int i = 1;
        if (Vector256.IsHardwareAccelerated && values.Length > 2 * Vector256<long>.Count)
        {
            ref long first = ref MemoryMarshal.GetReference(values);
            var least = Vector256.Create(min);
            Vector256<long> most = least;
            Vector256<long> same = Vector256<long>.Zero;
            for (; i <= values.Length - Vector256<long>.Count; i += Vector256<long>.Count)
            {
                Vector256<long> four = Vector256.LoadUnsafe(ref first, (nuint)i);
                least = Vector256.Min(least, four);
                most = Vector256.Max(most, four);
                same -= Vector256.Equals(four, Vector256.LoadUnsafe(ref first, (nuint)i - 1));
            }

            runs += i - 1 - (int)Vector256.Sum(same);
            for (int lane = 0; lane < Vector256<long>.Count; lane++)
            {
                min = Math.Min(min, least[lane]);
                max = Math.Max(max, most[lane]);
            }
        }

        for (; i < values.Length; i++)
        {
            long value = values[i];
            min = Math.Min(min, value);
            max = Math.Max(max, value);
            runs += value == values[i - 1] ? 0 : 1;
        }

        (Min, Max, Runs) = (min, max, runs);
    }

    // Short stretches spread evenly over the values: regular patterns do not hide between them as they would from single steps.
    private int TakeSample(long[] sample)
    {
        const int Stretch = 16;
        if (Count <= SampleMax)
        {
            Values.CopyTo(sample);
            return Count;
        }

        int stretches = SampleMax / Stretch;
        for (int s = 0; s < stretches; s++)
        {
            int start = (int)((long)(Count - Stretch) * s / (stretches - 1));
            Values.Slice(start, Stretch).CopyTo(sample.AsSpan(s * Stretch));
        }

        return SampleMax;
    }
}
