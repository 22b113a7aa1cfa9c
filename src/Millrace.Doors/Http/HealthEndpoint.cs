// GET /health, /ready (and /readyz), /livez: what a supervisor asks.
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;

namespace Millrace.Doors.Http;

/// <summary>
/// Ready is 200 while requests are served, 503 from the moment the server stops or its disk has failed. The members of the answer are those that
/// InfluxDB's clients look for.
/// </summary>
internal sealed class HealthEndpoint(HttpBackend database, IHostApplicationLifetime lifetime)
{
    public static Task Live(HttpContext context) => Say(context, "pass", "alive", 200);

    public Task Ready(HttpContext context) =>
        database.HasFailed() ? Say(context, "fail", "the disk has failed", 503)
        : lifetime.ApplicationStopping.IsCancellationRequested ? Say(context, "fail", "stopping", 503)
        : Say(context, "pass", "ready for queries and writes", 200);

    private static Task Say(HttpContext context, string status, string message, int code) => JsonAnswer.Write(context, to =>
    {
        to.WriteStartObject();
        to.WriteString("name"u8, "millrace"u8);
        to.WriteString("status"u8, status);
        to.WriteString("message"u8, message);
        to.WriteString("version"u8, InfluxEndpoint.Version);
        to.WriteEndObject();
    }, code);
}
