// The layout of a log file: sizes and literals that are on disk and never change meaning.
namespace Millrace.Log;

/// <summary>
/// <code>
/// file     = file header (64) | block rest | block | block | ...        blocks of 32 KiB, counted from the file's first byte
/// block    = fragment | fragment | ... | zeros (at most 48, where no fragment fits)
/// fragment = header (48) | payload
/// record   = Full  or  First Middle* Last
/// </code>
/// A record is cut at block boundaries, so each block starts with a header, and a bad length hides nothing behind it.
/// </summary>
internal static class LogFormat
{
    internal const int Version = 1;
    internal const int BlockBytes = 32 * 1024;

    /// <summary>A record's payload may not be longer: a commit that large must be split.</summary>
    internal const int RecordBytesMax = 1 << 30;

    private const string Suffix = ".log";
    private const int NameDigits = 20;

    /// <summary>The zeros before the next fragment when the one before ended at <paramref name="offset"/> of its file.</summary>
    internal static int PaddingAt(long offset)
    {
        int left = BlockBytes - (int)(offset % BlockBytes);
        return left <= FragmentHeader.Bytes ? left : 0;
    }

    /// <summary>An upper bound for the bytes that a record takes in its file, padding included.</summary>
    internal static long FramedBytesMax(long payloadBytes) =>
        payloadBytes + ((payloadBytes / (BlockBytes - FragmentHeader.Bytes)) + 2) * FragmentHeader.Bytes * 2;

    /// <summary>A file is named by its first position, so that names sort as positions do.</summary>
    internal static string FileName(long firstPosition) => firstPosition.ToString("D20", System.Globalization.CultureInfo.InvariantCulture) + Suffix;

    internal static bool TryParseFileName(string name, out long firstPosition)
    {
        firstPosition = 0;
        return name.Length == NameDigits + Suffix.Length && name.EndsWith(Suffix, StringComparison.Ordinal)
            && long.TryParse(name.AsSpan(0, NameDigits), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture,
                out firstPosition);
    }
}
