// Hypothetical-set aggregates: where a row would stand among those of a group.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>rank, dense_rank, percent_rank and cume_dist WITHIN GROUP.</summary>
/// <param name="kind">Which.</param>
/// <param name="state">The group's rows in order: the row to be ranked, then the keys.</param>
/// <param name="types">The types of both.</param>
/// <param name="order">The order.</param>
internal sealed class HypotheticalResult(AggregateKind kind, OrderedState state, SqlType[] types, SortKey[] order) : AggregateResult
{
    private readonly RowCodec _codec = new([.. types.Skip(order.Length)], exact: false, [.. order.Select(o => o.Descending)], [.. order.Select(o => o.NullsFirst)]);
    private readonly List<long> _weights = [];
    private readonly EncodedRows _asked = new();
    private readonly EncodedRows _rows = new();

    /// <inheritdoc/>
    public override void Emit(ReadOnlySpan<int> slots, ColumnBuilder into)
    {
        foreach (int slot in slots)
        {
            (long before, long different, long beside, long rows) = Count(slot);
            switch (kind)
            {
                case AggregateKind.HypotheticalRank: ((FixedBuilder<long>)into).Append(before + 1); break;
                case AggregateKind.HypotheticalDenseRank: ((FixedBuilder<long>)into).Append(different + 1); break;
                case AggregateKind.HypotheticalPercentRank: ((FixedBuilder<double>)into).Append(rows == 0 ? 0 : (double)before / rows); break;
                default: ((FixedBuilder<double>)into).Append((before + beside + 1) / (double)(rows + 1)); break;
            }
        }
    }

    private (long Before, long Different, long Beside, long Rows) Count(int slot)
    {
        _weights.Clear();
        Column[] columns = state.Read(slot, int.MaxValue, _weights, once: true);
        if (_weights.Count == 0)
        {
            return default;
        }

        var batch = new Batch(columns, _weights.Count);
        _codec.Encode(batch, [.. Enumerable.Range(0, order.Length)], _asked);
        _codec.Encode(batch, [.. Enumerable.Range(order.Length, order.Length)], _rows);
        (long before, long different, long beside, long rows) = (0L, 0L, 0L, 0L);
        for (int i = 0; i < batch.Count; i++)
        {
            rows += _weights[i];
            int compared = _rows.Row(i).SequenceCompareTo(_asked.Row(0));
            before += compared < 0 ? _weights[i] : 0;
            beside += compared == 0 ? _weights[i] : 0;
            different += compared < 0 && (i == 0 || !_rows.Row(i).SequenceEqual(_rows.Row(i - 1))) ? 1 : 0;
        }

        return (before, different, beside, rows);
    }
}
