// A jsonpath as a tree: steps from an item, arithmetic over what they give, and conditions.
using System.Text.RegularExpressions;
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>A part of a jsonpath.</summary>
internal abstract record JsonPathNode
{
    /// <summary>True for conditions, which are true, false or unknown.</summary>
    public bool IsCondition => this is PathAnd or PathOr or PathNot or PathIsUnknown or PathExists or PathCompare or PathStartsWith or PathLikeRegex;
}

/// <summary>A whole path.</summary>
/// <param name="Strict">Structural errors count, and arrays are not taken apart by themselves.</param>
/// <param name="Root">What it gives.</param>
internal sealed record JsonPath(bool Strict, JsonPathNode Root);

/// <summary>$.</summary>
internal sealed record PathRoot : JsonPathNode;

/// <summary>@, the item that a filter looks at.</summary>
internal sealed record PathCurrent : JsonPathNode;

/// <summary>The last position of the array that is looked into.</summary>
internal sealed record PathLast : JsonPathNode;

/// <summary>A constant.</summary>
/// <param name="Json">Its JSON.</param>
internal sealed record PathLiteral(ByteSlice Json) : JsonPathNode;

/// <summary>$name, a value given beside the path.</summary>
/// <param name="QuotedName">Its name as JSON writes it.</param>
internal sealed record PathVariable(ByteSlice QuotedName) : JsonPathNode;

/// <summary>Steps from what an expression gives.</summary>
/// <param name="From">Where they begin.</param>
/// <param name="Steps">In order.</param>
internal sealed record PathChain(JsonPathNode From, IReadOnlyList<PathStep> Steps) : JsonPathNode;

/// <summary>+ and − in front.</summary>
/// <param name="Minus">True for −.</param>
/// <param name="Operand">Numbers.</param>
internal sealed record PathSign(bool Minus, JsonPathNode Operand) : JsonPathNode;

/// <summary>Arithmetic of two numbers.</summary>
/// <param name="Operator">+ − * / or %.</param>
/// <param name="Left">One number.</param>
/// <param name="Right">One number.</param>
internal sealed record PathArithmetic(char Operator, JsonPathNode Left, JsonPathNode Right) : JsonPathNode;

/// <summary>&amp;&amp;.</summary>
/// <param name="Left">A condition.</param>
/// <param name="Right">A condition.</param>
internal sealed record PathAnd(JsonPathNode Left, JsonPathNode Right) : JsonPathNode;

/// <summary>||.</summary>
/// <param name="Left">A condition.</param>
/// <param name="Right">A condition.</param>
internal sealed record PathOr(JsonPathNode Left, JsonPathNode Right) : JsonPathNode;

/// <summary>!.</summary>
/// <param name="Operand">A condition.</param>
internal sealed record PathNot(JsonPathNode Operand) : JsonPathNode;

/// <summary>(…) is unknown.</summary>
/// <param name="Operand">A condition.</param>
internal sealed record PathIsUnknown(JsonPathNode Operand) : JsonPathNode;

/// <summary>exists (…).</summary>
/// <param name="Operand">An expression.</param>
internal sealed record PathExists(JsonPathNode Operand) : JsonPathNode;

/// <summary>A comparison: true when it holds for some pair of items.</summary>
/// <param name="Operator">==, !=, &lt;, &lt;=, &gt; or &gt;=.</param>
/// <param name="Left">An expression.</param>
/// <param name="Right">An expression.</param>
internal sealed record PathCompare(string Operator, JsonPathNode Left, JsonPathNode Right) : JsonPathNode;

/// <summary>starts with.</summary>
/// <param name="Left">Strings.</param>
/// <param name="Right">A string or variable.</param>
internal sealed record PathStartsWith(JsonPathNode Left, JsonPathNode Right) : JsonPathNode;

/// <summary>like_regex.</summary>
/// <param name="Left">Strings.</param>
/// <param name="Pattern">The regular expression.</param>
internal sealed record PathLikeRegex(JsonPathNode Left, SqlPattern Pattern) : JsonPathNode
{
    /// <summary>Reads the flags: i, s, m, x and q.</summary>
    public static SqlPattern Compile(string pattern, string flags)
    {
        RegexOptions options = RegexOptions.None;
        bool newline = false;
        foreach (char flag in flags)
        {
            switch (flag)
            {
                case 'i':
                    options |= RegexOptions.IgnoreCase;
                    break;
                case 's':
                    newline = true;
                    break;
                case 'm':
                    options |= RegexOptions.Multiline;
                    break;
                case 'q':
                    pattern = "***=" + pattern;
                    break;
                case 'x':
                    throw new SqlException("0A000", "XQuery \"x\" flag (expanded regular expressions) is not implemented");
                default:
                    throw new SqlException("42601", $"invalid input syntax for type jsonpath: unrecognized flag character \"{flag}\" in LIKE_REGEX predicate");
            }
        }

        return RegexFunctions.Make(pattern, options, anyIsNewline: newline);
    }
}

/// <summary>One step of a path.</summary>
internal abstract record PathStep;

/// <summary>.key.</summary>
/// <param name="QuotedKey">The key as JSON writes it.</param>
internal sealed record MemberStep(ByteSlice QuotedKey) : PathStep;

/// <summary>.*.</summary>
internal sealed record AnyMemberStep : PathStep;

/// <summary>[*].</summary>
internal sealed record AnyElementStep : PathStep;

/// <summary>[a, b to c].</summary>
/// <param name="Parts">From and to; without to one element.</param>
internal sealed record ElementsStep(IReadOnlyList<(JsonPathNode From, JsonPathNode? To)> Parts) : PathStep;

/// <summary>.**{first to last}.</summary>
/// <param name="First">The first depth; int.MaxValue: leaves.</param>
/// <param name="Last">The last depth.</param>
internal sealed record DescendantsStep(int First, int Last) : PathStep;

/// <summary>? (condition).</summary>
/// <param name="Condition">Over @.</param>
internal sealed record FilterStep(JsonPathNode Condition) : PathStep;

/// <summary>.type(), .size(), .double(), .ceiling(), .floor(), .abs(), .datetime(), .keyvalue().</summary>
/// <param name="Name">Its name.</param>
/// <param name="Template">The form that datetime reads, or null.</param>
internal sealed record MethodStep(string Name, string? Template) : PathStep;
