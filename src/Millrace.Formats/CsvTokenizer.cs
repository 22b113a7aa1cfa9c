// CSV as PostgreSQL's COPY reads it: quotes may open anywhere in a field, hold line breaks, and tell an empty text from null.
using System.Text;

namespace Millrace.Formats;

/// <summary>Splits CSV records.</summary>
/// <param name="delimiter">Between fields.</param>
/// <param name="quote">Around fields that hold special characters.</param>
/// <param name="escape">Before a quote inside quotes; usually the quote itself.</param>
/// <param name="nullText">The unquoted field that stands for null.</param>
internal sealed class CsvTokenizer(byte delimiter, byte quote, byte escape, string nullText) : RecordTokenizer
{
    private readonly byte[] _null = Encoding.UTF8.GetBytes(nullText);

    /// <inheritdoc/>
    public override bool TryRead(ReadOnlySpan<byte> input, bool final, out int consumed)
    {
        StartRecord();
        consumed = 0;
        int at = 0;
        if (input.IsEmpty)
        {
            return false;
        }

        while (true)
        {
            int stop = input[at..].IndexOfAny(delimiter, quote, (byte)'\n');
            int end = stop < 0 ? input.Length : at + stop;
            if (stop >= 0 && input[end] == quote)
            {
                if (!TryReadQuoted(input, final, at, out end))
                {
                    return false;
                }
            }
            else if (stop < 0 && !final)
            {
                return false;
            }
            else
            {
                int length = end - at;
                if ((end == input.Length || input[end] == '\n') && length > 0 && input[end - 1] == '\r')
                {
                    length--;
                }

                ReadOnlySpan<byte> field = input.Slice(at, length);
                AddField(at, length, false, field.SequenceEqual(_null));
                EndMark = Count == 1 && end != input.Length && input[end] == '\n' && field.SequenceEqual("\\."u8)
                    || (Count == 1 && end == input.Length && field.SequenceEqual("\\."u8));
            }

            if (end >= input.Length)
            {
                consumed = input.Length;
                Lines++;
                return true;
            }

            if (input[end] == '\n')
            {
                consumed = end + 1;
                Lines++;
                return true;
            }

            at = end + 1;
            if (at == input.Length)
            {
                if (!final)
                {
                    return false;
                }

                AddField(at, 0, false, _null.Length == 0);
                consumed = at;
                Lines++;
                return true;
            }
        }
    }

    // A field with at least one quote in it; ends at a delimiter, a line feed, or the end of the input when that is final.
    private bool TryReadQuoted(ReadOnlySpan<byte> input, bool final, int at, out int end)
    {
        int start = ScratchLength;
        bool inside = false;
        end = at;
        while (end < input.Length)
        {
            byte b = input[end];
            if (!inside)
            {
                if (b == quote)
                {
                    inside = true;
                }
                else if (b == delimiter || b == '\n')
                {
                    break;
                }
                else if (b == '\r' && (end + 1 < input.Length ? input[end + 1] == '\n' : final))
                {
                    end++;
                    break;
                }
                else if (b == '\r' && end + 1 == input.Length)
                {
                    return false;
                }
                else
                {
                    Keep(b);
                }

                end++;
                continue;
            }

            ReadOnlySpan<byte> rest = input[end..];
            int stop = rest.IndexOfAny(quote, escape);
            if (stop < 0)
            {
                CountLines(rest);
                Keep(rest);
                end = input.Length;
                break;
            }

            CountLines(rest[..stop]);
            Keep(rest[..stop]);
            end += stop;
            if (input[end] == escape && end + 1 < input.Length && (input[end + 1] == quote || input[end + 1] == escape))
            {
                Keep(input[end + 1]);
                end += 2;
            }
            else if (end + 1 == input.Length && !final)
            {
                return false;
            }
            else if (input[end] == quote)
            {
                inside = false;
                end++;
            }
            else
            {
                Keep(input[end++]);
            }
        }

        if (end >= input.Length && !final)
        {
            return false;
        }

        if (inside)
        {
            throw new Core.SqlException("22P04", "unterminated CSV quoted field");
        }

        AddField(start, ScratchLength - start, true, false);
        return true;
    }

    private void CountLines(ReadOnlySpan<byte> bytes) => Lines += bytes.Count((byte)'\n');
}
