// Strings in all notations, quoted names, numbers and parameters.
using System.Globalization;
using System.Numerics;
using System.Text;
using Millrace.Core;

namespace Millrace.Sql.Syntax;

internal sealed partial class Lexer
{
    /// <summary>Reads E'…', B'…', X'…', N'…', U&amp;'…' and U&amp;"…"; false when the word is none of these.</summary>
    private bool StringWithPrefix(char c)
    {
        int start = _at;
        char next = Peek(1);
        switch (c)
        {
            case 'e' or 'E' when next == '\'':
                _at++;
                QuotedString(start, escapes: true);
                return true;
            case 'n' or 'N' when next == '\'':
                _at++;
                QuotedString(start, escapes: false);
                return true;
            case 'b' or 'B' or 'x' or 'X' when next == '\'':
                _at++;
                BitString(start, hex: c is 'x' or 'X');
                return true;
            case 'u' or 'U' when next == '&' && Peek(2) == '\'':
                _at += 2;
                string raw = ReadQuoted(start, '\'', false);
                char escape = ReadUescape();
                Add(TokenKind.String, start, DecodeUnicode(raw, escape, start));
                return true;
            case 'u' or 'U' when next == '&' && Peek(2) == '"':
                _at += 2;
                QuotedName(start, unicode: true);
                return true;
            default:
                return false;
        }
    }

    private void QuotedString(int start, bool escapes)
    {
        string value = ReadQuoted(start, '\'', escapes);
        Add(TokenKind.String, start, value);
    }

    private void QuotedName(int start, bool unicode)
    {
        string name = ReadQuoted(start, '"', false);
        if (unicode)
        {
            name = DecodeUnicode(name, ReadUescape(), start);
        }
        if (name.Length == 0)
        {
            throw new SqlException("42601", "a quoted name must not be empty", start,
                "Strings, also empty ones, are written with single quotes: ''.");
        }
        CheckNameLength(name, start);
        Add(TokenKind.QuotedName, start, name);
    }

    /// <summary>Reads from the opening quote to the closing one, with doubled quotes, escapes if asked for, and PostgreSQL's continuation
    /// of a string on the next line.</summary>
    private string ReadQuoted(int start, char quote, bool escapes)
    {
        _at++;
        StringBuilder? built = null;
        int run = _at;
        while (true)
        {
            int length = escapes
                ? _text.AsSpan(_at).IndexOfAny(quote, '\\')
                : _text.AsSpan(_at).IndexOf(quote);
            if (length < 0)
            {
                throw Unterminated(start, quote);
            }
            _at += length;
            if (_text[_at] == '\\')
            {
                built = (built ?? new StringBuilder()).Append(_text, run, _at - run);
                ReadEscape(built, start);
                run = _at;
            }
            else if (Peek(1) == quote)
            {
                built = (built ?? new StringBuilder()).Append(_text, run, _at + 1 - run);
                _at += 2;
                run = _at;
            }
            else
            {
                int end = _at++;
                int continued = quote == '\'' ? FindContinuation() : -1;
                if (continued < 0)
                {
                    return built is null ? _text[run..end] : built.Append(_text, run, end - run).ToString();
                }
                built = (built ?? new StringBuilder()).Append(_text, run, end - run);
                _at = continued + 1;
                run = _at;
            }
        }
    }

    private static SqlException Unterminated(int start, char quote) => quote == '\''
        ? new SqlException("42601", "unterminated string", start, "Close it with '; a quote inside a string is written twice: 'it''s'.")
        : new SqlException("42601", "unterminated quoted name", start, "Close it with \"; strings are written with single quotes.");

    /// <summary>The next string's quote when only white space with a line break (and -- comments) lies before it, else -1.</summary>
    private int FindContinuation()
    {
        bool newline = false;
        for (int i = _at; i < _text.Length; i++)
        {
            char c = _text[i];
            if (c is '\n' or '\r')
            {
                newline = true;
            }
            else if (c == '-' && i + 1 < _text.Length && _text[i + 1] == '-' && newline)
            {
                int end = _text.AsSpan(i).IndexOfAny('\n', '\r');
                if (end < 0)
                {
                    return -1;
                }
                i += end;
            }
            else if (c == '\'')
            {
                return newline ? i : -1;
            }
            else if (c is not (' ' or '\t' or '\f' or '\v'))
            {
                return -1;
            }
        }
        return -1;
    }

    /// <summary>One backslash escape of E'…'.</summary>
    private void ReadEscape(StringBuilder to, int start)
    {
        int at = _at;
        _at++;
        if (_at >= _text.Length)
        {
            throw Unterminated(start, '\'');
        }
        char c = _text[_at++];
        switch (c)
        {
            case 'b': to.Append('\b'); break;
            case 'f': to.Append('\f'); break;
            case 'n': to.Append('\n'); break;
            case 'r': to.Append('\r'); break;
            case 't': to.Append('\t'); break;
            case 'x' when char.IsAsciiHexDigit(Peek()): AppendCode(to, ReadDigits(2, 16), at); break;
            case 'u': AppendCode(to, ReadExactHex(4, at), at); break;
            case 'U': AppendCode(to, ReadExactHex(8, at), at); break;
            case >= '0' and <= '7':
                _at--;
                AppendCode(to, ReadDigits(3, 8) & 0xFF, at);
                break;
            default: to.Append(c); break;
        }
    }

    private int ReadDigits(int max, int radix)
    {
        int value = 0;
        for (int i = 0; i < max && char.IsAsciiHexDigit(Peek()); i++)
        {
            int digit = Convert.ToInt32(Peek().ToString(), 16);
            if (digit >= radix)
            {
                break;
            }
            value = (value * radix) + digit;
            _at++;
        }
        return value;
    }

    private int ReadExactHex(int digits, int at)
    {
        if (_at + digits > _text.Length
            || !int.TryParse(_text.AsSpan(_at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int value))
        {
            throw new SqlException("22025", "invalid Unicode escape", at, @"Unicode escapes are \uXXXX or \UXXXXXXXX.");
        }
        _at += digits;
        return value;
    }

    private static void AppendCode(StringBuilder to, int code, int at)
    {
        // Surrogates are let through one by one: a pair of \uD83D\uDE00 makes one character, as in PostgreSQL.
        if (code is <= 0 or > 0x10FFFF)
        {
            throw new SqlException("22021", "invalid character code in a string", at,
                "Codes from 1 to 10FFFF are characters; text cannot hold code 0.");
        }
        if (code < 0x10000)
        {
            to.Append((char)code);
        }
        else
        {
            to.Append(char.ConvertFromUtf32(code));
        }
    }

    private static string DecodeUnicode(string raw, char escape, int start)
    {
        if (!raw.Contains(escape))
        {
            return raw;
        }
        var built = new StringBuilder();
        for (int i = 0; i < raw.Length; i++)
        {
            if (raw[i] != escape)
            {
                built.Append(raw[i]);
            }
            else if (i + 1 < raw.Length && raw[i + 1] == escape)
            {
                built.Append(escape);
                i++;
            }
            else
            {
                bool six = i + 1 < raw.Length && raw[i + 1] == '+';
                int from = i + (six ? 2 : 1);
                int digits = six ? 6 : 4;
                if (from + digits > raw.Length || !int.TryParse(
                    raw.AsSpan(from, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int code))
                {
                    throw new SqlException("22025", "invalid Unicode escape", start,
                        $"Unicode escapes are {escape}XXXX or {escape}+XXXXXX.");
                }
                AppendCode(built, code, start);
                i = from + digits - 1;
            }
        }
        return built.ToString();
    }

    /// <summary>An optional <c>UESCAPE 'c'</c>; the backslash without it.</summary>
    private char ReadUescape()
    {
        int end = _at;
        if (!SkipSpace() || !_text.AsSpan(_at).StartsWith("uescape", StringComparison.OrdinalIgnoreCase))
        {
            _at = end;
            return '\\';
        }
        int word = _at;
        _at += "uescape".Length;
        if (!SkipSpace() || Peek() != '\'' || Peek(2) != '\'' || char.IsAsciiHexDigit(Peek(1)) || Peek(1) is '+' or '\'' or '"' or ' ')
        {
            throw new SqlException("42601", "UESCAPE needs one character", word, "Write UESCAPE '!', with no digit, +, quote or space.");
        }
        char escape = Peek(1);
        _at += 3;
        return escape;
    }

    private void BitString(int start, bool hex)
    {
        string digits = ReadQuoted(start, '\'', false);
        var bits = new StringBuilder(digits.Length * (hex ? 4 : 1));
        foreach (char c in digits)
        {
            if (hex ? !char.IsAsciiHexDigit(c) : c is not ('0' or '1'))
            {
                throw new SqlException("22P02", $"\"{c}\" is not a {(hex ? "hexadecimal" : "binary")} digit", start);
            }
            if (hex)
            {
                bits.Append(Convert.ToInt32(c.ToString(), 16).ToString("b4", CultureInfo.InvariantCulture));
            }
            else
            {
                bits.Append(c);
            }
        }
        Add(TokenKind.BitString, start, bits.ToString());
    }

    /// <summary><c>$1</c>, <c>$name</c> or <c>$tag$ … $tag$</c>.</summary>
    private void Dollar()
    {
        int start = _at;
        if (char.IsAsciiDigit(Peek(1)))
        {
            _at++;
            while (char.IsAsciiDigit(Peek()))
            {
                _at++;
            }
            RefuseTrailingJunk(start, "parameter");
            if (!int.TryParse(_text.AsSpan(start + 1, _at - start - 1), CultureInfo.InvariantCulture, out int index) || index is < 1
                or > 65535)
            {
                throw new SqlException("42601", "parameter number out of range", start, "Parameters are $1 to $65535.");
            }
            Add(TokenKind.Parameter, start, _text[(start + 1).._at]);
            return;
        }
        int tagEnd = start + 1;
        while (tagEnd < _text.Length && _text[tagEnd] != '$' && IsWordPart(_text[tagEnd]))
        {
            tagEnd++;
        }
        if (tagEnd >= _text.Length || _text[tagEnd] != '$')
        {
            if (tagEnd == start + 1)
            {
                throw UnexpectedCharacter('$');
            }
            _at = tagEnd;
            Add(TokenKind.Parameter, start, _text[(start + 1)..tagEnd].ToLowerInvariant());
            return;
        }
        ReadOnlySpan<char> tag = _text.AsSpan(start, tagEnd + 1 - start);
        int length = _text.AsSpan(tagEnd + 1).IndexOf(tag);
        if (length < 0)
        {
            throw new SqlException("42601", "unterminated dollar-quoted string", start,
                $"Close it with {(tag.Length < 64 ? tag.ToString() : "its tag")}.");
        }
        _at = tagEnd + 1 + length + tag.Length;
        Add(TokenKind.String, start, _text.Substring(tagEnd + 1, length));
    }

    private void Number()
    {
        int start = _at;
        if (Peek() == '0' && Peek(1) is 'x' or 'X' or 'o' or 'O' or 'b' or 'B')
        {
            RadixNumber(start);
            return;
        }
        bool underscores = SkipDigits();
        if (Peek() == '.' && Peek(1) != '.')
        {
            _at++;
            underscores |= char.IsAsciiDigit(Peek()) && SkipDigits();
        }
        if (Peek() is 'e' or 'E' && (char.IsAsciiDigit(Peek(1)) || (Peek(1) is '+' or '-' && char.IsAsciiDigit(Peek(2)))))
        {
            _at += 2;
            underscores |= SkipDigits();
        }
        RefuseTrailingJunk(start, "number");
        string text = _text[start.._at];
        Add(TokenKind.Number, start, underscores ? text.Replace("_", "", StringComparison.Ordinal) : text);
    }

    /// <summary>Skips digits with single underscores between them; true when there was one.</summary>
    private bool SkipDigits()
    {
        bool underscores = false;
        while (char.IsAsciiDigit(Peek()) || (Peek() == '_' && char.IsAsciiDigit(Peek(1)) && _at > 0 && char.IsAsciiDigit(_text[_at - 1])))
        {
            underscores |= Peek() == '_';
            _at++;
        }
        return underscores;
    }

    private void RadixNumber(int start)
    {
        (int bits, string digits, string name) = Peek(1) switch
        {
            'x' or 'X' => (4, "0123456789abcdef", "hexadecimal"),
            'o' or 'O' => (3, "01234567", "octal"),
            _ => (1, "01", "binary"),
        };
        _at += 2;
        int first = _at;
        while (digits.Contains(char.ToLowerInvariant(Peek())) || (Peek() == '_' && digits.Contains(char.ToLowerInvariant(Peek(1)))))
        {
            _at++;
        }
        if (_at == first)
        {
            throw new SqlException("42601", $"invalid {name} number", start, $"Digits are {digits}.");
        }
        RefuseTrailingJunk(start, "number");
        if (_at - first > 10_000)
        {
            throw new SqlException("22003", $"{name} number is too long", start);
        }
        BigInteger value = BigInteger.Zero;
        for (int i = first; i < _at; i++)
        {
            if (_text[i] != '_')
            {
                value = (value << bits) + digits.IndexOf(char.ToLowerInvariant(_text[i]));
            }
        }
        Add(TokenKind.Number, start, value.ToString(CultureInfo.InvariantCulture));
    }

    private void RefuseTrailingJunk(int start, string what)
    {
        if (Peek() is not '$' && IsWordPart(Peek()) && !IsTypographicQuote(Peek()))
        {
            int end = _at;
            while (end < _text.Length && end - start < 40 && IsWordPart(_text[end]))
            {
                end++;
            }
            throw new SqlException("42601", $"trailing characters after a {what}: \"{_text[start..end]}\"", start,
                "Put a space or an operator behind it; a name that starts with a digit needs double quotes.");
        }
    }
}
