// pg_type, and what else is known of types by their oid.
using System.Globalization;
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>One line of <see cref="CatalogTypes"/>.</summary>
internal sealed record TypeLine(
    int Oid, string Name, int Length, bool ByValue, string Kind, string Category, bool Preferred, int Element, int Array,
    int[] Functions, string Align, string Storage, int Collation, string[] FunctionNames);

/// <summary>Types by oid.</summary>
internal static class TypeRows
{
    private static readonly Dictionary<int, string> SqlNamesByOid = new()
    {
        [16] = "boolean",
        [18] = "\"char\"",
        [20] = "bigint",
        [21] = "smallint",
        [23] = "integer",
        [700] = "real",
        [701] = "double precision",
        [1042] = "character",
        [1043] = "character varying",
        [1083] = "time without time zone",
        [1114] = "timestamp without time zone",
        [1184] = "timestamp with time zone",
        [2276] = "\"any\"",
    };

    /// <summary>Every type, by oid.</summary>
    public static IReadOnlyDictionary<int, TypeLine> Lines { get; } = CatalogTypes.Lines
        .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        .Select(Read)
        .ToDictionary(t => t.Oid);

    /// <summary>pg_type.</summary>
    public static void Types(SystemContext context, RelationRows rows)
    {
        foreach (TypeLine t in Lines.Values)
        {
            rows.Add(
                ("oid", t.Oid),
                ("typname", t.Name),
                ("typnamespace", 11),
                ("typowner", Oids.Role),
                ("typlen", t.Length),
                ("typbyval", t.ByValue),
                ("typtype", t.Kind),
                ("typcategory", t.Category),
                ("typispreferred", t.Preferred),
                ("typisdefined", true),
                ("typdelim", ","),
                ("typelem", t.Element),
                ("typarray", t.Array),
                ("typinput", t.Functions[0]),
                ("typoutput", t.Functions[1]),
                ("typreceive", t.Functions[2]),
                ("typsend", t.Functions[3]),
                ("typalign", t.Align),
                ("typstorage", t.Storage),
                ("typtypmod", -1),
                ("typcollation", t.Collation));
        }
    }

    /// <summary>format_type: the SQL name of a type with its modifier; ??? when there is no such type.</summary>
    public static string Format(int oid, int? modifier)
    {
        if (!Lines.TryGetValue(oid, out TypeLine? line))
        {
            return oid == 0 ? "-" : "???";
        }

        if (line.Category == "A" && line.Element != 0 && line.Name.StartsWith('_'))
        {
            return Format(line.Element, modifier) + "[]";
        }

        string name = SqlNamesByOid.GetValueOrDefault(oid, line.Name);
        if (modifier is >= 0 and < 6 && oid is 1083 or 1114 or 1184)
        {
            // The digits of a second stand behind the first word.
            int end = name.IndexOf(' ', StringComparison.Ordinal);
            return string.Create(CultureInfo.InvariantCulture, $"{name[..end]}({modifier}){name[end..]}");
        }

        int m = (modifier ?? -1) - 4;
        return m < 0 ? name : oid switch
        {
            1042 or 1043 => string.Create(CultureInfo.InvariantCulture, $"{name}({m})"),
            1700 => string.Create(CultureInfo.InvariantCulture, $"{name}({m >> 16},{m & 0x7FF})"),
            _ => name,
        };
    }

    /// <summary>The oid of a type by a name, SQL's or PostgreSQL's own; null when there is none.</summary>
    public static int? Find(string name)
    {
        string text = name.Trim().ToLowerInvariant();
        if (text.EndsWith("[]", StringComparison.Ordinal))
        {
            return Find(text[..^2]) is { } element && Lines[element].Array is > 0 and int array ? array : null;
        }

        text = SqlNames.Split(text)[^1] switch
        {
            "int" => "int4",
            "decimal" => "numeric",
            "double" => "float8",
            string other => other,
        };
        return Lines.Values.FirstOrDefault(t => t.Name == text)?.Oid
            ?? SqlNamesByOid.Where(n => n.Value == text).Select(n => (int?)n.Key).FirstOrDefault();
    }

    /// <summary>The type behind one of ours.</summary>
    public static TypeLine Of(SqlType type) => Lines[PgType.Of(type).Oid];

    private static TypeLine Read(string line)
    {
        string[] w = line.Split(' ');
        return new TypeLine(
            Int(w[0]), w[1], Int(w[2]), w[3] == "1", w[4], w[5], w[6] == "1", Int(w[7]), Int(w[8]),
            [Int(w[9]), Int(w[10]), Int(w[11]), Int(w[12])], w[13], w[14], Int(w[15]), w[16..20]);
    }

    private static int Int(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
