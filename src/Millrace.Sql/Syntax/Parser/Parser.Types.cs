// Type names, typed literals and intervals.
using Millrace.Core;

namespace Millrace.Sql.Syntax;

internal sealed partial class Parser
{
    private TypeName ParseTypeName(bool allowArray = true)
    {
        Token token = Current;
        if (!token.IsFunctionName && !(token.Kind == TokenKind.Word && BuiltInType(token.Text) is not null) && !token.Is("setof"))
        {
            throw Unexpected("a type", isName: token.Kind == TokenKind.Word && token.Class == WordClass.Reserved);
        }
        if (token.Is("setof"))
        {
            throw NotSupported("SETOF", token.Start);
        }
        TypeName type = token.Kind == TokenKind.Word ? ParseBareType() : ParseNamedType();
        return allowArray ? ParseArraySuffix(type) : type;
    }

    private TypeName ParseArraySuffix(TypeName type)
    {
        int dimensions = 0;
        while (true)
        {
            if (At(TokenKind.LeftBracket))
            {
                Take();
                if (At(TokenKind.Number))
                {
                    ParseInteger("a number");
                }
                Expect(TokenKind.RightBracket, "\"]\"");
                dimensions++;
            }
            else if (dimensions == 0 && Accept("array"))
            {
                dimensions = 1;
                if (Accept(TokenKind.LeftBracket))
                {
                    ParseInteger("a number");
                    Expect(TokenKind.RightBracket, "\"]\"");
                }
                break;
            }
            else
            {
                break;
            }
        }
        if (dimensions > 6)
        {
            throw new SqlException("54000", "an array has at most 6 dimensions", type.Position);
        }
        return dimensions == 0 ? type : type with { ArrayDimensions = dimensions };
    }

    /// <summary>A type that begins with a bare word: PostgreSQL's own spellings, struct&lt;…&gt;, or any name.</summary>
    private TypeName ParseBareType()
    {
        Token token = Current;
        switch (token.Text)
        {
            case "double" when Ahead(1).Is("precision"):
                _at += 2;
                return Type("float8", token.Start);
            case "float":
                Take();
                return ParseFloat(token.Start);
            case "character" or "char" or "nchar" or "national":
                return ParseCharacter(token);
            case "bit":
                Take();
                return Type(Accept("varying") ? "varbit" : "bit", token.Start, ParseModifiers(1));
            case "time" or "timestamp":
                return ParseTime(token);
            case "interval":
                Take();
                return ParseIntervalType(token.Start);
            case "struct" when Ahead(1) is { Kind: TokenKind.Operator, Text: "<" }:
                return ParseStruct();
        }
        if (BuiltInType(token.Text) is { } name)
        {
            Take();
            if (At(TokenKind.Dot))
            {
                _at--;
                return ParseNamedType();
            }
            return Type(name, token.Start, ParseModifiers(2));
        }
        return ParseNamedType();
    }

    private TypeName ParseNamedType()
    {
        int position = Here;
        var parts = new List<Name> { TakeName() };
        while (Accept(TokenKind.Dot))
        {
            parts.Add(ParseLabel("a type's name"));
            if (parts.Count > 3)
            {
                throw new SqlException("42601", "a type's name has at most three parts", position);
            }
        }
        if (AtOperator("%"))
        {
            throw NotSupported("%TYPE", Here);
        }
        var type = new TypeName(new ObjectName(ToList(parts)) { Position = position }, ParseModifiers(2), 0, []) { Position = position };
        return CanonicalType(type);
    }

    private static TypeName Type(string name, int position, NodeList<int>? modifiers = null) =>
        new(new ObjectName([new Name(name) { Position = position }]) { Position = position }, modifiers ?? [], 0,
            [])
        { Position = position };

    /// <summary>pg_catalog.int4 is int4; a bare alias gets its catalog name.</summary>
    private static TypeName CanonicalType(TypeName type)
    {
        NodeList<Name> parts = type.Name.Parts;
        if (parts.Count == 2 && parts[0].Text == "pg_catalog")
        {
            return CanonicalType(type with { Name = new ObjectName([parts[1]]) { Position = type.Position } });
        }
        return parts.Count == 1 && BuiltInType(parts[0].Text) is { } name && name != parts[0].Text
            ? type with { Name = new ObjectName([new Name(name) { Position = type.Position }]) { Position = type.Position } }
            : type;
    }

    /// <summary>The catalog's name for a word that names a type in one word; null for any other word.</summary>
    private static string? BuiltInType(string word) => word switch
    {
        "smallint" or "int2" => "int2",
        "int" or "integer" or "int4" => "int4",
        "bigint" or "int8" => "int8",
        "real" or "float4" => "float4",
        "float8" => "float8",
        "dec" or "decimal" or "numeric" => "numeric",
        "boolean" or "bool" => "bool",
        "varchar" => "varchar",
        "bpchar" => "bpchar",
        "text" or "string" => "text",
        "bytea" or "bytes" => "bytea",
        "timestamptz" => "timestamptz",
        "timetz" => "timetz",
        "time" or "timestamp" or "interval" or "character" or "char" or "nchar" or "national" or "bit" or "float" => word,
        "date" or "uuid" or "json" or "jsonb" or "varbit" => word,
        _ => null,
    };

    private TypeName ParseFloat(int position)
    {
        int at = Here;
        NodeList<int> digits = ParseModifiers(1);
        if (digits.Count == 0)
        {
            return Type("float8", position);
        }
        return digits[0] is >= 1 and <= 53
            ? Type(digits[0] <= 24 ? "float4" : "float8", position)
            : throw new SqlException("22023", "float has a precision of 1 to 53 bits", at);
    }

    private TypeName ParseCharacter(Token token)
    {
        Take();
        if (token.Text == "national" && !Accept("character") && !Accept("char"))
        {
            throw Unexpected("CHARACTER or CHAR");
        }
        bool varying = Accept("varying");
        NodeList<int> length = ParseModifiers(1);
        return varying ? Type("varchar", token.Start, length) : Type("bpchar", token.Start, length.Count == 0 ? [1] : length);
    }

    private TypeName ParseTime(Token token)
    {
        Take();
        NodeList<int> precision = ParseModifiers(1);
        if (Accept("with", "time", "zone"))
        {
            return Type(token.Text + "tz", token.Start, precision);
        }
        Accept("without", "time", "zone");
        return Type(token.Text, token.Start, precision);
    }

    private TypeName ParseIntervalType(int position)
    {
        if (At(TokenKind.LeftParen))
        {
            return Type("interval", position, ParseModifiers(1));
        }
        string? fields = ParseIntervalFields(out int? precision);
        return Type("interval", position, precision is { } digits ? [digits] : []) with { IntervalFields = fields };
    }

    /// <summary><c>struct&lt;a int, b struct&lt;c text&gt;&gt;</c>.</summary>
    private TypeName ParseStruct()
    {
        int saved = Enter();
        int position = Take().Start;
        Take();
        var fields = new List<StructField>();
        do
        {
            Name name = ParseLabel("a field's name");
            fields.Add(new StructField(name, ParseTypeName()) { Position = name.Position });
        }
        while (Accept(TokenKind.Comma));
        CloseAngle();
        Leave(saved);
        return Type("struct", position) with { Fields = ToList(fields) };
    }

    /// <summary>Takes one &gt;, out of a longer operator when structs close together.</summary>
    private void CloseAngle()
    {
        Token token = Current;
        if (token.Kind == TokenKind.Operator && token.Text.AsSpan().TrimStart('>').IsEmpty)
        {
            if (token.Text.Length == 1)
            {
                Take();
            }
            else
            {
                _tokens[_at] = token with { Start = token.Start + 1, Text = token.Text[1..] };
            }
            return;
        }
        throw Unexpected("\",\" or \">\"");
    }

    /// <summary><c>(p)</c>, <c>(p, s)</c> or nothing.</summary>
    private NodeList<int> ParseModifiers(int max)
    {
        if (!Accept(TokenKind.LeftParen))
        {
            return [];
        }
        var values = new List<int>();
        do
        {
            bool negative = values.Count == 1 && AcceptOperator("-");
            int value = ParseInteger("a number");
            values.Add(negative ? -value : value);
        }
        while (values.Count < max && Accept(TokenKind.Comma));
        Expect(TokenKind.RightParen, values.Count < max ? "\",\" or \")\"" : "\")\"");
        return ToList(values);
    }

    // ---- literals with a type in front ----

    /// <summary>A built-in type's name, perhaps of several words and with modifiers, and then a string. A lone name is left to the
    /// caller.</summary>
    private bool StartsTypedLiteral(Token token)
    {
        if (BuiltInType(token.Text) is null && token.Text != "double")
        {
            return false;
        }
        int ahead = 1;
        if (Ahead(ahead).Is("varying") || Ahead(ahead).Is("precision") || (token.Text == "national" && Ahead(ahead).IsLabel))
        {
            ahead++;
        }
        if (Ahead(ahead).Kind == TokenKind.LeftParen && Ahead(ahead + 1).Kind == TokenKind.Number)
        {
            ahead += 2;
            while (Ahead(ahead).Kind is TokenKind.Comma or TokenKind.Number)
            {
                ahead++;
            }
            if (Ahead(ahead).Kind != TokenKind.RightParen)
            {
                return false;
            }
            ahead++;
        }
        if ((Ahead(ahead).Is("with") || Ahead(ahead).Is("without")) && Ahead(ahead + 1).Is("time") && Ahead(ahead + 2).Is("zone"))
        {
            ahead += 3;
        }
        return Ahead(ahead).Kind == TokenKind.String;
    }

    private bool StartsIntervalLiteral() => Ahead(1).Kind == TokenKind.String
        || Ahead(1).Kind == TokenKind.QuotedName
        || (Ahead(1).Kind == TokenKind.LeftParen && Ahead(2).Kind == TokenKind.Number && Ahead(3).Kind == TokenKind.RightParen
            && Ahead(4).Kind == TokenKind.String);

    private IntervalLiteral ParseIntervalLiteral()
    {
        int position = Take().Start;
        int? precision = null;
        if (At(TokenKind.LeftParen))
        {
            precision = ParseModifiers(1)[0];
            return new IntervalLiteral(ParseString(), null, precision) { Position = position };
        }
        string value = ParseString();
        // Flink's documents write INTERVAL '2' MINUTES. Elsewhere such a word is an alias: SELECT INTERVAL '2' minutes.
        if (_inWindowTable && Current.Kind == TokenKind.Word && Current.Text.EndsWith('s')
            && Keywords.Find(Current.Text.AsSpan()[..^1]) is { } singular && IntervalField(singular.Text) is not null)
        {
            Take();
            return new IntervalLiteral(value, singular.Text, null) { Position = position };
        }
        string? fields = ParseIntervalFields(out precision);
        return new IntervalLiteral(value, fields, precision) { Position = position };
    }

    /// <summary>The fields behind an interval, such as DAY or HOUR TO SECOND(3); null when there are none.</summary>
    private string? ParseIntervalFields(out int? precision)
    {
        precision = null;
        if (IntervalField(Current) is not { } from)
        {
            return null;
        }
        Take();
        string? to = null;
        if (At("to") && IntervalField(Ahead(1)) is { } last)
        {
            if ((from, last) is not (("year", "month") or ("day", "hour" or "minute" or "second") or ("hour", "minute" or "second")
                or ("minute", "second")))
            {
                throw new SqlException("42601", $"an interval cannot run from {from} to {last}", Here,
                    "Write YEAR TO MONTH, or from DAY, HOUR or MINUTE to a smaller field.");
            }
            _at += 2;
            to = last;
        }
        if ((to ?? from) == "second" && At(TokenKind.LeftParen) && Ahead(1).Kind == TokenKind.Number)
        {
            precision = ParseModifiers(1)[0];
        }
        return to is null ? from : $"{from} to {to}";
    }

    private static string? IntervalField(Token token) => token.Kind == TokenKind.Word ? IntervalField(token.Text) : null;

    private static string? IntervalField(string word) => word is "year" or "month" or "day" or "hour" or "minute" or "second" ? word : null;
}
