// A query's dataflow on its own: bound from SQL as a view's would be, fed by hand.
using Millrace.Core;
using Millrace.Engine;
using Millrace.Sql;
using Millrace.Sql.Syntax;

namespace Millrace.Bench;

/// <summary>A dataflow and the order its inputs come in.</summary>
internal sealed class Compiled
{
    private readonly Dataflow _flow;
    private readonly Dictionary<string, int> _inputs;
    private readonly long[] _watermarks;
    private long _epoch;

    public Compiled(Database database, string sql)
    {
        var query = (BoundQuery)DatabaseEngine.Bind(SqlParser.Parse(sql)[0], database.Catalog, sql, null);
        _flow = PlanCompiler.Compile(query.Plan, EvalErrors.Null);
        _flow.Sink = batch => RowsOut += batch.Count;
        _inputs = Enumerable.Range(0, _flow.Inputs.Count).ToDictionary(i => _flow.Inputs[i].Name, i => i);
        _watermarks = new long[_flow.Inputs.Count];
        Array.Fill(_watermarks, long.MinValue);
        _flow.BeginEpoch(0);
    }

    /// <summary>Rows of change given.</summary>
    public long RowsOut { get; private set; }

    /// <summary>The operators and what each has cost.</summary>
    public IReadOnlyList<string> Explain => _flow.Explain(analyze: true);

    /// <summary>Feeds a batch; an object the query does not read is passed over.</summary>
    public void Push(string input, Batch batch)
    {
        if (_inputs.TryGetValue(input, out int at))
        {
            _flow.Push(at, batch);
        }
    }

    /// <summary>Ends an epoch.</summary>
    public void EndEpoch() => _flow.EndEpoch(++_epoch, 0, _watermarks);
}
