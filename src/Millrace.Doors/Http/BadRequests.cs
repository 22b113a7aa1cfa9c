// Hears of connections that the HTTP server has closed because what came over them was no request.
using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Millrace.Doors.Access;

namespace Millrace.Doors.Http;

/// <summary>The server answers such a connection itself and tells nobody but whoever listens to its diagnostics.</summary>
internal sealed class BadRequests(Refusals refusals) : IObserver<KeyValuePair<string, object?>>
{
    /// <summary>The one event that is listened to.</summary>
    public const string EventName = "Microsoft.AspNetCore.Server.Kestrel.BadRequest";

    public void OnNext(KeyValuePair<string, object?> value)
    {
        if (value.Key == EventName && value.Value is IFeatureCollection features)
        {
            IHttpConnectionFeature? connection = features.Get<IHttpConnectionFeature>();
            refusals.Add("HTTP", connection?.RemoteIpAddress is { } address ? new IPEndPoint(address, 0) : null, Reason(features.Get<IBadRequestExceptionFeature>()?.Error));
        }
    }

    public void OnCompleted()
    {
    }

    public void OnError(Exception error)
    {
    }

    private static string Reason(Exception? e) => (e as BadHttpRequestException)?.StatusCode switch
    {
        408 => "the request did not come in time",
        413 => "the body is longer than is taken",
        414 or 431 => "the address or the headers are longer than is taken",
        _ => "what came is not a valid HTTP request",
    };
}
