// CHECK and UNIQUE of a table's definition, and times that keep some digits of a second.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>Binds what a definition says of the rows it takes.</summary>
internal sealed class TableRules(BindContext context)
{
    /// <summary>The conditions, in the order of their names, which is the order in which PostgreSQL tests them.</summary>
    /// <param name="s">The definition.</param>
    /// <param name="fields">The columns that are seen.</param>
    public IReadOnlyList<CheckRule> Checks(Syntax.CreateTableStatement s, IReadOnlyList<Field> fields)
    {
        ScopeColumn[] columns = [.. fields.Select((f, i) => new ScopeColumn(f.Name, new ColumnExpr(i, f.Type), false))];
        var scope = new Scope([new ScopeTable(s.Name.Last, null, columns, null)], columns, null, null);
        var rules = new List<CheckRule>();
        foreach ((Syntax.TableConstraint check, string? column) in s.Columns.SelectMany(c => c.Checks.Select(k => (k, (string?)c.Name.Text)))
            .Concat(s.Constraints.Where(c => c.Kind == Syntax.ConstraintKind.Check).Select(k => (k, (string?)null))))
        {
            var binder = new ExprBinder(context, new QueryBinder(context), scope, null) { Clause = "check constraints" };
            ScalarExpr condition = binder.Boolean(check.Check!, "CHECK");
            if (ExprMap.Any(condition, e => e is PlaceholderExpr))
            {
                throw new SqlException("0A000", "cannot use subquery in check constraint", check.Position, "compare with the rows of another table in a view");
            }

            if (!ExprMap.IsImmutable(condition))
            {
                throw new SqlException("0A000", "a CHECK may not depend on the time of day or the session", check.Position, "compare columns and constants");
            }

            var used = new SortedSet<int>();
            ExprMap.AddColumns(condition, used);
            string part = column is not null ? column + "_" : used.Count == 1 ? fields[used.Min].Name + "_" : "";
            string name = check.ConstraintName?.Text ?? Free($"{s.Name.Last}_{part}check", n => rules.Exists(r => r.Name == n));
            CheckFree(name, check, s, rules.Exists(r => r.Name == name));
            rules.Add(new CheckRule(name, FoldConstants.Apply(condition, context.Functions), [.. used]));
        }

        return [.. rules.OrderBy(r => r.Name, StringComparer.Ordinal)];
    }

    /// <summary>The unique constraints.</summary>
    public static IReadOnlyList<UniqueRule> Uniques(Syntax.CreateTableStatement s, IReadOnlyList<Field> fields, IReadOnlyList<int> key, bool stream)
    {
        var rules = new List<UniqueRule>();
        foreach (Syntax.TableConstraint unique in s.Columns.Where(c => c.Unique)
            .Select(c => new Syntax.TableConstraint(Syntax.ConstraintKind.Unique, c.UniqueName, [c.Name], null, null, []) { Position = c.Position })
            .Concat(s.Constraints.Where(c => c.Kind == Syntax.ConstraintKind.Unique)))
        {
            if (stream)
            {
                throw new SqlException("0A000", "a stream has no UNIQUE constraints", unique.Position, "nobody remembers all of its rows; use a table");
            }

            int[] columns = [.. unique.Columns.Select(n => At(n, fields))];
            if (columns.Distinct().Count() < columns.Length)
            {
                throw new SqlException("42701", "a column appears twice in unique constraint", unique.Position);
            }

            if (key.ToHashSet().SetEquals(columns))
            {
                // The primary key says so already.
                continue;
            }

            string name = unique.ConstraintName?.Text ?? Free($"{s.Name.Last}_{string.Join('_', columns.Select(c => fields[c].Name))}_key", n => rules.Exists(r => r.Name == n));
            CheckFree(name, unique, s, rules.Exists(r => r.Name == name));
            rules.Add(new UniqueRule(name, columns));
        }

        return rules;
    }

    /// <summary>How many digits of a second each column keeps; empty where all keep all.</summary>
    public static IReadOnlyList<int> TimeDigits(IReadOnlyList<Syntax.ColumnDef> columns, IReadOnlyList<Field> fields)
    {
        int[] digits = [.. columns.Select((c, i) => TimeDigits(c, fields[i].Type))];
        return Array.TrueForAll(digits, d => d < 0) ? [] : digits;
    }

    /// <summary>How many digits of a second a column keeps; −1 for all.</summary>
    public static int TimeDigits(Syntax.ColumnDef column, SqlType type) =>
        column.Type is { Modifiers: [>= 0 and < 6 and var digits, ..], ArrayDimensions: 0 } && type.Id is TypeId.Time or TypeId.Timestamp or TypeId.TimestampTz ? digits : -1;

    /// <summary>A row's values with its times rounded.</summary>
    public static ScalarExpr[] Rounded(CatalogObject target, ScalarExpr[] row, FunctionCatalog functions) => target.TimeDigits.Count == 0 ? row :
    [
        .. row.Select((v, i) => target.TimeDigitsAt(i) is >= 0 and var digits && v is not LiteralExpr { Value: null }
            ? new CallExpr(functions.FindScalars("round_time").First(f => f.Parameters[0].Type?.Id == v.Type.Id), [v, new LiteralExpr(digits, SqlType.Integer)], v.Type) : v),
    ];

    private static int At(Syntax.Name name, IReadOnlyList<Field> fields)
    {
        for (int i = 0; i < fields.Count; i++)
        {
            if (fields[i].Name == name.Text)
            {
                return i;
            }
        }

        throw new SqlException("42703", $"column \"{name.Text}\" named in key does not exist", name.Position, Suggest.Hint(name.Text, fields.Select(f => f.Name)));
    }

    private static string Free(string name, Func<string, bool> taken)
    {
        string free = name;
        for (int n = 1; taken(free); n++)
        {
            free = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{name}{n}");
        }

        return free;
    }

    private static void CheckFree(string name, Syntax.TableConstraint constraint, Syntax.CreateTableStatement s, bool taken)
    {
        if (taken)
        {
            throw new SqlException("42710", $"constraint \"{name}\" for relation \"{s.Name.Last}\" already exists", constraint.Position);
        }
    }
}
