// What the simulator knows of an object of the database: its columns by role, and for a view how to compute it by brute force.
using System.Globalization;
using Millrace.Core;

namespace Millrace.Sim;

/// <summary>The types the simulator writes: integers and timestamps (µs) are long, text is string, boolean bool, double precision double.</summary>
internal enum SimType
{
    Integer,
    BigInt,
    Text,
    Timestamp,
    Boolean,
    Double,
}

/// <summary>What a column is good for in a query.</summary>
internal enum Role
{
    /// <summary>Part of a primary key.</summary>
    Id,
    /// <summary>Few values: to group and join by.</summary>
    Key,
    /// <summary>A number to sum and compare.</summary>
    Value,
    Text,
    /// <summary>Event time.</summary>
    Time,
    /// <summary>Carried along.</summary>
    Extra,
}

internal sealed record SimColumn(string Name, SimType Type, Role Role, bool Nullable)
{
    /// <summary>What rows have in it that were there, or under way, when it was added.</summary>
    internal object? Before { get; init; }

    internal static string SqlOf(SimType type) => type switch
    {
        SimType.Integer => "int",
        SimType.BigInt => "bigint",
        SimType.Text => "text",
        SimType.Timestamp => "timestamp",
        SimType.Boolean => "boolean",
        _ => "double precision",
    };
}

internal enum SimKind
{
    Stream,
    Table,
    View,
    Index,
}

/// <summary>A view's query as text, and the same thing written plainly in C#.</summary>
internal sealed record SimQuery(string Name, string Sql, SimColumn[] Columns, int[] Inputs, Func<Model, List<object?[]>> Compute)
{
    /// <summary>A join, whose result may be far larger than its inputs: not joined again.</summary>
    internal bool Wide { get; init; }

    /// <summary>EMIT ON WINDOW CLOSE: what it gives depends on when rows came, but nothing that was given once changes or is given again.</summary>
    internal bool Emits { get; init; }

    /// <summary>Has no brute force: compared with the query run once.</summary>
    internal bool Foreign { get; init; }

    internal bool Computes => !Emits && !Foreign;
}

internal sealed record SimObject(int Id, string Name, SimKind Kind, SimColumn[] Columns)
{
    internal int[] Key { get; init; } = [];

    /// <summary>A table without a primary key: the engine gives its rows hidden ids, the model numbers them.</summary>
    internal bool IsBag => Kind == SimKind.Table && Key.Length == 0;

    internal SimQuery? Query { get; init; }

    internal int[] DependsOn { get; init; } = [];

    /// <summary>A stream declared with a watermark.</summary>
    internal bool Watermarked { get; init; }

    /// <summary>What a stream lets go.</summary>
    internal Keeping Keeps { get; init; } = Keeping.All;

    /// <summary>Whether a join may take it: joins of joins grow beyond what a brute force should do.</summary>
    internal bool Wide { get; init; }

    internal int Find(Role role) => Array.FindIndex(Columns, c => c.Role == role);
}

/// <summary>Rows as text, the way PostgreSQL writes values: what the oracle and the engine are compared by.</summary>
internal static class SimText
{
    internal static string Row(object?[] row, IReadOnlyList<SimColumn> columns)
    {
        // A view of all columns keeps to those there were: its rows may be computed from wider ones.
        var parts = new string[columns.Count];
        for (int i = 0; i < parts.Length; i++)
        {
            parts[i] = Value(row[i], columns[i].Type);
        }

        return string.Join('|', parts);
    }

    internal static string Value(object? value, SimType type) => (value, type) switch
    {
        (null, _) => "~",
        (long micros, SimType.Timestamp) => DateTime.UnixEpoch.AddMicroseconds(micros).ToString("yyyy-MM-dd HH:mm:ss.FFFFFF", CultureInfo.InvariantCulture),
        (long number, _) => number.ToString(CultureInfo.InvariantCulture),
        (bool flag, _) => flag ? "t" : "f",
        (double number, _) => number.ToString("R", CultureInfo.InvariantCulture),
        _ => (string)value,
    };

    /// <summary>The rows of a batch, without weights.</summary>
    internal static string Row(Batch batch, int row, int columns)
    {
        var parts = new string[columns];
        for (int i = 0; i < columns; i++)
        {
            parts[i] = TextFormat.ToText(batch.Columns[i], row) ?? "~";
        }

        return string.Join('|', parts);
    }
}
