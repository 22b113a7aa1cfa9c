// An engine on a simulated disk and clock with a stream, its twin without retention, and queries that are read with rollups or without.
using Millrace.Core;
using Millrace.Engine;
using Millrace.Sim;
using Millrace.Sql;
using Millrace.Tests.Engine;

namespace Millrace.Tests.Rollups;

internal sealed class RollupEngine(ulong seed, long sealRows)
{
    public const long Second = 1_000_000;
    public const long Minute = 60 * Second;
    public const long Hour = 60 * Minute;
    public const long Day = 24 * Hour;

    private readonly EngineOnSimDisk _engine = new(new SimDisk(seed), sealRows);

    public EngineOnSimDisk Db => _engine;

    public long Now => _engine.Clock.UtcNowMicros;

    public DatabaseSnapshot Snapshot => _engine.Engine.Current;

    /// <summary>Appends rows of int k, text g, bigint v, double d, timestamptz at, by column position.</summary>
    public void Append(string stream, IReadOnlyList<object?[]> rows)
    {
        CatalogObject target = Snapshot.Catalog.Find(null, stream)!;
        var builder = new BatchBuilder(target.Columns);
        foreach (object?[] row in rows)
        {
            for (int c = 0; c < row.Length; c++)
            {
                BoxedValue.Append(builder.Columns[c], row[c]);
            }

            builder.EndRow();
        }

        _engine.Ask(new WriteRequest([new WriteEntry(target.Id, builder.ToBatch(), WriteRule.Append)]));
    }

    /// <summary>The rows of a query as text, sorted, and what came from where.</summary>
    public (List<string> Rows, IReadOnlyList<RollupReport> Reports) Read(string sql, RollupMode mode)
    {
        DatabaseSnapshot snapshot = Snapshot;
        BoundQuery query = _engine.Bind(sql);
        var context = new EvalContext { NowMicros = Now };
        query = query with { Plan = FoldStable.Apply(query.Plan, e => ConstantFolder.Evaluate(e, context)) };
        (query, IReadOnlyList<RollupReport> reports) = RollupReading.Of(query, snapshot, mode, context, _ => false);
        Dataflow flow = PlanCompiler.Compile(query.Plan, EvalErrors.Throw, context);
        var lines = new List<string>();
        foreach (Batch batch in QueryRunner.Run(flow, query, snapshot, Now, RowSource.Of(snapshot, () => new EvalContext()), CancellationToken.None))
        {
            for (int i = 0; i < batch.Count; i++)
            {
                lines.Add(SimText.Row(batch, i, query.Columns.Count));
            }
        }

        lines.Sort(StringComparer.Ordinal);
        return (lines, reports);
    }
}
