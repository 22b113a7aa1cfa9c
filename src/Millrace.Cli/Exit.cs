// How the process ends: one line on standard error and a code that scripts can lean on.
using Millrace.Cli.Import;
using Millrace.Core;
using Millrace.Core.Io;
using Millrace.Doors;

namespace Millrace.Cli;

/// <summary>The command line, a setting or the environment cannot be used as given.</summary>
internal sealed class UsageException(string message) : Exception(message);

/// <summary>Exit codes, stable: 0 done, 1 failed, 2 wrong usage, 3 damaged data, 130 interrupted.</summary>
internal static class Exit
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int Usage = 2;
    public const int Damaged = 3;
    public const int Interrupted = 130;

    /// <summary>Runs a verb; whatever it throws becomes one line and a code.</summary>
    public static async Task<int> Guard(Func<Task<int>> run)
    {
        try
        {
            return await run();
        }
        catch (Exception e)
        {
            (string line, int code) = Describe(e);
            await Console.Error.WriteLineAsync("millrace: " + OneLine(line));
            if (Environment.GetEnvironmentVariable("MILLRACE_TRACE") is not null)
            {
                await Console.Error.WriteLineAsync(e.ToString());
            }

            return code;
        }
    }

    /// <summary>The line and the code for a failure.</summary>
    public static (string Line, int Code) Describe(Exception e) => e switch
    {
        UsageException => (e.Message, Usage),
        ImportException => (e.Message, Failed),
        SqlException s => (s.Hint is null ? s.Message : $"{s.Message} ({s.Hint})", Failed),
        CorruptionException => ($"{e.Message}; nothing was changed, `millrace check FOLDER` tells more", Damaged),
        DoorException { IsRefusal: true } => (e.Message, Usage),
        DoorException { InnerException: not IOException } => (e.Message, Failed),
        DoorException => ($"{e.Message}; give the door another address or close it (for example --http 127.0.0.1:8087, --pg off)", Failed),
        DataFolderException or DiskException => (e.Message, Failed),
        Npgsql.NpgsqlException { InnerException: { } inner } => ($"no connection: {inner.Message}", Failed),
        UnauthorizedAccessException or IOException or HttpRequestException or Npgsql.NpgsqlException => (e.Message, Failed),
        OperationCanceledException => ("interrupted", Interrupted),
        AggregateException { InnerException: { } inner } => Describe(inner),
        BugException => (e.Message, Failed),
        _ => ($"BUG: {e.GetType().Name}: {e.Message} (MILLRACE_TRACE=1 shows where)", Failed),
    };

    private static string OneLine(string text) => text.ReplaceLineEndings(" ");
}
