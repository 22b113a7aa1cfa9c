// The network's side of alerts: a real receiver, and the addresses that nothing is posted to.
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Millrace.Alerts;
using Xunit;

namespace Millrace.Tests.Alerts;

public sealed class WebhookTests : IAsyncLifetime
{
    private readonly List<(string Path, string Body, string? Type, string? Authorization, string? Delivery, string? Signature)> _got = [];
    private WebApplication _server = null!;
    private string _address = "";

    public async Task InitializeAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0));
        _server = builder.Build();
        _server.Run(async context =>
        {
            using var body = new StreamReader(context.Request.Body);
            IHeaderDictionary headers = context.Request.Headers;
            _got.Add((context.Request.Path, await body.ReadToEndAsync(), headers.ContentType, headers.Authorization, headers["Millrace-Delivery"], headers["Millrace-Signature"]));
            context.Response.StatusCode = int.Parse(context.Request.Path.Value!.Split('/')[1], System.Globalization.CultureInfo.InvariantCulture);
            context.Response.Headers.Location = "/200/elsewhere";
        });
        await _server.StartAsync();
        _address = _server.Urls.First();
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task AMessageIsPostedOnceWithItsHeaders()
    {
        using var client = new WebhookClient(toPrivate: true);
        WebhookAnswer answer = await client.PostAsync(Post("/200/x"), CancellationToken.None);
        Assert.Equal(new WebhookAnswer(true, false, null), answer);
        Assert.Equal(("/200/x", "{}", "application/json", "Bearer t", "id.firing", "sha256=00"), Assert.Single(_got));
    }

    [Theory]
    [InlineData(204, true, false)]
    [InlineData(302, false, true)]
    [InlineData(400, false, true)]
    [InlineData(401, false, true)]
    [InlineData(404, false, true)]
    [InlineData(408, false, false)]
    [InlineData(429, false, false)]
    [InlineData(500, false, false)]
    [InlineData(503, false, false)]
    public async Task TheAnswerSaysWhetherToComeBack(int status, bool delivered, bool final)
    {
        using var client = new WebhookClient(toPrivate: true);
        WebhookAnswer answer = await client.PostAsync(Post($"/{status}/secret"), CancellationToken.None);
        Assert.Equal((delivered, final, delivered ? null : $"the receiver answers {status}"), (answer.IsDelivered, answer.IsFinal, answer.Error));
        Assert.Single(_got);
    }

    [Theory]
    [InlineData("localhost")]
    [InlineData("127.0.0.1")]
    [InlineData("[::ffff:127.0.0.1]")]
    [InlineData("[::1]")]
    public async Task ThisMachineIsNotReachedUnlessThatIsAllowed(string host)
    {
        using var client = new WebhookClient(toPrivate: false);
        WebhookAnswer answer = await client.PostAsync(
            new WebhookPost(new Uri($"http://{host}:{new Uri(_address).Port}/200/secret"), null, null, "id", "{}"u8.ToArray()), CancellationToken.None);
        Assert.False(answer.IsDelivered);
        Assert.False(answer.IsFinal);
        Assert.Contains("on this machine or a private network", answer.Error, StringComparison.Ordinal);
        Assert.Empty(_got);
    }

    [Fact]
    public async Task NobodyThereIsToldWithoutTheAddress()
    {
        await _server.StopAsync();
        using var client = new WebhookClient(toPrivate: true);
        WebhookAnswer answer = await client.PostAsync(Post("/200/secret"), CancellationToken.None);
        Assert.Equal((false, false, "no connection: ConnectionRefused"), (answer.IsDelivered, answer.IsFinal, answer.Error));
    }

    [Theory]
    [InlineData("8.8.8.8", true)]
    [InlineData("2606:4700::1", true)]
    [InlineData("::ffff:8.8.8.8", true)]
    [InlineData("0.0.0.0", false)]
    [InlineData("10.1.2.3", false)]
    [InlineData("100.64.0.1", false)]
    [InlineData("127.8.8.8", false)]
    [InlineData("169.254.169.254", false)]
    [InlineData("172.16.0.1", false)]
    [InlineData("172.32.0.1", true)]
    [InlineData("192.168.1.1", false)]
    [InlineData("224.0.0.1", false)]
    [InlineData("255.255.255.255", false)]
    [InlineData("::", false)]
    [InlineData("::1", false)]
    [InlineData("::ffff:10.0.0.1", false)]
    [InlineData("64:ff9b::a00:1", false)]
    [InlineData("fe80::1", false)]
    [InlineData("fc00::1", false)]
    [InlineData("fd12:3456::1", false)]
    [InlineData("ff02::1", false)]
    [InlineData("2001:db8::1", false)]
    [InlineData("2002:7f00:1::1", false)]
    public void TheOpenInternetIsToldFromTheRest(string address, bool isPublic) => Assert.Equal(isPublic, PublicAddress.Is(IPAddress.Parse(address)));

    private WebhookPost Post(string path) => new(new Uri(_address + path), "Bearer t", "sha256=00", "id.firing", "{}"u8.ToArray());
}
