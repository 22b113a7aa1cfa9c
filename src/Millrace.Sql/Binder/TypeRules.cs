// PostgreSQL's type categories and the rules for the common type of UNION, CASE, COALESCE, VALUES.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>PostgreSQL's type categories and common-type rules.</summary>
internal static class TypeRules
{
    /// <summary>pg_type.typcategory.</summary>
    public static char Category(SqlType type) => type.Id switch
    {
        TypeId.Unknown => 'X',
        TypeId.Boolean => 'B',
        TypeId.SmallInt or TypeId.Integer or TypeId.BigInt or TypeId.Real or TypeId.Double or TypeId.Numeric => 'N',
        TypeId.Text => 'S',
        TypeId.Date or TypeId.Time or TypeId.Timestamp or TypeId.TimestampTz => 'D',
        TypeId.Interval => 'T',
        TypeId.Array => 'A',
        TypeId.Row => 'C',
        _ => 'U',
    };

    /// <summary>pg_type.typispreferred.</summary>
    public static bool IsPreferred(SqlType type) =>
        type.Id is TypeId.Boolean or TypeId.Double or TypeId.Text or TypeId.TimestampTz or TypeId.Interval;

    /// <summary>The type without declared precision.</summary>
    public static SqlType Plain(SqlType type) => type.Id is TypeId.Numeric or TypeId.Text && type.Precision >= 0 ? SqlType.Of(type.Id) : type;

    /// <summary>The common type of several expressions, or null when there is none.</summary>
    public static SqlType? Common(IReadOnlyList<SqlType> types, FunctionCatalog functions)
    {
        if (types.Count > 0 && types[0].Id != TypeId.Unknown && types.All(t => t.Equals(types[0])))
        {
            return types[0];
        }

        SqlType? chosen = null;
        foreach (SqlType declared in types)
        {
            SqlType type = Plain(declared);
            if (type.Id == TypeId.Unknown || (chosen is not null && type.SameAs(chosen)))
            {
                continue;
            }

            if (chosen is null)
            {
                chosen = type;
            }
            else if (type.Id == TypeId.Array && chosen.Id == TypeId.Array)
            {
                chosen = Common([chosen.Element!, type.Element!], functions) is { } element ? SqlType.ArrayOf(element) : null;
                if (chosen is null)
                {
                    return null;
                }
            }
            else if (type.Id == TypeId.Row && chosen.Id == TypeId.Row)
            {
                if (CommonRow(chosen, type, functions) is not { } row)
                {
                    return null;
                }

                chosen = row;
            }
            else if (Category(type) != Category(chosen))
            {
                return null;
            }
            else if (!IsPreferred(chosen) && IsImplicit(chosen, type, functions) && !IsImplicit(type, chosen, functions))
            {
                chosen = type;
            }
        }

        return chosen ?? SqlType.Text;
    }

    /// <summary>True when an expression of one type may stand where the other is wanted without CAST.</summary>
    public static bool IsImplicit(SqlType from, SqlType to, FunctionCatalog functions)
    {
        if (from.Id == TypeId.Unknown || from.SameAs(to))
        {
            return true;
        }

        if (from.Id == TypeId.Array && to.Id == TypeId.Array)
        {
            return IsImplicit(from.Element!, to.Element!, functions);
        }

        if (from.Id == TypeId.Row && to.Id == TypeId.Row)
        {
            return from.Fields!.Count == to.Fields!.Count && from.Fields.Zip(to.Fields).All(p => IsImplicit(p.First.Type, p.Second.Type, functions));
        }

        return from.Id != TypeId.Array && to.Id != TypeId.Array && from.Id != TypeId.Row && to.Id != TypeId.Row
            && functions.FindCast(from, to) is { Context: CastContext.Implicit };
    }

    private static SqlType? CommonRow(SqlType a, SqlType b, FunctionCatalog functions)
    {
        if (a.Fields!.Count != b.Fields!.Count)
        {
            return null;
        }

        var fields = new List<Field>();
        for (int i = 0; i < a.Fields.Count; i++)
        {
            if (Common([a.Fields[i].Type, b.Fields[i].Type], functions) is not { } type)
            {
                return null;
            }

            fields.Add(new Field(a.Fields[i].Name, type));
        }

        return SqlType.RowOf(fields);
    }
}
