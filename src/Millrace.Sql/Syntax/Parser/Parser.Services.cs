// CREATE ENDPOINT: parameters as in a function's head, then a query as in a view. CREATE ALERT: a query, and who is told of its rows.
using Millrace.Core;

namespace Millrace.Sql.Syntax;

internal sealed partial class Parser
{
    private CreateEndpointStatement ParseCreateEndpoint(bool replace)
    {
        Take();
        bool ifNotExists = AcceptIfNotExists();
        ObjectName name = ParseObjectName("a name for the endpoint");
        var parameters = new List<EndpointParameterDef>();
        if (Accept(TokenKind.LeftParen) && !Accept(TokenKind.RightParen))
        {
            do
            {
                parameters.Add(ParseEndpointParameter());
            }
            while (Accept(TokenKind.Comma));
            ExpectListEnd();
        }
        NodeList<Option> options = ParseOptionalWith();
        if (!Accept("as"))
        {
            throw Unexpected("AS and a query");
        }
        return new CreateEndpointStatement(name, ToList(parameters), ParseQuery())
        {
            OrReplace = replace,
            IfNotExists = ifNotExists,
            Options = options,
        };
    }

    private EndpointParameterDef ParseEndpointParameter()
    {
        Name name = ParseName("a parameter's name");
        if (At(TokenKind.Comma) || At(TokenKind.RightParen) || At("default"))
        {
            throw new SqlException("42601", $"parameter \"{name.Text}\" needs a type", name.Position, $"Write {name.Text} text, for example.");
        }
        TypeName type = ParseTypeName();
        Expr? value = Accept("default") || AcceptOperator("=") ? ParseRestrictedExpr() : null;
        return new EndpointParameterDef(name, type, value) { Position = name.Position };
    }

    private CreateAlertStatement ParseCreateAlert()
    {
        Take();
        bool ifNotExists = AcceptIfNotExists();
        ObjectName name = ParseObjectName("a name for the alert");
        Expect("on");
        ExpectLeft();
        Query query = ParseQuery();
        Expect(TokenKind.RightParen, "\")\" behind the query");
        Expect("notify");
        // Whatever is wrong with it, an address is not repeated in a message: who knows it can ring.
        if (!At(TokenKind.String))
        {
            throw new SqlException("42601", "NOTIFY needs an address in quotes", Here, "Write NOTIFY 'https://…'.");
        }
        string address = Take().Text;
        if (At(TokenKind.String))
        {
            throw new SqlException("42601", "an alert has one address", Here, "Options come in WITH (…).");
        }
        return new CreateAlertStatement(name, query, address, ParseOptionalWith(), ifNotExists);
    }
}
