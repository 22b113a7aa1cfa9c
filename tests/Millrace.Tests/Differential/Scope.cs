// What a generated expression may refer to.
namespace Millrace.Tests.Differential;

/// <summary>A column, or an expression that may be used like one (a group key, an aggregate).</summary>
/// <param name="Sql">How to write it.</param>
/// <param name="Kind">Its type.</param>
/// <param name="Dyadic">For doubles: multiples of ¼, whose sums are exact in any order.</param>
internal sealed record ColumnRef(string Sql, Kind Kind, bool Dyadic = true);

/// <summary>An output column of a query or relation.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Kind">Its type.</param>
/// <param name="Dyadic">See <see cref="ColumnRef"/>.</param>
/// <param name="Usable">
/// False when equal values may look different (1.0 and 1.00) or the last bits depend on the order of work: such a column is compared, but
/// nothing is grouped, ordered or filtered by it.
/// </param>
internal sealed record OutputColumn(string Name, Kind Kind, bool Dyadic = true, bool Usable = true);

/// <summary>A table or view.</summary>
internal sealed record Relation(string Name, IReadOnlyList<OutputColumn> Columns);

/// <summary>The columns in sight, those of the queries around included, and how many more subqueries may be nested.</summary>
internal sealed record Scope(IReadOnlyList<ColumnRef> Columns, int Subqueries = 0)
{
    public static readonly Scope Empty = new([]);

    public IReadOnlyList<ColumnRef> Of(Kind kind) => [.. Columns.Where(c => c.Kind == kind)];

    public Scope WithoutSubqueries() => this with { Subqueries = 0 };
}
