// UNIQUE and CHECK as the catalog tells them.
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>UNIQUE or CHECK.</summary>
/// <param name="Oid">Its number.</param>
/// <param name="Name">Its name.</param>
/// <param name="Table">The table or stream.</param>
/// <param name="IsCheck">CHECK against UNIQUE.</param>
/// <param name="Columns">The columns it is about.</param>
/// <param name="Text">What it says, as SQL.</param>
internal sealed record RowRule(int Oid, string Name, CatalogObject Table, bool IsCheck, IReadOnlyList<int> Columns, string Text)
{
    /// <summary>UNIQUE and CHECK of every table, with their numbers.</summary>
    public static IEnumerable<RowRule> All(SystemContext context)
    {
        foreach (CatalogObject o in context.Catalog.All.Where(o => o.Uniques.Count + o.Checks.Count > 0).OrderBy(o => o.Id))
        {
            int first = Oids.FirstRuleOfRows + (o.Id * 32);
            foreach ((int n, UniqueRule u) in o.Uniques.Index())
            {
                yield return new RowRule(first + n, u.Name, o, false, u.Columns, $"UNIQUE ({string.Join(", ", u.Columns.Select(c => SqlNames.Quote(o.Columns[c].Name)))})");
            }

            foreach ((int n, CheckRule c) in o.Checks.Index())
            {
                yield return new RowRule(first + 16 + n, c.Name, o, true, c.Columns, $"CHECK ({PlanPrinter.Print(c.Condition, o.Columns)})");
            }
        }
    }
}
