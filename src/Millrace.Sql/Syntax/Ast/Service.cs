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

/// <summary>CREATE USER and ALTER USER.</summary>
/// <param name="Name">The user.</param>
/// <param name="Alter">True for ALTER.</param>
/// <param name="Password">The password, or a SCRAM verifier of one; null when it is not given.</param>
/// <param name="Superuser">SUPERUSER or NOSUPERUSER; null when neither is given.</param>
/// <param name="IfNotExists">IF NOT EXISTS.</param>
public sealed record UserStatement(Name Name, bool Alter, string? Password, bool? Superuser, bool IfNotExists) : Statement;

/// <summary>CREATE TOKEN name FOR user [WITH (rate = n)].</summary>
/// <param name="Name">The token's name; the secret itself is made by the server and told once.</param>
/// <param name="User">Whose permissions it carries.</param>
/// <param name="Options">rate, and once it is made: hash.</param>
public sealed record CreateTokenStatement(Name Name, Name User, NodeList<Option> Options) : Statement;

/// <summary>GRANT and REVOKE.</summary>
/// <param name="Revoke">True for REVOKE.</param>
/// <param name="Read">SELECT is among the privileges.</param>
/// <param name="Write">INSERT, UPDATE, DELETE or TRUNCATE is: they are one privilege here.</param>
/// <param name="Endpoints">The names are of endpoints.</param>
/// <param name="Names">The objects; empty for all of them.</param>
/// <param name="Users">To whom, or from whom.</param>
public sealed record GrantStatement(bool Revoke, bool Read, bool Write, bool Endpoints, NodeList<ObjectName> Names, NodeList<Name> Users) : Statement
{
    /// <summary>ALL TABLES IN SCHEMA: the schema; null for all of them.</summary>
    public Name? InSchema { get; init; }

    /// <summary>ON SCHEMA: the schemas, of which there is nothing to hold; empty for all else.</summary>
    public NodeList<Name> Schemas { get; init; } = [];
}

/// <summary>CREATE ALERT name ON (query) NOTIFY 'address' [WITH (…)].</summary>
/// <param name="Name">The alert's name, and that of the table of what it has told.</param>
/// <param name="Query">Each of its rows is a reason to ring.</param>
/// <param name="Address">Where messages are posted to; addresses of webhooks are secrets.</param>
/// <param name="Options">What may follow in WITH.</param>
/// <param name="IfNotExists">IF NOT EXISTS.</param>
public sealed record CreateAlertStatement(ObjectName Name, Query Query, string Address, NodeList<Option> Options, bool IfNotExists) : Statement;
