// jsonb_path_query and its relatives, and the operators @? and @@. A path that is a constant is read once.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>Functions that take a jsonpath.</summary>
internal static class JsonPathFunctions
{
    private delegate T Body<T>(ByteSlice json, JsonPath path, ByteSlice? variables, bool silent, bool zones, EvalContext context);

    public static void Register(FunctionRegistry r)
    {
        r.Group("JSON");
        r.Prepared("@?(jsonb, text) bool", (ByteSlice j, ByteSlice p, EvalContext c) => Exists(j, Parse(p), null, true, false, c), 1, Prepare,
            (ByteSlice j, JsonPath p, EvalContext c) => Exists(j, p, null, true, false, c), "The path gives something", "'{\"a\": [1, 2]}'::jsonb @? '$.a[*] ? (@ > 1)' → true");
        r.Prepared("@@(jsonb, text) bool", (ByteSlice j, ByteSlice p, EvalContext c) => Match(j, Parse(p), null, true, false, c), 1, Prepare,
            (ByteSlice j, JsonPath p, EvalContext c) => Match(j, p, null, true, false, c), "What the path's condition comes to", "'{\"a\": 2}'::jsonb @@ '$.a > 1' → true");
        foreach (bool zones in new[] { false, true })
        {
            string tz = zones ? "_tz" : "";
            string also = zones ? ", where times with and without time zone may meet" : "";
            foreach (string name in new[] { "exists", "match", "query_first", "query_array" })
            {
                r.Named($"jsonb_path_{name}{tz}", "target, path, vars={}, silent=false");
            }

            string time = "'[\"2026-01-01T10:00:00+01\", \"2026-01-01T10:00:00+00\"]', '$[*].datetime() ? (@ >= \"2026-01-01 10:00:00\".datetime())'";
            Register<bool?>(r, $"jsonb_path_exists{tz}", "bool", zones, Exists, "Whether the path gives something" + also,
                zones ? $"({time}) → true" : "('{\"a\": [1, 2]}', '$.a[*] ? (@ > 1)') → true", "('{\"a\": [1, 2]}', '$.a[*] ? (@ > $least)', '{\"least\": 2}') → false");
            Register<bool?>(r, $"jsonb_path_match{tz}", "bool", zones, Match, "What the path's condition comes to" + also,
                zones ? "('\"2026-01-01\"', '$.datetime() < \"2026-01-01T00:00:01+00\".datetime()') → true" : "('{\"a\": [1, 2]}', 'exists($.a[*] ? (@ > 1))') → true",
                "('[1, 2]', '$[0] < $x', '{\"x\": 5}') → true");
            Register<ByteSlice?>(r, $"jsonb_path_query_first{tz}", "jsonb", zones, First, "The first item that the path gives" + also,
                zones ? $"({time}) → \"2026-01-01T10:00:00+00:00\"" : "('{\"a\": [1, 2]}', '$.a[*] ? (@ > 1)') → 2", "('[1, 2, 3]', '$[*] ? (@ >= $x)', '{\"x\": 2}') → 2");
            Register<ByteSlice?>(r, $"jsonb_path_query_array{tz}", "jsonb", zones, All, "All items that the path gives, as an array" + also,
                zones ? $"({time}) → [\"2026-01-01T10:00:00+00:00\"]" : "('[1, {\"a\": 2}, \"x\"]', '$[*].type()') → [\"number\", \"object\", \"string\"]",
                "('[1, 2, 3]', '$[*] ? (@ >= $x)', '{\"x\": 2}') → [2, 3]");
            Register<ListSlice>(r, $"jsonb_path_items{tz}", "jsonb[]", zones, Items, $"All items that the path gives; jsonb_path_query{tz} gives them as rows" + also,
                zones ? $"({time}) → {{\"\\\"2026-01-01T10:00:00+00:00\\\"\"}}" : "('{\"a\": {\"b\": 1}, \"c\": {\"b\": 2}}', '$.*.b') → {1,2}",
                "('[1, 2, 3]', '$[*] ? (@ >= $x)', '{\"x\": 2}') → {2,3}");
        }
    }

    private static void Register<T>(FunctionRegistry r, string name, string result, bool zones, Body<T> body, string doc, string example, string withVariables)
    {
        Volatility volatility = zones ? Volatility.Stable : Volatility.Immutable;
        r.Prepared($"{name}(jsonb, text) {result}", (ByteSlice j, ByteSlice p, EvalContext c) => body(j, Parse(p), null, false, zones, c), 1, Prepare,
            (ByteSlice j, JsonPath p, EvalContext c) => body(j, p, null, false, zones, c), doc, name + example, volatility);
        r.Prepared($"{name}(jsonb, text, jsonb) {result}", (ByteSlice j, ByteSlice p, ByteSlice v, EvalContext c) => body(j, Parse(p), v, false, zones, c), 1, Prepare,
            (ByteSlice j, JsonPath p, ByteSlice v, EvalContext c) => body(j, p, v, false, zones, c), doc, name + withVariables, volatility);
        r.Prepared($"{name}(jsonb, text, jsonb, bool) {result}", (ByteSlice j, ByteSlice p, ByteSlice v, bool s, EvalContext c) => body(j, Parse(p), v, s, zones, c), 1, Prepare,
            (ByteSlice j, JsonPath p, ByteSlice v, bool s, EvalContext c) => body(j, p, v, s, zones, c), doc + "; errors of the path count for nothing when the last argument is true",
            volatility: volatility);
    }

    private static object Prepare(object path) => Parse((ByteSlice)path);

    private static JsonPath Parse(ByteSlice path) => JsonPathParser.Parse(path.ToString());

    /// <summary>The items; null where the path failed and errors count for nothing.</summary>
    private static List<JsonPathItem>? Run(ByteSlice json, JsonPath path, ByteSlice? variables, bool silent, bool zones, EvalContext context)
    {
        if (variables is { } given && given.Span[0] != '{')
        {
            throw new SqlException("22023", "\"vars\" argument is not an object", hint: "Jsonpath parameters should be encoded as key-value pairs of \"vars\" object.");
        }

        var run = new JsonPathRun(path, json, variables, zones, context);
        var items = new List<JsonPathItem>();
        return run.Run(items) ? items : silent ? null : throw run.Error!;
    }

    private static bool? Exists(ByteSlice json, JsonPath path, ByteSlice? variables, bool silent, bool zones, EvalContext context) =>
        Run(json, path, variables, silent, zones, context) is { } items ? items.Count > 0 : null;

    private static bool? Match(ByteSlice json, JsonPath path, ByteSlice? variables, bool silent, bool zones, EvalContext context)
    {
        List<JsonPathItem>? items = Run(json, path, variables, silent, zones, context);
        if (items is [{ Kind: "boolean" or "null" } item])
        {
            return item.First == 'n' ? null : item.First == 't';
        }

        return silent ? null : throw new SqlException("22038", "single boolean result is expected");
    }

    private static ByteSlice? First(ByteSlice json, JsonPath path, ByteSlice? variables, bool silent, bool zones, EvalContext context) =>
        Run(json, path, variables, silent, zones, context) is [var first, ..] ? context.Scratch.Copy(first.Json.Span) : null;

    private static ByteSlice? All(ByteSlice json, JsonPath path, ByteSlice? variables, bool silent, bool zones, EvalContext context)
    {
        List<JsonPathItem> items = Run(json, path, variables, silent, zones, context) ?? [];
        ByteWriter writer = context.Scratch.Begin();
        writer.WriteByte((byte)'[');
        bool first = true;
        foreach (JsonPathItem item in items)
        {
            writer.Write(first ? default : ", "u8);
            writer.Write(item.Json.Span);
            first = false;
        }

        writer.WriteByte((byte)']');
        return context.Scratch.End();
    }

    private static ListSlice Items(ByteSlice json, JsonPath path, ByteSlice? variables, bool silent, bool zones, EvalContext context)
    {
        var items = (BytesBuilder)context.NewBuilder(SqlType.Jsonb);
        foreach (JsonPathItem item in Run(json, path, variables, silent, zones, context) ?? [])
        {
            items.Append(item.Json.Span);
        }

        return new ListSlice(items.View(), 0, items.Count);
    }
}
