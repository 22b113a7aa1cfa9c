// millrace token reset NAME: a new secret for a token whose secret is lost, from a server or from the folder itself.
using System.CommandLine;
using System.Globalization;
using Millrace.Cli.Sql;
using Millrace.Core.Io;
using Millrace.Sql;

namespace Millrace.Cli;

/// <summary>Makes a token anew under its name; the one before is worth nothing from then on. With --data it asks nobody: whoever may write the folder may.</summary>
internal static class TokenVerb
{
    public static Command Command()
    {
        var name = new Argument<string>("NAME") { Description = "The token's name, as in CREATE TOKEN" };
        var server = new Argument<string?>("SERVER") { Description = "[USER@]HOST:PORT of a server (default 127.0.0.1:5433); USER is a superuser", Arity = ArgumentArity.ZeroOrOne };
        var data = new Option<string?>("--data") { Description = "In this data folder, which no server has open: nobody has to log in", HelpName = "DIR" };
        var user = new Option<string?>("--user") { Description = "Whose the token is; needed where there is none of that name yet", HelpName = "NAME" };
        var reset = new Command("reset", "Make a token's secret anew and print it; the one before is worth nothing then") { name, server, data, user };
        reset.SetAction((parsed, cancellation) => RunAsync(parsed.GetValue(name)!, parsed.GetValue(server), parsed.GetValue(data), parsed.GetValue(user), cancellation));
        return new Command("token", "Tokens of the HTTP door, when their secrets are lost") { reset };
    }

    private static async Task<int> RunAsync(string name, string? server, string? data, string? user, CancellationToken cancellation)
    {
        if (server is not null && data is not null)
        {
            throw new UsageException("give a server or --data, not both");
        }

        if (data is not null && !Directory.Exists(data))
        {
            throw new DataFolderException($"there is no folder {data}");
        }

        string address = server ?? Environment.GetEnvironmentVariable("MILLRACE_PG") ?? $"127.0.0.1:{KnownDoors.Postgres.Port}";
        await using ISqlRunner runner = data is not null ? await EmbeddedRunner.OpenAsync(data, inPassing: true) : await NpgsqlRunner.ConnectAsync(address);
        try
        {
            string quoted = KeyOption.Quoted(name);
            List<string?[]> before = await Rows(runner, $"SELECT user_name, rate FROM millrace.tokens WHERE name = '{name.Replace("'", "''", StringComparison.Ordinal)}'", cancellation);
            string owner = user ?? (before is [[{ } known, ..]] ? known
                : throw new UsageException($"there is no token {name}; --user NAME makes one for that user, and millrace sql -c 'SELECT * FROM millrace.tokens' lists those there are"));
            string rate = before is [[_, { } limit]] ? string.Create(CultureInfo.InvariantCulture, $" WITH (rate = {limit})") : "";

            // The new one is tried under another name first: an owner who does not exist costs nobody his token.
            string trial = KeyOption.Quoted(name + " (new)");
            await Rows(runner, $"CREATE TOKEN {trial} FOR {KeyOption.Quoted(owner)}{rate}", cancellation);
            await Rows(runner, $"DROP TOKEN {trial}", cancellation);
            await Rows(runner, $"DROP TOKEN IF EXISTS {quoted}", cancellation);
            List<string?[]> made = await Rows(runner, $"CREATE TOKEN {quoted} FOR {KeyOption.Quoted(owner)}{rate}", cancellation);
            await Console.Out.WriteLineAsync(made[0][^1]);
            return Exit.Done;
        }
        catch (SqlShellException e)
        {
            throw new Millrace.Core.SqlException(e.SqlState, e.Message, hint: e.Hint);
        }
    }

    private static async Task<List<string?[]>> Rows(ISqlRunner runner, string sql, CancellationToken cancellation)
    {
        var rows = new RowSink();
        await runner.RunAsync(sql, rows, cancellation);
        return rows.Rows;
    }

    private sealed class RowSink : IResultSink
    {
        public List<string?[]> Rows { get; } = [];

        public void Begin(ResultColumns columns, bool endless)
        {
        }

        public void Row(string?[] values) => Rows.Add(values);

        public void End(string? tag)
        {
        }

        public void Notice(string text)
        {
        }
    }
}
