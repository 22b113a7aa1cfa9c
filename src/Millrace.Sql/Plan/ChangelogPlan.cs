// The changes of a relation as rows that are only ever added.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>
/// CHANGELOG: one row for each row that an epoch adds, removes or replaces, and first one for each row there is. Only in what is kept up to date: a
/// one-time SELECT sees no change. Columns: the input's, then those of <see cref="Added"/>.
/// </summary>
/// <param name="Input">Whose changes they are. Where it has a key, a row taken back and the row that comes in its place are an update.</param>
/// <param name="Numbered">True for RisingWave's columns: a number for the kind of change, and the order.</param>
public sealed record ChangelogPlan(PlanNode Input, bool Numbered) : PlanNode(new Schema([.. Input.Columns.Fields, .. Added(Numbered)]))
{
    /// <summary>True to begin with the first change: without a row for each row there is.</summary>
    public bool OnlyChanges { get; init; }

    /// <inheritdoc/>
    public override IReadOnlyList<PlanNode> Inputs => [Input];

    /// <inheritdoc/>
    public override bool AppendOnly => true;

    /// <inheritdoc/>
    public override IReadOnlyList<int>? Key => [Input.Columns.Count + (Numbered ? 1 : 0)];

    /// <summary>The columns behind the input's.</summary>
    public static IReadOnlyList<Field> Added(bool numbered) => numbered
        ? [new Field("changelog_op", SqlType.SmallInt, false), new Field("_changelog_row_id", SqlType.BigInt, false)]
        : [new Field("change_id", SqlType.BigInt, false), new Field("change_kind", SqlType.Text, false), new Field("change_time", SqlType.TimestampTz, false)];
}
