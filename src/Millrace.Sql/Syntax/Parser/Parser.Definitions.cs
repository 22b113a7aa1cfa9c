// CREATE of streams, tables, sources and schemas: columns, constraints and the streaming clauses. Views, indexes and sinks are next door.
using Millrace.Core;

namespace Millrace.Sql.Syntax;

internal sealed partial class Parser
{
    private Statement ParseCreate()
    {
        Take();
        bool replace = Accept("or", "replace");
        bool temporary = false;
        if (At("global") || At("local"))
        {
            Take();
        }
        if (Accept("temporary") || Accept("temp"))
        {
            temporary = true;
        }
        else
        {
            Accept("unlogged");
        }
        Token kind = Current;
        if (kind.Kind != TokenKind.Word)
        {
            throw Unexpected("STREAM, TABLE, VIEW, MATERIALIZED VIEW or INDEX");
        }
        switch (kind.Text)
        {
            case "stream" or "table" or "source":
                return ParseCreateTable(replace, temporary);
            case "materialized" or "view":
                return ParseCreateView(replace, temporary);
            case "recursive":
                throw NotSupported("CREATE RECURSIVE VIEW", kind.Start);
        }
        if (temporary)
        {
            throw Unexpected("TABLE, STREAM or VIEW");
        }
        switch (kind.Text)
        {
            case "index" or "unique":
                return replace ? throw Unexpected("STREAM, TABLE or VIEW") : ParseCreateIndex();
            case "schema":
                return replace ? throw Unexpected("STREAM, TABLE or VIEW") : ParseCreateSchema();
            case "sink":
                return ParseCreateSink();
            case "endpoint":
                return ParseCreateEndpoint(replace);
            case "alert":
                return replace ? throw Unexpected("STREAM, TABLE or VIEW") : ParseCreateAlert();
            case "user" or "role":
                return replace ? throw Unexpected("STREAM, TABLE or VIEW") : ParseUser(alter: false);
            case "token":
                return replace ? throw Unexpected("STREAM, TABLE or VIEW") : ParseCreateToken();
            case "function":
                return ParseCreateFunction(replace);
            case "subscription":
                return replace ? throw Unexpected("STREAM, TABLE or VIEW") : ParseCreateSubscription();
            case "procedure" or "aggregate" or "trigger" or "sequence" or "type" or "domain" or "database"
                or "extension" or "rule" or "policy" or "server" or "foreign" or "operator" or "cast" or "collation" or "statistics"
                or "language"
                or "publication" or "connection" or "secret" or "group" or "tablespace" or "event" or "text"
                or "conversion"
                or "access" or "transform":
                throw NotSupported($"CREATE {kind.Text.ToUpperInvariant()}", kind.Start);
            default:
                throw Unexpected("STREAM, TABLE, VIEW, MATERIALIZED VIEW or INDEX");
        }
    }

    private CreateTableStatement ParseCreateTable(bool replace, bool temporary)
    {
        ObjectKind kind = Take().Text switch
        {
            "stream" => ObjectKind.Stream,
            "source" => ObjectKind.Source,
            _ => ObjectKind.Table,
        };
        bool ifNotExists = AcceptIfNotExists();
        ObjectName name = ParseObjectName($"a name for the {(kind == ObjectKind.Stream ? "stream" : kind == ObjectKind.Source
            ? "source" : "table")}");
        if (At("of") || At("partition", "of"))
        {
            throw NotSupported("CREATE TABLE … OF", Here);
        }
        var columns = new List<ColumnDef>();
        var constraints = new List<TableConstraint>();
        var watermarks = new List<WatermarkDef>();
        if (At(TokenKind.LeftParen))
        {
            ParseTableElements(columns, constraints, watermarks);
        }
        var statement = new CreateTableStatement(kind, name, ToList(columns), ToList(constraints))
        {
            OrReplace = replace,
            Temporary = temporary,
            IfNotExists = ifNotExists,
            Watermarks = ToList(watermarks),
        };
        statement = ParseTableClauses(statement);
        foreach (ColumnDef column in statement.Columns)
        {
            if (column.Type is null && statement.AsQuery is null && column.Generated is null)
            {
                throw new SqlException("42601", $"column \"{column.Name.Text}\" needs a type", column.Position,
                    $"Write {column.Name.Text} bigint, for example.");
            }
        }
        return statement;
    }

    /// <summary>What may follow the columns, in any order; AS comes last.</summary>
    private CreateTableStatement ParseTableClauses(CreateTableStatement statement)
    {
        while (true)
        {
            if (Accept("append", "only"))
            {
                statement = statement with { AppendOnly = true };
            }
            else if (At("on", "conflict"))
            {
                statement = statement with { OnConflict = ParseConflictBehavior() };
            }
            else if (At("with", "version") && statement.VersionColumn is null)
            {
                _at += 2;
                Expect("column");
                ExpectLeft();
                Name version = ParseName("the column with the version");
                ExpectRight();
                statement = statement with { VersionColumn = version };
            }
            else if (At("on", "commit"))
            {
                throw NotSupported("ON COMMIT", Here);
            }
            else if (At("with") && Ahead(1).Kind == TokenKind.LeftParen)
            {
                statement = statement with { Options = [.. statement.Options, .. ParseOptionalWith()] };
            }
            else if (Accept("format"))
            {
                string format = ParseLabel("a format such as PLAIN").Text;
                Expect("encode");
                string encode = ParseLabel("an encoding such as JSON").Text;
                NodeList<Option> options = At(TokenKind.LeftParen) ? ParseOptions() : [];
                statement = statement with { Format = format, Encode = encode, EncodeOptions = options };
            }
            else if (At("include"))
            {
                throw NotSupported("INCLUDE", Here);
            }
            else if (At("inherits") || (At("partition", "by")))
            {
                throw NotSupported(Current.Text.ToUpperInvariant(), Here);
            }
            else if (Accept("as"))
            {
                Query query = ParseQuery();
                bool noData = Accept("with", "no", "data");
                if (!noData)
                {
                    Accept("with", "data");
                }
                return statement with { AsQuery = query, WithNoData = noData };
            }
            else
            {
                return statement;
            }
        }
    }

    private ConflictBehavior ParseConflictBehavior()
    {
        _at += 2;
        if (Accept("overwrite"))
        {
            return ConflictBehavior.Overwrite;
        }
        if (Accept("ignore") || Accept("do", "nothing"))
        {
            return ConflictBehavior.Ignore;
        }
        if (Accept("do", "update"))
        {
            if (Accept("full"))
            {
                return ConflictBehavior.Overwrite;
            }
            Expect("if", "not");
            Expect("null");
            return ConflictBehavior.UpdateIfNotNull;
        }
        throw Unexpected("OVERWRITE, IGNORE, DO UPDATE FULL or DO UPDATE IF NOT NULL");
    }

    private void ParseTableElements(List<ColumnDef> columns, List<TableConstraint> constraints, List<WatermarkDef> watermarks)
    {
        Take();
        if (Accept(TokenKind.RightParen))
        {
            return;
        }
        do
        {
            if (At("watermark", "for"))
            {
                watermarks.Add(ParseWatermark());
            }
            else if (AtTableConstraint())
            {
                constraints.Add(ParseTableConstraint());
            }
            else if (AtOperator("*") && Ahead(1).Kind is TokenKind.RightParen or TokenKind.Comma)
            {
                // RisingWave's way to say "and the columns the encoding has".
                Take();
            }
            else if (At("like") || (At("period") && Ahead(1).Is("for")))
            {
                throw NotSupported($"{Current.Text.ToUpperInvariant()} in a table's definition", Here);
            }
            else
            {
                columns.Add(ParseColumnDef());
            }
        }
        while (Accept(TokenKind.Comma));
        ExpectListEnd();
    }

    private WatermarkDef ParseWatermark()
    {
        int position = Here;
        _at += 2;
        Name column = ParseName("the event-time column");
        Expect("as");
        return new WatermarkDef(column, ParseExpr()) { Position = position };
    }

    private bool AtTableConstraint() => Current.Kind == TokenKind.Word && Current.Text switch
    {
        "constraint" or "check" or "primary" or "foreign" => true,
        "unique" => Ahead(1).Kind == TokenKind.LeftParen || Ahead(1).Is("nulls"),
        "exclude" => Ahead(1).Is("using"),
        _ => false,
    };

    private TableConstraint ParseTableConstraint()
    {
        int position = Here;
        Name? name = Accept("constraint") ? ParseName("a constraint's name") : null;
        TableConstraint constraint;
        if (Accept("primary"))
        {
            Expect("key");
            constraint = new TableConstraint(ConstraintKind.PrimaryKey, name, ParseNameList(), null, null, []);
        }
        else if (Accept("unique"))
        {
            constraint = new TableConstraint(ConstraintKind.Unique, name, ParseNameList(), null, null, []);
        }
        else if (Accept("check"))
        {
            ExpectLeft();
            Expr check = ParseExpr();
            ExpectRight();
            constraint = new TableConstraint(ConstraintKind.Check, name, [], check, null, []);
        }
        else if (Accept("foreign"))
        {
            Expect("key");
            NodeList<Name> columns = ParseNameList();
            Expect("references");
            ObjectName target = ParseObjectName("a table's name");
            NodeList<Name> targetColumns = ParseOptionalNameList();
            SkipReferenceActions();
            constraint = new TableConstraint(ConstraintKind.ForeignKey, name, columns, null, target, targetColumns);
        }
        else
        {
            throw At("exclude") ? NotSupported("EXCLUDE", Here) : Unexpected("PRIMARY KEY, UNIQUE, CHECK or FOREIGN KEY");
        }
        SkipConstraintAttributes();
        return constraint with { Position = position };
    }

    private void SkipReferenceActions()
    {
        if (Accept("match"))
        {
            ParseLabel("FULL, PARTIAL or SIMPLE");
        }
        while (At("on", "delete") || At("on", "update"))
        {
            _at += 2;
            _ = Accept("no", "action") || Accept("restrict") || Accept("cascade") || Accept("set", "null") || Accept("set", "default")
                ? true
                : throw Unexpected("NO ACTION, RESTRICT, CASCADE, SET NULL or SET DEFAULT");
        }
    }

    private void SkipConstraintAttributes()
    {
        while (Accept("not", "deferrable") || Accept("deferrable") || Accept("initially", "deferred") || Accept("initially", "immediate"))
        {
            // Checked at once here, which is what "not deferrable" means and "deferrable" allows.
        }
    }

    private ColumnDef ParseColumnDef()
    {
        Name name = ParseName("a column's name");
        TypeName? type = null;
        bool typed = !(At(TokenKind.Comma) || At(TokenKind.RightParen) || AtColumnConstraint());
        if (typed)
        {
            type = ParseTypeName();
        }
        var column = new ColumnDef(name, type) { Position = name.Position };
        while (AtColumnConstraint())
        {
            column = ParseColumnConstraint(column);
        }
        return column;
    }

    private bool AtColumnConstraint() => Current.Kind == TokenKind.Word && Current.Text is "not" or "null" or "default" or "primary"
        or "unique"
        or "check" or "collate" or "constraint" or "references" or "generated" or "as";

    private ColumnDef ParseColumnConstraint(ColumnDef column, Name? constraint = null)
    {
        Token token = Take();
        switch (token.Text)
        {
            case "constraint":
                Name named = ParseName("a constraint's name");
                return AtColumnConstraint() && !At("constraint") ? ParseColumnConstraint(column, named) : throw Unexpected("a constraint");
            case "not":
                Expect("null");
                return SetNullability(column, true, token);
            case "null":
                return SetNullability(column, false, token);
            case "default":
                return column.Default is null
                    ? column with { Default = ParseRestrictedExpr() }
                    : throw new SqlException("42601", $"column \"{column.Name.Text}\" has more than one default", token.Start);
            case "primary":
                Expect("key");
                return column with { PrimaryKey = true };
            case "unique":
                return column with { Unique = true, UniqueName = constraint };
            case "check":
                ExpectLeft();
                Expr check = ParseExpr();
                ExpectRight();
                return column with { Checks = [.. column.Checks, new TableConstraint(ConstraintKind.Check, constraint, [], check, null, []) { Position = token.Start }] };
            case "collate":
                return column with { Collation = ParseObjectName("a collation's name") };
            case "references":
                ObjectName target = ParseObjectName("a table's name");
                ParseOptionalNameList();
                SkipReferenceActions();
                SkipConstraintAttributes();
                return column with { References = target };
            case "as":
                return column with { Generated = ParseExpr() };
            default:
                return ParseGenerated(column);
        }
    }

    private static ColumnDef SetNullability(ColumnDef column, bool notNull, Token token) => column.NotNull is { } earlier
        && earlier != notNull
        ? throw new SqlException("42601", $"column \"{column.Name.Text}\" is said to be both NULL and NOT NULL", token.Start)
        : column with { NotNull = notNull };

    private ColumnDef ParseGenerated(ColumnDef column)
    {
        bool byDefault = Accept("by");
        if (byDefault)
        {
            Expect("default");
        }
        else
        {
            Expect("always");
        }
        Expect("as");
        if (Accept("identity"))
        {
            return column with { Identity = true, IdentityByDefault = byDefault, IdentityStart = ParseIdentityOptions() };
        }
        ExpectLeft();
        Expr value = ParseExpr();
        ExpectRight();
        if (!Accept("stored"))
        {
            Accept("virtual");
        }
        return column with { Generated = value };
    }

    // (START WITH n INCREMENT BY 1 CACHE n): where it begins; it always counts by one.
    private long ParseIdentityOptions()
    {
        long start = 1;
        if (!Accept(TokenKind.LeftParen))
        {
            return start;
        }
        while (!Accept(TokenKind.RightParen))
        {
            int position = Here;
            if (Accept("start"))
            {
                Accept("with");
                start = ParseInteger("where the numbers begin");
            }
            else if (Accept("increment"))
            {
                Accept("by");
                _ = ParseInteger("a number") == 1 ? 1 : throw NotSupported("INCREMENT other than 1", position);
            }
            else if (Accept("cache"))
            {
                ParseInteger("a number");
            }
            else
            {
                throw Unexpected("START WITH, INCREMENT BY, CACHE or \")\"");
            }
        }
        return start;
    }

    private CreateSchemaStatement ParseCreateSchema()
    {
        Take();
        bool ifNotExists = AcceptIfNotExists();
        if (Accept("authorization"))
        {
            // The schema is called like the role.
            Name role = ParseName("a role's name");
            return new CreateSchemaStatement(new ObjectName([role]) { Position = role.Position }, ifNotExists);
        }
        ObjectName name = ParseObjectName("a name for the schema");
        if (Accept("authorization"))
        {
            ParseLabel("a role's name");
        }
        return new CreateSchemaStatement(name, ifNotExists);
    }
}
