// One field of a measurement while its values are gathered.
using Millrace.Core;

namespace Millrace.Doors.LineProtocol;

/// <summary>How a field's values are taken in.</summary>
internal enum FieldKind
{
    /// <summary>double precision.</summary>
    Float,
    /// <summary>bigint.</summary>
    Integer,
    /// <summary>boolean.</summary>
    Boolean,
    /// <summary>text without a limit.</summary>
    Text,
    /// <summary>Any other type: read from the value's text by the rules of SQL.</summary>
    Parsed,
}

/// <summary>A field's values, one a row; rows without it are filled up with nulls as late as can be.</summary>
internal sealed class FieldColumn
{
    /// <param name="name">Its name.</param>
    /// <param name="type">Its column's type.</param>
    /// <param name="index">Its column in the stream, or −1 when it is new.</param>
    /// <param name="rows">How many rows are likely to come.</param>
    public FieldColumn(string name, SqlType type, int index, int rows)
    {
        Name = name;
        Type = type;
        Index = index;
        Builder = ColumnBuilder.For(type);
        Builder.Expect(rows);
        Kind = type.Id switch
        {
            TypeId.Double => FieldKind.Float,
            TypeId.BigInt => FieldKind.Integer,
            TypeId.Boolean => FieldKind.Boolean,
            TypeId.Text when type.Precision < 0 => FieldKind.Text,
            _ => FieldKind.Parsed,
        };
        Floats = Builder as FixedBuilder<double>;
        Integers = Builder as FixedBuilder<long>;
        Booleans = Builder as FixedBuilder<bool>;
        Texts = Builder as BytesBuilder;
    }

    public string Name { get; }

    public SqlType Type { get; }

    public int Index { get; }

    public FieldKind Kind { get; }

    public ColumnBuilder Builder { get; }

    public FixedBuilder<double>? Floats { get; }

    public FixedBuilder<long>? Integers { get; }

    public FixedBuilder<bool>? Booleans { get; }

    public BytesBuilder? Texts { get; }

    /// <summary>The key as it was last written, escapes and the = included: the next line most likely has the same bytes in this place.</summary>
    public byte[] RawKey { get; set; } = [];

    /// <summary>The row in which it came up.</summary>
    public int FirstRow { get; set; }

    /// <summary>Makes row <paramref name="row"/> the next: fills up rows without the field, takes back a value given twice (the last one counts).</summary>
    public void MoveTo(int row)
    {
        if (Builder.Count > row)
        {
            Builder.TruncateTo(row);
        }

        while (Builder.Count < row)
        {
            Builder.AppendNull();
        }
    }

    /// <summary>The values of all rows.</summary>
    public Column ToColumn(int rows)
    {
        MoveTo(rows);
        return Builder.Detach();
    }

    /// <summary>The type as InfluxDB calls it, or as SQL does where InfluxDB has none.</summary>
    public static string TypeName(SqlType type) => type.Id switch
    {
        TypeId.Double => "float",
        TypeId.BigInt => "integer",
        TypeId.Boolean => "boolean",
        TypeId.Text when type.Precision < 0 => "string",
        TypeId.Numeric when LineTypes.IsUnsigned(type) => "unsigned",
        _ => type.ToString(),
    };
}

/// <summary>The column types of what line protocol makes.</summary>
internal static class LineTypes
{
    /// <summary>u: bigint holds only half of it, so it is a decimal of twenty digits.</summary>
    public static readonly SqlType Unsigned = SqlType.NumericOf(20, 0);

    /// <summary>True for the type that unsigned fields get.</summary>
    public static bool IsUnsigned(SqlType type) => type.SameAs(Unsigned) && type.Precision == Unsigned.Precision && type.Scale == Unsigned.Scale;
}
