// Import into a folder: this process is the database.
using System.Text;
using Millrace.Core;
using Millrace.Doors.Formats;
using Millrace.Formats;
using Millrace.Doors.LineProtocol;
using Millrace.Sql;

namespace Millrace.Cli.Import;

/// <summary>Parses blocks side by side and appends their rows in order, a commit each.</summary>
internal sealed class EmbeddedTarget : IImportTarget
{
    private const int RecordBytesMax = 256 << 20;
    private readonly Database _database;
    private readonly bool _owned;
    private readonly ImportOptions _options;
    private readonly LineTime _unit;
    private readonly LineWriter _writer;
    private CatalogObject? _target;
    private ByName? _byName;

    private EmbeddedTarget(Database database, bool owned, ImportOptions options)
    {
        _database = database;
        _owned = owned;
        _options = options;
        LineTime.TryParse(options.Precision, out _unit);
        _writer = new LineWriter(() => database.Catalog, database.NewSession, database.AppendAsync);
    }

    public static async Task<EmbeddedTarget> OpenAsync(string folder, ImportOptions options, CancellationToken cancellation) =>
        new(await Database.OpenAsync(folder, new DatabaseOptions { DeliverAlerts = false, RunGenerators = false }, cancellation), owned: true, options);

    /// <summary>Over a database that somebody else has open and closes.</summary>
    public static EmbeddedTarget Over(Database database, ImportOptions options) => new(database, owned: false, options);

    public ValueTask DisposeAsync() => _owned ? _database.DisposeAsync() : ValueTask.CompletedTask;

    public async ValueTask<string?> BeginAsync(ImportSource source, Func<string> create, CancellationToken cancellation)
    {
        string? made = null;
        _target = _database.Catalog.Find(null, source.Into);
        if (_target is null)
        {
            made = create();
            await _database.ExecuteAsync(made);
            _target = _database.Catalog.Find(null, source.Into)!;
        }

        if (_target.Kind is not (ObjectKind.Stream or ObjectKind.Table))
        {
            throw new SqlException("42809", $"\"{source.Into}\" is not a stream or table", hint: "a view's rows come from its query");
        }

        _byName = new ByName(_options.IgnoreUnknown, await ColumnDefaults.EvaluateAsync(_database.NewSession, _target, _ => true, cancellation));
        return made;
    }

    public Func<CancellationToken, Task<BlockResult>> Start(ImportSource source, IReadOnlyList<string> columns, Block block)
    {
        if (source.Format == ImportFormat.Lines)
        {
            Task<LineReader> lines = Task.Run(() => ReadLines(block));
            return async cancellation => await WriteLines(await lines, cancellation);
        }

        var errors = new Errors(_options.Skip);
        string target = source.Into;
        Schema schema = new([.. _target!.Columns.Fields.Take(_target.Columns.Count - _target.HiddenColumns)]);
        ByName byName = _byName!;
        Task<Batch> rows = Task.Run(() => source.Format == ImportFormat.Csv ? ReadCsv(block, schema, columns, byName, errors) : ReadJson(block, schema, byName, errors));
        return async cancellation =>
        {
            Batch batch = await rows;
            if (batch.Count > 0)
            {
                await _database.AppendAsync(target, batch, cancellation);
            }

            return new BlockResult(batch.Count, errors.Dropped, errors.Told);
        };
    }

    private static Batch ReadCsv(Block block, Schema schema, IReadOnlyList<string> columns, ByName byName, Errors errors)
    {
        // The names stand for a header line, so lines count from one more.
        var reader = new RowReader(schema, RowReader.Csv, HeaderUse.Match, skipEmptyLines: true, e => errors.Take(e, 1), RecordBytesMax, byName);
        string header = string.Join(',', columns.Select(c => '"' + c.Replace("\"", "\"\"", StringComparison.Ordinal) + '"'));
        return errors.Guard(1, () =>
        {
            reader.Write(Encoding.UTF8.GetBytes(header + "\n"));
            reader.Write(block.Memory.Span);
            reader.Complete();
            return reader.TakeBatch();
        });
    }

    private static Batch ReadJson(Block block, Schema schema, ByName byName, Errors errors)
    {
        var reader = new JsonRowReader(schema, lines: true, byName, e => errors.Take(e, 0), RecordBytesMax);
        return errors.Guard(0, () =>
        {
            reader.Write(block.Memory.Span);
            reader.Complete();
            return reader.Rows.ToBatch();
        });
    }

    private LineReader ReadLines(Block block)
    {
        CatalogSnapshot catalog = _database.Catalog;
        var read = new LineReader(
            name => catalog.Find(LineWriter.Namespace, name), _unit, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() * 1000, new LineLimits { LineBytesMax = RecordBytesMax })
        {
            ExpectedBytes = block.Memory.Length,
        };
        try
        {
            read.Write(block.Memory.Span);
            read.Complete();
            return read;
        }
        catch (LineLimitException e)
        {
            throw new BadBlockException(new BlockError(1, null, e.Message));
        }
    }

    private async Task<BlockResult> WriteLines(LineReader read, CancellationToken cancellation)
    {
        long rows = await _writer.WriteAsync(read, partial: _options.Skip, (_, _) => { }, cancellation);
        BlockError[] told = [.. read.Errors.OrderBy(e => e.Line).Select(e => new BlockError(e.Line, null, e.Message))];
        return read.Dropped == 0 || _options.Skip ? new BlockResult(rows, read.Dropped, told) : throw new BadBlockException(told[0]);
    }

    /// <summary>What is done with bad rows.</summary>
    private sealed class Errors(bool skip)
    {
        private const int ToldMax = 100;
        private readonly List<BlockError> _told = [];

        public long Dropped { get; private set; }

        public IReadOnlyList<BlockError> Told => _told;

        public bool Take(RowException error, int headerLines)
        {
            if (skip)
            {
                Dropped++;
                if (_told.Count < ToldMax)
                {
                    _told.Add(Of(error, headerLines));
                }
            }

            return skip;
        }

        public T Guard<T>(int headerLines, Func<T> read)
        {
            try
            {
                return read();
            }
            catch (RowException e)
            {
                throw new BadBlockException(Of(e, headerLines));
            }
        }

        private static BlockError Of(RowException e, int headerLines) => new(
            Math.Max(e.Line - headerLines, 0), e.Column, e.Error.Hint is null ? e.Error.Message : $"{e.Error.Message} ({e.Error.Hint})");
    }
}
