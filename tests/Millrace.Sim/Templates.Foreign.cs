// Views without a brute force here: their answer is their query run once over the same snapshot. They are for the state that restarts carry over.
namespace Millrace.Sim;

internal sealed partial class Templates
{
    private SimQuery? Foreign(SimObject r, SimObject other)
    {
        (int ki, int si, int vi, int ti) = (r.Find(Role.Key), r.Find(Role.Text), r.Find(Role.Value), r.Find(Role.Time));
        (int ok, int ov) = (other.Find(Role.Key), other.Find(Role.Value));
        if (ki < 0 || si < 0 || vi < 0 || ti < 0 || ok < 0 || ov < 0)
        {
            return null;
        }

        (string k, string s, string v, string t) = (r.Columns[ki].Name, r.Columns[si].Name, r.Columns[vi].Name, r.Columns[ti].Name);
        string all = OrderSql(r, vi, random.OneIn(2));
        int size = random.Between(1, 5);
        (string, string[], string) drawn = random.Next(17) switch
        {
            0 => ("f ordered", [k, $"string_agg({s}, ',' ORDER BY {s}, {v})", $"array_agg({v} ORDER BY {v})"], $"FROM {r.Name} GROUP BY {k}"),
            1 => ("f statistics", [k, $"avg({v})", $"stddev({v})", $"var_pop({v})", $"sum({v} * 0.1)", $"avg({v}::double precision)"], $"FROM {r.Name} GROUP BY {k}"),
            2 => ("f booleans", [s, $"bool_and({v} > 0)", $"bool_or({v} > 20)", $"min({s})", $"max({t})", $"min({t})", $"bit_or({v})"], $"FROM {r.Name} GROUP BY {s}"),
            3 => ("f distinct", [k, $"count(DISTINCT {s})", $"sum(DISTINCT {v})", $"string_agg(DISTINCT {s}, '+' ORDER BY {s})"], $"FROM {r.Name} GROUP BY {k}"),
            4 => ("f filtered", [k, $"sum({v}) FILTER (WHERE {v} > 0)", $"count(*) FILTER (WHERE {s} IS NULL)"], $"FROM {r.Name} GROUP BY {k}"),
            5 => ("f percentile", [k, $"percentile_cont(0.5) WITHIN GROUP (ORDER BY {v})", $"percentile_disc(0.3) WITHIN GROUP (ORDER BY {v})"], $"FROM {r.Name} GROUP BY {k}"),
            6 => ("f ranks", [k, v, $"rank() OVER w", $"dense_rank() OVER w", $"sum({v}) OVER w", $"count(*) OVER (PARTITION BY {k})"],
                $"FROM {r.Name} WINDOW w AS (PARTITION BY {k} ORDER BY {v})"),
            7 => ("f neighbours", [k, v, s, $"lag({v}) OVER w", $"lead({s}) OVER w", $"first_value({v}) OVER w", $"row_number() OVER w"],
                $"FROM {r.Name} WINDOW w AS (PARTITION BY {k} ORDER BY {all})"),
            8 => ("f frames", [k, v, $"sum({v}) OVER (PARTITION BY {k} ORDER BY {all} ROWS BETWEEN {size} PRECEDING AND CURRENT ROW)"], $"FROM {r.Name}"),
            9 => ("f distinct on", [k, v, s], $"FROM {r.Name} ORDER BY {k}, {all}"),
            10 => ("f cumulate", ["window_start", "window_end", "count(*)", $"sum({v})"],
                $"FROM CUMULATE({r.Name}, {t}, INTERVAL '{size} seconds', INTERVAL '{size * 3} seconds') GROUP BY window_start, window_end"),
            11 => ("f rollup", [k, s, "count(*)", $"sum({v})"], $"FROM {r.Name} GROUP BY ROLLUP({k}, {s})"),
            12 => ("f series", [k, "g"], $"FROM {r.Name} CROSS JOIN LATERAL generate_series(1, ({v} % 4)::int) AS g"),
            13 => ("f above average", [k, v], $"FROM {r.Name} WHERE {v} > (SELECT avg({other.Columns[ov].Name}) FROM {other.Name})"),
            14 => ("f best of key", [k, v],
                $"FROM {r.Name} AS x WHERE {v} >= (SELECT max(y.{other.Columns[ov].Name}) FROM {other.Name} AS y WHERE y.{other.Columns[ok].Name} = x.{k})"),
            15 => ("f now", [k, v, t], $"FROM {r.Name} WHERE {t} > now()::timestamp - INTERVAL '731 days'"),
            _ => ("f json", [k, $"jsonb_agg({v} ORDER BY {v})", $"array_agg({s} ORDER BY {s}, {v})"], $"FROM {r.Name} GROUP BY {k}"),
        };
        (string name, string[] list, string rest) = drawn;
        string select = string.Join(", ", list.Select((e, i) => $"{e} AS c{i}"));
        return new SimQuery(
            name, $"SELECT {(name == "f distinct on" ? $"DISTINCT ON ({k}) " : "")}{select} {rest}",
            [.. list.Select((_, i) => new SimColumn($"c{i}", SimType.Text, Role.Extra, true))],
            r.Id == other.Id || name is not ("f above average" or "f best of key") ? [r.Id] : [r.Id, other.Id], _ => [])
        { Foreign = true };
    }
}
