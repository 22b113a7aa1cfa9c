// Random tables: names are shared by kind, so that USING and NATURAL find partners.
namespace Millrace.Tests.Differential;

/// <summary>A column of a generated table.</summary>
internal sealed record TableColumn(string Name, Kind Kind, bool Nullable);

/// <summary>A generated table; <paramref name="Key"/> is empty when it has no primary key. A stream only grows.</summary>
internal sealed record Table(string Name, IReadOnlyList<TableColumn> Columns, IReadOnlyList<string> Key, bool Stream = false)
{
    public string Create => $"CREATE {(Stream ? "«STREAM¦TABLE»" : "TABLE")} {Name} (" + string.Join(", ", Columns.Select(c =>
        $"{c.Name} {Kinds.ColumnSql(c.Kind)}{(c.Nullable ? "" : " NOT NULL")}")) + (Key.Count > 0 ? $", PRIMARY KEY ({string.Join(", ", Key)})" : "")
        + (Check is null ? "" : $", CHECK ({Check})") + (Unique.Count == 0 ? "" : $", UNIQUE ({string.Join(", ", Unique)})") + ")";

    /// <summary>What a CHECK asks of the rows, or null.</summary>
    public string? Check { get; init; }

    /// <summary>The columns of a UNIQUE constraint, or none.</summary>
    public IReadOnlyList<string> Unique { get; init; } = [];

    public Relation Relation => new(Name, [.. Columns.Select(c => new OutputColumn(c.Name, c.Kind))]);
}

internal sealed class SchemaGenerator(Random random)
{
    private static readonly Kind[] s_keyKinds = [Kind.Int, Kind.Int, Kind.Int, Kind.Text, Kind.BigInt, Kind.Date, Kind.Uuid, Kind.Numeric];

    public List<Table> Tables()
    {
        var tables = new List<Table>();
        int count = random.Next(1, 5);
        for (int t = 0; t < count; t++)
        {
            tables.Add(MakeTable("t" + t));
        }

        return tables;
    }

    private Table MakeTable(string name)
    {
        var used = new Dictionary<Kind, int>();
        var columns = new List<TableColumn>();
        int keys = random.Pick([0, 1, 1, 1, 2]);
        for (int k = 0; k < keys; k++)
        {
            columns.Add(Column(random.Pick(s_keyKinds), false, used));
        }

        int others = random.Next(keys == 0 ? 1 : 0, 5);
        for (int c = 0; c < others; c++)
        {
            columns.Add(Column(random.Pick(Kinds.Usual), random.Chance(0.75), used));
        }

        return new Table(name, columns, [.. columns.Take(keys).Select(c => c.Name)], keys == 0 && random.Chance(0.5))
        {
            Check = random.Chance(0.2) ? CheckOf(columns) : null,
            Unique = keys > 0 && random.Chance(0.25) ? UniqueOf([.. columns.Skip(keys)]) : [],
        };
    }

    private string[] UniqueOf(TableColumn[] columns)
    {
        TableColumn[] fit = [.. columns.Where(c => c.Kind is Kind.Int or Kind.BigInt or Kind.Text or Kind.Numeric or Kind.Timestamp or Kind.Uuid or Kind.Jsonb or Kind.Ints)];
        return [.. fit.OrderBy(_ => random.Next()).Take(random.Next(1, 3)).Select(c => c.Name)];
    }

    // Few rows break it, so that there is something left to look at.
    private string? CheckOf(List<TableColumn> columns)
    {
        TableColumn column = random.Pick(columns);
        return column.Kind switch
        {
            Kind.Int or Kind.BigInt or Kind.Numeric or Kind.SmallInt => $"{column.Name} <> {random.Next(-2, 8)}",
            Kind.Text => $"{column.Name} <> '{random.Pick("", "a", "b", "abc")}' OR length({column.Name}) > {random.Next(0, 3)}",
            Kind.Bool => $"{column.Name} OR {column.Name} IS NOT NULL",
            _ => null,
        };
    }

    private static TableColumn Column(Kind kind, bool nullable, Dictionary<Kind, int> used)
    {
        int number = used[kind] = used.GetValueOrDefault(kind) + 1;
        string prefix = kind switch
        {
            Kind.Bool => "b",
            Kind.Int => "i",
            Kind.BigInt => "l",
            Kind.Numeric => "n",
            Kind.Double => "d",
            Kind.Text => "s",
            Kind.Date => "dt",
            Kind.Timestamp => "ts",
            Kind.Interval => "iv",
            Kind.SmallInt => "j",
            Kind.Real => "f",
            Kind.TimestampTz => "tz",
            Kind.Jsonb => "js",
            Kind.Ints => "ar",
            _ => "u",
        };
        return new TableColumn(prefix + number, kind, nullable);
    }
}
