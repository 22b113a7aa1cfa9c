// A small function catalog for binder tests: PostgreSQL's signatures without bodies, and an evaluator for literals only.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Tests.Binding;

internal static class TestFunctions
{
    private static readonly SqlType[] s_simple =
    [
        SqlType.Boolean, SqlType.SmallInt, SqlType.Integer, SqlType.BigInt, SqlType.Real, SqlType.Double, SqlType.Numeric, SqlType.Text, SqlType.Bytea,
        SqlType.Date, SqlType.Time, SqlType.Timestamp, SqlType.TimestampTz, SqlType.Interval, SqlType.Uuid, SqlType.Jsonb,
    ];

    public static readonly FunctionCatalog Catalog = Build();

    private static FunctionCatalog Build()
    {
        var c = new FunctionCatalog { Fold = Fold };
        foreach (SqlType t in s_simple)
        {
            foreach (string op in new[] { "=", "<>", "<", "<=", ">", ">=" })
            {
                Add(c, op, SqlType.Boolean, t, t);
            }

            if (t.Id != TypeId.Text)
            {
                Cast(c, t, SqlType.Text, CastContext.Assignment);
                Cast(c, SqlType.Text, t, CastContext.Explicit);
            }

            if (t.Id is not (TypeId.Boolean or TypeId.Uuid or TypeId.Jsonb))
            {
                Aggregate(c, "min", t, t);
                Aggregate(c, "max", t, t);
            }
        }

        SqlType[] numbers = [SqlType.SmallInt, SqlType.Integer, SqlType.BigInt, SqlType.Numeric, SqlType.Real, SqlType.Double];
        for (int i = 0; i < numbers.Length; i++)
        {
            foreach (string op in new[] { "+", "-", "*", "/", "%" })
            {
                Add(c, op, numbers[i], numbers[i], numbers[i]);
            }

            Add(c, "-", numbers[i], numbers[i]);
            Add(c, "abs", numbers[i], numbers[i]);
            for (int j = 0; j < numbers.Length; j++)
            {
                if (i != j)
                {
                    Cast(c, numbers[i], numbers[j], i < j ? CastContext.Implicit : CastContext.Assignment);
                }
            }
        }

        Aggregate(c, "sum", SqlType.BigInt, SqlType.SmallInt);
        Aggregate(c, "sum", SqlType.BigInt, SqlType.Integer);
        Aggregate(c, "sum", SqlType.Numeric, SqlType.BigInt);
        Aggregate(c, "sum", SqlType.Numeric, SqlType.Numeric);
        Aggregate(c, "sum", SqlType.Double, SqlType.Double);
        Aggregate(c, "avg", SqlType.Numeric, SqlType.Integer);
        Aggregate(c, "avg", SqlType.Numeric, SqlType.BigInt);
        Aggregate(c, "avg", SqlType.Numeric, SqlType.Numeric);
        Aggregate(c, "avg", SqlType.Double, SqlType.Double);
        Aggregate(c, "count", SqlType.BigInt);
        Aggregate(c, "count", SqlType.BigInt, Polymorphic.Any);
        Aggregate(c, "bool_or", SqlType.Boolean, SqlType.Boolean);
        Aggregate(c, "string_agg", SqlType.Text, SqlType.Text, SqlType.Text);
        c.Add(new AggregateFunction { Name = "array_agg", Parameters = [Polymorphic.AnyElement], Returns = t => SqlType.ArrayOf(t[0]), Doc = "", Body = 0 });
        c.Add(new AggregateFunction { Name = "single_value", Parameters = [Polymorphic.AnyElement], Returns = t => t[0], Doc = "", Body = 0 });
        c.Add(new AggregateFunction
        {
            Name = "percentile_cont",
            Parameters = [SqlType.Double, SqlType.Double],
            Returns = _ => SqlType.Double,
            OrderedSet = true,
            Doc = "",
            Body = 0,
        });
        foreach (string name in new[] { "row_number", "rank", "dense_rank" })
        {
            c.Add(new WindowFunction { Name = name, Parameters = [], Returns = _ => SqlType.BigInt, Doc = "", Body = 0 });
        }

        c.Add(new WindowFunction
        {
            Name = "lag",
            Parameters = [Polymorphic.AnyElement, SqlType.Integer, Polymorphic.AnyElement],
            Optional = 2,
            Returns = t => t[0],
            Doc = "",
            Body = 0,
        });
        Cast(c, SqlType.Date, SqlType.Timestamp, CastContext.Implicit);
        Cast(c, SqlType.Date, SqlType.TimestampTz, CastContext.Implicit);
        Cast(c, SqlType.Timestamp, SqlType.TimestampTz, CastContext.Implicit);
        Cast(c, SqlType.TimestampTz, SqlType.Timestamp, CastContext.Assignment);
        foreach (SqlType t in new[] { SqlType.Timestamp, SqlType.TimestampTz })
        {
            Add(c, "+", t, t, SqlType.Interval);
            Add(c, "-", t, t, SqlType.Interval);
            Add(c, "-", SqlType.Interval, t, t);
            Add(c, "date_trunc", t, SqlType.Text, t);
            Add(c, "extract", SqlType.Numeric, SqlType.Text, t);
            Add(c, "to_char", SqlType.Text, t, SqlType.Text);
            Add(c, "time_bucket", t, SqlType.Interval, t);
        }

        Add(c, "||", SqlType.Text, SqlType.Text, SqlType.Text);
        Add(c, "lower", SqlType.Text, SqlType.Text);
        Add(c, "upper", SqlType.Text, SqlType.Text);
        Add(c, "length", SqlType.Integer, SqlType.Text);
        Add(c, "mod", SqlType.Integer, SqlType.Integer, SqlType.Integer);
        Add(c, "mod", SqlType.BigInt, SqlType.BigInt, SqlType.BigInt);
        Add(c, "~~", SqlType.Boolean, SqlType.Text, SqlType.Text);
        Add(c, "~", SqlType.Boolean, SqlType.Text, SqlType.Text);
        Add(c, "split_part", SqlType.Text, SqlType.Text, SqlType.Text, SqlType.Integer);
        Add(c, "regexp_match", SqlType.ArrayOf(SqlType.Text), SqlType.Text, SqlType.Text);
        Add(c, "replace", SqlType.Text, SqlType.Text, SqlType.Text, SqlType.Text);
        Add(c, "char_length", SqlType.Integer, SqlType.Text);
        Add(c, "round", SqlType.Numeric, SqlType.Numeric, SqlType.Integer);
        Add(c, "now", SqlType.TimestampTz);
        c.Add(Function("random", SqlType.Double, [], Volatility.Volatile));
        c.Add(Function("[]", SqlType.Text, [SqlType.ArrayOf(SqlType.Text), SqlType.Integer], Volatility.Immutable));
        c.Add(new ScalarFunction
        {
            Name = "concat",
            Parameters = [Polymorphic.Any],
            Variadic = true,
            Strict = false,
            Returns = _ => SqlType.Text,
            Doc = "",
            Body = 0,
        });
        return c;
    }

    private static ScalarFunction Function(string name, SqlType result, IReadOnlyList<ParameterType> parameters, Volatility volatility) =>
        new() { Name = name, Parameters = parameters, Returns = _ => result, Doc = "", Body = 0, Volatility = volatility };

    private static void Add(FunctionCatalog c, string name, SqlType result, params ParameterType[] parameters) =>
        c.Add(Function(name, result, parameters, Volatility.Immutable));

    private static void Aggregate(FunctionCatalog c, string name, SqlType result, params ParameterType[] parameters) =>
        c.Add(new AggregateFunction { Name = name, Parameters = parameters, Returns = _ => result, Doc = "", Body = 0 });

    private static void Cast(FunctionCatalog c, SqlType from, SqlType to, CastContext context) =>
        c.Add(new CastDescriptor(from, to, context, Function(to.ToString(), to, [from], Volatility.Immutable)));

    private static LiteralExpr Fold(ScalarExpr expr)
    {
        if (expr is LiteralExpr literal)
        {
            return literal;
        }

        if (expr is CallExpr { Arguments: [LiteralExpr { Value: ByteSlice text }] } parse)
        {
            return new LiteralExpr(parse.Type.Id switch
            {
                TypeId.Integer => TextParse.Integer(text.Span),
                TypeId.SmallInt => TextParse.SmallInt(text.Span),
                TypeId.BigInt => TextParse.BigInt(text.Span),
                TypeId.Double => TextParse.Double(text.Span),
                TypeId.Boolean => TextParse.Boolean(text.Span),
                TypeId.Interval => TextParse.Interval(text.Span),
                TypeId.Timestamp => TextParse.Timestamp(text.Span),
                TypeId.Date => TextParse.Date(text.Span),
                TypeId.Numeric => Numeric.Parse(text.Span),
                _ => throw new SqlException("0A000", "not in tests"),
            }, parse.Type);
        }

        if (expr is CallExpr { Arguments: [LiteralExpr { Value: int or long } number] } widen && widen.Type.Id is TypeId.BigInt)
        {
            return new LiteralExpr(Convert.ToInt64(number.Value, System.Globalization.CultureInfo.InvariantCulture), SqlType.BigInt);
        }

        if (expr is CallExpr { Function.Name: "+", Arguments: [LiteralExpr { Value: int a }, LiteralExpr { Value: int b }] })
        {
            return new LiteralExpr(a + b, SqlType.Integer);
        }

        return expr is CallExpr { Function.Name: "-", Arguments: [LiteralExpr { Value: int n }] } ? new LiteralExpr(-n, SqlType.Integer)
            : throw new SqlException("0A000", "not in tests");
    }
}
