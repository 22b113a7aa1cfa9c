// What was chosen for the block before: the blocks of a column are mostly alike, so that all codecs need to be tried only now and then.
namespace Millrace.Store.Codecs;

/// <summary>The values that a codec makes of others and hands on.</summary>
internal enum CodecPart
{
    /// <summary>Differences.</summary>
    Deltas,

    /// <summary>Multiples of a step.</summary>
    Multiples,

    /// <summary>Distinct values.</summary>
    Entries,

    /// <summary>Which of the distinct values it is.</summary>
    Codes,

    /// <summary>Lengths of strings.</summary>
    Lengths,

    /// <summary>Digits of decimals.</summary>
    Digits,

    /// <summary>Bit patterns.</summary>
    Bits,

    /// <summary>The second of two columns that one type is taken apart into.</summary>
    Second,

    /// <summary>How many there are.</summary>
    Count,
}

/// <summary>
/// The choice for one place: values of a column, or what a codec makes of them, each with a habit of its own. A codec that was the best is taken again without trying
/// the others, up to <see cref="Uses"/> times in a row, as long as it takes about as much room a value and the values look alike. Whoever goes through the same blocks in the
/// same order chooses the same: nothing else is remembered. Not for several threads.
/// </summary>
internal sealed class CodecHabit
{
    /// <summary>Shapes that differ by so much never look alike.</summary>
    public const int FarApart = 1_000;

    private const int Uses = 15;
    private const double Slack = 1.03;

    private readonly CodecHabit?[] _parts = new CodecHabit?[(int)CodecPart.Count];
    private Codec? _codec;
    private (int Depth, int Shape) _alike;
    private double _bitsEach;
    private int _left;

    /// <summary>The habit of what is made of these values.</summary>
    public CodecHabit this[CodecPart part] => _parts[(int)part] ??= new CodecHabit();

    /// <summary>The codec of last time, as long as it need not be looked for anew.</summary>
    /// <param name="depth">How many codecs may stand inside.</param>
    /// <param name="shape">What the values look like; a habit holds among neighbours.</param>
    public Codec? Usual(int depth, int shape) => _left > 0 && _alike.Depth == depth && Math.Abs(_alike.Shape - shape) <= 1 ? _codec : null;

    /// <summary>Whether the usual codec does about as well as it did.</summary>
    public bool Holds(double bitsEach)
    {
        _left--;
        return bitsEach <= _bitsEach * Slack;
    }

    /// <summary>Remembers what was found when all were tried.</summary>
    public void Note(Codec codec, double bitsEach, int depth, int shape)
    {
        (_codec, _bitsEach, _alike) = (codec, bitsEach, (depth, shape));
        _left = Uses;
    }
}
