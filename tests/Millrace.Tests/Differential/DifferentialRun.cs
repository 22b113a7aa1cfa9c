// One seed: a schema, views over it, and steps after each of which every view must equal PostgreSQL's answer.
using System.Globalization;
using Npgsql;

namespace Millrace.Tests.Differential;

/// <summary>Something that the two databases do not agree on.</summary>
/// <param name="Seed">Repeats it: MILLRACE_DIFF_SEED.</param>
/// <param name="Sql">The query or statement.</param>
/// <param name="Detail">Both answers.</param>
/// <param name="Script">Everything before.</param>
internal sealed record Difference(int Seed, string Sql, string Detail, string Script)
{
    public override string ToString() => $"seed {Seed} (MILLRACE_DIFF_SEED={Seed} repeats it; ./dev diff --seed {Seed})\n"
        + $"==== script\n{Script}==== query\n{Sql}\n==== answers\n{Detail}";
}

/// <summary>What a run did.</summary>
internal sealed class RunStatistics
{
    public int ViewSteps { get; set; }

    /// <summary>View-steps whose answer had rows.</summary>
    public int NotEmpty { get; set; }

    public int Queries { get; set; }

    public int Writes { get; set; }

    public int Views { get; set; }

    /// <summary>Views that Millrace refuses by name (0A000), by message.</summary>
    public Dictionary<string, int> Refused { get; } = [];

    /// <summary>Adds what another run did.</summary>
    public void Add(RunStatistics other)
    {
        ViewSteps += other.ViewSteps;
        NotEmpty += other.NotEmpty;
        Queries += other.Queries;
        Writes += other.Writes;
        Views += other.Views;
        foreach ((string message, int count) in other.Refused)
        {
            Refused[message] = Refused.GetValueOrDefault(message) + count;
        }
    }
}

internal sealed class DifferentialRun
{
    private const int RowsMax = 5_000;

    private readonly Random _random;
    private readonly int _seed;
    private readonly int _steps;
    private readonly RunStatistics _statistics = new();
    private readonly List<Table> _tables;
    private readonly List<Relation> _relations;
    private readonly List<(string Name, GeneratedQuery Query, string Kind)> _views = [];
    private readonly WriteGenerator _writes;
    private int _viewNumber;
    private bool _diverged;

    public DifferentialRun(int seed, int steps)
    {
        _seed = seed;
        _steps = steps;
        _random = new Random(seed);
        _tables = new SchemaGenerator(_random).Tables();
        _relations = [.. _tables.Select(t => t.Relation)];
        _writes = new WriteGenerator(_random, _tables);
    }

    public List<Difference> Differences { get; } = [];

    public RunStatistics Statistics => _statistics;

    /// <param name="postgres">The connection.</param>
    /// <param name="schema">Where everything is made; what was there goes.</param>
    public async Task RunAsync(NpgsqlConnection postgres, string schema)
    {
        // With one, two and four workers in turn, and for a few rows already: the answers do not depend on it.
        Pair pair = await Pair.OpenAsync(postgres, schema, workers: 1 << (_seed % 3));
        await using (pair)
        {
            foreach (Table table in _tables)
            {
                await WriteAsync(pair, table.Create);
                if (_random.Chance(0.6))
                {
                    await WriteAsync(pair, _writes.Insert(table, _random.Next(1, 20)));
                }
            }

            for (int step = 0; step < _steps && !_diverged && Differences.Count < 5; step++)
            {
                if (_views.Count < 2 || (_views.Count < 7 && _random.Chance(0.3)))
                {
                    await AddViewAsync(pair);
                }

                if (_random.Chance(0.15))
                {
                    await pair.PassAsync(TimeSpan.FromMinutes(_random.Pick([1, 7, 60, 60, 400])));
                }

                await ChangeAsync(pair);
                if (_diverged)
                {
                    return;
                }

                await CompareViewsAsync(pair);
                if (_random.Chance(0.4))
                {
                    await AskOnceAsync(pair);
                }

                if (_random.Chance(0.04))
                {
                    await (_random.Chance(0.6) ? pair.ReopenAsync() : pair.AbandonAsync());
                    await CompareViewsAsync(pair);
                }
            }

            foreach (Table table in _tables)
            {
                await CompareAsync(pair, $"SELECT * FROM {table.Name}");
            }
        }
    }

    private async Task ChangeAsync(Pair pair)
    {
        if (_random.Chance(0.75))
        {
            await WriteAsync(pair, _writes.Statement());
            return;
        }

        await WriteAsync(pair, "BEGIN");
        int statements = _random.Next(1, 5);
        bool failed = false;
        for (int s = 0; s < statements && !failed && !_diverged; s++)
        {
            failed = await WriteAsync(pair, _writes.Statement());
            if (!failed && !_diverged && _random.Chance(0.3))
            {
                // Inside the transaction its own writes are seen.
                await CompareAsync(pair, $"SELECT * FROM {_random.Pick(_tables).Name}");
            }
        }

        await WriteAsync(pair, failed || _random.Chance(0.25) ? "ROLLBACK" : "COMMIT");
    }

    private async Task<bool> WriteAsync(Pair pair, string sql)
    {
        _statistics.Writes++;
        (bool failed, string? difference) = await pair.WriteAsync(sql);
        if (difference is not null)
        {
            // The tables differ from here on: nothing that follows would tell anything.
            _diverged = true;
            Differ(pair, sql, difference);
        }

        return failed;
    }

    private async Task AddViewAsync(Pair pair)
    {
        for (int attempt = 0; attempt < 20; attempt++)
        {
            GeneratedQuery query = new QueryGenerator(_random, _relations).Query();
            string name = "v" + _viewNumber;
            if (IsDoubtful(query.Sql) || (await pair.AskPostgresAsync(query.Sql)).SqlState is not null || (await pair.AskPostgresAsync($"CREATE VIEW {name} AS {query.Sql}")).SqlState is not null)
            {
                continue;
            }

            string kind = _random.Chance(0.08) ? "VIEW" : "MATERIALIZED VIEW";
            string create = $"CREATE {kind} {name} AS {query.Sql}";
            Answer ours = await pair.AskMillraceAsync(create);
            _statistics.Views++;
            if (ours.SqlState is not null)
            {
                if (ours.SqlState == "0A000")
                {
                    _statistics.Refused[ours.Message] = _statistics.Refused.GetValueOrDefault(ours.Message) + 1;
                }
                else
                {
                    Differ(pair, create, $"Millrace: {ours.SqlState} {ours.Message}");
                }

                await pair.AskPostgresAsync($"DROP VIEW {name}");
                continue;
            }

            pair.Script.Append(create).Append(";\n");
            _viewNumber++;
            _views.Add((name, query, kind));
            _relations.Add(new Relation(name, query.Columns));
            if (_random.Chance(0.3) && await pair.FollowAsync(name) is string refused)
            {
                Differ(pair, $"SUBSCRIBE TO {name}", refused);
            }

            return;
        }
    }

    // Before version 18 PostgreSQL takes columns that a join makes equal, also one within a view, for equal after GROUPING SETS too, where one of them may be null: it does not order by the
    // second of them, and gives other rows than LIMIT asks for.
    private static bool IsDoubtful(string sql) =>
        (sql.Contains("ROLLUP", StringComparison.Ordinal) || sql.Contains("CUBE", StringComparison.Ordinal) || sql.Contains("GROUPING SETS", StringComparison.Ordinal))
        && (sql.Contains("LIMIT", StringComparison.Ordinal) || sql.Contains("FETCH", StringComparison.Ordinal));

    private async Task CompareViewsAsync(Pair pair)
    {
        for (int v = _views.Count - 1; v >= 0; v--)
        {
            (string name, GeneratedQuery query, string kind) = _views[v];
            string select = $"SELECT * FROM {name}";
            Answer theirs = await pair.AskPostgresAsync($"{select} «¦LIMIT {RowsMax + 1}»");
            if (theirs.SqlState is not null || theirs.Rows.Count > RowsMax)
            {
                // What cannot be computed any more; or joins without a condition, which grow without end: comparing such an answer again and again says nothing new.
                Forget(v, name);
                await WriteAsync(pair, $"DROP «{kind}¦VIEW» {name} CASCADE");
                continue;
            }

            _statistics.ViewSteps++;
            _statistics.NotEmpty += theirs.Rows.Count > 0 ? 1 : 0;
            string? difference = (await pair.AskMillraceAsync(select)).DifferenceTo(theirs, ordered: false) ?? await pair.FollowedDifferenceAsync(name, theirs);
            if (difference is not null)
            {
                Differ(pair, $"{name}: {query.Sql}", difference);
                Forget(v, name);
            }
        }
    }

    /// <summary>A view that cannot be computed any more (an overflow), or that is known to be wrong, is not looked at again.</summary>
    private void Forget(int index, string name)
    {
        _views.RemoveAt(index);
        _relations.RemoveAll(r => r.Name == name);
    }

    private async Task CompareAsync(Pair pair, string sql)
    {
        Answer theirs = await pair.AskPostgresAsync(sql);
        _statistics.Queries++;
        if (theirs.SqlState is null && (await pair.AskMillraceAsync(sql)).DifferenceTo(theirs, ordered: false) is string difference)
        {
            Differ(pair, sql, difference);
        }
    }

    /// <summary>Rows by the value of a column: where there is a key or an index, they are looked up.</summary>
    private async Task LookUpAsync(Pair pair)
    {
        Table table = _random.Pick(_tables);
        var data = new DataGenerator(_random);
        IEnumerable<TableColumn> by = table.Key.Count > 0 && _random.Chance(0.7) ? table.Columns.Where(c => table.Key.Contains(c.Name)) : [_random.Pick(table.Columns)];
        if (_random.Chance(0.1))
        {
            string index = $"«CREATE INDEX ON {table.Name} ({by.First().Name})¦SELECT 1»";
            pair.Script.Append(index).Append(";\n");
            Answer made = await pair.AskMillraceAsync(index);
            if (made.SqlState is not null)
            {
                Differ(pair, index, made.SqlState + " " + made.Message);
            }
        }

        await CompareAsync(pair, $"SELECT * FROM {table.Name} WHERE {string.Join(" AND ", by.Select(c => $"{c.Name} = {data.Literal(c.Kind)}"))}");
    }

    private async Task AskOnceAsync(Pair pair)
    {
        if (_random.Chance(0.4))
        {
            await LookUpAsync(pair);
            return;
        }

        GeneratedQuery query = new QueryGenerator(_random, _relations).Query();
        Answer theirs = await pair.AskPostgresAsync(query.Sql);
        if (theirs.SqlState is not null || theirs.Rows.Count > RowsMax || IsDoubtful(query.Sql))
        {
            return;
        }

        _statistics.Queries++;
        Answer ours = await pair.AskMillraceAsync(query.Sql);
        if (ours.SqlState == "0A000")
        {
            _statistics.Refused[ours.Message] = _statistics.Refused.GetValueOrDefault(ours.Message) + 1;
            return;
        }

        string? difference = ours.DifferenceTo(theirs, query.Ordered);
        if (difference is not null)
        {
            Differ(pair, query.Sql, difference);
        }
    }

    private void Differ(Pair pair, string sql, string detail) => Differences.Add(new Difference(_seed, sql, detail, pair.Script.ToString()));

    public string Name => _seed.ToString(CultureInfo.InvariantCulture);
}
