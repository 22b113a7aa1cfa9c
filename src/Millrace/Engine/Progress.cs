// How far an input's event time is known to have come, and how several inputs meet.
namespace Millrace.Engine;

/// <summary>How far an input has come.</summary>
/// <param name="Watermark">No row with an earlier event time is expected (µs): MinValue when nothing is known, MaxValue when there is nothing to wait for.</param>
/// <param name="Idle">True when it has been silent for its idle timeout: then it holds nobody back.</param>
internal readonly record struct Progress(long Watermark, bool Idle)
{
    /// <summary>Of tables, and of streams without a watermark.</summary>
    public static readonly Progress Nothing = new(long.MaxValue, false);

    /// <summary>Not quite so far.</summary>
    public Progress Behind(long micros) => Watermark is long.MinValue or long.MaxValue ? this : this with { Watermark = Watermark - micros };
}

/// <summary>
/// Several inputs meet at the slowest of those that are not idle. When all are idle nobody holds anybody back: then the furthest counts, and it goes on with
/// the clock. Inputs with nothing to wait for do not count.
/// </summary>
internal struct Meeting()
{
    private long _slowest = long.MaxValue;
    private long _furthestIdle = long.MinValue;
    private bool _active;
    private bool _idle;

    public void Add(Progress input)
    {
        if (input.Watermark == long.MaxValue)
        {
            return;
        }

        if (input.Idle)
        {
            _idle = true;
            _furthestIdle = Math.Max(_furthestIdle, input.Watermark);
        }
        else
        {
            _active = true;
            _slowest = Math.Min(_slowest, input.Watermark);
        }
    }

    public readonly Progress Result => _active ? new Progress(_slowest, false) : _idle ? new Progress(_furthestIdle, true) : Progress.Nothing;
}
