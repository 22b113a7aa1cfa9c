// The data types of the database; each has one CLR representation inside columns.
namespace Millrace.Core;

/// <summary>Identifies a data type on disk and in memory. The numbers are persisted: never renumber.</summary>
public enum TypeId : byte
{
    /// <summary>An untyped literal (NULL or a bare string) before the binder has given it a type.</summary>
    Unknown = 0,
    /// <summary>boolean, stored as <see cref="bool"/>.</summary>
    Boolean = 1,
    /// <summary>smallint, stored as <see cref="short"/>.</summary>
    SmallInt = 2,
    /// <summary>integer, stored as <see cref="int"/>.</summary>
    Integer = 3,
    /// <summary>bigint, stored as <see cref="long"/>.</summary>
    BigInt = 4,
    /// <summary>real, stored as <see cref="float"/>.</summary>
    Real = 5,
    /// <summary>double precision, stored as <see cref="double"/>.</summary>
    Double = 6,
    /// <summary>numeric, stored as <see cref="Millrace.Core.Numeric"/>.</summary>
    Numeric = 7,
    /// <summary>text, stored as UTF-8 bytes.</summary>
    Text = 8,
    /// <summary>bytea, stored as bytes.</summary>
    Bytea = 9,
    /// <summary>date, stored as <see cref="int"/> days since 1970-01-01.</summary>
    Date = 10,
    /// <summary>time without time zone, stored as <see cref="long"/> microseconds since midnight.</summary>
    Time = 11,
    /// <summary>timestamp without time zone, stored as <see cref="long"/> microseconds since 1970-01-01.</summary>
    Timestamp = 12,
    /// <summary>timestamp with time zone, stored as <see cref="long"/> microseconds since 1970-01-01 UTC.</summary>
    TimestampTz = 13,
    /// <summary>interval, stored as <see cref="Millrace.Core.Interval"/>.</summary>
    Interval = 14,
    /// <summary>uuid, stored as <see cref="Millrace.Core.Uuid"/>.</summary>
    Uuid = 15,
    /// <summary>jsonb, stored as normalized UTF-8 JSON text.</summary>
    Jsonb = 16,
    /// <summary>An array of one element type.</summary>
    Array = 17,
    /// <summary>A row (composite) of named fields.</summary>
    Row = 18,
}

/// <summary>A data type: its identity, and for arrays and rows what they are made of. Immutable; compare with <see cref="Equals(SqlType)"/>.</summary>
public sealed class SqlType : IEquatable<SqlType>
{
    /// <summary>The type of an untyped literal.</summary>
    public static readonly SqlType Unknown = new(TypeId.Unknown);
    /// <summary>boolean.</summary>
    public static readonly SqlType Boolean = new(TypeId.Boolean);
    /// <summary>smallint.</summary>
    public static readonly SqlType SmallInt = new(TypeId.SmallInt);
    /// <summary>integer.</summary>
    public static readonly SqlType Integer = new(TypeId.Integer);
    /// <summary>bigint.</summary>
    public static readonly SqlType BigInt = new(TypeId.BigInt);
    /// <summary>real.</summary>
    public static readonly SqlType Real = new(TypeId.Real);
    /// <summary>double precision.</summary>
    public static readonly SqlType Double = new(TypeId.Double);
    /// <summary>numeric without declared precision.</summary>
    public static readonly SqlType Numeric = new(TypeId.Numeric);
    /// <summary>text.</summary>
    public static readonly SqlType Text = new(TypeId.Text);
    /// <summary>bytea.</summary>
    public static readonly SqlType Bytea = new(TypeId.Bytea);
    /// <summary>date.</summary>
    public static readonly SqlType Date = new(TypeId.Date);
    /// <summary>time.</summary>
    public static readonly SqlType Time = new(TypeId.Time);
    /// <summary>timestamp.</summary>
    public static readonly SqlType Timestamp = new(TypeId.Timestamp);
    /// <summary>timestamptz.</summary>
    public static readonly SqlType TimestampTz = new(TypeId.TimestampTz);
    /// <summary>interval.</summary>
    public static readonly SqlType Interval = new(TypeId.Interval);
    /// <summary>uuid.</summary>
    public static readonly SqlType Uuid = new(TypeId.Uuid);
    /// <summary>jsonb.</summary>
    public static readonly SqlType Jsonb = new(TypeId.Jsonb);

    private SqlType(TypeId id, SqlType? element = null, IReadOnlyList<Field>? fields = null, int modifier = -1, int scale = -1)
    {
        Id = id;
        Element = element;
        Fields = fields;
        Precision = modifier;
        Scale = scale;
    }

    /// <summary>The type's identity.</summary>
    public TypeId Id { get; }

    /// <summary>The element type of an array; null otherwise.</summary>
    public SqlType? Element { get; }

    /// <summary>The fields of a row type; null otherwise.</summary>
    public IReadOnlyList<Field>? Fields { get; }

    /// <summary>Declared numeric precision (digits) or varchar length (characters); −1 when not declared.</summary>
    public int Precision { get; }

    /// <summary>Declared numeric scale (digits after the point); −1 when not declared.</summary>
    public int Scale { get; }

    /// <summary>The array type with elements of type <paramref name="element"/>.</summary>
    public static SqlType ArrayOf(SqlType element) => new(TypeId.Array, element: element);

    /// <summary>int2vector or oidvector, the catalog's own arrays of smallint or integer: as other arrays, but written with spaces in between.</summary>
    public static SqlType VectorOf(SqlType element) => new(TypeId.Array, element: element, modifier: 1);

    /// <summary>oid, the catalog's own kind of integer: the same but for its name on the wire, where drivers ask for it.</summary>
    public static readonly SqlType Oid = new(TypeId.Integer, modifier: 1);

    /// <summary>
    /// regclass or its kin, by PostgreSQL's number of the type: a column of an answer whose values are names, and numbers on the wire where a client asks for
    /// those. Only the columns of answers are of such a type, nothing that is kept.
    /// </summary>
    public static SqlType RegOf(int oid) => new(TypeId.Text, scale: oid);

    /// <summary>PostgreSQL's number of the type for regclass and its kin; 0 for all others.</summary>
    public int RegOid => Id == TypeId.Text && Scale > 0 ? Scale : 0;

    /// <summary>True for oid.</summary>
    public bool IsOid => Id == TypeId.Integer && Precision == 1;

    /// <summary>True for int2vector and oidvector.</summary>
    public bool IsVector => Id == TypeId.Array && Precision == 1;

    /// <summary>The row type with the given fields.</summary>
    public static SqlType RowOf(IReadOnlyList<Field> fields) => new(TypeId.Row, fields: fields);

    /// <summary>numeric(<paramref name="precision"/>, <paramref name="scale"/>).</summary>
    public static SqlType NumericOf(int precision, int scale) => new(TypeId.Numeric, modifier: precision, scale: scale);

    /// <summary>varchar(<paramref name="length"/>): text of at most that many characters.</summary>
    public static SqlType VarcharOf(int length) => new(TypeId.Text, modifier: length);

    /// <summary>The simple type with identity <paramref name="id"/>; not for arrays and rows.</summary>
    public static SqlType Of(TypeId id) => id switch
    {
        TypeId.Unknown => Unknown,
        TypeId.Boolean => Boolean,
        TypeId.SmallInt => SmallInt,
        TypeId.Integer => Integer,
        TypeId.BigInt => BigInt,
        TypeId.Real => Real,
        TypeId.Double => Double,
        TypeId.Numeric => Numeric,
        TypeId.Text => Text,
        TypeId.Bytea => Bytea,
        TypeId.Date => Date,
        TypeId.Time => Time,
        TypeId.Timestamp => Timestamp,
        TypeId.TimestampTz => TimestampTz,
        TypeId.Interval => Interval,
        TypeId.Uuid => Uuid,
        TypeId.Jsonb => Jsonb,
        _ => throw new BugException($"BUG: {id} is not a simple type"),
    };

    /// <summary>True for smallint, integer, bigint, real, double and numeric.</summary>
    public bool IsNumber => Id is >= TypeId.SmallInt and <= TypeId.Numeric;

    /// <summary>True for smallint, integer and bigint.</summary>
    public bool IsInteger => Id is >= TypeId.SmallInt and <= TypeId.BigInt;

    /// <summary>True for types held as a byte string: text, bytea, jsonb (and unknown).</summary>
    public bool IsBytes => Id is TypeId.Text or TypeId.Bytea or TypeId.Jsonb or TypeId.Unknown;

    /// <summary>True for timestamp and timestamptz: what can be an event time.</summary>
    public bool IsTimestamp => Id is TypeId.Timestamp or TypeId.TimestampTz;

    /// <summary>True when the two have the same identity and parts; declared precision is not compared.</summary>
    public bool SameAs(SqlType other) => Id == other.Id && Id switch
    {
        TypeId.Array => Element!.SameAs(other.Element!),
        TypeId.Row => Fields!.Count == other.Fields!.Count && Fields.Zip(other.Fields).All(p => p.First.Type.SameAs(p.Second.Type)),
        _ => true,
    };

    /// <inheritdoc/>
    public bool Equals(SqlType? other) => other is not null && SameAs(other) && Precision == other.Precision && Scale == other.Scale;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as SqlType);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Id, Element?.GetHashCode() ?? 0, Fields?.Count ?? 0);

    /// <summary>The name as PostgreSQL's <c>format_type</c> writes it, such as <c>timestamp with time zone</c> or <c>integer[]</c>.</summary>
    public override string ToString() => Id switch
    {
        TypeId.Unknown => "unknown",
        TypeId.Boolean => "boolean",
        TypeId.SmallInt => "smallint",
        TypeId.Integer => "integer",
        TypeId.BigInt => "bigint",
        TypeId.Real => "real",
        TypeId.Double => "double precision",
        TypeId.Numeric => Precision < 0 ? "numeric" : $"numeric({Precision},{Scale})",
        TypeId.Text when RegOid > 0 => RegOid switch
        {
            24 => "regproc",
            2202 => "regprocedure",
            2205 => "regclass",
            2206 => "regtype",
            4089 => "regnamespace",
            _ => "regrole",
        },
        TypeId.Text => Precision < 0 ? "text" : $"character varying({Precision})",
        TypeId.Bytea => "bytea",
        TypeId.Date => "date",
        TypeId.Time => "time without time zone",
        TypeId.Timestamp => "timestamp without time zone",
        TypeId.TimestampTz => "timestamp with time zone",
        TypeId.Interval => "interval",
        TypeId.Uuid => "uuid",
        TypeId.Jsonb => "jsonb",
        TypeId.Array => IsVector ? Element!.Id == TypeId.SmallInt ? "int2vector" : "oidvector" : Element + "[]",
        TypeId.Row => "struct<" + string.Join(", ", Fields!.Select(f => f.Name + " " + f.Type)) + ">",
        _ => Id.ToString(),
    };
}

/// <summary>A named, typed column of a schema or field of a row type.</summary>
/// <param name="Name">The name, already folded the way PostgreSQL folds identifiers.</param>
/// <param name="Type">The data type.</param>
/// <param name="Nullable">False when NULL is refused.</param>
public sealed record Field(string Name, SqlType Type, bool Nullable = true);

/// <summary>The ordered columns of a batch. Names may repeat in intermediate results.</summary>
public sealed class Schema
{
    /// <summary>A schema without columns.</summary>
    public static readonly Schema Empty = new([]);

    /// <summary>Makes a schema of the given fields.</summary>
    public Schema(IReadOnlyList<Field> fields) => Fields = fields;

    /// <summary>The fields in order.</summary>
    public IReadOnlyList<Field> Fields { get; }

    /// <summary>How many columns there are.</summary>
    public int Count => Fields.Count;

    /// <summary>The field at <paramref name="index"/>.</summary>
    public Field this[int index] => Fields[index];

    /// <summary>The schema of the first <paramref name="count"/> columns.</summary>
    public Schema First(int count) => count == Count ? this : new Schema([.. Fields.Take(count)]);

    /// <summary>The index of the first column called <paramref name="name"/>, or −1.</summary>
    public int IndexOf(string name)
    {
        for (int i = 0; i < Fields.Count; i++)
        {
            if (Fields[i].Name == name)
            {
                return i;
            }
        }

        return -1;
    }

    /// <inheritdoc/>
    public override string ToString() => "(" + string.Join(", ", Fields.Select(f => f.Name + " " + f.Type)) + ")";
}
