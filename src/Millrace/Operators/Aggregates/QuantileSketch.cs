// approx_percentile: DDSketch, which can take values back.
using System.Buffers.Binary;
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>
/// Values counted in buckets that grow by a fixed factor (Masson, Rim and Lee, 2019): every answer is within the relative error of a value of that rank. A
/// bucket's count goes down again when a value is taken back. The buckets of all groups stand in one ordered index under (slot, bucket).
/// </summary>
internal sealed class QuantileSketchState(int fraction, int error, int argument) : AggregateState
{
    /// <summary>The relative error where none is given.</summary>
    public const double ErrorDefault = 0.01;

    private const long Middle = 1L << 31; // zero; positive values above, negative ones below
    private const long Span = 1L << 29;
    private const int KeyLength = 8;

    private readonly OrderedRows _buckets = new();
    private double _error = double.NaN;
    private double[] _fractions = [];

    /// <inheritdoc/>
    public override long Bytes => _buckets.Bytes + (_fractions.Length * 8L);

    /// <inheritdoc/>
    public override void Ensure(int slots) => _fractions = Grown(_fractions, slots);

    /// <inheritdoc/>
    public override void Add(Batch batch, int[] slots, long[]? weights)
    {
        var values = (FixedColumn<double>)batch.Columns[argument];
        var fractions = (FixedColumn<double>)batch.Columns[fraction];
        Span<byte> key = stackalloc byte[KeyLength];
        for (int i = 0; i < batch.Count; i++)
        {
            long weight = weights is null ? 1 : weights[i];
            if (values.IsNull(i) || weight == 0)
            {
                continue;
            }

            double wanted = fractions.IsNull(i) ? double.NaN : fractions.Values[i];
            if (!(wanted >= 0 && wanted <= 1))
            {
                throw new SqlException("22003", $"percentile value {wanted} is not between 0 and 1");
            }

            SetError(batch, i);
            _fractions[slots[i]] = wanted;
            BinaryPrimitives.WriteInt32BigEndian(key, slots[i]);
            BinaryPrimitives.WriteUInt32BigEndian(key[4..], Bucket(values.Values[i]));
            _buckets.Add(key, weight);
        }
    }

    /// <summary>The value at the group's fraction, or null for a group without values.</summary>
    public double? Percentile(int slot)
    {
        Span<byte> prefix = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(prefix, slot);
        long count = 0;
        for (OrderedRows.Cursor cursor = _buckets.Seek(prefix); cursor.At(prefix); cursor.Next())
        {
            count += cursor.Weight;
        }

        double rank = _fractions.Length > slot ? _fractions[slot] * (count - 1) : 0;
        long seen = 0;
        for (OrderedRows.Cursor cursor = _buckets.Seek(prefix); cursor.At(prefix); cursor.Next())
        {
            seen += cursor.Weight;
            if (seen > rank)
            {
                return Value(BinaryPrimitives.ReadUInt32BigEndian(cursor.Key[4..]));
            }
        }

        return null;
    }

    /// <inheritdoc/>
    public override void Clear(ReadOnlySpan<int> slots)
    {
        Span<byte> prefix = stackalloc byte[4];
        foreach (int slot in slots)
        {
            BinaryPrimitives.WriteInt32BigEndian(prefix, slot);
            _buckets.RemovePrefix(prefix);
        }
    }

    /// <inheritdoc/>
    public override void Save(ByteWriter writer, int slots)
    {
        writer.WriteInt64(BitConverter.DoubleToInt64Bits(_error));
        FrozenSlots.Write(writer, _fractions, slots);
        _buckets.Save(writer);
    }

    /// <inheritdoc/>
    public override void Load(ref ByteReader reader, int slots)
    {
        _error = BitConverter.Int64BitsToDouble(reader.ReadInt64());
        _fractions = reader.ReadArray<double>(slots);
        _buckets.Load(ref reader);
    }

    private double LogGamma => Math.Log((1 + _error) / (1 - _error));

    private void SetError(Batch batch, int row)
    {
        double given = error < 0 ? ErrorDefault : batch.Columns[error].IsNull(row) ? double.NaN : ((FixedColumn<double>)batch.Columns[error]).Values[row];
        if (given == _error)
        {
            return;
        }

        if (!(given >= 0.00001 && given <= 0.5))
        {
            throw new SqlException("22003", $"the relative error of approx_percentile must be between 0.00001 and 0.5, not {given}");
        }

        if (!double.IsNaN(_error))
        {
            throw new SqlException("22023", "the relative error of approx_percentile must be the same in all rows", hint: "write a constant, such as 0.01");
        }

        _error = given;
    }

    private uint Bucket(double value)
    {
        if (double.IsNaN(value))
        {
            return uint.MaxValue; // behind everything, as in ORDER BY
        }

        if (double.IsInfinity(value))
        {
            return value > 0 ? uint.MaxValue - 1 : 0;
        }

        if (value == 0)
        {
            return (uint)Middle;
        }

        long place = (long)Math.Ceiling(Math.Log(Math.Abs(value)) / LogGamma) + Span;
        return (uint)(value > 0 ? Middle + place : Middle - place);
    }

    private double Value(uint bucket)
    {
        switch (bucket)
        {
            case uint.MaxValue:
                return double.NaN;
            case uint.MaxValue - 1:
                return double.PositiveInfinity;
            case 0:
                return double.NegativeInfinity;
            case (uint)Middle:
                return 0;
        }

        long place = Math.Abs(bucket - Middle) - Span;
        double upper = Math.Exp(place * LogGamma);
        double middle = double.IsInfinity(upper) ? double.MaxValue : upper * (1 - _error);
        return bucket > Middle ? middle : -middle;
    }
}

/// <summary>approx_percentile.</summary>
internal sealed class QuantileSketchResult(QuantileSketchState state) : AggregateResult
{
    /// <inheritdoc/>
    public override void Emit(ReadOnlySpan<int> slots, ColumnBuilder into)
    {
        var builder = (FixedBuilder<double>)into;
        foreach (int slot in slots)
        {
            if (state.Percentile(slot) is { } value)
            {
                builder.Append(value);
            }
            else
            {
                builder.AppendNull();
            }
        }
    }
}
