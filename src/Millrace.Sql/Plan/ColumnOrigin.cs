// Where a column of a result comes from, when it is a column of a relation and not an expression.
namespace Millrace.Sql;

/// <summary>The column of a stream, table, view or system relation that a result's column is.</summary>
/// <param name="ObjectId">Identity of the relation; 0 for a column that is computed.</param>
/// <param name="Column">Which of its columns, from 0.</param>
public readonly record struct ColumnOrigin(int ObjectId, int Column)
{
    /// <summary>A column that is computed.</summary>
    public static readonly ColumnOrigin None;
}
