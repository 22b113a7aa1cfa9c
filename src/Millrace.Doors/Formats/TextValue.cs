// One value's text, as bytes, into a column: numbers and text by a short way, everything else by PostgreSQL's input rules.
using System.Buffers.Text;
using System.Text.Unicode;
using Millrace.Core;

namespace Millrace.Doors.Formats;

/// <summary>Appends values given as text.</summary>
internal static class TextValue
{
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
