// Functions over the system catalog and the session: what psql, drivers and tools call when they look around.
using System.Text;
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>System information functions. They look at the statement's <see cref="SystemContext"/>, which views do not have.</summary>
internal static class PgCatalogFunctions
{
    private static readonly string[] ObjectPrivileges =
        ["schema", "database", "column", "function", "sequence", "type", "tablespace", "language", "foreign_data_wrapper", "server"];

    /// <summary>Registers them.</summary>
    public static void Register(FunctionRegistry r)
    {
        r.Group("System information");
        Session(r);
        Visibility(r);
        Definitions(r);
        Comments(r);
        Sizes(r);
        NamesAndNumbers(r);
        Privileges(r);
    }

    /// <summary>The statement's view of the catalog.</summary>
    /// <exception cref="SqlException">0A000 inside a materialized view: what it depends on changes without an event.</exception>
    private static SystemContext System(EvalContext context) => context.System ?? throw new SqlException(
        "0A000", "system information functions are not available in materialized views", hint: "ask for it in the query that reads the view");

    private static void Session(FunctionRegistry r)
    {
        r.F("current_schemas(bool) text[]", (bool implicitly, EvalContext c) => Texts([.. implicitly ? ["pg_catalog"] : Array.Empty<string>(), .. System(c).Catalog.Path]),
            "The schemas searched for names", volatility: Volatility.Stable);
        r.F("current_setting(text) text", (ByteSlice name, EvalContext c) => Setting(c, name, false)!.Value, "A setting's value",
            volatility: Volatility.Stable);
        r.F("current_setting(text, bool) text", (ByteSlice name, bool missing, EvalContext c) => Setting(c, name, missing),
            "A setting's value; null instead of an error where it is missing and that is allowed", volatility: Volatility.Stable);
        r.F("set_config(text, text, bool) text", SetConfig, "Changes a setting and gives its new value", volatility: Volatility.Volatile);
        r.F("pg_my_temp_schema() int4", () => 0, "The schema of temporary objects: there is none");
        r.F("pg_is_other_temp_schema(int4) bool", (int oid) => false, "Whether the schema holds another session's temporary objects");
        r.F("pg_cancel_backend(int4) bool", (int process, EvalContext c) => System(c).Session.CancelBackend(process, false),
            "Cancels what another connection is running; false where there is no such connection", volatility: Volatility.Volatile);
        r.F("pg_terminate_backend(int4) bool", (int process, EvalContext c) => System(c).Session.CancelBackend(process, true),
            "Ends another connection; false where there is no such connection", volatility: Volatility.Volatile);
        r.F("pg_advisory_unlock_all() text", () => Text(""), "Lets go all advisory locks of the session: there are none", volatility: Volatility.Volatile);
        r.F("txid_current() int8", (EvalContext c) => c.NowMicros, "A number that grows from statement to statement",
            volatility: Volatility.Stable);
        r.F("inet_server_addr() text", () => (ByteSlice?)null, "The server's address: not told");
        r.F("inet_server_port() int4", () => (int?)null, "The server's port: not told");
        r.F("inet_client_addr() text", () => (ByteSlice?)null, "The client's address: not told");
    }

    private static void Visibility(FunctionRegistry r)
    {
        r.F("pg_table_is_visible(int4) bool", (int oid, EvalContext c) => IsVisible(c, oid),
            "Whether the relation is found by its name without a schema", volatility: Volatility.Stable);
        foreach (string kind in (string[])["type", "function", "operator", "opclass", "collation", "conversion", "ts_config", "ts_dict", "ts_parser", "ts_template", "opfamily", "statistics_obj"])
        {
            r.F($"pg_{kind}_is_visible(int4) bool", (int oid) => true, $"Whether the {kind} is found by its name without a schema");
        }
    }

    private static void Definitions(FunctionRegistry r)
    {
        r.F("format_type(int4, int4) text", (int? oid, int? modifier) => oid is { } o ? Text(TypeRows.Format(o, modifier)) : (ByteSlice?)null,
            "A type's SQL name", "format_type(23, null) → integer");
        r.F("pg_get_expr(text, int4) text", (ByteSlice text, int relation) => text, "A stored expression as SQL");
        r.F("pg_get_expr(text, int4, bool) text", (ByteSlice text, int relation, bool pretty) => text, "A stored expression as SQL");
        r.F("pg_get_viewdef(int4) text", (int oid, EvalContext c) => ViewText(c, oid), "A view's query", volatility: Volatility.Stable);
        r.F("pg_get_viewdef(text) text", (ByteSlice name, EvalContext c) => ViewText(c, RelationOid(c, name.ToString(), true)!.Value), "A view's query",
            volatility: Volatility.Stable);
        r.F("pg_get_viewdef(text, bool) text", (ByteSlice name, bool pretty, EvalContext c) => ViewText(c, RelationOid(c, name.ToString(), true)!.Value), "A view's query",
            volatility: Volatility.Stable);
        r.F("pg_get_viewdef(int4, bool) text", (int oid, bool pretty, EvalContext c) => ViewText(c, oid), "A view's query",
            volatility: Volatility.Stable);
        r.F("pg_get_indexdef(int4) text", (int oid, EvalContext c) => Maybe(Index(c, oid)?.Definition), "The statement that makes an index",
            volatility: Volatility.Stable);
        r.F("pg_get_indexdef(int4, int4, bool) text", (int oid, int column, bool pretty, EvalContext c) => IndexColumn(c, oid, column),
            "The statement that makes an index, or one of its columns", volatility: Volatility.Stable);
        r.F("pg_get_constraintdef(int4) text", (int oid, EvalContext c) => Constraint(c, oid), "A constraint as SQL",
            volatility: Volatility.Stable);
        r.F("pg_get_constraintdef(int4, bool) text", (int oid, bool pretty, EvalContext c) => Constraint(c, oid), "A constraint as SQL",
            volatility: Volatility.Stable);
        r.F("pg_get_function_result(int4) text", (int oid, EvalContext c) => Maybe(Function(c, oid)?.Result?.ToString() ?? "anyelement"),
            "A function's result type", volatility: Volatility.Stable);
        foreach (string name in (string[])["pg_get_function_arguments", "pg_get_function_identity_arguments"])
        {
            r.F(name + "(int4) text", (int oid, EvalContext c) => Maybe(Function(c, oid)?.Arguments), "A function's parameters",
                volatility: Volatility.Stable);
        }

        r.F("pg_get_functiondef(int4) text", (int oid, EvalContext c) => FunctionText(c, oid), "A function as the statement that would make it",
            volatility: Volatility.Stable);
        r.F("pg_get_function_sqlbody(int4) text", (int oid) => (ByteSlice?)null, "The body of a function written in SQL: there are none");
        r.F("pg_get_statisticsobjdef_columns(int4) text", (int oid) => (ByteSlice?)null, "A statistics object's columns: there are none");
        r.F("pg_get_serial_sequence(text, text) text", (ByteSlice table, ByteSlice column) => (ByteSlice?)null,
            "A column's sequence: there are none");
        r.F("pg_get_triggerdef(int4) text", (int oid) => (ByteSlice?)null, "A trigger as SQL: there are none");
        r.F("pg_get_ruledef(int4, bool) text", (int oid, bool pretty) => (ByteSlice?)null, "A rule as SQL: there are none");
        r.F("pg_get_triggerdef(int4, bool) text", (int oid, bool pretty) => (ByteSlice?)null, "A trigger as SQL: there are none");
        r.F("pg_get_ruledef(int4) text", (int oid) => (ByteSlice?)null, "A rule as SQL: there are none");
        r.F("pg_tablespace_location(int4) text", (int oid) => Text(""), "Where a tablespace lies: beside everything else");
        r.F("pg_indexam_has_property(int4, text) bool", (int oid, ByteSlice property) => IndexCan(property.ToString()),
            "Whether indexes of an access method can do something: all of them are ordered", "pg_indexam_has_property(403, 'can_order') → true");
        r.F("pg_index_column_has_property(int4, int4, text) bool", (int oid, int column, ByteSlice property) => ColumnCan(property.ToString()),
            "Whether a column of an index is as a property says: all are ascending with nulls last", "pg_index_column_has_property(1, 1, 'asc') → true");
        r.F("getdatabaseencoding() text", () => Text("UTF8"), "The encoding of the database");
        r.F("pg_get_partkeydef(int4) text", (int oid) => (ByteSlice?)null, "A partition key as SQL: there are none");
    }

    private static bool? IndexCan(string property) => property switch
    {
        "can_order" or "can_unique" or "can_multi_col" => true,
        "can_exclude" or "can_include" => false,
        _ => null,
    };

    private static bool? ColumnCan(string property) => property switch
    {
        "asc" or "nulls_last" or "orderable" or "returnable" or "search_array" or "search_nulls" => true,
        "desc" or "nulls_first" or "distance_orderable" => false,
        _ => null,
    };

    private static void Comments(FunctionRegistry r)
    {
        r.F("obj_description(int4) text", (int oid, EvalContext c) => Comment(c, oid, 0), "What COMMENT ON has said of an object", volatility: Volatility.Stable);
        r.F("obj_description(int4, text) text", (int oid, ByteSlice catalog, EvalContext c) => catalog.ToString() == "pg_class" ? Comment(c, oid, 0) : null,
            "What COMMENT ON has said of an object", volatility: Volatility.Stable);
        r.F("shobj_description(int4, text) text", (int oid, ByteSlice catalog) => (ByteSlice?)null,
            "A shared object's comment: there are none");
        r.F("col_description(int4, int4) text", (int oid, int column, EvalContext c) => column > 0 ? Comment(c, oid, column) : null,
            "What COMMENT ON has said of a column", volatility: Volatility.Stable);
    }

    private static ByteSlice? Comment(EvalContext c, int oid, int column) =>
        System(c).ByOid(oid)?.Comments.GetValueOrDefault(column) is { } text ? Text(text) : null;

    private static void Sizes(FunctionRegistry r)
    {
        foreach (string name in (string[])["pg_table_size", "pg_relation_size", "pg_total_relation_size"])
        {
            const string Doc = "Bytes that a relation holds in memory";
            r.F(name + "(int4) int8", (int oid, EvalContext c) => Size(c, oid), Doc, volatility: Volatility.Stable);
            r.F(name + "(int2) int8", (short oid, EvalContext c) => Size(c, oid), Doc, volatility: Volatility.Stable);
            r.F(name + "(int8) int8", (long oid, EvalContext c) => Size(c, oid), Doc, volatility: Volatility.Stable);
            r.F(name + "(text) int8", (ByteSlice relation, EvalContext c) => Size(c, RelationOid(c, relation.ToString(), true)!.Value), Doc, volatility: Volatility.Stable);
        }

        const string Fork = "Bytes that a relation holds in memory: all of them are of its main fork";
        r.F("pg_relation_size(int4, text) int8", (int oid, ByteSlice fork, EvalContext c) => Size(c, oid, fork.ToString()), Fork, volatility: Volatility.Stable);
        r.F("pg_relation_size(text, text) int8", (ByteSlice relation, ByteSlice fork, EvalContext c) =>
            Size(c, RelationOid(c, relation.ToString(), true)!.Value, fork.ToString()), Fork, volatility: Volatility.Stable);
        r.F("pg_indexes_size(int4) int8", (int oid) => 0L, "Bytes that a relation's indexes hold beside the relation's own");
        r.F("pg_indexes_size(text) int8", (ByteSlice relation, EvalContext c) => RelationOid(c, relation.ToString(), true) is null ? (long?)null : 0L,
            "Bytes that a relation's indexes hold beside the relation's own", volatility: Volatility.Stable);
        r.F("pg_database_size(text) int8", (ByteSlice name, EvalContext c) => name.ToString() == System(c).DatabaseName
            ? System(c).Database.Statistics().DiskBytes : throw Missing("3D000", $"database \"{name}\" does not exist"), "Bytes on disk", volatility: Volatility.Stable);
        r.F("pg_database_size(int4) int8", (int oid, EvalContext c) => oid == Oids.Database ? System(c).Database.Statistics().DiskBytes : (long?)null, "Bytes on disk",
            volatility: Volatility.Stable);
        r.F("pg_tablespace_size(int4) int8", (int oid, EvalContext c) => System(c).Database.Statistics().DiskBytes, "Bytes on disk: everything is in the one tablespace",
            volatility: Volatility.Stable);
        r.F("pg_tablespace_size(text) int8", (ByteSlice name, EvalContext c) => name.ToString() == "pg_default"
            ? System(c).Database.Statistics().DiskBytes : throw Missing("42704", $"tablespace \"{name}\" does not exist"),
            "Bytes on disk: everything is in the one tablespace", volatility: Volatility.Stable);
        r.F("pg_size_pretty(int8) text", (long bytes) => Text(Pretty(bytes)), "A number of bytes for people",
            "pg_size_pretty(20480) → 20 kB");
        r.F("pg_size_pretty(int4) text", (int bytes) => Text(Pretty(bytes)), "A number of bytes for people");
        r.F("pg_size_pretty(int2) text", (short bytes) => Text(Pretty(bytes)), "A number of bytes for people");
        r.F("pg_size_pretty(numeric) text", (Numeric bytes) => Text(Pretty(bytes)), "A number of bytes for people",
            "pg_size_pretty(1.5) → 1.5 bytes");
        r.F("pg_relation_is_publishable(int4) bool", (int oid) => false, "Whether replication could publish it");
        r.F("pg_relation_is_updatable(int4, bool) int4", (int oid, bool triggers, EvalContext c) => Updates(c, oid),
            "What a relation takes, as bits: 4 UPDATE, 8 INSERT, 16 DELETE", volatility: Volatility.Stable);
        r.F("pg_relation_is_updatable(text, bool) int4", (ByteSlice name, bool triggers, EvalContext c) => Updates(c, RelationOid(c, name.ToString(), true)!.Value),
            "What a relation takes, as bits: 4 UPDATE, 8 INSERT, 16 DELETE", volatility: Volatility.Stable);
        r.F("pg_column_is_updatable(int4, int4, bool) bool", (int oid, int column, bool triggers, EvalContext c) => column > 0 && Updates(c, oid) == 28,
            "Whether a column can be changed by UPDATE: those of tables can", volatility: Volatility.Stable);
        r.F("pg_column_is_updatable(text, int4, bool) bool",
            (ByteSlice name, int column, bool triggers, EvalContext c) => column > 0 && Updates(c, RelationOid(c, name.ToString(), true)!.Value) == 28,
            "Whether a column can be changed by UPDATE: those of tables can", volatility: Volatility.Stable);
        r.F("pg_encoding_to_char(int4) text", (int encoding) => Text(encoding == 6 ? "UTF8" : ""), "An encoding's name",
            "pg_encoding_to_char(6) → UTF8");
        r.F("pg_char_to_encoding(text) int4", (ByteSlice name) => name.ToString().ToUpperInvariant() is "UTF8" or "UTF-8" ? 6 : -1,
            "An encoding's number");
    }

    private static int Updates(EvalContext c, int oid) => System(c).ByOid(oid)?.Kind switch
    {
        ObjectKind.Table => 4 + 8 + 16,
        ObjectKind.Stream => 8,
        _ => 0,
    };

    // reg* types have no type of their own here: from text they are the number, from a number the text.
    private static void NamesAndNumbers(FunctionRegistry r)
    {
        const string Parts = "The parts of a name as SQL writes it, folded where they are not quoted";
        r.F("parse_ident(text) text[]", (ByteSlice name) => Texts(SqlNames.Parse(name.ToString(), true)), Parts, "parse_ident('public.\"My Table\"') → {public,\"My Table\"}");
        r.F("parse_ident(text, bool) text[]", (ByteSlice name, bool strict) => Texts(SqlNames.Parse(name.ToString(), strict)), Parts + "; strict says that nothing may follow");
        r.F("pg_get_userbyid(int4) text", (int oid, EvalContext c) => Text(AccessRows.RoleName(System(c), oid) ?? $"unknown (OID={oid})"),
            "A role's name", volatility: Volatility.Stable);
        r.F("regclassin(text) int4", (ByteSlice name, EvalContext c) => RelationOid(c, name.ToString(), true)!.Value,
            "A relation's number by its name", volatility: Volatility.Stable);
        r.F("regclassout(int4) text", (int oid, EvalContext c) => Text(RelationName(c, oid)), "A relation's name by its number",
            volatility: Volatility.Stable);
        r.F("to_regclass(text) int4", (ByteSlice name, EvalContext c) => RelationOid(c, name.ToString(), false),
            "A relation's number by its name, or null", volatility: Volatility.Stable);
        r.F("regtypein(text) int4", (ByteSlice name) => Number(name) ?? TypeRows.Find(name.ToString()) ?? throw Missing("42704", $"type \"{name}\" does not exist"),
            "A type's number by its name");
        r.F("regtypeout(int4) text", (int oid) => Text(TypeRows.Format(oid, null)), "A type's name by its number");
        r.F("to_regtype(text) int4", (ByteSlice name) => TypeRows.Find(name.ToString()), "A type's number by its name, or null");
        r.F("regnamespacein(text) int4", (ByteSlice name, EvalContext c) => Number(name) ?? (SqlNames.Split(name.ToString())[^1] is var n && ServerRows.SchemaNames(System(c)).Contains(n)
            ? Oids.OfSchema(n) : throw Missing("3F000", $"schema \"{n}\" does not exist")),
            "A schema's number by its name", volatility: Volatility.Stable);
        r.F("regnamespaceout(int4) text", (int oid, EvalContext c) => Text(ServerRows.SchemaNames(System(c)).FirstOrDefault(n => Oids.OfSchema(n) == oid) ?? Plain(oid)),
            "A schema's name by its number", volatility: Volatility.Stable);
        r.F("regrolein(text) int4", (ByteSlice name, EvalContext c) => Number(name) ?? RoleOid(c, SqlNames.Split(name.ToString())[^1]), "A role's number by its name",
            volatility: Volatility.Stable);
        r.F("regroleout(int4) text", (int oid, EvalContext c) => Text(AccessRows.RoleName(System(c), oid) ?? Plain(oid)),
            "A role's name by its number", volatility: Volatility.Stable);
        foreach (string type in (string[])["regoper", "regoperator"])
        {
            r.F(type + "in(text) int4", (ByteSlice name) => Number(name) ?? throw Missing("42883", $"operator does not exist: {name}"), "An operator's number: they have none");
            r.F(type + "out(int4) text", (int oid) => Text(Plain(oid)), "An operator's name by its number: they have none");
        }

        foreach (string type in (string[])["regproc", "regprocedure"])
        {
            r.F(type + "in(text) int4", (ByteSlice name, EvalContext c) => Number(name) ?? FunctionOid(c, name.ToString()),
                "A function's number by its name", volatility: Volatility.Stable);
        }

        r.F("regprocedureout(int4) text",
            (int oid, EvalContext c) => Text(oid == 0 ? "-" : Function(c, oid) is { } f ? $"{f.Name}({f.Arguments.Replace(", ", ",", StringComparison.Ordinal)})" : Plain(oid)),
            "A function's name and its parameters' types by its number", volatility: Volatility.Stable);
        r.F("regprocout(int4) text", (int oid, EvalContext c) => Text(oid == 0 ? "-" : Function(c, oid)?.Name ?? TypeFunction(oid) ?? Plain(oid)),
            "A function's name by its number", volatility: Volatility.Stable);
    }

    private static int RoleOid(EvalContext c, string name) =>
        AccessRows.Roles(System(c)).Where(r => r.Name == name).Select(r => (int?)r.Oid).FirstOrDefault() ?? throw Missing("42704", $"role \"{name}\" does not exist");

    private static void Privileges(FunctionRegistry r)
    {
        const string Held = "Whether a role may read a relation (SELECT) or write to it (INSERT, UPDATE, DELETE, TRUNCATE)";
        const string AnyColumn = "Whether a role may do something with a column of a relation: what it may do with the relation";
        foreach ((string name, string doc) in new[] { ("has_table_privilege", Held), ("has_any_column_privilege", AnyColumn) })
        {
            r.F(name + "(text, text) bool", (ByteSlice what, ByteSlice privilege, EvalContext c) =>
                AccessRows.Holds(System(c), null, RelationOid(c, what.ToString(), true)!.Value, privilege.ToString()), doc, volatility: Volatility.Stable);
            r.F(name + "(int4, text) bool", (int what, ByteSlice privilege, EvalContext c) =>
                AccessRows.Holds(System(c), null, what, privilege.ToString()), doc, volatility: Volatility.Stable);
            r.F(name + "(text, text, text) bool", (ByteSlice role, ByteSlice what, ByteSlice privilege, EvalContext c) =>
                AccessRows.Holds(System(c), role.ToString(), RelationOid(c, what.ToString(), true)!.Value, privilege.ToString()), doc, volatility: Volatility.Stable);
            r.F(name + "(text, int4, text) bool", (ByteSlice role, int what, ByteSlice privilege, EvalContext c) =>
                AccessRows.Holds(System(c), role.ToString(), what, privilege.ToString()), doc, volatility: Volatility.Stable);
        }

        r.F("has_table_privilege(int4, int4, text) bool", (int role, int what, ByteSlice privilege, EvalContext c) =>
            AccessRows.Holds(System(c), AccessRows.RoleName(System(c), role), what, privilege.ToString()), Held, volatility: Volatility.Stable);
        foreach (string kind in ObjectPrivileges)
        {
            string name = $"has_{kind}_privilege";
            const string Doc = "Whether a role may do something of which there are no grants here: always true";
            r.F(name + "(text, text) bool", (ByteSlice what, ByteSlice privilege) => true, Doc);
            r.F(name + "(int4, text) bool", (int what, ByteSlice privilege) => true, Doc);
            r.F(name + "(text, text, text) bool", (ByteSlice role, ByteSlice what, ByteSlice privilege) => true, Doc);
            r.F(name + "(text, int4, text) bool", (ByteSlice role, int what, ByteSlice privilege) => true, Doc);
            r.F(name + "(int4, int4, text) bool", (int role, int what, ByteSlice privilege) => true, Doc);
        }

        r.F("pg_has_role(text, text) bool", (ByteSlice role, ByteSlice privilege) => true, "Whether the user is in a role");
        r.F("pg_has_role(int4, text) bool", (int role, ByteSlice privilege) => true, "Whether the user is in a role");
        r.F("pg_has_role(text, int4, text) bool", (ByteSlice user, int role, ByteSlice privilege) => true, "Whether a user is in a role");
    }

    private static ByteSlice? Setting(EvalContext context, ByteSlice name, bool missing)
    {
        string key = name.ToString().ToLowerInvariant();
        string? value = System(context).Session.Settings.GetValueOrDefault(key)
            ?? ServerRows.Fixed.Where(f => f.Name == key).Select(f => f.Value).FirstOrDefault();
        return value is not null || missing
            ? Maybe(value)
            : throw new SqlException("42704", $"unrecognized configuration parameter \"{key}\"", hint: "SHOW ALL lists the settings");
    }

    private static ByteSlice? SetConfig(ByteSlice? name, ByteSlice? value, bool? local, EvalContext context)
    {
        if (name is not { } key)
        {
            throw new SqlException("22004", "SET requires parameter name");
        }

        System(context).Session.Set(key.ToString().ToLowerInvariant(), value?.ToString() ?? "");
        return value;
    }

    private static bool? IsVisible(EvalContext context, int oid)
    {
        SystemContext system = System(context);
        return system.ByOid(oid) is { } o ? IsVisible(system, o.Namespace, o.Name) : Index(context, oid) is { } i ? IsVisible(system, i.Table.Namespace, i.Name) : null;
    }

    // Found by its bare name: its schema is on the path, and none before it has another of that name.
    private static bool IsVisible(SystemContext system, string schema, string name) =>
        schema == "pg_catalog" || (system.Catalog.Path.Contains(schema) && (system.Catalog.Find(null, name) is not { } found || found.Namespace == schema));

    private static ByteSlice? ViewText(EvalContext context, int oid) =>
        System(context).ByOid(oid) is { Query: { } query } ? Text(" " + query.TrimEnd(';', ' ', '\n') + ";") : null;

    private static IndexEntry? Index(EvalContext context, int oid) => ClassRows.Entries(System(context)).FirstOrDefault(i => i.Oid == oid);

    private static ByteSlice? IndexColumn(EvalContext context, int oid, int column)
    {
        if (Index(context, oid) is not { } index || column > index.Columns.Count)
        {
            return null;
        }

        return Text(column <= 0 ? index.Definition : SqlNames.Quote(index.Table.Columns[index.Columns[column - 1]].Name));
    }

    private static ByteSlice? Constraint(EvalContext context, int oid) =>
        Index(context, oid - Oids.FirstConstraint + Oids.FirstPrimaryKey) is { Primary: true } key ? Text($"PRIMARY KEY ({key.ColumnList})")
            : RowRule.All(System(context)).FirstOrDefault(r => r.Oid == oid) is { } rule ? Text(rule.Text) : null;

    private static FunctionEntry? Function(EvalContext context, int oid) => FunctionRows.Find(System(context), oid);

    private static int FunctionOid(EvalContext context, string name)
    {
        int open = name.IndexOf('(', StringComparison.Ordinal);
        string last = SqlNames.Split(open < 0 ? name : name[..open])[^1];
        TypeLine? type = TypeRows.Lines.Values.FirstOrDefault(t => t.FunctionNames.Contains(last));
        if (type is not null)
        {
            return type.Functions[Array.IndexOf(type.FunctionNames, last)];
        }

        int?[] wanted = open < 0 ? [] : [.. name[(open + 1)..].TrimEnd(' ', ')').Split(',', StringSplitOptions.RemoveEmptyEntries).Select(TypeRows.Find)];
        FunctionEntry[] found = [.. FunctionRows.Entries(System(context).Functions)
            .Where(f => f.Name == last && (open < 0 || f.Parameters.Select(p => (int?)FunctionRows.OidOf(p)).SequenceEqual(wanted)))];
        return found.Length switch
        {
            0 => throw Missing("42883", $"function \"{name}\" does not exist"),
            1 => found[0].Oid,
            _ => throw new SqlException("42725", $"more than one function named \"{name}\"", hint: "name its parameters' types, as in " + last + "(" + found[0].Arguments + ")"),
        };
    }

    // What FunctionRows says of every function, as PostgreSQL writes it.
    private static ByteSlice? FunctionText(EvalContext context, int oid)
    {
        if (Function(context, oid) is not { } f)
        {
            return null;
        }

        if (f.Kind == "a")
        {
            throw new SqlException("42809", $"\"{f.Name}\" is an aggregate function");
        }

        return Text($"CREATE OR REPLACE FUNCTION pg_catalog.{SqlNames.Quote(f.Name)}({f.Arguments})\n RETURNS {f.Result?.ToString() ?? "anyelement"}\n LANGUAGE internal\n"
            + $"{(f.Kind == "w" ? " WINDOW" : "")} IMMUTABLE PARALLEL SAFE STRICT\nAS $function${f.Name}$function$\n");
    }

    private static string? TypeFunction(int oid)
    {
        TypeLine? type = TypeRows.Lines.Values.FirstOrDefault(t => t.Functions.Contains(oid));
        return type?.FunctionNames[Array.IndexOf(type.Functions, oid)];
    }

    private static int? RelationOid(EvalContext context, string name, bool required)
    {
        if (Number(ByteSlice.From(name)) is { } number)
        {
            return number;
        }

        SystemContext system = System(context);
        if (system.ByName(name) is { } found)
        {
            return Oids.Of(found);
        }

        IReadOnlyList<string> parts = SqlNames.Split(name);
        return ClassRows.Entries(system).FirstOrDefault(i => i.Name == parts[^1])?.Oid
            ?? (required ? throw Missing("42P01", $"relation \"{name}\" does not exist") : null);
    }

    private static string RelationName(EvalContext context, int oid)
    {
        (string? schema, string? name) = System(context).ByOid(oid) is { } o
            ? (o.Namespace, o.Name)
            : Index(context, oid) is { } i ? (i.Table.Namespace, i.Name) : (null, null);
        return name is null ? oid == 0 ? "-" : Plain(oid)
            : IsVisible(System(context), schema!, name) ? SqlNames.Quote(name) : SqlNames.Quote(schema!) + "." + SqlNames.Quote(name);
    }

    private static long? Size(EvalContext context, int oid, string fork) => fork switch
    {
        "main" => Size(context, oid),
        "fsm" or "vm" or "init" => Size(context, oid) is null ? null : 0,
        _ => throw new SqlException("22023", "invalid fork name", hint: "Valid fork names are \"main\", \"fsm\", \"vm\", and \"init\"."),
    };

    private static long? Size(EvalContext context, long oid)
    {
        if (oid is < 0 or > int.MaxValue)
        {
            return null;
        }

        SystemContext system = System(context);
        return system.ByOid((int)oid) is { } o ? system.Database.Statistics().Objects.FirstOrDefault(s => s.Id == o.Id)?.Bytes ?? 0
            : Index(context, (int)oid) is null ? null : 0;
    }

    private static string Pretty(Numeric bytes)
    {
        if (bytes.IsNaN || bytes.Abs() < Numeric.From(10 * 1024L))
        {
            return $"{bytes} bytes";
        }

        return Pretty(bytes.Truncate(0).Unscaled);
    }

    // As PostgreSQL rounds: below 10 of a unit stays in the smaller one; one bit more than is shown is kept to the end, and that one is rounded.
    private static string Pretty(Int128 bytes)
    {
        if (Int128.Abs(bytes) < 10 * 1024)
        {
            return $"{bytes} bytes";
        }

        string[] units = ["kB", "MB", "GB", "TB", "PB"];
        int unit = 0;
        Int128 halves = bytes / 512;
        while (unit < units.Length - 1 && Int128.Abs(halves) >= (20 * 1024) - 1)
        {
            halves /= 1024;
            unit++;
        }

        return $"{(halves + (halves < 0 ? -1 : 1)) / 2} {units[unit]}";
    }

    private static int? Number(ByteSlice text) => text.ToString() == "-" ? 0 : int.TryParse(text.ToString(), out int number) ? number : null;

    private static SqlException Missing(string sqlState, string message) => new(sqlState, message);

    private static string Plain(int oid) => ((uint)oid).ToString(global::System.Globalization.CultureInfo.InvariantCulture);

    private static ByteSlice Text(string text) => ByteSlice.From(text);

    private static ByteSlice? Maybe(string? text) => text is null ? null : ByteSlice.From(text);

    private static ListSlice Texts(string[] values)
    {
        var builder = (BytesBuilder)ColumnBuilder.For(SqlType.Text);
        foreach (string value in values)
        {
            builder.Append(Encoding.UTF8.GetBytes(value));
        }

        return new ListSlice(builder.ToColumn(), 0, values.Length);
    }
}
