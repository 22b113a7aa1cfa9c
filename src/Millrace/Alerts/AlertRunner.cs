// One alert at work: follows its query, keeps its table, posts its messages one after the other.
using Millrace.Core;
using Millrace.Engine;
using Millrace.Sql;

namespace Millrace.Alerts;

/// <summary>How an alert's deliveries go, since the database was opened.</summary>
internal sealed record AlertReport(long Delivered, long Failed, long Retries, string? Error, bool IsRetrying, bool IsBroken, bool IsFull, long? LastDelivery)
{
    /// <summary>Rows that ring.</summary>
    public int Firing { get; init; }

    /// <summary>Rows that began to ring.</summary>
    public long Began { get; init; }

    /// <summary>Rows that ceased to.</summary>
    public long Ended { get; init; }
}

/// <summary>
/// Runs an alert. What is to be told is in its table before anything is posted, and what was told is noted there before the next: a message is posted again
/// after a crash only when its taking could not be noted, and then under the same name.
/// </summary>
internal sealed class AlertRunner
{
    private const int MergeBeyond = 64;
    private readonly Database _database;
    private readonly CatalogObject _alert;
    private readonly AlertOptions _options;
    private readonly CatalogObject _table;
    private readonly AlertHub _hub;
    private readonly CancellationTokenSource _closing = new();
    private readonly TaskCompletionSource _watching = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Incidents? _incidents;
    private Task? _pause;

    // What was counted before the query had to be followed anew.
    private long _began;
    private long _ended;
    private int _failures;
    private volatile AlertReport _report = new(0, 0, 0, null, false, false, false, null);

    public AlertRunner(Database database, CatalogObject alert, CatalogObject table, AlertHub hub)
    {
        _database = database;
        _alert = alert;
        _options = AlertOptions.Of(alert);
        _table = table;
        _hub = hub;
        Ended = Task.Run(RunAsync);
    }

    /// <summary>Completes when it has stopped.</summary>
    public Task Ended { get; }

    /// <summary>Completes when it watches its query, or has tried to: from then on nothing comes and goes unseen.</summary>
    public Task Watching => _watching.Task;

    /// <summary>How its deliveries go.</summary>
    public AlertReport Report => _report;

    /// <summary>What it counts, for whoever collects that.</summary>
    public AlertStatistics Statistics
    {
        get
        {
            AlertReport r = _report;
            return new AlertStatistics(_alert.Name, r.Firing, r.Began, r.Ended, r.Delivered, r.Failed, r.Retries, r.IsBroken);
        }
    }

    /// <summary>Stops it, in the middle of an attempt if there is one.</summary>
    public void Stop() => _closing.Cancel();

    private async Task RunAsync()
    {
        CancellationToken closing = _closing.Token;
        for (int failures = 1; !closing.IsCancellationRequested; failures++)
        {
            try
            {
                await FollowAsync(closing).ConfigureAwait(false);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                _watching.TrySetResult();
                if (closing.IsCancellationRequested)
                {
                    return;
                }

                // The query cannot be followed, or the table not be written, now. Incidents that are not in the table are found again.
                (_began, _ended) = (_report.Began, _report.Ended);
                _incidents = null;
                _report = _report with { IsBroken = true, Error = e is SqlException ? e.Message : $"failed: {e.GetType().Name}" };
                await _hub.Pause(Backoff(failures), closing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task FollowAsync(CancellationToken closing)
    {
        FeedReader reader = await _database.FollowAlertAsync(_alert, closing).ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            reader.Introduce(_alert.Name, "alert", null);
            Incidents incidents = _incidents ??= Load(reader);
            incidents.Compare(reader.Snapshot(closing), _database.NowMicros);
            _watching.TrySetResult();
            while (true)
            {
                bool ended = reader.Ended;
                Take(reader, incidents, closing);
                _report = _report with { Firing = incidents.Firing, Began = _began + incidents.Began, Ended = _ended + incidents.Ended };
                await SaveAsync(incidents, closing).ConfigureAwait(false);
                _report = _report with { IsBroken = false, IsFull = incidents.IsFull, Error = _report.IsBroken ? null : _report.Error };
                if (ended)
                {
                    throw reader.Error ?? new SqlException("57P01", "the query is not followed any more");
                }

                if (incidents.HasRoomAgain)
                {
                    incidents.Compare(reader.Snapshot(closing), _database.NowMicros);
                }
                else if (_pause is null && incidents.Next() is { } next)
                {
                    await PostAsync(incidents, next, closing).ConfigureAwait(false);
                }
                else
                {
                    await WaitAsync(reader, closing).ConfigureAwait(false);
                }
            }
        }
    }

    private Incidents Load(FeedReader reader)
    {
        var incidents = new Incidents(reader.Columns, reader.Key, _options.Outstanding);
        foreach (IncidentRow row in AlertHub.Rows(_database, _table.Id))
        {
            incidents.Restore(row);
        }

        return incidents;
    }

    private void Take(FeedReader reader, Incidents incidents, CancellationToken closing)
    {
        while (reader.Next(MergeBeyond) is { } update)
        {
            if (update.Kind == FeedUpdateKind.Gap)
            {
                incidents.Compare(reader.Snapshot(closing), _database.NowMicros);
            }
            else if (update.Batch is { } change)
            {
                incidents.Apply(change, _database.NowMicros);
            }
        }
    }

    private async Task SaveAsync(Incidents incidents, CancellationToken closing)
    {
        if (incidents.Unsaved(_table.Columns) is { } change)
        {
            await _database.SubmitAsync(new WriteRequest([new WriteEntry(_table.Id, change, WriteRule.Change) { Shape = _table.Shape }]), closing).ConfigureAwait(false);
        }

        incidents.Saved();
    }

    private async Task PostAsync(Incidents incidents, Incident incident, CancellationToken closing)
    {
        WebhookAnswer answer = await _hub.PostAsync(AlertMessage.Of(_alert.Name, _options, incident), closing).ConfigureAwait(false);
        if (answer.IsDelivered)
        {
            incidents.Delivered(incident);
            _failures = 0;
            _report = _report with { Delivered = _report.Delivered + 1, Error = null, IsRetrying = false, LastDelivery = _database.NowMicros };
            return;
        }

        incident.Attempts++;
        if (answer.IsFinal || _database.NowMicros - incident.WaitsSince >= _options.RetryMicros)
        {
            incidents.GiveUp(incident);
            _report = _report with { Failed = _report.Failed + 1, Error = answer.Error };
            if (answer.IsFinal)
            {
                return;
            }
        }
        else
        {
            _report = _report with { Retries = _report.Retries + 1, Error = answer.Error, IsRetrying = true };
        }

        _failures++;
        _pause = _hub.Pause(Backoff(Math.Max(_failures, incident.Attempts)), closing);
    }

    // Until the answer changes, or the time has come for another attempt.
    private async Task WaitAsync(FeedReader reader, CancellationToken closing)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(closing);
        Task moved = reader.WaitAsync(over.Token).AsTask();
        await (_pause is null ? Task.WhenAny(moved) : Task.WhenAny(moved, _pause)).ConfigureAwait(false);
        await over.CancelAsync().ConfigureAwait(false);
        closing.ThrowIfCancellationRequested();
        if (_pause is { IsCompleted: true })
        {
            _pause = null;
        }
    }

    private static TimeSpan Backoff(int failures) => TimeSpan.FromSeconds(Math.Min(60, 1 << Math.Min(failures - 1, 6)));
}
