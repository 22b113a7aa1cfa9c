// Walks normalized JSON text: where values end, where members and elements lie.
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>Finds its way in the normal form that jsonb keeps ("key": value, ", " between).</summary>
internal static class JsonReader
{
    /// <summary>The offset behind the value that starts at <paramref name="at"/>.</summary>
    public static int End(ReadOnlySpan<byte> json, int at)
    {
        switch (json[at])
        {
            case (byte)'"':
                return StringEnd(json, at);
            case (byte)'{' or (byte)'[':
                int depth = 0;
                for (int i = at; ; i++)
                {
                    byte b = json[i];
                    if (b == '"')
                    {
                        i = StringEnd(json, i) - 1;
                    }
                    else if (b is (byte)'{' or (byte)'[')
                    {
                        depth++;
                    }
                    else if (b is (byte)'}' or (byte)']' && --depth == 0)
                    {
                        return i + 1;
                    }
                }

            default:
                int end = at;
                while (end < json.Length && json[end] is not ((byte)',' or (byte)'}' or (byte)']'))
                {
                    end++;
                }

                return end;
        }
    }

    private static int StringEnd(ReadOnlySpan<byte> json, int at)
    {
        for (at++; json[at] != '"'; at++)
        {
            at += json[at] == '\\' ? 1 : 0;
        }

        return at + 1;
    }

    /// <summary>Steps to the next member of an object (false at its end). Start with <paramref name="at"/> = 0.</summary>
    public static bool NextMember(ReadOnlySpan<byte> json, ref int at, out Range key, out Range value)
    {
        at += at == 0 ? 1 : 2;
        if (at >= json.Length || json[at - 1] == '}' || json[at] == '}')
        {
            key = value = default;
            return false;
        }

        int keyEnd = StringEnd(json, at);
        int end = End(json, keyEnd + 2);
        key = at..keyEnd;
        value = (keyEnd + 2)..end;
        at = end;
        return true;
    }

    /// <summary>Steps to the next element of an array (false at its end). Start with <paramref name="at"/> = 0.</summary>
    public static bool NextElement(ReadOnlySpan<byte> json, ref int at, out Range value)
    {
        at += at == 0 ? 1 : 2;
        if (at >= json.Length || json[at] == ']')
        {
            value = default;
            return false;
        }

        int end = End(json, at);
        value = at..end;
        at = end;
        return true;
    }

    /// <summary>Finds a member by its key in JSON form (with quotes and escapes).</summary>
    public static bool Find(ReadOnlySpan<byte> json, ReadOnlySpan<byte> quotedKey, out Range value)
    {
        int at = 0;
        while (NextMember(json, ref at, out Range key, out value))
        {
            if (json[key].SequenceEqual(quotedKey))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The number of elements of an array.</summary>
    public static int Count(ReadOnlySpan<byte> json)
    {
        int count = 0;
        int at = 0;
        while (NextElement(json, ref at, out _))
        {
            count++;
        }

        return count;
    }

    /// <summary>Finds an element by its 0-based index; negative ones count from the end.</summary>
    public static bool At(ReadOnlySpan<byte> json, int index, out Range value)
    {
        index = index < 0 ? Count(json) + index : index;
        int at = 0;
        while (NextElement(json, ref at, out value))
        {
            if (index-- == 0)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Appends the content of a JSON string without quotes and escapes.</summary>
    public static void Unescape(ByteWriter writer, ReadOnlySpan<byte> quoted)
    {
        ReadOnlySpan<byte> s = quoted[1..^1];
        for (int i = 0; i < s.Length; i++)
        {
            if (s[i] != '\\')
            {
                int plain = s[i..].IndexOf((byte)'\\');
                plain = plain < 0 ? s.Length - i : plain;
                writer.Write(s.Slice(i, plain));
                i += plain - 1;
                continue;
            }

            byte b = s[++i];
            if (b == 'u')
            {
                // Only control characters stay as \u00xx in the normal form.
                writer.WriteByte((byte)((BytesText.HexDigit(s[i + 3]) << 4) | BytesText.HexDigit(s[i + 4])));
                i += 4;
            }
            else
            {
                writer.WriteByte(b switch
                {
                    (byte)'b' => 8,
                    (byte)'f' => 12,
                    (byte)'n' => 10,
                    (byte)'r' => 13,
                    (byte)'t' => 9,
                    _ => b,
                });
            }
        }
    }
}
