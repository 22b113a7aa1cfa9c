// An error for people: the line it is on, a caret below the place, the hint.
using System.Text;
using Millrace.Core;

namespace Millrace.Sql.Syntax;

/// <summary>Shows where in a text an error is.</summary>
public static class ErrorExcerpt
{
    private const int WidthMax = 100;

    /// <summary>The message with line and column (both from 1), the line itself with a caret below the place, and the hint.</summary>
    /// <param name="error">The error; without a position only its message and hint are shown.</param>
    /// <param name="text">The text that was parsed.</param>
    public static string Describe(SqlException error, string text)
    {
        var to = new StringBuilder();
        if (error.Position < 0 || error.Position > text.Length)
        {
            to.Append(error.Message);
        }
        else
        {
            (int line, int column) = SqlException.LineAndColumn(text, error.Position);
            to.Append($"{error.Message} (line {line}, column {column})\n");
            AppendLine(to, text, error.Position);
        }
        if (error.Detail is not null)
        {
            to.Append("\nDetail: ").Append(error.Detail);
        }
        if (error.Hint is not null)
        {
            to.Append("\nHint: ").Append(error.Hint);
        }
        return to.ToString();
    }

    /// <summary>The line around the place, cut to a screen's width, and the caret.</summary>
    private static void AppendLine(StringBuilder to, string text, int position)
    {
        int start = position == 0 ? 0 : text.LastIndexOf('\n', position - 1) + 1;
        int end = text.IndexOf('\n', position);
        end = end < 0 ? text.Length : end;
        int from = Math.Max(start, position - (WidthMax * 3 / 4));
        int until = Math.Min(end, from + WidthMax);
        string lead = from > start ? "…" : "";
        to.Append("  ").Append(lead).Append(text.AsSpan(from, until - from).TrimEnd('\r'));
        to.Append(until < end ? "…" : "").Append("\n  ").Append(' ', lead.Length);
        foreach (char c in text.AsSpan(from, position - from))
        {
            // A tab stays a tab, so that the caret stands below its place whatever the tab's width.
            to.Append(c == '\t' ? '\t' : ' ');
        }
        to.Append('^');
    }
}
