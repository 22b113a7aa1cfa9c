// The values of each group in order, with counts: for all aggregates that no number can sum up.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>
/// A multiset per group, kept in one ordered index under (slot, order columns, values). Without an ORDER BY, rows of append-only input keep their order
/// of arrival (a sequence number stands in for the order); otherwise equal order keys are in order of their values, so that taking a row back finds it.
/// </summary>
internal sealed class OrderedState : AggregateState
{
    private readonly RowCodec _codec;
    private readonly int[] _columns;
    private readonly int[] _notNull;
    private readonly bool _arrival;
    private readonly EncodedRows _encoded = new();
    private readonly OrderedRows _rows = new();
    private readonly ColumnBuilder[] _builders;
    private readonly int _values;
    private long _sequence;
    private long[] _order = [];

    /// <param name="input">The input's columns.</param>
    /// <param name="order">The order.</param>
    /// <param name="values">The columns whose values are wanted.</param>
    /// <param name="notNull">Rows with a null in one of these are left out.</param>
    /// <param name="arrival">True to keep the order of arrival where <paramref name="order"/> says nothing.</param>
    public OrderedState(Schema input, IReadOnlyList<SortKey> order, int[] values, int[] notNull, bool arrival)
    {
        _arrival = arrival;
        _notNull = notNull;
        var types = new List<SqlType> { SqlType.Integer };
        var descending = new List<bool> { false };
        var nullsFirst = new List<bool> { false };
        var columns = new List<int> { 0 };
        foreach (SortKey key in order)
        {
            types.Add(input[key.Column].Type);
            descending.Add(key.Descending);
            nullsFirst.Add(key.NullsFirst);
            columns.Add(key.Column + 2);
        }

        if (arrival)
        {
            types.Add(SqlType.BigInt);
            descending.Add(false);
            nullsFirst.Add(false);
            columns.Add(1);
        }

        _values = types.Count;
        foreach (int value in values)
        {
            types.Add(input[value].Type);
            descending.Add(false);
            nullsFirst.Add(false);
            columns.Add(value + 2);
        }

        _columns = [.. columns];
        _codec = new RowCodec(types, exact: true, descending, nullsFirst);
        _builders = [.. types.Select(ColumnBuilder.For)];
    }

    /// <inheritdoc/>
    public override long Bytes => _rows.Bytes;

    /// <summary>Entries held.</summary>
    public int Count => _rows.Count;

    /// <inheritdoc/>
    public override void Ensure(int slots)
    {
    }

    /// <inheritdoc/>
    public override void Add(Batch batch, int[] slots, long[]? weights)
    {
        if (_order.Length < batch.Count)
        {
            _order = new long[batch.Count];
        }

        for (int i = 0; _arrival && i < batch.Count; i++)
        {
            _order[i] = _sequence++;
        }

        var slotColumn = new FixedColumn<int>(SqlType.Integer, slots, batch.Count);
        var orderColumn = new FixedColumn<long>(SqlType.BigInt, _order, batch.Count);
        _codec.Encode(new Batch([slotColumn, orderColumn, .. batch.Columns], batch.Count), _columns, _encoded);
        for (int i = 0; i < batch.Count; i++)
        {
            long weight = weights is null ? 1 : weights[i];
            foreach (int c in _notNull)
            {
                weight = batch.Columns[c].IsNull(i) ? 0 : weight;
            }

            _rows.Add(_encoded.Row(i), weight);
        }
    }

    /// <summary>The group's values in order, repeated by weight unless <paramref name="once"/>: one column a value, lent until the next call.</summary>
    /// <param name="slot">The group.</param>
    /// <param name="most">How many rows at most.</param>
    /// <param name="weights">Takes the weight of each row, where not null.</param>
    /// <param name="once">True to give a repeated row once.</param>
    public Column[] Read(int slot, int most, List<long>? weights = null, bool once = false)
    {
        foreach (ColumnBuilder builder in _builders)
        {
            builder.Reset();
        }

        Span<byte> prefix = stackalloc byte[5];
        Prefix(slot, prefix);
        int count = 0;
        for (OrderedRows.Cursor cursor = _rows.Seek(prefix); count < most && cursor.At(prefix); cursor.Next())
        {
            for (long n = once ? 1 : cursor.Weight; n > 0 && count < most; n--)
            {
                _codec.Decode(cursor.Key, _builders);
                weights?.Add(cursor.Weight);
                count++;
            }
        }

        var columns = new Column[_builders.Length - _values];
        for (int i = 0; i < columns.Length; i++)
        {
            columns[i] = _builders[_values + i].View();
        }

        return columns;
    }

    /// <inheritdoc/>
    public override void Clear(ReadOnlySpan<int> slots)
    {
        Span<byte> prefix = stackalloc byte[5];
        foreach (int slot in slots)
        {
            Prefix(slot, prefix);
            _rows.RemovePrefix(prefix);
        }
    }

    /// <inheritdoc/>
    public override void Save(ByteWriter writer, int slots)
    {
        writer.WriteInt64(_sequence);
        _rows.Save(writer);
    }

    /// <inheritdoc/>
    public override void Load(ref ByteReader reader, int slots)
    {
        _sequence = reader.ReadInt64();
        _rows.Load(ref reader);
    }

    // The codec's form of an integer column that is not null.
    private static void Prefix(int slot, Span<byte> into)
    {
        into[0] = 1;
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(into[1..], (uint)(slot ^ int.MinValue));
    }
}

/// <summary>min and max under retraction, first and last: the first value in the state's order.</summary>
internal sealed class FirstOfOrderResult(OrderedState state) : AggregateResult
{
    /// <inheritdoc/>
    public override void Emit(ReadOnlySpan<int> slots, ColumnBuilder into)
    {
        foreach (int slot in slots)
        {
            Column value = state.Read(slot, 1, once: true)[^1];
            if (value.Length == 0)
            {
                into.AppendNull();
            }
            else
            {
                into.AppendFrom(value, 0);
            }
        }
    }
}
