// COPY's text layout: delimiters and line breaks inside a field stand behind a backslash.
// https://www.postgresql.org/docs/15/sql-copy.html, "Text Format".
using System.Text;

namespace Millrace.Formats;

/// <summary>Splits records of COPY's text layout.</summary>
/// <param name="delimiter">Between fields.</param>
/// <param name="nullText">The field, before unescaping, that stands for null.</param>
internal sealed class CopyTextTokenizer(byte delimiter, string nullText) : RecordTokenizer
{
    private readonly byte[] _null = Encoding.UTF8.GetBytes(nullText);

    /// <inheritdoc/>
    public override bool TryRead(ReadOnlySpan<byte> input, bool final, out int consumed)
    {
        StartRecord();
        consumed = 0;
        if (input.IsEmpty)
        {
            return false;
        }

        int at = 0;
        while (true)
        {
            int start = at;
            bool escaped = false;
            while (true)
            {
                int stop = input[at..].IndexOfAny(delimiter, (byte)'\\', (byte)'\n');
                at = stop < 0 ? input.Length : at + stop;
                if (at >= input.Length || input[at] != '\\')
                {
                    break;
                }

                escaped = true;
                if (at + 1 < input.Length && input[at + 1] == '\n')
                {
                    Lines++;
                }

                at = Math.Min(at + 2, input.Length);
            }

            if (at == input.Length && !final)
            {
                return false;
            }

            bool last = at == input.Length || input[at] == '\n';
            int length = at - start;
            if (last && length > 0 && input[at - 1] == '\r' && !(length > 1 && input[at - 2] == '\\'))
            {
                length--;
            }

            ReadOnlySpan<byte> raw = input.Slice(start, length);
            if (raw.SequenceEqual(_null))
            {
                AddField(start, length, false, true);
            }
            else if (!escaped)
            {
                AddField(start, length, false, false);
            }
            else if (last && Count == 0 && raw.SequenceEqual("\\."u8))
            {
                EndMark = true;
            }
            else
            {
                int from = ScratchLength;
                Unescape(raw);
                AddField(from, ScratchLength - from, true, false);
            }

            if (last)
            {
                consumed = Math.Min(at + 1, input.Length);
                Lines++;
                return true;
            }

            at++;
            if (at == input.Length && !final)
            {
                return false;
            }
        }
    }

    private void Unescape(ReadOnlySpan<byte> raw)
    {
        int at = 0;
        while (at < raw.Length)
        {
            int slash = raw[at..].IndexOf((byte)'\\');
            if (slash < 0 || at + slash + 1 == raw.Length)
            {
                Keep(raw[at..]);
                return;
            }

            Keep(raw.Slice(at, slash));
            at += slash + 1;
            byte b = raw[at++];
            switch ((char)b)
            {
                case 'b': Keep(8); break;
                case 'f': Keep(12); break;
                case 'n': Keep(10); break;
                case 'r': Keep(13); break;
                case 't': Keep(9); break;
                case 'v': Keep(11); break;
                case >= '0' and <= '7':
                    int octal = b - '0';
                    for (int i = 0; i < 2 && at < raw.Length && raw[at] is >= (byte)'0' and <= (byte)'7'; i++)
                    {
                        octal = (octal * 8) + raw[at++] - '0';
                    }

                    Keep((byte)octal);
                    break;
                case 'x' when at < raw.Length && char.IsAsciiHexDigit((char)raw[at]):
                    int hex = 0;
                    for (int i = 0; i < 2 && at < raw.Length && char.IsAsciiHexDigit((char)raw[at]); i++)
                    {
                        hex = (hex * 16) + Convert.ToInt32(((char)raw[at++]).ToString(), 16);
                    }

                    Keep((byte)hex);
                    break;
                default: Keep(b); break;
            }
        }
    }
}
