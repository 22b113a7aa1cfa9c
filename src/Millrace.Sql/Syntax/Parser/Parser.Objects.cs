// CREATE of views, indexes and sinks; DROP, ALTER and COMMENT of everything.
using Millrace.Core;

namespace Millrace.Sql.Syntax;

internal sealed partial class Parser
{
    private CreateViewStatement ParseCreateView(bool replace, bool temporary)
    {
        bool materialized = Accept("materialized");
        if (materialized && temporary)
        {
            throw Unexpected("VIEW");
        }
        Expect("view");
        bool ifNotExists = AcceptIfNotExists();
        ObjectName name = ParseObjectName("a name for the view");
        NodeList<Name> columns = ParseOptionalNameList();
        NodeList<Option> options = ParseOptionalWith();
        if (!Accept("as"))
        {
            throw Unexpected("AS and a query");
        }
        Query query = ParseQuery();
        bool noData = Accept("with", "no", "data");
        if (!noData && !Accept("with", "data") && At("with") && Ahead(1) is
            {
                Kind: TokenKind.Word, Text: "check" or "local"
            or "cascaded"
            })
        {
            throw NotSupported("WITH CHECK OPTION", Here);
        }
        return new CreateViewStatement(name, materialized, query)
        {
            OrReplace = replace,
            IfNotExists = ifNotExists,
            Temporary = temporary,
            Columns = columns,
            Options = options,
            WithNoData = noData,
        };
    }

    private CreateIndexStatement ParseCreateIndex()
    {
        bool unique = Accept("unique");
        Expect("index");
        Accept("concurrently");
        bool ifNotExists = AcceptIfNotExists();
        Name? name = At("on") ? null : ParseName("a name for the index, or ON");
        Expect("on");
        Accept("only");
        ObjectName table = ParseObjectName("a table's or view's name");
        string? method = Accept("using") ? ParseName("an index method").Text : null;
        ExpectLeft();
        var columns = new List<OrderItem>();
        do
        {
            columns.Add(ParseOrderItem());
        }
        while (Accept(TokenKind.Comma));
        ExpectListEnd();
        var index = new CreateIndexStatement(name, table, ToList(columns)) { Unique = unique, IfNotExists = ifNotExists, Method = method };
        if (Accept("include"))
        {
            index = index with { Include = ParseNameList() };
        }
        if (Accept("distributed", "by"))
        {
            ExpectLeft();
            index = index with { DistributedBy = ParseExprList() };
            ExpectListEnd();
        }
        index = index with { Options = ParseOptionalWith() };
        return Accept("where") ? index with { Where = ParseExpr() } : index;
    }

    private CreateSinkStatement ParseCreateSink()
    {
        Take();
        bool ifNotExists = AcceptIfNotExists();
        ObjectName? into = null;
        NodeList<Name> columns = [];
        ObjectName name = ParseObjectName("a name for the sink");
        if (Accept("into"))
        {
            into = ParseObjectName("a table's name");
            columns = ParseOptionalNameList();
        }
        ObjectName? from = null;
        Query? query = null;
        if (Accept("from"))
        {
            from = ParseObjectName("a stream, table or view");
        }
        else if (Accept("as"))
        {
            query = ParseQuery();
        }
        else
        {
            throw Unexpected("FROM or AS");
        }
        var sink = new CreateSinkStatement(name, from, query, into, ifNotExists, ParseOptionalWith()) { Columns = columns };
        if (Accept("format"))
        {
            string format = ParseLabel("a format such as PLAIN").Text;
            Expect("encode");
            string encode = ParseLabel("an encoding such as JSON").Text;
            sink = sink with { Format = format, Encode = encode, EncodeOptions = At(TokenKind.LeftParen) ? ParseOptions() : [] };
        }
        return sink;
    }

    /// <summary>TABLE, STREAM, VIEW, …; null, and nothing taken, for any other word.</summary>
    private ObjectKind? AcceptObjectKind()
    {
        if (Accept("materialized", "view"))
        {
            return ObjectKind.MaterializedView;
        }
        ObjectKind? kind = Current.Kind != TokenKind.Word ? null : Current.Text switch
        {
            "stream" => ObjectKind.Stream,
            "table" => ObjectKind.Table,
            "view" => ObjectKind.View,
            "index" => ObjectKind.Index,
            "schema" => ObjectKind.Schema,
            "source" => ObjectKind.Source,
            "sink" => ObjectKind.Sink,
            "endpoint" => ObjectKind.Endpoint,
            "user" or "role" => ObjectKind.User,
            "token" => ObjectKind.Token,
            "alert" => ObjectKind.Alert,
            "subscription" => ObjectKind.Subscription,
            "function" => ObjectKind.Function,
            _ => null,
        };
        if (kind is not null)
        {
            Take();
        }
        return kind;
    }

    private ObjectKind ParseObjectKind(string verb)
    {
        if (AcceptObjectKind() is { } kind)
        {
            return kind;
        }
        if (Current.Kind == TokenKind.Word && Current.Text is "sequence" or "type" or "database"
            or "extension"
            or "trigger" or "domain" or "procedure" or "aggregate" or "policy" or "rule" or "publication"
            or "system" or "default"
            or "connection" or "secret" or "owned")
        {
            throw NotSupported($"{verb} {Current.Text.ToUpperInvariant()}", Here);
        }
        throw Unexpected("STREAM, TABLE, VIEW, MATERIALIZED VIEW or INDEX");
    }

    private DropStatement ParseDrop()
    {
        Take();
        ObjectKind kind = ParseObjectKind("DROP");
        if (kind == ObjectKind.Index)
        {
            Accept("concurrently");
        }
        bool ifExists = Accept("if", "exists");
        NodeList<ObjectName> names = kind == ObjectKind.Function ? ParseFunctionNames() : ParseObjectNames("a name");
        return new DropStatement(kind, names, ifExists, ParseCascade());
    }

    private Statement ParseAlter()
    {
        Take();
        if (At("user") || At("role"))
        {
            return ParseUser(alter: true);
        }
        if (Accept("system"))
        {
            if (Accept("reset"))
            {
                return new AlterSystemStatement(ParseOptionKey(), null);
            }
            Expect("set");
            Option setting = ParseBareOption();
            return new AlterSystemStatement(setting.Key, setting.Value);
        }
        ObjectKind kind = ParseObjectKind("ALTER");
        bool ifExists = Accept("if", "exists");
        Accept("only");
        ObjectName name = ParseObjectName();
        var actions = new List<AlterAction>();
        do
        {
            int position = Here;
            actions.Add(ParseAlterAction() with { Position = position });
        }
        while (Accept(TokenKind.Comma));
        return new AlterStatement(kind, name, ifExists, ToList(actions));
    }

    private AlterAction ParseAlterAction()
    {
        if (Accept("rename"))
        {
            return ParseRename();
        }
        if (Accept("set"))
        {
            if (Accept("schema"))
            {
                return new SetSchemaAction(ParseName("a schema's name"));
            }
            return new SetOptionsAction(At(TokenKind.LeftParen) ? ParseOptions() : [ParseBareOption()]);
        }
        if (Accept("reset"))
        {
            var keys = new List<string>();
            foreach (Option option in ParseOptions())
            {
                keys.Add(option.Key);
            }
            return new ResetOptionsAction(ToList(keys));
        }
        if (Accept("add"))
        {
            if (AtTableConstraint())
            {
                return new AddConstraintAction(ParseTableConstraint());
            }
            Accept("column");
            bool ifNotExists = AcceptIfNotExists();
            ColumnDef column = ParseColumnDef();
            return column.Type is null && column.Generated is null ? throw Unexpected("a type") : new AddColumnAction(column, ifNotExists);
        }
        if (At("drop", "constraint"))
        {
            throw NotSupported("DROP CONSTRAINT", Here);
        }
        if (Accept("drop"))
        {
            Accept("column");
            bool ifExists = Accept("if", "exists");
            Name column = ParseName("a column's name");
            return new DropColumnAction(column, ifExists, ParseCascade());
        }
        if (Accept("alter"))
        {
            Accept("column");
            return ParseAlterColumn(ParseName("a column's name"));
        }
        if (Accept("pause"))
        {
            return new PauseAction(ParseOptionalWith());
        }
        if (Accept("resume"))
        {
            return new ResumeAction();
        }
        return Accept("owner", "to")
            ? new OwnerToAction(ParseLabel("a role's name"))
            : throw Unexpected("RENAME, SET, RESET, ADD, DROP, ALTER, PAUSE, RESUME or OWNER TO");
    }

    /// <summary>RisingWave's <c>SET key = value</c> (or TO).</summary>
    private Option ParseBareOption()
    {
        int position = Here;
        string key = ParseOptionKey();
        if (!AcceptOperator("=") && !Accept("to"))
        {
            throw Unexpected("\"=\" or TO");
        }
        return new Option(key, ParseOptionValue()) { Position = position };
    }

    private AlterAction ParseRename()
    {
        if (Accept("to"))
        {
            return new RenameToAction(ParseName("the new name"));
        }
        if (At("constraint"))
        {
            throw NotSupported("RENAME CONSTRAINT", Here);
        }
        Accept("column");
        Name column = ParseName("TO and the new name, or a column's name");
        Expect("to");
        return new RenameColumnAction(column, ParseName("the new name"));
    }

    private AlterColumnAction ParseAlterColumn(Name column)
    {
        if (Accept("set", "default"))
        {
            return new AlterColumnAction(column, ColumnChange.SetDefault, ParseExpr(), null);
        }
        if (Accept("drop", "default"))
        {
            return new AlterColumnAction(column, ColumnChange.DropDefault, null, null);
        }
        if (Accept("set", "not", "null"))
        {
            return new AlterColumnAction(column, ColumnChange.SetNotNull, null, null);
        }
        if (Accept("drop", "not", "null"))
        {
            return new AlterColumnAction(column, ColumnChange.DropNotNull, null, null);
        }
        if (Accept("type") || Accept("set", "data", "type"))
        {
            TypeName type = ParseTypeName();
            return new AlterColumnAction(column, ColumnChange.Type, null, type) { Using = Accept("using") ? ParseExpr() : null };
        }
        throw Unexpected("SET DEFAULT, DROP DEFAULT, SET NOT NULL, DROP NOT NULL or TYPE");
    }

    private CommentStatement ParseComment()
    {
        Take();
        Expect("on");
        ObjectKind? kind = Accept("column") ? ObjectKind.Column : Accept("database") ? ObjectKind.Database : AcceptObjectKind();
        if (kind is null)
        {
            throw Unexpected("STREAM, TABLE, VIEW, MATERIALIZED VIEW, INDEX, COLUMN or SCHEMA");
        }
        int position = Here;
        ObjectName name = kind == ObjectKind.Column ? ParseColumnPath() : ParseObjectName();
        if (kind == ObjectKind.Column && name.Parts.Count < 2)
        {
            throw new SqlException("42601", "a column is named with its table", position, "Write table.column.");
        }
        Expect("is");
        return new CommentStatement(kind.Value, name, Accept("null") ? null : ParseString("a string or NULL"));
    }

    private ObjectName ParseColumnPath()
    {
        int position = Here;
        var parts = new List<Name> { ParseName("a table's name") };
        while (parts.Count < 4 && Accept(TokenKind.Dot))
        {
            parts.Add(ParseLabel("a column's name"));
        }
        return new ObjectName(ToList(parts)) { Position = position };
    }
}
