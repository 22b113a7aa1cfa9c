// Values of a row into the columns of a batch: the common types without boxing, the rest by their text.
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Millrace.Core;


namespace Millrace;

/// <summary>Takes the values of rows, member by member. Generated code calls it; one is used for all rows of a batch.</summary>
public sealed class RowAppender
{
    private const int TextBytes = 64;

    private readonly BatchBuilder _builder;
    private readonly Schema _schema;
    private readonly int[] _places;
    private readonly int[] _others;
    private byte[] _text = new byte[256];

    internal RowAppender(Schema schema, int[] places)
    {
        _builder = new BatchBuilder(schema);
        _schema = schema;
        _places = places;
        _others = [.. Enumerable.Range(0, schema.Count).Except(places)];
    }

    /// <summary>Appends the value of a member; null is a null.</summary>
    /// <param name="member">Which, as <see cref="RowAccessor{T}.Columns"/> counts.</param>
    /// <param name="value">Its value.</param>
    /// <typeparam name="TValue">Its type.</typeparam>
    /// <exception cref="SqlException">The column cannot take it.</exception>
    public void Append<TValue>(int member, TValue value)
    {
        ColumnBuilder to = _builder.Columns[_places[member]];
        if (value is null)
        {
            to.AppendNull();
            return;
        }

        // The type is known when this is compiled for it: of all these lines one remains.
        if (typeof(TValue) == typeof(long) && to.Type.Id == TypeId.BigInt)
        {
            ((FixedBuilder<long>)to).Append(Unsafe.As<TValue, long>(ref value));
        }
        else if (typeof(TValue) == typeof(int) && to.Type.Id == TypeId.Integer)
        {
            ((FixedBuilder<int>)to).Append(Unsafe.As<TValue, int>(ref value));
        }
        else if (typeof(TValue) == typeof(double) && to.Type.Id == TypeId.Double)
        {
            ((FixedBuilder<double>)to).Append(Unsafe.As<TValue, double>(ref value));
        }
        else if (typeof(TValue) == typeof(bool) && to.Type.Id == TypeId.Boolean)
        {
            ((FixedBuilder<bool>)to).Append(Unsafe.As<TValue, bool>(ref value));
        }
        else if (typeof(TValue) == typeof(DateTime) && to.Type.Id is TypeId.Timestamp or TypeId.TimestampTz)
        {
            ((FixedBuilder<long>)to).Append(ClrValues.Micros(Unsafe.As<TValue, DateTime>(ref value)));
        }
        else if (typeof(TValue) == typeof(DateTimeOffset) && to.Type.Id is TypeId.Timestamp or TypeId.TimestampTz)
        {
            ((FixedBuilder<long>)to).Append(ClrValues.Micros(Unsafe.As<TValue, DateTimeOffset>(ref value)));
        }
        else if (typeof(TValue) == typeof(decimal))
        {
            AppendFormatted(to, Unsafe.As<TValue, decimal>(ref value), member);
        }
        else if (value is string text)
        {
            int most = Encoding.UTF8.GetMaxByteCount(text.Length);
            if (_text.Length < most)
            {
                _text = new byte[most];
            }

            TextParse.Append(to, _text.AsSpan(0, Encoding.UTF8.GetBytes(text, _text)));
        }
        else
        {
            ClrValues.Append(to, value, _schema[_places[member]].Name);
        }
    }

    /// <summary>The row is complete: columns that no member stands for become null.</summary>
    internal void EndRow()
    {
        foreach (int other in _others)
        {
            _builder.Columns[other].AppendNull();
        }

        _builder.EndRow();
    }

    internal Batch ToBatch() => _builder.ToBatch();

    private void AppendFormatted(ColumnBuilder to, decimal value, int member)
    {
        Span<byte> text = stackalloc byte[TextBytes];
        value.TryFormat(text, out int length, provider: CultureInfo.InvariantCulture);
        try
        {
            TextParse.Append(to, text[..length]);
        }
        catch (SqlException e)
        {
            throw new SqlException(e.SqlState, $"column \"{_schema[_places[member]].Name}\" of type {to.Type} cannot take a Decimal: {e.Message}");
        }
    }
}
