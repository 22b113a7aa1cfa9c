// Random expressions of text, dates and times.
using System.Globalization;

namespace Millrace.Tests.Differential;

internal sealed partial class ExprGenerator
{
    private string Text(Scope scope, int depth)
    {
        string A() => Make(Kind.Text, scope, depth);
        string N() => random.Next(-1, 5).ToString(CultureInfo.InvariantCulture);
        string P() => random.Next(1, 5).ToString(CultureInfo.InvariantCulture);
        return random.Next(44) switch
        {
            34 => $"jsonb_build_object('a', {Make(random.Pick([Kind.Int, Kind.Text, Kind.Bool, Kind.BigInt]), scope, depth)}, 'b', {A()})::text",
            35 => $"(jsonb_build_array({Leaf(Kind.Int, scope)}, {A()}, NULL) ->> {random.Next(-1, 4)})",
            36 => $"(jsonb_build_object('k', jsonb_build_object('x', {A()})) #>> '{random.Pick("{k,x}", "{k}", "{k,y}")}')",
            37 => $"array_to_string(ARRAY[{A()}, {A()}, {Leaf(Kind.Text, scope)}], ','{random.Pick("", ", '*'")})",
            38 => $"(ARRAY[{A()}, {Leaf(Kind.Text, scope)}])[{random.Next(0, 4)}]",
            39 => $"{random.Pick("array_append", "array_remove")}(ARRAY[{Leaf(Kind.Int, scope)}, {Leaf(Kind.Int, scope)}], {Leaf(Kind.Int, scope)})::text",
            40 => $"({Make(Kind.Jsonb, scope, depth)} {random.Pick("->> 'a'", "->> 0", "#>> '{a,b}'", "->> 'b'", "->> -1")})",
            41 => $"jsonb_typeof({Make(Kind.Jsonb, scope, depth)})",
            42 => $"array_to_string({Make(Kind.Ints, scope, depth)}, ','{random.Pick("", ", '*'")})",
            43 => $"({Make(random.Pick([Kind.Jsonb, Kind.Ints]), scope, depth)})::text",
            0 or 1 => $"({A()} || {A()})",
            2 => $"upper({A()})",
            3 => $"lower({A()})",
            4 => $"substr({A()}, {N()}, {P()})",
            5 => $"substring({A()} FROM {P()} FOR {P()})",
            6 => $"{random.Pick("left", "right")}({A()}, {N()})",
            7 => $"replace({A()}, {Leaf(Kind.Text, scope)}, {Leaf(Kind.Text, scope)})",
            8 => $"{random.Pick("trim", "ltrim", "rtrim", "btrim")}({A()})",
            9 => $"{random.Pick("ltrim", "rtrim", "btrim")}({A()}, 'ab ')",
            10 => $"{random.Pick("lpad", "rpad")}({A()}, {random.Next(0, 9)}, 'xy')",
            11 => $"repeat({Leaf(Kind.Text, scope)}, {random.Next(-1, 4)})",
            12 => $"reverse({A()})",
            13 => $"concat({A()}, {Make(KindIn(scope), scope, 0)}, {A()})",
            14 => $"concat_ws('-', {A()}, {A()}, {Leaf(Kind.Int, scope)})",
            15 => $"initcap({A()})",
            16 => $"split_part({A()}, {random.Pick("','", "'a'", "' '")}, {P()})",
            17 => $"md5({A()})",
            18 => $"translate({A()}, 'abé', {random.Pick("'xyz'", "'1'", "''")})",
            19 => $"overlay({A()} PLACING {Leaf(Kind.Text, scope)} FROM {P()} FOR {P()})",
            20 => $"({Make(random.Pick([Kind.Int, Kind.BigInt, Kind.Bool, Kind.Date, Kind.Timestamp, Kind.Interval, Kind.Uuid, Kind.SmallInt, Kind.Real, Kind.TimestampTz]), scope, depth)})::text",
            21 => $"({Make(random.Pick([Kind.Numeric, Kind.Double]), scope, depth)})::text",
            22 => $"chr({random.Next(65, 123)} + abs({Leaf(Kind.Int, scope)}) % 5)",
            23 => $"regexp_replace({A()}, '{random.Pick("[a-c]", "o+", "^.", "(.)b")}', '{random.Pick("X", "", "<\\&>")}'{random.Pick("", ", 'g'", ", 'gi'")})",
            24 => $"({A()} || {Make(random.Pick([Kind.Int, Kind.Numeric, Kind.Date]), scope, depth)})",
            26 => $"format('%s-%s', {A()}, {Make(KindIn(scope), scope, 0)})",
            27 => $"quote_{random.Pick("literal", "ident")}({A()})",
            28 => $"left(({A()})::varchar(4), 10)",
            29 => $"to_hex({Make(Kind.Int, scope, depth)})",
            30 => $"substring({A()} FROM '{random.Pick("[a-c]+", "o(.)", "^.")}')",
            32 => $"encode(convert_to({A()}, 'UTF8'), '{random.Pick("hex", "base64")}')",
            _ => Leaf(Kind.Text, scope),
        };
    }

    private string Jsonb(Scope scope, int depth)
    {
        string A() => Make(Kind.Jsonb, scope, depth);
        return random.Next(12) switch
        {
            0 or 1 => $"({Leaf(Kind.Jsonb, scope)} {random.Pick("-> 'a'", "-> 0", "#> '{a,b}'", "-> -1")})",
            2 => $"jsonb_build_object('a', {Make(random.Pick([Kind.Int, Kind.Text, Kind.Bool, Kind.Jsonb]), scope, depth)}, 'b', {Leaf(Kind.Jsonb, scope)})",
            3 => $"jsonb_build_array({Leaf(Kind.Int, scope)}, {A()})",
            4 => $"to_jsonb({Make(random.Pick([Kind.Int, Kind.Text, Kind.Bool, Kind.Ints, Kind.Date, Kind.Timestamp, Kind.Uuid]), scope, depth)})",
            5 => $"(CASE WHEN jsonb_typeof({Leaf(Kind.Jsonb, scope)}) = 'object' THEN '{{\"z\": 0}}'::jsonb END || {A()})",
            6 => $"jsonb_strip_nulls({A()})",
            7 => $"jsonb_path_query_first({A()}, '{random.Pick("$.a", "$[0]", "$.*", "$[*] ? (@ > 1)")}')",
            8 => $"(jsonb_build_object('a', {A()}, 'd', {Leaf(Kind.Int, scope)}) - '{random.Pick("a", "d", "x")}')",
            9 => $"jsonb_set(jsonb_build_object('a', {A()}), '{random.Pick("{a}", "{b}")}', {Leaf(Kind.Jsonb, scope)})",
            _ => Leaf(Kind.Jsonb, scope),
        };
    }

    private string Ints(Scope scope, int depth)
    {
        string A() => Make(Kind.Ints, scope, depth);
        string I() => Make(Kind.Int, scope, depth);
        return random.Next(10) switch
        {
            0 or 1 => $"ARRAY[{I()}, {I()}]",
            2 => $"({A()} || {Leaf(Kind.Int, scope)})",
            3 => $"({Leaf(Kind.Int, scope)} || {A()})",
            4 => $"({A()} || {A()})",
            5 => $"{random.Pick("array_append", "array_remove")}({A()}, {I()})",
            6 => $"array_replace({A()}, {Leaf(Kind.Int, scope)}, {Leaf(Kind.Int, scope)})",
            7 => $"({A()})[{random.Next(0, 3)}:{random.Next(1, 4)}]",
            _ => Leaf(Kind.Ints, scope),
        };
    }

    private string Date(Scope scope, int depth)
    {
        string A() => Make(Kind.Date, scope, depth);
        return random.Next(7) switch
        {
            0 => $"({A()} + {Leaf(Kind.Int, scope)})",
            1 => $"({A()} - {Leaf(Kind.Int, scope)})",
            2 => $"({Make(Kind.Timestamp, scope, depth)})::date",
            3 => $"date_trunc('{random.Pick("month", "week", "year", "day", "quarter")}', {A()})::date",
            4 => $"make_date(2020 + abs({Leaf(Kind.Int, scope)}) % 9, 1 + abs({Leaf(Kind.Int, scope)}) % 12, {random.Next(1, 29)})",
            5 => risky ? $"({Make(Kind.Text, scope, 0)})::date" : $"(({A()})::text)::date",
            _ => $"({A()} + interval '{random.Pick("1 month", "1 day", "1 year 2 months", "-3 days")}')::date",
        };
    }

    private string Timestamp(Scope scope, int depth)
    {
        string A() => Make(Kind.Timestamp, scope, depth);
        string unit = random.Pick("second", "minute", "hour", "day", "week", "month", "quarter", "year");
        string step = random.Pick("1 minute", "15 minutes", "1 hour", "00:00:10", "1 day");
        return random.Next(13) switch
        {
            0 or 1 => $"({A()} {random.Pick("+", "-")} {Make(Kind.Interval, scope, depth)})",
            2 => $"({A()} + interval '{random.Pick("1 month", "1 day", "90 minutes", "1 mon -2 days", "0.5 seconds")}')",
            3 => $"date_trunc('{unit}', {A()})",
            4 => $"date_bin('{step}', {A()}, timestamp '2024-01-01 00:00:03')",
            5 => $"«time_bucket(interval '{step}', {{0}})¦date_bin('{step}', {{0}}, timestamp '2000-01-03')»".Replace("{0}", Leaf(Kind.Timestamp, scope), StringComparison.Ordinal),
            6 => $"({Make(Kind.Date, scope, depth)})::timestamp",
            7 => $"({Make(Kind.Date, scope, depth)} + {Make(Kind.Interval, scope, depth)})",
            8 => $"(({A()})::text)::timestamp",
            9 => $"make_timestamp(2024, 1 + abs({Leaf(Kind.Int, scope)}) % 12, {random.Next(1, 29)}, {random.Next(0, 24)}, {random.Next(0, 60)}, {random.Pick("0", "1.5", "59.999999")})",
            11 => $"({Make(Kind.TimestampTz, scope, depth)} AT TIME ZONE '{random.Pick("UTC", "Asia/Tokyo")}')",
            10 => $"({Make(Kind.Date, scope, 0)} + time '{random.Pick("01:02:03", "23:59:59.5")}')",
            _ => Leaf(Kind.Timestamp, scope),
        };
    }

    private string Interval(Scope scope, int depth)
    {
        string A() => Make(Kind.Interval, scope, depth);
        return random.Next(12) switch
        {
            0 => $"({A()} {random.Pick("+", "-")} {A()})",
            1 => $"({Make(Kind.Timestamp, scope, depth)} - {Make(Kind.Timestamp, scope, depth)})",
            2 => $"({A()} * {random.Next(-3, 6)})",
            3 => $"(- {A()})",
            4 => $"interval '{random.Pick("1 day", "2 mons 3 days", "1 year", "-1 day +02:03:00", "0.25 seconds", "1 week")}'",
            5 => $"make_interval(0, 0, 0, {Leaf(Kind.Int, scope)})",
            6 => $"{random.Pick("justify_hours", "justify_days", "justify_interval")}({A()})",
            7 => $"age({Make(Kind.Timestamp, scope, depth)}, {Make(Kind.Timestamp, scope, depth)})",
            8 => $"({Leaf(Kind.Int, scope)} * interval '{random.Pick("1 minute", "1 day", "1 month")}')",
            9 => $"({A()} / {random.Next(1, 5)})",
            10 => $"(({A()})::text)::interval",
            _ => Leaf(Kind.Interval, scope),
        };
    }
}
