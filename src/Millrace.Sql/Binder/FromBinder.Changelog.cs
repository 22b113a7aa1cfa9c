// CHANGELOG in FROM.
using Millrace.Core;

namespace Millrace.Sql;

internal sealed partial class FromBinder
{
    private FromItem Changelog(Syntax.ChangelogTable changelog, FromItem input)
    {
        if (!context.FollowsChanges)
        {
            throw new SqlException("0A000", "a SELECT that runs once sees no changes", context.IsInsideView ? -1 : changelog.Position,
                "CREATE STREAM name AS CHANGELOG FROM table keeps them; SUBSCRIBE (CHANGELOG FROM table) follows them");
        }

        IReadOnlyList<Field> added = ChangelogPlan.Added(changelog.Numbered);
        if (added.FirstOrDefault(f => input.Columns.Any(c => c.Name == f.Name)) is { } twice)
        {
            throw new SqlException("42701", $"CHANGELOG adds a column \"{twice.Name}\", and there is one already", changelog.Position,
                $"give it another name: CHANGELOG((SELECT {twice.Name} AS other, … FROM …))");
        }

        var plan = new ChangelogPlan(input.Plan, changelog.Numbered) { OnlyChanges = changelog.OnlyChanges };
        ScopeColumn[] all = [.. input.Columns, .. added.Select((f, i) => new ScopeColumn(f.Name, Plans.Column(plan, input.Plan.Columns.Count + i), false))];
        string? alias = changelog.Alias?.Name.Text ?? (input.Tables.Count == 1 ? input.Tables[0].Name : null);
        if (changelog.Alias is { Columns.Count: > 0 } renamed)
        {
            int shown = 0;
            all = [.. all.Select(c => c.Hidden || shown >= renamed.Columns.Count ? c : c with { Name = renamed.Columns[shown++].Text })];
        }

        return new FromItem(plan, [new ScopeTable(alias, null, all, null)], all);
    }
}
