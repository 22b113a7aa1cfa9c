// Random scalar expressions, over literals and over columns, evaluated by both databases: same values, same errors.
using System.Globalization;
using System.Text;
using Npgsql;
using Xunit;
using Xunit.Abstractions;

namespace Millrace.Tests.Differential;

[Collection("postgres")]
public sealed class ScalarDifferentialTests(PostgresServer server, ITestOutputHelper output)
{
    private const int Expressions = 3_000;
    private const int AtOnce = 10;

    [PostgresFact]
    public async Task Expressions_have_the_same_value_or_error_in_both()
    {
        Assert.Null(PostgresServer.Missing);
        int seed = Setting("MILLRACE_DIFF_SEED") ?? 1;
        int wanted = Setting("MILLRACE_DIFF_EXPRESSIONS") ?? Expressions;
        var random = new Random(seed);
        var data = new DataGenerator(random);
        await using var postgres = new NpgsqlConnection(server.ConnectionString);
        await postgres.OpenAsync();
        await using Pair pair = await Pair.OpenAsync(postgres);
        var table = new Table("t", [.. Kinds.All.SelectMany(k => new[] { new TableColumn("x" + (int)k, k, true), new TableColumn("y" + (int)k, k, true) })], []);
        Assert.Null((await pair.WriteAsync(table.Create)).Difference);
        for (int r = 0; r < 8; r++)
        {
            string values = string.Join(", ", table.Columns.Select(c => data.Value(c.Kind, true)));
            Assert.Null((await pair.WriteAsync($"INSERT INTO t VALUES ({values})")).Difference);
        }

        var columns = new Scope([.. table.Columns.Select(c => new ColumnRef("t." + c.Name, c.Kind))]);
        var safe = new ExprGenerator(random, data);
        var risky = new ExprGenerator(random, data, risky: true);
        var failures = new List<string>();
        int errors = 0;
        int lenient = 0;
        for (int done = 0; done < wanted && failures.Count < 200; done += AtOnce)
        {
            bool literals = random.Chance(0.3);
            bool risk = random.Chance(0.4);
            var expressions = new List<string>();
            for (int i = 0; i < AtOnce; i++)
            {
                Kind kind = random.Pick(Kinds.All);
                Scope scope = literals ? Scope.Empty : columns;
                expressions.Add(!risk && random.Chance(0.05) ? safe.Fuzzy(scope, 2) : (risk ? risky : safe).Make(kind, scope, 3));
            }

            string from = literals ? "" : " FROM t";
            string all = $"SELECT {string.Join(", ", expressions)}{from}";
            Answer theirs = await pair.AskPostgresAsync(all);
            if (theirs.SqlState is null && (await pair.AskMillraceAsync(all)).DifferenceTo(theirs, ordered: false) is null)
            {
                continue;
            }

            foreach (string expression in expressions)
            {
                string one = $"SELECT {expression}{from}";
                theirs = await pair.AskPostgresAsync(one);
                Answer ours = await pair.AskMillraceAsync(one);
                errors += theirs.SqlState is null ? 0 : 1;
                string? difference = theirs.SqlState is null ? ours.DifferenceTo(theirs, ordered: false)
                    : ours.SqlState == theirs.SqlState || !IsOfData(theirs.SqlState) ? null
                    : $"Millrace: {ours.SqlState ?? "no error"} {ours.Message}\nPostgreSQL: {theirs.SqlState} {theirs.Message}";
                if (theirs.SqlState is not null && ours.SqlState is null)
                {
                    // Beside a null Millrace need not look at the other argument, PostgreSQL does: rare, and not in the standard.
                    lenient++;
                }
                else if (difference is not null)
                {
                    failures.Add($"{one}\n{difference}");
                }
            }
        }

        output.WriteLine($"seed {seed}: {wanted} expressions, {errors} errors in PostgreSQL ({lenient} not here), {failures.Count} differences");
        failures.Sort((a, b) => a.Length.CompareTo(b.Length));
        if (Environment.GetEnvironmentVariable("MILLRACE_DIFF_OUT") is string folder)
        {
            Directory.CreateDirectory(folder);
            var text = new StringBuilder().Append(pair.Script).AppendLine(CultureInfo.InvariantCulture, $"{failures.Count} differences");
            failures.ForEach(f => text.AppendLine("########").AppendLine(f));
            File.WriteAllText(Path.Combine(folder, "scalars.txt"), text.ToString());
        }

        Assert.True(lenient * 20 <= errors + 20, $"{lenient} of PostgreSQL's {errors} errors were none here");
        Assert.True(failures.Count == 0, $"MILLRACE_DIFF_SEED={seed}\n{pair.Script}\n" + string.Join("\n", failures.Take(10)));
    }

    /// <summary>Errors of the statement itself (an operator that PostgreSQL lacks) are the generator's, not a difference of values.</summary>
    private static bool IsOfData(string state) => state.StartsWith("22", StringComparison.Ordinal);

    private static int? Setting(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : null;
}
