// jsonb values with something put in: jsonb_insert, and jsonb_set that says what a NULL means.
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>jsonb_insert and jsonb_set_lax.</summary>
internal static class JsonEditFunctions
{
    public static void Register(FunctionRegistry r)
    {
        r.Group("JSON");
        r.Named("jsonb_insert", "jsonb_in, path, replacement, insert_after=false");
        r.Named("jsonb_set_lax", "jsonb_in, path, replacement, create_if_missing=true, null_value_treatment=use_json_null");
        r.F("jsonb_insert(jsonb, text[], jsonb) jsonb", (ByteSlice j, ListSlice p, ByteSlice v, EvalContext c) => Insert(j, p, v, false, c),
            "With a value put in at a path, in front of the element that is there", "jsonb_insert('{\"a\": [1, 2]}', '{a,1}', '9') → {\"a\": [1, 9, 2]}");
        r.F("jsonb_insert(jsonb, text[], jsonb, bool) jsonb", Insert, "With a value put in, behind the element where the last argument is true",
            "jsonb_insert('[1, 2]', '{0}', '9', true) → [1, 9, 2]");
        r.F("jsonb_set_lax(jsonb, text[], jsonb) jsonb", (ByteSlice? j, ListSlice? p, ByteSlice? v, EvalContext c) => SetLax(j, p, v, true, UseNull, c),
            "jsonb_set, where NULL is JSON's null", "jsonb_set_lax('{\"a\": 1}', '{a}', NULL) → {\"a\": null}");
        r.F("jsonb_set_lax(jsonb, text[], jsonb, bool) jsonb", (ByteSlice? j, ListSlice? p, ByteSlice? v, bool? create, EvalContext c) => SetLax(j, p, v, create, UseNull, c),
            "jsonb_set, where NULL is JSON's null", "jsonb_set_lax('{}', '{a}', NULL, true) → {\"a\": null}");
        r.F("jsonb_set_lax(jsonb, text[], jsonb, bool, text) jsonb", SetLax, "jsonb_set; the last argument says what NULL does: use_json_null, delete_key, return_target or raise_exception",
            "jsonb_set_lax('{\"a\": 1, \"b\": 2}', '{a}', NULL, true, 'delete_key') → {\"b\": 2}");
    }

    private static ByteSlice UseNull => ByteSlice.From("use_json_null");

    private static ByteSlice? SetLax(ByteSlice? json, ListSlice? path, ByteSlice? value, bool? create, ByteSlice? whenNull, EvalContext context)
    {
        if (json is not { } j || path is not { } p || create is not { } c)
        {
            return null;
        }

        if (value is { } v)
        {
            return JsonFunctions.Set(j, p, v, c, context);
        }

        return whenNull?.ToString() switch
        {
            "use_json_null" => JsonFunctions.Set(j, p, ByteSlice.From("null"), c, context),
            "delete_key" => JsonPartFunctions.WithoutPath(j, p, context),
            "return_target" => j,
            "raise_exception" => throw new SqlException("22004", "JSON value must not be null", hint: "jsonb_set_lax was told to raise an exception for NULL"),
            _ => throw new SqlException("22023", "null_value_treatment must be \"delete_key\", \"return_target\", \"use_json_null\", or \"raise_exception\""),
        };
    }

    private static ByteSlice Insert(ByteSlice json, ListSlice path, ByteSlice value, bool behind, EvalContext context)
    {
        if (json.Span[0] is not ((byte)'{' or (byte)'['))
        {
            throw new SqlException("22023", "cannot set path in scalar");
        }

        if (path.Count == 0)
        {
            return json;
        }

        var raw = new ByteWriter(json.Length + value.Length + 16);
        InsertAt(raw, json.Span, path, 0, value.Span, behind);
        return JsonFunctions.Normalized(raw, context);
    }

    private static void InsertAt(ByteWriter raw, ReadOnlySpan<byte> json, ListSlice path, int step, ReadOnlySpan<byte> value, bool behind)
    {
        if (json[0] is not ((byte)'{' or (byte)'['))
        {
            raw.Write(json);
            return;
        }

        var steps = (BytesColumn)path.Elements;
        if (steps.IsNull(path.Start + step))
        {
            throw new SqlException("22004", $"path element at position {step + 1} is null");
        }

        ReadOnlySpan<byte> wanted = steps.Span(path.Start + step);
        bool last = step == path.Count - 1;
        bool isObject = json[0] == '{';
        int index = isObject ? -1 : JsonPartFunctions.Index(json, wanted, step);
        bool done = !last;
        bool first = true;
        raw.WriteByte(json[0]);
        if (!isObject && last && index < 0)
        {
            Write(raw, value, ref first);
            done = true;
        }

        int at = 0;
        int position = 0;
        Range key = default;
        Range member;
        while (isObject ? JsonReader.NextMember(json, ref at, out key, out member) : JsonReader.NextElement(json, ref at, out member))
        {
            bool here = isObject ? JsonPartFunctions.KeyIs(json[key], wanted) : position == index;
            position++;
            if (isObject && here && last)
            {
                throw new SqlException("22023", "cannot replace existing key", hint: "Try using the function jsonb_set to replace key value.");
            }

            if (here && last && !behind)
            {
                Write(raw, value, ref first);
                done = true;
            }

            raw.Write(first ? default : ", "u8);
            first = false;
            if (isObject)
            {
                raw.Write(json[key]);
                raw.Write(": "u8);
            }

            if (here && !last)
            {
                InsertAt(raw, json[member], path, step + 1, value, behind);
            }
            else
            {
                raw.Write(json[member]);
            }

            if (here && last && behind)
            {
                Write(raw, value, ref first);
                done = true;
            }
        }

        if (!done)
        {
            raw.Write(first ? default : ", "u8);
            if (isObject)
            {
                raw.Write(JsonFunctions.Quote(wanted));
                raw.Write(": "u8);
            }

            raw.Write(value);
        }

        raw.WriteByte(json[^1]);
    }

    private static void Write(ByteWriter raw, ReadOnlySpan<byte> value, ref bool first)
    {
        raw.Write(first ? default : ", "u8);
        raw.Write(value);
        first = false;
    }
}
