// Functions on text: case, cutting, padding, searching, splitting, joining.
using System.Text;
using Millrace.Core;
using Millrace.Sql.Syntax;

namespace Millrace.Engine;

/// <summary>Text functions. Positions and lengths count characters.</summary>
internal static class TextFunctions
{
    private const int LengthMax = 1 << 28;

    public static void Register(FunctionRegistry r)
    {
        r.Group("Text");
        r.F("||(text, text) text", Join, "One text after the other", "'a' || 'b' → ab");
        r.F("||(text, any) text", new VariadicBody(VariadicForm.Text, JoinAny), "One after the other, as text", "'a' || 1 → a1");
        r.F("||(text, bool) text", (ByteSlice s, bool b, EvalContext c) => Join(s, ByteSlice.From(b ? "true" : "false"), c), "One after the other, as text", "'a' || true → atrue");
        r.F("||(bool, text) text", (bool b, ByteSlice s, EvalContext c) => Join(ByteSlice.From(b ? "true" : "false"), s, c), "One after the other, as text", "true || 'a' → truea");
        r.F("||(any, text) text", new VariadicBody(VariadicForm.Text, JoinAny), "One after the other, as text", "1 || 'a' → 1a");
        r.F("||(bytea, bytea) bytea", Join, "One byte string after the other", "'\\x01'::bytea || '\\x02'::bytea → \\x0102");
        r.F("length(text) int4", (ByteSlice s) => Utf8Text.Count(s.Span), "Number of characters", "length('héé') → 3");
        r.F("char_length(text) int4", (ByteSlice s) => Utf8Text.Count(s.Span), "Number of characters", "char_length('abc') → 3");
        r.F("character_length(text) int4", (ByteSlice s) => Utf8Text.Count(s.Span), "Number of characters", "character_length('abc') → 3");
        r.F("length(bytea) int4", (ByteSlice s) => s.Length, "Number of bytes", "length('\\x0102'::bytea) → 2");
        r.F("octet_length(text) int4", (ByteSlice s) => s.Length, "Number of bytes", "octet_length('é') → 2");
        r.F("octet_length(bytea) int4", (ByteSlice s) => s.Length, "Number of bytes", "octet_length('\\x0102'::bytea) → 2");
        r.F("bit_length(text) int4", (ByteSlice s) => s.Length * 8, "Number of bits", "bit_length('abc') → 24");
        r.F("upper(text) text", (ByteSlice s, EvalContext c) => Utf8Text.ChangeCase(s, true, c), "Upper case", "upper('ab') → AB");
        r.F("lower(text) text", (ByteSlice s, EvalContext c) => Utf8Text.ChangeCase(s, false, c), "Lower case", "lower('AB') → ab");
        r.F("initcap(text) text", InitCap, "First letters of words in upper case", "initcap('hi THOMAS') → Hi Thomas");
        r.F("substring(text, int4) text", (ByteSlice s, int from) => Substring(s, from, int.MaxValue), "The text from a position on",
            "substring('abcd', 2) → bcd");
        r.F("substring(text, int4, int4) text", SubstringChecked, "A part of a text", "substring('abcd', 2, 2) → bc");
        r.F("substr(text, int4) text", (ByteSlice s, int from) => Substring(s, from, int.MaxValue), "The text from a position on",
            "substr('abcd', 2) → bcd");
        r.F("substr(text, int4, int4) text", SubstringChecked, "A part of a text", "substr('abcd', 2, 2) → bc");
        r.F("left(text, int4) text", Left, "The first characters; all but the last when negative", "left('abcde', 2) → ab");
        r.F("right(text, int4) text", Right, "The last characters; all but the first when negative", "right('abcde', 2) → de");
        r.F("btrim(text) text", (ByteSlice s) => Trim(s, Space, true, true), "Without spaces at both ends", "btrim('  a ') → a");
        r.F("btrim(text, text) text", (ByteSlice s, ByteSlice set) => Trim(s, set, true, true), "Without the given characters at both ends",
            "btrim('xyax', 'xy') → a");
        r.F("ltrim(text) text", (ByteSlice s) => Trim(s, Space, true, false), "Without spaces in front", "ltrim('  a') → a");
        r.F("ltrim(text, text) text", (ByteSlice s, ByteSlice set) => Trim(s, set, true, false), "Without the given characters in front",
            "ltrim('zzya', 'xyz') → a");
        r.F("rtrim(text) text", (ByteSlice s) => Trim(s, Space, false, true), "Without spaces at the end", "rtrim('a  ') → a");
        r.F("rtrim(text, text) text", (ByteSlice s, ByteSlice set) => Trim(s, set, false, true), "Without the given characters at the end",
            "rtrim('axx', 'x') → a");
        r.F("lpad(text, int4) text", (ByteSlice s, int n, EvalContext c) => Pad(s, n, Space, true, c), "Filled with spaces in front",
            "lpad('a', 3) →   a");
        r.F("lpad(text, int4, text) text", (ByteSlice s, int n, ByteSlice fill, EvalContext c) => Pad(s, n, fill, true, c),
            "Filled in front", "lpad('hi', 5, 'xy') → xyxhi");
        r.F("rpad(text, int4) text", (ByteSlice s, int n, EvalContext c) => Pad(s, n, Space, false, c), "Filled with spaces at the end",
            "rpad('a', 3) || '|' → a  |");
        r.F("rpad(text, int4, text) text", (ByteSlice s, int n, ByteSlice fill, EvalContext c) => Pad(s, n, fill, false, c),
            "Filled at the end", "rpad('hi', 5, 'xy') → hixyx");
        r.F("repeat(text, int4) text", Repeat, "The text several times", "repeat('ab', 3) → ababab");
        r.F("reverse(text) text", Reverse, "Characters in reverse order", "reverse('abc') → cba");
        r.F("position(text, text) int4", (ByteSlice part, ByteSlice s) => Position(s, part),
            "Where the first text starts in the second; 0 for nowhere", "position('b' IN 'abc') → 2");
        r.F("strpos(text, text) int4", Position, "Where the second text starts in the first; 0 for nowhere", "strpos('high', 'ig') → 2");
        r.F("replace(text, text, text) text", Replace, "Each occurrence replaced", "replace('abcabc', 'b', 'x') → axcaxc");
        r.F("translate(text, text, text) text", Translate, "Characters replaced one by one", "translate('12345', '143', 'ax') → a2x5");
        r.F("split_part(text, text, int4) text", SplitPart, "The n-th field between separators", "split_part('a,b,c', ',', 2) → b");
        r.F("starts_with(text, text) bool", StartsWith, "True when the text begins so", "starts_with('alphabet', 'alph') → true");
        r.F("^@(text, text) bool", StartsWith, "True when the text begins so", "'alphabet' ^@ 'alph' → true");
        r.F("ends_with(text, text) bool", (ByteSlice s, ByteSlice end) => s.Span.EndsWith(end.Span), "True when the text ends so",
            "ends_with('abc', 'bc') → true");
        r.F("ascii(text) int4", (ByteSlice s) => s.Length == 0 ? 0 : FirstRune(s), "Code of the first character", "ascii('x') → 120");
        r.F("chr(int4) text", Chr, "The character with a code", "chr(65) → A");
        r.F("to_hex(int4) text", (int v, EvalContext c) => c.Scratch.Copy(v.ToString("x")), "Hexadecimal digits", "to_hex(255) → ff");
        r.F("to_hex(int8) text", (long v, EvalContext c) => c.Scratch.Copy(v.ToString("x")), "Hexadecimal digits",
            "to_hex(255::bigint) → ff");
        r.F("overlay(text, text, int4) text",
            (ByteSlice s, ByteSlice by, int from, EvalContext c) => Overlay(s, by, from, Utf8Text.Count(by.Span), c), "A part replaced by another text", "overlay('abcd', 'XX', 2) → aXXd");
        r.F("overlay(text, text, int4, int4) text", Overlay, "A part replaced by another text", "overlay('abcdef', 'X', 2, 3) → aXef");
        r.F("concat(any...) text", new VariadicBody(VariadicForm.Text, Concat), "All arguments that are not null, as text",
            "concat('a', 1, NULL) → a1");
        r.F("concat_ws(text, any...) text", new VariadicBody(VariadicForm.Text, ConcatWs),
            "Arguments that are not null with a separator between", "concat_ws(',', 'a', NULL, 'b') → a,b");
        r.F("format(text, any...) text", new VariadicBody(VariadicForm.Text, Format), "printf-like: %s, %I, %L, %%",
            "format('%s-%s', 'a', 1) → a-1");
        r.F("format(text) text", (ByteSlice f, EvalContext c) => Format([f], c)!.Value, "printf-like: %s, %I, %L, %%",
            "format('100%%') → 100%");
        r.F("quote_ident(text) text", QuoteIdent, "The text as an identifier", "quote_ident('Foo bar') → \"Foo bar\"");
        r.F("quote_literal(text) text", QuoteLiteral, "The text as a literal", "quote_literal('it''s') → 'it''s'");
        r.F("quote_nullable(text) text", (ByteSlice? s, EvalContext c) => s is { } v ? QuoteLiteral(v, c) : c.Scratch.Copy("NULL"),
            "The text as a literal or NULL", "quote_nullable(NULL) → NULL");
    }

    private static readonly ByteSlice Space = ByteSlice.From(" ");

    public static ByteSlice Join(ByteSlice a, ByteSlice b, EvalContext context)
    {
        if (a.Length == 0 || b.Length == 0)
        {
            return a.Length == 0 ? b : a;
        }

        ByteSlice room = context.Scratch.Take(checked(a.Length + b.Length));
        a.Span.CopyTo(room.Room());
        b.Span.CopyTo(room.Room()[a.Length..]);
        return room;
    }

    private static ByteSlice? JoinAny(ByteSlice?[] parts, EvalContext context) =>
        parts[0] is { } a && parts[1] is { } b ? Join(a, b, context) : null;

    private static ByteSlice InitCap(ByteSlice s, EvalContext context)
    {
        ByteWriter writer = context.Scratch.Begin();
        ReadOnlySpan<byte> rest = s.Span;
        bool inside = false;
        while (!rest.IsEmpty)
        {
            Rune.DecodeFromUtf8(rest, out Rune rune, out int used);
            Utf8Text.Append(writer, inside ? Rune.ToLowerInvariant(rune) : Rune.ToUpperInvariant(rune));
            inside = Rune.IsLetterOrDigit(rune);
            rest = rest[used..];
        }

        return context.Scratch.End();
    }

    private static ByteSlice SubstringChecked(ByteSlice s, int from, int count)
    {
        if (count < 0)
        {
            throw new SqlException("22011", "negative substring length not allowed");
        }

        return Substring(s, from, count);
    }

    public static ByteSlice Substring(ByteSlice s, int from, int count)
    {
        long end = Math.Min((long)from + count, int.MaxValue);
        int first = Utf8Text.Offset(s.Span, from - 1);
        int last = end <= 1 ? 0 : Utf8Text.Offset(s.Span, (int)end - 1);
        return last <= first ? ByteSlice.Empty : s.Part(first, last - first);
    }

    private static ByteSlice Left(ByteSlice s, int count)
    {
        int n = count >= 0 ? count : Utf8Text.Count(s.Span) + count;
        return s.Part(0, Utf8Text.Offset(s.Span, n));
    }

    private static ByteSlice Right(ByteSlice s, int count)
    {
        int skip = count >= 0 ? Utf8Text.Count(s.Span) - count : count == int.MinValue ? int.MaxValue : -count;
        int offset = Utf8Text.Offset(s.Span, skip);
        return s.Part(offset, s.Length - offset);
    }

    private static ByteSlice Trim(ByteSlice s, ByteSlice set, bool front, bool end)
    {
        ReadOnlySpan<byte> text = s.Span;
        ReadOnlySpan<byte> chars = set.Span;
        int first = 0;
        int last = text.Length;
        while (front && first < last && Contains(chars, text.Slice(first, Math.Min(Utf8Text.Width(text[first]), last - first))))
        {
            first += Utf8Text.Width(text[first]);
        }

        while (end && last > first)
        {
            int start = last - 1;
            while (start > first && (text[start] & 0xC0) == 0x80)
            {
                start--;
            }

            if (!Contains(chars, text[start..last]))
            {
                break;
            }

            last = start;
        }

        return s.Part(first, Math.Max(0, last - first));
    }

    private static bool Contains(ReadOnlySpan<byte> set, ReadOnlySpan<byte> character) => set.IndexOf(character) >= 0;

    private static ByteSlice Pad(ByteSlice s, int length, ByteSlice fill, bool front, EvalContext context)
    {
        int count = Utf8Text.Count(s.Span);
        length = Math.Max(0, length);
        if (length <= count || fill.Length == 0)
        {
            return s.Part(0, Utf8Text.Offset(s.Span, length));
        }

        CheckLength(length);
        ByteWriter writer = context.Scratch.Begin();
        if (!front)
        {
            writer.Write(s.Span);
        }

        int missing = length - count;
        int fillCount = Utf8Text.Count(fill.Span);
        for (; missing >= fillCount; missing -= fillCount)
        {
            writer.Write(fill.Span);
        }

        writer.Write(fill.Span[..Utf8Text.Offset(fill.Span, missing)]);
        if (front)
        {
            writer.Write(s.Span);
        }

        return context.Scratch.End();
    }

    private static void CheckLength(long length)
    {
        if (length > LengthMax)
        {
            throw new SqlException("54000", "requested length too large");
        }
    }

    private static ByteSlice Repeat(ByteSlice s, int count, EvalContext context)
    {
        if (count <= 0 || s.Length == 0)
        {
            return ByteSlice.Empty;
        }

        CheckLength((long)s.Length * count);
        ByteSlice room = context.Scratch.Take(s.Length * count);
        for (int i = 0; i < count; i++)
        {
            s.Span.CopyTo(room.Room()[(i * s.Length)..]);
        }

        return room;
    }

    private static ByteSlice Reverse(ByteSlice s, EvalContext context)
    {
        ByteSlice room = context.Scratch.Take(s.Length);
        ReadOnlySpan<byte> from = s.Span;
        Span<byte> to = room.Room();
        int end = to.Length;
        for (int i = 0; i < from.Length;)
        {
            int width = Math.Min(Utf8Text.Width(from[i]), from.Length - i);
            end -= width;
            from.Slice(i, width).CopyTo(to[end..]);
            i += width;
        }

        return room;
    }

    private static int Position(ByteSlice s, ByteSlice part)
    {
        int at = s.Span.IndexOf(part.Span);
        return at < 0 ? 0 : Utf8Text.Count(s.Span[..at]) + 1;
    }

    private static ByteSlice Replace(ByteSlice s, ByteSlice from, ByteSlice to, EvalContext context)
    {
        if (from.Length == 0 || s.Span.IndexOf(from.Span) < 0)
        {
            return s;
        }

        ByteWriter writer = context.Scratch.Begin();
        ReadOnlySpan<byte> rest = s.Span;
        for (int at = rest.IndexOf(from.Span); at >= 0; at = rest.IndexOf(from.Span))
        {
            writer.Write(rest[..at]);
            writer.Write(to.Span);
            rest = rest[(at + from.Length)..];
        }

        writer.Write(rest);
        return context.Scratch.End();
    }

    private static ByteSlice Translate(ByteSlice s, ByteSlice from, ByteSlice to, EvalContext context)
    {
        ByteWriter writer = context.Scratch.Begin();
        ReadOnlySpan<byte> rest = s.Span;
        while (!rest.IsEmpty)
        {
            ReadOnlySpan<byte> character = rest[..Math.Min(Utf8Text.Width(rest[0]), rest.Length)];
            int at = from.Span.IndexOf(character);
            if (at < 0)
            {
                writer.Write(character);
            }
            else
            {
                int index = Utf8Text.Count(from.Span[..at]);
                int start = Utf8Text.Offset(to.Span, index);
                writer.Write(to.Span[start..Utf8Text.Offset(to.Span, index + 1)]);
            }

            rest = rest[character.Length..];
        }

        return context.Scratch.End();
    }

    private static ByteSlice SplitPart(ByteSlice s, ByteSlice separator, int field)
    {
        if (field == 0)
        {
            throw new SqlException("22023", "field position must not be zero");
        }

        if (separator.Length == 0)
        {
            return field is 1 or -1 ? s : ByteSlice.Empty;
        }

        if (field < 0)
        {
            int fields = s.Length == 0 ? 0 : s.Span.Count(separator.Span) + 1;
            field = fields + field + 1;
            if (field <= 0)
            {
                return ByteSlice.Empty;
            }
        }

        int start = 0;
        while (true)
        {
            int at = s.Span[start..].IndexOf(separator.Span);
            if (--field == 0)
            {
                return s.Part(start, at < 0 ? s.Length - start : at);
            }

            if (at < 0)
            {
                return ByteSlice.Empty;
            }

            start += at + separator.Length;
        }
    }

    private static bool StartsWith(ByteSlice s, ByteSlice start) => s.Span.StartsWith(start.Span);

    private static int FirstRune(ByteSlice s)
    {
        Rune.DecodeFromUtf8(s.Span, out Rune rune, out _);
        return rune.Value;
    }

    private static ByteSlice Chr(int code, EvalContext context)
    {
        if (code == 0)
        {
            throw new SqlException("54000", "null character not permitted");
        }

        if (!Rune.IsValid(code))
        {
            throw new SqlException("54000", $"requested character not valid for encoding: {code}");
        }

        Utf8Text.Append(context.Scratch.Begin(), new Rune(code));
        return context.Scratch.End();
    }

    private static ByteSlice Overlay(ByteSlice s, ByteSlice by, int from, int count, EvalContext context)
    {
        if (from <= 0)
        {
            throw new SqlException("22011", "negative substring length not allowed");
        }

        ByteSlice head = Substring(s, 1, from - 1);
        ByteSlice tail = Substring(s, (int)Math.Min((long)from + count, int.MaxValue), int.MaxValue);
        return Join(Join(head, by, context), tail, context);
    }

    private static ByteSlice Concat(ByteSlice?[] parts, EvalContext context)
    {
        ByteWriter writer = context.Scratch.Begin();
        foreach (ByteSlice? part in parts)
        {
            writer.Write(part.GetValueOrDefault().Span);
        }

        return context.Scratch.End();
    }

    private static ByteSlice? ConcatWs(ByteSlice?[] parts, EvalContext context)
    {
        if (parts[0] is not { } separator)
        {
            return null;
        }

        ByteWriter writer = context.Scratch.Begin();
        bool first = true;
        foreach (ByteSlice? part in parts.AsSpan(1))
        {
            if (part is { } text)
            {
                writer.Write(first ? default : separator.Span);
                writer.Write(text.Span);
                first = false;
            }
        }

        return context.Scratch.End();
    }

    private static ByteSlice? Format(ByteSlice?[] parts, EvalContext context)
    {
        if (parts[0] is not { } format)
        {
            return null;
        }

        var writer = new ByteWriter(128);
        ReadOnlySpan<byte> f = format.Span;
        int next = 1;
        for (int i = 0; i < f.Length; i++)
        {
            if (f[i] != '%')
            {
                writer.WriteByte(f[i]);
                continue;
            }

            if (++i >= f.Length)
            {
                throw new SqlException("22023", "unterminated format() type specifier", hint: "For a single \"%\" use \"%%\".");
            }

            if (f[i] == '%')
            {
                writer.WriteByte((byte)'%');
                continue;
            }

            int number = 0;
            int digits = i;
            while (digits < f.Length && f[digits] is >= (byte)'0' and <= (byte)'9')
            {
                number = (number * 10) + f[digits++] - '0';
            }

            int position = next;
            if (digits < f.Length && f[digits] == '$' && digits > i)
            {
                position = number;
                i = digits + 1;
                number = 0;
            }

            bool left = i < f.Length && f[i] == '-';
            i += left ? 1 : 0;
            int width = 0;
            while (i < f.Length && f[i] is >= (byte)'0' and <= (byte)'9')
            {
                width = Math.Min((width * 10) + f[i++] - '0', LengthMax);
            }

            if (position < 1 || position >= parts.Length)
            {
                throw new SqlException("22023", "too few arguments for format()");
            }

            next = position + 1;
            ByteSlice? value = parts[position];
            byte kind = i < f.Length ? f[i] : (byte)0;
            ByteSlice text = kind switch
            {
                (byte)'s' => value.GetValueOrDefault(),
                (byte)'I' => value is { } v ? QuoteIdent(v, context)
                    : throw new SqlException("22004", "null values cannot be formatted as an SQL identifier"),
                (byte)'L' => value is { } v ? QuoteLiteral(v, context) : ByteSlice.From("NULL"),
                _ => throw new SqlException("22023", $"unrecognized format() type specifier \"{(char)kind}\"",
                    hint: "For a single \"%\" use \"%%\"."),
            };
            int fill = Math.Max(0, width - Utf8Text.Count(text.Span));
            writer.Take(left ? 0 : fill).Fill((byte)' ');
            writer.Write(text.Span);
            writer.Take(left ? fill : 0).Fill((byte)' ');
        }

        return context.Scratch.Copy(writer.Written);
    }

    private static ByteSlice QuoteIdent(ByteSlice s, EvalContext context)
    {
        bool plain = s.Length > 0 && (s.Span[0] is (>= (byte)'a' and <= (byte)'z') or (byte)'_');
        foreach (byte b in s.Span)
        {
            plain &= b is (>= (byte)'a' and <= (byte)'z') or (>= (byte)'0' and <= (byte)'9') or (byte)'_';
        }

        return plain && SqlParser.IsFree(s.ToString()) ? s : context.Scratch.Copy("\"" + s.ToString().Replace("\"", "\"\"") + "\"");
    }

    private static ByteSlice QuoteLiteral(ByteSlice s, EvalContext context)
    {
        string text = s.ToString();
        string quoted = "'" + text.Replace("'", "''").Replace("\\", "\\\\") + "'";
        return context.Scratch.Copy(text.Contains('\\') ? "E" + quoted : quoted);
    }
}
