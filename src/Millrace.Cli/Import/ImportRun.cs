// The way of a file: blocks are read ahead and parsed side by side, and taken in order.
using System.Text;
using Millrace.Formats;

namespace Millrace.Cli.Import;

/// <summary>An import cannot go on; the message says where it stands.</summary>
internal sealed class ImportException(string message) : Exception(message);

/// <summary>Loads files one after the other and counts.</summary>
internal sealed class ImportRun(IImportTarget target, ImportOptions options)
{
    private const int ToldMax = 100;
    private const int SampleBytes = 1 << 20;

    // Enough for every core to have one in hand while another is read and a third is being committed.
    private static readonly int Ahead = Environment.ProcessorCount + 1;
    private readonly List<string> _told = [];

    /// <summary>Rows taken.</summary>
    public long Rows { get; private set; }

    /// <summary>Bad rows left out.</summary>
    public long Dropped { get; private set; }

    /// <summary>Bytes taken, unpacked.</summary>
    public long Bytes { get; private set; }

    /// <summary>Why rows were left out: the first of them, with file and line.</summary>
    public IReadOnlyList<string> Told => _told;

    /// <summary>Statements that made what was not there.</summary>
    public List<string> Made { get; } = [];

    /// <summary>Loads a file.</summary>
    /// <param name="source">The file.</param>
    /// <param name="progress">Told how long the file is (0 when unknown) and up to where its rows are in.</param>
    /// <param name="cancellation">Ends it; what was begun is finished.</param>
    /// <exception cref="ImportException">A bad row, or the target refuses.</exception>
    public async Task LoadAsync(ImportSource source, Action<long, long> progress, CancellationToken cancellation)
    {
        try
        {
            using var reader = new BlockReader(source);
            IReadOnlyList<string> columns = Columns(reader, source);
            if (source.Format != ImportFormat.Lines
                && await target.BeginAsync(source, () => SchemaGuess.Statement(source, columns, reader.Peek(SampleBytes), options), cancellation) is { } made)
            {
                Made.Add(made);
            }

            var under = new Queue<Task>();
            Task last = Task.CompletedTask;
            try
            {
                while (reader.Next() is { } block)
                {
                    last = FinishAsync(last, target.Start(source, columns, block), source, block, reader.Length, progress, cancellation);
                    under.Enqueue(last);
                    if (under.Count > Ahead)
                    {
                        await under.Dequeue();
                    }
                }
            }
            finally
            {
                // A block that fails fails all behind it, so there is one reason to tell.
                await last;
            }
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            throw new ImportException($"{source.Path}: {e.Message}; {Rows:N0} rows are in");
        }
    }

    private async Task FinishAsync(
        Task before, Func<CancellationToken, Task<BlockResult>> finish, ImportSource source, Block block, long length, Action<long, long> progress, CancellationToken cancellation)
    {
        using (block)
        {
            await before;
            cancellation.ThrowIfCancellationRequested();
            BlockResult result;
            try
            {
                result = await finish(cancellation);
            }
            catch (BadBlockException e)
            {
                string upTo = block.FirstLine == 1 ? "nothing of the file is in" : $"what stands before line {block.FirstLine} is in, what follows is not";
                throw new ImportException($"{Place(source, block, e.Error)}; {upTo}");
            }

            Rows += result.Rows;
            Dropped += result.Dropped;
            Bytes += block.Length;
            _told.AddRange(result.Errors.Take(ToldMax - _told.Count).Select(e => Place(source, block, e)));
            progress(length, block.FilePosition);
        }
    }

    private static string Place(ImportSource source, Block block, BlockError error) =>
        $"{source.Path}:{block.FirstLine + Math.Max(error.Line, 1) - 1}: {(error.Column is null ? "" : $"column \"{error.Column}\": ")}{error.Reason}";

    // The names of CSV's fields, from the command line or the header.
    private IReadOnlyList<string> Columns(BlockReader reader, ImportSource source)
    {
        if (source.Format != ImportFormat.Csv || options.Columns is not null)
        {
            return options.Columns ?? [];
        }

        byte[] line = reader.TakeFirstRecord();
        ReadOnlySpan<byte> text = line.AsSpan().StartsWith("\uFEFF"u8) ? line.AsSpan(3) : line;
        var header = new CsvTokenizer((byte)',', (byte)'"', (byte)'"', "");
        if (!header.TryRead(text, final: true, out _))
        {
            throw new ImportException($"{source.Path} is empty: not even a header line");
        }

        string[] names = new string[header.Count];
        for (int i = 0; i < names.Length; i++)
        {
            names[i] = Encoding.UTF8.GetString(header.Get(text, i)).Trim();
        }

        return names;
    }
}
