// What a Nexmark run is made of.
namespace Millrace.Generators.Nexmark;

/// <summary>The settings of a <see cref="NexmarkGenerator"/>; the defaults are the benchmark's.</summary>
public sealed record NexmarkOptions
{
    /// <summary>Events a second of event time; event n is at <see cref="BaseTimeMicros"/> + n / rate. Default 10,000.</summary>
    public long Rate { get; init; } = 10_000;

    /// <summary>The time of event 0, µs since 1970-01-01. Default 2015-07-15 00:00 as in the benchmark.</summary>
    public long BaseTimeMicros { get; init; } = 1_436_918_400_000_000;

    /// <summary>Events within a group of this size arrive out of order. Default 1: in order.</summary>
    public long OutOfOrderGroup { get; init; } = 1;

    /// <summary>The number of the first event; the same number gives the same event in every run.</summary>
    public long FirstEvent { get; init; }
}
