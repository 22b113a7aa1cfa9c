// CHANGELOG: what an epoch changes in a relation, as rows that are only ever added.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>
/// Gives each epoch's net change of its input: by key, a row that goes and a row that comes in its place are an update, its two rows next to one another. What was
/// there before the first epoch comes as inserts. The order is that of the numbers it gives, which is the same when the log is replayed.
/// </summary>
internal sealed class Changelog : Operator
{
    private const int RowsMax = 8192;

    private readonly RowLayout _layout;
    private readonly ChangeCollector _collector;
    private readonly EncodedRows _keys = new();
    private readonly BatchBuilder _output;
    private readonly EvalContext _context;
    private readonly List<int> _rows = [];
    private readonly List<Kind> _kinds = [];
    private readonly bool _numbered;
    private readonly bool _paired;
    private readonly bool _grows;
    private readonly bool _startsWithRows;
    private readonly bool _onlyChanges;
    private bool _started;
    private long _next = 1;

    /// <param name="plan">What runs.</param>
    /// <param name="context">Knows the epoch's time.</param>
    public Changelog(ChangelogPlan plan, EvalContext context)
        : base(plan.Columns)
    {
        _layout = new RowLayout(plan.Input.Columns, plan.Input.Key ?? []);
        _collector = new ChangeCollector(_layout);
        _output = new BatchBuilder(plan.Columns);
        _context = context;
        _numbered = plan.Numbered;
        _paired = plan.Input.Key is not null;
        _grows = plan.Input.AppendOnly;
        _startsWithRows = plan.Input is ScanPlan;
        _onlyChanges = plan.OnlyChanges;
        Detail = _paired ? "by " + string.Join(", ", plan.Input.Key!.Select(k => plan.Columns[k].Name)) : "";
    }

    // The numbers are RisingWave's.
    private enum Kind : short
    {
        Insert = 1,
        Delete = 2,
        UpdateAfter = 3,
        UpdateBefore = 4,
    }

    /// <inheritdoc/>
    public override string Name => "Changelog";

    /// <inheritdoc/>
    public override string Detail { get; }

    /// <inheritdoc/>
    public override void Process(int port, Batch input, IOutput output)
    {
        if (_onlyChanges && !_started)
        {
            return;
        }

        // A table's rows at the start are many and none of them is taken back: they need not be gathered first.
        if (!_grows && (_started || !_startsWithRows))
        {
            _collector.Add(input);
            return;
        }

        for (int i = 0; i < input.Count; i++)
        {
            long weight = input.Weight(i);
            Check.That(weight > 0);
            Note(i, weight, Kind.Insert);
        }

        Give(input, output);
    }

    /// <inheritdoc/>
    public override void EndEpoch(in EpochInfo epoch, IOutput output)
    {
        _started = true;
        if (_collector.IsEmpty)
        {
            return;
        }

        Batch changes = _collector.ToBatch(_collector.Take());
        if (_paired)
        {
            _layout.EncodeKeys(changes, _keys);
        }

        int end;
        for (int start = 0; start < changes.Count; start = end)
        {
            end = start + 1;
            bool removes = changes.Weight(start) < 0;
            bool adds = !removes;
            while (_paired && end < changes.Count && _keys.Key(end).SequenceEqual(_keys.Key(start)))
            {
                removes |= changes.Weight(end) < 0;
                adds |= changes.Weight(end) > 0;
                end++;
            }

            bool update = removes && adds;
            for (int i = start; i < end; i++)
            {
                Note(i, -changes.Weight(i), update ? Kind.UpdateBefore : Kind.Delete);
            }

            for (int i = start; i < end; i++)
            {
                Note(i, changes.Weight(i), update ? Kind.UpdateAfter : Kind.Insert);
            }
        }

        Give(changes, output);
    }

    /// <inheritdoc/>
    public override void Save(ByteWriter writer) => writer.WriteInt64(_next);

    /// <inheritdoc/>
    public override void Load(ref ByteReader reader)
    {
        _next = reader.ReadInt64();
        _started = true;
    }

    private void Note(int row, long times, Kind kind)
    {
        for (; times > 0; times--)
        {
            _rows.Add(row);
            _kinds.Add(kind);
        }
    }

    private void Give(Batch source, IOutput output)
    {
        ReadOnlySpan<int> rows = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_rows);
        int columns = source.Columns.Length;
        for (int from = 0; from < rows.Length; from += RowsMax)
        {
            ReadOnlySpan<int> some = rows.Slice(from, Math.Min(RowsMax, rows.Length - from));
            _output.Reset();
            for (int c = 0; c < columns; c++)
            {
                _output.Columns[c].AppendRows(source.Columns[c], some);
            }

            for (int i = 0; i < some.Length; i++)
            {
                Stamp(columns, _kinds[from + i]);
            }

            _output.EndRows(some.Length);
            output.Emit(_output.View());
        }

        _rows.Clear();
        _kinds.Clear();
    }

    private void Stamp(int first, Kind kind)
    {
        if (_numbered)
        {
            ((FixedBuilder<short>)_output.Columns[first]).Append((short)kind);
            ((FixedBuilder<long>)_output.Columns[first + 1]).Append(_next++);
            return;
        }

        ((FixedBuilder<long>)_output.Columns[first]).Append(_next++);
        ((BytesBuilder)_output.Columns[first + 1]).Append(kind switch
        {
            Kind.Insert => "insert"u8,
            Kind.Delete => "delete"u8,
            Kind.UpdateBefore => "update_before"u8,
            _ => "update_after"u8,
        });
        ((FixedBuilder<long>)_output.Columns[first + 2]).Append(_context.NowMicros);
    }
}
