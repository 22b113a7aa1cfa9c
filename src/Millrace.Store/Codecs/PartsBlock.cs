// interval and uuid: values of several integers, each part a block of integers of its own.
using Millrace.Core;

namespace Millrace.Store.Codecs;

/// <summary>Interval: months, days, microseconds. Uuid: the upper half, the lower half: a uuid that counts up (version 7) shrinks by its upper one.</summary>
internal static class PartsBlock
{
    /// <summary>Appends intervals, at least one.</summary>
    public static void Encode(ReadOnlySpan<Interval> values, ByteWriter writer)
    {
        writer.WriteByte(CodecTable.Interval.Id);
        using var part = new Rented<long>(values.Length);
        for (int i = 0; i < values.Length; i++)
        {
            part.Span[i] = values[i].Months;
        }

        IntegerBlock.Encode(part.Span, writer);
        for (int i = 0; i < values.Length; i++)
        {
            part.Span[i] = values[i].Days;
        }

        IntegerBlock.Encode(part.Span, writer);
        for (int i = 0; i < values.Length; i++)
        {
            part.Span[i] = values[i].Micros;
        }

        IntegerBlock.Encode(part.Span, writer);
    }

    /// <summary>Reads intervals.</summary>
    /// <exception cref="FormatException">The bytes hold something else.</exception>
    public static void Decode(ref ByteReader reader, Span<Interval> into)
    {
        CodecTable.Expect(ref reader, CodecTable.Interval);
        using var months = new Rented<long>(into.Length);
        using var days = new Rented<long>(into.Length);
        using var micros = new Rented<long>(into.Length);
        IntegerBlock.DecodeWithin(ref reader, months.Span, int.MinValue, int.MaxValue);
        IntegerBlock.DecodeWithin(ref reader, days.Span, int.MinValue, int.MaxValue);
        IntegerBlock.Decode(ref reader, micros.Span);
        for (int i = 0; i < into.Length; i++)
        {
            into[i] = new Interval((int)months.Span[i], (int)days.Span[i], micros.Span[i]);
        }
    }

    /// <summary>Appends uuids, at least one.</summary>
    public static void Encode(ReadOnlySpan<Uuid> values, ByteWriter writer)
    {
        writer.WriteByte(CodecTable.Uuid.Id);
        using var part = new Rented<long>(values.Length);
        for (int i = 0; i < values.Length; i++)
        {
            part.Span[i] = (long)values[i].Hi;
        }

        IntegerBlock.Encode(part.Span, writer);
        for (int i = 0; i < values.Length; i++)
        {
            part.Span[i] = (long)values[i].Lo;
        }

        IntegerBlock.Encode(part.Span, writer);
    }

    /// <summary>Reads uuids.</summary>
    /// <exception cref="FormatException">The bytes hold something else.</exception>
    public static void Decode(ref ByteReader reader, Span<Uuid> into)
    {
        CodecTable.Expect(ref reader, CodecTable.Uuid);
        using var hi = new Rented<long>(into.Length);
        using var lo = new Rented<long>(into.Length);
        IntegerBlock.Decode(ref reader, hi.Span);
        IntegerBlock.Decode(ref reader, lo.Span);
        for (int i = 0; i < into.Length; i++)
        {
            into[i] = new Uuid((ulong)hi.Span[i], (ulong)lo.Span[i]);
        }
    }
}
