// The functions that take values apart (jsonpath, regular expressions, arrays, records) beside PostgreSQL: once, and as live views after every change.
using Npgsql;
using Xunit;

namespace Millrace.Tests.Differential;

[Collection("postgres")]
public sealed class AnalyticFunctionTests(PostgresServer server)
{
    private const string Json = """'{"a": [1, 2, {"b": [3, 4]}, "x", null, true], "c": {"b": 5, "d": -2.7}, "s": "abcdef", "e": []}'::jsonb""";

    private static readonly string[] Paths =
    [
        "$", "$.a", "$.a[*]", "$.a[0]", "$.a[last]", "$.a[1 to 3]", "$.a[last - 1, 0]", "$.**", "$.**.b", "$.**{1}", "$.**{1 to 2}.b", "$.**{last}", "$.*", "$.c.*", "$.c.b * 2 + 1",
        "-$.c.b", "+$.a[0 to 1]", "$.c.d.abs()", "$.c.d.floor()", "$.c.d.ceiling()", "$.a.size()", "$.a[*].type()", "$.c.keyvalue().key", "$.c.b.double()", "$.s.double()",
        "$.a[*] ? (@ > 1)", "$.a[*] ? (@ == \"x\")", "$.a[*] ? (@ == null)", "$.a[*] ? (@.b == 3)", "$.a[*] ? (exists(@.b))", "$.a[*] ? (!(@ > 1))", "$.a[*] ? ((@ > 1) is unknown)",
        "$.a ? (@.size() > 2)", "$.s ? (@ starts with \"abc\")", "$.s ? (@ like_regex \"^AB\" flag \"i\")", "$.s ? (@ like_regex \"a.c\")", "$.a[*] > 1", "$.a[*] == 7", "$.a == \"x\" && $.c.b == 5",
        "$.c.b == 6 || $.s == \"abcdef\"", "exists($.zzz)", "$.zzz", "strict $.zzz", "strict $.a.b", "strict $.a[9]", "lax $.a[9]", "strict $.a[*].b", "$.c.b / 0", "$.c.b % 3", "$.a + 1",
        "$.c ? (@.b > $.a[0])", "$.e[*]", "$.c[0]", "strict $.c[0]", "$[*].c", "$.a[\"x\"]", "$.a[1.7]", "1 + 2 * 3", "(1 + 2) * 3", "\"x\"", "$.\"c\".\"b\"", "$.c.b > 4 && !($.c.b > 9)",
        "\"2026-01-02\".datetime()", "\"2026-01-02 10:00:00\".datetime() < \"2026-01-03\".datetime()", "\"12:30\".datetime(\"HH24:MI\")", "$.s.datetime()", "$.a[*] ? (@ < $.c.b && @ != 1)",
        "$.c.b.type()", "$.a[*].b[*]", "$ ? (@.c.b == 5).s", "strict $.**.b", "$.a[*] ? (@.type() == \"number\")", "$.a[*] <> 1", "@.a", "$.a[", "last", "$.a ? (1)", "$.c.b && true",
    ];

    private static readonly string[] Once =
    [
        .. Paths.Select(p => $"SELECT jsonb_path_query({Json}, '{p}')"),
        .. Paths.Select(p => $"SELECT jsonb_path_query_array({Json}, '{p}', '{{}}', true), jsonb_path_exists({Json}, '{p}', '{{}}', true), {Json} @? '{p}', {Json} @@ '{p}'"),
        "SELECT jsonb_path_query('[1, 5, 9]', '$[*] ? (@ >= $min && @ <= $max)', '{\"min\": 2, \"max\": 6}')",
        "SELECT jsonb_path_query('[1]', '$[*] ? (@ > $none)')",
        "SELECT jsonb_path_match('[1]', '$[0]')",
        "SELECT jsonb_path_match('[1]', '$[0] == 1'), jsonb_path_match('[1]', '$[0]', '{}', true)",
        "SELECT jsonb_path_query_first('[1, 2]', '$[*] ? (@ > 1)'), jsonb_path_query_first('[]', '$[*]'), jsonb_path_exists(target => '{\"a\": 1}', path => '$.b', silent => true)",
        "SELECT jsonb_path_query_tz('[\"2026-01-01T10:00:00+01:00\", \"2026-01-01 10:00:00\"]', '$[*].datetime() ? (@ < \"2026-01-01 09:30:00\".datetime())')",
        "SELECT jsonb_path_query('[\"2026-01-01T10:00:00+01:00\"]', '$[*].datetime() ? (@ < \"2026-01-01 09:30:00\".datetime())')",
        "SELECT regexp_matches('foobarbequebazilbarfbonk', '(b[^b]+)(b[^b]+)', 'g')",
        "SELECT r[1], r[2] FROM regexp_matches('k1=v1;k2=;k3=v3', '(\\w+)=(\\w+)?', 'g') AS r",
        "SELECT regexp_matches('abc', 'x'), 1",
        "SELECT regexp_instr('foobar', 'o', 1, 2), regexp_instr('foobar', 'b(a)(r)', 1, 1, 0, 'i', 2), regexp_instr('foobar', 'o', 1, 2, 1), regexp_instr('héöo', 'o'), regexp_instr('a', 'b')",
        "SELECT regexp_substr('foobar foobaz', 'ba.', 1, 2), regexp_substr('foobar', 'f(o)(o)', 1, 1, 'i', 2), regexp_substr('abc', 'b', 3), regexp_substr('a', 'a', 5)",
        "SELECT regexp_count('ABCABC', 'b', 1, 'i'), regexp_count('abcabc', 'b', 3), regexp_count('aaa', 'a*')",
        "SELECT regexp_replace('Hello World', 'o', '0', 1, 0), regexp_replace('Hello', 'l', 'L', 1, 2), regexp_replace('abc', 'B', 'x', 1, 1, 'i'), regexp_replace('aaa', 'a', 'b', 2)",
        "SELECT regexp_split_to_array('aXbxc', 'x', 'i'), regexp_replace('a', 'a', 'b', 0)",
        "SELECT * FROM regexp_split_to_table('a1b22c', '\\d+') WITH ORDINALITY",
        "SELECT jsonb_insert('{\"a\": [0, 1, 2]}', '{a,1}', '\"new\"'), jsonb_insert('{\"a\": [0]}', '{a,-1}', '9', true), jsonb_insert('{\"a\": 1}', '{b}', '2'), jsonb_insert('[1]', '{5}', '2')",
        "SELECT jsonb_insert('{\"a\": 1}', '{a}', '2')",
        "SELECT jsonb_set_lax('{\"a\": 1}', '{a}', NULL), jsonb_set_lax('{\"a\": 1}', '{a}', NULL, true, 'delete_key'), jsonb_set_lax('{\"a\": 1}', '{b}', NULL, true, 'return_target')",
        "SELECT jsonb_set_lax('{}', '{b}', '3')",
        "SELECT jsonb_set_lax('{}', '{b}', NULL, true, 'raise_exception')",
        "SELECT * FROM jsonb_to_record('{\"a\": 1, \"b\": [1, 2], \"c\": \"bar\", \"l\": [3, 4], \"n\": null}') AS x(a int, b text, d text, c text, l int[], n jsonb)",
        "SELECT * FROM jsonb_to_recordset('[{\"a\": 1, \"b\": \"foo\"}, {\"a\": \"2\", \"c\": \"bar\"}]') AS x(a int, b text)",
        "SELECT * FROM json_to_recordset('[{\"at\": \"2026-01-01\", \"v\": 1.50}]') AS x(at date, v numeric)",
        "SELECT * FROM jsonb_to_record('{}')",
        "SELECT * FROM jsonb_each('{\"a\": \"foo\", \"b\": 1}')",
        "SELECT * FROM jsonb_each_text('{\"a\": \"foo\", \"b\": null}') WITH ORDINALITY AS t(k, v, n)",
        "SELECT key, value FROM json_each_text('{\"a\": \"x\"}')",
        "SELECT json_object_keys('{\"b\": 1, \"a\": 2}'), json_array_length('[1, 2]'), json_typeof('1'), json_extract_path_text('{\"a\": {\"b\": 1}}', 'a', 'b')",
        "SELECT * FROM json_array_elements_text('[\"foo\", \"bar\"]')",
        "SELECT jsonb_object('{a,b}', '{1,NULL}'), jsonb_object('{a,1,b,2}')",
        "SELECT * FROM unnest(ARRAY[1, 2], ARRAY['a', 'b', 'c']) WITH ORDINALITY AS t(a, b, n)",
        "SELECT a.x, b.y FROM (VALUES (ARRAY[1, 2], ARRAY['p'])) AS v(l, m), unnest(v.l, v.m) AS a(x, z), LATERAL (SELECT a.z AS y) AS b",
        "SELECT array_fill(7, ARRAY[3]), array_dims(ARRAY[1, 2]), array_position(ARRAY['a', 'b', 'a'], 'a', 2), array_position(ARRAY[1, NULL], NULL, 1)",
        "SELECT width_bucket(5, ARRAY[1, 3, 6]), width_bucket(0, ARRAY[1]), width_bucket('2026-01-05'::date, ARRAY['2026-01-01', '2026-01-05']::date[])",
        "SELECT acosd(0.5), asind(0.5), asind(-1), atand(1), atan2d(1, 1), atan2d(-1, 0), cotd(45)",
        "SELECT asind(2)",
        "SELECT substring('\\x010203'::bytea FROM 2 FOR 1), substr('\\x010203'::bytea, 0, 2), position('\\x02'::bytea IN '\\x0102'::bytea), bit_count('\\xff01'::bytea), get_bit('\\x02'::bytea, 1), "
            + "set_bit('\\x00'::bytea, 3, 1), set_byte('\\x0102'::bytea, 0, 9)",
        "SELECT true || 'x', 'x' || false, 'a' || NULL::boolean",
        "SELECT make_interval(days => 3), make_interval(hours => 2, mins => 30), make_interval(1, months => 2), make_date(year => 2026, month => 2, day => 3)",
        "SELECT make_interval(1, years => 2)",
        "SELECT timestamp '2026-01-01 10:00:00.4567'::timestamp(2), '2026-01-01 10:00:00.6+00'::timestamptz(0), time '10:00:00.56789'::time(3)",
        "SELECT timestamp(3) '2026-01-01 10:00:00.123456', time(0) '10:00:00.6'",
        "SELECT 'infinity'::timestamp(0), CAST('2026-01-01 23:59:59.9' AS timestamp(0))",
        "SELECT 'today'::date = current_date, date 'tomorrow' - current_date, 'yesterday'::timestamp = current_date - 1, 'now'::timestamptz = now()",
        "SELECT 1 / (SELECT count(*) FROM (VALUES (1)) AS y(a) WHERE y.a = t.a + 1) FROM (VALUES (1)) AS t(a)",
        "SELECT sum(1 / (SELECT count(*) FROM (VALUES (1), (2)) AS y(a) WHERE y.a = t.a)) FROM (VALUES (1), (2)) AS t(a)",
        "SELECT 1 FROM (VALUES (1), (3)) AS t(a) WHERE 1 / (SELECT count(*) FROM (VALUES (1), (2)) AS y(a) WHERE y.a = t.a) = 1",
        "SELECT count(t.*), count(DISTINCT t.*) FROM (VALUES (1, 2), (1, 2), (3, 4)) AS t(a, b)",
        "SELECT unnest(string_to_array('a b a', ' ')) AS w, count(*) AS n FROM generate_series(1, 2) GROUP BY 1 HAVING count(*) > 2",
    ];

    private static readonly string[] Live =
    [
        "SELECT id, x.n, x.p FROM t, unnest(l, m) WITH ORDINALITY AS x(n, p, o)",
        "SELECT unnest(m) AS x, count(*) AS n FROM t GROUP BY 1",
        "SELECT unnest(m) AS x, a, count(*) AS n, max(id) AS q FROM t GROUP BY unnest(m), a HAVING count(*) > 1",
        "SELECT jsonb_object_keys(j) AS k, count(*) AS n FROM t WHERE jsonb_typeof(j) = 'object' GROUP BY k",
        "SELECT id, (regexp_matches(c, '(.)b', 'g'))[1] AS r FROM t",
        "SELECT id, v FROM t, jsonb_path_query(j, '$.arr[*] ? (@.z > 3)') AS v",
        "SELECT id FROM t WHERE j @? '$.arr[*].z ? (@ > 5)'",
        "SELECT id, j @@ '$.x == 1' AS q, jsonb_path_exists(j, '$.arr[*] ? (@.z > $m)', jsonb_build_object('m', a)) AS e, jsonb_path_query_array(j, '$.tags[*]') AS w FROM t",
        "SELECT id, r.x, r.tags, r.none FROM t, jsonb_to_record(j) AS r(x int, tags text, none int)",
        "SELECT id, r.* FROM t LEFT JOIN LATERAL jsonb_to_recordset(j -> 'arr') AS r(z text) ON r.z <> 'q'",
        "SELECT id, jsonb_insert(j, '{tags,0}', to_jsonb(a)) AS q, jsonb_set_lax(j, '{x}', NULL, true, 'delete_key') AS w FROM t WHERE j IS NOT NULL",
        "SELECT id, regexp_instr(c, 'b', 1, 2) AS i, regexp_substr(c, '.b', 1, 2) AS s, regexp_replace(c, 'b', 'X', 1, 2) AS r FROM t",
        "SELECT id, make_interval(days => a) AS i, at::timestamp(0) AS z, true || c AS v FROM t",
        "SELECT 10 / nullif((SELECT count(*) FROM t AS y WHERE y.a = t.a AND y.id < t.id), 0) AS q, id FROM t",
        "SELECT 1 / nullif((SELECT count(*) FROM t AS y WHERE y.a = r.id), 0) AS q FROM t LEFT JOIN t AS r ON r.id <> t.a "
            + "WHERE coalesce(nullif(true, (SELECT true FROM t AS z WHERE z.id = r.a AND r.id IS NULL LIMIT 1)), true)",
        "SELECT id, 1000 / (SELECT count(*) FROM t AS y WHERE y.a IS NOT DISTINCT FROM t.a) AS q FROM t",
        "SELECT sum(1000 / coalesce(x.id + 1, 0)) AS s FROM t LEFT JOIN t AS x ON x.id = t.id",
        "SELECT count(*) AS n FROM t WHERE 1000 / (SELECT count(*) FROM t AS y WHERE y.id <= t.id) > 0",
        "SELECT id, g FROM t, generate_series(at, at + interval '2 days', interval '1 day') AS g",
        "SELECT count(t.*) AS n, a FROM t GROUP BY a",
    ];

    [PostgresFact]
    public async Task ValuesAndErrorsAreThoseOfPostgreSql()
    {
        await using var connection = new NpgsqlConnection(server.ConnectionString);
        await connection.OpenAsync();
        await using Pair pair = await Pair.OpenAsync(connection);
        var wrong = new List<string>();
        foreach (string query in Once)
        {
            Answer theirs = await pair.AskPostgresAsync(query);
            Answer ours = await pair.AskMillraceAsync(query);
            string? difference = theirs.SqlState is not null ? (theirs.SqlState == ours.SqlState ? null : $"PostgreSQL: {theirs.SqlState} {theirs.Message}, Millrace: {ours.SqlState} {ours.Message}")
                : ours.DifferenceTo(theirs, ordered: false);
            if (difference is not null)
            {
                wrong.Add(query + "\n" + difference);
            }
        }

        Assert.True(wrong.Count == 0, string.Join("\n\n", wrong));
    }

    [PostgresFact]
    public async Task LiveViewsAreThoseOfPostgreSqlAfterEveryStep()
    {
        const int Seed = 5;
        var random = new Random(Seed);
        await using var connection = new NpgsqlConnection(server.ConnectionString);
        await connection.OpenAsync();
        await using Pair pair = await Pair.OpenAsync(connection);
        Assert.Null((await pair.WriteAsync("CREATE TABLE t (id int PRIMARY KEY, a int, c text, j jsonb, l int[], m text[], at timestamptz)")).Difference);
        for (int i = 0; i < Live.Length; i++)
        {
            Answer made = await pair.AskMillraceAsync($"CREATE MATERIALIZED VIEW v{i} AS {Live[i]}");
            Assert.True(made.SqlState is null, $"{Live[i]}: {made.SqlState} {made.Message}");
        }

        for (int step = 0; step < 25; step++)
        {
            int from = step * 3;
            string sql = random.Next(5) switch
            {
                0 => $"DELETE FROM t WHERE id % 5 = {random.Next(5)}",
                1 => $"UPDATE t SET a = a + 1, c = 'xb', m = ARRAY['p', 'p'] WHERE a = {random.Next(4)}",
                2 => $"UPDATE t SET j = '{{\"arr\": [], \"k\": null}}', l = NULL WHERE id % 4 = {random.Next(4)}",
                _ => "INSERT INTO t SELECT i, i % 4, repeat(chr(97 + i % 3), 2) || 'b' || chr(97 + i % 2) || 'b', jsonb_build_object('x', i % 2, 'arr', "
                    + "jsonb_build_array(jsonb_build_object('z', i), jsonb_build_object('z', 'q')), 'tags', jsonb_build_array('a', i)), ARRAY[i, i % 3, NULL], ARRAY['p', 'q' || i % 3], "
                    + $"timestamptz '2026-03-27 23:30:00.4567+00' + i * interval '7 hours' FROM generate_series({from}, {from + random.Next(3)}) AS i",
            };
            (_, string? difference) = await pair.WriteAsync(sql);
            Assert.True(difference is null, $"seed {Seed} step {step}: {difference}");
            for (int i = 0; i < Live.Length; i++)
            {
                Answer expected = await pair.AskPostgresAsync(Live[i]);
                Answer live = await pair.AskMillraceAsync($"SELECT * FROM v{i}");
                Answer once = await pair.AskMillraceAsync(Live[i]);
                Assert.True(expected.SqlState is null, $"{Live[i]}: {expected.Message}");
                Assert.True(live.DifferenceTo(expected, ordered: false) is null, $"seed {Seed} step {step}, view: {Live[i]}\n{live.DifferenceTo(expected, ordered: false)}");
                Assert.True(once.DifferenceTo(expected, ordered: false) is null, $"seed {Seed} step {step}, query: {Live[i]}\n{once.DifferenceTo(expected, ordered: false)}");
            }
        }
    }
}
