// The names an expression may use: the columns of FROM, and through a frame those of the queries around.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>A column that a name may stand for.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Value">Its value, over the row of FROM.</param>
/// <param name="Hidden">True when only its own name finds it, not *.</param>
internal sealed record ScopeColumn(string Name, ScalarExpr Value, bool Hidden);

/// <summary>An item of FROM by its name.</summary>
/// <param name="Name">The alias, or the table's own name; null when it has none.</param>
/// <param name="Schema">The schema, when it was not given an alias.</param>
/// <param name="Columns">Its columns.</param>
/// <param name="Object">The object, where it is one with a primary key that makes its other columns depend on it.</param>
internal sealed record ScopeTable(string? Name, string? Schema, IReadOnlyList<ScopeColumn> Columns, CatalogObject? Object);

/// <summary>The names an expression may use.</summary>
/// <param name="tables">The items of FROM.</param>
/// <param name="columns">What unqualified names and * stand for, in order: columns merged by USING occur once.</param>
/// <param name="parent">The names around, or null.</param>
/// <param name="frame">Through which <paramref name="parent"/>'s row is seen; null without parent.</param>
internal sealed class Scope(IReadOnlyList<ScopeTable> tables, IReadOnlyList<ScopeColumn> columns, Scope? parent, Frame? frame)
{
    // What RisingWave calls the hidden key of a table without one, and what it is called here.
    private const string RowId = "_row_id";
    private const string HiddenRowId = "_rowid";

    public IReadOnlyList<ScopeTable> Tables { get; } = tables;

    public IReadOnlyList<ScopeColumn> Columns { get; } = columns;

    public Scope? Parent { get; } = parent;

    public Frame? Frame { get; } = frame;

    /// <summary>A scope without columns of its own.</summary>
    public static Scope Empty(Scope? parent, Frame? frame) => new([], [], parent, frame);

    /// <summary>An unqualified column; null when there is none.</summary>
    /// <exception cref="SqlException">42702 when there are several.</exception>
    public ScalarExpr? Find(string name, int position) => Resolve(s => s.FindLocal(name, position));

    /// <summary>A qualified column; null when there is no such table or it has no such column.</summary>
    /// <exception cref="SqlException">42702 when there are several.</exception>
    public ScalarExpr? Find(string? schema, string table, string name, int position) => Resolve(s => s.FindLocal(schema, table, name, position));

    /// <summary>The whole row of a table; null when there is no such table.</summary>
    public ScalarExpr? FindRow(string table) => Resolve(s => s.FindTable(null, table) is not { } t ? null : new RowExpr(
        [.. t.Columns.Where(c => !c.Hidden).Select(c => c.Value)],
        SqlType.RowOf([.. t.Columns.Where(c => !c.Hidden).Select(c => new Field(c.Name, c.Value.Type))])));

    /// <summary>A table by name in this scope; null when there is none.</summary>
    public ScopeTable? FindTable(string? schema, string name) =>
        Tables.FirstOrDefault(t => t.Name == name && (schema is null || (t.Schema ?? "public") == schema));

    /// <summary>A table by name in this scope or those around.</summary>
    public ScopeTable? FindTableAnywhere(string? schema, string name) => FindTable(schema, name) ?? Parent?.FindTableAnywhere(schema, name);

    /// <summary>Names for a hint: every column as it would have to be written.</summary>
    public IEnumerable<string> Candidates(string? table)
    {
        IEnumerable<string> own = table is null
            ? Columns.Select(c => c.Name)
            : Tables.Where(t => t.Name == table).SelectMany(t => t.Columns).Select(c => c.Name);
        return Parent is null ? own : own.Concat(Parent.Candidates(table));
    }

    /// <summary>Every table name, for a hint.</summary>
    public IEnumerable<string> TableNames() => Tables.Select(t => t.Name ?? "").Concat(Parent?.TableNames() ?? []).Where(n => n.Length > 0);

    /// <summary>How a message names an input column.</summary>
    public string Describe(int column)
    {
        foreach (ScopeTable table in Tables)
        {
            foreach (ScopeColumn c in table.Columns)
            {
                if (c.Value is ColumnExpr e && e.Index == column)
                {
                    return table.Name is null ? c.Name : table.Name + "." + c.Name;
                }
            }
        }

        return Columns.FirstOrDefault(c => c.Value is ColumnExpr e && e.Index == column)?.Name ?? "?column?";
    }

    private ScalarExpr? Resolve(Func<Scope, ScalarExpr?> find)
    {
        if (find(this) is { } local)
        {
            return local;
        }

        if (Parent?.Resolve(find) is not { } outer)
        {
            return null;
        }

        return ExprMap.Any(outer, e => e is ColumnExpr) ? Frame!.Add(outer) : outer;
    }

    private ScalarExpr? FindLocal(string name, int position)
    {
        ScopeColumn? found = null;
        foreach (ScopeColumn c in Columns)
        {
            if (c.Name != name)
            {
                continue;
            }

            if (found is not null)
            {
                IEnumerable<string> tables = Tables.Where(t => t.Columns.Any(x => x.Name == name)).Select(t => $"\"{t.Name}.{name}\"");
                throw new SqlException("42702", $"column reference \"{name}\" is ambiguous", position, "write " + string.Join(" or ", tables));
            }

            found = c;
        }

        return found?.Value ?? (name == RowId && Columns.Any(c => c is { Hidden: true, Name: HiddenRowId }) ? FindLocal(HiddenRowId, position) : null);
    }

    private ScalarExpr? FindLocal(string? schema, string table, string name, int position)
    {
        ScopeTable? t = FindTable(schema, table);
        if (t is null)
        {
            return null;
        }

        ScopeColumn[] found = [.. t.Columns.Where(c => c.Name == name)];
        found = found.Length == 0 && name == RowId ? [.. t.Columns.Where(c => c is { Hidden: true, Name: HiddenRowId })] : found;
        return found.Length switch
        {
            0 => null,
            1 => found[0].Value,
            _ => throw new SqlException("42702", $"column reference \"{table}.{name}\" is ambiguous", position),
        };
    }
}
