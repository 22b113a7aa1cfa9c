// What the parts of one PostgreSQL connection share: the session, the two directions, and the way to stop a running statement.
using Millrace.Core;

namespace Millrace.Doors.Postgres;

/// <summary>One connection's shared state. <see cref="Cancel"/> may be called from another thread, nothing else may.</summary>
internal sealed class SessionContext(Session session, MessageInput input, MessageOutput output, CancellationToken closed) : IDisposable
{
    // What clients are told about without asking: https://www.postgresql.org/docs/15/protocol-flow.html#PROTOCOL-ASYNC
    private static readonly string[] ReportedNames =
        ["application_name", "client_encoding", "DateStyle", "IntervalStyle", "TimeZone", "standard_conforming_strings"];

    private readonly Dictionary<string, string> _reported = [];
    private readonly Lock _gate = new();
    private CancellationTokenSource? _running;

    /// <summary>The engine's side.</summary>
    public Session Session { get; } = session;

    /// <summary>From the client.</summary>
    public MessageInput Input { get; } = input;

    /// <summary>To the client.</summary>
    public MessageOutput Output { get; } = output;

    /// <summary>Fires when the client is gone.</summary>
    public CancellationToken Closed { get; } = closed;

    /// <summary>The token of a statement that starts now; <see cref="EndStatement"/> ends it.</summary>
    public CancellationToken StartStatement()
    {
        lock (_gate)
        {
            _running = CancellationTokenSource.CreateLinkedTokenSource(Closed);
            return _running.Token;
        }
    }

    /// <summary>The statement is over: a cancel that comes now is for nobody.</summary>
    public void EndStatement()
    {
        lock (_gate)
        {
            _running?.Dispose();
            _running = null;
        }
    }

    /// <summary>Stops the running statement, if there is one.</summary>
    public void Cancel()
    {
        lock (_gate)
        {
            _running?.Cancel();
        }
    }

    /// <summary>Tells the client the settings that have changed since it was last told.</summary>
    public void ReportSettings()
    {
        foreach (string name in ReportedNames)
        {
            string value = Value(name);
            if (!_reported.TryGetValue(name, out string? told) || told != value)
            {
                _reported[name] = value;
                Output.Parameter(name, value);
            }
        }
    }

    /// <summary>Sends notices ahead of what caused them.</summary>
    public void Notices(IReadOnlyList<Notice> notices)
    {
        foreach (Notice notice in notices)
        {
            bool warning = notice.SqlState.StartsWith("01", StringComparison.Ordinal) || notice.SqlState.StartsWith("25", StringComparison.Ordinal);
            Output.Error(warning ? "WARNING" : "NOTICE", notice.SqlState, notice.Message, hint: notice.Hint);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => EndStatement();

    private string Value(string name)
    {
        if (Session.Settings.TryGetValue(name.ToLowerInvariant(), out string? value))
        {
            return name == "client_encoding" ? "UTF8" : value;
        }

        return name switch
        {
            "client_encoding" => "UTF8",
            "DateStyle" => "ISO, MDY",
            "IntervalStyle" => "postgres",
            "TimeZone" => "UTC",
            "standard_conforming_strings" => "on",
            _ => "",
        };
    }
}
