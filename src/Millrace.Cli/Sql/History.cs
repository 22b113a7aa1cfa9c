// The statements of before, kept between one prompt and the next.
using System.Text.Json;

namespace Millrace.Cli.Sql;

/// <summary>The last statements, oldest first; in a file, one JSON text a line, that only its owner may read.</summary>
internal sealed class History
{
    private const int StatementsMax = 1_000;
    private const int FileBytesMax = 16 << 20;
    private const int StatementCharactersMax = 10_000;
    // A password, a token, or an alert's address and keys.
    private static readonly string[] Secrets = ["password", "token", "notify"];
    private readonly string? _path;
    private readonly List<string> _statements = [];

    /// <summary>Opens a history.</summary>
    /// <param name="path">Its file; null to keep it in memory alone.</param>
    public History(string? path)
    {
        _path = path;
        if (path is null || !File.Exists(path) || new FileInfo(path).Length > FileBytesMax)
        {
            return;
        }

        foreach (string line in File.ReadLines(path).TakeLast(StatementsMax))
        {
            try
            {
                if (JsonSerializer.Deserialize<string>(line) is { Length: > 0 } statement)
                {
                    _statements.Add(statement);
                }
            }
            catch (JsonException)
            {
                // A line that a full disk cut short.
            }
        }
    }

    /// <summary>The statements, oldest first.</summary>
    public IReadOnlyList<string> Statements => _statements;

    /// <summary>The file of this user: MILLRACE_HISTORY, or below the folder for state of the XDG base directories; <c>off</c> for none.</summary>
    public static string? DefaultPath()
    {
        string? named = Environment.GetEnvironmentVariable("MILLRACE_HISTORY");
        if (named is { Length: > 0 })
        {
            return named == "off" ? null : named;
        }

        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        string state = Environment.GetEnvironmentVariable("XDG_STATE_HOME") is { Length: > 0 } xdg ? xdg : Path.Combine(home, ".local", "state");
        return home.Length == 0 ? null : Path.Combine(state, "millrace", "history");
    }

    /// <summary>Keeps a statement, unless it is the one before again, endless, or may hold a secret.</summary>
    public void Add(string statement)
    {
        statement = statement.Trim();
        if (statement.Length is 0 or > StatementCharactersMax || (_statements.Count > 0 && _statements[^1] == statement)
            || Secrets.Any(word => statement.Contains(word, StringComparison.OrdinalIgnoreCase)))
        {
            return;
        }

        _statements.Add(statement);
        bool full = _statements.Count > StatementsMax;
        if (full)
        {
            _statements.RemoveRange(0, _statements.Count - (StatementsMax / 2));
        }

        try
        {
            Save(statement, anew: full);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A history that cannot be written is one of this prompt alone.
        }
    }

    private void Save(string statement, bool anew)
    {
        if (_path is null)
        {
            return;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(_path))!);
        var options = new FileStreamOptions { Mode = anew ? FileMode.Create : FileMode.Append, Access = FileAccess.Write, Share = FileShare.ReadWrite };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var to = new StreamWriter(_path, options);
        foreach (string line in anew ? _statements : [statement])
        {
            to.Write(JsonSerializer.Serialize(line) + "\n");
        }
    }
}
