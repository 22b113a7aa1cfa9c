// Posts messages over HTTP, to where they may go and nowhere else.
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;

namespace Millrace.Alerts;

/// <summary>
/// The network's side of alerts. Where a connection goes is looked at when it is made, at the addresses that it is made to: neither a name that changes its
/// meaning nor a redirect leads elsewhere. Answers are read up to the end of their headers.
/// </summary>
internal sealed class WebhookClient : IDisposable
{
    private static readonly TimeSpan AnswerMax = TimeSpan.FromSeconds(10);
    private readonly HttpClient _client;
    private readonly bool _private;

    /// <param name="toPrivate">True to reach loopback and private addresses too.</param>
    public WebhookClient(bool toPrivate)
    {
        _private = toPrivate;
        _client = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            ConnectCallback = ConnectAsync,
            ConnectTimeout = AnswerMax / 2,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            MaxConnectionsPerServer = 8,
            MaxResponseHeadersLength = 16,
            MaxResponseDrainSize = 0,
        })
        { Timeout = AnswerMax };
    }

    /// <summary>Posts a message once.</summary>
    public async Task<WebhookAnswer> PostAsync(WebhookPost post, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, post.Address) { Content = new ByteArrayContent(post.Body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.TryAddWithoutValidation("User-Agent", "Millrace");
        request.Headers.TryAddWithoutValidation("Millrace-Delivery", post.Delivery);
        if (post.Authorization is { } authorization)
        {
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        }

        if (post.Signature is { } signature)
        {
            request.Headers.TryAddWithoutValidation("Millrace-Signature", signature);
        }

        try
        {
            using HttpResponseMessage answer = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation).ConfigureAwait(false);
            int status = (int)answer.StatusCode;
            // A receiver that cannot now is asked again; one that will not is not.
            return new WebhookAnswer(status is >= 200 and < 300, status is >= 300 and < 500 and not (408 or 425 or 429), status is >= 200 and < 300 ? null : $"the receiver answers {status}");
        }
        catch (HttpRequestException e)
        {
            // Messages of the runtime may name the whole address; these do not.
            return new WebhookAnswer(false, false, (e.GetBaseException() as SocketException)?.SocketErrorCode is { } code ? $"no connection: {code}"
                : e.GetBaseException() is NotPublicException refused ? refused.Message : $"no answer: {e.HttpRequestError}");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new WebhookAnswer(false, false, $"no answer within {AnswerMax.TotalSeconds:0} s");
        }
    }

    public void Dispose() => _client.Dispose();

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        IPAddress[] addresses = await Dns.GetHostAddressesAsync(context.DnsEndPoint.Host, cancellation).ConfigureAwait(false);
        IPAddress[] allowed = _private ? addresses : [.. addresses.Where(PublicAddress.Is)];
        if (allowed.Length == 0)
        {
            throw new NotPublicException();
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(allowed, context.DnsEndPoint.Port, cancellation).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private sealed class NotPublicException() : IOException("the host is on this machine or a private network, where alerts are not posted to unless that is allowed");
}
