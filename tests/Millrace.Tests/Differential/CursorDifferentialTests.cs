// Random FETCH and MOVE over the same rows in both databases: same rows, same tags, same errors.
using Millrace.Core;
using Npgsql;
using Xunit;

namespace Millrace.Tests.Differential;

[Collection("postgres")]
public sealed class CursorDifferentialTests(PostgresServer server)
{
    [PostgresFact]
    public async Task FetchMovesAsInPostgres()
    {
        await using var postgres = new NpgsqlConnection(server.ConnectionString);
        await postgres.OpenAsync();
        using var folder = new TempFolder();
        await using Database database = await Database.OpenAsync(folder.In("data"));
        for (int seed = 0; seed < 60; seed++)
        {
            var random = new Random(seed);
            int rows = random.Next(0, 6);
            bool forward = random.Next(4) == 0;
            await using Session session = database.NewSession();
            await using NpgsqlTransaction transaction = await postgres.BeginTransactionAsync();
            await session.ExecuteAsync("BEGIN");
            await BothAsync(seed, $"DECLARE c {(forward ? "NO SCROLL" : "SCROLL")} CURSOR FOR SELECT x, x * x AS y FROM generate_series(1, {rows}) AS g(x) ORDER BY x", session, postgres);
            for (int step = 0; step < 25; step++)
            {
                string verb = random.Next(4) == 0 ? "MOVE" : "FETCH";
                int n = random.Next(-3, 8);
                string where = forward
                    ? random.Next(4) switch { 0 => "NEXT", 1 => $"{random.Next(1, 4)}", 2 => $"FORWARD {random.Next(1, 3)}", _ => "FORWARD" }
                    : random.Next(12) switch
                    {
                        0 => "NEXT",
                        1 => "PRIOR",
                        2 => "FIRST",
                        3 => "LAST",
                        4 => $"ABSOLUTE {n}",
                        5 => $"RELATIVE {n}",
                        6 => $"{n}",
                        7 => "ALL",
                        8 => $"FORWARD {n}",
                        9 => "FORWARD ALL",
                        10 => $"BACKWARD {n}",
                        _ => "BACKWARD ALL",
                    };
                await BothAsync(seed, $"{verb} {where} FROM c", session, postgres);
            }

            // The last of all: an error ends the transaction.
            await BothAsync(seed, forward ? "FETCH PRIOR FROM c" : "FETCH nothing", session, postgres);
            await session.ExecuteAsync("ROLLBACK");
        }
    }

    private static async Task BothAsync(int seed, string sql, Session session, NpgsqlConnection postgres)
    {
        string theirs;
        try
        {
            await using var command = new NpgsqlCommand(sql, postgres);
            await using NpgsqlDataReader reader = await command.ExecuteReaderAsync();
            var rows = new List<string>();
            while (await reader.ReadAsync())
            {
                rows.Add($"{reader.GetValue(0)} {reader.GetValue(1)}");
            }

            await reader.CloseAsync();
            theirs = sql.StartsWith("MOVE", StringComparison.Ordinal) ? $"MOVE {Math.Max(0, reader.RecordsAffected)}" : string.Join('|', rows);
        }
        catch (PostgresException e)
        {
            theirs = e.SqlState;
        }

        string ours;
        try
        {
            StatementResult result = (await session.ExecuteAsync(sql))[0];
            ours = sql.StartsWith("MOVE", StringComparison.Ordinal) ? result.CommandTag : string.Join('|', result.Batches.SelectMany(b =>
                Enumerable.Range(0, b.Count).Select(r => $"{TextFormat.ToText(b.Columns[0], r)} {TextFormat.ToText(b.Columns[1], r)}")));
            Assert.True(result.Columns is null || result.CommandTag == $"FETCH {result.RowCount}", sql);
        }
        catch (SqlException e)
        {
            ours = e.SqlState;
        }

        Assert.True(theirs == ours, $"seed {seed}: {sql}: PostgreSQL {theirs}, Millrace {ours}");
    }
}
