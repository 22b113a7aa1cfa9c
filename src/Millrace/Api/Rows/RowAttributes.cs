// What a program writes on its records, so that code to read and write them is generated.
namespace Millrace;

/// <summary>
/// On a partial record, class or struct: its rows are read and written by code that is generated when the program is compiled, without reflection and without
/// boxing. Members become columns: the constructor's parameters, and properties that can be set.
/// </summary>
/// <param name="name">The stream or table that <c>CreateAsync</c> and <c>AppendAsync</c> mean; null for the type's name in snake case.</param>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct)]
public sealed class MillraceRowAttribute(string? name = null) : Attribute
{
    /// <summary>The stream or table.</summary>
    public string? Name { get; } = name;

    /// <summary>Columns of the primary key, with commas between: makes it a table. Without them it is a stream.</summary>
    public string? Key { get; set; }

    /// <summary>The column with the event time of a stream.</summary>
    public string? EventTime { get; set; }

    /// <summary>How far the watermark stays behind the newest event time, as SQL's INTERVAL has it. Default none.</summary>
    public string Lateness { get; set; } = "0 seconds";
}

/// <summary>On a member of a row: its column is called otherwise, or is of another type than the member's own gives.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
public sealed class MillraceColumnAttribute : Attribute
{
    /// <summary>The column's name; null for the member's in snake case.</summary>
    public string? Name { get; set; }

    /// <summary>The column's type in SQL, such as <c>numeric(10,2)</c> or <c>jsonb</c>.</summary>
    public string? Type { get; set; }
}
