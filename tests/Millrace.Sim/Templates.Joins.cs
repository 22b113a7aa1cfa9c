// Views of two inputs: joins, outer joins, semi-joins, set operations. Each beside its brute force.
namespace Millrace.Sim;

internal sealed partial class Templates
{
    private SimQuery? Join(SimObject a, SimObject b)
    {
        (int ak, int bk, int av, int bv) = (a.Find(Role.Key), b.Find(Role.Key), a.Find(Role.Value), b.Find(Role.Value));
        if (ak < 0 || bk < 0 || a.Wide || b.Wide)
        {
            return null;
        }

        if (b.Find(Role.Id) is >= 0 and int id && b.Columns[id].Type == a.Columns[ak].Type && random.OneIn(2))
        {
            bk = id;
        }

        bool compared = av >= 0 && bv >= 0 && random.OneIn(3);
        string kind = random.Next(5) switch { 0 => "LEFT JOIN", 1 => "RIGHT JOIN", 2 => "FULL JOIN", _ => "JOIN" };
        if (kind == "FULL JOIN")
        {
            compared = false; // PostgreSQL does not support it either
        }

        int[] left = [.. Enumerable.Range(0, a.Columns.Length).Where(c => c == ak || random.OneIn(2))];
        int[] right = [.. Enumerable.Range(0, b.Columns.Length).Where(c => c == bk || random.OneIn(2))];
        string list = string.Join(", ", left.Select((c, i) => $"a.{a.Columns[c].Name} AS a{i}").Concat(right.Select((c, i) => $"b.{b.Columns[c].Name} AS b{i}")));
        string on = $"a.{a.Columns[ak].Name} = b.{b.Columns[bk].Name}" + (compared ? $" AND a.{a.Columns[av].Name} < b.{b.Columns[bv].Name}" : "");
        SimColumn[] columns = [.. left.Select((c, i) => As(a.Columns[c], $"a{i}")), .. right.Select((c, i) => As(b.Columns[c], $"b{i}"))];
        bool Matches(object?[] x, object?[] y) => x[ak] is long p && y[bk] is long q && p == q && (!compared || (x[av] is long m && y[bv] is long n && m < n));
        return new SimQuery(kind.ToLowerInvariant(), $"SELECT {list} FROM {a.Name} AS a {kind} {b.Name} AS b ON {on}", columns, [a.Id, b.Id], m =>
        {
            var rows = new List<object?[]>();
            IReadOnlyList<object?[]> ls = m.Rows(a.Id);
            IReadOnlyList<object?[]> rs = m.Rows(b.Id);
            bool[] met = new bool[rs.Count];
            foreach (object?[] x in ls)
            {
                bool any = false;
                for (int i = 0; i < rs.Count; i++)
                {
                    if (Matches(x, rs[i]))
                    {
                        any = met[i] = true;
                        rows.Add([.. left.Select(c => x[c]), .. right.Select(c => rs[i][c])]);
                    }
                }

                if (!any && kind is "LEFT JOIN" or "FULL JOIN")
                {
                    rows.Add([.. left.Select(c => x[c]), .. right.Select(_ => (object?)null)]);
                }
            }

            if (kind is "RIGHT JOIN" or "FULL JOIN")
            {
                rows.AddRange(rs.Where((_, i) => !met[i]).Select(y => (object?[])[.. left.Select(_ => (object?)null), .. right.Select(c => y[c])]));
            }

            return rows;
        })
        { Wide = true };
    }

    // An aggregate over a join: large intermediate results, small answer.
    private SimQuery? JoinAggregated(SimObject a, SimObject b)
    {
        (int ak, int bk, int v) = (a.Find(Role.Key), b.Find(Role.Key), b.Find(Role.Value));
        if (ak < 0 || bk < 0 || v < 0 || a.Wide || b.Wide)
        {
            return null;
        }

        string key = a.Columns[ak].Name;
        return new SimQuery(
            "join+group",
            $"SELECT a.{key}, {AggregateSql("b." + b.Columns[v].Name)} FROM {a.Name} AS a JOIN {b.Name} AS b ON a.{key} = b.{b.Columns[bk].Name} GROUP BY a.{key}",
            [a.Columns[ak], .. AggregateColumns], [a.Id, b.Id],
            m => [.. GroupBy(m.Rows(a.Id).Where(x => x[ak] is not null).SelectMany(x => m.Rows(b.Id).Where(y => Equals(x[ak], y[bk]))
                .Select(y => (object?[])[x[ak], y[v]])), row => [row[0]]).Select(g => (object?[])[g.Key[0], .. Aggregate(g.Rows, 1)])]);
    }

    private SimQuery? SemiJoin(SimObject a, SimObject b)
    {
        (int ak, int bk) = (a.Find(Role.Key), b.Find(Role.Key));
        if (ak < 0 || bk < 0)
        {
            return null;
        }

        (bool not, bool exists) = (random.OneIn(2), random.OneIn(2));
        (string x, string y) = (a.Columns[ak].Name, b.Columns[bk].Name);
        string where = exists
            ? $"{(not ? "NOT " : "")}EXISTS (SELECT 1 FROM {b.Name} AS b WHERE b.{y} = a.{x})"
            : $"a.{x} {(not ? "NOT " : "")}IN (SELECT b.{y} FROM {b.Name} AS b)";
        return new SimQuery(exists ? "exists" : "in", $"SELECT a.* FROM {a.Name} AS a WHERE {where}", a.Columns, [a.Id, b.Id], m =>
        {
            object?[] keys = [.. m.Rows(b.Id).Select(r => r[bk]).Distinct()];
            return [.. m.Rows(a.Id).Where(r =>
            {
                bool found = r[ak] is not null && keys.Contains(r[ak]);
                if (!not || exists)
                {
                    return found != not;
                }

                // NOT IN: unknown when the value is NULL or one of the others is, unless there are no others.
                return keys.Length == 0 || (r[ak] is not null && !found && !keys.Contains(null));
            })];
        });
    }

    private SimQuery? SetOperation(SimObject a, SimObject b)
    {
        (int ak, int bk, int av, int bv) = (a.Find(Role.Key), b.Find(Role.Key), a.Find(Role.Value), b.Find(Role.Value));
        if (ak < 0 || bk < 0 || av < 0 || bv < 0)
        {
            return null;
        }

        string operation = Any(["UNION ALL", "UNION", "EXCEPT", "EXCEPT ALL", "INTERSECT", "INTERSECT ALL"]);
        return new SimQuery(
            operation.ToLowerInvariant(),
            $"SELECT {a.Columns[ak].Name} AS k, {a.Columns[av].Name}::bigint AS v FROM {a.Name} {operation} SELECT {b.Columns[bk].Name}, {b.Columns[bv].Name}::bigint FROM {b.Name}",
            [As(a.Columns[ak], "k"), new SimColumn("v", SimType.BigInt, Role.Value, true)], [a.Id, b.Id], m =>
            {
                object?[][] xs = [.. m.Rows(a.Id).Select(r => (object?[])[r[ak], r[av]])];
                object?[][] ys = [.. m.Rows(b.Id).Select(r => (object?[])[r[bk], r[bv]])];
                var rows = new List<object?[]>();
                foreach ((object?[] key, List<object?[]> both) in GroupBy(xs.Select(r => (object?[])[.. r, 0L]).Concat(ys.Select(r => (object?[])[.. r, 1L])), r => [r[0], r[1]]))
                {
                    int left = both.Count(r => (long)r[2]! == 0);
                    int right = both.Count - left;
                    int times = operation switch
                    {
                        "UNION ALL" => left + right,
                        "UNION" => 1,
                        "EXCEPT" => left > 0 && right == 0 ? 1 : 0,
                        "EXCEPT ALL" => Math.Max(0, left - right),
                        "INTERSECT" => left > 0 && right > 0 ? 1 : 0,
                        _ => Math.Min(left, right),
                    };
                    rows.AddRange(Enumerable.Repeat(key, times));
                }

                return rows;
            });
    }
}
