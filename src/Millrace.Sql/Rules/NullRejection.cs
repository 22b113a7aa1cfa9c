// Whether a condition can be true for the nulls an outer join makes up: if not, the join need not be outer.
namespace Millrace.Sql;

/// <summary>Decides whether a condition can be true when some columns are all null.</summary>
internal static class NullRejection
{
    /// <summary>True when the condition is surely not true where all the columns are null.</summary>
    public static bool Rejects(ScalarExpr term, Func<int, bool> isNulled) => term switch
    {
        AndExpr and => and.Arguments.Any(a => Rejects(a, isNulled)),
        OrExpr or => or.Arguments.All(a => Rejects(a, isNulled)),
        IsNullExpr { Negated: true } test => IsNull(test.Argument, isNulled),
        _ => IsNull(term, isNulled),
    };

    /// <summary>True when the value is surely null where all the columns are null.</summary>
    private static bool IsNull(ScalarExpr expr, Func<int, bool> isNulled) => expr switch
    {
        ColumnExpr c => isNulled(c.Index),
        CallExpr { Function.Strict: true } call => call.Arguments.Any(a => IsNull(a, isNulled)),
        NotExpr not => IsNull(not.Argument, isNulled),
        InListExpr list => IsNull(list.Argument, isNulled),
        FieldExpr field => IsNull(field.Row, isNulled),
        _ => false,
    };
}
