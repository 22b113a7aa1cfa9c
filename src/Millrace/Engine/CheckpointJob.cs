// One checkpoint under way: what the engine's thread froze, and how far the writing of it is.
using Millrace.Core.Io;

namespace Millrace.Engine;

/// <summary>Frozen at an epoch's end; then its pieces are written and synced beside the engine, and last the file that names them is published.</summary>
internal sealed class CheckpointJob(long epoch, long needs, long fileNumber)
{
    public long Epoch { get; } = epoch;

    /// <summary>The oldest position of the log that it cannot do without.</summary>
    public long Needs { get; } = needs;

    /// <summary>The number of its file of state, should it need one.</summary>
    public long FileNumber { get; } = fileNumber;

    /// <summary>Where the log ended: up to here it has to be durable before the checkpoint is.</summary>
    public required long LogEnd { get; init; }

    public required PieceWriter Pieces { get; init; }

    public required CheckpointFile.Writer File { get; init; }

    /// <summary>Bytes of the checkpoint, those of its pieces included.</summary>
    public long Bytes { get; private set; }

    /// <summary>Bytes of its file of state; 0 when it needed none.</summary>
    public long StateBytes { get; private set; }

    /// <summary>True once the pieces are durable.</summary>
    public bool Publishing { get; set; }

    /// <summary>What is under way.</summary>
    public PendingIo Io { get; set; } = PendingIo.Done;

    /// <summary>The file that names the pieces, once they are durable.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Content { get; private set; } = [];

    /// <summary>Writes the pieces and makes them durable, then puts together what names them; on a thread of its own.</summary>
    /// <exception cref="DiskException">There is no room, or the disk failed.</exception>
    public void WriteState(IDisk disk, string folder)
    {
        using var file = new StateFile.Writer(disk, folder, FileNumber);
        File.SaveBeside(file);
        file.Sync();
        StateBytes = file.Length;
        Content = File.Finish();
        Bytes = Content.Sum(c => (long)c.Length) + Pieces.Bytes;
    }
}
