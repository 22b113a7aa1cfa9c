// Any failure, as the one ErrorResponse that PostgreSQL's clients understand.
using Millrace.Core;
using Millrace.Formats;

namespace Millrace.Doors.Postgres;

/// <summary>Maps failures to ErrorResponse.</summary>
internal static class ErrorReport
{
    /// <summary>Writes an ErrorResponse for <paramref name="error"/>.</summary>
    /// <param name="to">Where to.</param>
    /// <param name="error">What happened.</param>
    /// <param name="query">The text that positions refer to, or null.</param>
    /// <param name="table">For errors inside COPY data: the table.</param>
    public static void Write(MessageOutput to, Exception error, string? query, string table = "")
    {
        switch (error)
        {
            case SqlException e:
                to.Error("ERROR", e.SqlState, e.Message, e.Detail, e.Hint, Characters(query, e.Position), about: e);
                break;
            case RowException e:
                to.Error("ERROR", e.Error.SqlState, e.Error.Message, e.Error.Detail, e.Error.Hint, where: e.Where(table), about: e.Error);
                break;
            case OperationCanceledException:
                to.Error("ERROR", "57014", "canceling statement due to user request");
                break;
            case CorruptionException e:
                to.Error("ERROR", "XX001", e.Message, hint: "the file is named in the message; see `millrace check`");
                break;
            default:
                to.Error("ERROR", "XX000", error.Message, hint: "this is a bug in Millrace: please report the statement and this message");
                break;
        }
    }

    // Positions count characters from 1; ours count UTF-16 units from 0.
    private static int Characters(string? query, int position)
    {
        if (query is null || position < 0)
        {
            return 0;
        }

        int characters = 1;
        for (int i = 0; i < Math.Min(position, query.Length); i++)
        {
            characters += char.IsLowSurrogate(query[i]) ? 0 : 1;
        }

        return characters;
    }
}
