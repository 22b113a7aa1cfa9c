// ALTER TABLE … ALTER COLUMN … TYPE: what the values that are there become.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>Binds a change of a column's type. The rows of the table are laid out anew, so nothing may have been bound to them as they are.</summary>
internal sealed class ColumnTypeBinder(BindContext context)
{
    private readonly DmlBinder _dml = new(context);

    /// <summary>Binds it.</summary>
    /// <param name="found">The table.</param>
    /// <param name="at">The column.</param>
    /// <param name="a">What is said of it.</param>
    public BoundStatement Bind(CatalogObject found, int at, Syntax.AlterColumnAction a)
    {
        if (found.Kind != ObjectKind.Table)
        {
            throw new SqlException("0A000", "a stream keeps its columns: its rows are stored as they came", a.Position, "make a view with a cast");
        }

        Field field = found.Columns[at];
        SqlType type = TypeNames.Resolve(a.Type!);
        Check(found, at, field, type, a);
        if (type.Equals(field.Type) && a.Using is null && found.TimeDigitsAt(at) < 0)
        {
            return new BoundNoOp("ALTER TABLE");
        }

        if (found.Defaults.ElementAtOrDefault(at) is { } text)
        {
            _dml.Default(Syntax.SqlParser.ParseExpression(text), type, field.Name);
        }

        return new BoundAlterType(found, at, field with { Type = type }, Value(found, at, field, type, a));
    }

    private ScalarExpr Value(CatalogObject found, int at, Field field, SqlType type, Syntax.AlterColumnAction a)
    {
        ScopeTable table = DmlBinder.TableOf(found, null);
        var binder = new ExprBinder(context, new QueryBinder(context), new Scope([table], table.Columns, null, null), null) { Clause = "transform expressions" };
        ScalarExpr given = a.Using is null ? new ColumnExpr(at, field.Type) : binder.Bind(a.Using);
        ScalarExpr value = _dml.Finished(new Coercion(context).TryCoerce(given, type, CastContext.Assignment, a.Position) ?? throw new SqlException(
            "42804", a.Using is null ? $"column \"{field.Name}\" cannot be cast automatically to type {type}"
                : $"result of USING clause for column \"{field.Name}\" cannot be cast automatically to type {type}",
            a.Position, a.Using is null ? $"You might need to specify \"USING {Syntax.SqlFormatter.QuoteName(field.Name)}::{type}\"." : "You might need to add an explicit cast."));
        return !ExprMap.IsImmutable(value)
            ? throw new SqlException("0A000", "what the values become depends on when or by whom it is asked", a.Position, "add a column, UPDATE, and drop this one")
            : value;
    }

    private static void Check(CatalogObject found, int at, Field field, SqlType type, Syntax.AlterColumnAction a)
    {
        string? why = found.GeneratedAt(at) is not null ? "it is computed from others" : at == found.VersionColumn ? "it orders the versions of rows" : at == found.EventTime ? "it is the event time"
            : found.Generated.Any(g => g is not null && ExprMap.Columns(g).Contains(at)) ? "another column is computed from it"
            : found.Checks.Any(c => c.Columns.Contains(at)) ? "a CHECK constraint is on it"
            : type.IsTimestamp && a.Type!.Modifiers.Count > 0 ? "digits of a second are given when the table is made" : null;
        if (why is null && (found.PrimaryKey.Contains(at) || found.Uniques.Any(u => u.Columns.Contains(at))) && (a.Using is not null || !Widens(field.Type, type)))
        {
            why = "it is of a key: values that differ could become the same";
        }

        if (why is null && found.IdentityAt(at) is not null && IntegerRank(type) == 0)
        {
            throw new SqlException("22023", "identity column type must be smallint, integer, or bigint", a.Position);
        }

        if (why is not null)
        {
            throw new SqlException("0A000", $"the type of column \"{field.Name}\" cannot be changed: {why}", a.Position, "create a new table and copy the rows with INSERT … SELECT");
        }
    }

    private static bool Widens(SqlType from, SqlType to) =>
        (IntegerRank(from) > 0 && IntegerRank(to) >= IntegerRank(from))
        || (from.Id == TypeId.Text && to.Id == TypeId.Text && (to.Precision < 0 || (from.Precision >= 0 && to.Precision >= from.Precision)));

    private static int IntegerRank(SqlType type) => type.Id switch { TypeId.SmallInt => 1, TypeId.Integer => 2, TypeId.BigInt => 3, _ => 0 };
}
