// What opening a log found.
namespace Millrace.Log;

/// <summary>
/// The outcome of recovery: <paramref name="Records"/> records in <paramref name="Bytes"/> bytes were checked, and a torn tail of
/// <paramref name="TruncatedBytes"/> bytes (never acknowledged) was cut off for <paramref name="Reason"/>, which is null when there was none.
/// </summary>
public sealed record RecoveryReport(long Records, long Bytes, long TruncatedBytes, string? Reason);
