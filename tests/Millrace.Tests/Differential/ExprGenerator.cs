// Random expressions of a wanted type over a scope: valid by construction, and total unless risk is asked for.
namespace Millrace.Tests.Differential;

/// <summary>Makes expressions. With <paramref name="risky"/> they may fail when run (division by zero, overflow, bad casts).</summary>
internal sealed partial class ExprGenerator(Random random, DataGenerator data, bool risky = false)
{
    /// <summary>Makes a subquery expression of the kind that sees the scope; null in scalar comparisons.</summary>
    public Func<Kind, Scope, string>? Subquery { get; init; }

    /// <summary>An expression of the kind.</summary>
    public string Make(Kind kind, Scope scope, int depth)
    {
        if (scope.Subqueries > 0 && Subquery is not null && random.Chance(kind == Kind.Bool ? 0.25 : 0.12))
        {
            return Subquery(kind, scope with { Subqueries = scope.Subqueries - 1 });
        }

        if (depth <= 0 || random.Chance(0.15))
        {
            return Leaf(kind, scope);
        }

        if (random.Chance(0.18))
        {
            return Generic(kind, scope, depth - 1);
        }

        return kind switch
        {
            Kind.Bool => Bool(scope, depth - 1),
            Kind.Int => Int(scope, depth - 1),
            Kind.BigInt => BigInt(scope, depth - 1),
            Kind.Numeric => Numeric(scope, depth - 1),
            Kind.Double => Double(scope, depth - 1),
            Kind.Text => Text(scope, depth - 1),
            Kind.Date => Date(scope, depth - 1),
            Kind.Timestamp => Timestamp(scope, depth - 1),
            Kind.Interval => Interval(scope, depth - 1),
            Kind.SmallInt => $"({Make(Kind.Int, scope, depth - 1)} % 100)::smallint",
            Kind.Real => $"({Make(Kind.SmallInt, scope, depth - 1)})::real",
            Kind.TimestampTz => random.Chance(0.5) ? $"({Make(Kind.Timestamp, scope, depth - 1)} AT TIME ZONE '{random.Pick("UTC", "Europe/Paris", "America/New_York")}')"
                : $"({Leaf(kind, scope)} + {Leaf(Kind.Interval, scope)})",
            Kind.Jsonb => Jsonb(scope, depth - 1),
            Kind.Ints => Ints(scope, depth - 1),
            _ => Leaf(kind, scope),
        };
    }

    /// <summary>A double as a number that other types can hold, else null.</summary>
    private static string Finite(string x) => $"CASE WHEN abs({x}) < 1e6::float8 THEN {x} END";

    /// <summary>An expression whose equal values look equal: to group, order and tell duplicates by.</summary>
    public string Key(Kind kind, Scope scope, int depth) => kind switch
    {
        Kind.Numeric => random.Chance(0.5) ? Leaf(kind, scope) : $"round({Make(kind, scope, depth)}, 2)",
        Kind.Interval => Leaf(kind, scope),
        _ => Make(kind, scope, depth),
    };

    /// <summary>A column of the kind, or a literal.</summary>
    public string Leaf(Kind kind, Scope scope)
    {
        IReadOnlyList<ColumnRef> columns = scope.Of(kind);
        if (columns.Count > 0 && random.Chance(0.85))
        {
            return random.Pick(columns).Sql;
        }

        return random.Chance(0.07) ? $"NULL::{Kinds.ColumnSql(kind)}" : data.Literal(kind);
    }

    /// <summary>A double whose last digits may differ between libraries.</summary>
    public string Fuzzy(Scope scope, int depth)
    {
        string x = Make(Kind.Double, scope, depth);
        return random.Next(9) switch
        {
            0 => $"exp(greatest(least({Finite(x)}, 50.0::float8), (-50.0)::float8))",
            1 => $"ln(abs({x}) + 1)",
            2 => $"power(abs({x}), 0.5)",
            3 => $"sin({Finite(x)})",
            4 => $"cos({Finite(x)})",
            5 => $"atan({x})",
            6 => $"log(abs({x}) + 1)",
            7 => $"cbrt({x})",
            _ => $"sqrt(abs({x}))",
        };
    }

    /// <summary>A kind that the scope has columns of, mostly.</summary>
    public Kind KindIn(Scope scope) => scope.Columns.Count > 0 && random.Chance(0.8) ? random.Pick(scope.Columns).Kind : random.Pick(Kinds.Usual);

    private string Generic(Kind kind, Scope scope, int depth)
    {
        string A() => Make(kind, scope, depth);
        switch (random.Next(kind is Kind.Bool ? 5 : 7))
        {
            case 0:
                return $"CASE WHEN {Make(Kind.Bool, scope, depth)} THEN {A()} ELSE {A()} END";
            case 1:
                return $"CASE WHEN {Make(Kind.Bool, scope, depth)} THEN {A()} WHEN {Make(Kind.Bool, scope, depth)} THEN {A()} END";
            case 2:
                Kind of = KindIn(scope);
                return $"CASE {Make(of, scope, depth)} WHEN {Make(of, scope, 0)} THEN {A()} WHEN {Make(of, scope, 0)} THEN {A()} ELSE {A()} END";
            case 3:
                return random.Chance(0.3) ? $"coalesce({A()}, {A()}, {A()})" : $"coalesce({A()}, {A()})";
            case 4:
                return $"nullif({A()}, {A()})";
            case 5 when kind != Kind.Jsonb:
                return $"greatest({A()}, {A()})";
            default:
                return kind == Kind.Jsonb ? $"coalesce({A()}, {Leaf(kind, scope)})" : random.Chance(0.3) ? $"least({A()}, {A()}, {A()})" : $"least({A()}, {A()})";
        }
    }

    private string Bool(Scope scope, int depth)
    {
        string B() => Make(Kind.Bool, scope, depth);
        string T() => Make(Kind.Text, scope, depth);
        Kind kind = KindIn(scope);
        string A() => Make(kind, scope, depth);
        if (kind == Kind.Jsonb)
        {
            // Documents have an equality only: Millrace orders them by their text, PostgreSQL by kind and size.
            return random.Next(5) switch
            {
                0 => $"({A()} IS {random.Pick("", "NOT ")}DISTINCT FROM {A()})",
                1 => $"({A()} {random.Pick("", "NOT ")}IN ({Literals(kind)}))",
                2 => $"({A()} {random.Pick("= ANY", "<> ALL")} (ARRAY[{data.Literal(kind)}, {data.Literal(kind)}, {data.Value(kind, true)}]))",
                _ => $"({A()} {random.Pick("=", "<>")} {A()})",
            };
        }

        return random.Next(22) switch
        {
            20 => $"({Make(Kind.Jsonb, scope, depth)} {random.Pick("@>", "<@")} {Leaf(Kind.Jsonb, scope)})",
            21 => random.Chance(0.4) ? $"({Make(Kind.Jsonb, scope, depth)} {random.Pick("? 'a'", "?| ARRAY['a', 'b']", "?& ARRAY['a', 'b']", "@? '$.a'")})"
                : random.Chance(0.5) ? $"({Make(Kind.Ints, scope, depth)} {random.Pick("@>", "<@", "&&")} {Leaf(Kind.Ints, scope)})"
                : $"({Make(Kind.Int, scope, depth)} {random.Pick("= ANY", "<> ALL", "> ANY", "<= ALL")} ({Leaf(Kind.Ints, scope)}))",
            0 or 1 => $"({B()} AND {B()})",
            2 or 3 => $"({B()} OR {B()})",
            4 => $"(NOT {B()})",
            5 => $"({A()} IS {random.Pick("", "NOT ")}NULL)",
            6 => $"({B()} IS {random.Pick("TRUE", "NOT TRUE", "FALSE", "NOT FALSE", "UNKNOWN", "NOT UNKNOWN")})",
            7 => $"({A()} IS {random.Pick("", "NOT ")}DISTINCT FROM {A()})",
            8 => $"({A()} {random.Pick("", "NOT ")}BETWEEN {random.Pick("", "", "SYMMETRIC ")}{Leaf(kind, scope)} AND {A()})",
            9 or 10 => $"({A()} {random.Pick("", "NOT ")}IN ({Literals(kind)}))",
            11 => $"({T()} {random.Pick("LIKE", "NOT LIKE", "ILIKE", "NOT ILIKE")} '{random.Pick("a%", "%b", "%", "_", "a_c", "%o%", "", "a\\%c", "A%", "%é%")}')",
            12 => $"({T()} {random.Pick("~", "!~", "~*", "!~*")} '{random.Pick("^a", "b$", "[0-9]+", "^[a-c]*$", "o w", "a|x", "^$", "(ab)+")}')",
            13 => $"starts_with({T()}, {Leaf(Kind.Text, scope)})",
            14 => $"(({A()}, {Leaf(Kind.Int, scope)}) {random.Pick("=", "<", ">=", "<>", "<=", ">")} ({A()}, {Leaf(Kind.Int, scope)}))",
            15 when kind != Kind.Ints => $"({A()} {random.Pick("= ANY", "<> ALL", "< ANY", ">= ALL")} (ARRAY[{data.Literal(kind)}, {data.Literal(kind)}, {data.Value(kind, true)}]))",
            16 => $"({Number(scope, depth)} {random.Pick("=", "<>", "<", "<=", ">", ">=")} {Number(scope, depth)})",
            17 when risky => $"({T()})::boolean",
            _ => $"({A()} {random.Pick("=", "=", "<>", "<", "<=", ">", ">=", "!=")} {A()})",
        };
    }

    private string Literals(Kind kind) => string.Join(", ", Enumerable.Range(0, random.Next(1, 5)).Select(_ => random.Chance(0.1) ? "NULL" : data.Literal(kind)));

    /// <summary>A number of any type: operands of mixed types find their operator.</summary>
    private string Number(Scope scope, int depth) => Make(random.Pick([Kind.Int, Kind.BigInt, Kind.Numeric, Kind.Double, Kind.SmallInt, Kind.Real]), scope, depth);

    private string Int(Scope scope, int depth)
    {
        string A() => Make(Kind.Int, scope, depth);
        string T() => Make(Kind.Text, scope, depth);
        return random.Next(30) switch
        {
            27 => $"({Make(Kind.Ints, scope, depth)})[{random.Next(0, 4)}]",
            28 => $"{random.Pick("cardinality({0})", "array_length({0}, 1)", "array_position({0}, 1)", "array_upper({0}, 1)")}".Replace("{0}", Make(Kind.Ints, scope, depth), StringComparison.Ordinal),
            29 => $"CASE WHEN jsonb_typeof({Leaf(Kind.Jsonb, scope)}) = 'array' THEN 1 ELSE jsonb_array_length(jsonb_build_array({Leaf(Kind.Jsonb, scope)}, 1)) END",
            0 or 1 or 2 => $"({A()} {random.Pick("+", "-")} {A()})",
            3 => $"({A()} * {Leaf(Kind.Int, scope)})",
            4 => risky ? $"({A()} / {A()})" : $"({A()} / nullif({A()}, 0))",
            5 => risky ? $"({A()} % {A()})" : $"({A()} % nullif({A()}, 0))",
            6 => $"abs({A()})",
            7 => $"(- {A()})",
            8 => $"{random.Pick("length", "char_length", "octet_length", "ascii", "bit_length")}({T()})",
            9 => $"strpos({T()}, {Leaf(Kind.Text, scope)})",
            10 => $"position({Leaf(Kind.Text, scope)} IN {T()})",
            11 => $"extract({random.Pick("year", "month", "day", "dow", "doy", "week", "quarter", "isodow", "isoyear", "decade", "century")}"
                + $" FROM {Make(random.Pick([Kind.Date, Kind.Timestamp]), scope, depth)})::integer",
            12 => $"({Make(Kind.Date, scope, depth)} - {Make(Kind.Date, scope, depth)})",
            13 => risky ? $"({T()})::integer" : $"(({A()})::text)::integer",
            14 => $"({Make(Kind.Bool, scope, depth)})::integer",
            15 => $"round({Make(Kind.Numeric, scope, depth)} % 1000)::integer",
            16 => risky ? $"({Make(Kind.Double, scope, depth)})::integer" : $"({Finite(Make(Kind.Double, scope, depth))})::integer",
            17 => $"({A()} {random.Pick("&", "|", "#")} {A()})",
            18 => $"(~ {A()})",
            19 => $"({A()} {random.Pick("<<", ">>")} {random.Next(0, 5)})",
            20 => $"mod({A()}, nullif({Leaf(Kind.Int, scope)}, 0))",
            21 => $"{random.Pick("gcd", "lcm")}({Leaf(Kind.Int, scope)}, {Leaf(Kind.Int, scope)})",
            22 => $"extract({random.Pick("hour", "minute")} FROM {Make(random.Pick([Kind.Timestamp, Kind.Interval]), scope, depth)})::integer",
            23 => $"({Make(Kind.BigInt, scope, depth)} % 1000)::integer",
            24 => $"width_bucket({Leaf(Kind.Numeric, scope)}, 0, 10, {random.Next(1, 6)})",
            25 => $"({Make(Kind.SmallInt, scope, depth)} + {A()})",
            _ => Leaf(Kind.Int, scope),
        };
    }

    private string BigInt(Scope scope, int depth)
    {
        string A() => Make(Kind.BigInt, scope, depth);
        string I() => Make(Kind.Int, scope, depth);
        return random.Next(12) switch
        {
            0 or 1 => $"({A()} {random.Pick("+", "-")} {A()})",
            2 => $"({A()} {random.Pick("+", "-")} {I()})",
            3 => $"({I()} * {random.Next(1, 9)}::bigint)",
            4 => risky ? $"({A()} / {A()})" : $"({A()} / nullif({A()}, 0))",
            5 => $"({A()} % nullif({I()}, 0))",
            6 => $"abs({A()})",
            7 => $"({I()})::bigint",
            8 => $"({Make(Kind.Numeric, scope, depth)} % 100000)::bigint",
            9 => risky ? $"({A()} * {A()})" : $"(({A()})::text)::bigint",
            10 => $"floor({Finite(Leaf(Kind.Double, scope))})::bigint",
            _ => $"(- {A()})",
        };
    }

    private string Numeric(Scope scope, int depth)
    {
        string A() => Make(Kind.Numeric, scope, depth);
        string I() => Make(random.Pick([Kind.Int, Kind.BigInt]), scope, depth);
        return random.Next(20) switch
        {
            0 or 1 => $"({A()} {random.Pick("+", "-")} {A()})",
            2 => $"({A()} * {Leaf(Kind.Numeric, scope)})",
            3 => risky ? $"({A()} / {A()})" : $"({A()} / nullif({A()}, 0))",
            4 => $"({A()} {random.Pick("+", "-", "*")} {I()})",
            5 => $"({I()} / nullif({A()}, 0))",
            6 => $"{random.Pick("round", "trunc")}({A()}, {random.Next(-1, 4)})",
            7 => $"{random.Pick("round", "trunc", "ceil", "floor", "abs", "sign", "ceiling")}({A()})",
            8 => $"({A()} % nullif({A()}, 0))",
            9 => $"({I()})::numeric",
            10 => $"({I()})::numeric(12,{random.Next(0, 4)})",
            11 => $"extract({random.Pick("epoch", "second", "milliseconds", "microseconds", "hour", "day")} FROM {Make(random.Pick([Kind.Timestamp, Kind.Interval]), scope, depth)})",
            12 => $"({A()})::numeric(14,{random.Next(0, 4)})",
            13 => risky ? $"({Make(Kind.Text, scope, depth)})::numeric" : $"(({A()})::text)::numeric",
            14 => $"({Finite(Leaf(Kind.Double, scope))})::numeric",
            15 when risky => random.Pick($"sqrt(abs({A()}))", $"power({Leaf(Kind.Numeric, scope)}, {random.Next(0, 4)})",
                $"ln(abs({Leaf(Kind.Numeric, scope)}))", $"exp({Leaf(Kind.Numeric, scope)} % 10)"),
            16 => $"(- {A()})",
            17 => $"div({A()}, nullif({Leaf(Kind.Numeric, scope)}, 0))",
            18 => $"trim_scale({A()})",
            _ => $"extract({random.Pick("year", "month", "doy", "epoch")} FROM {Make(Kind.Date, scope, depth)})",
        };
    }

    private string Double(Scope scope, int depth)
    {
        string A() => Make(Kind.Double, scope, depth);
        return random.Next(14) switch
        {
            0 or 1 => $"({A()} {random.Pick("+", "-")} {A()})",
            2 => $"({A()} * {Leaf(Kind.Double, scope)})",
            3 => risky ? $"({A()} / {A()})" : $"({A()} / nullif({A()}, 0))",
            4 => $"({A()} {random.Pick("+", "-", "*")} {Make(random.Pick([Kind.Int, Kind.BigInt, Kind.Numeric]), scope, depth)})",
            5 => $"{random.Pick("abs", "ceil", "floor", "round", "trunc", "sign")}({A()})",
            6 => $"({Make(random.Pick([Kind.Int, Kind.BigInt, Kind.Numeric]), scope, depth)})::double precision",
            7 => $"(- {A()})",
            8 => $"(({Leaf(Kind.Double, scope)})::text)::double precision",
            9 => $"sign({Make(Kind.Int, scope, depth)})",
            10 => $"date_part('{random.Pick("year", "month", "day", "hour", "minute", "second", "epoch", "dow")}', {Make(Kind.Timestamp, scope, depth)})",
            11 => $"({A()} / 4)",
            12 => $"degrees(0.25::float8 * {Leaf(Kind.Int, scope)} * 0)",
            _ => Leaf(Kind.Double, scope),
        };
    }
}
