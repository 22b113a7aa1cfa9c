// Views of one input: filters, aggregates, distinct, top-N, windows. Each beside its brute force.
using System.Globalization;

namespace Millrace.Sim;

/// <summary>Makes random queries over the objects there are.</summary>
internal sealed partial class Templates(SimRandom random, Model model)
{
    private const long Second = 1_000_000;

    /// <summary>A random query, or null when the objects do not allow the one that was drawn.</summary>
    internal SimQuery? Draw()
    {
        SimObject[] inputs = [.. model.Objects.Values.Where(o => o.Kind != SimKind.Index && !o.Keeps.Ever)];
        if (inputs.Length == 0)
        {
            return null;
        }

        SimObject a = Any(inputs);
        SimObject b = Any(inputs);
        SimQuery? query = random.Next(24) switch
        {
            0 or 1 => Filter(a),
            2 or 3 or 4 => Group(a),
            5 => Whole(a),
            6 => Distinct(a),
            7 => Top(a),
            8 => TopPerKey(a),
            9 or 10 => Window(a, hop: random.OneIn(2)),
            11 => Session(a),
            12 or 13 or 14 => Join(a, b),
            15 => SetOperation(a, b),
            16 => SemiJoin(a, b),
            17 => JoinAggregated(a, b),
            >= 20 => Foreign(a, b),
            18 => EmitOnClose(Any(inputs.OrderByDescending(o => o.Watermarked).Take((inputs.Length + 1) / 2).ToList())),
            _ => Bucket(a),
        };
        return query is null ? null : query with { Wide = query.Wide || a.Wide };
    }

    private T Any<T>(IReadOnlyList<T> of) => of[random.Next(of.Count)];

    private static SimColumn As(SimColumn column, string name) => column with { Name = name, Nullable = true };

    private static object? At(object?[] row, int column) => column < 0 ? null : row[column];

    private SimQuery? Filter(SimObject r)
    {
        int v = r.Find(Role.Value);
        int k = r.Find(Role.Key);
        if (v < 0)
        {
            return null;
        }

        long limit = random.Between(-20, 20);
        bool orKey = k >= 0 && random.OneIn(2);
        string predicate = $"{r.Columns[v].Name} > {limit}" + (orKey ? $" OR {r.Columns[k].Name} IS NULL" : "");
        bool Keep(object?[] row) => row[v] is long value && value > limit || (orKey && row[k] is null);
        if (random.OneIn(2))
        {
            return new SimQuery("filter", $"SELECT * FROM {r.Name} WHERE {predicate}", r.Columns, [r.Id], m => [.. m.Rows(r.Id).Where(Keep)]);
        }

        // Some columns, and one worked out.
        int[] kept = [.. Enumerable.Range(0, r.Columns.Length).Where(c => c == v || random.OneIn(2))];
        string name = $"d{random.Next(1_000_000)}";
        SimColumn[] columns = [.. kept.Select(c => r.Columns[c]), new SimColumn(name, SimType.BigInt, Role.Extra, true)];
        return new SimQuery(
            "filter+project", $"SELECT {Names(r, kept)}, coalesce({r.Columns[v].Name}, 0) * 2 AS {name} FROM {r.Name} WHERE {predicate}", columns, [r.Id],
            m => [.. m.Rows(r.Id).Where(Keep).Select(row => (object?[])[.. kept.Select(c => row[c]), (row[v] as long? ?? 0) * 2])]);
    }

    private static string Names(SimObject r, IEnumerable<int> columns, string? alias = null) =>
        string.Join(", ", columns.Select(c => (alias is null ? "" : alias + ".") + r.Columns[c].Name));

    private static readonly SimColumn[] AggregateColumns = [
        new("n", SimType.BigInt, Role.Extra, false), new("v", SimType.BigInt, Role.Value, true), new("lo", SimType.BigInt, Role.Extra, true),
        new("hi", SimType.BigInt, Role.Extra, true), new("vs", SimType.BigInt, Role.Extra, false),
    ];

    private static string AggregateSql(string v) => $"count(*) AS n, sum({v})::bigint AS v, min({v})::bigint AS lo, max({v})::bigint AS hi, count(DISTINCT {v}) AS vs";

    private static object?[] Aggregate(IEnumerable<object?[]> rows, int v)
    {
        long[] values = [.. rows.Select(r => r[v]).OfType<long>()];
        return [(long)rows.Count(), values.Length == 0 ? null : values.Sum(), values.Length == 0 ? null : values.Min(),
            values.Length == 0 ? null : values.Max(), (long)values.Distinct().Count()];
    }

    private static IEnumerable<(object?[] Key, List<object?[]> Rows)> GroupBy(IEnumerable<object?[]> rows, Func<object?[], object?[]> key)
    {
        var groups = new Dictionary<string, (object?[] Key, List<object?[]> Rows)>();
        foreach (object?[] row in rows)
        {
            object?[] k = key(row);
            string text = string.Join('|', k.Select(x => x is null ? "~" : Convert.ToString(x, CultureInfo.InvariantCulture)));
            if (!groups.TryGetValue(text, out (object?[] Key, List<object?[]> Rows) group))
            {
                groups.Add(text, group = (k, []));
            }

            group.Rows.Add(row);
        }

        return groups.Values;
    }

    private SimQuery? Group(SimObject r)
    {
        (int k, int s, int v) = (r.Find(Role.Key), r.Find(Role.Text), r.Find(Role.Value));
        if (v < 0 || (k < 0 && s < 0))
        {
            return null;
        }

        int[] keys = k >= 0 && s >= 0 && random.OneIn(2) ? [s, k] : k >= 0 ? [k] : [s];
        long least = random.OneIn(3) ? random.Between(1, 4) : 0;
        string having = least > 0 ? $" HAVING count(*) >= {least}" : "";
        return new SimQuery(
            "group", $"SELECT {Names(r, keys)}, {AggregateSql(r.Columns[v].Name)} FROM {r.Name} GROUP BY {Names(r, keys)}{having}",
            [.. keys.Select(c => r.Columns[c]), .. AggregateColumns], [r.Id],
            m => [.. GroupBy(m.Rows(r.Id), row => [.. keys.Select(c => row[c])]).Where(g => g.Rows.Count >= least)
                .Select(g => (object?[])[.. g.Key, .. Aggregate(g.Rows, v)])]);
    }

    private static SimQuery? Whole(SimObject r)
    {
        int v = r.Find(Role.Value);
        return v < 0 ? null : new SimQuery(
            "whole", $"SELECT {AggregateSql(r.Columns[v].Name)} FROM {r.Name}", AggregateColumns, [r.Id], m => [Aggregate(m.Rows(r.Id), v)]);
    }

    private SimQuery? Distinct(SimObject r)
    {
        int[] columns = [.. Enumerable.Range(0, r.Columns.Length).Where(c => r.Columns[c].Role is Role.Key or Role.Text)];
        return columns.Length == 0 ? null : new SimQuery(
            "distinct", $"SELECT DISTINCT {Names(r, columns)} FROM {r.Name}", [.. columns.Select(c => r.Columns[c])], [r.Id],
            m => [.. GroupBy(m.Rows(r.Id), row => [.. columns.Select(c => row[c])]).Select(g => g.Key)]);
    }

    // Everything is a key of the order, so that ties are equal rows.
    private static string OrderSql(SimObject r, int first, bool descending) => string.Join(
        ", ", Enumerable.Range(0, r.Columns.Length).OrderBy(c => c == first ? -1 : c)
            .Select(c => r.Columns[c].Name + (c == first && descending ? " DESC" : "")));

    private static IEnumerable<object?[]> Ordered(SimObject r, IEnumerable<object?[]> rows, int first, bool descending) =>
        rows.OrderBy(row => row, Comparer<object?[]>.Create((x, y) =>
        {
            foreach (int c in Enumerable.Range(0, r.Columns.Length).OrderBy(c => c == first ? -1 : c))
            {
                // As in PostgreSQL: NULL is larger than everything.
                int order = (x[c], y[c]) switch
                {
                    (null, null) => 0,
                    (null, _) => 1,
                    (_, null) => -1,
                    (string a, string b) => string.CompareOrdinal(a, b),
                    (var a, var b) => Comparer<object>.Default.Compare(a, b),
                };
                if (order != 0)
                {
                    return c == first && descending ? -order : order;
                }
            }

            return 0;
        }));

    private SimQuery? Top(SimObject r)
    {
        int v = r.Find(Role.Value);
        if (v < 0)
        {
            return null;
        }

        (int limit, bool descending, int skip) = (random.Between(1, 8), random.OneIn(2), random.OneIn(4) ? random.Between(1, 3) : 0);
        return new SimQuery(
            "top", $"SELECT * FROM {r.Name} ORDER BY {OrderSql(r, v, descending)} LIMIT {limit}" + (skip > 0 ? $" OFFSET {skip}" : ""), r.Columns, [r.Id],
            m => [.. Ordered(r, m.Rows(r.Id), v, descending).Skip(skip).Take(limit)]);
    }

    private SimQuery? TopPerKey(SimObject r)
    {
        (int k, int v) = (r.Find(Role.Key), r.Find(Role.Value));
        if (k < 0 || v < 0)
        {
            return null;
        }

        (int limit, bool descending) = (random.Between(1, 3), random.OneIn(2));
        string names = Names(r, Enumerable.Range(0, r.Columns.Length));
        return new SimQuery(
            "top per key",
            $"SELECT {names} FROM (SELECT *, row_number() OVER (PARTITION BY {r.Columns[k].Name} ORDER BY {OrderSql(r, v, descending)}) AS place FROM {r.Name}) AS ranked WHERE place <= {limit}",
            r.Columns, [r.Id],
            m => [.. GroupBy(m.Rows(r.Id), row => [row[k]]).SelectMany(g => Ordered(r, g.Rows, v, descending).Take(limit))]);
    }

    private SimQuery? Window(SimObject r, bool hop)
    {
        (int t, int k, int v) = (r.Find(Role.Time), r.Find(Role.Key), r.Find(Role.Value));
        if (t < 0 || v < 0)
        {
            return null;
        }

        long slide = random.Between(1, 10);
        long size = hop ? slide * random.Between(1, 4) : slide;
        bool byKey = k >= 0 && random.OneIn(2);
        string function = hop
            ? $"HOP({r.Name}, {r.Columns[t].Name}, INTERVAL '{slide} seconds', INTERVAL '{size} seconds')"
            : $"TUMBLE({r.Name}, {r.Columns[t].Name}, INTERVAL '{size} seconds')";
        string key = byKey ? r.Columns[k].Name + ", " : "";
        return new SimQuery(
            hop ? "hop" : "tumble",
            $"SELECT {key}window_start AS ws, window_end AS we, {AggregateSql(r.Columns[v].Name)} FROM {function} GROUP BY {key}window_start, window_end",
            [.. byKey ? new[] { r.Columns[k] } : [], new SimColumn("ws", SimType.Timestamp, Role.Time, false),
                new SimColumn("we", SimType.Timestamp, Role.Extra, false), .. AggregateColumns],
            [r.Id],
            m => [.. GroupBy(m.Rows(r.Id).Where(row => row[t] is not null).SelectMany(row => Windows((long)row[t]!, slide * Second, size * Second)
                    .Select(start => (object?[])[byKey ? row[k] : null, start, row[v]])), row => [row[0], row[1]])
                .Select(g => (object?[])[.. byKey ? new[] { g.Key[0] } : [], g.Key[1], (long)g.Key[1]! + (size * Second), .. Aggregate(g.Rows, 2)])]);
    }

    // Nobody builds on it: the brute force does not know when rows came.
    private SimQuery? EmitOnClose(SimObject r)
    {
        if (r.Kind != SimKind.Stream || !r.Watermarked || (random.OneIn(3) ? Session(r) : Window(r, hop: random.OneIn(2))) is not { } query)
        {
            return null;
        }

        return query with
        {
            Name = "emit " + query.Name,
            Sql = query.Sql + " EMIT ON WINDOW CLOSE",
            Emits = true,
            Compute = _ => [],
            Columns = [.. query.Columns.Select(c => c with { Role = Role.Extra })],
        };
    }

    private static IEnumerable<long> Windows(long time, long slide, long size)
    {
        for (long start = time - Mod(time, slide); start > time - size; start -= slide)
        {
            yield return start;
        }
    }

    private static long Mod(long value, long by) => ((value % by) + by) % by;

    private SimQuery? Bucket(SimObject r)
    {
        (int t, int v) = (r.Find(Role.Time), r.Find(Role.Value));
        if (t < 0 || v < 0)
        {
            return null;
        }

        long size = random.Between(1, 15);
        return new SimQuery(
            "bucket", $"SELECT time_bucket(INTERVAL '{size} seconds', {r.Columns[t].Name}) AS bucket, {AggregateSql(r.Columns[v].Name)} FROM {r.Name} GROUP BY 1",
            [new SimColumn("bucket", SimType.Timestamp, Role.Time, true), .. AggregateColumns], [r.Id],
            m => [.. GroupBy(m.Rows(r.Id), row => [row[t] is long time ? time - Mod(time - BucketOrigin, size * Second) : null])
                .Select(g => (object?[])[g.Key[0], .. Aggregate(g.Rows, v)])]);
    }

    // 2000-01-03, a Monday, as in TimescaleDB.
    private const long BucketOrigin = 946_857_600L * Second;

    private SimQuery? Session(SimObject r)
    {
        (int t, int k, int v) = (r.Find(Role.Time), r.Find(Role.Key), r.Find(Role.Value));
        if (t < 0 || k < 0 || v < 0)
        {
            return null;
        }

        long gap = random.Between(1, 6);
        string key = r.Columns[k].Name;
        return new SimQuery(
            "session",
            $"SELECT {key}, window_start AS ws, window_end AS we, {AggregateSql(r.Columns[v].Name)} "
            + $"FROM SESSION({r.Name} PARTITION BY {key}, {r.Columns[t].Name}, INTERVAL '{gap} seconds') GROUP BY {key}, window_start, window_end",
            [r.Columns[k], new SimColumn("ws", SimType.Timestamp, Role.Time, false), new SimColumn("we", SimType.Timestamp, Role.Extra, false), .. AggregateColumns],
            [r.Id],
            m => [.. GroupBy(m.Rows(r.Id).Where(row => row[t] is not null), row => [row[k]]).SelectMany(g => Sessions(g.Rows, t, gap * Second)
                .Select(s => (object?[])[g.Key[0], s[0][t], (long)s[^1][t]! + (gap * Second), .. Aggregate(s, v)]))]);
    }

    private static List<List<object?[]>> Sessions(List<object?[]> rows, int t, long gap)
    {
        var sessions = new List<List<object?[]>>();
        foreach (object?[] row in rows.OrderBy(r => (long)r[t]!))
        {
            if (sessions.Count > 0 && (long)row[t]! - (long)sessions[^1][^1][t]! < gap)
            {
                sessions[^1].Add(row);
            }
            else
            {
                sessions.Add([row]);
            }
        }

        return sessions;
    }
}
