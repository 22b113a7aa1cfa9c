// WITH RECURSIVE, of queries that run once.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>
/// The rows of a common table that names itself: those of a first query, then again and again those of a second one over the rows that came last, until none come.
/// Whoever runs the query puts the rows in its place. To the rules it has no inputs: they run over each of the two queries for itself.
/// </summary>
/// <param name="First">The first query.</param>
/// <param name="Step">The second.</param>
/// <param name="Working">What stands in the second for the rows that came last.</param>
/// <param name="Distinct">UNION: a row that has come already does not come again.</param>
public sealed record RecursivePlan(PlanNode First, PlanNode Step, WorkingPlan Working, bool Distinct) : PlanNode(Working.Columns)
{
    /// <inheritdoc/>
    public override IReadOnlyList<PlanNode> Inputs => [];

    /// <inheritdoc/>
    public override bool AppendOnly => true;

    /// <inheritdoc/>
    public override IReadOnlyList<int>? Key => null;
}

/// <summary>In the second query of a <see cref="RecursivePlan"/>: the rows that came last.</summary>
/// <param name="Name">The common table.</param>
/// <param name="Columns">Its columns.</param>
public sealed record WorkingPlan(string Name, Schema Columns) : PlanNode(Columns)
{
    /// <inheritdoc/>
    public override IReadOnlyList<PlanNode> Inputs => [];

    /// <inheritdoc/>
    public override bool AppendOnly => true;

    /// <inheritdoc/>
    public override IReadOnlyList<int>? Key => null;
}

/// <summary>Rows that are there already.</summary>
/// <param name="Batches">The rows.</param>
/// <param name="Columns">Their columns.</param>
public sealed record RowsPlan(IReadOnlyList<Batch> Batches, Schema Columns) : PlanNode(Columns)
{
    /// <inheritdoc/>
    public override IReadOnlyList<PlanNode> Inputs => [];

    /// <inheritdoc/>
    public override bool AppendOnly => true;

    /// <inheritdoc/>
    public override IReadOnlyList<int>? Key => null;
}
