// An engine on a simulated disk for tests: statements and rows in, rows as text out, all stepped to the end.
using Millrace.Core;
using Millrace.Engine;
using Millrace.Log;
using Millrace.Sim;
using Millrace.Sql;
using Millrace.Sql.Syntax;

namespace Millrace.Tests.Engine;

internal sealed class EngineOnSimDisk
{
    private readonly SimClock _clock = new();
    private readonly SimRandom _random = new(99);

    private readonly long _sealRows;

    public EngineOnSimDisk(SimDisk disk, long sealRows = 1 << 20)
    {
        Disk = disk;
        _sealRows = sealRows;
        Open();
    }

    public SimDisk Disk { get; }

    public DatabaseEngine Engine { get; private set; } = null!;

    public void Open() => Engine = new DatabaseEngine(
        Disk, new EngineOptions { Clock = _clock, Log = new LogOptions { FileBytes = 4000, Random = _random.NextULong }, CheckpointLogBytes = long.MaxValue, TailBytesMax = 0, SealRows = _sealRows });

    /// <summary>As after kill −9, or after a loss of power.</summary>
    public void Reopen(bool crash = false)
    {
        if (crash)
        {
            Disk.Crash();
        }

        Disk.Restart();
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
        while (Engine.Step() || !Engine.IsIdle)
        {
            Disk.Poll();
        }
    }

    public void Define(string sql) => Ask(new DefinitionRequest(SqlParser.Parse(sql)[0], sql));

    /// <summary>Rows of (int, bigint), each with weight +1, into a stream, or over what a table has by the first column.</summary>
    public long Write(string name, params (int Key, long Value)[] rows) => Ask(new WriteRequest([Entry(name, rows)])).Epoch;

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
