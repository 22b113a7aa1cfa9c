// CREATE USER, ALTER USER, CREATE TOKEN, GRANT, REVOKE.
using Millrace.Core;

namespace Millrace.Sql.Syntax;

internal sealed partial class Parser
{
    private UserStatement ParseUser(bool alter)
    {
        Take();
        bool ifNotExists = !alter && AcceptIfNotExists();
        Name name = ParseName("a user's name");
        Accept("with");
        string? password = null;
        bool? superuser = null;
        while (Current.Kind == TokenKind.Word)
        {
            Token option = Current;
            switch (option.Text)
            {
                case "encrypted" when Ahead(1).Is("password"):
                    Take();
                    break;
                case "password":
                    Take();
                    password = ParsePassword();
                    break;
                case "superuser" or "nosuperuser":
                    superuser = Take().Text == "superuser";
                    break;
                case "login" or "inherit" or "nocreatedb" or "nocreaterole" or "noreplication" or "nobypassrls":
                    // What every user is here; scripts and tools written for PostgreSQL say so.
                    Take();
                    break;
                default:
                    throw Unexpected("PASSWORD, SUPERUSER or NOSUPERUSER");
            }
        }
        // A text without its PASSWORD would be told in the error, and it is one.
        if (At(TokenKind.String))
        {
            throw new SqlException("42601", "a password comes behind PASSWORD", Here);
        }
        return new UserStatement(name, alter, password, superuser, ifNotExists);
    }

    // Whatever is wrong with it, a password is not repeated in a message. NULL takes the password away, as an empty one does.
    private string ParsePassword()
    {
        if (Accept("null"))
        {
            return "";
        }
        if (!At(TokenKind.String))
        {
            throw new SqlException("42601", "a password is a text in quotes", Here);
        }
        return Take().Text;
    }

    private CreateTokenStatement ParseCreateToken()
    {
        Take();
        Name name = ParseName("a name for the token");
        Expect("for");
        return new CreateTokenStatement(name, ParseName("a user's name"), ParseOptionalWith());
    }

    private GrantStatement ParseGrant(bool revoke)
    {
        Take();
        bool read = false;
        bool write = false;
        do
        {
            if (Accept("all"))
            {
                Accept("privileges");
                read = write = true;
            }
            else if (Accept("select"))
            {
                read = true;
            }
            else if (Accept("insert") || Accept("update") || Accept("delete") || Accept("truncate"))
            {
                write = true;
            }
            else if (!Accept("usage") && !Accept("create"))
            {
                throw Unexpected("SELECT, INSERT, UPDATE, DELETE, TRUNCATE or ALL");
            }
        }
        while (Accept(TokenKind.Comma));
        Expect("on");
        bool endpoints = false;
        NodeList<ObjectName> names = [];
        Name? inSchema = null;
        NodeList<Name> schemas = [];
        if (At("schema") && Ahead(1).Kind is TokenKind.Word or TokenKind.QuotedName && !Ahead(1).Is("to") && !Ahead(1).Is("from"))
        {
            Take();
            schemas = ParseSchemaNames();
        }
        else if (!read && !write)
        {
            throw Unexpected("SCHEMA");
        }
        else if (Accept("all", "tables") || Accept("all", "endpoints"))
        {
            endpoints = Previous.Is("endpoints");
            if (Accept("in", "schema"))
            {
                inSchema = endpoints ? null : ParseName("a schema's name");
                _ = endpoints ? ParseName("public") : null;
            }
        }
        else
        {
            endpoints = Accept("endpoint");
            if (!endpoints && At("table") && Ahead(1).Kind is TokenKind.Word or TokenKind.QuotedName && !Ahead(1).Is("to") && !Ahead(1).Is("from"))
            {
                Take();
            }
            names = ParseObjectNames("a stream, table, view or endpoint");
        }
        Expect(revoke ? "from" : "to");
        var users = new List<Name>();
        do
        {
            users.Add(ParseName("a user's name"));
        }
        while (Accept(TokenKind.Comma));
        return new GrantStatement(revoke, read, write, endpoints, names, ToList(users)) { InSchema = inSchema, Schemas = schemas };
    }

    private NodeList<Name> ParseSchemaNames()
    {
        var names = new List<Name>();
        do
        {
            names.Add(ParseName("a schema's name"));
        }
        while (Accept(TokenKind.Comma));
        return ToList(names);
    }
}
