// The root of the syntax tree: immutable nodes that know their place in the text and compare by content, never by place.
namespace Millrace.Sql.Syntax;

/// <summary>A node of the syntax tree. Two nodes are equal when they mean the same text; where they stood does not count.</summary>
public abstract record Node
{
    /// <summary>The 0-based character offset of the node's first token in the statement text, or -1 when made by hand.
    /// For an operator it is the operator's own place, as in PostgreSQL's error positions.</summary>
    public int Position { get; init; } = -1;

    /// <summary>Equality without <see cref="Position"/>: the binder compares GROUP BY and select expressions this way.</summary>
    /// <param name="other">The node to compare with.</param>
    public virtual bool Equals(Node? other) => other is not null && EqualityContract == other.EqualityContract;

    /// <summary>A hash that agrees with <see cref="Equals(Node?)"/>.</summary>
    public override int GetHashCode() => EqualityContract.GetHashCode();

    /// <summary>The node as SQL text (for messages and the debugger).</summary>
    public sealed override string ToString() => SqlFormatter.Format(this);
}

/// <summary>An identifier, already folded to lower case unless it was quoted.</summary>
/// <param name="Text">The name as the catalog stores it.</param>
public sealed record Name(string Text) : Node;

/// <summary>A possibly qualified name of an object: <c>t</c>, <c>schema.t</c>, <c>db.schema.t</c>.</summary>
/// <param name="Parts">At least one part, the object's own name last.</param>
public sealed record ObjectName(NodeList<Name> Parts) : Node
{
    /// <summary>The object's own name.</summary>
    public string Last => Parts[^1].Text;

    /// <summary>The schema, or null when the name is not qualified.</summary>
    public string? Schema => Parts.Count > 1 ? Parts[^2].Text : null;

    /// <summary>The parts joined by dots, for messages; not quoted.</summary>
    public string Display => string.Join('.', Parts.Select(p => p.Text));
}

/// <summary>The name of a type. Keyword types are canonical, as in PostgreSQL's catalog: bool, int2, int4, int8, float4, float8,
/// numeric, text,
/// varchar, bpchar, bytea, date, time, timetz, timestamp, timestamptz, interval, uuid, json, jsonb, bit, varbit, struct; any other
/// name is kept.</summary>
/// <param name="Name">The type's (canonical) name.</param>
/// <param name="Modifiers">The numbers in parentheses, such as precision and scale.</param>
/// <param name="ArrayDimensions">How many times <c>[]</c> follows; 0 is no array.</param>
/// <param name="Fields">The fields of <c>struct&lt;…&gt;</c>, else empty.</param>
/// <param name="IntervalFields">The fields an interval is limited to, such as "day to second"; null when not limited.</param>
public sealed record TypeName(
    ObjectName Name, NodeList<int> Modifiers, int ArrayDimensions, NodeList<StructField> Fields, string? IntervalFields = null) : Node;

/// <summary>A field of a struct type.</summary>
/// <param name="Name">The field's name.</param>
/// <param name="Type">The field's type.</param>
public sealed record StructField(Name Name, TypeName Type) : Node;

/// <summary>One <c>key = value</c> of a WITH list or of COPY's and EXPLAIN's options; the key is lower case and may be dotted.</summary>
/// <param name="Key">The option's name.</param>
/// <param name="Value">A literal (a bare word is a <see cref="StringLiteral"/>), or null when the option stands alone.</param>
public sealed record Option(string Key, Expr? Value) : Node
{
    /// <summary>The value as text; null when the option stands alone.</summary>
    public string? Text => Value switch
    {
        StringLiteral s => s.Value,
        NumberLiteral n => n.Text,
        BooleanLiteral b => b.Value ? "true" : "false",
        IntervalLiteral i => i.Value,
        _ => null,
    };
}
