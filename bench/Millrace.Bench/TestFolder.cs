// A database in a folder that goes away with it.
using Millrace.Log;

namespace Millrace.Bench;

/// <summary>Opens databases for benchmarks.</summary>
internal sealed class TestFolder : IDisposable
{
    private TestFolder()
    {
    }

    /// <summary>Where it is.</summary>
    public string Path { get; } = Directory.CreateTempSubdirectory("millrace-bench-").FullName;

    public static TestFolder Make() => new();

    /// <summary>Opens the folder with memory for all rows: reading back from the log is measured on its own.</summary>
    public Task<Database> OpenAsync(Durability durability) => Database.OpenAsync(
        Path, new DatabaseOptions { Durability = durability, TailBytesMax = 16L << 30, CheckpointLogBytes = long.MaxValue });

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
