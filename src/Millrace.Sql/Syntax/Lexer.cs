// Text to tokens: words, operators, punctuation, white space and comments; strings and numbers are in Lexer.Literals.cs.
using Millrace.Core;

namespace Millrace.Sql.Syntax;

/// <summary>Cuts a script into tokens by PostgreSQL's rules (its chapter "Lexical Structure").</summary>
internal sealed partial class Lexer
{
    /// <summary>The longest name, in bytes of UTF-8. PostgreSQL cuts names at 63 without an error; a cut name is a wrong name.</summary>
    public const int NameBytesMax = 1000;

    private const string OperatorChars = "+-*/<>=~!@#%^&|`?";

    // An operator of several characters may end in + or - only when it holds one of these: so that a=-1 is a = -1.
    private const string OperatorMarks = "~!@#%^&|`?";

    private readonly string _text;
    private readonly List<Token> _tokens;
    private int _at;

    private Lexer(string text)
    {
        _text = text;
        _tokens = new List<Token>(Math.Min(text.Length / 4, 1 << 20) + 4);
    }

    /// <summary>All tokens of a text, the last one being <see cref="TokenKind.EndOfText"/>.</summary>
    /// <exception cref="SqlException">42601 for a character, string or number that is none; 42622 for a name too long.</exception>
    public static List<Token> Tokenize(string text)
    {
        var lexer = new Lexer(text);
        while (lexer.SkipSpace())
        {
            lexer.Next();
        }
        lexer.Add(TokenKind.EndOfText, text.Length, "");
        return lexer._tokens;
    }

    private char Peek(int ahead = 0) => _at + ahead < _text.Length ? _text[_at + ahead] : '\0';

    private void Add(TokenKind kind, int start, string text) => _tokens.Add(new Token(kind, WordClass.Free, false, start, _at, text));

    /// <summary>Skips white space and comments; false at the end.</summary>
    private bool SkipSpace()
    {
        while (_at < _text.Length)
        {
            char c = _text[_at];
            if (c == ' ' || char.IsWhiteSpace(c) || c is '\uFEFF' or '\u200B')
            {
                _at++;
            }
            else if (c == '-' && Peek(1) == '-')
            {
                int end = _text.AsSpan(_at).IndexOfAny('\n', '\r');
                _at = end < 0 ? _text.Length : _at + end;
            }
            else if (c == '/' && Peek(1) == '*')
            {
                SkipBlockComment();
            }
            else
            {
                return true;
            }
        }
        return false;
    }

    private void SkipBlockComment()
    {
        int start = _at;
        int depth = 0;
        do
        {
            if (_at + 1 >= _text.Length)
            {
                throw new SqlException("42601", "unterminated /* comment", start,
                    "Close it with */; comments nest, so each /* needs its own.");
            }
            if (_text[_at] == '/' && _text[_at + 1] == '*')
            {
                depth++;
                _at += 2;
            }
            else if (_text[_at] == '*' && _text[_at + 1] == '/')
            {
                depth--;
                _at += 2;
            }
            else
            {
                _at++;
            }
        }
        while (depth > 0);
    }

    private void Next()
    {
        int start = _at;
        char c = _text[_at];
        if (char.IsAsciiLetter(c) || c == '_' || (c >= 0x80 && !IsTypographicQuote(c)))
        {
            if (!StringWithPrefix(c))
            {
                Word();
            }
            return;
        }
        if (char.IsAsciiDigit(c) || (c == '.' && char.IsAsciiDigit(Peek(1))))
        {
            Number();
            return;
        }
        switch (c)
        {
            case '\'': QuotedString(start, escapes: false); return;
            case '"': QuotedName(start, unicode: false); return;
            case '$': Dollar(); return;
            case '(': Punctuation(TokenKind.LeftParen, "("); return;
            case ')': Punctuation(TokenKind.RightParen, ")"); return;
            case '[': Punctuation(TokenKind.LeftBracket, "["); return;
            case ']': Punctuation(TokenKind.RightBracket, "]"); return;
            case ',': Punctuation(TokenKind.Comma, ","); return;
            case ';': Punctuation(TokenKind.Semicolon, ";"); return;
            case '.': Punctuation(TokenKind.Dot, "."); return;
            case ':' when Peek(1) == ':': Punctuation(TokenKind.ColonColon, "::"); return;
            case ':' when Peek(1) == '=': Punctuation(TokenKind.ColonEquals, ":="); return;
            case ':': Punctuation(TokenKind.Colon, ":"); return;
        }
        if (OperatorChars.Contains(c))
        {
            Operator();
            return;
        }
        throw UnexpectedCharacter(c);
    }

    private void Punctuation(TokenKind kind, string text)
    {
        int start = _at;
        _at += text.Length;
        Add(kind, start, text);
    }

    private void Operator()
    {
        int start = _at;
        int end = start;
        bool marked = false;
        while (end < _text.Length && OperatorChars.Contains(_text[end]))
        {
            char c = _text[end];
            char next = end + 1 < _text.Length ? _text[end + 1] : '\0';
            if ((c == '-' && next == '-') || (c == '/' && next == '*'))
            {
                break;
            }
            if (c == '`')
            {
                throw UnexpectedCharacter(c, end);
            }
            marked |= OperatorMarks.Contains(c);
            end++;
        }
        while (end - start > 1 && !marked && _text[end - 1] is '+' or '-' && end - start > 1)
        {
            end--;
        }
        _at = end;
        string text = OperatorText(_text.AsSpan(start, end - start));
        Add(text == "=>" ? TokenKind.Arrow : TokenKind.Operator, start, text);
    }

    /// <summary>The operator as one shared string where it is a common one; != is written &lt;&gt;.</summary>
    private static string OperatorText(ReadOnlySpan<char> op) => op switch
    {
        "=" => "=",
        "<" => "<",
        ">" => ">",
        "+" => "+",
        "-" => "-",
        "*" => "*",
        "/" => "/",
        "%" => "%",
        "<=" => "<=",
        ">=" => ">=",
        "<>" or "!=" => "<>",
        "=>" => "=>",
        "||" => "||",
        _ => op.ToString(),
    };

    private void Word()
    {
        int start = _at;
        int end = start + 1;
        while (end < _text.Length && IsWordPart(_text[end]))
        {
            end++;
        }
        _at = end;
        ReadOnlySpan<char> word = _text.AsSpan(start, end - start);
        if (word.Length <= Keywords.LengthMax)
        {
            Span<char> folded = stackalloc char[Keywords.LengthMax];
            for (int i = 0; i < word.Length; i++)
            {
                folded[i] = char.IsAsciiLetterUpper(word[i]) ? (char)(word[i] | 0x20) : word[i];
            }
            folded = folded[..word.Length];
            Keywords.Entry? entry = Keywords.Find(folded);
            _tokens.Add(entry is null
                ? new Token(TokenKind.Word, WordClass.Free, false, start, end, folded.ToString())
                : new Token(TokenKind.Word, entry.Class, entry.NeedsAs, start, end, entry.Text));
            return;
        }
        CheckNameLength(word, start);
        // Only ASCII letters fold, as in PostgreSQL with UTF-8.
        string text = string.Create(word.Length, (_text, start), static (to, from) =>
        {
            for (int i = 0; i < to.Length; i++)
            {
                char c = from._text[from.start + i];
                to[i] = char.IsAsciiLetterUpper(c) ? (char)(c | 0x20) : c;
            }
        });
        Add(TokenKind.Word, start, text);
    }

    private static bool IsWordPart(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '$' || (c >= 0x80 && !IsTypographicQuote(c)
        && !char.IsWhiteSpace(c) && c is not ('\uFEFF' or '\u200B'));

    private static bool IsTypographicQuote(char c) => c is '\u2018' or '\u2019' or '\u201C' or '\u201D' or '\u00AB' or '\u00BB';

    private static void CheckNameLength(ReadOnlySpan<char> name, int start)
    {
        if (name.Length > NameBytesMax || System.Text.Encoding.UTF8.GetByteCount(name) > NameBytesMax)
        {
            throw new SqlException("42622", $"name \"{name[..32]}…\" is too long", start,
                $"A name may have at most {NameBytesMax} bytes.");
        }
    }

    private SqlException UnexpectedCharacter(char c, int at = -1)
    {
        string shown = char.IsControl(c) || char.IsSurrogate(c) ? $"U+{(int)c:X4}" : $"\"{c}\"";
        string? hint = c switch
        {
            '`' => "Names are quoted with double quotes: \"name\".",
            '\u2018' or '\u2019' => "This is a typographic quote; strings are written with straight single quotes: 'text'.",
            '\u201C' or '\u201D' or '\u00AB' or '\u00BB' => "This is a typographic quote; use ' for strings and \" for names.",
            '\\' => "Commands with a backslash belong to psql and work only at the start of a line typed there.",
            _ => null,
        };
        return new SqlException("42601", $"unexpected character {shown}", at < 0 ? _at : at, hint);
    }
}
