// Damage found on disk: which file, where, what should have been there, what is.
namespace Millrace.Core;

/// <summary>A file does not hold what was written to it. Never retried and never skipped: the file is named and set aside.</summary>
public sealed class CorruptionException : Exception
{
    /// <summary>Reports damage in <paramref name="file"/> at byte <paramref name="offset"/>; <paramref name="loss"/> estimates what is lost.</summary>
    public CorruptionException(string file, long offset, string expected, string found, string? loss = null, Exception? inner = null)
        : base($"damaged file {file} at byte {offset}: expected {expected}, found {found}" + (loss is null ? "" : $"; lost: {loss}"), inner)
    {
        File = file;
        Offset = offset;
        Expected = expected;
        Found = found;
        Loss = loss;
    }

    /// <summary>The file's path, relative to the data folder.</summary>
    public string File { get; }

    /// <summary>Byte offset in the file.</summary>
    public long Offset { get; }

    /// <summary>What a sound file has there.</summary>
    public string Expected { get; }

    /// <summary>What is there.</summary>
    public string Found { get; }

    /// <summary>The estimated loss in words, or null when unknown.</summary>
    public string? Loss { get; }
}
