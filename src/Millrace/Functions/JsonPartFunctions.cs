// Parts of jsonb values: keys and elements as arrays, which the set-returning functions unnest, and values without what lies at a path.
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>Functions that take jsonb values apart.</summary>
internal static class JsonPartFunctions
{
    public static void Register(FunctionRegistry r)
    {
        r.Group("JSON");
        r.F("jsonb_keys(jsonb) text[]", Keys, "The keys of an object; jsonb_object_keys gives them as rows", "jsonb_keys('{\"a\": 1, \"b\": 2}') → {a,b}");
        r.F("jsonb_elements(jsonb) jsonb[]", (ByteSlice j, EvalContext c) => Elements(j, SqlType.Jsonb, c),
            "The elements of an array; jsonb_array_elements gives them as rows", "cardinality(jsonb_elements('[1, [2, 3]]')) → 2");
        r.F("jsonb_elements_text(jsonb) text[]", (ByteSlice j, EvalContext c) => Elements(j, SqlType.Text, c),
            "The elements of an array as text; jsonb_array_elements_text gives them as rows", "jsonb_elements_text('[1, \"x\"]') → {1,x}");
        r.F("#-(jsonb, text[]) jsonb", WithoutPath, "Without what lies at a path", "'{\"a\": [1, 2]}'::jsonb #- '{a,0}' → {\"a\": [2]}");
    }

    private static ListSlice Keys(ByteSlice json, EvalContext context)
    {
        ReadOnlySpan<byte> j = json.Span;
        if (j[0] != '{')
        {
            throw new SqlException("22023", j[0] == '[' ? "cannot call jsonb_object_keys on an array" : "cannot call jsonb_object_keys on a scalar");
        }

        var keys = (BytesBuilder)context.NewBuilder(SqlType.Text);
        int at = 0;
        while (JsonReader.NextMember(j, ref at, out Range key, out _))
        {
            Append(keys, j[key], asText: true);
        }

        return new ListSlice(keys.View(), 0, keys.Count);
    }

    private static ListSlice Elements(ByteSlice json, SqlType type, EvalContext context)
    {
        ReadOnlySpan<byte> j = json.Span;
        if (j[0] != '[')
        {
            throw new SqlException("22023", j[0] == '{' ? "cannot extract elements from an object" : "cannot extract elements from a scalar");
        }

        var elements = (BytesBuilder)context.NewBuilder(type);
        int at = 0;
        while (JsonReader.NextElement(j, ref at, out Range value))
        {
            Append(elements, j[value], type.Id == TypeId.Text);
        }

        return new ListSlice(elements.View(), 0, elements.Count);
    }

    private static void Append(BytesBuilder into, ReadOnlySpan<byte> value, bool asText)
    {
        if (asText && value.SequenceEqual("null"u8))
        {
            into.AppendNull();
        }
        else if (asText && value[0] == '"' && value.Contains((byte)'\\'))
        {
            var text = new ByteWriter(value.Length);
            JsonReader.Unescape(text, value);
            into.Append(text.Written);
        }
        else
        {
            into.Append(asText && value[0] == '"' ? value[1..^1] : value);
        }
    }

    internal static ByteSlice WithoutPath(ByteSlice json, ListSlice path, EvalContext context)
    {
        if (json.Span[0] is not ((byte)'{' or (byte)'['))
        {
            throw new SqlException("22023", "cannot delete path in scalar");
        }

        if (path.Count == 0)
        {
            return json;
        }

        Without(context.Scratch.Begin(), json.Span, path, 0);
        return context.Scratch.End();
    }

    private static void Without(ByteWriter writer, ReadOnlySpan<byte> j, ListSlice path, int step)
    {
        bool isObject = j[0] == '{';
        if (!isObject && j[0] != '[')
        {
            writer.Write(j);
            return;
        }

        var steps = (BytesColumn)path.Elements;
        ReadOnlySpan<byte> wanted = steps.IsNull(path.Start + step) ? default : steps.Span(path.Start + step);
        int index = isObject ? -1 : Index(j, wanted, step);
        writer.WriteByte(j[0]);
        bool first = true;
        int at = 0;
        int position = 0;
        while (isObject ? JsonReader.NextMember(j, ref at, out Range key, out Range value) : Element(j, ref at, out key, out value))
        {
            bool match = isObject ? KeyIs(j[key], wanted) : position == index;
            position++;
            if (match && step == path.Count - 1)
            {
                continue;
            }

            writer.Write(first ? default : ", "u8);
            first = false;
            if (isObject)
            {
                writer.Write(j[key]);
                writer.Write(": "u8);
            }

            if (match)
            {
                Without(writer, j[value], path, step + 1);
            }
            else
            {
                writer.Write(j[value]);
            }
        }

        writer.WriteByte((byte)(isObject ? '}' : ']'));
    }

    private static bool Element(ReadOnlySpan<byte> j, ref int at, out Range key, out Range value)
    {
        key = default;
        return JsonReader.NextElement(j, ref at, out value);
    }

    internal static bool KeyIs(ReadOnlySpan<byte> quoted, ReadOnlySpan<byte> wanted)
    {
        if (!quoted.Contains((byte)'\\'))
        {
            return quoted[1..^1].SequenceEqual(wanted);
        }

        var text = new ByteWriter(quoted.Length);
        JsonReader.Unescape(text, quoted);
        return text.Written.SequenceEqual(wanted);
    }

    internal static int Index(ReadOnlySpan<byte> j, ReadOnlySpan<byte> wanted, int step)
    {
        if (!System.Buffers.Text.Utf8Parser.TryParse(wanted, out int index, out int used) || used != wanted.Length)
        {
            throw new SqlException("22P02", $"path element at position {step + 1} is not an integer: \"{System.Text.Encoding.UTF8.GetString(wanted)}\"");
        }

        return index < 0 ? JsonReader.Count(j) + index : index;
    }
}
