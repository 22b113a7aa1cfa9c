// The declared precision or length that a cast ends with: numeric(10,2), varchar(5).
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>Brings values to the declared precision of a cast's type.</summary>
internal static class Declared
{
    /// <summary>True when values of the type must be rounded or cut.</summary>
    public static bool Needed(SqlType type) => type.Precision >= 0 && type.Id is (TypeId.Numeric or TypeId.Text);

    /// <summary>The value, rounded or cut.</summary>
    public static object Apply(object value, SqlType type) => value switch
    {
        Numeric n => Round(n, type),
        ByteSlice s => Cut(s, type),
        _ => value,
    };

    /// <summary>Rounded to the declared scale.</summary>
    /// <exception cref="SqlException">22003 when it has too many digits before the point.</exception>
    public static Numeric Round(Numeric value, SqlType type) => value.WithPrecision(type.Precision, type.Scale);

    /// <summary>At most the declared number of characters, as an explicit cast to varchar(n) gives.</summary>
    public static ByteSlice Cut(ByteSlice text, SqlType type) =>
        text.Length <= type.Precision ? text : text.Part(0, Utf8Text.Offset(text.Span, type.Precision));
}
