// Random FROM clauses, subquery expressions and window functions.
namespace Millrace.Tests.Differential;

internal sealed partial class QueryGenerator
{
    /// <summary>A FROM clause and the columns it brings (those of <paramref name="outer"/> are seen by LATERAL subqueries alone).</summary>
    private (string Sql, Scope Scope) From(int size, Scope outer)
    {
        (string sql, List<ColumnRef> columns) = Item(size, outer, []);
        int joins = size == 0 ? 0 : _random.Pick([0, 0, 1, 1, 1, size > 1 ? 2 : 1]);
        for (int j = 0; j < joins; j++)
        {
            string kind = _random.Pick("JOIN", "JOIN", "INNER JOIN", "LEFT JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "CROSS JOIN", ",", "LATERAL");
            if (kind == "LATERAL")
            {
                GeneratedQuery query = _random.Chance(0.5)
                    ? Select(0, new Scope([.. columns]), null, exact: true)
                    : Top(new Scope([.. columns]));
                string alias = Name("r");
                string join = _random.Pick("CROSS JOIN LATERAL", "LEFT JOIN LATERAL", "JOIN LATERAL", ", LATERAL");
                sql += $" {join} ({query.Sql}) AS {alias}{(join.EndsWith("JOIN LATERAL", StringComparison.Ordinal) && join[0] != 'C' ? " ON true" : "")}";
                columns.AddRange(References(alias, query.Columns));
                continue;
            }

            (string right, List<ColumnRef> rightColumns) = Item(size - 1, outer, []);
            string[] shared = [.. rightColumns.Select(c => LastName(c.Sql)).Where(n => columns.Count(c => LastName(c.Sql) == n) == 1)];
            string on = kind is "CROSS JOIN" or "," ? ""
                : shared.Length > 0 && j == 0 && _random.Chance(0.2) && SameKind(columns, rightColumns, shared[0]) ? $" USING ({shared[0]})"
                : " ON " + JoinCondition(columns, rightColumns, kind == "FULL JOIN");
            sql = kind == "," ? $"{sql} CROSS JOIN {right}" : $"{sql} {kind} {right}{on}";
            columns.AddRange(rightColumns);
        }

        return (sql, new Scope(columns));
    }

    private static string LastName(string sql) => sql[(sql.LastIndexOf('.') + 1)..];

    private static bool SameKind(List<ColumnRef> left, List<ColumnRef> right, string name) =>
        left.First(c => LastName(c.Sql) == name).Kind == right.First(c => LastName(c.Sql) == name).Kind;

    private (string Sql, List<ColumnRef> Columns) Item(int size, Scope outer, List<ColumnRef> before)
    {
        _ = outer;
        _ = before;
        string alias = Name("r");
        if (size > 0 && _random.Chance(0.15))
        {
            GeneratedQuery query = _random.Chance(0.2) ? Limited(size - 1) : Select(size - 1, Scope.Empty, null, exact: true);
            return ($"({query.Sql}) AS {alias}", References(alias, query.Columns));
        }

        if (_random.Chance(0.04))
        {
            return Constant(alias);
        }

        Relation relation = _random.Pick(_relations);
        List<ColumnRef> columns = References(alias, relation.Columns);
        OutputColumn[] times = [.. relation.Columns.Where(c => c is { Kind: Kind.Timestamp, Usable: true })];
        if (times.Length > 0 && _random.Chance(0.25))
        {
            string time = _random.Pick(times).Name;
            (string slide, string width, int minutes) = _random.Pick([("1 hour", "1 hour", 60), ("15 minutes", "15 minutes", 15), ("10 minutes", "30 minutes", 10), ("1 hour", "3 hours", 60)]);
            string ours = slide == width ? $"TUMBLE({relation.Name}, {time}, INTERVAL '{width}')" : $"HOP({relation.Name}, {time}, INTERVAL '{slide}', INTERVAL '{width}')";
            string first = $"date_bin('{minutes} minutes', {time}, timestamp '2000-01-01') - interval '{width}' + interval '{slide}'";
            string theirs = $"(SELECT x.*, w AS window_start, w + interval '{width}' AS window_end FROM {relation.Name} AS x, "
                + $"LATERAL generate_series({first}, {time}, interval '{slide}') AS w)";
            columns.Add(new ColumnRef($"{alias}.window_start", Kind.Timestamp));
            columns.Add(new ColumnRef($"{alias}.window_end", Kind.Timestamp));
            return ($"«{ours}¦{theirs}» AS {alias}", columns);
        }

        return ($"{relation.Name} AS {alias}", columns);
    }

    /// <summary>A relation that stands in the query itself.</summary>
    private (string Sql, List<ColumnRef> Columns) Constant(string alias)
    {
        if (_random.Chance(0.4))
        {
            return ($"generate_series({_random.Next(-1, 2)}, {_random.Next(1, 5)}) AS {alias}(c0)", [new ColumnRef(alias + ".c0", Kind.Int)]);
        }

        Kind[] kinds = [.. Enumerable.Range(0, _random.Next(1, 4)).Select(_ => _random.Pick(Kinds.Usual))];
        IEnumerable<string> rows = Enumerable.Range(0, _random.Next(1, 5)).Select(_ => "(" + string.Join(", ", kinds.Select(k =>
            _random.Chance(0.15) ? $"NULL::{Kinds.ColumnSql(k)}" : _data.Literal(k))) + ")");
        return ($"(VALUES {string.Join(", ", rows)}) AS {alias}({string.Join(", ", kinds.Select((_, i) => "c" + i))})",
            [.. kinds.Select((k, i) => new ColumnRef($"{alias}.c{i}", k))]);
    }

    private static List<ColumnRef> References(string alias, IReadOnlyList<OutputColumn> columns) =>
        [.. columns.Where(c => c.Usable).Select(c => new ColumnRef($"{alias}.{c.Name}", c.Kind, c.Dyadic))];

    private string JoinCondition(List<ColumnRef> left, List<ColumnRef> right, bool equalityOnly)
    {
        (ColumnRef L, ColumnRef R)[] pairs = [.. from l in left from r in right where l.Kind == r.Kind || (Kinds.IsNumber(l.Kind) && Kinds.IsNumber(r.Kind) && _random.Chance(0.3)) select (l, r)];
        if (pairs.Length == 0)
        {
            return equalityOnly ? "1 = 1" : _exprs.Make(Kind.Bool, new Scope([.. left, .. right]), 1);
        }

        (ColumnRef l1, ColumnRef r1) = _random.Pick(pairs);
        string sql = $"{l1.Sql} = {r1.Sql}";
        if (_random.Chance(0.2))
        {
            (ColumnRef l2, ColumnRef r2) = _random.Pick(pairs);
            sql += $" AND {l2.Sql} = {r2.Sql}";
        }

        if (!equalityOnly && _random.Chance(0.3))
        {
            sql += " AND " + _exprs.Make(Kind.Bool, new Scope([.. left, .. right]), 1);
        }
        else if (!equalityOnly && _random.Chance(0.1))
        {
            return _exprs.Make(Kind.Bool, new Scope([.. left, .. right]), 2);
        }

        return sql;
    }

    /// <summary>The first rows of a relation by an order that leaves no choice: for LATERAL.</summary>
    private GeneratedQuery Top(Scope outer)
    {
        GeneratedQuery query = Select(0, outer, null, exact: true);
        if (query.Columns.Any(c => c.Kind == Kind.Jsonb))
        {
            return query;
        }

        string by = string.Join(", ", Enumerable.Range(1, query.Columns.Count).Select(o => o + Direction()));
        return query with { Sql = $"{query.Sql} ORDER BY {by} LIMIT {_random.Next(1, 3)}" };
    }

    /// <summary>A subquery as an expression that sees the scope: EXISTS, IN, a comparison with ANY or ALL, or one value.</summary>
    private string SubqueryExpression(Kind kind, Scope scope)
    {
        Relation relation = _random.Pick(_relations);
        string alias = Name("q");
        List<ColumnRef> columns = References(alias, relation.Columns);
        var inner = new Scope(columns);
        var both = new Scope([.. columns, .. scope.Columns], scope.Subqueries);
        string where = "";
        if (_random.Chance(0.75))
        {
            (ColumnRef L, ColumnRef R)[] pairs = [.. from l in columns from r in scope.Columns where l.Kind == r.Kind select (l, r)];
            if (pairs.Length > 0 && _random.Chance(0.85))
            {
                (ColumnRef l, ColumnRef r) = _random.Pick(pairs);
                where = $" WHERE {l.Sql} = {r.Sql}";
                if (_random.Chance(0.3))
                {
                    where += " AND " + _exprs.Make(Kind.Bool, both, 1);
                }
            }
            else
            {
                where = " WHERE " + _exprs.Make(Kind.Bool, _random.Chance(0.5) ? both : inner, 1);
            }
        }

        string from = $"FROM {relation.Name} AS {alias}{where}";
        if (kind == Kind.Bool && _random.Chance(0.9))
        {
            Kind of = _exprs.KindIn(inner);
            string value = _exprs.Leaf(of, scope);
            string item = _exprs.Leaf(of, inner);
            return _random.Next(8) switch
            {
                0 or 1 => $"EXISTS (SELECT 1 {from})",
                2 => $"(NOT EXISTS (SELECT * {from}))",
                3 or 4 => $"({value} IN (SELECT {item} {from}))",
                5 => $"({value} NOT IN (SELECT {item} {from}))",
                6 => $"({value} {(of == Kind.Jsonb ? "=" : _random.Pick("=", "<", ">=", "<>"))} ANY (SELECT {item} {from}))",
                _ => $"({value} {(of == Kind.Jsonb ? "<>" : _random.Pick("=", "<", ">=", "<>"))} ALL (SELECT {item} {from}))",
            };
        }

        if (kind is Kind.BigInt && _random.Chance(0.6))
        {
            return $"(SELECT count(*) {from})";
        }

        if (kind is Kind.Bool or Kind.Uuid or Kind.Interval or Kind.Real or Kind.Jsonb || _random.Chance(0.15))
        {
            string leaf = _exprs.Leaf(kind, inner);
            return $"(SELECT {leaf} {from} ORDER BY {(kind == Kind.Jsonb ? $"({leaf})::text" : "1")}{Direction()} LIMIT 1)";
        }

        return $"(SELECT {_random.Pick("min", "max")}({_exprs.Leaf(kind, inner)}) {from})";
    }

    private void AddWindows(Items items, Scope scope)
    {
        ColumnRef[] usable = [.. scope.Columns.Where(c => c.Kind is not Kind.Interval && !(c.Kind == Kind.Numeric && c.Sql.Contains('(', StringComparison.Ordinal)))];
        if (usable.Length == 0)
        {
            return;
        }

        bool total = usable.Length == scope.Columns.Count;
        int count = _random.Next(1, 3);

        // Equal rows may stand in any order, but in the same one for all functions of a query: these share partition and order.
        string sharedPartition = _random.Chance(0.6) ? $"PARTITION BY {_random.Pick(usable).Sql} " : "";
        string all = "ORDER BY " + string.Join(", ", usable.OrderBy(_ => _random.Next()).Select(c => Sortable(c) + Direction()));
        for (int w = 0; w < count; w++)
        {
            string partition = _random.Chance(0.6) ? $"PARTITION BY {_random.Pick(usable).Sql} " : "";
            string one = $"ORDER BY {Sortable(_random.Pick(usable))}{Direction()}";
            string frame = _random.Pick("", "", " ROWS BETWEEN 1 PRECEDING AND CURRENT ROW", " ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW",
                " ROWS BETWEEN 2 PRECEDING AND 1 FOLLOWING", " ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING", " ROWS BETWEEN 2 PRECEDING AND 1 PRECEDING",
                " RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING", " GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING");
            frame += frame.Length > 0 && _random.Chance(0.2) ? _random.Pick(" EXCLUDE CURRENT ROW", " EXCLUDE GROUP", " EXCLUDE TIES") : "";
            ColumnRef of = _random.Pick(usable);
            if (_random.Chance(0.2) && Near(usable, partition) is { } near)
            {
                items.Append(near.Sql, near.Kind, dyadic: false, usable: near.Kind is not Kind.Numeric);
                continue;
            }

            (string sql, Kind kind) = (total ? _random.Next(10) : _random.Pick([1, 2, 8, 9])) switch
            {
                0 => ($"row_number() OVER ({sharedPartition}{all})", Kind.BigInt),
                1 => ($"rank() OVER ({partition}{one})", Kind.BigInt),
                2 => ($"dense_rank() OVER ({partition}{one})", Kind.BigInt),
                3 => ($"lag({of.Sql}{_random.Pick("", ", 2", $", 1, {_data.Literal(of.Kind)}")}) OVER ({sharedPartition}{all})", of.Kind),
                4 => ($"lead({of.Sql}{_random.Pick("", ", 2")}) OVER ({sharedPartition}{all})", of.Kind),
                5 => ($"{_random.Pick("first_value", "last_value")}({of.Sql}) OVER ({sharedPartition}{all}{frame})", of.Kind),
                6 => ($"ntile({_random.Next(1, 4)}) OVER ({sharedPartition}{all})", Kind.Int),
                7 => ($"count({of.Sql}) OVER ({sharedPartition}{all}{frame})", Kind.BigInt),
                8 => ($"count(*) OVER ({partition}{(_random.Chance(0.5) ? one : "")})", Kind.BigInt),
                _ => WindowSum(usable, total ? sharedPartition + all + frame : partition),
            };
            items.Append(sql, kind, dyadic: false, usable: kind is not (Kind.Numeric or Kind.Interval));
        }
    }

    // A frame of what is near in value: RANGE with a distance, over one column of numbers or times. Peers are in it together, so their order is no matter.
    private (string Sql, Kind Kind)? Near(ColumnRef[] usable, string partition)
    {
        ColumnRef[] by = [.. usable.Where(c => c.Kind is Kind.Int or Kind.BigInt or Kind.Date or Kind.Timestamp)];
        if (by.Length == 0)
        {
            return null;
        }

        ColumnRef order = _random.Pick(by);
        string far = order.Kind is Kind.Date or Kind.Timestamp ? _random.Pick("interval '1 day'", "interval '2 hours'", "interval '1 month'", "interval '0'") : _random.Pick("0", "1", "5", "100");
        string near = order.Kind is Kind.Date or Kind.Timestamp ? _random.Pick("interval '1 hour'", "interval '3 days'", "interval '1 month 1 day'") : _random.Pick("1", "3");
        string frame = _random.Pick($"BETWEEN {far} PRECEDING AND CURRENT ROW", $"BETWEEN {far} PRECEDING AND {near} FOLLOWING", $"BETWEEN CURRENT ROW AND {near} FOLLOWING",
            $"BETWEEN UNBOUNDED PRECEDING AND {near} PRECEDING", $"{far} PRECEDING");
        string exclude = _random.Chance(0.15) ? _random.Pick(" EXCLUDE GROUP", " EXCLUDE TIES", " EXCLUDE CURRENT ROW") : "";
        string over = $"({partition}ORDER BY {order.Sql}{_random.Pick("", " DESC")} RANGE {frame}{exclude})";
        ColumnRef[] numbers = [.. usable.Where(c => c.Kind is Kind.Int or Kind.SmallInt)];
        if (numbers.Length > 0 && _random.Chance(0.6))
        {
            return ($"{_random.Pick("sum", "min", "max")}({_random.Pick(numbers).Sql}::bigint) OVER {over}::bigint", Kind.BigInt);
        }

        return ($"count(*) OVER {over}", Kind.BigInt);
    }

    private (string Sql, Kind Kind) WindowSum(ColumnRef[] usable, string over)
    {
        ColumnRef[] numbers = [.. usable.Where(c => Kinds.IsNumber(c.Kind) && (c.Kind != Kind.Double || c.Dyadic))];
        if (numbers.Length == 0)
        {
            return ($"max({usable[0].Sql}) OVER ({over})", usable[0].Kind is Kind.Bool or Kind.Uuid ? Kind.Text : usable[0].Kind);
        }

        ColumnRef of = _random.Pick(numbers);
        string name = _random.Pick("sum", "avg", "min", "max");
        Kind kind = name is "min" or "max" ? of.Kind : name == "avg" ? (of.Kind == Kind.Double ? Kind.Double : Kind.Numeric)
            : of.Kind is Kind.Int or Kind.SmallInt ? Kind.BigInt : of.Kind == Kind.BigInt ? Kind.Numeric : of.Kind;
        return ($"{name}({of.Sql}) OVER ({over})", kind);
    }
}
