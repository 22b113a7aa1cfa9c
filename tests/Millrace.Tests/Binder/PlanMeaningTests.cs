// Does a plan mean what its query means? PostgreSQL says: it runs the query, and the plan written back as SQL.
using System.Text.RegularExpressions;
using Millrace.Core;
using Millrace.Engine;
using Millrace.Sql;
using Millrace.Sql.Syntax;
using Millrace.Tests.Differential;
using Npgsql;
using Xunit;

namespace Millrace.Tests.Binding;

[Collection("postgres")]
public class PlanMeaningTests(PostgresServer server)
{
    [PostgresFact]
    public async Task Plans_written_back_as_sql_give_the_same_rows()
    {
        string[] parts = (await File.ReadAllTextAsync(Path.Combine(GoldenPlanTests.Root(), "tests", "sql", "meaning.sql"))).Split("-- queries\n");
        await using var postgres = new NpgsqlConnection(server.ConnectionString);
        await postgres.OpenAsync();
        await Execute(postgres, "CREATE SCHEMA meaning; SET search_path TO meaning");
        var objects = new List<CatalogObject>();
        foreach (Statement s in SqlParser.Parse(parts[0]))
        {
            BoundStatement bound = new Binder(new CatalogSnapshot(objects), FunctionLibrary.Catalog, BindOptions.Default).Bind(s);
            CatalogObject? made = (bound as BoundCreateRelation)?.Template ?? (bound as BoundCreateView)?.Template;
            if (made is not null)
            {
                objects.Add(made with { Id = objects.Count + 1 });
            }

            string text = s.SourceText(parts[0]);
            await Execute(postgres, made?.HiddenColumns > 0 ? text[..^1] + ", _rowid bigserial)" : text);
        }

        var failures = new List<string>();
        foreach (string query in parts[1].Split(";\n", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (await Difference(postgres, new CatalogSnapshot(objects), query) is { } difference)
            {
                failures.Add(query + "\n" + difference);
            }
        }

        await Execute(postgres, "DROP SCHEMA meaning CASCADE");
        Assert.True(failures.Count == 0, string.Join("\n\n", failures));
    }

    private static async Task<string?> Difference(NpgsqlConnection postgres, CatalogSnapshot catalog, string query)
    {
        Answer expected = await Ask(postgres, query, -1);
        BoundQuery bound;
        try
        {
            bound = (BoundQuery)new Binder(catalog, FunctionLibrary.Catalog, BindOptions.Default).Bind(SqlParser.Parse(query).Single());
        }
        catch (SqlException e)
        {
            return e.SqlState == expected.SqlState ? null : $"{e.SqlState} {e.Message}, PostgreSQL: {expected.SqlState ?? "no error"}";
        }

        string types = string.Join(", ", bound.Columns.Fields.Select(f => f.Name + " " + Regex.Replace(f.Type.ToString(), @"\(\d+(,\d+)?\)", "")));
        if (types != expected.Types)
        {
            return $"columns {types}, PostgreSQL: {expected.Types ?? expected.SqlState}";
        }

        Answer actual = await Ask(postgres, PlanToSql.Of(bound.Plan), bound.Columns.Count);
        return actual.Rows is { } rows && rows.SequenceEqual(expected.Rows!)
            ? null
            : $"{PlanPrinter.Print(bound.Plan)}plan: {string.Join(" | ", actual.Rows ?? [actual.SqlState!])}\nPostgreSQL: {string.Join(" | ", expected.Rows!)}";
    }

    private sealed record Answer(List<string>? Rows, string? Types, string? SqlState);

    private static async Task<Answer> Ask(NpgsqlConnection postgres, string sql, int columns)
    {
        try
        {
            await using var command = new NpgsqlCommand(sql, postgres) { AllResultTypesAreUnknown = true };
            await using NpgsqlDataReader reader = await command.ExecuteReaderAsync();
            int count = columns < 0 ? reader.FieldCount : columns;
            string types = string.Join(", ", Enumerable.Range(0, count).Select(i =>
                reader.GetName(i) + " " + Regex.Replace(reader.GetPostgresType(i).DisplayName, @"\(\d+(,\d+)?\)", "")));
            var rows = new List<string>();
            while (await reader.ReadAsync())
            {
                rows.Add(string.Join("; ", Enumerable.Range(0, count).Select(i => reader.IsDBNull(i) ? "NULL" : reader.GetString(i))));
            }

            rows.Sort(StringComparer.Ordinal);
            return new Answer(rows, types, null);
        }
        catch (PostgresException e)
        {
            return new Answer(null, null, e.SqlState);
        }
    }

    private static async Task Execute(NpgsqlConnection postgres, string sql)
    {
        await using var command = new NpgsqlCommand(sql, postgres);
        await command.ExecuteNonQueryAsync();
    }
}
