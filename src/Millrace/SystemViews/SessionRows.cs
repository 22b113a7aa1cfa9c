// What the catalog says of the session that asks: its prepared statements and cursors; and of the words of the language.
using Millrace.Core;
using Millrace.Sessions;
using Millrace.Sql;
using Millrace.Sql.Syntax;

namespace Millrace.Engine;

/// <summary>Rows of pg_prepared_statements, pg_cursors and pg_get_keywords().</summary>
internal static class SessionRows
{
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
