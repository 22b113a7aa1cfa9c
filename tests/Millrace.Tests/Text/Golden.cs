// Reads the tab-separated golden files under tests/sql.
using Millrace.Core;

namespace Millrace.Tests.Text;

internal static class Golden
{
    public static string Folder
    {
        get
        {
            string? folder = AppContext.BaseDirectory;
            while (folder is not null && !File.Exists(Path.Combine(folder, "Millrace.slnx")))
            {
                folder = Path.GetDirectoryName(folder);
            }

            return Path.Combine(folder!, "tests", "sql");
        }
    }

    /// <summary>The rows of a file: fields between tabs with \\, \t and \n unescaped; lines that start with # are comments.</summary>
    public static IEnumerable<string[]> Rows(string file) =>
        File.ReadLines(Path.Combine(Folder, file)).Where(l => l.Length > 0 && l[0] != '#').Select(l => l.Split('\t').Select(Unescape).ToArray());

    private static string Unescape(string field) =>
        field.Replace("\\\\", "\u0001").Replace("\\t", "\t").Replace("\\n", "\n").Replace("\u0001", "\\");

    public static SqlType TypeOf(string name)
    {
        if (name.EndsWith("[]", StringComparison.Ordinal))
        {
            return SqlType.ArrayOf(TypeOf(name[..^2]));
        }

        return name switch
        {
            "boolean" => SqlType.Boolean,
            "smallint" => SqlType.SmallInt,
            "integer" => SqlType.Integer,
            "bigint" => SqlType.BigInt,
            "real" => SqlType.Real,
            "double precision" => SqlType.Double,
            "numeric" => SqlType.Numeric,
            "numeric(5,2)" => SqlType.NumericOf(5, 2),
            "varchar(3)" => SqlType.VarcharOf(3),
            "text" => SqlType.Text,
            "bytea" => SqlType.Bytea,
            "date" => SqlType.Date,
            "time" => SqlType.Time,
            "timestamp" => SqlType.Timestamp,
            "timestamptz" => SqlType.TimestampTz,
            "interval" => SqlType.Interval,
            "uuid" => SqlType.Uuid,
            "jsonb" => SqlType.Jsonb,
            _ => throw new ArgumentException(name),
        };
    }
}
