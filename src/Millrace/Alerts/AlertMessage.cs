// What is posted: one JSON object a message, and the headers that name and sign it.
using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Millrace.Sql;

namespace Millrace.Alerts;

/// <summary>One message on its way. Not a record: what prints itself ends up in a log, and addresses of webhooks are secrets.</summary>
internal sealed class WebhookPost(Uri address, string? authorization, string? signature, string delivery, byte[] body)
{
    public Uri Address { get; } = address;

    public string? Authorization { get; } = authorization;

    public string? Signature { get; } = signature;

    /// <summary>Names the message: the same on every attempt, and after a restart.</summary>
    public string Delivery { get; } = delivery;

    public byte[] Body { get; } = body;
}

/// <summary>What became of an attempt.</summary>
/// <param name="IsDelivered">The receiver has taken the message.</param>
/// <param name="IsFinal">It will not take it another time either.</param>
/// <param name="Error">What went wrong, without anything secret.</param>
internal readonly record struct WebhookAnswer(bool IsDelivered, bool IsFinal, string? Error);

/// <summary>Makes messages.</summary>
internal static class AlertMessage
{
    /// <summary>The next message of an incident.</summary>
    public static WebhookPost Of(string alert, AlertOptions options, Incident incident)
    {
        IncidentRow row = incident.Now;
        bool began = incident.Message == true;
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var to = new Utf8JsonWriter(buffer))
        {
            to.WriteStartObject();
            to.WriteString("alert"u8, alert);
            to.WriteString("state"u8, began ? "firing"u8 : "resolved"u8);
            to.WriteString("id"u8, row.Id);
            to.WritePropertyName("key"u8);
            to.WriteRawValue(row.Key);
            to.WritePropertyName("row"u8);
            to.WriteRawValue(row.Data ?? "null");
            to.WriteString("since"u8, Time(row.Since));
            if (!began)
            {
                to.WriteString("until"u8, Time(row.Until!.Value));
            }

            to.WriteEndObject();
        }

        byte[] body = buffer.WrittenSpan.ToArray();
        string? signature = options.Secret is { } secret ? "sha256=" + Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.ASCII.GetBytes(secret), body)) : null;
        return new WebhookPost(options.Address, options.Authorization, signature, $"{row.Id}.{(began ? "firing" : "resolved")}", body);
    }

    private static string Time(long micros) => DateTimeOffset.UnixEpoch.AddTicks(micros * 10).ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
}
