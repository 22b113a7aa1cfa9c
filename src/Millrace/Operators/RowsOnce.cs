// Rows that are there already, given once in the first epoch.
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>Emits batches at the end of the first epoch and never again. Only in queries that run once.</summary>
/// <param name="batches">The rows; null where the plan is only shown.</param>
/// <param name="table">The common table that they are of, where the plan is only shown.</param>
/// <param name="columns">Their columns.</param>
internal sealed class RowsOnce(IReadOnlyList<Batch>? batches, string table, Schema columns) : Operator(columns)
{
    private bool _done;

    /// <inheritdoc/>
    public override string Name => batches is null ? "Recursive" : "Rows";

    /// <inheritdoc/>
    public override string Detail => table;

    /// <inheritdoc/>
    public override void Process(int port, Batch input, IOutput output) => Check.Fail("rows that are there have no input");

    /// <inheritdoc/>
    public override void EndEpoch(in EpochInfo epoch, IOutput output)
    {
        Check.That(batches is not null);
        foreach (Batch batch in _done ? [] : batches)
        {
            output.Emit(batch);
        }

        _done = true;
    }

    /// <inheritdoc/>
    public override void Save(ByteWriter writer) => Check.Fail("a query that runs once keeps no state");

    /// <inheritdoc/>
    public override void Load(ref ByteReader reader) => Check.Fail("a query that runs once keeps no state");
}
