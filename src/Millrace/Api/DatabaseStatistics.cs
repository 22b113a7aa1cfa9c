// Counters of a running database, as the dashboard and /metrics show them.
namespace Millrace;

/// <summary>Counters of one object. Totals only grow while the process runs.</summary>
/// <param name="Id">Its identity in the catalog.</param>
/// <param name="RowsTotal">Rows that came in (streams, tables) or changes taken in (views).</param>
/// <param name="Rows">Rows held now; null where counting would cost.</param>
/// <param name="Bytes">Bytes held in memory.</param>
/// <param name="ChangesTotal">Rows of change given out.</param>
/// <param name="WatermarkMicros">Its watermark, µs since 1970, or null.</param>
/// <param name="Error">Why a view stands still, or null.</param>
/// <param name="LateRows">Rows that came too late to count, for views.</param>
public sealed record ObjectStatistics(int Id, long RowsTotal, long? Rows, long Bytes, long ChangesTotal, long? WatermarkMicros, string? Error, long LateRows = 0)
{
    /// <summary>Bytes of state of a view's operators.</summary>
    public long StateBytes { get; init; }
}

/// <summary>Counters of one alert. Totals only grow while the process runs.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Firing">Rows that ring.</param>
/// <param name="FiredTotal">Rows that began to ring.</param>
/// <param name="ResolvedTotal">Rows that ceased to, and that was told or given up.</param>
/// <param name="DeliveredTotal">Messages taken by the receiver.</param>
/// <param name="FailedTotal">Messages given up.</param>
/// <param name="RetriesTotal">Attempts that failed and are made again.</param>
/// <param name="Broken">True while its query cannot be followed or its table not be written.</param>
public sealed record AlertStatistics(
    string Name, int Firing, long FiredTotal, long ResolvedTotal, long DeliveredTotal, long FailedTotal, long RetriesTotal, bool Broken);

/// <summary>Counters of one operator of a view.</summary>
/// <param name="Id">Identity such as 5.0.</param>
/// <param name="Object">The view it belongs to.</param>
/// <param name="Name">What it is.</param>
/// <param name="Detail">Its keys and such.</param>
/// <param name="RowsIn">Rows of change taken in.</param>
/// <param name="RowsOut">Rows of change given out.</param>
/// <param name="StateRows">Rows of state.</param>
/// <param name="StateBytes">Bytes of state.</param>
/// <param name="Nanos">Time spent, ns.</param>
public sealed record OperatorStatistics(
    string Id, int Object, string Name, string Detail, long RowsIn, long RowsOut, long StateRows, long StateBytes, long Nanos);

/// <summary>An edge of the dataflow graph; ends are operator ids, or <c>object:N</c>.</summary>
/// <param name="From">Where it starts.</param>
/// <param name="To">Where it ends.</param>
/// <param name="Rows">Rows that went over it.</param>
public sealed record GraphEdge(string From, string To, long Rows);

/// <summary>The dataflow graph with its counters.</summary>
/// <param name="Operators">Operators of all views.</param>
/// <param name="Edges">Edges between objects and operators.</param>
public sealed record DataflowGraph(IReadOnlyList<OperatorStatistics> Operators, IReadOnlyList<GraphEdge> Edges);

/// <summary>Counters of the whole database.</summary>
/// <param name="Epoch">The newest epoch.</param>
/// <param name="UptimeSeconds">Since it was opened.</param>
/// <param name="MemoryBytes">Managed heap in use.</param>
/// <param name="DiskBytes">Free space is not counted: bytes of log and checkpoints.</param>
/// <param name="LogBytes">Bytes of the log.</param>
/// <param name="IngestRowsTotal">Rows that came in.</param>
/// <param name="CommitsTotal">Group commits.</param>
/// <param name="Subscriptions">Live subscriptions.</param>
/// <param name="Objects">One a stream, table, view.</param>
public sealed record DatabaseStatistics(
    long Epoch, double UptimeSeconds, long MemoryBytes, long DiskBytes, long LogBytes, long IngestRowsTotal, long CommitsTotal,
    int Subscriptions, IReadOnlyList<ObjectStatistics> Objects)
{
    /// <summary>One an alert that this process delivers, by name.</summary>
    public IReadOnlyList<AlertStatistics> Alerts { get; init; } = [];
}
