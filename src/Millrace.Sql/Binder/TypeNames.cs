// Type names to types.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>Resolves type names.</summary>
internal static class TypeNames
{
    private static readonly Dictionary<string, SqlType> Known = new()
    {
        ["bool"] = SqlType.Boolean,
        ["boolean"] = SqlType.Boolean,
        ["int2"] = SqlType.SmallInt,
        ["smallint"] = SqlType.SmallInt,
        ["int4"] = SqlType.Integer,
        ["int"] = SqlType.Integer,
        ["integer"] = SqlType.Integer,
        ["int8"] = SqlType.BigInt,
        ["bigint"] = SqlType.BigInt,
        ["float4"] = SqlType.Real,
        ["real"] = SqlType.Real,
        ["float8"] = SqlType.Double,
        ["double"] = SqlType.Double,
        ["numeric"] = SqlType.Numeric,
        ["decimal"] = SqlType.Numeric,
        ["text"] = SqlType.Text,
        ["string"] = SqlType.Text,
        ["varchar"] = SqlType.Text,
        ["bpchar"] = SqlType.Text,
        ["char"] = SqlType.Text,
        ["name"] = SqlType.Text,
        ["cstring"] = SqlType.Text,
        ["regclass"] = SqlType.Text,
        ["regtype"] = SqlType.Text,
        ["regproc"] = SqlType.Text,
        ["regnamespace"] = SqlType.Text,
        ["regrole"] = SqlType.Text,
        ["regprocedure"] = SqlType.Text,
        ["regoper"] = SqlType.Text,
        ["regoperator"] = SqlType.Text,
        ["oid"] = SqlType.Integer,
        ["xid"] = SqlType.Integer,
        ["bytea"] = SqlType.Bytea,
        ["date"] = SqlType.Date,
        ["time"] = SqlType.Time,
        ["timestamp"] = SqlType.Timestamp,
        ["timestamptz"] = SqlType.TimestampTz,
        ["interval"] = SqlType.Interval,
        ["uuid"] = SqlType.Uuid,
        ["json"] = SqlType.Jsonb,
        ["jsonb"] = SqlType.Jsonb,
        ["jsonpath"] = SqlType.Text,
    };

    private const string Bounds = "use two columns, one for each bound";
    private const string Serial = "a column of it is numbered from when its table is made: write it in CREATE TABLE";

    private static readonly Dictionary<string, string> Refused = new()
    {
        ["timetz"] = "use time or timestamptz",
        ["money"] = "use numeric",
        ["bit"] = "use bytea or an integer type",
        ["varbit"] = "use bytea or an integer type",
        ["xml"] = "use text",
        ["serial"] = Serial,
        ["serial4"] = Serial,
        ["bigserial"] = Serial,
        ["serial8"] = Serial,
        ["smallserial"] = Serial,
        ["serial2"] = Serial,
        ["int16"] = "use numeric",
        ["rw_int256"] = "use numeric",
        ["inet"] = "use text",
        ["cidr"] = "use text",
        ["macaddr"] = "use text",
        ["tsvector"] = "use text",
        ["tsquery"] = "use text",
        ["int4range"] = Bounds,
        ["int8range"] = Bounds,
        ["numrange"] = Bounds,
        ["tsrange"] = Bounds,
        ["tstzrange"] = Bounds,
        ["daterange"] = Bounds,
        ["point"] = "use two double precision columns",
    };

    /// <summary>The type that a name stands for.</summary>
    /// <exception cref="SqlException">42704: no such type; 0A000: a type of PostgreSQL that is not supported; 22023: a modifier out of range.</exception>
    public static SqlType Resolve(Syntax.TypeName name)
    {
        SqlType type = Element(name);
        for (int i = 0; i < name.ArrayDimensions && i < 1; i++)
        {
            // A driver that declares an array of oids knows no other; alone they are integers, for the sake of the functions that take those.
            type = SqlType.ArrayOf(name.Name.Last == "oid" ? SqlType.Oid : type);
        }

        return type;
    }

    private static SqlType Element(Syntax.TypeName name)
    {
        string n = name.Name.Last;
        if (n == "struct" && name.Fields.Count > 0)
        {
            return SqlType.RowOf([.. name.Fields.Select(f => new Field(f.Name.Text, Resolve(f.Type)))]);
        }

        if (Refused.TryGetValue(n, out string? hint))
        {
            throw new SqlException("0A000", $"type \"{n}\" is not supported", name.Position, hint);
        }

        if (n.StartsWith('_') && Known.TryGetValue(n[1..], out SqlType? element))
        {
            return SqlType.ArrayOf(element);
        }

        if (!Known.TryGetValue(n, out SqlType? type))
        {
            throw new SqlException("42704", $"type \"{name.Name.Display}\" does not exist", name.Position, Suggest.Hint(n, Known.Keys));
        }

        return Modified(name, n, type);
    }

    private static SqlType Modified(Syntax.TypeName name, string n, SqlType type)
    {
        switch (type.Id)
        {
            case TypeId.Numeric when name.Modifiers.Count > 0:
                int precision = name.Modifiers[0];
                int scale = name.Modifiers.Count > 1 ? name.Modifiers[1] : 0;
                if (precision is < 1 or > 1000)
                {
                    throw new SqlException("22023", $"NUMERIC precision {precision} must be between 1 and 1000", name.Position);
                }

                if (scale < 0 || scale > precision)
                {
                    throw new SqlException("22023", $"NUMERIC scale {scale} must be between 0 and precision {precision}", name.Position);
                }

                return SqlType.NumericOf(precision, scale);
            case TypeId.Text when name.Modifiers.Count > 0:
                if (name.Modifiers[0] < 1)
                {
                    throw new SqlException("22023", $"length for type {n} must be at least 1", name.Position);
                }

                return SqlType.VarcharOf(name.Modifiers[0]);
            case TypeId.Text when n is "bpchar" && name.Name.Schema is null:
                return type;
            default:
                return type;
        }
    }
}
