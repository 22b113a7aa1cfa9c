// Columns that are computed from the others when a row is written: GENERATED ALWAYS AS (…), or RisingWave's and Flink's name AS ….
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>Binds generated columns, and puts what they are computed from into plans of rows.</summary>
internal sealed class GeneratedColumns(BindContext context)
{
    /// <summary>A generated column's name and type; text stands for a type that its expression will give.</summary>
    public static Field Field(Syntax.ColumnDef c)
    {
        if (c.Default is not null)
        {
            throw new SqlException("42601", $"both default and generation expression specified for column \"{c.Name.Text}\"", c.Position, "write one of them");
        }

        if (c.NotNull == true)
        {
            throw new SqlException("0A000", "NOT NULL for a generated column is not supported", c.Position, "use coalesce in its expression");
        }

        return c.Type is null ? new Field(c.Name.Text, SqlType.Text) : CreateTableBinder.Column(c with { Generated = null });
    }

    /// <summary>The expressions by column; sets the types of columns that were given none.</summary>
    public IReadOnlyList<ScalarExpr?> Bind(Syntax.CreateTableStatement s, List<Field> fields, List<int> key)
    {
        Syntax.ColumnDef[] columns = [.. s.Columns];
        if (Array.TrueForAll(columns, c => c.Generated is null))
        {
            return [];
        }

        if (s.OnConflict == Syntax.ConflictBehavior.UpdateIfNotNull)
        {
            throw new SqlException("0A000", "generated columns are not supported with ON CONFLICT DO UPDATE IF NOT NULL", s.Position, "compute the column in a view over the table");
        }

        ScopeColumn[] given = [.. fields.Index().Where(f => columns[f.Index].Generated is null).Select(f => new ScopeColumn(f.Item.Name, new ColumnExpr(f.Index, f.Item.Type), false))];
        var scope = new Scope([new ScopeTable(s.Name.Last, null, given, null)], given, null, null);
        var coercion = new Coercion(context);
        var generated = new ScalarExpr?[columns.Length];
        foreach ((int i, Syntax.ColumnDef c) in columns.Index())
        {
            if (c.Generated is null)
            {
                continue;
            }

            if (c.PrimaryKey || key.Contains(i))
            {
                throw new SqlException("0A000", "a generated column cannot be part of the primary key", c.Position);
            }

            var binder = new ExprBinder(context, new QueryBinder(context), scope, null) { Clause = "column generation expressions" };
            ScalarExpr value;
            try
            {
                value = binder.BindTyped(c.Generated);
            }
            catch (SqlException e) when (e.SqlState == "42703" && columns.Any(x => x.Generated is not null && e.Message.Contains($"\"{x.Name.Text}\"", StringComparison.Ordinal)))
            {
                throw new SqlException("42P17", "a generated column cannot refer to another generated column", e.Position, "write its expression out");
            }

            if (c.Type is null)
            {
                fields[i] = new Field(c.Name.Text, value.Type);
            }

            if (ExprMap.Any(value, e => e is PlaceholderExpr))
            {
                throw new SqlException("0A000", "subqueries are not supported in column generation expressions", c.Generated.Position, "join in a view");
            }

            generated[i] = FoldConstants.Apply(coercion.Coerce(value, fields[i].Type, CastContext.Assignment, c.Generated.Position, $"column \"{c.Name.Text}\""), context.Functions);
        }

        return generated;
    }

    /// <summary>Refuses a value for a generated column.</summary>
    public static void CheckNotGiven(CatalogObject target, int column, int position)
    {
        if (target.GeneratedAt(column) is not null)
        {
            string name = target.Columns[column].Name;
            throw new SqlException("428C9", $"cannot insert a non-DEFAULT value into column \"{name}\"", position, "leave it out, or write DEFAULT", $"Column \"{name}\" is a generated column.");
        }
    }

    /// <summary>The values of a row with those of generated columns computed from the others.</summary>
    public static ScalarExpr[] Filled(CatalogObject target, ScalarExpr[] row) =>
        [.. row.Select((v, i) => target.GeneratedAt(i) is { } value ? ExprMap.Substitute(value, row) : v)];
}
