// An engine on a simulated disk for tests: statements and rows in, rows as text out, all stepped to the end.
using Millrace.Core;
using Millrace.Core.Io;
using Millrace.Engine;
using Millrace.Log;
using Millrace.Sim;
using Millrace.Sql;
using Millrace.Sql.Syntax;

namespace Millrace.Tests.Engine;

internal sealed class EngineOnSimDisk
{
    private readonly Queue<(PendingIo Done, Action Work)> _background = new();
    private readonly SimRandom _random = new(99);

    private readonly long _sealRows;

    private readonly Workers _workers;

    public EngineOnSimDisk(SimDisk disk, long sealRows = 1 << 20, Workers? workers = null)
    {
        _workers = workers ?? Workers.Alone;
        Disk = disk;
        _sealRows = sealRows;
        Open();
    }

    public SimDisk Disk { get; }

    public SimClock Clock { get; } = new();

    /// <summary>Bytes of rows that memory may keep, from the next <see cref="Reopen"/> on.</summary>
    public long TailBytesMax { get; init; }

    /// <summary>From how many bytes on sections of checkpoints are blocks beside them, from the next <see cref="Reopen"/> on.</summary>
    public long SectionBytesMin { get; set; } = 64;

    /// <summary>Work beside the engine waits for <see cref="RunBackground"/>, instead of being done at once. The disk must complete everything at once then.</summary>
    public bool HoldBackground { get; set; }

    /// <summary>The same for what writes checkpoints.</summary>
    public bool HoldCheckpoints { get; set; }

    public DatabaseEngine Engine { get; private set; } = null!;

    public void Open() => Engine = new DatabaseEngine(
        Disk, new EngineOptions
        {
            Clock = Clock,
            Log = new LogOptions { FileBytes = 4000, Random = _random.NextULong },
            CheckpointLogBytes = long.MaxValue,
            TailBytesMax = TailBytesMax,
            SealRows = _sealRows,
            Background = work => Begin(HoldBackground, work),
            Workers = _workers,
            SplitViews = true,
            WorkersRowsMin = 0,
            BackupThread = work => Begin(HoldBackground, work),
            CheckpointThread = work => Begin(HoldCheckpoints, work),
            PieceBytesMin = 64,
            SectionBytesMin = SectionBytesMin,
        });

    /// <summary>As after kill −9, or after a loss of power.</summary>
    public void Reopen(bool crash = false)
    {
        if (crash)
        {
            Disk.Crash();
        }

        Disk.Restart();
        _background.Clear();
        Open();
    }

    public T Ask<T>(Request<T> request)
    {
        Engine.Submit(request);
        Settle();
        return request.Task.GetAwaiter().GetResult();
    }

    public void Settle()
    {
        while (Engine.Step() || (_background.Count == 0 && !Engine.IsIdle))
        {
            Disk.Poll();
        }
    }

    /// <summary>Does what was held back, and lets the engine go on with it.</summary>
    public void RunBackground(int jobsMax = int.MaxValue)
    {
        while (jobsMax-- > 0 && _background.TryDequeue(out (PendingIo Done, Action Work) held))
        {
            Exception? error = null;
            try
            {
                held.Work();
            }
            catch (Exception e) when (e is DiskException or CorruptionException or SqlException)
            {
                error = e;
            }

            held.Done.Complete(error);
            Settle();
        }
    }

    private PendingIo Begin(bool hold, Action work)
    {
        if (!hold)
        {
            return EngineOptions.RunHere(work);
        }

        var done = new PendingIo();
        _background.Enqueue((done, work));
        return done;
    }

    public void Define(string sql) => Ask(new DefinitionRequest(SqlParser.Parse(sql)[0], sql));

    /// <summary>Rows of (int, bigint), each with weight +1, into a stream, or over what a table has by the first column.</summary>
    public long Write(string name, params (int Key, long Value)[] rows) => Ask(new WriteRequest([Entry(name, rows)])).Epoch;

    /// <summary>Rows of (int, bigint, timestamp) into a stream.</summary>
    public void WriteAt(string name, params (int Key, long Value, long Micros)[] rows)
    {
        CatalogObject target = Engine.Current.Catalog.Find(null, name)!;
        var builder = new BatchBuilder(target.Columns);
        foreach ((int key, long value, long micros) in rows)
        {
            ((FixedBuilder<int>)builder.Columns[0]).Append(key);
            ((FixedBuilder<long>)builder.Columns[1]).Append(value);
            ((FixedBuilder<long>)builder.Columns[2]).Append(micros);
            builder.EndRow();
        }

        Ask(new WriteRequest([new WriteEntry(target.Id, builder.ToBatch(), WriteRule.Append)]));
    }

    public WriteEntry Entry(string name, params (int Key, long Value)[] rows)
    {
        CatalogObject target = Engine.Current.Catalog.Find(null, name)!;
        var builder = new BatchBuilder(target.Columns);
        foreach ((int key, long value) in rows)
        {
            ((FixedBuilder<int>)builder.Columns[0]).Append(key);
            ((FixedBuilder<long>)builder.Columns[1]).Append(value);
            builder.EndRow();
        }

        return new WriteEntry(target.Id, builder.ToBatch(), target.Kind == Millrace.Sql.ObjectKind.Stream ? WriteRule.Append : WriteRule.Overwrite);
    }

    public BoundQuery Bind(string sql) => (BoundQuery)DatabaseEngine.Bind(SqlParser.Parse(sql)[0], Engine.Current.Catalog, sql);

    /// <summary>The second column (bigint) of a relation's rows, in the order they are read.</summary>
    public List<long> Values(string name)
    {
        DatabaseSnapshot snapshot = Engine.Current;
        return [.. snapshot.Find(snapshot.Catalog.Find(null, name)!.Id).Scan(snapshot.Load)
            .SelectMany(b => ((FixedColumn<long>)b.Columns[1]).Values.AsSpan(0, b.Count).ToArray())];
    }

    /// <summary>All rows of all objects, sorted, one line each.</summary>
    public List<string> Everything()
    {
        var lines = new List<string>();
        DatabaseSnapshot snapshot = Engine.Current;
        foreach (CatalogObject o in snapshot.Catalog.All.Where(o => o.Id > 0 && o.Kind is not (Millrace.Sql.ObjectKind.View or Millrace.Sql.ObjectKind.Index)))
        {
            foreach (Batch batch in snapshot.Find(o.Id).Scan(snapshot.Load))
            {
                for (int i = 0; i < batch.Count; i++)
                {
                    lines.Add($"{o.Name}: {SimText.Row(batch, i, batch.Columns.Length)} ×{batch.Weight(i)}");
                }
            }
        }

        lines.Sort(StringComparer.Ordinal);
        return lines;
    }
}
