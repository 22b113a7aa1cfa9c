// CREATE ENDPOINT: a query with parameters, published under a name.
namespace Millrace.Sql.Syntax;

/// <summary>A parameter of an endpoint.</summary>
/// <param name="Name">Its name, as in the address and as $name in the query.</param>
/// <param name="Type">Its type.</param>
/// <param name="Default">What it is when the caller leaves it out; null when the caller must give it.</param>
public sealed record EndpointParameterDef(Name Name, TypeName Type, Expr? Default) : Node;

/// <summary>CREATE ENDPOINT name (parameters) AS query.</summary>
/// <param name="Name">The endpoint; its names are apart from those of streams, tables and views.</param>
/// <param name="Parameters">Its parameters, or empty.</param>
/// <param name="Query">What it answers.</param>
public sealed record CreateEndpointStatement(ObjectName Name, NodeList<EndpointParameterDef> Parameters, Query Query) : Statement
{
    /// <summary>OR REPLACE.</summary>
    public bool OrReplace { get; init; }

    /// <summary>IF NOT EXISTS.</summary>
    public bool IfNotExists { get; init; }

    /// <summary>WITH (…) in front of AS.</summary>
    public NodeList<Option> Options { get; init; } = [];
}
