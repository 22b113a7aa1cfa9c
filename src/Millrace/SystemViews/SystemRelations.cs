// Every relation that the system computes when asked, in one list.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>
/// The system relations. Their columns are PostgreSQL's (<see cref="CatalogColumns"/>); who has rows to show is named here, the others are empty,
/// as they are in a PostgreSQL that does not use the feature.
/// </summary>
internal static class SystemRelations
{
    private static readonly Dictionary<string, Action<SystemContext, RelationRows>> Sources = new()
    {
        ["pg_catalog.pg_namespace"] = ServerRows.Namespaces,
        ["pg_catalog.pg_database"] = ServerRows.Databases,
        ["pg_catalog.pg_roles"] = ServerRows.Roles,
        ["pg_catalog.pg_user"] = ServerRows.Users,
        ["pg_catalog.pg_am"] = ServerRows.AccessMethods,
        ["pg_catalog.pg_settings"] = ServerRows.Settings,
        ["pg_catalog.pg_collation"] = ServerRows.Collations,
        ["pg_catalog.pg_tablespace"] = ServerRows.Tablespaces,
        ["pg_catalog.pg_language"] = ServerRows.Languages,
        ["pg_catalog.pg_class"] = ClassRows.Classes,
        ["pg_catalog.pg_attribute"] = ClassRows.Attributes,
        ["pg_catalog.pg_attrdef"] = ClassRows.Defaults,
        ["pg_catalog.pg_index"] = ClassRows.Indexes,
        ["pg_catalog.pg_constraint"] = ClassRows.Constraints,
        ["pg_catalog.pg_tables"] = ClassRows.Tables,
        ["pg_catalog.pg_views"] = ClassRows.Views,
        ["pg_catalog.pg_matviews"] = ClassRows.MaterializedViews,
        ["pg_catalog.pg_indexes"] = ClassRows.IndexDefinitions,
        ["pg_catalog.pg_depend"] = DependencyRows.Depends,
        ["pg_catalog.pg_rewrite"] = DependencyRows.Rules,
        ["pg_catalog.pg_stat_user_tables"] = DependencyRows.UserTables,
        ["pg_catalog.pg_type"] = TypeRows.Types,
        ["pg_catalog.pg_proc"] = FunctionRows.Functions,
        ["pg_catalog.pg_prepared_statements"] = SessionRows.PreparedStatements,
        ["pg_catalog.pg_stat_activity"] = SessionRows.Activity,
        ["pg_catalog.pg_stat_ssl"] = SessionRows.Encryption,
        ["pg_catalog.pg_stat_gssapi"] = SessionRows.Kerberos,
        ["pg_catalog.pg_cursors"] = SessionRows.Cursors,
        ["pg_catalog.pg_get_keywords"] = SessionRows.Keywords,
        ["information_schema.schemata"] = InformationSchemaRows.Schemata,
        ["information_schema.tables"] = InformationSchemaRows.Tables,
        ["information_schema.columns"] = InformationSchemaRows.Columns,
        ["information_schema.views"] = InformationSchemaRows.Views,
        ["information_schema.table_constraints"] = InformationSchemaRows.Constraints,
        ["information_schema.key_column_usage"] = InformationSchemaRows.Keys,
        ["information_schema.table_privileges"] = InformationSchemaRows.TablePrivileges,
        ["information_schema.role_table_grants"] = InformationSchemaRows.TablePrivileges,
        ["information_schema.column_privileges"] = InformationSchemaRows.ColumnPrivileges,
        ["information_schema.role_column_grants"] = InformationSchemaRows.ColumnPrivileges,
        ["millrace.objects"] = MillraceRows.Objects,
        ["millrace.operators"] = MillraceRows.Operators,
        ["millrace.empty_views"] = MillraceRows.EmptyViews,
        ["millrace.missing_rows"] = MillraceRows.MissingRows,
        ["millrace.segments"] = MillraceRows.Segments,
        ["millrace.subscriptions"] = MillraceRows.Subscriptions,
        ["millrace.backup"] = MillraceRows.Backup,
        ["millrace.endpoints"] = MillraceRows.Endpoints,
        ["millrace.generators"] = MillraceRows.Generators,
        ["millrace.alerts"] = AlertRows.Alerts,
        ["millrace.users"] = AccessRows.Users,
        ["millrace.tokens"] = AccessRows.Tokens,
        ["pg_catalog.pg_description"] = ClassRows.Comments,
        ["rw_catalog.rw_databases"] = RisingWaveRows.Databases,
        ["rw_catalog.rw_schemas"] = RisingWaveRows.Schemas,
        ["rw_catalog.rw_sinks"] = RisingWaveRows.Sinks,
        ["rw_catalog.rw_users"] = RisingWaveRows.Users,
        ["rw_catalog.rw_relations"] = RisingWaveRows.Relations,
        ["rw_catalog.rw_tables"] = RisingWaveRows.Tables,
        ["rw_catalog.rw_materialized_views"] = RisingWaveRows.MaterializedViews,
        ["rw_catalog.rw_views"] = RisingWaveRows.Views,
        ["rw_catalog.rw_indexes"] = RisingWaveRows.Indexes,
        ["rw_catalog.rw_subscriptions"] = RisingWaveRows.Subscriptions,
        ["rw_catalog.rw_functions"] = RisingWaveRows.Functions,
        ["rw_catalog.rw_columns"] = RisingWaveRows.Columns,
        ["rw_catalog.rw_system_tables"] = RisingWaveRows.SystemTables,
        ["rw_catalog.rw_types"] = RisingWaveRows.Types,
        ["rw_catalog.rw_depend"] = RisingWaveRows.Depends,
        ["rw_catalog.rw_relation_info"] = RisingWaveRows.RelationInfo,
    };

    /// <summary>The hidden column with the number of the relation itself.</summary>
    public const string TableOid = "tableoid";

    private static readonly HashSet<string> Integers = [.. CatalogColumns.Integers.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries)];

    private static readonly HashSet<string> Chars = [.. CatalogColumns.Chars.Split(' ')];

    /// <summary>Every system relation.</summary>
    public static IReadOnlyList<SystemRelation> All { get; } =
    [
        .. Read("pg_catalog", CatalogColumns.PgCatalog),
        .. Read("information_schema", CatalogColumns.InformationSchema),
        .. Read("millrace", CatalogColumns.Millrace),
        .. Read("rw_catalog", CatalogColumns.RisingWave),
    ];

    /// <summary>Those that are called in FROM, as functions.</summary>
    public static IReadOnlyList<SystemRelation> Functions { get; } = [.. Read("pg_catalog", CatalogColumns.Functions)];

    private static readonly Dictionary<int, SystemRelation> Index = All.Concat(Functions).ToDictionary(r => -r.Object.Id);

    /// <summary>The relation's catalog entry by its oid; null when there is none.</summary>
    public static CatalogObject? ByOid(int oid) => Index.GetValueOrDefault(oid)?.Object;

    /// <summary>True for columns of one byte each, PostgreSQL's "char": text to us, another type on the wire, which drivers tell from text.</summary>
    /// <param name="relation">The relation's oid.</param>
    /// <param name="attribute">The column's number, from 1.</param>
    public static bool IsChar(int relation, int attribute) =>
        Index.TryGetValue(relation, out SystemRelation? r) && r.Object.Namespace == "pg_catalog" && Chars.Contains(r.Object.Columns[attribute - 1].Name);

    /// <summary>The rows of a system relation.</summary>
    public static Batch Rows(CatalogObject relation, SystemContext context) => Index[-relation.Id].Rows(context);

    private static IEnumerable<SystemRelation> Read(string schema, string text)
    {
        SystemRelation? relation = null;
        var fields = new List<Field>();
        foreach (string word in text.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries))
        {
            if (char.IsAsciiDigit(word[0]))
            {
                int oid = int.Parse(word.TrimEnd(':'), System.Globalization.CultureInfo.InvariantCulture);
                string name = fields[^1].Name;
                fields.RemoveAt(fields.Count - 1);
                if (relation is not null)
                {
                    yield return Finish(relation, fields);
                }

                relation = new SystemRelation(
                    new CatalogObject { Id = -oid, Namespace = schema, Name = name, Kind = ObjectKind.System, Columns = Schema.Empty }, _ => null!);
                fields = [];
                continue;
            }

            int colon = word.IndexOf(':', StringComparison.Ordinal);
            fields.Add(colon < 0
                ? new Field(word, SqlType.Unknown)
                : new Field(word[..colon], IsOid(schema, word[..colon], word[colon + 1]) ? SqlType.Oid : TypeOf(word[colon + 1]), word.EndsWith('?')));
        }

        if (relation is not null)
        {
            yield return Finish(relation, fields);
        }
    }

    private static SystemRelation Finish(SystemRelation relation, List<Field> fields)
    {
        // Clients ask PostgreSQL's own relations which of them a row is of.
        bool tells = relation.Object.Namespace == "pg_catalog";
        if (tells)
        {
            fields = [.. fields, new Field(TableOid, SqlType.Oid, false)];
        }

        var schema = new Schema([.. fields]);
        Action<SystemContext, RelationRows>? source = Sources.GetValueOrDefault(relation.Object.Namespace + "." + relation.Object.Name);
        return new SystemRelation(relation.Object with { Columns = schema, HiddenColumns = tells ? 1 : 0 }, context =>
        {
            var rows = new RelationRows(schema) { TableOid = tells ? -relation.Object.Id : null };
            source?.Invoke(context, rows);
            return rows.ToBatch();
        });
    }

    private static bool IsOid(string schema, string column, char letter) => letter == 'i' && schema == "pg_catalog" && !Integers.Contains(column);

    private static SqlType TypeOf(char letter) => letter switch
    {
        'i' => SqlType.Integer,
        's' => SqlType.SmallInt,
        'l' => SqlType.BigInt,
        'b' => SqlType.Boolean,
        't' => SqlType.Text,
        'f' => SqlType.Real,
        'd' => SqlType.Double,
        'z' => SqlType.TimestampTz,
        'v' => SqlType.Interval,
        'T' => SqlType.ArrayOf(SqlType.Text),
        'I' => SqlType.ArrayOf(SqlType.Integer),
        'S' => SqlType.ArrayOf(SqlType.SmallInt),
        'V' => SqlType.VectorOf(SqlType.SmallInt),
        'O' => SqlType.VectorOf(SqlType.Integer),
        _ => throw new BugException($"BUG: no type {letter}"),
    };
}
