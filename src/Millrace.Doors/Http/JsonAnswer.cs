// A small JSON answer, made whole before it is sent.
using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Millrace.Doors.Formats;
using Millrace.Formats;

namespace Millrace.Doors.Http;

/// <summary>Writes JSON answers that are small enough to be made whole first, so that a failure meanwhile is still an honest error.</summary>
internal static class JsonAnswer
{
    public static async Task Write(HttpContext context, Action<Utf8JsonWriter> write, int status = 200)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        await using (var to = new Utf8JsonWriter(buffer, JsonWrite.Options))
        {
            write(to);
        }

        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = buffer.WrittenCount;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.BodyWriter.WriteAsync(buffer.WrittenMemory, context.RequestAborted);
        }
    }
}
