// What the catalog says of sessions: who is connected and does what, the prepared statements and cursors of the one that asks; and of the words of the language.
using Millrace.Core;
using Millrace.Sessions;
using Millrace.Sql;
using Millrace.Sql.Syntax;

namespace Millrace.Engine;

/// <summary>Rows of pg_stat_activity and its kin, pg_prepared_statements, pg_cursors and pg_get_keywords().</summary>
internal static class SessionRows
{
    /// <summary>pg_stat_activity: what each connection is doing. Of others' connections only superusers see more than that they are there.</summary>
    public static void Activity(SystemContext context, RelationRows rows)
    {
        bool all = AccessRows.IsSuperuser(context);
        Dictionary<string, int> roles = AccessRows.Roles(context).ToDictionary(r => r.Name, r => r.Oid, StringComparer.Ordinal);
        foreach (Backend b in context.Database.Backends())
        {
            string user = b.User ?? SystemContext.Owner;
            bool open = all || b.User == context.Session.User;
            bool waits = b.State != "active";
            rows.Add(
                ("datid", Oids.Database),
                ("datname", context.DatabaseName),
                ("pid", b.Id),
                ("usesysid", roles.TryGetValue(user, out int oid) ? oid : null),
                ("usename", user),
                ("application_name", b.Application),
                ("client_addr", open ? b.Address : null),
                ("client_port", open ? b.Port : null),
                ("backend_start", open ? b.StartedMicros : null),
                ("xact_start", open && b.TransactionMicros > 0 ? b.TransactionMicros : null),
                ("query_start", open && b.StatementMicros > 0 ? b.StatementMicros : null),
                ("state_change", open ? b.ChangedMicros : null),
                ("wait_event_type", open && waits ? "Client" : null),
                ("wait_event", open && waits ? "ClientRead" : null),
                ("state", open ? b.State : null),
                ("query", open ? b.Query : "<insufficient privilege>"),
                ("backend_type", open ? "client backend" : null));
        }
    }

    /// <summary>pg_stat_ssl: how each connection is encrypted.</summary>
    public static void Encryption(SystemContext context, RelationRows rows)
    {
        foreach (Backend b in context.Database.Backends())
        {
            rows.Add(("pid", b.Id), ("ssl", b.TlsVersion is not null), ("version", b.TlsVersion), ("cipher", b.TlsCipher), ("bits", b.TlsVersion is null ? null : b.TlsBits));
        }
    }

    /// <summary>pg_stat_gssapi: no connection uses it.</summary>
    public static void Kerberos(SystemContext context, RelationRows rows)
    {
        foreach (Backend b in context.Database.Backends())
        {
            rows.Add(("pid", b.Id), ("gss_authenticated", false), ("encrypted", false));
        }
    }

    /// <summary>pg_prepared_statements.</summary>
    public static void PreparedStatements(SystemContext context, RelationRows rows)
    {
        foreach ((string name, NamedStatement statement) in context.Session.Statements.OrderBy(s => s.Key, StringComparer.Ordinal))
        {
            IReadOnlyList<SqlType> types = statement.Plan?.Parameters ?? [];
            rows.Add(
                ("name", name),
                ("statement", statement.Text),
                ("prepare_time", statement.PreparedMicros),
                ("parameter_types", types.Select((t, i) => TypeRows.Format(
                    i < statement.Declared.Count && PgType.ToSqlType(statement.Declared[i]) is not null ? statement.Declared[i] : PgType.Of(t).Oid, null)).ToArray()),
                ("from_sql", statement.FromSql),
                ("generic_plans", 0L),
                ("custom_plans", 0L));
        }
    }

    /// <summary>pg_cursors.</summary>
    public static void Cursors(SystemContext context, RelationRows rows)
    {
        IEnumerable<NamedCursor> cursors = context.Session is LocalSession session ? session.CursorList : context.Session.Portals();
        foreach (NamedCursor c in cursors.OrderBy(c => c.Name, StringComparer.Ordinal))
        {
            rows.Add(
                ("name", c.Name),
                ("statement", c.Text),
                ("is_holdable", c.IsHeld),
                ("is_binary", c.IsBinary),
                ("is_scrollable", c.MayGoBack),
                ("creation_time", c.CreatedMicros));
        }
    }

    /// <summary>pg_get_keywords(): the words that this parser knows, in PostgreSQL's classes.</summary>
    public static void Keywords(SystemContext context, RelationRows rows)
    {
        foreach ((string word, char category, bool needsAs) in SqlParser.Words.OrderBy(k => k.Word, StringComparer.Ordinal))
        {
            rows.Add(
                ("word", word),
                ("catcode", category.ToString()),
                ("barelabel", !needsAs),
                ("catdesc", category switch
                {
                    'R' => "reserved",
                    'T' => "reserved (can be function or type name)",
                    'C' => "unreserved (cannot be function or type name)",
                    _ => "unreserved",
                }),
                ("baredesc", needsAs ? "requires AS" : "can be bare label"));
        }
    }
}
