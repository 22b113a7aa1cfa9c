// All alerts of a database: each is run as long as the catalog has it.
using Millrace.Engine;
using Millrace.Sql;

namespace Millrace.Alerts;

/// <summary>Starts and stops alerts as they are defined and dropped, and lends them the network.</summary>
internal sealed class AlertHub(Database database, DatabaseOptions options) : IAsyncDisposable
{
    private const int PostsAtOnce = 16;
    private readonly Dictionary<int, AlertRunner> _running = [];
    private readonly List<Task> _ending = [];
    private readonly SemaphoreSlim _posts = new(PostsAtOnce);
    private readonly Lazy<WebhookClient> _client = new(() => new WebhookClient(options.AlertsToPrivateAddresses));
    private bool _closed;

    /// <summary>Brings what runs in line with the catalog.</summary>
    public void Refresh()
    {
        if (!options.DeliverAlerts)
        {
            return;
        }

        lock (_running)
        {
            CatalogSnapshot catalog = database.Catalog;
            foreach (int gone in _running.Keys.Where(id => catalog.Find(id) is null).ToList())
            {
                _running[gone].Stop();
                _ending.RemoveAll(t => t.IsCompleted);
                _ending.Add(_running[gone].Ended);
                _running.Remove(gone);
            }

            foreach (CatalogObject alert in catalog.Beside.Where(o => o.Kind == ObjectKind.Alert && !_closed && !_running.ContainsKey(o.Id)))
            {
                _running.Add(alert.Id, new AlertRunner(database, alert, TableOf(catalog, alert), this));
            }
        }
    }

    /// <summary>How an alert's deliveries go; null when nobody delivers.</summary>
    public AlertReport? ReportOf(CatalogObject alert)
    {
        lock (_running)
        {
            return _running.GetValueOrDefault(alert.Id)?.Report;
        }
    }

    /// <summary>What each alert counts, by name; none when nobody delivers.</summary>
    public IReadOnlyList<AlertStatistics> Statistics()
    {
        lock (_running)
        {
            return [.. _running.Values.Select(r => r.Statistics).OrderBy(s => s.Name, StringComparer.Ordinal)];
        }
    }

    /// <summary>Waits until an alert watches its query, so that what its maker does next is seen.</summary>
    public async ValueTask WatchesAsync(CatalogObject alert, CancellationToken cancellation)
    {
        Task watching;
        lock (_running)
        {
            watching = _running.GetValueOrDefault(alert.Id)?.Watching ?? Task.CompletedTask;
        }

        await watching.WaitAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>What its maker should be told of an alert.</summary>
    public IReadOnlyList<string> NoticesOf(CatalogObject alert)
    {
        Uri address = AlertOptions.Of(alert).Address;
        return !options.DeliverAlerts ? ["alerts are not delivered by this process"]
            : !options.AlertsToPrivateAddresses && PublicAddress.IsPlainlyPrivate(address.Host)
                ? [$"{address.Host} is on this machine or a private network: nothing is posted there until that is allowed (--alerts any)"] : [];
    }

    /// <summary>The table of what an alert has told.</summary>
    public static CatalogObject TableOf(CatalogSnapshot catalog, CatalogObject alert) => catalog.All.Single(o => o.PartOf == alert.Id);

    /// <summary>The rows of such a table now; none when it is gone.</summary>
    public static IEnumerable<IncidentRow> Rows(Database database, int table)
    {
        DatabaseSnapshot snapshot = database.Engine.Current;
        return snapshot.Catalog.Find(table) is null ? [] : snapshot.Find(table).Scan(snapshot.Load).SelectMany(b => Enumerable.Range(0, b.Count).Select(row => IncidentRow.Of(b, row)));
    }

    /// <summary>Posts a message once, when it is its turn.</summary>
    public async Task<WebhookAnswer> PostAsync(WebhookPost post, CancellationToken cancellation)
    {
        await _posts.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            return await (options.AlertTransport ?? _client.Value.PostAsync)(post, cancellation).ConfigureAwait(false);
        }
        finally
        {
            _posts.Release();
        }
    }

    /// <summary>Waits before another attempt.</summary>
    public Task Pause(TimeSpan time, CancellationToken cancellation) => (options.AlertPause ?? Task.Delay)(time, cancellation);

    public async ValueTask DisposeAsync()
    {
        Task[] all;
        lock (_running)
        {
            _closed = true;
            foreach (AlertRunner runner in _running.Values)
            {
                runner.Stop();
            }

            all = [.. _ending, .. _running.Values.Select(r => r.Ended)];
        }

        await Task.WhenAll(all).ConfigureAwait(false);
        if (_client.IsValueCreated)
        {
            _client.Value.Dispose();
        }
    }
}
