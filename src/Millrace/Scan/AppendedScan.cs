// A one-time query's way through segments and chunks: groups that cannot matter are passed over, and only the columns needed are read.
using Millrace.Core;
using Millrace.Sql;
using Millrace.Store.Segments;

namespace Millrace.Engine;

/// <summary>
/// One scan of an object that only ever grows, at one epoch. Its pieces (groups of rows in segments) may be read by several threads, each with a
/// <see cref="Worker"/> of its own; what is not sealed yet comes from <see cref="Unsealed"/>.
/// </summary>
internal sealed class AppendedScan
{
    private readonly CatalogObject _definition;
    private readonly ChunkSnapshot _rows;
    private readonly ScanNeed _need;
    private readonly SegmentScan _scan;
    private readonly EvalContext _context;
    private readonly EvalErrors _errors;
    private readonly List<(StoredSegment Segment, int Group)> _pieces = [];

    private AppendedScan(CatalogObject definition, ChunkSnapshot rows, ScanNeed need, EvalContext context, EvalErrors errors)
    {
        _errors = errors;
        _definition = definition;
        _rows = rows;
        _need = need;
        _context = context;
        _scan = new SegmentScan { Columns = need.Columns, Ranges = Predicates.Ranges(need.Terms, errors == EvalErrors.Throw ? context : null) };
        if (need.InOrder)
        {
            return;
        }

        foreach (StoredSegment segment in rows.Segments)
        {
            Segment open = segment.Open();
            try
            {
                _pieces.AddRange(open.GroupsOf(_scan).Select(group => (segment, group)));
            }
            catch (CorruptionException e)
            {
                throw segment.Note(e);
            }
        }

        if (need.Last is { } last)
        {
            _pieces = LastGroups.Of(_pieces, last);
        }

        SealedRows = _pieces.Sum(p => (long)p.Segment.Open().Groups[p.Group].Rows);
    }

    /// <summary>A scan of an object's rows; null when it is none that only ever grows.</summary>
    /// <param name="rows">The object's rows.</param>
    /// <param name="need">What is wanted of them.</param>
    /// <param name="context">Surroundings for expressions.</param>
    /// <param name="errors">What a failing filter does; <see cref="EvalErrors.Null"/> for what goes on after this scan: now() is then no constant.</param>
    /// <exception cref="SqlException">The object stands still.</exception>
    public static AppendedScan? Of(ObjectSnapshot rows, ScanNeed need, EvalContext context, EvalErrors errors)
    {
        rows.ThrowIfStill();
        return rows.Appended is { } appended ? new AppendedScan(rows.Definition, appended, need, context, errors) : null;
    }

    /// <summary>What a failing expression does.</summary>
    public EvalErrors Errors => _errors;

    /// <summary>How many pieces <see cref="Worker.Read"/> can be asked for; 0 when rows must come in the order of arrival.</summary>
    public int Pieces => _pieces.Count;

    /// <summary>Rows in the pieces.</summary>
    public long SealedRows { get; }

    /// <summary>All rows that can matter, on the caller's thread. A batch is lent until the next.</summary>
    public IEnumerable<Batch> All(ChunkLoader load)
    {
        if (_need.InOrder)
        {
            foreach (Batch batch in SegmentReader.InArrivalOrder(_rows.Segments, _scan))
            {
                yield return RowWidth.Fit(batch, _definition);
            }
        }

        var worker = new Worker(this, _context);
        for (int piece = 0; piece < _pieces.Count; piece++)
        {
            if (worker.Read(piece) is { } batch)
            {
                yield return batch;
            }
        }

        foreach (Batch batch in Unsealed(load))
        {
            yield return batch;
        }
    }

    /// <summary>The rows that are in no segment, without stretches in which no event time can matter. A batch is lent until the next.</summary>
    public IEnumerable<Batch> Unsealed(ChunkLoader load)
    {
        ColumnRange[] times = [.. _scan.Ranges.Where(r => r.Column == _definition.EventTime)];
        IEnumerable<Batch> rows = _need is { Last: { } last, InOrder: false }
            ? _rows.UnsealedLast(_definition.Id, load, times, last, _definition.Columns) : _rows.Unsealed(_definition.Id, load, times);
        return rows.Select(b => RowWidth.Fit(b, _definition));
    }

    /// <summary>Reads pieces with memory of its own; one a thread.</summary>
    internal sealed class Worker
    {
        private readonly AppendedScan _scan;
        private readonly GroupReader _reader = new();
        private readonly EvalContext _context;
        private readonly CompiledFilter? _filter;
        private readonly bool[] _filtered;
        private int[] _selected = [];

        /// <param name="scan">What is read.</param>
        /// <param name="context">Surroundings for the filter; not shared with another thread.</param>
        public Worker(AppendedScan scan, EvalContext context)
        {
            _scan = scan;
            _context = context;
            _filtered = new bool[scan._definition.Columns.Count];
            if (scan._need.Terms is not { Count: > 0 } terms || !terms.All(t => Predicates.IsRepeatable(t, scan._errors == EvalErrors.Throw)))
            {
                return;
            }

            _filter = CompiledFilter.Compile(terms.Count == 1 ? terms[0] : new AndExpr(terms), scan._definition.Columns, scan._errors);
            foreach (int column in terms.SelectMany(BatchColumns.Used))
            {
                _filtered[column] = true;
            }
        }

        /// <summary>The rows of a piece, lent until the next call; null when none can matter.</summary>
        /// <exception cref="SqlException">XX001: the segment is damaged.</exception>
        public Batch? Read(int piece)
        {
            (StoredSegment segment, int group) = _scan._pieces[piece];
            try
            {
                _reader.Begin(segment.Open(), group);
                return Rows(segment.Open(), group) is { } rows ? RowWidth.Fit(rows, _scan._definition) : null;
            }
            catch (CorruptionException e)
            {
                throw segment.Note(e);
            }
        }

        // What a filter drops is dropped before the other columns are read. The filter above finds nothing left to drop.
        private Batch? Rows(Segment segment, int group)
        {
            int rows = segment.Groups[group].Rows;
            bool[]? wanted = _scan._need.Columns;
            if (_selected.Length < rows)
            {
                _selected = new int[rows];
            }

            if (_scan._need.Last is { } last && LastGroups.FirstOfLast(_reader, segment, group, last) is > 0 and var first)
            {
                for (int i = first; i < rows; i++)
                {
                    _selected[i - first] = i;
                }

                return _reader.Read(wanted, new ArraySegment<int>(_selected, 0, rows - first));
            }

            if (_filter is null)
            {
                return _reader.Read(wanted);
            }

            int count = _filter.Run(RowWidth.Fit(_reader.Read(_filtered), _scan._definition), _selected, _context);
            return count == 0 ? null : count == rows ? _reader.Read(wanted) : _reader.Read(wanted, new ArraySegment<int>(_selected, 0, count));
        }
    }
}
