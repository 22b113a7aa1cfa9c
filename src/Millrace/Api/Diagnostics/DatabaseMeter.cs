// What one database does, as instruments that are read when somebody collects them.
using System.Diagnostics.Metrics;

namespace Millrace;

/// <summary>The instruments of one open database.</summary>
internal sealed class DatabaseMeter : IDisposable
{
    private readonly Meter _meter;
    private readonly Database _database;

    public DatabaseMeter(Database database, string name)
    {
        _database = database;
        _meter = new Meter(new MeterOptions(MillraceDiagnostics.Name) { Version = MillraceDiagnostics.Version, Tags = [new("millrace.database", name)] });
        _meter.CreateObservableCounter("millrace.rows.ingested", () => Read(s => s.IngestRowsTotal), "{row}", "Rows that came into streams and tables.");
        _meter.CreateObservableCounter("millrace.commits", () => Read(s => s.CommitsTotal), "{commit}", "Group commits.");
        _meter.CreateObservableGauge("millrace.log.size", () => Read(s => s.LogBytes), "By", "Bytes of the log.");
        _meter.CreateObservableGauge("millrace.disk.size", () => Read(s => s.DiskBytes), "By", "Bytes of log and checkpoints.");
        _meter.CreateObservableUpDownCounter("millrace.subscriptions", () => Read(s => s.Subscriptions), "{subscription}", "Live queries that run.");
        _meter.CreateObservableCounter("millrace.object.changes", () => Each(o => o.ChangesTotal), "{row}", "Rows of change that an object has given out.");
        _meter.CreateObservableGauge("millrace.object.memory", () => Each(o => o.Bytes), "By", "Bytes that an object holds in memory.");
        _meter.CreateObservableCounter("millrace.object.late_rows", () => Each(o => o.LateRows), "{row}", "Rows that came too late to count.");
        _meter.CreateObservableGauge("millrace.object.lag", Lags, "s", "How far the watermark of an object is behind the clock.");
    }

    public void Dispose() => _meter.Dispose();

    private long Read(Func<DatabaseStatistics, long> one) => one(_database.Statistics());

    private IEnumerable<Measurement<long>> Each(Func<ObjectStatistics, long> one)
    {
        var names = _database.Catalog;
        return _database.Statistics().Objects.Where(o => names.Find(o.Id) is not null).Select(o => new Measurement<long>(one(o), Named(names.Find(o.Id)!.FullName))).ToList();
    }

    private IEnumerable<Measurement<double>> Lags()
    {
        var names = _database.Catalog;
        long now = _database.NowMicros;
        return _database.Statistics().Objects.Where(o => o.WatermarkMicros is not null && names.Find(o.Id) is not null)
            .Select(o => new Measurement<double>(Math.Max(0, now - o.WatermarkMicros!.Value) / 1e6, Named(names.Find(o.Id)!.FullName))).ToList();
    }

    private static KeyValuePair<string, object?> Named(string name) => new("millrace.object", name);
}
