// How a log is kept: when it syncs, how large its files grow.
using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Millrace.Log;

/// <summary>What an acknowledgement means.</summary>
public enum Durability
{
    /// <summary>On disk: survives the loss of power. The default.</summary>
    Fsync = 1,

    /// <summary>With the operating system: survives the end of the process, not the loss of power.</summary>
    Os = 2,

    /// <summary>In memory for a while: may be lost with the process.</summary>
    None = 3,
}

/// <summary>The settings of a <see cref="WriteAheadLog"/>.</summary>
public sealed record LogOptions
{
    /// <summary>When appended records are safe.</summary>
    public Durability Durability { get; init; } = Durability.Fsync;

    /// <summary>A file that has reached this size is followed by a new one. Default 64 MiB.</summary>
    public long FileBytes { get; init; } = 64 << 20;

    /// <summary>Check every record of every file on opening, not only those that were not proven durable (the others are checked when read).</summary>
    public bool VerifyAll { get; init; }

    /// <summary>Random numbers for the identities of logs and files; the simulator gives its own.</summary>
    public Func<ulong> Random { get; init; } = SystemRandom;

    private static ulong SystemRandom()
    {
        Span<byte> bytes = stackalloc byte[8];
        RandomNumberGenerator.Fill(bytes);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }
}
