// Random inserts, updates and deletes; some break a constraint, and then both databases must say so.
namespace Millrace.Tests.Differential;

internal sealed class WriteGenerator(Random random, IReadOnlyList<Table> tables)
{
    private readonly DataGenerator _data = new(random);
    private readonly ExprGenerator _exprs = new(random, new DataGenerator(random));

    public string Statement()
    {
        Table table = random.Pick(tables);
        if (table.Stream)
        {
            return random.Chance(0.2) ? InsertSelect(table) : Insert(table, random.Pick([1, 1, 2, 3, 6]));
        }

        return random.Next(10) switch
        {
            0 or 1 => Update(table) + Returning(table),
            2 => Delete(table) + Returning(table),
            3 => InsertSelect(table),
            _ => Insert(table, random.Pick([1, 1, 2, 3, 6])) + Returning(table),
        };
    }

    // Of several rows behind USING that one matches, which is returned beside it is open: its own columns are asked for.
    private string Returning(Table table)
    {
        var scope = new Scope([.. table.Columns.Select(c => new ColumnRef($"{table.Name}.{c.Name}", c.Kind))]);
        return random.Chance(0.85) ? "" : random.Chance(0.3) ? $" RETURNING {table.Name}.*" : $" RETURNING {_exprs.Make(random.Pick(table.Columns).Kind, scope, 1)} AS c0";
    }

    public string Insert(Table table, int rows)
    {
        // Some columns may be left out when they can be null.
        TableColumn[] columns = [.. table.Columns.Where(c => !c.Nullable || !random.Chance(0.1))];
        if (columns.Length == 0)
        {
            columns = [.. table.Columns];
        }

        string list = columns.Length == table.Columns.Count && random.Chance(0.5) ? "" : $" ({string.Join(", ", columns.Select(c => c.Name))})";
        IEnumerable<string> values = Enumerable.Range(0, rows).Select(_ => "(" + string.Join(", ", columns.Select(c =>
            _data.Value(c.Kind, c.Nullable || random.Chance(0.01)))) + ")");
        return $"INSERT INTO {table.Name}{list} VALUES {string.Join(", ", values)}{Conflict(table, rows)}";
    }

    private string Conflict(Table table, int rows)
    {
        if (table.Key.Count == 0 || random.Chance(0.15))
        {
            return "";
        }

        IReadOnlyList<string> arbiter = table.Unique.Count > 0 && random.Chance(0.4) ? table.Unique : table.Key;
        string target = $" ON CONFLICT ({string.Join(", ", arbiter)})";
        TableColumn[] others = [.. table.Columns.Where(c => !table.Key.Contains(c.Name) && !arbiter.Contains(c.Name))];
        if (others.Length == 0 || rows > 3 || random.Chance(0.4))
        {
            return (random.Chance(0.3) ? " ON CONFLICT" : target) + " DO NOTHING";
        }

        IEnumerable<TableColumn> set = others.Where(_ => random.Chance(0.6)).DefaultIfEmpty(others[0]);
        var scope = new Scope([.. table.Columns.Select(c => new ColumnRef($"{table.Name}.{c.Name}", c.Kind)), .. table.Columns.Select(c => new ColumnRef($"excluded.{c.Name}", c.Kind))]);
        return $"{target} DO UPDATE SET " + string.Join(", ", set.Select(c => $"{c.Name} = "
            + (random.Chance(0.6) ? $"EXCLUDED.{c.Name}" : Fit(_exprs.Make(c.Kind, scope, 1), c))))
            + (random.Chance(0.15) ? $" WHERE {_exprs.Make(Kind.Bool, scope, 1)}" : "");
    }

    // Columns of a UNIQUE constraint get one value for all rows: what is computed from the old rows may be taken for a moment only, and whether that fails depends on the order of work.
    private string Update(Table table)
    {
        var scope = new Scope([.. table.Columns.Select(c => new ColumnRef(c.Name, c.Kind))]);
        TableColumn[] others = [.. table.Columns.Where(c => !table.Key.Contains(c.Name))];
        if (others.Length == 0)
        {
            return Delete(table);
        }

        TableColumn[] set = [.. others.Where(_ => random.Chance(0.4)).DefaultIfEmpty(random.Pick(others))];
        string where = random.Chance(0.1) ? "" : " WHERE " + _exprs.Make(Kind.Bool, scope, 1);
        string Value(TableColumn c) => random.Chance(0.5) || table.Unique.Contains(c.Name) ? _data.Value(c.Kind, c.Nullable) : Fit(_exprs.Make(c.Kind, scope, 1), c);
        return $"UPDATE {table.Name} SET {string.Join(", ", set.Select(c => $"{c.Name} = {Value(c)}"))}{where}";
    }

    private string Delete(Table table)
    {
        var scope = new Scope([.. table.Columns.Select(c => new ColumnRef(c.Name, c.Kind))]);
        TableColumn column = random.Pick(table.Columns);
        Table other = random.Pick(tables);
        TableColumn? same = other == table ? null : other.Columns.FirstOrDefault(c => c.Kind == column.Kind);
        if (same is not null && random.Chance(0.3))
        {
            return $"DELETE FROM {table.Name} USING {other.Name} AS o WHERE {table.Name}.{column.Name} = o.{same.Name} AND o.{same.Name} = {_data.Literal(same.Kind)}";
        }

        string where = random.Chance(0.5) ? $"{column.Name} = {_data.Literal(column.Kind)}" : $"{_exprs.Make(Kind.Bool, scope, 1)} AND {_exprs.Make(Kind.Bool, scope, 1)}";
        return $"DELETE FROM {table.Name}{(random.Chance(0.03) ? "" : " WHERE " + where)}";
    }

    private string InsertSelect(Table table)
    {
        Table from = random.Pick(tables);
        var scope = new Scope([.. from.Columns.Select(c => new ColumnRef("x." + c.Name, c.Kind))]);
        string items = string.Join(", ", table.Columns.Select(c => Fit(c.Nullable ? _exprs.Leaf(c.Kind, scope)
            : $"coalesce({_exprs.Leaf(c.Kind, scope)}, {_data.Literal(c.Kind)})", c) + " AS " + c.Name));
        TableColumn column = random.Pick(from.Columns);
        string select = $"SELECT {items} FROM {from.Name} AS x WHERE x.{column.Name} = {_data.Literal(column.Kind)}";
        if (table.Key.Count > 0)
        {
            // Of rows with one key one stays: say which.
            string key = string.Join(", ", table.Key);
            string order = string.Join(", ", table.Columns.Where(c => !table.Key.Contains(c.Name)).Select(c => c.Kind == Kind.Jsonb ? c.Name + "::text" : c.Name).Prepend(key));
            select = $"SELECT DISTINCT ON ({key}) * FROM ({select}) AS y ORDER BY {order} ON CONFLICT DO NOTHING";
        }

        return $"INSERT INTO {table.Name} {select}";
    }

    /// <summary>Keeps values small and clean, so that later sums neither overflow nor depend on the order of work.</summary>
    private static string Fit(string sql, TableColumn column)
    {
        string value = column.Kind switch
        {
            Kind.Int => $"({sql}) % 1000",
            Kind.BigInt => $"({sql}) % 10000000000",
            Kind.Numeric => $"({sql}) % 10000",
            Kind.Double => $"CASE WHEN abs({sql}) < 1000 THEN round({sql}) END",
            Kind.Real => $"round(({sql})::numeric % 1000)::real",
            Kind.Text => $"left({sql}, 12)",
            Kind.Ints => $"({sql})[1:4]",
            Kind.Jsonb => $"CASE WHEN length(({sql})::text) < 80 THEN {sql} END",
            Kind.Interval => $"date_trunc('hour', justify_hours({sql})) * 0",
            _ => sql,
        };
        return column.Nullable ? value : $"coalesce({value}, {Zero(column.Kind)})";
    }

    private static string Zero(Kind kind) => kind switch
    {
        Kind.Bool => "false",
        Kind.Int or Kind.BigInt or Kind.Numeric => "0",
        Kind.Double => "0.0::float8",
        Kind.SmallInt => "0::smallint",
        Kind.Real => "0::real",
        Kind.TimestampTz => "timestamptz '2024-01-01 00:00:00+00'",
        Kind.Jsonb => "'null'::jsonb",
        Kind.Ints => "'{}'::integer[]",
        Kind.Text => "''",
        Kind.Date => "date '2024-01-01'",
        Kind.Timestamp => "timestamp '2024-01-01'",
        Kind.Interval => "interval '0'",
        _ => "'00000000-0000-0000-0000-000000000000'::uuid",
    };
}
