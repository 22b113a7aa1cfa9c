// Text forms of arrays and rows: braces and parentheses around the text of the parts, quoted where needed.
namespace Millrace.Core;

/// <summary>Reads and prints arrays ({1,2}) and rows ((1,x)).</summary>
internal static class NestedText
{
    public static void AppendList(ByteWriter writer, Column elements, int start, int count)
    {
        writer.WriteByte((byte)'{');
        bool nested = elements.Type.Id == TypeId.Array;
        for (int i = 0; i < count; i++)
        {
            if (i > 0)
            {
                writer.WriteByte((byte)',');
            }

            if (elements.IsNull(start + i))
            {
                writer.Write("NULL"u8);
                continue;
            }

            int from = writer.Length;
            TextFormat.Append(writer, elements, start + i);
            if (!nested && NeedsQuotes(writer.Written[from..], array: true))
            {
                Quote(writer, from, doubled: false);
            }
        }

        writer.WriteByte((byte)'}');
    }

    public static void AppendRow(ByteWriter writer, Column[] fields, int row)
    {
        writer.WriteByte((byte)'(');
        for (int i = 0; i < fields.Length; i++)
        {
            if (i > 0)
            {
                writer.WriteByte((byte)',');
            }

            if (fields[i].IsNull(row))
            {
                continue;
            }

            int from = writer.Length;
            TextFormat.Append(writer, fields[i], row);
            if (NeedsQuotes(writer.Written[from..], array: false))
            {
                Quote(writer, from, doubled: true);
            }
        }

        writer.WriteByte((byte)')');
    }

    private static bool NeedsQuotes(ReadOnlySpan<byte> text, bool array)
    {
        if (text.IsEmpty || (array && Ascii.Is(text, "null"u8)))
        {
            return true;
        }

        foreach (byte b in text)
        {
            if (b is (byte)'"' or (byte)'\\' or (byte)',' || NumberText.IsSpace(b)
                || (array ? b is (byte)'{' or (byte)'}' : b is (byte)'(' or (byte)')'))
            {
                return true;
            }
        }

        return false;
    }

    private static void Quote(ByteWriter writer, int from, bool doubled)
    {
        int length = writer.Length - from;
        int extra = 2;
        foreach (byte b in writer.Written[from..])
        {
            extra += b is (byte)'"' or (byte)'\\' ? 1 : 0;
        }

        writer.Take(extra);
        byte[] buffer = writer.Buffer;
        int to = writer.Length - 1;
        buffer[to] = (byte)'"';
        for (int i = from + length - 1; i >= from; i--)
        {
            byte b = buffer[i];
            buffer[--to] = b;
            if (b is (byte)'"' or (byte)'\\')
            {
                buffer[--to] = doubled ? b : (byte)'\\';
            }
        }

        buffer[from] = (byte)'"';
    }

    public static void ParseList(ListBuilder builder, ReadOnlySpan<byte> text)
    {
        int at = 0;
        SkipSpace(text, ref at);
        int start = builder.Elements.Count;
        try
        {
            List(builder, text, ref at, text, 0);
            SkipSpace(text, ref at);
            if (at != text.Length)
            {
                Malformed(text, "Junk after closing right brace.");
            }
        }
        catch (SqlException)
        {
            builder.Elements.TruncateTo(start);
            throw;
        }
    }

    private static void List(ListBuilder builder, ReadOnlySpan<byte> text, ref int at, ReadOnlySpan<byte> whole, int depth)
    {
        if (at >= text.Length || text[at] != '{' || depth > 6)
        {
            Malformed(whole, "Array value must start with \"{\" or dimension information.");
        }

        at++;
        SkipSpace(text, ref at);
        if (at < text.Length && text[at] == '}')
        {
            at++;
            builder.EndList();
            return;
        }

        byte[]? unescaped = null;
        while (true)
        {
            SkipSpace(text, ref at);
            if (builder.Elements is ListBuilder inner && at < text.Length && text[at] == '{')
            {
                List(inner, text, ref at, whole, depth + 1);
            }
            else
            {
                Element(builder.Elements, text, ref at, whole, ref unescaped);
            }

            SkipSpace(text, ref at);
            if (at >= text.Length)
            {
                Malformed(whole, "Unexpected end of input.");
            }

            byte b = text[at++];
            if (b == '}')
            {
                builder.EndList();
                return;
            }

            if (b != ',')
            {
                Malformed(whole, $"Unexpected \"{(char)b}\" character.");
            }
        }
    }

    private static void Element(ColumnBuilder builder, ReadOnlySpan<byte> text, ref int at, ReadOnlySpan<byte> whole, ref byte[]? unescaped)
    {
        unescaped ??= new byte[text.Length];
        int length = 0;
        int start = at;
        bool quoted = at < text.Length && text[at] == '"';
        bool escaped = false;
        if (quoted)
        {
            at++;
            while (at < text.Length && text[at] != '"')
            {
                at += text[at] == '\\' ? 1 : 0;
                if (at < text.Length)
                {
                    unescaped[length++] = text[at++];
                }
            }

            if (at >= text.Length)
            {
                Malformed(whole, "Unexpected end of input.");
            }

            at++;
        }
        else
        {
            int solid = 0;
            while (at < text.Length && text[at] is not ((byte)',' or (byte)'}' or (byte)'{' or (byte)'"'))
            {
                bool escape = text[at] == '\\' && at + 1 < text.Length;
                at += escape ? 1 : 0;
                escaped |= escape;
                unescaped[length++] = text[at];
                solid = escape || !NumberText.IsSpace(text[at]) ? length : solid;
                at++;
            }

            length = solid;
            if (length == 0)
            {
                Malformed(whole, at < text.Length ? $"Unexpected \"{(char)text[Math.Max(at, start)]}\" character." : "Unexpected end of input.");
            }
        }

        ReadOnlySpan<byte> value = unescaped.AsSpan(0, length);
        if (!quoted && !escaped && Ascii.Is(value, "null"u8))
        {
            builder.AppendNull();
        }
        else
        {
            TextParse.Append(builder, value);
        }
    }

    public static void ParseRow(RowBuilder builder, ReadOnlySpan<byte> text)
    {
        int at = 0;
        SkipSpace(text, ref at);
        if (at >= text.Length || text[at++] != '(')
        {
            throw new SqlException("22P02", $"malformed record literal: \"{TextError.Show(text)}\"", detail: "Missing left parenthesis.");
        }

        byte[] value = new byte[text.Length];
        int before = builder.Count;
        try
        {
            for (int i = 0; i < builder.Fields.Length; i++)
            {
                bool isNull = true;
                int length = 0;
                bool quotes = false;
                while (at < text.Length && (quotes || text[at] is not ((byte)',' or (byte)')')))
                {
                    byte b = text[at++];
                    isNull = false;
                    if (b == '"')
                    {
                        if (quotes && at < text.Length && text[at] == '"')
                        {
                            value[length++] = text[at++];
                        }
                        else
                        {
                            quotes = !quotes;
                        }
                    }
                    else
                    {
                        value[length++] = b == '\\' && at < text.Length ? text[at++] : b;
                    }
                }

                bool last = i == builder.Fields.Length - 1;
                if (at >= text.Length || text[at++] != (last ? ')' : ','))
                {
                    throw new SqlException("22P02", $"malformed record literal: \"{TextError.Show(text)}\"",
                        detail: last ? "Too many columns." : "Too few columns.");
                }

                if (isNull)
                {
                    builder.Fields[i].AppendNull();
                }
                else
                {
                    TextParse.Append(builder.Fields[i], value.AsSpan(0, length));
                }
            }

            builder.EndRow();
        }
        catch (SqlException)
        {
            foreach (ColumnBuilder field in builder.Fields)
            {
                field.TruncateTo(before);
            }

            throw;
        }
    }

    private static void SkipSpace(ReadOnlySpan<byte> text, ref int at)
    {
        while (at < text.Length && NumberText.IsSpace(text[at]))
        {
            at++;
        }
    }

    private static void Malformed(ReadOnlySpan<byte> text, string detail) =>
        throw new SqlException("22P02", $"malformed array literal: \"{TextError.Show(text)}\"", detail: detail);
}
