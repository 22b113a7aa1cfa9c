// Expressions: names, literals, casts; operators, calls and subqueries are in the files beside.
using System.Globalization;
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>Binds the expressions of one clause over one scope.</summary>
/// <param name="context">What the statement's parts share.</param>
/// <param name="queries">Binds subqueries.</param>
/// <param name="scope">The names that may be used.</param>
/// <param name="ctes">The common tables that subqueries may use.</param>
internal sealed partial class ExprBinder(BindContext context, QueryBinder queries, Scope scope, CteScope? ctes)
{
    private readonly Coercion _coercion = new(context);

    /// <summary>The clause, for messages such as "aggregate functions are not allowed in WHERE".</summary>
    public required string Clause { get; init; }

    public bool AllowAggregates { get; set; }

    public bool AllowWindows { get; set; }

    public bool AllowSetReturning { get; set; }

    /// <summary>The WINDOW clause.</summary>
    public IReadOnlyList<Syntax.NamedWindow> Windows { get; init; } = [];

    public Coercion Coercion => _coercion;

    /// <summary>Binds an expression; untyped literals keep type unknown.</summary>
    public ScalarExpr Bind(Syntax.Expr expr)
    {
        BindContext.CheckDepth(expr.Position);
        return expr switch
        {
            Syntax.NullLiteral => new LiteralExpr(null, SqlType.Unknown),
            Syntax.BooleanLiteral e => new LiteralExpr(e.Value, SqlType.Boolean),
            Syntax.NumberLiteral e => Number(e),
            Syntax.StringLiteral e => new LiteralExpr(ByteSlice.From(e.Value), SqlType.Unknown),
            Syntax.TypedLiteral e => Rounded(Literal(e.Value, TypeNames.Resolve(e.Type), e.Position), e.Type, e.Position),
            Syntax.IntervalLiteral e => Literal(IntervalText(e), SqlType.Interval, e.Position),
            Syntax.BitStringLiteral e => throw new SqlException("0A000", "bit strings are not supported", e.Position, "use a bytea literal '\\x…'"),
            Syntax.ParameterExpr e => Parameter(e),
            Syntax.DefaultExpr e => throw new SqlException("42601", "DEFAULT is not allowed in this context", e.Position),
            Syntax.ColumnRef e => Column(e),
            Syntax.StarExpr { Qualifier: { } table, Except.Count: 0 } e when _insideAggregate => Bind(new Syntax.ColumnRef(table.Parts) { Position = e.Position }),
            Syntax.StarExpr e => throw new SqlException("42601", "* is not allowed here", e.Position, "write it in a select list or in count(*)"),
            Syntax.FieldExpr e => Field(Bind(e.Operand), e.Field.Text, e.Field.Position),
            Syntax.IndexExpr e => Subscript(e),
            Syntax.SliceExpr e => Slice(e),
            Syntax.UnaryExpr e => Unary(e),
            Syntax.BinaryExpr e => Binary(e),
            Syntax.LogicalExpr e => Logical(e),
            Syntax.NotExpr e => new NotExpr(Boolean(e.Operand, "NOT")),
            Syntax.IsExpr e => Is(e),
            Syntax.IsDistinctExpr e => IsDistinct(Bind(e.Left), Bind(e.Right), e.Negated, e.Position),
            Syntax.BetweenExpr e => Between(e),
            Syntax.LikeExpr e => Like(e),
            Syntax.InListExpr e => InList(e),
            Syntax.InSubqueryExpr e => InSubquery(e),
            Syntax.QuantifiedArrayExpr e => QuantifiedArray(e),
            Syntax.QuantifiedSubqueryExpr e => Quantified(e.Left, e.Operator, e.Quantifier, e.Query, e.Position),
            Syntax.CaseExpr e => Case(e),
            Syntax.CastExpr e => Cast(e),
            Syntax.AtTimeZoneExpr e => Call("timezone", [Bind(e.Zone), Bind(e.Operand)], e.Position),
            Syntax.CollateExpr e => Collate(e),
            Syntax.ArrayExpr e => Array(e, null),
            Syntax.ArraySubqueryExpr e => ArraySubquery(e),
            Syntax.RowExpr e => Row(e),
            Syntax.ExistsExpr e => Exists(e),
            Syntax.ScalarSubqueryExpr e => ScalarSubquery(e),
            Syntax.FunctionCall e => FunctionCall(e),
            Syntax.LambdaExpr e => throw new SqlException("0A000", "a function of one parameter is an argument of array_transform only", e.Position),
            Syntax.NamedArgExpr e => throw new SqlException("0A000", "arguments by name are not supported", e.Position, "give the arguments in order"),
            _ => throw new SqlException("0A000", $"{expr.GetType().Name} is not supported", expr.Position),
        };
    }

    /// <summary>Binds an expression and gives untyped literals type text.</summary>
    public ScalarExpr BindTyped(Syntax.Expr expr) => _coercion.ResolveUnknown(Bind(expr));

    /// <summary>Binds a condition.</summary>
    public ScalarExpr Boolean(Syntax.Expr expr, string of)
    {
        ScalarExpr bound = Bind(expr);
        return _coercion.TryCoerce(bound, SqlType.Boolean, CastContext.Implicit, expr.Position)
            ?? throw new SqlException("42804", $"argument of {of} must be type boolean, not type {bound.Type}", expr.Position);
    }

    /// <summary>The constant that an expression without columns stands for.</summary>
    /// <exception cref="SqlException">42601 when it is not a constant.</exception>
    public LiteralExpr Constant(Syntax.Expr expr, SqlType type, string what)
    {
        ScalarExpr bound = _coercion.Coerce(Bind(expr), type, CastContext.Implicit, expr.Position, what);
        if (bound is LiteralExpr literal)
        {
            return literal;
        }

        if (context.Functions.Fold is { } fold && !ExprMap.Any(bound, e => e is ColumnExpr or Millrace.Sql.ParameterExpr or PlaceholderExpr))
        {
            return fold(bound);
        }

        throw new SqlException("42601", $"{what} must be a constant", expr.Position);
    }

    private ScalarExpr Literal(string text, SqlType type, int position) =>
        _coercion.Coerce(new LiteralExpr(ByteSlice.From(text), SqlType.Unknown), type, CastContext.Explicit, position);

    private static string IntervalText(Syntax.IntervalLiteral e)
    {
        string text = e.Value.Trim();
        if (e.Fields is null || text.Any(char.IsLetter))
        {
            return text;
        }

        return e.Fields switch
        {
            "year" or "month" or "day" or "hour" or "minute" or "second" => text + " " + e.Fields,
            "minute to second" => "00:" + text,
            _ => text,
        };
    }

    /// <summary>A number with its sign: an integer that fits is an integer, even the least one.</summary>
    private LiteralExpr Number(Syntax.NumberLiteral e, string sign = "")
    {
        if (e.IsInteger)
        {
            if (int.TryParse(sign + e.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int small))
            {
                return new LiteralExpr(small, SqlType.Integer);
            }

            if (long.TryParse(sign + e.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long big))
            {
                return new LiteralExpr(big, SqlType.BigInt);
            }
        }

        if (e.Text.AsSpan().IndexOfAny('e', 'E') > 0 && double.TryParse(e.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out double real)
            && double.IsFinite(real) && real >= 1e35)
        {
            // Beyond what numeric holds: 1e300 can only be meant as a double.
            return new LiteralExpr(sign.Length == 0 ? real : -real, SqlType.Double);
        }

        Numeric value = Decimal(e.Text, e.Position);
        return new LiteralExpr(sign.Length == 0 ? value : Numeric.Create(-value.Unscaled, value.Scale), SqlType.Numeric);
    }

    private static Numeric Decimal(string text, int position)
    {
        int mantissaEnd = text.AsSpan().IndexOfAny('e', 'E') is var at && at >= 0 ? at : text.Length;
        long exponent = 0;
        if (mantissaEnd < text.Length && !long.TryParse(text.AsSpan(mantissaEnd + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out exponent))
        {
            throw new SqlException("22003", "value overflows numeric format", position);
        }

        Int128 digits = 0;
        long scale = -exponent;
        bool point = false;
        foreach (char c in text.AsSpan(0, mantissaEnd))
        {
            if (c == '.')
            {
                point = true;
                continue;
            }

            if (digits > Numeric.MaxUnscaled / 10)
            {
                throw new SqlException("22003", "value overflows numeric format", position, "Millrace's numeric holds up to 35 digits");
            }

            digits = (digits * 10) + (c - '0');
            scale += point ? 1 : 0;
        }

        for (; scale < 0 && digits != 0; scale++)
        {
            if (digits > Numeric.MaxUnscaled / 10)
            {
                throw new SqlException("22003", "value overflows numeric format", position, "Millrace's numeric holds up to 35 digits");
            }

            digits *= 10;
        }

        if (scale > 250)
        {
            throw new SqlException("22003", "value overflows numeric format", position, "Millrace's numeric holds up to 35 digits");
        }

        return Numeric.Create(digits, (int)Math.Max(0, scale));
    }

    private ScalarExpr Parameter(Syntax.ParameterExpr e)
    {
        if (context.FunctionDepth > 0)
        {
            string own = e.Name ?? FunctionBinder.Numbered(e.Index);
            return scope.Find(own, e.Position) ?? throw new SqlException("42P02", $"there is no parameter ${own.TrimStart('$')}", e.Position);
        }

        if (e.Name is not null)
        {
            return Parameter(e.Name) ?? throw new SqlException("42P02", $"there is no parameter ${e.Name}", e.Position,
                context.ParameterNames.Count == 0 ? "parameters have names in CREATE ENDPOINT only; elsewhere write $1, $2 …" : Suggest.Hint(e.Name, context.ParameterNames));
        }

        if (e.Index is < 1 or > 65535 || e.Index > context.ParametersMax)
        {
            throw new SqlException("42P02", $"there is no parameter ${e.Index}", e.Position);
        }

        context.UsedParameters.Add(e.Index - 1);
        while (context.Parameters.Count < e.Index)
        {
            context.Parameters.Add(SqlType.Unknown);
        }

        return new Millrace.Sql.ParameterExpr(e.Index - 1, context.Parameters[e.Index - 1]);
    }

    private Millrace.Sql.ParameterExpr? Parameter(string name)
    {
        int index = 0;
        while (index < context.ParameterNames.Count && context.ParameterNames[index] != name)
        {
            index++;
        }

        if (index == context.ParameterNames.Count)
        {
            return null;
        }

        context.UsedParameters.Add(index);
        return new Millrace.Sql.ParameterExpr(index, context.Parameters[index]);
    }

    private ScalarExpr Column(Syntax.ColumnRef e)
    {
        // As in PostgreSQL's functions a column goes before a parameter of the same name; $name is always the parameter.
        ScalarExpr found = Find(e) ?? (e.Parts.Count == 1 ? Parameter(e.Last) : null) ?? throw UnknownColumn(e);
        if (found is ColumnExpr c && context.FunctionDepth == 0)
        {
            found = c with { };
            context.Positions[found] = e.Position;
        }

        return found;
    }

    private ScalarExpr? Find(Syntax.ColumnRef e)
    {
        string[] parts = [.. e.Parts.Select(p => p.Text)];
        ScalarExpr? found = null;
        int used = 0;
        for (used = Math.Min(3, parts.Length); used >= 1 && found is null; used--)
        {
            found = used switch
            {
                3 => scope.Find(parts[0], parts[1], parts[2], e.Position),
                2 => scope.Find(null, parts[0], parts[1], e.Position),
                _ => scope.Find(parts[0], e.Position) ?? scope.FindRow(parts[0]),
            };
        }

        if (found is null && parts.Length > 3)
        {
            // The database stands first, of which there is one: db.schema.table.column.
            found = scope.Find(parts[1], parts[2], parts[3], e.Position);
            used = 3;
        }

        if (found is null)
        {
            return null;
        }

        for (int i = used + 1; i < parts.Length; i++)
        {
            if (found.Type.Id != TypeId.Row || !found.Type.Fields!.Any(f => f.Name == parts[i]))
            {
                return null;
            }

            found = Field(found, parts[i], e.Parts[i].Position);
        }

        return found;
    }

    private SqlException UnknownColumn(Syntax.ColumnRef e)
    {
        if (e.Parts.Count == 1)
        {
            return new SqlException("42703", $"column \"{e.Last}\" does not exist", e.Position, Suggest.Hint(e.Last, scope.Candidates(null)));
        }

        string table = e.Parts[^2].Text;
        if (scope.FindTableAnywhere(e.Parts.Count > 2 ? e.Parts[^3].Text : null, table) is not null)
        {
            return new SqlException("42703", $"column {table}.{e.Last} does not exist", e.Position, Suggest.Hint(e.Last, scope.Candidates(table)));
        }

        return new SqlException("42P01", $"missing FROM-clause entry for table \"{table}\"", e.Position, Suggest.Hint(table, scope.TableNames()));
    }

    private static ScalarExpr Field(ScalarExpr row, string name, int position)
    {
        if (row.Type.Id != TypeId.Row)
        {
            throw new SqlException("42809", $"column notation .{name} applied to type {row.Type}, which is not a composite type", position);
        }

        for (int i = 0; i < row.Type.Fields!.Count; i++)
        {
            if (row.Type.Fields[i].Name == name)
            {
                return row is Millrace.Sql.RowExpr r ? r.Fields[i] : new Millrace.Sql.FieldExpr(row, i, row.Type.Fields[i].Type);
            }
        }

        throw new SqlException(
            "42703", $"column \"{name}\" not found in data type {row.Type}", position, Suggest.Hint(name, row.Type.Fields.Select(f => f.Name)));
    }

    private ScalarExpr Cast(Syntax.CastExpr e)
    {
        SqlType type = TypeNames.Resolve(e.Type);
        if (e.Operand is Syntax.ArrayExpr array && type.Id == TypeId.Array)
        {
            return Array(array, type);
        }

        ScalarExpr operand = Bind(e.Operand);
        bool toName = e.Type.ArrayDimensions == 0 && e.Type.Name.Last.StartsWith("reg", StringComparison.Ordinal);
        if ((toName || type.IsInteger) && IsRegCast(operand, "out"))
        {
            operand = ((CallExpr)operand).Arguments[0];
        }

        if (!toName && type.Id == TypeId.Text && IsRegCast(operand, "in"))
        {
            var call = (CallExpr)operand;
            ScalarFunction print = context.Functions.FindScalars(call.Function.Name[..^"in".Length] + "out")[0];
            operand = new CallExpr(print, [operand], print.Returns([operand.Type]));
        }

        // What was cast further is text or a number for whoever asks, no name of the catalog.
        if (!toName && type.Id is TypeId.Text or TypeId.Integer && RegNames.CastOf(operand) is not null)
        {
            operand = type.Id == TypeId.Text
                ? Operator("||", [operand, new LiteralExpr(ByteSlice.From(""), SqlType.Text)], e.Position)
                : Operator("+", [operand, new LiteralExpr(0, SqlType.Integer)], e.Position);
        }

        ScalarExpr cast = toName ? RegCast(operand, e) : _coercion.Coerce(operand, type, CastContext.Explicit, e.Position);
        return Rounded(cast, e.Type, e.Position);
    }

    /// <summary>timestamp(3) and its kin keep that many digits of a second.</summary>
    private ScalarExpr Rounded(ScalarExpr value, Syntax.TypeName type, int position) =>
        type is { Modifiers: [< 6 and var digits], ArrayDimensions: 0 } && value.Type.Id is TypeId.Timestamp or TypeId.TimestampTz or TypeId.Time
            ? Call("round_time", [value, new LiteralExpr(digits, SqlType.Integer)], position) : value;

    private static bool IsRegCast(ScalarExpr e, string way) => e is CallExpr { Arguments.Count: 1 } call
        && call.Function.Name.StartsWith("reg", StringComparison.Ordinal) && call.Function.Name.EndsWith(way, StringComparison.Ordinal);

    /// <summary>The same arguments with each number that was cast to regclass or its kin, and is a name by that, a number again; null when there are none.</summary>
    private static List<ScalarExpr>? AsNumbers(IReadOnlyList<ScalarExpr> arguments) => arguments.Any(a => IsRegCast(a, "out"))
        ? [.. arguments.Select(a => IsRegCast(a, "out") ? ((CallExpr)a).Arguments[0] : a)]
        : null;

    private bool Fits(IReadOnlyList<Candidate> candidates, IReadOnlyList<ScalarExpr> arguments, bool isOperator) =>
        OverloadResolver.Resolve(candidates, [.. arguments.Select(a => a.Type)], isOperator, context.Functions, out _) is not null;

    // regclass and its kin are numbers that print as names. They have no type of their own here: a text becomes the number, a number the text.
    private CallExpr RegCast(ScalarExpr operand, Syntax.CastExpr e)
    {
        bool isNumber = operand.Type.IsInteger;
        string name = e.Type.Name.Last + (isNumber ? "out" : "in");
        SqlType argument = isNumber ? SqlType.Integer : SqlType.Text;
        ScalarExpr given = _coercion.Coerce(operand, argument, CastContext.Explicit, e.Position);
        return context.Functions.FindScalars(name) is [{ } function, ..]
            ? new CallExpr(function, [given], function.Returns([argument]))
            : throw new SqlException("0A000", $"type \"{e.Type.Name.Last}\" is not supported", e.Position, "use the number or the text itself");
    }

    private ScalarExpr Collate(Syntax.CollateExpr e)
    {
        if (e.Collation.Last is not ("C" or "POSIX" or "default" or "ucs_basic"))
        {
            throw new SqlException("0A000", $"collation \"{e.Collation.Display}\" is not supported", e.Position, "text compares by its bytes, as COLLATE \"C\" does");
        }

        return _coercion.Coerce(Bind(e.Operand), SqlType.Text, CastContext.Implicit, e.Position);
    }

    private ScalarExpr Array(Syntax.ArrayExpr e, SqlType? wanted)
    {
        if (e.Elements.Count == 0 && wanted is null)
        {
            throw new SqlException("42P18", "cannot determine type of empty array", e.Position, "cast it, as in ARRAY[]::integer[]");
        }

        if (e.Elements.Any(x => x is Syntax.ArrayExpr))
        {
            throw new SqlException("0A000", "arrays of arrays are not supported", e.Position);
        }

        ScalarExpr[] elements = [.. e.Elements.Select(Bind)];
        SqlType type = wanted?.Element ?? CommonType(elements, "ARRAY", e.Position);
        CastContext how = wanted is null ? CastContext.Implicit : CastContext.Explicit;
        return new Millrace.Sql.ArrayExpr(
            [.. elements.Select((x, i) => _coercion.Coerce(x, type, how, e.Elements[i].Position))], SqlType.ArrayOf(type));
    }

    private Millrace.Sql.RowExpr Row(Syntax.RowExpr e)
    {
        ScalarExpr[] fields = [.. e.Items.Select(BindTyped)];
        return new Millrace.Sql.RowExpr(fields, SqlType.RowOf([.. fields.Select((f, i) => new Field("f" + (i + 1), f.Type))]));
    }

    private ScalarExpr Subscript(Syntax.IndexExpr e)
    {
        ScalarExpr operand = Bind(e.Operand);
        if (operand.Type.Id is not (TypeId.Array or TypeId.Jsonb))
        {
            throw new SqlException("42804", $"cannot subscript type {operand.Type} because it does not support subscripting", e.Position);
        }

        if (operand.Type.IsVector)
        {
            // The catalog's own arrays are counted from 0.
            return Call("[]", [operand, Operator("+", [Bind(e.Index), new LiteralExpr(1, SqlType.Integer)], e.Position)], e.Position);
        }

        return Call(operand.Type.Id == TypeId.Array ? "[]" : "->", [operand, Bind(e.Index)], e.Position);
    }

    private ScalarExpr Slice(Syntax.SliceExpr e)
    {
        ScalarExpr lower = e.Lower is null ? new LiteralExpr(1, SqlType.Integer) : Bind(e.Lower);
        ScalarExpr upper = e.Upper is null ? new LiteralExpr(int.MaxValue, SqlType.Integer) : Bind(e.Upper);
        return Call("[:]", [Bind(e.Operand), lower, upper], e.Position);
    }

    /// <summary>The common type of several expressions.</summary>
    /// <exception cref="SqlException">42804 when there is none.</exception>
    public SqlType CommonType(IReadOnlyList<ScalarExpr> expressions, string of, int position)
    {
        SqlType[] types = [.. expressions.Select(e => e.Type)];
        SqlType? common = TypeRules.Common(types, context.Functions);
        if (common is not null && types.All(t => TypeRules.IsImplicit(t, common, context.Functions)))
        {
            return common;
        }

        SqlType first = types.First(t => t.Id != TypeId.Unknown);
        SqlType other = types.FirstOrDefault(t => t.Id != TypeId.Unknown && !t.SameAs(first)) ?? first;
        throw new SqlException("42804", $"{of} types {first} and {other} cannot be matched", position);
    }
}
