// POST /v1/tickets: a ticket for the address that the body names.
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Millrace.Core;

namespace Millrace.Doors.Http.Access;

/// <summary>Gives whoever is let in a ticket: <c>{"for": "/v1/ws"}</c>.</summary>
internal sealed class TicketEndpoint(Tickets tickets)
{
    /// <summary>The path where a ticket is made.</summary>
    public const string Path = "/v1/tickets";

    // Any character may come as six.
    private const int BodyMax = 6 * TicketAddress.CharactersMax;
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 8, AllowDuplicateProperties = false };

    /// <summary>Answers <c>{"ticket": "…", "expiresIn": 30}</c>.</summary>
    public async Task Handle(HttpContext context)
    {
        Caller caller = context.Features.Get<Caller>()
            ?? throw new HttpException(409, "No log-in", "nobody has to log in here, so there are no tickets", "open the address without one");
        TicketAddress address = await ReadAddress(context);
        string ticket = tickets.Issue(caller, address);
        await JsonAnswer.Write(context, to =>
        {
            to.WriteStartObject();
            to.WriteString("ticket"u8, ticket);
            to.WriteNumber("expiresIn"u8, Tickets.LifeSeconds);
            to.WriteEndObject();
        });
    }

    private static async Task<TicketAddress> ReadAddress(HttpContext context)
    {
        var body = new ByteWriter(256);
        await RequestBody.ReadAsync(context, BodyMax, null, body.Write);
        try
        {
            using JsonDocument json = JsonDocument.Parse(body.WrittenMemory, Strict);
            return TicketAddress.Parse(json.RootElement.GetProperty("for").GetString() ?? "") ?? throw new KeyNotFoundException();
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new HttpException(400, "Bad request", "the body does not say what the ticket is for: a path on this server, with the parameters it will be opened with",
                "{\"for\": \"/v1/ws\"}, {\"for\": \"/v1/endpoints/NAME?PARAMETER=VALUE\"} or {\"for\": \"/v1/subscribe?query=SELECT …\"}");
        }
    }
}
