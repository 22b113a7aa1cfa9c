// time_bucket_gapfill: a row for every bucket between the first and the last, with values carried on or interpolated.
using System.Buffers.Binary;
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>
/// Keeps the rows of each series in order of their buckets. A change touches only the gaps beside it: at the end of an epoch the stretches from the row before to
/// the row after are filled as before and as now, and the difference is emitted. Where a start or an end is given, the gap before the first or behind the
/// last row is filled up to there.
/// </summary>
internal sealed class GapFill : Operator
{
    private const long BucketsMax = 1_000_000;

    private readonly GapFillPlan _plan;
    private readonly EvalContext _context;
    private readonly int _width;
    private readonly OrderedPartitions _partitions;
    private readonly BatchBuilder _rows;
    private readonly BatchBuilder _filled;
    private readonly ChangeSum _changes;
    private readonly bool[] _isKey;
    private readonly List<(long Low, long High)> _stretches = [];
    private long? _start;
    private long? _end;
    private bool _bounded;

    public GapFill(GapFillPlan plan, EvalContext context)
        : base(plan.Columns)
    {
        _plan = plan;
        _context = context;
        _width = plan.Input.Columns.Count;
        _partitions = new OrderedPartitions(plan.Input.Columns, plan.PartitionBy, [new SortKey(plan.Bucket, false, false)]);
        _rows = new BatchBuilder(plan.Input.Columns);
        _filled = new BatchBuilder(plan.Columns);
        _changes = new ChangeSum(plan.Columns);
        _isKey = [.. Enumerable.Range(0, _width).Select(plan.PartitionBy.Contains)];
    }

    /// <inheritdoc/>
    public override string Name => "GapFill";

    /// <inheritdoc/>
    public override string Detail => $"{Columns[_plan.Bucket].Name} every {PlanText.Span(_plan.Width)}" + PlanText.Join(_plan.PartitionBy.Select(c => Columns[c].Name), " by ")
        + PlanText.Join(_plan.Fills.Select(f => $"{(f.Interpolate ? "interpolate" : "locf")} {Columns[f.Column].Name}"), " ");

    /// <inheritdoc/>
    public override long StateRows => _partitions.Rows.Count;

    /// <inheritdoc/>
    public override long StateBytes => _partitions.Bytes;

    /// <inheritdoc/>
    public override void Process(int port, Batch input, IOutput output)
    {
        Column buckets = input.Columns[_plan.Bucket];
        _partitions.Take(input, skip: buckets);
        _filled.Reset();
        for (int i = 0; i < input.Count; i++)
        {
            // Without a bucket a row stands for itself.
            if (buckets.IsNull(i))
            {
                AppendRow(input, i);
                _filled.EndRow(input.Weight(i));
            }
        }

        if (_filled.Count > 0)
        {
            _changes.Add(_filled.View(), 1);
        }
    }

    /// <inheritdoc/>
    public override void EndEpoch(in EpochInfo epoch, IOutput output)
    {
        if (!_bounded)
        {
            (_start, _end, _bounded) = (Bound(_plan.Start), Bound(_plan.End), true);
        }

        foreach (int slot in _partitions.Touched)
        {
            FindStretches(slot);
            Fill(slot, -1);
            _partitions.Apply(slot);
            Fill(slot, 1);
        }

        _partitions.EndEpoch();
        _changes.Emit(output);
    }

    /// <inheritdoc/>
    public override void Save(ByteWriter writer) => _partitions.Save(writer);

    /// <inheritdoc/>
    public override void Load(ref ByteReader reader) => _partitions.Load(ref reader);

    private long? Bound(ScalarExpr? expr) => expr is not null
        && new Interpreter(_context).Evaluate(expr, new Batch([], 1), 0) is long and not (long.MinValue or long.MaxValue) and var time ? time : null;

    // From the row before each change to the row behind it, as they were; joined where they meet.
    private void FindStretches(int slot)
    {
        byte[] prefix = Prefix(slot);
        _stretches.Clear();
        foreach (ReadOnlyMemory<byte> entry in _partitions.ChangedEntries(slot))
        {
            long time = Time(entry.Span);
            OrderedRows.Cursor before = _partitions.Rows.Seek(At(slot, time));
            before.Previous();
            OrderedRows.Cursor behind = _partitions.Rows.Seek(At(slot, time));
            while (behind.At(prefix) && Time(behind.Key) == time)
            {
                behind.Next();
            }

            _stretches.Add((before.At(prefix) ? Time(before.Key) : long.MinValue, behind.At(prefix) ? Time(behind.Key) : long.MaxValue));
        }

        Stretches.Join(_stretches);
    }

    private void Fill(int slot, int sign)
    {
        byte[] prefix = Prefix(slot);
        foreach ((long low, long high) in _stretches)
        {
            _rows.Reset();
            var weights = new List<long>();
            OrderedRows.Cursor cursor = low == long.MinValue ? _partitions.Rows.Seek(prefix) : _partitions.Rows.Seek(At(slot, low));
            for (; cursor.At(prefix) && Time(cursor.Key) <= high; cursor.Next())
            {
                _partitions.Decode(cursor.Key, _rows.Columns);
                _rows.EndRow(1);
                weights.Add(cursor.Weight);
            }

            if (weights.Count == 0)
            {
                continue;
            }

            Batch rows = _rows.View();
            long[] times = ((FixedColumn<long>)rows.Columns[_plan.Bucket]).Values;
            _filled.Reset();
            for (int i = 0; i < rows.Count; i++)
            {
                // No row before: from the start that is given, if any; else from the row before.
                long from = i > 0 ? times[i - 1] + _plan.Width : low == long.MinValue ? _start ?? times[0] : times[0];
                FillGap(rows, i - 1, i, from, times[i]);
                AppendRow(rows, i);
                _filled.EndRow(weights[i]);
            }

            if (high == long.MaxValue && _end is { } end)
            {
                FillGap(rows, rows.Count - 1, -1, times[rows.Count - 1] + _plan.Width, end);
            }

            _changes.Add(_filled.View(), sign);
        }
    }

    // Buckets from one that is missing up to one that is not; the rows beside them, or −1.
    private void FillGap(Batch rows, int before, int behind, long from, long to)
    {
        if (from < to && ((Int128)to - from) / _plan.Width > BucketsMax)
        {
            throw new SqlException("54000", $"a gap of more than {BucketsMax} buckets", hint: "use a wider bucket, or leave out the rows that are so far away");
        }

        int keys = before >= 0 ? before : behind;
        for (long bucket = from; bucket < to; bucket += _plan.Width)
        {
            for (int c = 0; c < _width; c++)
            {
                if (c == _plan.Bucket)
                {
                    ((FixedBuilder<long>)_filled.Columns[c]).Append(bucket);
                }
                else if (_isKey[c])
                {
                    _filled.Columns[c].AppendFrom(rows.Columns[c], keys);
                }
                else
                {
                    _filled.Columns[c].AppendNull();
                }
            }

            for (int f = 0; f < _plan.Fills.Count; f++)
            {
                ColumnBuilder into = _filled.Columns[_width + f];
                Column values = rows.Columns[_plan.Fills[f].Column];
                if (before < 0 || values.IsNull(before) || (_plan.Fills[f].Interpolate && (behind < 0 || values.IsNull(behind))))
                {
                    into.AppendNull();
                }
                else if (_plan.Fills[f].Interpolate)
                {
                    ((FixedBuilder<double>)into).Append(Between(rows, (FixedColumn<double>)values, before, behind, bucket));
                }
                else
                {
                    into.AppendFrom(values, before);
                }
            }

            _filled.EndRow(1);
        }
    }

    private double Between(Batch rows, FixedColumn<double> values, int before, int behind, long bucket)
    {
        long[] times = ((FixedColumn<long>)rows.Columns[_plan.Bucket]).Values;
        double part = (double)(bucket - times[before]) / (times[behind] - times[before]);
        return values.Values[before] + ((values.Values[behind] - values.Values[before]) * part);
    }

    private void AppendRow(Batch rows, int row)
    {
        for (int c = 0; c < _width; c++)
        {
            _filled.Columns[c].AppendFrom(rows.Columns[c], row);
        }

        for (int f = 0; f < _plan.Fills.Count; f++)
        {
            _filled.Columns[_width + f].AppendFrom(rows.Columns[_plan.Fills[f].Column], row);
        }
    }

    private static byte[] Prefix(int slot)
    {
        byte[] prefix = new byte[OrderedPartitions.PrefixLength];
        OrderedPartitions.Prefix(slot, prefix);
        return prefix;
    }

    private static long Time(ReadOnlySpan<byte> entry) =>
        (long)BinaryPrimitives.ReadUInt64BigEndian(entry[(OrderedPartitions.PrefixLength + 1)..]) ^ long.MinValue;

    // The first entry that a row of this bucket could have.
    private static byte[] At(int slot, long time)
    {
        byte[] key = new byte[OrderedPartitions.PrefixLength + 9];
        OrderedPartitions.Prefix(slot, key);
        key[OrderedPartitions.PrefixLength] = 1;
        BinaryPrimitives.WriteUInt64BigEndian(key.AsSpan(OrderedPartitions.PrefixLength + 1), (ulong)(time ^ long.MinValue));
        return key;
    }
}
