// Runs a jsonpath over a value, with PostgreSQL's rules of lax and strict paths.
using System.Globalization;
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>One evaluation. Failures that a condition makes unknown, and those of silent calls, are results, not exceptions.</summary>
/// <param name="path">The path.</param>
/// <param name="root">$.</param>
/// <param name="variables">An object of values for $name, or null.</param>
/// <param name="zones">Whether times with and without offset may be compared, in the session's zone.</param>
/// <param name="context">For the session's zone.</param>
internal sealed partial class JsonPathRun(JsonPath path, ByteSlice root, ByteSlice? variables, bool zones, EvalContext context)
{
    private readonly bool _lax = !path.Strict;
    private bool _ignoreStructure = !path.Strict;
    private int _lastOf = -1;

    /// <summary>What went wrong in the run that gave false.</summary>
    public SqlException? Error { get; private set; }

    /// <summary>Appends all items that the path gives; false, with the error, where it failed.</summary>
    public bool Run(List<JsonPathItem> into)
    {
        try
        {
            return Evaluate(path.Root, new JsonPathItem(root), into);
        }
        catch (SqlException e) when (e.SqlState.StartsWith("22", StringComparison.Ordinal))
        {
            return Fail(e);
        }
    }

    private bool Fail(SqlException error)
    {
        Error = error;
        return false;
    }

    private bool Fail(string state, string message) => Fail(new SqlException(state, message));

    private bool Evaluate(JsonPathNode node, JsonPathItem current, List<JsonPathItem> into)
    {
        switch (node)
        {
            case PathRoot:
                into.Add(new JsonPathItem(root));
                return true;
            case PathCurrent:
                into.Add(current);
                return true;
            case PathLiteral literal:
                into.Add(new JsonPathItem(literal.Json));
                return true;
            case PathLast:
                into.Add(JsonPathItem.Of(Numeric.From(_lastOf)));
                return true;
            case PathVariable variable:
                into.Add(Variable(variable));
                return true;
            case PathChain chain:
                return Chain(chain, current, into);
            case PathSign sign:
                return Sign(sign, current, into);
            case PathArithmetic arithmetic:
                return Arithmetic(arithmetic, current, into);
            default:
                into.Add(JsonPathItem.Of(Holds(node, current)));
                return true;
        }
    }

    private JsonPathItem Variable(PathVariable variable)
    {
        if (variables is not { } given)
        {
            throw Missing();
        }

        return JsonReader.Find(given.Span, variable.QuotedName.Span, out Range range) ? new JsonPathItem(given).Part(range) : throw Missing();

        SqlException Missing() => new("42704", $"could not find jsonpath variable {variable.QuotedName}");
    }

    /// <summary>What an operand gives, arrays taken apart in a lax path.</summary>
    private bool Operand(JsonPathNode node, JsonPathItem current, List<JsonPathItem> into)
    {
        var items = new List<JsonPathItem>();
        if (!Evaluate(node, current, items))
        {
            return false;
        }

        foreach (JsonPathItem item in items)
        {
            if (_lax && item.IsArray)
            {
                Elements(item, into);
            }
            else
            {
                into.Add(item);
            }
        }

        return true;
    }

    private static void Elements(JsonPathItem array, List<JsonPathItem> into)
    {
        int at = 0;
        while (JsonReader.NextElement(array.Json.Span, ref at, out Range value))
        {
            into.Add(array.Part(value));
        }
    }

    private bool Sign(PathSign sign, JsonPathItem current, List<JsonPathItem> into)
    {
        var items = new List<JsonPathItem>();
        if (!Operand(sign.Operand, current, items))
        {
            return false;
        }

        foreach (JsonPathItem item in items)
        {
            if (!item.IsNumber)
            {
                return Fail("2203B", $"operand of unary jsonpath operator {(sign.Minus ? "-" : "+")} is not a numeric value");
            }

            into.Add(sign.Minus ? JsonPathItem.Of(-Numeric.Parse(item.Json.Span)) : item);
        }

        return true;
    }

    private bool Arithmetic(PathArithmetic node, JsonPathItem current, List<JsonPathItem> into)
    {
        if (!Single(node.Left, "left") || !Single(node.Right, "right"))
        {
            return false;
        }

        Numeric right = Numeric.Parse(into[^1].Json.Span);
        Numeric left = Numeric.Parse(into[^2].Json.Span);
        into.RemoveRange(into.Count - 2, 2);
        try
        {
            into.Add(JsonPathItem.Of(node.Operator switch
            {
                '+' => left + right,
                '-' => left - right,
                '*' => left * right,
                '/' => left / right,
                _ => left % right,
            }));
            return true;
        }
        catch (SqlException e)
        {
            return Fail(e);
        }

        bool Single(JsonPathNode operand, string side)
        {
            int before = into.Count;
            return Operand(operand, current, into)
                && ((into.Count == before + 1 && into[before].IsNumber) || Fail("22038", $"{side} operand of jsonpath operator {node.Operator} is not a single numeric value"));
        }
    }

    /// <summary>A condition: null for unknown.</summary>
    private bool? Holds(JsonPathNode node, JsonPathItem current)
    {
        switch (node)
        {
            case PathAnd and:
                bool? left = Holds(and.Left, current);
                return left == false ? false : Holds(and.Right, current) is var right && right == true ? left : right;
            case PathOr or:
                bool? one = Holds(or.Left, current);
                return one == true ? true : Holds(or.Right, current) is var other && other == false ? one : other;
            case PathNot not:
                return !Holds(not.Operand, current);
            case PathIsUnknown unknown:
                return Holds(unknown.Operand, current) is null;
            case PathExists exists:
                var found = new List<JsonPathItem>();
                return Try(() => Evaluate(exists.Operand, current, found)) ? found.Count > 0 : null;
            case PathCompare compare:
                return Pairs(compare.Left, compare.Right, current, (a, b) => Compare(compare.Operator, a, b));
            case PathStartsWith starts:
                return Pairs(starts.Left, starts.Right, current, (a, b) => a.IsString && b.IsString ? a.Content().AsSpan().StartsWith(b.Content()) : null);
            case PathLikeRegex like:
                return Pairs(like.Left, null, current, (a, _) => a.IsString ? like.Pattern.IsMatch(a.Content()) : null);
            default:
                throw new BugException($"BUG: {node.GetType().Name} is no condition");
        }
    }

    private bool Try(Func<bool> action)
    {
        try
        {
            return action();
        }
        catch (SqlException e) when (e.SqlState.StartsWith("22", StringComparison.Ordinal))
        {
            return false;
        }
    }

    /// <summary>True when a pair of items fulfils it. In a lax path the first that does decides, in a strict one a pair that cannot be tested.</summary>
    private bool? Pairs(JsonPathNode left, JsonPathNode? right, JsonPathItem current, Func<JsonPathItem, JsonPathItem, bool?> test)
    {
        var lefts = new List<JsonPathItem>();
        var rights = new List<JsonPathItem>();
        if (!Try(() => Operand(left, current, lefts) && (right is null || Operand(right, current, rights))))
        {
            return null;
        }

        if (right is null)
        {
            rights.Add(default);
        }

        bool unknown = false;
        bool found = false;
        foreach (JsonPathItem a in lefts)
        {
            foreach (JsonPathItem b in rights)
            {
                bool? holds = test(a, b);
                if (holds is null ? !_lax : holds.Value && _lax)
                {
                    return holds;
                }

                unknown |= holds is null;
                found |= holds == true;
            }
        }

        return found ? true : unknown ? null : false;
    }

    private bool? Compare(string op, JsonPathItem a, JsonPathItem b)
    {
        int? order = JsonPathItem.Compare(InZone(a, b), InZone(b, a), zones);
        return order switch
        {
            null => null,
            2 => op == "!=",
            _ => op switch
            {
                "==" => order == 0,
                "!=" => order != 0,
                "<" => order < 0,
                "<=" => order <= 0,
                ">" => order > 0,
                _ => order >= 0,
            },
        };
    }

    // A time without offset beside one with an offset is local time of the session.
    private JsonPathItem InZone(JsonPathItem item, JsonPathItem other) =>
        zones && other.Time == PathTime.TimestampTz && item.Time is PathTime.Date or PathTime.Timestamp ? item with { Micros = TimeZones.ToUtc(context.TimeZone, item.Micros) } : item;

    private bool Chain(PathChain chain, JsonPathItem current, List<JsonPathItem> into)
    {
        var items = new List<JsonPathItem>();
        if (!Evaluate(chain.From, current, items))
        {
            return false;
        }

        bool ignore = _ignoreStructure;
        try
        {
            foreach (PathStep step in chain.Steps)
            {
                var next = new List<JsonPathItem>(items.Count);
                foreach (JsonPathItem item in items)
                {
                    if (!Step(step, item, next, _lax))
                    {
                        return false;
                    }
                }

                // Behind ** nearly every step meets items that do not have what it looks for.
                _ignoreStructure |= step is DescendantsStep;
                items = next;
            }
        }
        finally
        {
            _ignoreStructure = ignore;
        }

        into.AddRange(items);
        return true;
    }
}
