// The steps of a jsonpath: members, elements, descendants, filters and methods.
using System.Globalization;
using System.Text;
using Millrace.Core;

namespace Millrace.Engine;

internal sealed partial class JsonPathRun
{
    private bool Step(PathStep step, JsonPathItem item, List<JsonPathItem> into, bool unwrap)
    {
        // In a lax path an array stands for its elements, one level deep.
        if (unwrap && item.IsArray && step is MemberStep or AnyMemberStep or FilterStep or MethodStep { Name: not ("type" or "size") })
        {
            var elements = new List<JsonPathItem>();
            Elements(item, elements);
            return elements.TrueForAll(e => Step(step, e, into, unwrap: false));
        }

        switch (step)
        {
            case MemberStep member:
                return Member(member, item, into);
            case AnyMemberStep:
                return AnyMember(item, into);
            case AnyElementStep:
                return AnyElement(item, into);
            case ElementsStep elements:
                return Subscripts(elements, item, into);
            case DescendantsStep descendants:
                Descend(item, 0, descendants, into);
                return true;
            case FilterStep filter:
                if (Holds(filter.Condition, item) == true)
                {
                    into.Add(item);
                }

                return true;
            default:
                return Method((MethodStep)step, item, into);
        }
    }

    private bool Member(MemberStep step, JsonPathItem item, List<JsonPathItem> into)
    {
        if (!item.IsObject)
        {
            return _ignoreStructure || Fail("2203A", "jsonpath member accessor can only be applied to an object");
        }

        if (JsonReader.Find(item.Json.Span, step.QuotedKey.Span, out Range value))
        {
            into.Add(item.Part(value));
            return true;
        }

        return _ignoreStructure || Fail("2203A", $"JSON object does not contain key {step.QuotedKey}");
    }

    private bool AnyMember(JsonPathItem item, List<JsonPathItem> into)
    {
        if (!item.IsObject)
        {
            return _ignoreStructure || Fail("2203C", "jsonpath wildcard member accessor can only be applied to an object");
        }

        int at = 0;
        while (JsonReader.NextMember(item.Json.Span, ref at, out _, out Range value))
        {
            into.Add(item.Part(value));
        }

        return true;
    }

    private bool AnyElement(JsonPathItem item, List<JsonPathItem> into)
    {
        if (item.IsArray)
        {
            Elements(item, into);
            return true;
        }

        if (_lax)
        {
            into.Add(item);
            return true;
        }

        return _ignoreStructure || Fail("22039", "jsonpath wildcard array accessor can only be applied to an array");
    }

    private bool Subscripts(ElementsStep step, JsonPathItem item, List<JsonPathItem> into)
    {
        if (!item.IsArray && !_lax)
        {
            return _ignoreStructure || Fail("22039", "jsonpath array accessor can only be applied to an array");
        }

        List<JsonPathItem> elements = [];
        if (item.IsArray)
        {
            Elements(item, elements);
        }
        else
        {
            elements.Add(item);
        }

        int outer = _lastOf;
        _lastOf = elements.Count - 1;
        try
        {
            foreach ((JsonPathNode fromNode, JsonPathNode? toNode) in step.Parts)
            {
                int to = 0;
                if (!Position(fromNode, item, out int from) || (toNode is not null && !Position(toNode, item, out to)))
                {
                    return false;
                }

                to = toNode is null ? from : to;
                if (!_ignoreStructure && (from < 0 || from > to || to >= elements.Count))
                {
                    return Fail("22033", "jsonpath array subscript is out of bounds");
                }

                for (int i = Math.Max(from, 0); i <= Math.Min(to, elements.Count - 1); i++)
                {
                    into.Add(elements[i]);
                }
            }

            return true;
        }
        finally
        {
            _lastOf = outer;
        }
    }

    private bool Position(JsonPathNode node, JsonPathItem current, out int position)
    {
        position = 0;
        var items = new List<JsonPathItem>();
        if (!Evaluate(node, current, items))
        {
            return false;
        }

        if (items.Count != 1 || !items[0].IsNumber)
        {
            return Fail("22033", "jsonpath array subscript is not a single numeric value");
        }

        double value = Math.Truncate(Numeric.Parse(items[0].Json.Span).ToDouble());
        if (value is < int.MinValue or > int.MaxValue)
        {
            return Fail("22033", "jsonpath array subscript is out of integer range");
        }

        position = (int)value;
        return true;
    }

    private static void Descend(JsonPathItem item, int level, DescendantsStep step, List<JsonPathItem> into)
    {
        bool container = item.IsArray || item.IsObject;
        if (level >= step.First || (step.First == int.MaxValue && !container))
        {
            into.Add(item);
        }

        if (!container || level >= step.Last)
        {
            return;
        }

        ReadOnlySpan<byte> json = item.Json.Span;
        int at = 0;
        Range value;
        while (item.IsObject ? JsonReader.NextMember(json, ref at, out _, out value) : JsonReader.NextElement(json, ref at, out value))
        {
            Descend(item.Part(value), level + 1, step, into);
        }
    }

    private bool Method(MethodStep step, JsonPathItem item, List<JsonPathItem> into)
    {
        switch (step.Name)
        {
            case "type":
                into.Add(JsonPathItem.Of(item.Kind));
                return true;
            case "size":
                if (!item.IsArray && !_lax)
                {
                    return _ignoreStructure || Fail("22039", "jsonpath item method .size() can only be applied to an array");
                }

                into.Add(JsonPathItem.Of(Numeric.From(item.IsArray ? JsonReader.Count(item.Json.Span) : 1)));
                return true;
            case "double":
                return Double(item, into);
            case "datetime":
                return item.IsString ? Time(step.Template, item, into) : Fail("22031", "jsonpath item method .datetime() can only be applied to a string");
            case "keyvalue":
                return KeyValue(item, into);
            default:
                if (!item.IsNumber)
                {
                    return Fail("22036", $"jsonpath item method .{step.Name}() can only be applied to a numeric value");
                }

                Numeric value = Numeric.Parse(item.Json.Span);
                into.Add(JsonPathItem.Of(step.Name == "abs" ? value.Abs() : step.Name == "floor" ? value.Floor() : value.Ceiling()));
                return true;
        }
    }

    private bool Double(JsonPathItem item, List<JsonPathItem> into)
    {
        if (item.IsNumber)
        {
            into.Add(item);
            return true;
        }

        if (!item.IsString)
        {
            return Fail("22036", "jsonpath item method .double() can only be applied to a string or numeric value");
        }

        try
        {
            double value = TextParse.Double(item.Content());
            if (double.IsFinite(value))
            {
                into.Add(JsonPathItem.Of(Numeric.From(value)));
                return true;
            }
        }
        catch (SqlException)
        {
            // The same message for a text that is no number and for one too large.
        }

        return Fail("22036", "string argument of jsonpath item method .double() is not a valid representation of a double precision number");
    }

    private bool KeyValue(JsonPathItem item, List<JsonPathItem> into)
    {
        if (!item.IsObject)
        {
            return Fail("2203C", "jsonpath item method .keyvalue() can only be applied to an object");
        }

        // The id tells objects of one value apart: where the object lies in it.
        int id = item.Json.Buffer == root.Buffer ? item.Json.Offset - root.Offset : 0;
        int at = 0;
        while (JsonReader.NextMember(item.Json.Span, ref at, out Range key, out Range value))
        {
            var json = new ByteWriter(64);
            json.Write(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{{\"id\": {id}, \"key\": ")));
            json.Write(item.Json.Span[key]);
            json.Write(", \"value\": "u8);
            json.Write(item.Json.Span[value]);
            json.WriteByte((byte)'}');
            into.Add(new JsonPathItem(ByteSlice.From(json.Written.ToArray())));
        }

        return true;
    }

    private bool Time(string? template, JsonPathItem item, List<JsonPathItem> into)
    {
        byte[] text = item.Content();
        try
        {
            JsonPathItem? time = template is null ? JsonPathTimes.Iso(text) : JsonPathTimes.Of(Encoding.UTF8.GetString(text), template);
            if (time is { } read)
            {
                into.Add(read);
                return true;
            }
        }
        catch (SqlException e)
        {
            return Fail(e);
        }

        return Fail(new SqlException("22031", $"datetime format is not recognized: \"{Encoding.UTF8.GetString(text)}\"", hint: "Use a datetime template argument to specify the input data format."));
    }
}
