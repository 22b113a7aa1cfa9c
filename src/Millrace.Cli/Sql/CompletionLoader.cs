// The names for completion, asked of the database like by any client.
namespace Millrace.Cli.Sql;

/// <summary>Asks the catalog; what cannot be asked is not completed.</summary>
internal static class CompletionLoader
{
    private const int NamesMax = 100_000;

    // Without those that take or give a cstring (2275), int4in and the like: they are there for clients that read pg_type, and nobody calls them.
    private const string Functions = "SELECT DISTINCT proname FROM pg_catalog.pg_proc WHERE prorettype <> 2275 AND proargtypes::text <> '2275' ORDER BY 1";

    /// <summary>The names the database knows now.</summary>
    public static async Task<CompletionNames> LoadAsync(ISqlRunner runner, CancellationToken cancellation)
    {
        try
        {
            var columns = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
            foreach (string?[] row in await Ask(
                runner, "SELECT table_schema, table_name, column_name FROM information_schema.columns ORDER BY table_schema, table_name, ordinal_position", cancellation))
            {
                string relation = row[0] == "public" ? row[1]! : $"{row[0]}.{row[1]}";
                if (!columns.TryGetValue(relation, out IReadOnlyList<string>? list))
                {
                    columns.Add(relation, list = new List<string>());
                }

                ((List<string>)list).Add(row[2]!);
            }

            string[] functions = [.. (await Ask(runner, Functions, cancellation)).Select(r => r[0]!)];
            return new CompletionNames(columns, functions);
        }
        catch (Exception e) when (e is SqlShellException or Npgsql.NpgsqlException)
        {
            return CompletionNames.None;
        }
    }

    private static async Task<List<string?[]>> Ask(ISqlRunner runner, string sql, CancellationToken cancellation)
    {
        var rows = new Collected();
        await runner.RunAsync(sql, rows, cancellation);
        return rows.Rows;
    }

    private sealed class Collected : IResultSink
    {
        public List<string?[]> Rows { get; } = [];

        public void Begin(ResultColumns columns, bool endless)
        {
        }

        public void Row(string?[] values)
        {
            if (Rows.Count < NamesMax)
            {
                Rows.Add(values);
            }
        }

        public void End(string? tag)
        {
        }

        public void Notice(string text)
        {
        }
    }
}
