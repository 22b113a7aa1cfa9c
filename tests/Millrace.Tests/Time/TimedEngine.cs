// An engine on a clock that tests move: rows of (k, v, at) in, rows of views out, time passing by itself in between.
using Millrace.Core;
using Millrace.Engine;
using Millrace.Sim;
using Millrace.Sql;
using Millrace.Tests.Engine;

namespace Millrace.Tests.Time;

internal sealed class TimedEngine
{
    public const long Second = 1_000_000;
    public const long Minute = 60 * Second;
    public const long Hour = 60 * Minute;

    private readonly EngineOnSimDisk _engine = new(new SimDisk(7) { CompleteAtOnce = true });

    public DatabaseEngine Engine => _engine.Engine;

    public long Now => _engine.Clock.UtcNowMicros;

    public void Define(params string[] statements)
    {
        foreach (string sql in statements)
        {
            _engine.Define(sql);
        }
    }

    /// <summary>Lets time pass: the engine does by itself what is due on the way, as its thread would wake up for it.</summary>
    public void Pass(long micros)
    {
        long end = Now + micros;
        while (Engine.DueMicros <= end)
        {
            long due = Engine.DueMicros;
            _engine.Clock.JumpTo(Math.Max(Now, due));
            _engine.Settle();
            Assert(Engine.DueMicros > due, "time stands still: what is due stays due");
        }

        _engine.Clock.JumpTo(end);
        _engine.Settle();
    }

    public void JumpClock(long micros) => _engine.Clock.JumpTo(Now + micros);

    public void Settle() => _engine.Settle();

    /// <summary>Appends to a stream, or upserts into a table, columns (int k, bigint v, timestamptz or timestamp at).</summary>
    public void Write(string name, params (int K, long V, long? At)[] rows) => _engine.Ask(new WriteRequest([Entry(name, rows)]));

    public void Delete(string name, params (int K, long V, long? At)[] rows)
    {
        WriteEntry entry = Entry(name, rows);
        var weights = new long[rows.Length];
        Array.Fill(weights, -1);
        _engine.Ask(new WriteRequest([entry with { Rule = WriteRule.Change, Batch = new Batch(entry.Batch.Columns, rows.Length, weights) }]));
    }

    public void Checkpoint() => _engine.Ask(new CheckpointRequest());

    public void Reopen(bool crash) => _engine.Reopen(crash);

    public T Ask<T>(Request<T> request) => _engine.Ask(request);

    public BoundStatement Bind(string sql) => DatabaseEngine.Bind(Millrace.Sql.Syntax.SqlParser.Parse(sql)[0], Engine.Current.Catalog, sql);

    public ViewState View(string name) => (ViewState)Engine.Objects.Single(o => o.Definition.Name == name);

    /// <summary>The rows of an object as they stand, as text, sorted.</summary>
    public List<string> Read(string name)
    {
        DatabaseSnapshot snapshot = Engine.Current;
        CatalogObject o = snapshot.Catalog.Find(null, name)!;
        var lines = new List<string>();
        foreach (Batch batch in snapshot.Find(o.Id).Scan(snapshot.Load))
        {
            for (int i = 0; i < batch.Count; i++)
            {
                lines.AddRange(Enumerable.Repeat(SimText.Row(batch, i, o.Columns.Count - o.HiddenColumns), checked((int)batch.Weight(i))));
            }
        }

        lines.Sort(StringComparer.Ordinal);
        return lines;
    }

    private static void Assert(bool holds, string message) => Xunit.Assert.True(holds, message);

    private WriteEntry Entry(string name, (int K, long V, long? At)[] rows)
    {
        CatalogObject target = Engine.Current.Catalog.Find(null, name)!;
        var builder = new BatchBuilder(target.Columns);
        foreach ((int k, long v, long? at) in rows)
        {
            ((FixedBuilder<int>)builder.Columns[0]).Append(k);
            ((FixedBuilder<long>)builder.Columns[1]).Append(v);
            if (at is { } time)
            {
                ((FixedBuilder<long>)builder.Columns[2]).Append(time);
            }
            else
            {
                builder.Columns[2].AppendNull();
            }

            builder.EndRow();
        }

        return new WriteEntry(target.Id, builder.ToBatch(), target.Kind == Millrace.Sql.ObjectKind.Stream ? WriteRule.Append : WriteRule.Overwrite);
    }
}
