// Brings JSON text into the one form that jsonb keeps: keys in PostgreSQL's order, the last duplicate, its spacing, plain numbers.
namespace Millrace.Core;

/// <summary>
/// Writes the normal form of JSON: object keys by length, then bytes; ", " and ": " as separators; strings unescaped as far as JSON allows;
/// exponents of numbers written out. Two jsonb values are equal exactly when these texts are, numbers' trailing zeros apart.
/// </summary>
internal sealed class JsonNormalizer
{
    private const int DepthMax = 512;

    [ThreadStatic]
    private static JsonNormalizer? s_shared;

    private readonly ByteWriter _keys = new(256);
    private readonly ByteWriter _sorted = new(1024);
    private Member[] _members = new Member[32];
    private int _memberCount;

    private struct Member
    {
        public int Key;
        public int KeyLength;
        public int Start;
        public int End;
    }

    /// <summary>Appends the normal form of <paramref name="json"/>.</summary>
    /// <exception cref="SqlException">22P02 when it is not JSON, 22P05 for a \u0000, 54001 when nested deeper than 512.</exception>
    public static void Append(ByteWriter writer, ReadOnlySpan<byte> json)
    {
        JsonNormalizer n = s_shared ??= new JsonNormalizer();
        n._keys.Reset();
        n._memberCount = 0;
        int start = writer.Length;
        int at = 0;
        SkipSpace(json, ref at);
        bool ok = false;
        try
        {
            n.Value(writer, json, ref at, 0);
            SkipSpace(json, ref at);
            if (at != json.Length)
            {
                Bad(json, at);
            }

            ok = true;
        }
        finally
        {
            if (!ok)
            {
                writer.TruncateTo(start);
            }
        }
    }

    private static void Bad(ReadOnlySpan<byte> json, int at)
    {
        if (at >= json.Length)
        {
            throw new SqlException("22P02", "invalid input syntax for type json", detail: "The input string ended unexpectedly.");
        }

        int end = at + 1;
        while (end < json.Length && end - at < 30 && (Ascii.IsLetter(json[end]) || Ascii.IsDigit(json[end]) || json[end] >= 0x80) && (Ascii.IsLetter(json[at]) || Ascii.IsDigit(json[at])))
        {
            end++;
        }

        throw new SqlException("22P02", "invalid input syntax for type json", detail: $"Token \"{TextError.Show(json[at..end])}\" is invalid.");
    }

    private static void SkipSpace(ReadOnlySpan<byte> json, ref int at)
    {
        while (at < json.Length && json[at] is (byte)' ' or (byte)'\t' or (byte)'\n' or (byte)'\r')
        {
            at++;
        }
    }

    private void Value(ByteWriter writer, ReadOnlySpan<byte> json, ref int at, int depth)
    {
        if (at >= json.Length)
        {
            Bad(json, at);
        }

        switch (json[at])
        {
            case (byte)'{':
                Object(writer, json, ref at, depth);
                break;
            case (byte)'[':
                Array(writer, json, ref at, depth);
                break;
            case (byte)'"':
                int length = writer.Length;
                String(writer, json, ref at);
                Quote(writer, length);
                break;
            case (byte)'t':
                Word(writer, json, ref at, "true"u8);
                break;
            case (byte)'f':
                Word(writer, json, ref at, "false"u8);
                break;
            case (byte)'n':
                Word(writer, json, ref at, "null"u8);
                break;
            default:
                Number(writer, json, ref at);
                break;
        }
    }

    private static void Word(ByteWriter writer, ReadOnlySpan<byte> json, ref int at, ReadOnlySpan<byte> word)
    {
        int end = at + word.Length;
        if (!json[at..].StartsWith(word) || (end < json.Length && (Ascii.IsLetter(json[end]) || Ascii.IsDigit(json[end]) || json[end] == '_')))
        {
            Bad(json, at);
        }

        writer.Write(word);
        at = end;
    }

    private void Array(ByteWriter writer, ReadOnlySpan<byte> json, ref int at, int depth)
    {
        CheckDepth(depth);
        writer.WriteByte((byte)'[');
        at++;
        SkipSpace(json, ref at);
        if (at < json.Length && json[at] == ']')
        {
            at++;
            writer.WriteByte((byte)']');
            return;
        }

        while (true)
        {
            SkipSpace(json, ref at);
            Value(writer, json, ref at, depth + 1);
            SkipSpace(json, ref at);
            byte b = at < json.Length ? json[at] : (byte)0;
            if (b == ']')
            {
                at++;
                writer.WriteByte((byte)']');
                return;
            }

            if (b != ',')
            {
                Bad(json, at);
            }

            at++;
            writer.Write(", "u8);
        }
    }

    private void Object(ByteWriter writer, ReadOnlySpan<byte> json, ref int at, int depth)
    {
        CheckDepth(depth);
        writer.WriteByte((byte)'{');
        at++;
        int first = _memberCount;
        int keys = _keys.Length;
        int body = writer.Length;
        SkipSpace(json, ref at);
        bool sorted = true;
        if (at < json.Length && json[at] == '}')
        {
            at++;
            writer.WriteByte((byte)'}');
            return;
        }

        while (true)
        {
            SkipSpace(json, ref at);
            if (at >= json.Length || json[at] != '"')
            {
                Bad(json, at);
            }

            var member = new Member { Start = writer.Length, Key = _keys.Length };
            String(_keys, json, ref at);
            member.KeyLength = _keys.Length - member.Key;
            writer.Write(_keys.Written[member.Key..]);
            Quote(writer, member.Start);
            SkipSpace(json, ref at);
            if (at >= json.Length || json[at] != ':')
            {
                Bad(json, at);
            }

            at++;
            writer.Write(": "u8);
            SkipSpace(json, ref at);
            Value(writer, json, ref at, depth + 1);
            member.End = writer.Length;
            sorted = sorted && (_memberCount == first || CompareKeys(_members[_memberCount - 1], member) < 0);
            if (_memberCount == _members.Length)
            {
                System.Array.Resize(ref _members, _members.Length * 2);
            }

            _members[_memberCount++] = member;
            SkipSpace(json, ref at);
            byte b = at < json.Length ? json[at] : (byte)0;
            at++;
            if (b == '}')
            {
                break;
            }

            if (b != ',')
            {
                Bad(json, at - 1);
            }

            writer.Write(", "u8);
        }

        if (!sorted)
        {
            Sort(writer, body, first);
        }

        writer.WriteByte((byte)'}');
        _memberCount = first;
        _keys.TruncateTo(keys);
    }

    /// <summary>Writes the members from <paramref name="first"/> on in order of their keys, the last of equal keys only.</summary>
    private void Sort(ByteWriter writer, int body, int first)
    {
        Span<Member> members = _members.AsSpan(first, _memberCount - first);
        members.Sort((a, b) => CompareKeys(a, b) is var c && c != 0 ? c : a.Start.CompareTo(b.Start));
        _sorted.Reset();
        for (int i = 0; i < members.Length; i++)
        {
            if (i + 1 < members.Length && CompareKeys(members[i], members[i + 1]) == 0)
            {
                continue;
            }

            if (_sorted.Length > 0)
            {
                _sorted.Write(", "u8);
            }

            _sorted.Write(writer.Written[members[i].Start..members[i].End]);
        }

        writer.TruncateTo(body);
        writer.Write(_sorted.Written);
    }

    private int CompareKeys(Member a, Member b) => a.KeyLength != b.KeyLength
        ? a.KeyLength - b.KeyLength
        : _keys.Written.Slice(a.Key, a.KeyLength).SequenceCompareTo(_keys.Written.Slice(b.Key, b.KeyLength));

    private static void CheckDepth(int depth)
    {
        if (depth >= DepthMax)
        {
            throw new SqlException("54001", "stack depth limit exceeded", hint: $"JSON may be nested {DepthMax} deep");
        }
    }

    /// <summary>Appends the content of a string literal, unescaped and unquoted.</summary>
    private static void String(ByteWriter writer, ReadOnlySpan<byte> json, ref int at)
    {
        int start = at++;
        while (true)
        {
            int run = at;
            while (at < json.Length && json[at] != '"' && json[at] != '\\' && json[at] >= 0x20)
            {
                at++;
            }

            writer.Write(json[run..at]);
            if (at >= json.Length || json[at] < 0x20)
            {
                Bad(json, at >= json.Length ? start : at);
            }

            if (json[at] == '"')
            {
                at++;
                return;
            }

            at++;
            byte b = at < json.Length ? json[at] : (byte)0;
            at++;
            switch (b)
            {
                case (byte)'"' or (byte)'\\' or (byte)'/':
                    writer.WriteByte(b);
                    break;
                case (byte)'b':
                    writer.WriteByte(8);
                    break;
                case (byte)'f':
                    writer.WriteByte(12);
                    break;
                case (byte)'n':
                    writer.WriteByte(10);
                    break;
                case (byte)'r':
                    writer.WriteByte(13);
                    break;
                case (byte)'t':
                    writer.WriteByte(9);
                    break;
                case (byte)'u':
                    int unit = Unit(json, ref at);
                    if (unit is >= 0xD800 and < 0xDC00 && at + 1 < json.Length && json[at] == '\\' && json[at + 1] == 'u')
                    {
                        at += 2;
                        int low = Unit(json, ref at);
                        unit = low is >= 0xDC00 and < 0xE000 ? 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00) : -1;
                    }

                    if (unit == 0)
                    {
                        throw new SqlException("22P05", "unsupported Unicode escape sequence", detail: @"\u0000 cannot be converted to text.");
                    }

                    if (!System.Text.Rune.TryCreate(unit, out System.Text.Rune rune))
                    {
                        throw new SqlException("22P02", "invalid input syntax for type json", detail: "Unicode surrogates must come in pairs, high then low.");
                    }

                    Span<byte> utf8 = writer.Take(4);
                    writer.TruncateTo(writer.Length - 4 + rune.EncodeToUtf8(utf8));
                    break;
                default:
                    Bad(json, at - 1);
                    break;
            }
        }
    }

    private static int Unit(ReadOnlySpan<byte> json, ref int at)
    {
        int value = 0;
        for (int i = 0; i < 4; i++, at++)
        {
            int digit = at < json.Length ? BytesText.HexDigit(json[at]) : -1;
            if (digit < 0)
            {
                Bad(json, at);
            }

            value = (value << 4) | digit;
        }

        return value;
    }

    /// <summary>Turns the raw string written from <paramref name="start"/> on into a literal.</summary>
    private static void Quote(ByteWriter writer, int start)
    {
        int length = writer.Length - start;
        int escapes = 0;
        foreach (byte b in writer.Written[start..])
        {
            escapes += JsonText.EscapeLength(b) - 1;
        }

        writer.Take(escapes + 2);
        byte[] buffer = writer.Buffer;
        if (escapes == 0)
        {
            buffer.AsSpan(start, length).CopyTo(buffer.AsSpan(start + 1));
        }
        else
        {
            int to = start + 1 + length + escapes;
            for (int from = start + length - 1; from >= start; from--)
            {
                byte b = buffer[from];
                int size = JsonText.EscapeLength(b);
                to -= size;
                JsonText.WriteEscape(buffer.AsSpan(to, size), b);
            }
        }

        buffer[start] = (byte)'"';
        buffer[writer.Length - 1] = (byte)'"';
    }

    private static void Number(ByteWriter writer, ReadOnlySpan<byte> json, ref int at)
    {
        int start = at;
        if (json[at] == '-')
        {
            at++;
        }

        int whole = at;
        Digits(json, ref at);
        int wholeEnd = at;
        if (wholeEnd == whole || (json[whole] == '0' && wholeEnd > whole + 1))
        {
            Bad(json, start);
        }

        int fraction = at;
        if (at < json.Length && json[at] == '.')
        {
            fraction = ++at;
            Digits(json, ref at);
            if (at == fraction)
            {
                Bad(json, start);
            }
        }

        int fractionEnd = at;
        int exponent = 0;
        if (at < json.Length && json[at] is (byte)'e' or (byte)'E')
        {
            at++;
            bool minus = at < json.Length && json[at] == '-';
            at += at < json.Length && json[at] is (byte)'-' or (byte)'+' ? 1 : 0;
            int digits = at;
            for (; at < json.Length && Ascii.IsDigit(json[at]); at++)
            {
                exponent = Math.Min((exponent * 10) + (json[at] - '0'), 1_000_000);
            }

            if (at == digits)
            {
                Bad(json, start);
            }

            exponent = minus ? -exponent : exponent;
        }

        if (at < json.Length && (Ascii.IsLetter(json[at]) || json[at] == '.'))
        {
            Bad(json, start);
        }

        bool zero = json[whole..fractionEnd].IndexOfAnyExcept((byte)'0', (byte)'.') < 0;
        if (exponent == 0)
        {
            writer.Write(json[(zero ? whole : start)..fractionEnd]);
            return;
        }

        if (exponent is > 131_000 or < -16_000)
        {
            throw new SqlException("22003", "value overflows numeric format");
        }

        // Digits d1…dn with the point behind p of them: shift the point.
        int n = wholeEnd - whole + (fractionEnd - fraction);
        int point = wholeEnd - whole + exponent;
        if (zero)
        {
            writer.WriteByte((byte)'0');
            if (n > point)
            {
                writer.WriteByte((byte)'.');
                writer.Take(n - point).Fill((byte)'0');
            }

            return;
        }

        if (json[start] == '-')
        {
            writer.WriteByte((byte)'-');
        }

        int first = 0;
        while (first < n - 1 && first < point - 1 && Digit(json, whole, wholeEnd, fraction, first) == '0')
        {
            first++;
        }

        for (int i = first; i < point; i++)
        {
            writer.WriteByte(i < n ? Digit(json, whole, wholeEnd, fraction, i) : (byte)'0');
        }

        if (point <= 0)
        {
            writer.WriteByte((byte)'0');
        }

        if (n > point)
        {
            writer.WriteByte((byte)'.');
            for (int i = point; i < n; i++)
            {
                writer.WriteByte(i < 0 ? (byte)'0' : Digit(json, whole, wholeEnd, fraction, i));
            }
        }
    }

    private static byte Digit(ReadOnlySpan<byte> json, int whole, int wholeEnd, int fraction, int i) =>
        json[i < wholeEnd - whole ? whole + i : fraction + i - (wholeEnd - whole)];

    private static void Digits(ReadOnlySpan<byte> json, ref int at)
    {
        while (at < json.Length && Ascii.IsDigit(json[at]))
        {
            at++;
        }
    }
}
