// Random values from few distinct ones, so that joins and groups meet, with many nulls.
using System.Globalization;

namespace Millrace.Tests.Differential;

internal sealed class DataGenerator(Random random)
{
    private static readonly string[] s_documents =
        ["{}", "[]", "null", "true", "1", "-2", "\"a\"", "{\"a\": 1}", "{\"a\": 1, \"b\": \"x\"}", "{\"b\": null, \"a\": [1, 2]}", "[1, 2, 3]", "[1, \"a\", null]", "[[1], {\"a\": 2}]",
            "{\"a\": {\"b\": 3}}", "{\"c\": \"é\"}", "[\"a\", \"b\"]"];

    private static readonly string[] s_texts =
        ["", "a", "A", "b", "ab", "abc", "a%c", "a_c", " x ", "é", "Zürich", "10", "-3", "hello world", "foo,bar,baz", "'quoted'", "x\\y"];

    /// <summary>A literal of the type, or NULL.</summary>
    public string Value(Kind kind, bool nullable, double nullShare = 0.2) => nullable && random.Chance(nullShare) ? "NULL" : Literal(kind);

    /// <summary>A literal that is not null, with its type made plain.</summary>
    public string Literal(Kind kind) => kind switch
    {
        Kind.Bool => random.Pick("true", "false"),
        Kind.Int => Integer(),
        Kind.BigInt => random.Chance(0.1) ? random.Pick("3000000000", "(-5000000000)") : Integer() + "::bigint",
        Kind.Numeric => Number() + "::numeric(10,2)",
        Kind.Double when random.Chance(0.03) => random.Pick("'NaN'", "'Infinity'", "'-Infinity'") + "::double precision",
        Kind.Double => (random.Next(-20, 40) / 4.0).ToString("0.00", CultureInfo.InvariantCulture) + "::double precision",
        Kind.Text => "'" + random.Pick(s_texts).Replace("'", "''", StringComparison.Ordinal) + "'::text",
        Kind.Date => $"'2024-0{random.Next(1, 4)}-{random.Pick("01", "02", "15", "28", "29")}'::date",
        Kind.Timestamp => $"'2024-02-2{random.Next(8, 10)} {random.Next(0, 24):00}:{random.Pick("00", "10", "15", "30", "59")}:{random.Pick("00", "30", "59.5", "01.000001")}'::timestamp",
        Kind.SmallInt => $"({random.Next(-3, 9)})::smallint",
        Kind.Real => $"({(random.Next(-8, 16) / 4.0).ToString("0.00", CultureInfo.InvariantCulture)})::real",
        Kind.TimestampTz => $"'2024-02-2{random.Next(8, 10)} {random.Next(0, 24):00}:{random.Pick("00", "15", "30")}:00{random.Pick("+00", "+02", "-05:30")}'::timestamptz",
        Kind.Interval => $"'{random.Next(0, 24)}:{random.Pick("00", "15", "30")}:00'::interval",
        Kind.Jsonb => $"'{random.Pick(s_documents)}'::jsonb",
        Kind.Ints => $"'{{{string.Join(",", Enumerable.Range(0, random.Next(0, 4)).Select(_ => Element()))}}}'::integer[]",
        _ => $"'00000000-0000-0000-0000-00000000000{random.Next(0, 6)}'::uuid",
    };

    private string Element() => random.Chance(0.1) ? "NULL" : random.Next(-2, 6).ToString(CultureInfo.InvariantCulture);

    private string Integer()
    {
        int value = random.Chance(0.1) ? random.Next(-1000, 1000) : random.Next(-3, 9);
        return value < 0 ? $"({value.ToString(CultureInfo.InvariantCulture)})" : value.ToString(CultureInfo.InvariantCulture);
    }

    private string Number()
    {
        decimal value = random.Next(-300, 900) * (random.Chance(0.5) ? 0.5m : 0.01m);
        string text = value.ToString("0.00", CultureInfo.InvariantCulture);
        return value < 0 ? $"({text})" : text;
    }
}
