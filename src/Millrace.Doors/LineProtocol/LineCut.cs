// Where a piece of line protocol can be cut: a line feed inside a quoted string does not end a line.
namespace Millrace.Doors.LineProtocol;

/// <summary>Finds the end of the last whole line.</summary>
internal static class LineCut
{
    private const byte Feed = (byte)'\n';
    private const byte Quote = (byte)'"';
    private const byte Escape = (byte)'\\';

    /// <summary>The bytes up to the end of the last whole line of <paramref name="text"/>, which begins with one; 0 when there is none.</summary>
    public static int Last(ReadOnlySpan<byte> text)
    {
        if (!text.Contains(Quote))
        {
            return text.LastIndexOf(Feed) + 1;
        }

        int cut = 0;
        while (cut < text.Length && LineEnd(text, cut) is > 0 and int end)
        {
            cut = end;
        }

        return cut;
    }

    // Behind the line that begins at `at`, or −1 when it is not whole.
    private static int LineEnd(ReadOnlySpan<byte> text, int at)
    {
        int feed = text[at..].IndexOf(Feed);
        if (feed < 0)
        {
            return -1;
        }

        ReadOnlySpan<byte> line = text.Slice(at, feed);
        if (!line.Contains(Quote) || line.TrimStart(" \t\r"u8).StartsWith("#"u8))
        {
            return at + feed + 1;
        }

        // Quotes mean nothing in measurement and tags, which end at the first space that is not escaped.
        int i = at + line.Length - line.TrimStart(" \t\r"u8).Length;
        while (text[i] != Feed && text[i] != (byte)' ')
        {
            i += text[i] == Escape && text[i + 1] != Feed ? 2 : 1;
        }

        while (true)
        {
            int next = text[i..].IndexOfAny(Feed, Quote);
            if (next < 0)
            {
                return -1;
            }

            i += next;
            if (text[i] == Feed)
            {
                return i + 1;
            }

            bool opens = text[i - 1] == (byte)'=' && text[i - 2] != Escape;
            i++;
            while (opens)
            {
                int step = text[i..].IndexOfAny(Quote, Escape);
                if (step < 0 || i + step + 1 >= text.Length)
                {
                    return -1;
                }

                i += step;
                opens = text[i] == Escape;
                i += opens ? 2 : 1;
            }
        }
    }
}
