// Columns that the engine numbers: serial and its kin, GENERATED … AS IDENTITY.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>Binds identity columns.</summary>
internal static class IdentityColumns
{
    private static readonly Dictionary<string, string> Serials = new()
    {
        ["serial"] = "int4",
        ["serial4"] = "int4",
        ["bigserial"] = "int8",
        ["serial8"] = "int8",
        ["smallserial"] = "int2",
        ["serial2"] = "int2",
    };

    /// <summary>The definition with serial columns written as what they stand for.</summary>
    public static Syntax.CreateTableStatement Spelled(Syntax.CreateTableStatement s) =>
        s.Columns.Any(c => SerialOf(c) is not null) ? s with { Columns = [.. s.Columns.Select(c => SerialOf(c) is { } type ? Spelled(c, type) : c)] } : s;

    private static string? SerialOf(Syntax.ColumnDef c) => c.Type is { ArrayDimensions: 0, Name: { Parts.Count: 1 } name } ? Serials.GetValueOrDefault(name.Last) : null;

    private static Syntax.ColumnDef Spelled(Syntax.ColumnDef c, string type) => c.Identity || c.Default is not null
        ? throw new SqlException("42601", $"multiple default values specified for column \"{c.Name.Text}\"", c.Position, "serial numbers it already")
        : c with
        {
            Type = c.Type! with { Name = new Syntax.ObjectName([new Syntax.Name(type) { Position = c.Type.Position }]) { Position = c.Type.Position } },
            NotNull = true,
            Identity = true,
            IdentityByDefault = true,
        };

    /// <summary>The rules of a table.</summary>
    public static IReadOnlyList<IdentityRule> Of(Syntax.CreateTableStatement s, IReadOnlyList<Field> fields, IReadOnlyList<ScalarExpr?> generated, bool stream)
    {
        List<IdentityRule> rules = [];
        foreach ((int i, Syntax.ColumnDef c) in s.Columns.Index().Where(c => c.Item.Identity))
        {
            if (stream)
            {
                throw new SqlException("0A000", $"a stream does not number its column \"{c.Name.Text}\"", c.Position, "its rows have offsets in their order; number them in a table");
            }

            if (c.Default is not null || c.Generated is not null)
            {
                throw new SqlException("42601", $"both {(c.Default is null ? "generation expression" : "default")} and identity specified for column \"{c.Name.Text}\"", c.Position);
            }

            if (fields[i].Type.Id is not (TypeId.SmallInt or TypeId.Integer or TypeId.BigInt))
            {
                throw new SqlException("22023", "identity column type must be smallint, integer, or bigint", c.Position);
            }

            if (generated.Any(g => g is not null && ExprMap.Columns(g).Contains(i)))
            {
                throw new SqlException("0A000", $"a column computed from the identity column \"{c.Name.Text}\" is not supported", c.Position, "compute it in a view");
            }

            rules.Add(new IdentityRule(i, !c.IdentityByDefault, c.IdentityStart));
        }

        return rules.TrueForAll(r => r.Start == rules[0].Start) ? rules
            : throw new SqlException("0A000", "identity columns of one table begin at the same number", s.Position, "they are numbered together, row by row");
    }

    /// <summary>Refuses a value for a column that is always generated.</summary>
    public static void CheckNotGiven(CatalogObject target, int column, int position)
    {
        if (target.IdentityAt(column) is { Always: true })
        {
            string name = target.Columns[column].Name;
            throw new SqlException("428C9", $"cannot insert a non-DEFAULT value into column \"{name}\"", position, "Use OVERRIDING SYSTEM VALUE to override.",
                $"Column \"{name}\" is an identity column defined as GENERATED ALWAYS.");
        }
    }
}
