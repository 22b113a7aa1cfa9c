// COPY … FROM STDIN: rows gathered as they come, committed as one write.
using Millrace.Core;
using Millrace.Engine;
using Millrace.Sql;

namespace Millrace.Sessions;

/// <summary>Gathers the rows of a COPY; they become visible together when it completes.</summary>
internal sealed class SessionCopyIn : CopyIn
{
    // A log record ends at 2 GiB; a COPY is one record.
    private const long BytesMax = 1L << 30;

    private readonly LocalSession _session;
    private readonly BoundCopyFrom _copy;
    private readonly List<Batch> _batches = [];
    private readonly CompiledExpression[] _defaults;
    private readonly CompiledFilter? _where;
    private readonly EvalContext _context;
    private long _bytes;
    private long _rows;

    public SessionCopyIn(LocalSession session, BoundCopyFrom copy, EvalContext context)
    {
        _session = session;
        _copy = copy;
        Columns = new Schema([.. copy.Columns.Select(c => copy.Target.Columns[c])]);
        _defaults = [.. copy.Defaults.Select(d => new CompiledExpression(d, EvalErrors.Throw))];
        _where = copy.Where is null ? null : CompiledFilter.Compile(copy.Where, copy.Target.Columns, EvalErrors.Throw);
        _context = context;
    }

    public override Schema Columns { get; }

    public override CopyFormat Format => _copy.Format;

    public override ValueTask WriteAsync(Batch batch, CancellationToken cancellation = default)
    {
        CatalogObject target = _copy.Target;
        var builder = new BatchBuilder(target.Columns);
        for (int c = 0; c < target.Columns.Count; c++)
        {
            int given = -1;
            for (int i = 0; i < _copy.Columns.Count && given < 0; i++)
            {
                given = _copy.Columns[i] == c ? i : -1;
            }

            if (given >= 0)
            {
                builder.Columns[c].AppendRange(batch.Columns[given], 0, batch.Count);
            }
            else
            {
                _defaults[c].Run(new Batch([], batch.Count), builder.Columns[c], _context);
            }
        }

        builder.EndRows(batch.Count);
        Batch rows = GeneratedRows.Fill(target, builder.Share(), _context);
        if (_where is not null)
        {
            int[] selected = new int[rows.Count];
            int count = _where.Run(rows, selected, _context);
            var kept = new BatchBuilder(target.Columns);
            for (int c = 0; c < target.Columns.Count; c++)
            {
                kept.Columns[c].AppendRows(rows.Columns[c], selected.AsSpan(0, count));
            }

            kept.EndRows(count);
            rows = kept.Share();
        }

        _bytes += rows.Bytes;
        if (_bytes > BytesMax)
        {
            throw new SqlException("54000", "one COPY holds at most 1 GiB of rows", hint: "split the file: each COPY is one transaction");
        }

        _rows += rows.Count;
        _batches.Add(rows);
        return ValueTask.CompletedTask;
    }

    public override async ValueTask<long> CompleteAsync(CancellationToken cancellation = default)
    {
        await _session.WriteRowsAsync(_copy.Target, _batches, cancellation).ConfigureAwait(false);
        return _rows;
    }

    public override ValueTask DisposeAsync()
    {
        _batches.Clear();
        return ValueTask.CompletedTask;
    }
}
