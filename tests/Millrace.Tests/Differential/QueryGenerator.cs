// Random queries over tables and views: joins, grouping, set operations, subqueries, windows; typed as they are made.
using System.Globalization;

namespace Millrace.Tests.Differential;

/// <summary>A query and what it returns.</summary>
/// <param name="Sql">Its text; where the two databases write something differently, <c>«Millrace's¦PostgreSQL's»</c>.</param>
/// <param name="Columns">Its columns.</param>
/// <param name="Ordered">True when it ends in an ORDER BY that leaves no choice.</param>
internal sealed record GeneratedQuery(string Sql, IReadOnlyList<OutputColumn> Columns, bool Ordered = false);

/// <summary>Makes queries over <paramref name="relations"/>.</summary>
internal sealed partial class QueryGenerator
{
    private readonly Random _random;
    private readonly IReadOnlyList<Relation> _relations;
    private readonly DataGenerator _data;
    private readonly ExprGenerator _exprs;
    private int _names;

    public QueryGenerator(Random random, IReadOnlyList<Relation> relations)
    {
        _random = random;
        _relations = relations;
        _data = new DataGenerator(random);
        _exprs = new ExprGenerator(random, _data) { Subquery = SubqueryExpression };
    }

    /// <summary>A query to make a view of, or to ask once.</summary>
    public GeneratedQuery Query()
    {
        int size = _random.Pick([0, 1, 1, 2, 2, 3, 4]);
        switch (_random.Next(14))
        {
            case 12 or 13:
                return Ranked(size);
            case 0:
                return SetOperation(size);
            case 1:
                return With(size);
            case 2:
                return DistinctOn(size);
            case 3:
                return Limited(size);
            default:
                return Select(size, Scope.Empty, null, exact: false);
        }
    }

    // Some of the conditions let rows come and go with the clock.
    private string Where(double chance, Scope scope, Scope own, int depth)
    {
        string? condition = _random.Chance(chance) ? _exprs.Make(Kind.Bool, scope, depth) : null;
        if (_random.Chance(0.1) && own.Columns.Any(c => c.Kind is Kind.Timestamp or Kind.TimestampTz or Kind.Date))
        {
            string timed = Timed(_random.Pick([.. own.Columns.Where(c => c.Kind is Kind.Timestamp or Kind.TimestampTz or Kind.Date)]));
            condition = condition is null ? timed : $"({condition}) {_random.Pick("AND", "AND", "OR")} {timed}";
        }

        return condition is null ? "" : " WHERE " + condition;
    }

    // PostgreSQL's clock is a setting, which the run moves with Millrace's.
    private string Timed(ColumnRef time)
    {
        const string Theirs = "current_setting('millrace.clock')";
        string now = time.Kind switch
        {
            Kind.Date => $"«current_date¦{Theirs}::date»",
            Kind.Timestamp => $"«localtimestamp¦{Theirs}::timestamp»",
            _ => $"«now()¦{Theirs}::timestamptz»",
        };
        string far = time.Kind == Kind.Date ? _random.Next(0, 30).ToString(CultureInfo.InvariantCulture) : $"interval '{_random.Pick("10 minutes", "1 hour", "5 hours", "1 day")}'";
        string comparison = _random.Pick("<", "<=", ">", ">=");
        return _random.Next(5) switch
        {
            0 => $"{time.Sql} BETWEEN {now} - {far} AND {now}",
            1 => $"NOT ({time.Sql} {comparison} {now} - {far})",
            2 => $"{time.Sql} + {far} {comparison} {now}",
            _ => $"{time.Sql} {comparison} {now} {_random.Pick("+", "-", "-")} {far}",
        };
    }

    private string Name(string prefix) => prefix + _names++;

    /// <summary>One SELECT. <paramref name="want"/>: the kinds it must return; <paramref name="exact"/>: equal values must look equal.</summary>
    private GeneratedQuery Select(int size, Scope outer, IReadOnlyList<Kind>? want, bool exact)
    {
        (string from, Scope inner) = From(size, outer);
        int subqueries = size >= 2 && _random.Chance(0.3) ? size - 1 : 0;
        var scope = new Scope([.. inner.Columns, .. outer.Columns.Where(_ => _random.Chance(0.5))], subqueries);
        string where = Where(0.4, scope, inner, Math.Min(size + 1, 3));
        if (_random.Chance(0.35))
        {
            return Grouped(size, from + where, inner, want, exact);
        }

        bool windows = want is null && _random.Chance(0.2);
        string distinct = !windows && _random.Chance(0.12) ? "DISTINCT " : "";
        var items = new Items(this, scope, Math.Min(size, 2), exact || distinct.Length > 0);
        if (want is not null)
        {
            foreach (Kind kind in want)
            {
                items.Add(kind);
            }
        }
        else
        {
            int count = _random.Next(1, 5);
            for (int i = 0; i < count; i++)
            {
                items.Add(_exprs.KindIn(scope));
            }

            if (windows)
            {
                AddWindows(items, inner);
            }
            else if (distinct.Length == 0 && !exact && _random.Chance(0.1))
            {
                items.AddUnusable(Kind.Double, _exprs.Fuzzy(scope, 1));
            }
        }

        return new GeneratedQuery($"SELECT {distinct}{items.Sql} FROM {from}{where}", items.Columns);
    }

    private GeneratedQuery Grouped(int size, string fromWhere, Scope scope, IReadOnlyList<Kind>? want, bool exact)
    {
        int keys = _random.Pick([0, 1, 1, 1, 2, 2]);
        var groups = new List<ColumnRef>();
        for (int k = 0; k < keys; k++)
        {
            Kind kind = _exprs.KindIn(scope);
            string key = _random.Chance(0.7) ? _exprs.Leaf(kind, scope) : _exprs.Key(kind, scope.WithoutSubqueries(), 1);
            if (key.Contains('.', StringComparison.Ordinal) && !key.StartsWith("NULL", StringComparison.Ordinal) && scope.Columns.Any(c => key.Contains(c.Sql, StringComparison.Ordinal)))
            {
                groups.Add(new ColumnRef(key, kind, scope.Columns.Any(c => c.Sql == key && c.Dyadic)));
            }
        }

        var aggregates = new List<ColumnRef>();
        int count = _random.Next(1, 4);
        for (int a = 0; a < count; a++)
        {
            aggregates.Add(Aggregate(scope));
        }

        var after = new Scope([.. groups, .. aggregates]);
        string groupBy = groups.Count == 0 ? "" : " GROUP BY " + GroupClause(groups);
        string having = _random.Chance(0.25) ? " HAVING " + _exprs.Make(Kind.Bool, after, 1) : "";
        var items = new Items(this, after, 1, exact);
        if (want is not null)
        {
            foreach (Kind kind in want)
            {
                items.Add(kind);
            }
        }
        else
        {
            foreach (ColumnRef column in groups.Concat(aggregates))
            {
                items.AddExpression(column);
            }

            if (_random.Chance(0.3))
            {
                items.Add(_exprs.KindIn(after));
            }

            if (groups.Count > 0 && _random.Chance(0.2))
            {
                items.AddExpression(new ColumnRef($"grouping({string.Join(", ", groups.Select(g => g.Sql))})", Kind.Int));
            }

            if (!exact && _random.Chance(0.2))
            {
                string moment = _random.Pick("stddev", "var_pop", "stddev_pop", "variance", "avg");
                items.AddUnusable(Kind.Double, _random.Chance(0.3)
                    ? $"{_random.Pick("corr", "covar_pop", "regr_slope", "regr_avgx", "regr_r2", "regr_sxy")}({_exprs.Leaf(Kind.Int, scope)}, {_exprs.Leaf(Kind.Int, scope)})"
                    : $"{moment}({_exprs.Leaf(_random.Pick([Kind.Double, Kind.Int, Kind.Numeric]), scope)})::double precision");
            }

            if (!exact && _random.Chance(0.1))
            {
                AddWindows(items, after);
            }
        }

        return new GeneratedQuery($"SELECT {items.Sql} FROM {fromWhere}{groupBy}{having}", items.Columns);
    }

    private string GroupClause(List<ColumnRef> groups)
    {
        string list = string.Join(", ", groups.Select(g => g.Sql));
        return _random.Next(14) switch
        {
            0 => $"ROLLUP ({list})",
            1 => $"CUBE ({list})",
            2 => $"GROUPING SETS (({list}), ())",
            3 => $"GROUPING SETS (({groups[0].Sql}), ({list}), ROLLUP ({groups[^1].Sql}))",
            4 => $"{groups[0].Sql}, CUBE ({list})",
            _ => list,
        };
    }

    /// <summary>An aggregate whose answer does not depend on the order of the rows.</summary>
    private ColumnRef Aggregate(Scope scope)
    {
        Scope plain = scope.WithoutSubqueries();
        string filter = _random.Chance(0.15) ? $" FILTER (WHERE {_exprs.Make(Kind.Bool, plain, 1)})" : "";
        string distinct = _random.Chance(0.2) ? "DISTINCT " : "";
        Kind kind = _exprs.KindIn(plain);
        switch (_random.Next(15))
        {
            case 12:
                return new ColumnRef($"{_random.Pick("bit_and", "bit_or", "bit_xor")}({distinct}{_exprs.Make(Kind.Int, plain, 1)}){filter}", Kind.Int);
            case 13:
                string member = _exprs.Make(_random.Pick([Kind.Int, Kind.Text, Kind.Bool]), plain, 1);
                return new ColumnRef($"jsonb_agg({distinct}{member} ORDER BY {member}{(distinct.Length > 0 ? "" : _random.Pick("", " DESC"))}){filter}::text", Kind.Text);
            case 14:
                string ordered = _exprs.Make(_random.Pick([Kind.Int, Kind.Date, Kind.Text]), plain, 1);
                return new ColumnRef($"(array_agg({ordered} ORDER BY {ordered} DESC NULLS LAST){filter})[1:2]::text", Kind.Text);
            case 0 or 1:
                return new ColumnRef($"count(*){filter}", Kind.BigInt);
            case 2:
                return new ColumnRef($"count({distinct}{_exprs.Make(kind, plain, 1)}){filter}", Kind.BigInt);
            case 3 or 4:
                Kind sum = _random.Pick([Kind.Int, Kind.BigInt, Kind.Numeric, Kind.Double]);
                Kind summed = sum == Kind.Int ? Kind.BigInt : sum == Kind.BigInt ? Kind.Numeric : sum;
                return new ColumnRef($"sum({distinct}{Summand(sum, plain, distinct.Length > 0)}){filter}", summed);
            case 5 or 6:
                Kind avg = _random.Pick([Kind.Int, Kind.BigInt, Kind.Numeric, Kind.Double]);
                return new ColumnRef($"avg({distinct}{Summand(avg, plain, distinct.Length > 0)}){filter}", avg == Kind.Double ? Kind.Double : Kind.Numeric, Dyadic: false);
            case 7 or 8:
                Kind of = _random.Pick([Kind.Int, Kind.BigInt, Kind.Numeric, Kind.Double, Kind.Text, Kind.Date, Kind.Timestamp]);
                return new ColumnRef($"{_random.Pick("min", "max")}({_exprs.Key(of, plain, 1)}){filter}", of, Dyadic: false);
            case 9:
                if (_random.Chance(0.5))
                {
                    Kind disc = _random.Pick([Kind.Int, Kind.Text, Kind.Date]);
                    return new ColumnRef($"{_random.Pick("mode()", "percentile_disc(0.5)", "percentile_disc(0.9)")} WITHIN GROUP (ORDER BY {_exprs.Make(disc, plain, 1)}){filter}", disc);
                }

                return new ColumnRef($"{_random.Pick("bool_and", "bool_or", "every")}({_exprs.Make(Kind.Bool, plain, 1)}){filter}", Kind.Bool);
            case 10:
                string text = _exprs.Make(Kind.Text, plain, 1);
                return new ColumnRef(distinct.Length > 0
                    ? $"string_agg(DISTINCT {text}, ','  ORDER BY {text}){filter}"
                    : $"string_agg({text}, ',' ORDER BY {text}{_random.Pick("", " DESC", " DESC NULLS LAST")}){filter}", Kind.Text);
            default:
                Kind element = _random.Pick([Kind.Int, Kind.Text, Kind.Date, Kind.Bool]);
                string x = _exprs.Make(element, plain, 1);
                return new ColumnRef($"array_agg({distinct}{x} ORDER BY {x}){filter}::text", Kind.Text);
        }
    }

    /// <summary>Something to sum: doubles only where the sum is exact.</summary>
    private string Summand(Kind kind, Scope scope, bool distinct)
    {
        if (kind != Kind.Double)
        {
            return distinct ? _exprs.Key(kind, scope, 1) : _exprs.Make(kind, scope, 1);
        }

        ColumnRef[] exact = [.. scope.Columns.Where(c => c.Kind == Kind.Double && c.Dyadic)];
        return exact.Length > 0 ? _random.Pick(exact).Sql : _data.Literal(kind);
    }

    private GeneratedQuery SetOperation(int size)
    {
        Kind[] kinds = [.. Enumerable.Range(0, _random.Next(1, 4)).Select(_ => _random.Pick(Kinds.Usual))];
        string sql = "(" + Select(Math.Min(size, 1), Scope.Empty, kinds, exact: true).Sql + ")";
        int branches = _random.Pick([2, 2, 2, 3]);
        for (int b = 1; b < branches; b++)
        {
            string operation = _random.Pick("UNION", "UNION ALL", "INTERSECT", "INTERSECT ALL", "EXCEPT", "EXCEPT ALL");
            sql = $"{(b > 1 ? $"({sql})" : sql)} {operation} ({Select(Math.Min(size, 1), Scope.Empty, kinds, exact: true).Sql})";
        }

        return new GeneratedQuery(sql, [.. kinds.Select((k, i) => new OutputColumn("c" + i, k, Dyadic: false))]);
    }

    private GeneratedQuery With(int size)
    {
        var more = new List<Relation>(_relations);
        var ctes = new List<string>();
        int count = _random.Next(1, 3);
        for (int c = 0; c < count; c++)
        {
            GeneratedQuery query = new QueryGenerator(_random, more) { _names = _names + 50 * (c + 1) }.Select(Math.Min(size, 1), Scope.Empty, null, exact: true);
            var relation = new Relation(Name("w"), query.Columns);
            ctes.Add($"{relation.Name} AS ({query.Sql})");
            more.Insert(0, relation);
            more.Insert(0, relation);
        }

        GeneratedQuery main = new QueryGenerator(_random, more) { _names = _names + 200 }.Select(size, Scope.Empty, null, exact: false);
        return main with { Sql = $"WITH {string.Join(", ", ctes)} {main.Sql}" };
    }

    private GeneratedQuery DistinctOn(int size)
    {
        (string from, Scope scope) = From(Math.Min(size, 1), Scope.Empty);
        string where = Where(0.4, scope, scope, 1);
        ColumnRef[] all = [.. scope.Columns];
        if (all.Length == 0)
        {
            return Select(size, Scope.Empty, null, exact: false);
        }

        ColumnRef[] keys = [.. Enumerable.Range(0, _random.Next(1, 3)).Select(_ => _random.Pick(all)).Distinct()];
        if (keys.Any(k => k.Kind == Kind.Jsonb))
        {
            return Select(size, Scope.Empty, null, exact: false);
        }

        string order = string.Join(", ", keys.Concat(all.Except(keys).OrderBy(_ => _random.Next())).Select(c => Sortable(c) + Direction()));
        var items = new Items(this, scope, 1, exact: false);
        foreach (ColumnRef column in all.Take(6))
        {
            items.AddExpression(column);
        }

        return new GeneratedQuery($"SELECT DISTINCT ON ({string.Join(", ", keys.Select(k => k.Sql))}) {items.Sql} FROM {from}{where} ORDER BY {order}", items.Columns);
    }

    // The first rows of each group by a rank, as a subquery and a condition on it.
    private GeneratedQuery Ranked(int size)
    {
        (string from, Scope scope) = From(Math.Min(size, 1), Scope.Empty);
        ColumnRef[] all = [.. scope.Columns.Where(c => c.Kind is not (Kind.Interval or Kind.Double or Kind.Real))];
        if (all.Length == 0 || all.Length != scope.Columns.Count)
        {
            return Select(size, Scope.Empty, null, exact: false);
        }

        string where = Where(0.3, scope, scope, 1);
        string partition = _random.Chance(0.6) ? $"PARTITION BY {_random.Pick(all).Sql} " : "";
        string rank = _random.Pick("row_number", "rank", "dense_rank");

        // Where each row has a number of its own, only an order over all columns leaves no choice.
        ColumnRef[] by = rank == "row_number" ? [.. all.OrderBy(_ => _random.Next())] : [_random.Pick(all)];
        var items = new Items(this, scope, 1, exact: false);
        foreach (ColumnRef column in all.Take(5))
        {
            items.AddExpression(column);
        }

        string order = string.Join(", ", by.Select(c => Sortable(c) + Direction()));
        items.Append($"{rank}() OVER ({partition}ORDER BY {order})", Kind.BigInt, dyadic: false, usable: true);
        string condition = _random.Pick($"<= {_random.Next(1, 4)}", "= 1", $"< {_random.Next(1, 5)}", "BETWEEN 2 AND 3");
        string number = "c" + (items.Columns.Count - 1);
        return new GeneratedQuery($"SELECT * FROM (SELECT {items.Sql} FROM {from}{where}) AS ranked WHERE {number} {condition}", items.Columns);
    }

    private GeneratedQuery Limited(int size)
    {
        GeneratedQuery query = Select(size, Scope.Empty, null, exact: true);
        if (query.Columns.Any(c => c.Kind == Kind.Jsonb))
        {
            return query;
        }

        int[] order = [.. Enumerable.Range(1, query.Columns.Count).OrderBy(_ => _random.Next())];
        string by = string.Join(", ", order.Select(o => o + Direction()));
        string limit = _random.Next(5) switch
        {
            0 => "",
            1 => $" LIMIT {_random.Next(0, 5)}",
            2 => $" LIMIT {_random.Next(1, 8)} OFFSET {_random.Next(0, 4)}",
            3 => $" OFFSET {_random.Next(1, 4)}",
            _ => $" FETCH FIRST {_random.Next(1, 4)} ROWS WITH TIES",
        };
        return query with { Sql = $"{query.Sql} ORDER BY {by}{limit}", Ordered = true };
    }

    // Documents are ordered by their text, which both databases write alike.
    private static string Sortable(ColumnRef column) => column.Kind == Kind.Jsonb ? $"({column.Sql})::text" : column.Sql;

    private string Direction() => _random.Pick("", "", " DESC", " NULLS FIRST", " DESC NULLS LAST");

    /// <summary>The SELECT list as it grows.</summary>
    private sealed class Items(QueryGenerator owner, Scope scope, int depth, bool exact)
    {
        private readonly List<string> _sql = [];

        public List<OutputColumn> Columns { get; } = [];

        public string Sql => string.Join(", ", _sql);

        public void Add(Kind kind)
        {
            bool plain = owner._random.Chance(0.5);
            string sql = exact ? owner._exprs.Key(kind, scope, depth) : plain ? owner._exprs.Leaf(kind, scope) : owner._exprs.Make(kind, scope, depth);
            bool column = scope.Columns.Any(c => c.Sql == sql);
            bool dyadic = kind != Kind.Double || scope.Columns.Any(c => c.Sql == sql && c.Dyadic);
            Append(sql, kind, dyadic, usable: exact || column || kind is not (Kind.Numeric or Kind.Interval));
        }

        public void AddExpression(ColumnRef column)
        {
            // avg and sum of numerics may show one value with several scales.
            bool usable = column.Kind is not (Kind.Numeric or Kind.Interval) || !column.Sql.Contains('(', StringComparison.Ordinal);
            if (exact && !usable)
            {
                Append(column.Kind == Kind.Numeric ? $"round({column.Sql}, 2)" : column.Sql, column.Kind, column.Dyadic, column.Kind == Kind.Numeric);
            }
            else
            {
                Append(column.Sql, column.Kind, column.Dyadic, usable);
            }
        }

        public void AddUnusable(Kind kind, string sql) => Append(sql, kind, dyadic: false, usable: false);

        public void Append(string sql, Kind kind, bool dyadic, bool usable)
        {
            string name = "c" + Columns.Count;
            _sql.Add($"{sql} AS {name}");
            Columns.Add(new OutputColumn(name, kind, dyadic, usable));
        }
    }
}
