// One value's text, as bytes, into a column: numbers and text by a short way, everything else by PostgreSQL's input rules.
using System.Buffers.Text;
using System.Text.Unicode;
using Millrace.Core;

namespace Millrace.Formats;

/// <summary>Appends values given as text.</summary>
internal static class TextValue
{
    private const long SecondsMax = 100_000_000_000;
    private const int EpochDigitsMin = 10;

    /// <summary>Appends the value that <paramref name="text"/> spells to <paramref name="builder"/>.</summary>
    /// <exception cref="SqlException">22P02, 22003, 22007 and their kin: not a value of the type; 22021: not UTF-8.</exception>
    public static void Append(ColumnBuilder builder, ReadOnlySpan<byte> text)
    {
        switch (builder.Type.Id)
        {
            case TypeId.Integer when Utf8Parser.TryParse(text, out int i, out int used) && used == text.Length:
                ((FixedBuilder<int>)builder).Append(i);
                break;
            case TypeId.BigInt when Utf8Parser.TryParse(text, out long l, out int used) && used == text.Length:
                ((FixedBuilder<long>)builder).Append(l);
                break;
            case TypeId.Double when Utf8Parser.TryParse(text, out double d, out int used) && used == text.Length && double.IsFinite(d):
                ((FixedBuilder<double>)builder).Append(d);
                break;
            case TypeId.Text when builder.Type.Precision < 0:
                CheckUtf8(text);
                ((BytesBuilder)builder).Append(text);
                break;
            default:
                AppendSlow(builder, text);
                break;
        }
    }

    /// <summary>
    /// Reads ten digits or more as a time: seconds, milli-, micro- or nanoseconds since 1970, told apart by size. Fewer digits may be a date.
    /// </summary>
    public static bool TryEpoch(ReadOnlySpan<byte> text, out long micros)
    {
        micros = 0;
        if (text.Length - (text.StartsWith("-"u8) ? 1 : 0) < EpochDigitsMin || !Utf8Parser.TryParse(text, out long value, out int used) || used < text.Length)
        {
            return false;
        }

        micros = Epoch(value);
        return true;
    }

    /// <summary>A number of seconds (below 1e11), milliseconds (1e14), microseconds (1e17) or nanoseconds since 1970 as µs.</summary>
    public static long Epoch(long value) => (value == long.MinValue ? long.MaxValue : Math.Abs(value)) switch
    {
        < SecondsMax => value * 1_000_000,
        < SecondsMax * 1_000 => value * 1_000,
        < SecondsMax * 1_000_000 => value,
        _ => value / 1_000,
    };

    /// <summary>Refuses what is not UTF-8, and the zero byte, as PostgreSQL does.</summary>
    /// <exception cref="SqlException">22021.</exception>
    public static void CheckUtf8(ReadOnlySpan<byte> text)
    {
        if (!Utf8.IsValid(text) || text.Contains((byte)0))
        {
            throw new SqlException("22021", "invalid byte sequence for encoding \"UTF8\"", hint: "send text in UTF-8 and without zero bytes");
        }
    }

    private static void AppendSlow(ColumnBuilder builder, ReadOnlySpan<byte> text)
    {
        CheckUtf8(text);
        TextParse.Append(builder, text);
    }
}
