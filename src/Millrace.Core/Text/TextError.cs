// The messages PostgreSQL gives for text that is no value of a type.
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Millrace.Core;

/// <summary>Throws the errors of reading values from text, in PostgreSQL's words.</summary>
internal static class TextError
{
    /// <summary>22P02: the text is not of the type's form.</summary>
    [DoesNotReturn]
    public static void Syntax(string type, ReadOnlySpan<byte> text) =>
        throw new SqlException("22P02", $"invalid input syntax for type {type}: \"{Show(text)}\"");

    /// <summary>22003: the number is of the right form and too large.</summary>
    [DoesNotReturn]
    public static void Range(string type, ReadOnlySpan<byte> text) =>
        throw new SqlException("22003", $"value \"{Show(text)}\" is out of range for type {type}");

    /// <summary>22007: no date, time or interval.</summary>
    [DoesNotReturn]
    public static void DateSyntax(string type, ReadOnlySpan<byte> text) =>
        throw new SqlException("22007", $"invalid input syntax for type {type}: \"{Show(text)}\"");

    /// <summary>22008: a month 13, a year beyond the type's range.</summary>
    [DoesNotReturn]
    public static void DateRange(ReadOnlySpan<byte> text) =>
        throw new SqlException("22008", $"date/time field value out of range: \"{Show(text)}\"");

    /// <summary>The text for a message, cut when long.</summary>
    public static string Show(ReadOnlySpan<byte> text) => text.Length <= 200 ? Encoding.UTF8.GetString(text) : Encoding.UTF8.GetString(text[..200]) + "…";
}
