// One stream with a generator: how many rows it owes, and what they are.
using Millrace.Core;
using Millrace.Generators.Nexmark;
using Millrace.Sql;

namespace Millrace.Generators;

/// <summary>How the making of a stream's rows goes.</summary>
/// <param name="ObjectId">The stream.</param>
/// <param name="Rows">Rows made since the database was opened.</param>
/// <param name="Skipped">Rows that were due and were passed over, because the database was behind by more than five seconds of them.</param>
/// <param name="Error">Why the last batch could not be written; null when it could.</param>
internal sealed record GeneratorReport(int ObjectId, long Rows, long Skipped, string? Error);

/// <summary>
/// Makes the rows that are due and waits until they are durable: one batch is under way at a time, so a database that cannot keep up is not buried. What it owes beyond
/// five seconds is passed over and counted.
/// </summary>
internal sealed class StreamGenerator(Database database, int id, long rowsBefore, long now)
{
    private const int RowsAtOnce = 1 << 16;
    private const long BehindMax = 5_000_000;

    // Where Nexmark's event 0 is: streams of one rate tell of the same auction, whenever they were made and started.
    private const long NexmarkStart = 1_767_225_600_000_000;

    private CatalogObject? _object;
    private GeneratorOption? _option;
    private RandomRows? _random;
    private BatchBuilder? _batch;
    private int[] _picked = [];
    private long _since = now;

    // Random: rows of this stretch of one rate, and the next row's number. Nexmark: the next event.
    private long _paced;
    private long _next = rowsBefore;
    private long _rows;
    private long _skipped;
    private volatile string? _error;

    /// <summary>How it goes; from any thread.</summary>
    public GeneratorReport Report => new(id, Interlocked.Read(ref _rows), Interlocked.Read(ref _skipped), _error);

    /// <summary>Makes what is due and writes it.</summary>
    public async Task StepAsync(long now, CancellationToken cancellation)
    {
        if (database.Catalog.Find(id) is not { } o)
        {
            return;
        }

        try
        {
            await MakeAsync(o, now, cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not (OperationCanceledException or ObjectDisposedException))
        {
            // Dropped meanwhile, or the disk is full: the next step sees. A fault of ours is told here too, and other generators go on.
            _error = e is SqlException ? e.Message : $"{e.GetType().Name}: {e.Message}";
        }
    }

    private async Task MakeAsync(CatalogObject o, long now, CancellationToken cancellation)
    {
        Prepare(o, now);
        while (Due(now) is > 0 and var due)
        {
            int events = (int)Math.Min(due, RowsAtOnce);
            Batch rows = _option!.Name == "nexmark" ? Nexmark(events) : Random(events);
            if (rows.Count > 0)
            {
                await database.AppendAsync(o.Name, rows, cancellation).ConfigureAwait(false);
            }

            _error = null;
            Interlocked.Add(ref _rows, rows.Count);
            _next += events;
            _paced += events;
        }
    }

    private void Prepare(CatalogObject o, long now)
    {
        if (ReferenceEquals(o, _object))
        {
            return;
        }

        GeneratorOption option = GeneratorOption.Of(o)!;
        bool isOtherRate = _option is not null && _option.Rate != option.Rate;
        (_since, _paced) = isOtherRate ? (now, 0) : (_since, _paced);
        if (option.Name == "nexmark" && (isOtherRate || _option is null))
        {
            _next = EventAt(_since, option.Rate);
        }

        (_object, _option) = (o, option);
        Field[] columns = [.. o.Columns.Fields.Take(o.Columns.Count - o.HiddenColumns)];
        if (option.Name == "nexmark")
        {
            Schema events = option.Events switch
            {
                "person" => NexmarkGenerator.Person,
                "auction" => NexmarkGenerator.Auction,
                _ => NexmarkGenerator.Bid,
            };
            _batch = new BatchBuilder(events);
            _picked = [.. columns.Select((c, i) => o.GeneratedAt(i) is null && events.IndexOf(c.Name) is >= 0 and var at && events[at].Type.SameAs(c.Type) ? at : -1)];
        }
        else
        {
            _batch = new BatchBuilder(new Schema(columns));
            _random = new RandomRows(columns, o.EventTime, option.Seed);
        }
    }

    private long Due(long now)
    {
        long rate = _option!.Rate;
        if (rate == 0)
        {
            return 0;
        }

        if (now < _since - BehindMax)
        {
            // The clock went back: from here on.
            (_since, _paced) = (now, 0);
        }

        bool isNexmark = _option.Name == "nexmark";
        long due = isNexmark ? EventAt(now, rate) - _next : (long)((Int128)(now - _since) * rate / 1_000_000) - _paced;
        long most = Math.Max(1, (long)((Int128)rate * BehindMax / 1_000_000));
        if (due > most)
        {
            long passed = due - most;
            Interlocked.Add(ref _skipped, passed);
            _paced += passed;
            _next += isNexmark ? passed : 0;
            due = most;
        }

        return due;
    }

    private Batch Random(int rows)
    {
        _batch!.Reset();
        for (int i = 0; i < rows; i++)
        {
            _random!.Append(_batch, _next + i, _since + (long)((Int128)(_paced + i + 1) * 1_000_000 / _option!.Rate));
        }

        return _batch.ToBatch();
    }

    private Batch Nexmark(int events)
    {
        _batch!.Reset();
        var generator = new NexmarkGenerator(new NexmarkOptions { Rate = _option!.Rate, BaseTimeMicros = NexmarkStart, FirstEvent = _next });
        generator.Generate(events, _option.Events == "person" ? _batch : null, _option.Events == "auction" ? _batch : null, _option.Events == "bid" ? _batch : null);
        Batch all = _batch.ToBatch();
        return new Batch([.. _picked.Select((at, i) => at >= 0 ? all.Columns[at] : Nulls(_object!.Columns[i].Type, all.Count))], all.Count);
    }

    private static Column Nulls(SqlType type, int rows)
    {
        ColumnBuilder builder = ColumnBuilder.For(type);
        for (int i = 0; i < rows; i++)
        {
            builder.AppendNull();
        }

        return builder.ToColumn();
    }

    private static long EventAt(long now, long rate) => rate == 0 ? 0 : Math.Max(0, (long)((Int128)(now - NexmarkStart) * rate / 1_000_000));
}
