// All streams with a generator: their rows are made ten times a second, as long as the catalog has them.
using Millrace.Core.Io;
using Millrace.Sql;

namespace Millrace.Generators;

/// <summary>Keeps the generators in line with the catalog and lets each make what it owes. Nothing runs while there are none.</summary>
internal sealed class GeneratorHub(Database database, DatabaseOptions options, IClock clock) : IAsyncDisposable
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);
    private readonly Dictionary<int, StreamGenerator> _streams = [];
    private readonly CancellationTokenSource _stop = new();
    private Task? _running;

    /// <summary>Brings what runs in line with the catalog.</summary>
    public void Refresh()
    {
        if (!options.RunGenerators)
        {
            return;
        }

        lock (_streams)
        {
            Align();
            if (_streams.Count > 0 && _running is null && !_stop.IsCancellationRequested)
            {
                _running = RunAsync();
            }
        }
    }

    /// <summary>How each generator does, by stream.</summary>
    public IReadOnlyDictionary<int, GeneratorReport> Reports()
    {
        lock (_streams)
        {
            return _streams.ToDictionary(s => s.Key, s => s.Value.Report);
        }
    }

    /// <summary>Has every generator make what is due. One call at a time.</summary>
    public async Task StepAsync()
    {
        StreamGenerator[] all;
        lock (_streams)
        {
            Align();
            all = [.. _streams.Values];
        }

        long now = clock.UtcNowMicros;
        await Task.WhenAll(all.Select(s => s.StepAsync(now, _stop.Token))).ConfigureAwait(false);
    }

    private void Align()
    {
        CatalogSnapshot catalog = database.Catalog;
        foreach (int gone in _streams.Keys.Where(id => catalog.Find(id) is null).ToList())
        {
            _streams.Remove(gone);
        }

        foreach (CatalogObject o in catalog.All.Where(o => o.Kind == ObjectKind.Stream && !_streams.ContainsKey(o.Id) && GeneratorOption.Of(o) is not null))
        {
            long before = database.Engine.Objects.FirstOrDefault(x => x.Id == o.Id)?.RowsTotal ?? 0;
            _streams.Add(o.Id, new StreamGenerator(database, o.Id, before, clock.UtcNowMicros));
        }
    }

    private async Task RunAsync()
    {
        try
        {
            while (true)
            {
                await (options.GeneratorPause ?? Task.Delay)(Tick, _stop.Token).ConfigureAwait(false);
                await StepAsync().ConfigureAwait(false);
                lock (_streams)
                {
                    if (_streams.Count == 0)
                    {
                        _running = null;
                        return;
                    }
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // The database is closing.
        }
    }

    public async ValueTask DisposeAsync()
    {
        Task? running;
        lock (_streams)
        {
            _stop.Cancel();
            running = _running;
        }

        if (running is not null)
        {
            await running.ConfigureAwait(false);
        }

        _stop.Dispose();
    }
}
