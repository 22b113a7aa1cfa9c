// Time as an input: the engine asks this and nothing else what time it is.
namespace Millrace.Core.Io;

/// <summary>The wall clock. It may jump either way: code must not assume that it is monotone.</summary>
public interface IClock
{
    /// <summary>Microseconds since 1970-01-01 UTC.</summary>
    long UtcNowMicros { get; }
}
