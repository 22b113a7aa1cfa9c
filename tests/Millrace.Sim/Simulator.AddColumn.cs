// ALTER … ADD COLUMN as an act: rows that are there, and rows under way, have in it what the statement says.
using System.Collections.Immutable;

namespace Millrace.Sim;

internal sealed partial class Simulator
{
    private DefinitionAct? AddColumn(Model model)
    {
        SimObject[] relations = [.. model.Objects.Values.Where(o => o.Kind == SimKind.Stream || (o.Kind == SimKind.Table && !o.IsBag))];
        if (relations.Length == 0)
        {
            return null;
        }

        SimObject o = relations[_random.Next(relations.Length)];
        var added = new List<SimColumn>();
        var actions = new List<string>();
        for (int count = _random.OneIn(4) ? 2 : 1; count > 0; count--)
        {
            (SimColumn column, string sql) = NewColumn();
            added.Add(column);
            actions.Add("ADD COLUMN " + sql);
        }

        // One that is there already, passed over.
        if (_random.OneIn(5))
        {
            actions.Insert(0, $"ADD COLUMN IF NOT EXISTS {o.Columns[0].Name} text");
        }

        return new DefinitionAct($"ALTER {KindSql(o)} {o.Name} {string.Join(", ", actions)}", m =>
        {
            if (m.Find(o.Name) is not { } found || found.Kind != o.Kind)
            {
                return (m, "42P01");
            }

            if (found.IsBag)
            {
                return (m, "0A000");
            }

            // The first column may have been renamed meanwhile: then it is not passed over.
            SimColumn[] passed = actions.Count > added.Count && found.Columns.All(c => c.Name != o.Columns[0].Name)
                ? [new SimColumn(o.Columns[0].Name, SimType.Text, Role.Extra, true)] : [];
            SimColumn[] columns = [.. passed, .. added];
            object?[] Wider(object?[] row) => [.. row, .. columns.Select(c => c.Before)];
            return (m with
            {
                Objects = m.Objects.SetItem(found.Id, found with { Columns = [.. found.Columns, .. columns] }),
                Streams = m.Streams.TryGetValue(found.Id, out var rows) ? m.Streams.SetItem(found.Id, [.. rows.Select(Wider)]) : m.Streams,
                Tables = m.Tables.TryGetValue(found.Id, out var table)
                    ? m.Tables.SetItem(found.Id, table.ToImmutableSortedDictionary(r => r.Key, r => Wider(r.Value), StringComparer.Ordinal)) : m.Tables,
            }, null);
        });
    }

    private (SimColumn Column, string Sql) NewColumn()
    {
        string name = $"e{_random.Next(1_000_000)}";
        SimType type = _random.Next(5) switch { 0 => SimType.BigInt, 1 => SimType.Text, 2 => SimType.Double, 3 => SimType.Boolean, _ => SimType.Integer };
        object value = AnyValue(type);
        bool given = _random.OneIn(2);
        bool nullable = !given || _random.OneIn(2);
        string literal = $"'{SimText.Value(value, type).Replace("'", "''", StringComparison.Ordinal)}'";
        string sql = $"{name} {SimColumn.SqlOf(type)}{(given ? " DEFAULT " + literal : "")}{(nullable ? "" : " NOT NULL")}";
        return (new SimColumn(name, type, Role.Extra, nullable) { Before = given ? value : null }, sql);
    }

    private object AnyValue(SimType type) => type switch
    {
        SimType.Boolean => _random.OneIn(2),
        SimType.Double => (_random.Between(-20, 20) / 4.0) + 0.0,
        SimType.Text => _words[_random.Next(_words.Length)],
        _ => (long)_random.Next(100),
    };
}
