// Text to jsonpath: one pass, a method a level of precedence.
using System.Globalization;
using System.Text;
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>Reads a jsonpath.</summary>
internal sealed class JsonPathParser
{
    private const int DepthMax = 256;
    private static readonly string[] s_methods = ["type", "size", "double", "ceiling", "floor", "abs", "datetime", "keyvalue"];
    private static readonly string[] s_signs = ["&&", "||", "**", "==", "!=", "<>", "<=", ">="];

    private readonly string _text;
    private int _at;
    private int _depth;
    private int _filters;
    private int _subscripts;
    private string _token = ""; // the sign or word that is next; "" at the end
    private Kind _kind;
    private string _value = "";

    private JsonPathParser(string text)
    {
        _text = text;
        Next();
    }

    private enum Kind
    {
        End,
        Sign,
        Word,
        String,
        Number,
        Variable,
    }

    /// <summary>Reads a path.</summary>
    /// <exception cref="SqlException">42601 with the place.</exception>
    public static JsonPath Parse(string text)
    {
        var parser = new JsonPathParser(text);
        bool strict = parser.Word("strict");
        _ = strict || parser.Word("lax");
        JsonPathNode root = parser.Or();
        return parser._kind == Kind.End ? new JsonPath(strict, root) : throw parser.Bad();
    }

    private SqlException Bad(string? why = null) => new("42601", why is not null ? $"invalid jsonpath: {why}"
        : _kind == Kind.End ? "syntax error at end of jsonpath input" : $"syntax error at or near \"{_token}\" of jsonpath input", hint: $"in {_text}");

    private bool Sign(string sign)
    {
        if (_kind != Kind.Sign || _token != sign)
        {
            return false;
        }

        Next();
        return true;
    }

    private bool Word(string word)
    {
        if (_kind != Kind.Word || !_value.Equals(word, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        Next();
        return true;
    }

    private void Expect(string sign)
    {
        if (!Sign(sign))
        {
            throw Bad();
        }
    }

    private JsonPathNode Or()
    {
        if (++_depth > DepthMax)
        {
            throw new SqlException("54001", "jsonpath is nested too deeply");
        }

        JsonPathNode left = And();
        while (Sign("||"))
        {
            left = new PathOr(Condition(left), Condition(And()));
        }

        _depth--;
        return left;
    }

    private JsonPathNode And()
    {
        JsonPathNode left = Compare();
        while (Sign("&&"))
        {
            left = new PathAnd(Condition(left), Condition(Compare()));
        }

        return left;
    }

    private JsonPathNode Condition(JsonPathNode node) => node.IsCondition ? node : throw Bad("a condition is needed, not a value");

    private JsonPathNode Value(JsonPathNode node) => node.IsCondition ? throw Bad("a value is needed, not a condition") : node;

    private JsonPathNode Compare()
    {
        JsonPathNode left = Sum();
        if (_kind == Kind.Sign && _token is "==" or "!=" or "<>" or "<" or "<=" or ">" or ">=")
        {
            string op = _token == "<>" ? "!=" : _token;
            Next();
            return new PathCompare(op, Value(left), Value(Sum()));
        }

        if (Word("starts"))
        {
            if (!Word("with") || _kind is not (Kind.String or Kind.Variable))
            {
                throw Bad();
            }

            return new PathStartsWith(Value(left), Primary());
        }

        if (Word("like_regex"))
        {
            string pattern = Text();
            return new PathLikeRegex(Value(left), PathLikeRegex.Compile(pattern, Word("flag") ? Text() : ""));
        }

        return left;
    }

    private string Text()
    {
        string text = _kind == Kind.String ? _value : throw Bad();
        Next();
        return text;
    }

    private JsonPathNode Sum()
    {
        JsonPathNode left = Product();
        while (_kind == Kind.Sign && _token is "+" or "-")
        {
            char op = _token[0];
            Next();
            left = new PathArithmetic(op, Value(left), Value(Product()));
        }

        return left;
    }

    private JsonPathNode Product()
    {
        JsonPathNode left = Unary();
        while (_kind == Kind.Sign && _token is "*" or "/" or "%")
        {
            char op = _token[0];
            Next();
            left = new PathArithmetic(op, Value(left), Value(Unary()));
        }

        return left;
    }

    private JsonPathNode Unary()
    {
        if (_kind == Kind.Sign && _token is "+" or "-")
        {
            bool minus = _token == "-";
            Next();
            return new PathSign(minus, Value(Unary()));
        }

        if (Sign("!"))
        {
            return new PathNot(Delimited());
        }

        return Steps(Primary());
    }

    // What may stand behind !: (condition) or exists (…).
    private JsonPathNode Delimited() =>
        _kind == Kind.Word || (_kind == Kind.Sign && _token == "(") ? Condition(Primary()) : throw Bad();

    private JsonPathNode Primary()
    {
        switch (_kind)
        {
            case Kind.String:
                var quoted = new ByteWriter(_value.Length + 8);
                JsonText.AppendString(quoted, Encoding.UTF8.GetBytes(_value));
                return Literal(Encoding.UTF8.GetString(quoted.Written));
            case Kind.Number:
                return Literal(_value);
            case Kind.Variable:
                string name = _value;
                Next();
                return new PathVariable(Quoted(name));
        }

        if (Sign("$"))
        {
            return new PathRoot();
        }

        if (Sign("@"))
        {
            return _filters > 0 ? new PathCurrent() : throw Bad("@ is not allowed in root expressions");
        }

        if (Sign("("))
        {
            JsonPathNode inner = Or();
            Expect(")");
            if (inner.IsCondition && Word("is"))
            {
                return Word("unknown") ? new PathIsUnknown(inner) : throw Bad();
            }

            return inner;
        }

        if (_kind == Kind.Word)
        {
            switch (_value.ToLowerInvariant())
            {
                case "true" or "false" or "null":
                    return Literal(_value.ToLowerInvariant());
                case "last":
                    Next();
                    return _subscripts > 0 ? new PathLast() : throw Bad("LAST is allowed only in array subscripts");
                case "exists":
                    Next();
                    Expect("(");
                    JsonPathNode inner = Value(Or());
                    Expect(")");
                    return new PathExists(inner);
            }
        }

        throw Bad();
    }

    private PathLiteral Literal(string json)
    {
        var writer = new ByteWriter(json.Length + 8);
        JsonText.AppendNormalized(writer, Encoding.UTF8.GetBytes(json));
        Next();
        return new PathLiteral(ByteSlice.From(writer.Written.ToArray()));
    }

    private static ByteSlice Quoted(string name)
    {
        var writer = new ByteWriter(name.Length + 8);
        JsonText.AppendString(writer, Encoding.UTF8.GetBytes(name));
        return ByteSlice.From(writer.Written.ToArray());
    }

    private JsonPathNode Steps(JsonPathNode from)
    {
        var steps = new List<PathStep>();
        while (_kind == Kind.Sign)
        {
            if (Sign("."))
            {
                steps.Add(Dot());
            }
            else if (Sign("["))
            {
                steps.Add(Brackets());
            }
            else if (Sign("?"))
            {
                Expect("(");
                _filters++;
                steps.Add(new FilterStep(Condition(Or())));
                _filters--;
                Expect(")");
            }
            else
            {
                break;
            }
        }

        return steps.Count == 0 ? from : new PathChain(from, steps);
    }

    private PathStep Dot()
    {
        if (Sign("*"))
        {
            return new AnyMemberStep();
        }

        if (Sign("**"))
        {
            if (!Sign("{"))
            {
                return new DescendantsStep(0, int.MaxValue);
            }

            int first = Level();
            int last = Word("to") ? Level() : first;
            Expect("}");
            return new DescendantsStep(first, last);
        }

        if (_kind is not (Kind.Word or Kind.String))
        {
            throw Bad();
        }

        bool word = _kind == Kind.Word;
        string name = _value;
        Next();
        if (!word || !s_methods.Contains(name, StringComparer.Ordinal) || !Sign("("))
        {
            return new MemberStep(Quoted(name));
        }

        string? template = name == "datetime" && _kind == Kind.String ? Text() : null;
        Expect(")");
        return new MethodStep(name, template);
    }

    private int Level()
    {
        if (Word("last"))
        {
            return int.MaxValue;
        }

        if (_kind != Kind.Number || !int.TryParse(_value, NumberStyles.None, CultureInfo.InvariantCulture, out int level))
        {
            throw Bad();
        }

        Next();
        return level;
    }

    private PathStep Brackets()
    {
        if (Sign("*"))
        {
            Expect("]");
            return new AnyElementStep();
        }

        var parts = new List<(JsonPathNode, JsonPathNode?)>();
        _subscripts++;
        do
        {
            JsonPathNode from = Value(Sum());
            parts.Add((from, Word("to") ? Value(Sum()) : null));
        }
        while (Sign(","));
        _subscripts--;
        Expect("]");
        return new ElementsStep(parts);
    }

    private void Next()
    {
        while (_at < _text.Length && (char.IsWhiteSpace(_text[_at]) || Comment()))
        {
            _at++;
        }

        int start = _at;
        (_kind, _value) = Read();
        _token = _text[start.._at];
    }

    private bool Comment()
    {
        if (!_text.AsSpan(_at).StartsWith("/*", StringComparison.Ordinal))
        {
            return false;
        }

        int end = _text.IndexOf("*/", _at + 2, StringComparison.Ordinal);
        _at = end < 0 ? throw new SqlException("42601", "unexpected end of comment of jsonpath input") : end + 1;
        return true;
    }

    private (Kind, string) Read()
    {
        if (_at == _text.Length)
        {
            return (Kind.End, "");
        }

        char c = _text[_at];
        if (c == '"')
        {
            return (Kind.String, String());
        }

        if (char.IsAsciiDigit(c) || (c == '.' && _at + 1 < _text.Length && char.IsAsciiDigit(_text[_at + 1]) && _kind is not (Kind.Word or Kind.String or Kind.Variable)))
        {
            return (Kind.Number, Number());
        }

        if (c == '$' && _at + 1 < _text.Length && (_text[_at + 1] == '"' || IsWord(_text[_at + 1])))
        {
            _at++;
            return (Kind.Variable, _text[_at] == '"' ? String() : Name());
        }

        if (IsWord(c))
        {
            return (Kind.Word, Name());
        }

        string sign = s_signs.FirstOrDefault(s => _text.AsSpan(_at).StartsWith(s, StringComparison.Ordinal)) ?? c.ToString();
        _at += sign.Length;
        return (Kind.Sign, sign);
    }

    private static bool IsWord(char c) => char.IsLetterOrDigit(c) || c == '_' || (c >= 0x80 && !char.IsWhiteSpace(c)) || c == '\\';

    private string Name()
    {
        var name = new StringBuilder();
        while (_at < _text.Length && IsWord(_text[_at]))
        {
            name.Append(_text[_at] == '\\' ? Escape() : _text[_at++]);
        }

        return name.ToString();
    }

    private string Number()
    {
        int start = _at;
        void Digits()
        {
            while (_at < _text.Length && char.IsAsciiDigit(_text[_at]))
            {
                _at++;
            }
        }

        Digits();
        if (_at < _text.Length && _text[_at] == '.')
        {
            _at++;
            Digits();
        }

        if (_at < _text.Length && _text[_at] is 'e' or 'E')
        {
            _at++;
            _at += _at < _text.Length && _text[_at] is '+' or '-' ? 1 : 0;
            Digits();
        }

        if (_at < _text.Length && IsWord(_text[_at]))
        {
            throw new SqlException("42601", $"trailing junk after numeric literal at or near \"{_text[start..(_at + 1)]}\" of jsonpath input");
        }

        string number = _text[start.._at];
        return (number[0] == '.' ? "0" + number : number).TrimEnd('.');
    }

    private string String()
    {
        var text = new StringBuilder();
        for (_at++; ;)
        {
            if (_at >= _text.Length)
            {
                throw new SqlException("42601", "unterminated quoted string of jsonpath input", hint: $"in {_text}");
            }

            char c = _text[_at];
            if (c == '"')
            {
                _at++;
                return text.ToString();
            }

            if (c == '\\')
            {
                text.Append(Escape());
            }
            else
            {
                text.Append(c);
                _at++;
            }
        }
    }

    private string Escape()
    {
        _at++;
        char c = _at < _text.Length ? _text[_at++] : throw new SqlException("42601", "unexpected end after backslash of jsonpath input");
        switch (c)
        {
            case 'b':
                return "\b";
            case 'f':
                return "\f";
            case 'n':
                return "\n";
            case 'r':
                return "\r";
            case 't':
                return "\t";
            case 'v':
                return "\v";
            case 'x':
                return Code(2);
            case 'u' when _at < _text.Length && _text[_at] == '{':
                int end = _text.IndexOf('}', _at);
                string digits = end < 0 ? "" : _text[(_at + 1)..end];
                _at = end + 1;
                return int.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int rune) && Rune.IsValid(rune)
                    ? new Rune(rune).ToString() : throw BadEscape();
            case 'u':
                return Code(4);
            default:
                return c.ToString();
        }
    }

    private string Code(int digits)
    {
        if (_at + digits > _text.Length
            || !int.TryParse(_text.AsSpan(_at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int code) || code == 0)
        {
            throw BadEscape();
        }

        _at += digits;
        return ((char)code).ToString();
    }

    private static SqlException BadEscape() => new("42601", "invalid Unicode escape sequence of jsonpath input");
}
