// Operators and functions of jsonb.
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>Looking into jsonb and building it.</summary>
internal static class JsonFunctions
{
    public static void Register(FunctionRegistry r)
    {
        r.Group("JSON");
        r.Prepared("->(jsonb, text) jsonb", (ByteSlice j, ByteSlice k) => Member(j, (byte[])Quote(k)), 1, Quote, Member,
            "A member of an object", "'{\"a\": 1}'::jsonb -> 'a' → 1");
        r.F("->(jsonb, int4) jsonb", Element, "An element of an array, from 0", "'[1, 2]'::jsonb -> 1 → 2");
        r.Prepared("->>(jsonb, text) text", (ByteSlice j, ByteSlice k, EvalContext c) => Text(Member(j, (byte[])Quote(k)), c), 1, Quote,
            (ByteSlice j, byte[] k, EvalContext c) => Text(Member(j, k), c), "A member of an object as text",
            "'{\"a\": \"x\"}'::jsonb ->> 'a' → x");
        r.F("->>(jsonb, int4) text", (ByteSlice j, int i, EvalContext c) => Text(Element(j, i), c), "An element of an array as text",
            "'[\"x\"]'::jsonb ->> 0 → x");
        r.F("#>(jsonb, text[]) jsonb", (ByteSlice j, ListSlice p) => Path(j, p), "The value at a path",
            "'{\"a\": [1, 2]}'::jsonb #> '{a,1}' → 2");
        r.F("#>>(jsonb, text[]) text", (ByteSlice j, ListSlice p, EvalContext c) => Text(Path(j, p), c), "The value at a path as text",
            "'{\"a\": [1, 2]}'::jsonb #>> '{a,1}' → 2");
        r.F("@>(jsonb, jsonb) bool", (ByteSlice a, ByteSlice b) => Contains(a.Span, b.Span, true), "Contains",
            "'{\"a\": 1, \"b\": 2}'::jsonb @> '{\"b\": 2}' → true");
        r.F("<@(jsonb, jsonb) bool", (ByteSlice a, ByteSlice b) => Contains(b.Span, a.Span, true), "Is contained in",
            "'{\"b\": 2}'::jsonb <@ '{\"a\": 1, \"b\": 2}' → true");
        r.F("?(jsonb, text) bool", (ByteSlice j, ByteSlice k) => Exists(j, (byte[])Quote(k)), "Has the key or the string element",
            "'{\"a\": 1}'::jsonb ? 'a' → true");
        r.F("?|(jsonb, text[]) bool", (ByteSlice j, ListSlice k) => Any(j, k, true), "Has one of the keys",
            "'{\"a\": 1}'::jsonb ?| ARRAY['b', 'a'] → true");
        r.F("?&(jsonb, text[]) bool", (ByteSlice j, ListSlice k) => !Any(j, k, false), "Has all of the keys",
            "'{\"a\": 1}'::jsonb ?& ARRAY['a', 'b'] → false");
        r.F("||(jsonb, jsonb) jsonb", Concat, "Objects merged, arrays joined",
            "'{\"a\": 1}'::jsonb || '{\"b\": 2}' → {\"a\": 1, \"b\": 2}");
        r.F("-(jsonb, text) jsonb", (ByteSlice j, ByteSlice k, EvalContext c) => Without(j, [(byte[])Quote(k)], c),
            "Without a key or string element", "'{\"a\": 1, \"b\": 2}'::jsonb - 'a' → {\"b\": 2}");
        r.F("-(jsonb, text[]) jsonb", (ByteSlice j, ListSlice k, EvalContext c) => Without(j, Keys(k), c), "Without several keys",
            "'{\"a\": 1, \"b\": 2}'::jsonb - ARRAY['a', 'b'] → {}");
        r.F("-(jsonb, int4) jsonb", WithoutElement, "Without an element", "'[1, 2]'::jsonb - 0 → [2]");
        r.F("jsonb_pretty(jsonb) text", (ByteSlice v, EvalContext c) => { Pretty(c.Scratch.Begin(), v.Span, 0); return c.Scratch.End(); },
            "Indented", "jsonb_pretty('[]') → [\n]");
        r.F("jsonb_set(jsonb, text[], jsonb) jsonb", (ByteSlice j, ListSlice p, ByteSlice v, EvalContext c) => Set(j, p, v, true, c),
            "With the value at a path replaced", "jsonb_set('{\"a\": 1}', '{a}', '2') → {\"a\": 2}");
        r.F("jsonb_set(jsonb, text[], jsonb, bool) jsonb", Set, "With the value at a path replaced, or added",
            "jsonb_set('{}', '{a}', '2', true) → {\"a\": 2}");
        // A json value is kept as jsonb, so the functions of both are one.
        foreach (string json in new[] { "jsonb", "json" })
        {
            r.F($"{json}_extract_path(jsonb, any...) jsonb",
                new VariadicBody(VariadicForm.Text, (Func<ByteSlice?[], EvalContext, ByteSlice?>)((a, _) => Path(a))), "The value at a path",
                $"{json}_extract_path('{{\"a\": 1}}', 'a') → 1");
            r.F($"{json}_extract_path_text(jsonb, any...) text",
                new VariadicBody(VariadicForm.Text, (Func<ByteSlice?[], EvalContext, ByteSlice?>)((a, c) => Text(Path(a), c))),
                "The value at a path as text", $"{json}_extract_path_text('{{\"a\": \"x\"}}', 'a') → x");
            r.F($"{json}_typeof(jsonb) text", (ByteSlice v, EvalContext c) => c.Scratch.Copy(Kind(v.Span)), "Kind of the value",
                $"{json}_typeof('1') → number");
            r.F($"{json}_array_length(jsonb) int4",
                (ByteSlice v) => v.Span[0] == '[' ? JsonReader.Count(v.Span) : throw new SqlException("22023", v.Span[0] == '{'
                    ? "cannot get array length of a non-array" : "cannot get array length of a scalar"),
                "Number of elements", $"{json}_array_length('[1, 2]') → 2");
            r.F($"{json}_strip_nulls(jsonb) jsonb",
                (ByteSlice v, EvalContext c) => { StripNulls(c.Scratch.Begin(), v.Span); return c.Scratch.End(); },
                "Without members that are null", $"{json}_strip_nulls('{{\"a\": null, \"b\": 1}}') → {{\"b\": 1}}");
            r.F($"{json}_object(text[]) jsonb", ObjectOf, "An object of keys and values in turn", $"{json}_object(ARRAY['a', 'x']) → {{\"a\": \"x\"}}");
            r.F($"{json}_object(text[], text[]) jsonb", ObjectOfTwo, "An object of keys and values", $"{json}_object(ARRAY['a', 'b'], ARRAY['1', '2']) → {{\"a\": \"1\", \"b\": \"2\"}}");
        }

        r.Named("jsonb_set", "jsonb_in, path, replacement, create_if_missing=true");
        foreach (string json in new[] { "jsonb", "json" })
        {
            r.F($"{json}_build_object() jsonb", (EvalContext c) => c.Scratch.Copy("{}"), "An empty object",
                $"{json}_build_object() → {{}}");
            r.F($"{json}_build_object(any...) jsonb", new VariadicBody(VariadicForm.Json, BuildObject), "An object of keys and values",
                $"{json}_build_object('a', 1) → {{\"a\": 1}}");
            r.F($"{json}_build_array() jsonb", (EvalContext c) => c.Scratch.Copy("[]"), "An empty array", $"{json}_build_array() → []");
            r.F($"{json}_build_array(any...) jsonb", new VariadicBody(VariadicForm.Json, BuildArray), "An array of values",
                $"{json}_build_array(1, 'x') → [1, \"x\"]");
        }

        r.F("to_jsonb(any) jsonb", new VariadicBody(VariadicForm.Json, First), "The value as JSON", "to_jsonb('x'::text) → \"x\"");
        r.F("to_json(any) jsonb", new VariadicBody(VariadicForm.Json, First), "The value as JSON", "to_json(1) → 1");
        r.F("row_to_json(any) jsonb", new VariadicBody(VariadicForm.Json, First), "The row as a JSON object",
            "row_to_json(ROW(1)) → {\"f1\": 1}");
        r.F("array_to_json(any) jsonb", new VariadicBody(VariadicForm.Json, First), "The array as a JSON array",
            "array_to_json(ARRAY[1]) → [1]");
    }

    /// <summary>What a JSON value is: object, array, string, number, boolean or null.</summary>
    public static string Kind(ReadOnlySpan<byte> json) => json[0] switch
    {
        (byte)'{' => "object",
        (byte)'[' => "array",
        (byte)'"' => "string",
        (byte)'t' or (byte)'f' => "boolean",
        (byte)'n' => "null",
        _ => "number",
    };

    private static object Quote(object key) => Quote(((ByteSlice)key).Span);

    internal static byte[] Quote(ReadOnlySpan<byte> key)
    {
        var writer = new ByteWriter(key.Length + 16);
        JsonText.AppendString(writer, key);
        return writer.Written.ToArray();
    }

    private static ByteSlice Part(ByteSlice json, Range range)
    {
        (int offset, int length) = range.GetOffsetAndLength(json.Length);
        return json.Part(offset, length);
    }

    private static ByteSlice? Member(ByteSlice json, byte[] quotedKey) =>
        json.Span[0] == '{' && JsonReader.Find(json.Span, quotedKey, out Range value) ? Part(json, value) : null;

    // A scalar is its own first and last element, as in PostgreSQL, which keeps it as an array of one.
    private static ByteSlice? Element(ByteSlice json, int index) => json.Span[0] switch
    {
        (byte)'[' => JsonReader.At(json.Span, index, out Range value) ? Part(json, value) : null,
        (byte)'{' => null,
        _ => index is 0 or -1 ? json : null,
    };

    /// <summary>A string's content, the JSON of anything else, null for JSON's null.</summary>
    private static ByteSlice? Text(ByteSlice? json, EvalContext context)
    {
        if (json is not { } j || j.Span[0] == 'n')
        {
            return null;
        }

        if (j.Span[0] != '"')
        {
            return j;
        }

        if (j.Span.IndexOf((byte)'\\') < 0)
        {
            return j.Part(1, j.Length - 2);
        }

        JsonReader.Unescape(context.Scratch.Begin(), j.Span);
        return context.Scratch.End();
    }

    private static ByteSlice? Path(ByteSlice json, ListSlice path)
    {
        ByteSlice? at = json;
        var steps = (BytesColumn)path.Elements;
        for (int i = 0; i < path.Count && at is not null; i++)
        {
            at = steps.IsNull(path.Start + i) ? null : Step(at.Value, steps.Slice(path.Start + i));
        }

        return at;
    }

    private static ByteSlice? Path(ByteSlice?[] parts)
    {
        ByteSlice? at = parts[0];
        for (int i = 1; i < parts.Length && at is not null; i++)
        {
            at = parts[i] is { } step ? Step(at.Value, step) : null;
        }

        return at;
    }

    private static ByteSlice? Step(ByteSlice json, ByteSlice step)
    {
        if (json.Span[0] == '{')
        {
            return Member(json, Quote(step.Span));
        }

        return json.Span[0] == '[' && System.Buffers.Text.Utf8Parser.TryParse(step.Span, out int index, out int used) && used == step.Length
            ? Element(json, index) : null;
    }

    private static bool Contains(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b, bool top)
    {
        int at = 0;
        switch (b[0])
        {
            case (byte)'{':
                while (a[0] == '{' && JsonReader.NextMember(b, ref at, out Range key, out Range value))
                {
                    if (!JsonReader.Find(a, b[key], out Range found) || !Contains(a[found], b[value], false))
                    {
                        return false;
                    }
                }

                return a[0] == '{';
            case (byte)'[':
                while (a[0] == '[' && JsonReader.NextElement(b, ref at, out Range value))
                {
                    if (!HasElement(a, b[value]))
                    {
                        return false;
                    }
                }

                return a[0] == '[';
            default:
                return a[0] == '[' && top ? HasElement(a, b) : SameScalar(a, b);
        }
    }

    private static bool HasElement(ReadOnlySpan<byte> array, ReadOnlySpan<byte> wanted)
    {
        int at = 0;
        while (JsonReader.NextElement(array, ref at, out Range value))
        {
            if (Contains(array[value], wanted, false))
            {
                return true;
            }
        }

        return false;
    }

    private static bool SameScalar(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        if (a.SequenceEqual(b))
        {
            return true;
        }

        return Kind(a) == "number" && Kind(b) == "number" && a.Length < 36 && b.Length < 36 && Numeric.Parse(a) == Numeric.Parse(b);
    }

    private static bool Exists(ByteSlice json, byte[] quotedKey)
    {
        ReadOnlySpan<byte> j = json.Span;
        if (j[0] == '{')
        {
            return JsonReader.Find(j, quotedKey, out _);
        }

        return j[0] == '[' ? HasElement(j, quotedKey) : j.SequenceEqual(quotedKey);
    }

    private static byte[][] Keys(ListSlice keys) =>
        [.. Enumerable.Range(keys.Start, keys.Count).Where(i => !keys.Elements.IsNull(i)).Select(i => Quote(((BytesColumn)keys.Elements).Span(i)))];

    /// <summary>True when the existence of some key is <paramref name="wanted"/>.</summary>
    private static bool Any(ByteSlice json, ListSlice keys, bool wanted) => Keys(keys).Any(k => Exists(json, k) == wanted);

    internal static ByteSlice Normalized(ByteWriter raw, EvalContext context)
    {
        JsonText.AppendNormalized(context.Scratch.Begin(), raw.Written);
        return context.Scratch.End();
    }

    private static ByteSlice Concat(ByteSlice a, ByteSlice b, EvalContext context)
    {
        var raw = new ByteWriter(a.Length + b.Length + 8);
        if (a.Span[0] == '{' && b.Span[0] == '{')
        {
            raw.Write(a.Span[..^1]);
            raw.Write(a.Length > 2 && b.Length > 2 ? ", "u8 : default);
            raw.Write(b.Span[1..]);
            return Normalized(raw, context);
        }

        ReadOnlySpan<byte> left = a.Span[0] == '[' ? a.Span[1..^1] : a.Span;
        ReadOnlySpan<byte> right = b.Span[0] == '[' ? b.Span[1..^1] : b.Span;
        raw.WriteByte((byte)'[');
        raw.Write(left);
        raw.Write(!left.IsEmpty && !right.IsEmpty ? ", "u8 : default);
        raw.Write(right);
        raw.WriteByte((byte)']');
        return context.Scratch.Copy(raw.Written);
    }

    private static ByteSlice Without(ByteSlice json, byte[][] keys, EvalContext context)
    {
        ReadOnlySpan<byte> j = json.Span;
        if (j[0] is not ((byte)'{' or (byte)'['))
        {
            throw new SqlException("22023", "cannot delete from scalar");
        }

        ByteWriter writer = context.Scratch.Begin();
        bool first = true;
        int at = 0;
        writer.WriteByte(j[0]);
        Range key = default;
        Range value;
        while (j[0] == '{' ? JsonReader.NextMember(j, ref at, out key, out value) : JsonReader.NextElement(j, ref at, out value))
        {
            Range tested = j[0] == '{' ? key : value;
            if (!keys.Any(k => json.Span[tested].SequenceEqual(k)))
            {
                writer.Write(first ? default : ", "u8);
                writer.Write(j[tested.Start..value.End]);
                first = false;
            }
        }

        writer.WriteByte(j[^1]);
        return context.Scratch.End();
    }

    private static ByteSlice WithoutElement(ByteSlice json, int index, EvalContext context)
    {
        ReadOnlySpan<byte> j = json.Span;
        if (j[0] != '[')
        {
            throw new SqlException("22023", j[0] == '{' ? "cannot delete from object using integer index" : "cannot delete from scalar");
        }

        index = index < 0 ? JsonReader.Count(j) + index : index;
        ByteWriter writer = context.Scratch.Begin();
        writer.WriteByte((byte)'[');
        int at = 0;
        bool first = true;
        for (int i = 0; JsonReader.NextElement(j, ref at, out Range value); i++)
        {
            if (i != index)
            {
                writer.Write(first ? default : ", "u8);
                writer.Write(j[value]);
                first = false;
            }
        }

        writer.WriteByte((byte)']');
        return context.Scratch.End();
    }

    private static void StripNulls(ByteWriter writer, ReadOnlySpan<byte> j)
    {
        if (j[0] is not ((byte)'{' or (byte)'['))
        {
            writer.Write(j);
            return;
        }

        bool first = true;
        int at = 0;
        writer.WriteByte(j[0]);
        if (j[0] == '{')
        {
            while (JsonReader.NextMember(j, ref at, out Range key, out Range value))
            {
                if (j[value][0] != 'n')
                {
                    writer.Write(first ? default : ", "u8);
                    writer.Write(j[key]);
                    writer.Write(": "u8);
                    StripNulls(writer, j[value]);
                    first = false;
                }
            }
        }
        else
        {
            while (JsonReader.NextElement(j, ref at, out Range value))
            {
                writer.Write(first ? default : ", "u8);
                StripNulls(writer, j[value]);
                first = false;
            }
        }

        writer.WriteByte(j[^1]);
    }

    private static void Pretty(ByteWriter writer, ReadOnlySpan<byte> j, int depth)
    {
        if (j[0] is not ((byte)'{' or (byte)'['))
        {
            writer.Write(j);
            return;
        }

        writer.WriteByte(j[0]);
        bool first = true;
        int at = 0;
        Range key = default;
        Range value;
        while (j[0] == '{' ? JsonReader.NextMember(j, ref at, out key, out value) : JsonReader.NextElement(j, ref at, out value))
        {
            writer.Write(first ? "\n"u8 : ",\n"u8);
            first = false;
            writer.Take((depth + 1) * 4).Fill((byte)' ');
            if (j[0] == '{')
            {
                writer.Write(j[key]);
                writer.Write(": "u8);
            }

            Pretty(writer, j[value], depth + 1);
        }

        writer.WriteByte((byte)'\n');
        writer.Take(depth * 4).Fill((byte)' ');
        writer.WriteByte(j[^1]);
    }

    internal static ByteSlice Set(ByteSlice json, ListSlice path, ByteSlice value, bool create, EvalContext context)
    {
        if (json.Span[0] is not ((byte)'{' or (byte)'['))
        {
            throw new SqlException("22023", "cannot set path in scalar");
        }

        var raw = new ByteWriter(json.Length + value.Length + 16);
        SetAt(raw, json, path, 0, value, create);
        return Normalized(raw, context);
    }

    private static void SetAt(ByteWriter raw, ByteSlice json, ListSlice path, int step, ByteSlice value, bool create)
    {
        ReadOnlySpan<byte> j = json.Span;
        if (step == path.Count || j[0] is not ((byte)'{' or (byte)'['))
        {
            raw.Write(step == path.Count && path.Count > 0 ? value.Span : j);
            return;
        }

        var steps = (BytesColumn)path.Elements;
        byte[] wanted = Quote(steps.Span(path.Start + step));
        bool last = step == path.Count - 1;
        bool found = false;
        bool isObject = j[0] == '{';
        int index = 0;
        if (!isObject)
        {
            if (!System.Buffers.Text.Utf8Parser.TryParse(steps.Span(path.Start + step), out index, out int used) || used != steps.Span(path.Start + step).Length)
            {
                throw new SqlException("22P02", $"path element at position {step + 1} is not an integer: \"{steps.Slice(path.Start + step)}\"");
            }

            index = index < 0 ? JsonReader.Count(j) + index : index;
        }

        raw.WriteByte(j[0]);
        int at = 0;
        int position = 0;
        bool first = true;
        if (!isObject && index < 0 && last && create)
        {
            raw.Write(value.Span);
            first = false;
            found = true;
        }

        Range key = default;
        Range member;
        while (isObject ? JsonReader.NextMember(j, ref at, out key, out member) : JsonReader.NextElement(j, ref at, out member))
        {
            raw.Write(first ? default : ", "u8);
            first = false;
            bool here = isObject ? j[key].SequenceEqual(wanted) : position == index;
            if (isObject)
            {
                raw.Write(j[key]);
                raw.Write(": "u8);
            }

            if (here)
            {
                found = true;
                SetAt(raw, Part(json, member), path, step + 1, value, create);
            }
            else
            {
                raw.Write(j[member]);
            }

            position++;
        }

        if (!found && last && create)
        {
            raw.Write(first ? default : ", "u8);
            raw.Write(isObject ? wanted : default);
            raw.Write(isObject ? ": "u8 : default);
            raw.Write(value.Span);
        }

        raw.WriteByte(j[^1]);
    }

    private static ByteSlice BuildObject(ByteSlice?[] parts, EvalContext context)
    {
        if (parts.Length % 2 != 0)
        {
            throw new SqlException("22023", "argument list must have even number of elements",
                hint: "The arguments of jsonb_build_object() must consist of alternating keys and values.");
        }

        var raw = new ByteWriter(128);
        raw.WriteByte((byte)'{');
        for (int i = 0; i < parts.Length; i += 2)
        {
            ByteSlice key = parts[i] ?? throw new SqlException("22023", $"argument {i + 1}: key must not be null");
            raw.Write(i > 0 ? ", "u8 : default);
            if (key.Span[0] == '"')
            {
                raw.Write(key.Span);
            }
            else if (key.Span[0] is (byte)'{' or (byte)'[')
            {
                throw new SqlException("22023", "key value must be scalar, not array, composite, or json");
            }
            else
            {
                JsonText.AppendString(raw, key.Span);
            }

            raw.Write(": "u8);
            raw.Write(parts[i + 1] is { } value ? value.Span : "null"u8);
        }

        raw.WriteByte((byte)'}');
        return Normalized(raw, context);
    }

    private static ByteSlice BuildArray(ByteSlice?[] parts, EvalContext context)
    {
        ByteWriter writer = context.Scratch.Begin();
        writer.WriteByte((byte)'[');
        for (int i = 0; i < parts.Length; i++)
        {
            writer.Write(i > 0 ? ", "u8 : default);
            writer.Write(parts[i] is { } value ? value.Span : "null"u8);
        }

        writer.WriteByte((byte)']');
        return context.Scratch.End();
    }

    private static ByteSlice? First(ByteSlice?[] parts, EvalContext context) => parts[0];

    private static ByteSlice ObjectOf(ListSlice parts, EvalContext context)
    {
        if (parts.Count % 2 != 0)
        {
            throw new SqlException("2202E", "array must have even number of elements");
        }

        var raw = new ByteWriter(128);
        var column = (BytesColumn)parts.Elements;
        raw.WriteByte((byte)'{');
        for (int i = parts.Start; i < parts.Start + parts.Count; i += 2)
        {
            if (column.IsNull(i))
            {
                throw new SqlException("22004", "null value not allowed for object key");
            }

            raw.Write(i > parts.Start ? ", "u8 : default);
            JsonText.AppendString(raw, column.Span(i));
            raw.WriteByte((byte)':');
            if (column.IsNull(i + 1))
            {
                raw.Write("null"u8);
            }
            else
            {
                JsonText.AppendString(raw, column.Span(i + 1));
            }
        }

        raw.WriteByte((byte)'}');
        return Normalized(raw, context);
    }

    private static ByteSlice ObjectOfTwo(ListSlice keys, ListSlice values, EvalContext context)
    {
        if (keys.Count != values.Count)
        {
            throw new SqlException("2202E", "mismatched array dimensions");
        }

        ColumnBuilder both = context.NewBuilder(SqlType.Text);
        for (int i = 0; i < keys.Count; i++)
        {
            both.AppendFrom(keys.Elements, keys.Start + i);
            both.AppendFrom(values.Elements, values.Start + i);
        }

        return ObjectOf(new ListSlice(both.View(), 0, both.Count), context);
    }
}
