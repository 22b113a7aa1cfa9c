// WHERE at > now() - INTERVAL '1 hour': rows come and go as time passes, and only those whose answer can still change are held.
using System.Buffers.Binary;
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>
/// Passes on the rows for which a condition on now() is true, and keeps those for which it can change, ordered by when it next may. When that time has come
/// the condition is asked again, as of the last epoch looked at and as of this one; where the answers differ the row comes or goes. What cannot change
/// any more is forgotten.
/// </summary>
internal sealed class TemporalFilter : Operator
{
    private const int TimeLength = 8;
    private const int BlockRows = 4096;

    private readonly CompiledFilter _filter;
    private readonly CompiledExpressions _values;
    private readonly ColumnBuilder[] _valueColumns;
    private readonly RisingTime[] _rising;
    private readonly EvalContext _context;
    private readonly RowCodec _codec;
    private readonly EncodedRows _encoded = new();
    private readonly OrderedRows _rows = new();
    private readonly BatchBuilder _due;
    private readonly BatchBuilder _output;
    private readonly List<byte[]> _dueKeys = [];
    private long _now = long.MinValue;
    private int[] _selected = [];
    private int[] _selectedBefore = new int[BlockRows];
    private byte[] _key = new byte[64];

    public TemporalFilter(ScalarExpr predicate, Schema columns, EvalErrors errors, EvalContext context)
        : base(columns)
    {
        IReadOnlyList<TimeBound> bounds = TimeBounds.Of(predicate) ?? throw new BugException("BUG: a condition on now() that cannot be taken apart");
        _filter = CompiledFilter.Compile(predicate, columns, errors);
        _values = CompiledExpressions.Compile([.. bounds.Select(b => b.Row)], columns, errors);
        _valueColumns = [.. bounds.Select(b => ColumnBuilder.For(b.Row.Type))];
        _rising = [.. bounds.Select(b => new RisingTime(b))];
        _context = context;
        _codec = RowCodec.Of(columns);
        _due = new BatchBuilder(columns);
        _output = new BatchBuilder(columns);
        Detail = PlanText.Of(predicate, columns);
    }

    /// <inheritdoc/>
    public override string Name => "TemporalFilter";

    /// <inheritdoc/>
    public override string Detail { get; }

    /// <inheritdoc/>
    public override long StateRows => _rows.Count;

    /// <inheritdoc/>
    public override long StateBytes => _rows.Bytes;

    /// <inheritdoc/>
    public override long DueMicros => _rows.Count == 0 ? long.MaxValue : Time(_rows.First().Key);

    /// <inheritdoc/>
    public override void Process(int port, Batch input, IOutput output)
    {
        Advance(_context.NowMicros, output);
        if (_selected.Length < input.Count)
        {
            _selected = new int[input.Count];
        }

        int count = _filter.Run(input, _selected, _context);
        if (count == input.Count)
        {
            output.Emit(input);
        }
        else if (count > 0)
        {
            _output.Reset();
            _output.AppendRows(input, _selected.AsSpan(0, count));
            output.Emit(_output.View());
        }

        Hold(input);
    }

    /// <inheritdoc/>
    public override void EndEpoch(in EpochInfo epoch, IOutput output) => Advance(epoch.TimeMicros, output);

    /// <inheritdoc/>
    public override void Save(ByteWriter writer)
    {
        writer.WriteInt64(_now);
        _rows.Save(writer);
    }

    /// <inheritdoc/>
    public override void Load(ref ByteReader reader)
    {
        _now = reader.ReadInt64();
        _rows.Load(ref reader);
    }

    // Keeps the rows whose answer can still change after _now.
    private void Hold(Batch input)
    {
        Span<long> next = stackalloc long[256];
        foreach (ColumnBuilder column in _valueColumns)
        {
            column.Reset();
        }

        _values.Run(input, _valueColumns, _context);
        Column[] values = [.. _valueColumns.Select(c => c.View())];
        bool encoded = false;
        for (int from = 0; from < input.Count; from += next.Length)
        {
            int rows = Math.Min(next.Length, input.Count - from);
            next[..rows].Fill(long.MaxValue);
            for (int b = 0; b < values.Length; b++)
            {
                NextChanges(values[b], _rising[b], from, next[..rows]);
            }

            for (int i = 0; i < rows; i++)
            {
                if (next[i] == long.MaxValue)
                {
                    continue;
                }

                if (!encoded)
                {
                    _codec.Encode(input, _encoded);
                    encoded = true;
                }

                _rows.Add(Key(next[i], _encoded.Row(from + i)), input.Weight(from + i));
            }
        }
    }

    private void NextChanges(Column column, RisingTime rising, int from, Span<long> next)
    {
        switch (column)
        {
            case FixedColumn<long> times:
                for (int i = 0; i < next.Length; i++)
                {
                    if (times.Values[from + i] is > long.MinValue and < long.MaxValue and var t && !times.IsNull(from + i))
                    {
                        next[i] = Math.Min(next[i], rising.NextChange(t, _now));
                    }
                }

                break;
            case FixedColumn<int> days:
                for (int i = 0; i < next.Length; i++)
                {
                    if (days.Values[from + i] is > int.MinValue and < int.MaxValue and var day && !days.IsNull(from + i))
                    {
                        next[i] = Math.Min(next[i], rising.NextChange(day, _now));
                    }
                }

                break;
            default:
                Check.Fail($"a temporal comparison of {column.Type}");
                break;
        }
    }

    // Brings what is held from the epoch last looked at to this one, in blocks.
    private void Advance(long now, IOutput output)
    {
        if (now <= _now)
        {
            return;
        }

        long before = _now;
        long present = _context.NowMicros;
        while (TakeDue(now))
        {
            Batch due = _due.View();
            _context.NowMicros = before;
            int wasTrue = _filter.Run(due, _selectedBefore, _context);
            _context.NowMicros = now;
            int isTrue = _filter.Run(due, Room(due.Count), _context);
            EmitDifference(due, _selectedBefore.AsSpan(0, wasTrue), _selected.AsSpan(0, isTrue), output);
            _now = now; // what changes again does so after this epoch
            Hold(due);
            _now = before;
        }

        _context.NowMicros = present;
        _now = now;
    }

    private int[] Room(int rows) => _selected.Length >= rows ? _selected : _selected = new int[Math.Max(rows, BlockRows)];

    // Moves a block of what is due out of the state.
    private bool TakeDue(long now)
    {
        _due.Reset();
        _dueKeys.Clear();
        for (OrderedRows.Cursor cursor = _rows.First(); cursor.Valid && _dueKeys.Count < BlockRows && Time(cursor.Key) <= now; cursor.Next())
        {
            _codec.Decode(cursor.Key[TimeLength..], _due.Columns);
            _due.EndRow(cursor.Weight);
            _dueKeys.Add(cursor.Key.ToArray());
        }

        for (int i = 0; i < _dueKeys.Count; i++)
        {
            _rows.Add(_dueKeys[i], -_due.View().Weight(i));
        }

        return _dueKeys.Count > 0;
    }

    private void EmitDifference(Batch due, ReadOnlySpan<int> before, ReadOnlySpan<int> after, IOutput output)
    {
        _output.Reset();
        int b = 0;
        int a = 0;
        while (b < before.Length || a < after.Length)
        {
            int gone = b < before.Length ? before[b] : int.MaxValue;
            int come = a < after.Length ? after[a] : int.MaxValue;
            if (gone == come)
            {
                b++;
                a++;
                continue;
            }

            int row = Math.Min(gone, come);
            for (int c = 0; c < due.Columns.Length; c++)
            {
                _output.Columns[c].AppendFrom(due.Columns[c], row);
            }

            _output.EndRow(gone < come ? -due.Weight(row) : due.Weight(row));
            b += gone < come ? 1 : 0;
            a += gone < come ? 0 : 1;
        }

        if (_output.Count > 0)
        {
            output.Emit(_output.View());
        }
    }

    private ReadOnlySpan<byte> Key(long time, ReadOnlySpan<byte> row)
    {
        int length = TimeLength + row.Length;
        if (_key.Length < length)
        {
            _key = new byte[length * 2];
        }

        BinaryPrimitives.WriteUInt64BigEndian(_key, (ulong)(time ^ long.MinValue));
        row.CopyTo(_key.AsSpan(TimeLength));
        return _key.AsSpan(0, length);
    }

    private static long Time(ReadOnlySpan<byte> key) => (long)BinaryPrimitives.ReadUInt64BigEndian(key) ^ long.MinValue;
}
