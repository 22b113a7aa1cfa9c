// Aggregates that read a group's values in order: percentiles, mode, and those that collect all values.
using System.Text;
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>percentile_cont, percentile_disc and mode.</summary>
internal sealed class OrderedSetResult(AggregateKind kind, OrderedState state, AggregateCall call) : AggregateResult
{
    private readonly List<long> _weights = [];

    /// <inheritdoc/>
    public override void Emit(ReadOnlySpan<int> slots, ColumnBuilder into)
    {
        foreach (int slot in slots)
        {
            if (kind == AggregateKind.Mode)
            {
                Mode(slot, into);
            }
            else
            {
                Percentile(slot, into);
            }
        }
    }

    private void Mode(int slot, ColumnBuilder into)
    {
        _weights.Clear();
        Column values = state.Read(slot, int.MaxValue, _weights, once: true)[0];
        int best = -1;
        for (int i = 0; i < values.Length; i++)
        {
            best = best < 0 || _weights[i] > _weights[best] ? i : best;
        }

        if (best < 0)
        {
            into.AppendNull();
        }
        else
        {
            into.AppendFrom(values, best);
        }
    }

    private void Percentile(int slot, ColumnBuilder into)
    {
        Column[] columns = state.Read(slot, int.MaxValue);
        Column values = columns[1];
        if (values.Length == 0 || columns[0].IsNull(0))
        {
            into.AppendNull();
            return;
        }

        if (columns[0] is ListColumn list)
        {
            // One array for one of fractions; NULL for a NULL fraction.
            var several = (ListBuilder)into;
            var fractions = (FixedColumn<double>)list.Elements;
            for (int i = list.Offsets[0]; i < list.Offsets[1]; i++)
            {
                if (fractions.IsNull(i))
                {
                    several.Elements.AppendNull();
                }
                else
                {
                    At(fractions.Values[i], values, several.Elements);
                }
            }

            several.EndList();
            return;
        }

        At(((FixedColumn<double>)columns[0]).Values[0], values, into);
    }

    private void At(double fraction, Column values, ColumnBuilder into)
    {
        if (!(fraction >= 0 && fraction <= 1))
        {
            throw new SqlException("22003", $"percentile value {fraction} is not between 0 and 1");
        }

        if (kind == AggregateKind.PercentileDisc)
        {
            into.AppendFrom(values, Math.Max(0, (int)Math.Ceiling(fraction * values.Length) - 1));
            return;
        }

        double at = fraction * (values.Length - 1);
        int low = (int)Math.Floor(at);
        int high = (int)Math.Ceiling(at);
        if (values is FixedColumn<double> doubles)
        {
            double first = doubles.Values[low];
            ((FixedBuilder<double>)into).Append(low == high ? first : first + ((at - low) * (doubles.Values[high] - first)));
            return;
        }

        if (values is FixedColumn<Interval> spans)
        {
            Interval a = spans.Values[low];
            Interval b = spans.Values[high];
            double part = at - low;
            double days = (b.Days - a.Days) * part;
            double months = (b.Months - a.Months) * part;
            double micros = ((b.Micros - a.Micros) * part) + ((days - Math.Truncate(days) + ((months - Math.Truncate(months)) * 30)) * 86_400_000_000);
            ((FixedBuilder<Interval>)into).Append(new Interval(
                a.Months + (int)Math.Truncate(months), a.Days + (int)Math.Truncate(days), a.Micros + (long)Math.Round(micros)));
            return;
        }

        throw new SqlException("0A000", $"{call.Function.Name} over {values.Type} is not supported", hint: "cast the value to double precision");
    }
}

/// <summary>array_agg, string_agg, jsonb_agg, jsonb_object_agg.</summary>
internal sealed class CollectResult(AggregateKind kind, OrderedState state, CountState count, SqlType type) : AggregateResult
{
    private readonly ByteWriter _text = new();
    private readonly EvalContext _context = new(); // values in the zone UTC, whoever looks

    /// <inheritdoc/>
    public override void Emit(ReadOnlySpan<int> slots, ColumnBuilder into)
    {
        foreach (int slot in slots)
        {
            if (count.Counts[slot] == 0)
            {
                into.AppendNull();
                continue;
            }

            Column[] columns = state.Read(slot, int.MaxValue);
            switch (kind)
            {
                case AggregateKind.ArrayAgg when columns[0] is ListColumn:
                    throw new SqlException("0A000", $"array_agg giving {type} is not supported", hint: "aggregate a row or a text instead");
                case AggregateKind.ArrayAgg:
                    var list = (ListBuilder)into;
                    list.Elements.AppendRange(columns[0], 0, columns[0].Length);
                    list.EndList();
                    break;
                case AggregateKind.StringAgg:
                    Join((BytesBuilder)into, (BytesColumn)columns[0], (BytesColumn)columns[1]);
                    break;
                default:
                    Json((BytesBuilder)into, columns);
                    break;
            }
        }
    }

    // The delimiter of a row stands before it; the first row's is not used.
    private void Join(BytesBuilder into, BytesColumn values, BytesColumn delimiters)
    {
        _text.Reset();
        for (int i = 0; i < values.Length; i++)
        {
            if (i > 0 && !delimiters.IsNull(i))
            {
                _text.Write(delimiters.Span(i));
            }

            _text.Write(values.Span(i));
        }

        into.Append(_text.Written);
    }

    private void Json(BytesBuilder into, Column[] columns)
    {
        _text.Reset();
        if (kind == AggregateKind.JsonbAgg)
        {
            _text.Write("["u8);
            for (int i = 0; i < columns[0].Length; i++)
            {
                _text.Write(i > 0 ? ", "u8 : default);
                ValueText.AppendJsonCell(_text, columns[0], i, _context);
            }

            _text.Write("]"u8);
        }
        else
        {
            // jsonb keeps the last value of a key, and orders keys by length, then bytes.
            var last = new SortedDictionary<string, int>(Comparer<string>.Create((a, b) =>
                Encoding.UTF8.GetByteCount(a) != Encoding.UTF8.GetByteCount(b)
                    ? Encoding.UTF8.GetByteCount(a).CompareTo(Encoding.UTF8.GetByteCount(b))
                    : string.CompareOrdinal(a, b)));
            for (int i = 0; i < columns[0].Length; i++)
            {
                last[TextFormat.ToText(columns[0], i)!] = i;
            }

            _text.Write("{"u8);
            bool first = true;
            foreach ((string key, int row) in last)
            {
                _text.Write(first ? default : ", "u8);
                first = false;
                JsonText.AppendString(_text, Encoding.UTF8.GetBytes(key));
                _text.Write(": "u8);
                ValueText.AppendJsonCell(_text, columns[1], row, _context);
            }

            _text.Write("}"u8);
        }

        into.Append(_text.Written);
    }
}
