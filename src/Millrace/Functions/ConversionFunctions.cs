// Casts between all sensible pairs, in PostgreSQL's contexts and with its rounding.
using System.Numerics;
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>Casts. Floats round half to even on their way to integers, numerics half away from zero.</summary>
internal static class ConversionFunctions
{
    private const CastContext Implicit = CastContext.Implicit;
    private const CastContext Assignment = CastContext.Assignment;
    private const CastContext Explicit = CastContext.Explicit;

    private static readonly string[] s_fromText =
    [
        "bool", "int2", "int4", "int8", "float4", "float8", "numeric", "bytea", "date", "time", "ts", "tstz", "interval", "uuid", "jsonb",
    ];

    public static void Register(FunctionRegistry r)
    {
        r.Group("Conversion");
        r.F("numeric(numeric, int4, int4) numeric", (Numeric v, int precision, int scale) => v.WithPrecision(precision, scale),
            "The value at a declared precision and scale; what ::numeric(p, s) calls", "3.14159::numeric(4, 2) → 3.14");
        r.F("varchar(text, int4, bool) text", Varchar,
            "At most that many characters; longer text is cut when the cast is explicit, else refused; what ::varchar(n) calls",
            "'abcdef'::varchar(3) → abc");
        Numbers(r);
        Times(r);
        foreach (string type in s_fromText)
        {
            r.Cast(type, "text", Assignment, new ToTextBody());
            Delegate parse = Parser(type);
            Volatility volatility = type == "tstz" ? Volatility.Stable : Volatility.Immutable;
            r.Cast("text", type, Explicit, parse, volatility);
            r.Cast("unknown", type, Implicit, parse, volatility);
        }

        r.Cast("text", "text", Implicit, new IdentityBody());
        r.Cast("unknown", "text", Implicit, new IdentityBody());
        r.Cast("text[]", "text", Assignment, new ToTextBody());
        r.Cast("text", "text[]", Explicit, ParseList);
        r.Cast("unknown", "text[]", Implicit, ParseList);
        Row(r, SqlType.RowOf([]), SqlType.Text, Assignment, new ToTextBody());
        Row(r, SqlType.Text, SqlType.RowOf([]), Explicit, (Func<ByteSlice, SqlType, RowSlice>)ParseRow);
        r.Cast("jsonb", "bool", Explicit, JsonToBool);
        r.Cast("jsonb", "numeric", Explicit, JsonToNumeric);
        r.Cast("jsonb", "int2", Explicit, JsonToShort);
        r.Cast("jsonb", "int4", Explicit, JsonToInt);
        r.Cast("jsonb", "int8", Explicit, JsonToLong);
        r.Cast("jsonb", "float8", Explicit, JsonToDouble);
        r.Cast("jsonb", "float4", Explicit, JsonToReal);
    }

    private static void Row(FunctionRegistry r, SqlType from, SqlType to, CastContext context, object body) =>
        r.Catalog.Add(new CastDescriptor(from, to, context, new ScalarFunction
        {
            Name = to.ToString(),
            Parameters = [from],
            Returns = _ => to,
            Doc = $"{from} to {to}",
            Body = body,
        }));

    private static void Numbers(FunctionRegistry r)
    {
        r.Cast("int2", "int4", Implicit, (short v) => (int)v);
        r.Cast("int2", "int8", Implicit, (short v) => (long)v);
        r.Cast("int2", "float4", Implicit, (short v) => (float)v);
        r.Cast("int2", "float8", Implicit, (short v) => (double)v);
        r.Cast("int2", "numeric", Implicit, (short v) => Numeric.From(v));
        r.Cast("int4", "int2", Assignment, (int v) => (short)Within(v, short.MinValue, short.MaxValue, "smallint"));
        r.Cast("int4", "int8", Implicit, IntToLong);
        r.Cast("int4", "float4", Implicit, (int v) => (float)v);
        r.Cast("int4", "float8", Implicit, IntToDouble);
        r.Cast("int4", "numeric", Implicit, (int v) => Numeric.From(v));
        r.Cast("int4", "bool", Explicit, (int v) => v != 0);
        r.Cast("bool", "int4", Explicit, (bool v) => v ? 1 : 0);
        r.Cast("int8", "int2", Assignment, (long v) => (short)Within(v, short.MinValue, short.MaxValue, "smallint"));
        r.Cast("int8", "int4", Assignment, (long v) => (int)Within(v, int.MinValue, int.MaxValue, "integer"));
        r.Cast("int8", "float4", Implicit, (long v) => (float)v);
        r.Cast("int8", "float8", Implicit, LongToDouble);
        r.Cast("int8", "numeric", Implicit, (long v) => Numeric.From(v));
        r.Cast("numeric", "int2", Assignment, (Numeric v) => (short)v.ToInteger(short.MinValue, short.MaxValue, "smallint"));
        r.Cast("numeric", "int4", Assignment, (Numeric v) => (int)v.ToInteger(int.MinValue, int.MaxValue, "integer"));
        r.Cast("numeric", "int8", Assignment, (Numeric v) => v.ToInteger(long.MinValue, long.MaxValue, "bigint"));
        r.Cast("numeric", "float4", Implicit, NumericToReal);
        r.Cast("numeric", "float8", Implicit, (Numeric v) => v.ToDouble());
        r.Cast("numeric", "numeric", Implicit, new IdentityBody());
        r.Cast("float4", "int2", Assignment, (float v) => (short)Rounded<double>(v, short.MinValue, short.MaxValue, "smallint"));
        r.Cast("float4", "int4", Assignment, (float v) => (int)Rounded<double>(v, int.MinValue, int.MaxValue, "integer"));
        r.Cast("float4", "int8", Assignment, (float v) => Rounded<double>(v, long.MinValue, long.MaxValue, "bigint"));
        r.Cast("float4", "float8", Implicit, (float v) => (double)v);
        r.Cast("float4", "numeric", Assignment, (float v) => Numeric.From(v));
        r.Cast("float8", "int2", Assignment, (double v) => (short)Rounded(v, short.MinValue, short.MaxValue, "smallint"));
        r.Cast("float8", "int4", Assignment, (double v) => (int)Rounded(v, int.MinValue, int.MaxValue, "integer"));
        r.Cast("float8", "int8", Assignment, (double v) => Rounded(v, long.MinValue, long.MaxValue, "bigint"));
        r.Cast("float8", "float4", Assignment, DoubleToReal);
        r.Cast("float8", "numeric", Assignment, (double v) => Numeric.From(v));
    }

    private static void Times(FunctionRegistry r)
    {
        r.Cast("date", "ts", Implicit, DateToTimestamp);
        r.Cast("date", "tstz", Implicit, (int v, EvalContext c) => TimeZones.ToUtc(c.TimeZone, DateToTimestamp(v)), Volatility.Stable);
        r.Cast("ts", "tstz", Implicit, (long v, EvalContext c) => TimeZones.ToUtc(c.TimeZone, v), Volatility.Stable);
        r.Cast("tstz", "ts", Assignment, (long v, EvalContext c) => TimeZones.ToLocal(c.TimeZone, v), Volatility.Stable);
        r.Cast("ts", "date", Assignment, TimestampToDate);
        r.Cast("tstz", "date", Assignment, (long v, EvalContext c) => TimestampToDate(TimeZones.ToLocal(c.TimeZone, v)), Volatility.Stable);
        r.Cast("ts", "time", Assignment, TimeOfDay);
        r.Cast("tstz", "time", Assignment, (long v, EvalContext c) => TimeOfDay(TimeZones.ToLocal(c.TimeZone, v)), Volatility.Stable);
        r.Cast("time", "interval", Implicit, (long v) => new Interval(0, 0, v));
        r.Cast("interval", "time", Assignment,
            (Interval v) => v.Micros - (Calendar.FloorDiv(v.Micros, Calendar.DayMicros) * Calendar.DayMicros));
    }

    private static Delegate Parser(string type) => type switch
    {
        "bool" => (ByteSlice v) => TextParse.Boolean(v.Span),
        "int2" => (ByteSlice v) => TextParse.SmallInt(v.Span),
        "int4" => (ByteSlice v) => TextParse.Integer(v.Span),
        "int8" => (ByteSlice v) => TextParse.BigInt(v.Span),
        "float4" => (ByteSlice v) => TextParse.Real(v.Span),
        "float8" => (ByteSlice v) => TextParse.Double(v.Span),
        "numeric" => (ByteSlice v) => Numeric.Parse(v.Span),
        "bytea" => ParseBytea,
        "date" => (ByteSlice v) => TextParse.Date(v.Span),
        "time" => (ByteSlice v) => TextParse.Time(v.Span),
        "ts" => (ByteSlice v) => TextParse.Timestamp(v.Span),
        "tstz" => (ByteSlice v, EvalContext c) => TextParse.TimestampTz(v.Span, c.TimeZone),
        "interval" => (ByteSlice v) => TextParse.Interval(v.Span),
        "uuid" => (ByteSlice v) => TextParse.Uuid(v.Span),
        "jsonb" => ParseJson,
        _ => throw new BugException($"BUG: no parser of {type}"),
    };

    private static ByteSlice Varchar(ByteSlice text, int length, bool isExplicit) => text.Length <= length ? text
        : text.Part(0, isExplicit ? Utf8Text.Offset(text.Span, length) : TextParse.FitLength(text.Span, length).Length);

    private static long IntToLong(int v) => v;

    private static double IntToDouble(int v) => v;

    private static double LongToDouble(long v) => v;

    private static long Within(long value, long min, long max, string type)
    {
        if (value < min || value > max)
        {
            ArithmeticFunctions.Overflow(type);
        }

        return value;
    }

    private static long Rounded<T>(T value, T min, T max, string type)
        where T : IBinaryFloatingPointIeee754<T>
    {
        T rounded = T.Round(value, MidpointRounding.ToEven);

        // The upper bound of bigint is not a double: its neighbour 2^63 is out of range.
        if (!(rounded >= min && (rounded < max || (rounded == max && max < T.CreateChecked(1L << 62)))))
        {
            ArithmeticFunctions.Overflow(type);
        }

        return long.CreateTruncating(rounded);
    }

    public static float DoubleToReal(double value)
    {
        float result = (float)value;
        if (float.IsInfinity(result) && !double.IsInfinity(value))
        {
            throw new SqlException("22003", "value out of range: overflow");
        }

        if (result == 0 && value != 0)
        {
            ArithmeticFunctions.Underflow();
        }

        return result;
    }

    private static float NumericToReal(Numeric value)
    {
        float result = (float)value.ToDouble();
        if (float.IsInfinity(result))
        {
            throw new SqlException("22003", $"\"{value}\" is out of range for type real");
        }

        return result;
    }

    public static long DateToTimestamp(int date)
    {
        if (Calendar.IsInfinite(date))
        {
            return date > 0 ? Calendar.Infinity : Calendar.MinusInfinity;
        }

        if (date >= Calendar.EndMicros / Calendar.DayMicros)
        {
            throw new SqlException("22008", "date out of range for timestamp");
        }

        return date * Calendar.DayMicros;
    }

    public static int TimestampToDate(long timestamp) => Calendar.IsInfinite(timestamp)
        ? timestamp > 0 ? Calendar.DateInfinity : Calendar.DateMinusInfinity
        : (int)Calendar.FloorDiv(timestamp, Calendar.DayMicros);



    private static long? TimeOfDay(long timestamp) => Calendar.IsInfinite(timestamp) ? null : Calendar.Split(timestamp).Micros;

    private static ByteSlice ParseBytea(ByteSlice text, EvalContext context)
    {
        ByteSlice room = context.Scratch.Take(text.Length);
        return room.Part(0, BytesText.ParseBytea(text.Span, room.Room()));
    }

    private static ByteSlice ParseJson(ByteSlice text, EvalContext context)
    {
        JsonText.AppendNormalized(context.Scratch.Begin(), text.Span);
        return context.Scratch.End();
    }

    private static ListSlice ParseList(ByteSlice text, SqlType type)
    {
        var builder = (ListBuilder)ColumnBuilder.For(type);
        TextParse.Append(builder, text.Span);
        return new ListSlice(builder.Elements.View(), 0, builder.Elements.Count);
    }

    private static RowSlice ParseRow(ByteSlice text, SqlType type)
    {
        ColumnBuilder builder = ColumnBuilder.For(type);
        TextParse.Append(builder, text.Span);
        return new RowSlice(((RowColumn)builder.View()).Fields, 0);
    }

    private static ReadOnlySpan<byte> JsonNumber(ByteSlice json, string type)
    {
        ReadOnlySpan<byte> s = json.Span;
        if (s[0] is (byte)'-' or (>= (byte)'0' and <= (byte)'9'))
        {
            return s;
        }

        throw new SqlException("22023", $"cannot cast jsonb {JsonFunctions.Kind(s)} to type {type}");
    }

    private static bool JsonToBool(ByteSlice json) => json.Span[0] switch
    {
        (byte)'t' => true,
        (byte)'f' => false,
        _ => throw new SqlException("22023", $"cannot cast jsonb {JsonFunctions.Kind(json.Span)} to type boolean"),
    };

    private static Numeric JsonToNumeric(ByteSlice json) => Numeric.Parse(JsonNumber(json, "numeric"));

    private static short JsonToShort(ByteSlice json) =>
        (short)Numeric.Parse(JsonNumber(json, "smallint")).ToInteger(short.MinValue, short.MaxValue, "smallint");

    private static int JsonToInt(ByteSlice json) => (int)Numeric.Parse(JsonNumber(json, "integer")).ToInteger(int.MinValue, int.MaxValue, "integer");

    private static long JsonToLong(ByteSlice json) => Numeric.Parse(JsonNumber(json, "bigint")).ToInteger(long.MinValue, long.MaxValue, "bigint");

    private static double JsonToDouble(ByteSlice json) => TextParse.Double(JsonNumber(json, "double precision"));

    private static float JsonToReal(ByteSlice json) => TextParse.Real(JsonNumber(json, "real"));
}
