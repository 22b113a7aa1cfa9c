// What a server tells of itself on standard error: lines for people, or one JSON object a line for what collects logs.
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Millrace.Cli;

/// <summary>The form of a server's log.</summary>
internal enum LogForm
{
    /// <summary>Warnings and errors alone, a line each.</summary>
    Text,
    /// <summary>A JSON object a line: <c>time</c>, <c>level</c>, <c>message</c> and facts of their own; starts and stops too.</summary>
    Json,
}

/// <summary>The log of one server, and the logger of what hosts its doors. Lines are whole whoever else writes.</summary>
internal sealed class ServerLog(TextWriter to, LogForm form, TimeProvider time) : ILoggerProvider, ILogger
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly Lock _lock = new();

    /// <summary>What is worth knowing and needs nobody to act: in JSON alone.</summary>
    public void Tell(string message, params ReadOnlySpan<(string Name, string? Value)> facts)
    {
        if (form == LogForm.Json)
        {
            WriteJson("info", message, facts);
        }
    }

    /// <summary>What somebody should look at.</summary>
    public void Warn(string message) => Write("warning", message);

    /// <summary>What ends the server, or a part of it.</summary>
    public void Fail(string message) => Write("error", message);

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel))
        {
            return;
        }

        string message = formatter(state, exception);
        if (form == LogForm.Json)
        {
            WriteJson(logLevel >= LogLevel.Error ? "error" : "warning", message, exception is null ? [] : [("exception", exception.ToString())]);
        }
        else
        {
            string trace = exception is null ? "" : ": " + exception;
            WriteLine($"{time.GetUtcNow():yyyy-MM-ddTHH:mm:ssZ} {logLevel}: {message}{trace}");
        }
    }

    public void Dispose()
    {
    }

    private void Write(string level, string message)
    {
        if (form == LogForm.Json)
        {
            WriteJson(level, message, []);
        }
        else
        {
            WriteLine("millrace: " + message.ReplaceLineEndings(" "));
        }
    }

    private void WriteJson(string level, string message, ReadOnlySpan<(string Name, string? Value)> facts)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, Options))
        {
            json.WriteStartObject();
            json.WriteString("time", time.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ss.fffZ", System.Globalization.CultureInfo.InvariantCulture));
            json.WriteString("level", level);
            json.WriteString("message", message);
            foreach ((string name, string? value) in facts)
            {
                if (value is not null)
                {
                    json.WriteString(name, value);
                }
            }

            json.WriteEndObject();
        }

        WriteLine(System.Text.Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length));
    }

    private void WriteLine(string line)
    {
        lock (_lock)
        {
            to.WriteLine(line);
        }
    }
}
