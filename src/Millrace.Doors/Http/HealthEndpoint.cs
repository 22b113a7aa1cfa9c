// GET /health, /readyz, /livez: what a supervisor asks.
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;

namespace Millrace.Doors.Http;

/// <summary>Ready is 200 while requests are served, 503 from the moment the server stops or its disk has failed.</summary>
internal sealed class HealthEndpoint(HttpBackend database, IHostApplicationLifetime lifetime)
{
    public static Task Live(HttpContext context) => Say(context, "ok", 200);

    public Task Ready(HttpContext context) =>
        database.HasFailed() ? Say(context, "failed", 503)
        : lifetime.ApplicationStopping.IsCancellationRequested ? Say(context, "stopping", 503)
        : Say(context, "ok", 200);

    private static Task Say(HttpContext context, string status, int code) => JsonAnswer.Write(context, to =>
    {
        to.WriteStartObject();
        to.WriteString("status"u8, status);
        to.WriteEndObject();
    }, code);
}
