// The two databases side by side: what is done to one is done to the other.
using System.Text;
using System.Text.RegularExpressions;
using Millrace.Core;
using Millrace.Core.Io;
using Millrace.Log;
using Npgsql;

namespace Millrace.Tests.Differential;

/// <summary>A PostgreSQL schema and a Millrace folder with the same content.</summary>
internal sealed partial class Pair : IAsyncDisposable
{
    private readonly NpgsqlConnection _postgres;
    private readonly List<TempFolder> _folders = [];
    private readonly Dictionary<string, Feed> _feeds = [];
    private Database _database = null!;
    private Session _session = null!;

    private Pair(NpgsqlConnection postgres, int workers)
    {
        _postgres = postgres;
        _workers = workers;
    }

    /// <summary>All statements that changed something, as they were for Millrace: enough to build it again.</summary>
    public StringBuilder Script { get; } = new();

    private readonly int _workers;

    // The middle of the times that rows are given.
    private readonly ManualClock _clock = new(new DateTimeOffset(2024, 2, 28, 8, 0, 0, TimeSpan.Zero));

    private static DatabaseOptions OptionsFor(int workers, ManualClock clock) =>
        new() { Durability = Durability.Os, Workers = workers, SplitViews = workers > 1, WorkersRowsMin = 0, Clock = clock, SubscriptionBytesMax = 256L << 20 };

    public static async Task<Pair> OpenAsync(NpgsqlConnection postgres, string schema = "d", int workers = 1)
    {
        // A query that PostgreSQL does not answer in time says nothing; without end it would hold up all that follow.
        await using (var command = new NpgsqlCommand(
            $"DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}; SET search_path = {schema}; "
                + "SET client_min_messages = error; SET statement_timeout = '2s'; SET timezone = 'UTC'", postgres))
        {
            await command.ExecuteNonQueryAsync();
        }

        var pair = new Pair(postgres, workers);
        await pair.OpenFolderAsync(new TempFolder());
        await pair.AskMillraceAsync("CREATE STREAM moments (at timestamptz)");
        await pair.ShowTimeAsync();
        return pair;
    }

    /// <summary>Lets time go by for both: for Millrace with a commit, since a view knows the time of the last one.</summary>
    public async Task PassAsync(TimeSpan by)
    {
        _clock.Advance(by);
        await ShowTimeAsync();
    }

    private async Task ShowTimeAsync()
    {
        Note($"it is {_clock.UtcNow:u}");
        await AskPostgresAsync($"SET millrace.clock = '{_clock.UtcNow:yyyy-MM-dd HH:mm:ss}'");
        await AskMillraceAsync("INSERT INTO moments VALUES (now())");
    }

    private async Task OpenFolderAsync(TempFolder folder)
    {
        if (!_folders.Contains(folder))
        {
            _folders.Add(folder);
        }

        _database = await Database.OpenAsync(folder.Path, OptionsFor(_workers, _clock));
        _session = _database.NewSession();
    }

    /// <summary>The side of <c>«Millrace's¦PostgreSQL's»</c> for one of them.</summary>
    public static string For(string sql, bool postgres)
    {
        string before;
        do
        {
            before = sql;
            sql = Alternatives().Replace(sql, postgres ? "$2" : "$1");
        }
        while (sql != before);

        return sql;
    }

    public void Note(string line) => Script.Append("-- ").Append(line).Append('\n');

    /// <summary>A statement for both. Returns what differs, or null.</summary>
    /// <param name="sql">The statement.</param>
    /// <param name="failed">Whether PostgreSQL refused it.</param>
    public async Task<(bool Failed, string? Difference)> WriteAsync(string sql)
    {
        Script.Append(sql).Append(";\n");
        Answer theirs = await AskPostgresAsync(sql);
        Answer ours = await AskMillraceAsync(sql);
        string? difference = theirs.SqlState?[..2] == ours.SqlState?[..2] ? null
            : $"{sql}\nMillrace:   {ours.SqlState ?? "ok"} {ours.Message}\nPostgreSQL: {theirs.SqlState ?? "ok"} {theirs.Message}";
        if (theirs.SqlState is null)
        {
            difference ??= ours.DifferenceTo(theirs, ordered: false) is string rows ? $"{sql}\n{rows}" : null;
        }

        return (theirs.SqlState is not null, difference);
    }

    public async Task<Answer> AskPostgresAsync(string sql)
    {
        try
        {
            await using var command = new NpgsqlCommand(For(sql, postgres: true), _postgres) { AllResultTypesAreUnknown = true };
            await using NpgsqlDataReader reader = await command.ExecuteReaderAsync();
            var rows = new List<string?[]>();
            while (await reader.ReadAsync())
            {
                var row = new string?[reader.FieldCount];
                for (int c = 0; c < row.Length; c++)
                {
                    row[c] = reader.IsDBNull(c) ? null : reader.GetString(c);
                }

                rows.Add(row);
            }

            return new Answer(null, "", rows, [.. Enumerable.Range(0, reader.FieldCount).Select(c => reader.GetDataTypeName(c) is "double precision" or "real")]);
        }
        catch (PostgresException e)
        {
            return Answer.Error(e.SqlState, e.MessageText);
        }
    }

    public async Task<Answer> AskMillraceAsync(string sql)
    {
        try
        {
            IReadOnlyList<StatementResult> results = await _session.ExecuteAsync(For(sql, postgres: false));
            StatementResult result = results[^1];
            var rows = new List<string?[]>();
            int width = result.Columns?.Count ?? 0;
            foreach (Batch batch in result.Batches)
            {
                for (int r = 0; r < batch.Count; r++)
                {
                    var row = new string?[width];
                    for (int c = 0; c < width; c++)
                    {
                        row[c] = batch.Columns[c].IsNull(r) ? null : TextFormat.ToText(batch.Columns[c], r);
                    }

                    rows.Add(row);
                }
            }

            return new Answer(null, "", rows, [.. Enumerable.Range(0, width).Select(c => result.Columns![c].Type.Id is TypeId.Double or TypeId.Real)]);
        }
        catch (SqlException e)
        {
            return Answer.Error(e.SqlState, e.Message + (e.Hint is null ? "" : " (" + e.Hint + ")"));
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return Answer.Error("XX000", e.ToString());
        }
    }

    /// <summary>Follows a view from now on.</summary>
    public async Task<string?> FollowAsync(string view)
    {
        try
        {
            IReadOnlyList<StatementResult> results = await _session.ExecuteAsync($"SUBSCRIBE TO {view}");
            _feeds[view] = new Feed(results[^1].Subscription!);
            return null;
        }
        catch (SqlException e)
        {
            return e.SqlState + " " + e.Message;
        }
    }

    /// <summary>Whether what the view's followers were told adds up to the answer; null when it does or nobody follows.</summary>
    public async Task<string?> FollowedDifferenceAsync(string view, Answer expected) =>
        _feeds.TryGetValue(view, out Feed? feed) ? await feed.DifferenceToAsync(expected) : null;

    /// <summary>Closes Millrace and opens it again: from its checkpoint.</summary>
    public async Task ReopenAsync()
    {
        Note("closed and opened again");
        await CloseAsync();
        await OpenFolderAsync(_folders[^1]);
    }

    /// <summary>Goes on from a copy of the folder as it is now, as after a kill: from the log.</summary>
    public async Task AbandonAsync()
    {
        Note("abandoned; a copy of the folder is recovered");
        var copy = new TempFolder();
        string from = _folders[^1].Path;
        foreach (string file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            if (Path.GetFileName(file) == "LOCK")
            {
                continue;
            }

            string to = Path.Combine(copy.Path, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(file, to);
        }

        await CloseAsync();
        await OpenFolderAsync(copy);
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        foreach (TempFolder folder in _folders)
        {
            folder.Dispose();
        }
    }

    private async Task CloseAsync()
    {
        foreach (Feed feed in _feeds.Values)
        {
            await feed.DisposeAsync();
        }

        _feeds.Clear();
        await _session.DisposeAsync();
        await _database.DisposeAsync();
        if (_database.Failed.IsCompleted)
        {
            throw new InvalidOperationException("the engine has failed", await _database.Failed);
        }
    }

    [GeneratedRegex("«([^«»¦]*)¦([^«»¦]*)»", RegexOptions.Singleline)]
    private static partial Regex Alternatives();
}
