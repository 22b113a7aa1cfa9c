// The values of one row of a batch, by the members that they are for.
using System.Runtime.CompilerServices;
using System.Text;
using Millrace.Core;

namespace Millrace;

/// <summary>Gives the values of a row, member by member. Generated code calls it; one is used for all rows of an answer.</summary>
public sealed class RowCells
{
    private readonly Schema _schema;
    private readonly int[] _places;
    private Batch _batch = null!;
    private int _row;

    internal RowCells(Schema schema, int[] places)
    {
        _schema = schema;
        _places = places;
    }

    internal RowCells At(Batch batch, int row)
    {
        _batch = batch;
        _row = row;
        return this;
    }

    /// <summary>The value of a member.</summary>
    /// <param name="member">Which, as <see cref="RowAccessor{T}.Columns"/> counts.</param>
    /// <typeparam name="TValue">Its type.</typeparam>
    /// <exception cref="SqlException">22002: it is null and the member cannot be; 42846: it does not fit.</exception>
    public TValue Get<TValue>(int member)
    {
        int place = _places[member];
        Column column = _batch.Columns[place];
        if (column.IsNull(_row))
        {
            return ClrValues.Get<TValue>(column, _row, _schema[place].Name);
        }

        // The type is known when this is compiled for it: of all these lines one remains.
        if (typeof(TValue) == typeof(long) && column is FixedColumn<long> { Type.Id: TypeId.BigInt } longs)
        {
            return As<long, TValue>(longs.Values[_row]);
        }

        if (typeof(TValue) == typeof(long?) && column is FixedColumn<long> { Type.Id: TypeId.BigInt } maybeLongs)
        {
            return As<long?, TValue>(maybeLongs.Values[_row]);
        }

        if (typeof(TValue) == typeof(int) && column is FixedColumn<int> { Type.Id: TypeId.Integer } ints)
        {
            return As<int, TValue>(ints.Values[_row]);
        }

        if (typeof(TValue) == typeof(double) && column is FixedColumn<double> doubles)
        {
            return As<double, TValue>(doubles.Values[_row]);
        }

        if (typeof(TValue) == typeof(double?) && column is FixedColumn<double> maybeDoubles)
        {
            return As<double?, TValue>(maybeDoubles.Values[_row]);
        }

        if (typeof(TValue) == typeof(DateTime) && column is FixedColumn<long> { Type.Id: TypeId.Timestamp or TypeId.TimestampTz } times)
        {
            return As<DateTime, TValue>(DateTime.UnixEpoch.AddTicks(times.Values[_row] * 10));
        }

        if (typeof(TValue) == typeof(DateTimeOffset) && column is FixedColumn<long> { Type.Id: TypeId.Timestamp or TypeId.TimestampTz } instants)
        {
            return As<DateTimeOffset, TValue>(new DateTimeOffset(DateTime.UnixEpoch.AddTicks(instants.Values[_row] * 10)));
        }

        if (typeof(TValue) == typeof(string) && column is BytesColumn { Type.Id: TypeId.Text or TypeId.Jsonb } texts)
        {
            int from = texts.Offsets[_row];
            return (TValue)(object)Encoding.UTF8.GetString(texts.Data, from, texts.Offsets[_row + 1] - from);
        }

        return ClrValues.Get<TValue>(column, _row, _schema[place].Name);
    }

    private static TTo As<TFrom, TTo>(TFrom value) => Unsafe.As<TFrom, TTo>(ref value);
}
