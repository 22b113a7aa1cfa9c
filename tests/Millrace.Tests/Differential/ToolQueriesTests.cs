// The queries of Grafana, Metabase and dbt in tests/clients, and the scripts of tests/sql/postgres, beside PostgreSQL: the same answers, but where a file says why not.
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;
using Millrace.Tests.Doors.Postgres;
using Npgsql;
using Xunit;

namespace Millrace.Tests.Differential;

[Collection("postgres")]
public sealed partial class ToolQueriesTests(PostgresServer server)
{
    [PostgresFact]
    public Task Grafana() => Compare(Tool("grafana"));

    [PostgresFact]
    public Task Metabase() => Compare(Tool("metabase"));

    [PostgresFact]
    public Task Dbt() => Compare(Tool("dbt"));

    [PostgresFact]
    public async Task Scripts()
    {
        foreach (string path in Directory.EnumerateFiles(Path.Combine(Folder(), "../sql/postgres"), "*.sql").Order(StringComparer.Ordinal))
        {
            await Compare(path);
        }
    }

    private static string Tool(string name) => Path.Combine(Folder(), name, "queries.sql");

    [GeneratedRegex("\"[^\"]*\"|'[^']*'|\\?")]
    private static partial Regex Marks { get; }

    private static string Folder([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../clients"));

    // A database and a role of the names that the queries have, new for each tool.
    private async Task Compare(string path)
    {
        await using var admin = new NpgsqlConnection(server.ConnectionString);
        await admin.OpenAsync();
        await Run(admin, "DROP DATABASE IF EXISTS millrace WITH (FORCE)");
        await Run(admin, "DROP ROLE IF EXISTS millrace");
        await Run(admin, "CREATE ROLE millrace SUPERUSER LOGIN");
        await Run(admin, "CREATE DATABASE millrace OWNER millrace TEMPLATE template0");
        using var folder = new TempFolder();
        await using Database database = await Database.OpenAsync(folder.In("data"));
        await using DoorHost host = await DoorHost.StartAsync(database.NewSession);
        await using var ours = new NpgsqlConnection($"Host=127.0.0.1;Port={host.Port};Username=millrace;Database=millrace;Pooling=false");
        await using var theirs = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(server.ConnectionString) { Username = "millrace", Database = "millrace" }.ConnectionString);
        await ours.OpenAsync();
        await theirs.OpenAsync();
        List<Block> blocks = Read(path);
        foreach (string sql in blocks.SingleOrDefault(b => b.Name == "@setup")?.Sql.Split(";\n") ?? [])
        {
            await Run(ours, sql);
            await Run(theirs, sql);
        }

        var wrong = new StringBuilder();
        foreach (Block block in blocks.Where(b => b.Name[0] != '@'))
        {
            string sql = block.Filled;
            (string mine, string real) = (await Answer(ours, sql), await Answer(theirs, sql));
            string? fails = block.Said.GetValueOrDefault("fails");
            if ((fails is not null && mine != fails) || (!block.Said.ContainsKey("differs") && mine != real))
            {
                wrong.Append(CultureInfo.InvariantCulture, $"-- {Path.GetFileName(path)}: {block.Name}\n{sql}\nPostgreSQL: {real}\nMillrace:   {mine}\n\n");
            }
        }

        Assert.True(wrong.Length == 0, wrong.ToString());
    }

    private static List<Block> Read(string path)
    {
        var blocks = new List<Block>();
        var lines = new List<string>();
        foreach (string line in File.ReadLines(path))
        {
            if (line != ";")
            {
                lines.AddRange(line.StartsWith("# ", StringComparison.Ordinal) ? [] : [line]);
                continue;
            }

            var said = new Dictionary<string, string>();
            int at = 1;
            for (; at < lines.Count && Regex.Match(lines[at], "^-- (with|extended|fails|differs):(.*)") is { Success: true } m; at++)
            {
                said[m.Groups[1].Value] = m.Groups[2].Value.Trim();
            }

            blocks.Add(new Block(lines[0][3..], said, string.Join('\n', lines[at..])));
            lines.Clear();
        }

        return blocks;
    }

    // Rows of all results, or the SQLSTATE. A type whose number Npgsql has no mapping for comes as its text.
    private static async Task<string> Answer(NpgsqlConnection connection, string sql)
    {
        var text = new StringBuilder();
        try
        {
            await using var command = new NpgsqlCommand(sql, connection) { AllResultTypesAreUnknown = true };
            await using NpgsqlDataReader reader = await command.ExecuteReaderAsync();
            do
            {
                if (reader.FieldCount > 0)
                {
                    text.AppendJoin('|', Enumerable.Range(0, reader.FieldCount).Select(reader.GetName)).Append('\n');
                }

                while (await reader.ReadAsync())
                {
                    text.AppendJoin('|', Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? "NULL" : reader.GetString(i))).Append('\n');
                }
            }
            while (await reader.NextResultAsync());
        }
        catch (PostgresException e)
        {
            return e.SqlState;
        }

        return text.ToString();
    }

    private static async Task Run(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private sealed record Block(string Name, Dictionary<string, string> Said, string Sql)
    {
        // With the values of its parameters written in.
        public string Filled
        {
            get
            {
                if (!Said.TryGetValue("with", out string? with))
                {
                    return Sql;
                }

                string[] values = [.. with.Split(" | ").Select(v => v.All(char.IsAsciiDigit) ? v : "'" + v.Trim().Replace("'", "''", StringComparison.Ordinal) + "'")];
                int next = 0;
                string filled = Marks.Replace(Sql, m => m.Value == "?" ? values[next++] : m.Value);
                for (int i = values.Length; i > 0; i--)
                {
                    filled = filled.Replace($"${i}", values[i - 1], StringComparison.Ordinal);
                }

                return filled;
            }
        }
    }
}
