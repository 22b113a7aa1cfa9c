// GET /v1/stats and /v1/stats/stream: the database's counters, once or once a second.
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Millrace.Doors.Formats;
using Millrace.Formats;
using Millrace.Doors.Http.Access;

namespace Millrace.Doors.Http;

/// <summary>Counters as the dashboard shows them.</summary>
internal sealed class StatsEndpoint(HttpBackend database, EventStreams streams, Func<long> connections, TimeProvider time)
{
    public Task Handle(HttpContext context)
    {
        DatabaseStatistics statistics = database.Statistics();
        return JsonAnswer.Write(context, to => Write(to, statistics));
    }

    public async Task HandleStream(HttpContext context)
    {
        if (HttpMethods.IsHead(context.Request.Method))
        {
            return;
        }

        FeedAccess? access = context.Features.Get<Caller>() is { } caller ? new FeedAccess(database.Catalog, caller, time, _ => { }) : null;
        using EventStream stream = streams.Start(context);
        using var second = new PeriodicTimer(TimeSpan.FromSeconds(1));
        try
        {
            do
            {
                if (access?.Over() is { } reason)
                {
                    stream.Send("auth_expired"u8, null, to => Write(to, reason));
                    await stream.FlushAsync();
                    return;
                }

                DatabaseStatistics statistics = database.Statistics();
                stream.Send("stats"u8, EventStream.Id(statistics.Epoch, 0), to => Write(to, statistics));
            }
            while (await stream.FlushAsync() && await stream.Wait(second.WaitForNextTickAsync) is true);
        }
        catch (OperationCanceledException) when (stream.Ended.IsCancellationRequested)
        {
            // The client has gone, or the server stops.
        }
    }

    private static void Write(Utf8JsonWriter to, string reason)
    {
        to.WriteStartObject();
        to.WriteString("reason"u8, reason);
        to.WriteEndObject();
    }

    private void Write(Utf8JsonWriter to, DatabaseStatistics s)
    {
        long nowMicros = (DateTime.UtcNow - DateTime.UnixEpoch).Ticks / 10;
        to.WriteStartObject();
        to.WriteNumber("epoch"u8, s.Epoch);
        to.WriteNumber("uptimeSeconds"u8, Math.Round(s.UptimeSeconds, 3));
        to.WriteNumber("memoryBytes"u8, s.MemoryBytes);
        to.WriteNumber("diskBytes"u8, s.DiskBytes);
        to.WriteNumber("logBytes"u8, s.LogBytes);
        to.WriteNumber("ingestRowsTotal"u8, s.IngestRowsTotal);
        to.WriteNumber("commitsTotal"u8, s.CommitsTotal);
        to.WriteStartArray("objects"u8);
        foreach (ObjectStatistics o in s.Objects)
        {
            WriteObject(to, o, nowMicros);
        }

        to.WriteEndArray();
        to.WriteNumber("subscriptions"u8, s.Subscriptions);
        to.WriteNumber("connections"u8, connections());
        to.WriteEndObject();
    }

    private static void WriteObject(Utf8JsonWriter to, ObjectStatistics o, long nowMicros)
    {
        Span<byte> time = stackalloc byte[32];
        to.WriteStartObject();
        to.WriteNumber("id"u8, o.Id);
        to.WriteNumber("rowsTotal"u8, o.RowsTotal);
        if (o.Rows is { } rows)
        {
            to.WriteNumber("rows"u8, rows);
        }
        else
        {
            to.WriteNull("rows"u8);
        }

        to.WriteNumber("bytes"u8, o.Bytes);
        to.WriteNumber("changesTotal"u8, o.ChangesTotal);
        if (o.WatermarkMicros is { } watermark && IsoTime.TryFormat(watermark, zone: true, time, out int length))
        {
            to.WriteString("watermark"u8, time[..length]);
            to.WriteNumber("lagMs"u8, (nowMicros - watermark) / 1000);
        }
        else
        {
            to.WriteNull("watermark"u8);
            to.WriteNull("lagMs"u8);
        }

        if (o.Error is not null)
        {
            to.WriteString("error"u8, o.Error);
        }

        to.WriteEndObject();
    }
}
