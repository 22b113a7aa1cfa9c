// What the parts of one PostgreSQL connection share: the session, the two directions, and the way to stop a running statement.
using System.Net;
using System.Net.Security;
using System.Security.Authentication;
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

    // Of a long statement the beginning: it is held as long as the connection is idle.
    private const int QueryMax = 1024;

    private readonly string?[] _reported = new string?[Reported.Length];
    private readonly Lock _gate = new();
    private CancellationTokenSource _statement = new(Timeout.InfiniteTimeSpan, time);
    private CancellationTokenRegistration _closing;
    private readonly long _started = session.NowMicros;
    private string _query = "";
    private long _statementMicros;
    private long _changedMicros = session.NowMicros;
    private long _transactionMicros;
    private TransactionStatus _status;
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
    /// <param name="text">What runs.</param>
    public CancellationToken StartStatement(string text)
    {
        long now = Session.NowMicros;
        lock (_gate)
        {
            _query = text.Length <= QueryMax ? text : text[..QueryMax];
            _statementMicros = _changedMicros = now;
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
        long now = Session.NowMicros;
        TransactionStatus status = Session.Status;
        lock (_gate)
        {
            if (_isRunning)
            {
                _changedMicros = now;
                _status = status;
                _transactionMicros = status == TransactionStatus.Idle ? 0 : _transactionMicros == 0 ? _statementMicros : _transactionMicros;
            }

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

    // As it was last told to the client: the session's settings are for its own thread to read.
    private string Application => Volatile.Read(ref _reported[0]) ?? "";

    /// <summary>What the connection is doing, for others to see.</summary>
    /// <param name="process">Its number.</param>
    /// <param name="client">Where the client is.</param>
    /// <param name="tls">The connection's encryption, or null.</param>
    public Backend Look(int process, EndPoint? client, SslStream? tls)
    {
        (bool isRunning, string query, long statement, long changed, long transaction, TransactionStatus status) = Now();
        var address = client as IPEndPoint;
        string? cipher = tls?.NegotiatedCipherSuite.ToString();
        return new Backend(
            process, Session.User, Application, address?.Address.ToString(), address?.Port ?? -1,
            _started, transaction, statement, changed,
            isRunning ? "active" : status switch { TransactionStatus.Idle => "idle", TransactionStatus.Failed => "idle in transaction (aborted)", _ => "idle in transaction" },
            Shown(query))
        {
            TlsVersion = tls?.SslProtocol switch { null => null, SslProtocols.Tls12 => "TLSv1.2", SslProtocols.Tls13 => "TLSv1.3", var other => other.ToString() },
            TlsCipher = cipher,
            TlsBits = cipher is null ? 0 : cipher.Contains("AES_128", StringComparison.Ordinal) ? 128 : 256,
        };
    }

    private (bool IsRunning, string Query, long Statement, long Changed, long Transaction, TransactionStatus Status) Now()
    {
        lock (_gate)
        {
            return (_isRunning, _query, _statementMicros, _changedMicros, _isRunning && _transactionMicros == 0 ? _statementMicros : _transactionMicros, _status);
        }
    }

    // Passwords, and addresses that let in whoever knows them, are for nobody to read.
    private static string Shown(string query) =>
        query.Contains("PASSWORD", StringComparison.OrdinalIgnoreCase) || query.Contains("NOTIFY", StringComparison.OrdinalIgnoreCase) ? "<withheld: it may have a secret in it>" : query;

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
