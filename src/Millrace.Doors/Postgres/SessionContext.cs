// What the parts of one PostgreSQL connection share: the session, the two directions, and the way to stop a running statement.
using Millrace.Core;

namespace Millrace.Doors.Postgres;

/// <summary>One connection's shared state. <see cref="Cancel"/> may be called from another thread, nothing else may.</summary>
internal sealed class SessionContext(Session session, MessageInput input, MessageOutput output, CancellationToken closed, TimeProvider time) : IDisposable
{
    // What clients are told about without asking: https://www.postgresql.org/docs/15/protocol-flow.html#PROTOCOL-ASYNC
    private static readonly (string Name, string Setting, string Default)[] Reported =
    [
        ("application_name", "application_name", ""), ("client_encoding", "client_encoding", "UTF8"), ("DateStyle", "datestyle", "ISO, MDY"),
        ("IntervalStyle", "intervalstyle", "postgres"), ("TimeZone", "timezone", "UTC"), ("standard_conforming_strings", "standard_conforming_strings", "on"),
    ];

    private readonly string?[] _reported = new string?[Reported.Length];
    private readonly Lock _gate = new();
    private CancellationTokenSource _statement = new(Timeout.InfiniteTimeSpan, time);
    private CancellationTokenRegistration _closing;
    private bool _isRunning;
    private bool _isTimed;
    private bool _isCancelled;

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
            // One source serves all statements until one is cancelled: they are many, and mostly short.
            if (!_statement.TryReset())
            {
                _statement.Dispose();
                _statement = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
            }

            if (_closing == default)
            {
                _closing = Closed.UnsafeRegister(static context => ((SessionContext)context!).Cancel(), this);
            }

            _isRunning = true;
            _isCancelled = false;
            _isTimed = Session.StatementTimeoutMs > 0;
            if (_isTimed)
            {
                _statement.CancelAfter(Session.StatementTimeoutMs);
            }

            if (Closed.IsCancellationRequested)
            {
                _statement.Cancel();
            }

            return _statement.Token;
        }
    }

    /// <summary>The statement is over: a cancel that comes now is for nobody.</summary>
    public void EndStatement()
    {
        lock (_gate)
        {
            _isRunning = false;
            if (_isTimed)
            {
                _isTimed = false;
                _statement.CancelAfter(Timeout.Infinite);
            }
        }
    }

    /// <summary>True when the running statement was stopped because it took longer than statement_timeout, and nobody cancelled it.</summary>
    public bool IsLate => _isTimed && !_isCancelled && _statement.IsCancellationRequested;

    /// <summary>Stops the running statement, if there is one.</summary>
    public void Cancel()
    {
        lock (_gate)
        {
            if (_isRunning)
            {
                _isCancelled = true;
                _statement.Cancel();
            }
        }
    }

    /// <summary>Tells the client the settings that have changed since it was last told.</summary>
    public void ReportSettings()
    {
        for (int i = 0; i < Reported.Length; i++)
        {
            (string name, string setting, string value) = Reported[i];
            if (setting != "client_encoding" && Session.Settings.TryGetValue(setting, out string? set))
            {
                value = set;
            }

            if (_reported[i] != value)
            {
                _reported[i] = value;
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
    public void Dispose()
    {
        EndStatement();
        _closing.Dispose();
        _statement.Dispose();
    }
}
