// Reads a request's body piece by piece: limits first, then decompression, never all of it at once.
using System.Buffers;
using System.IO.Compression;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Millrace.Doors.Http;

/// <summary>What takes the pieces of a body.</summary>
internal delegate void TakePiece(ReadOnlySpan<byte> piece);

/// <summary>A body with a limit, gzip undone.</summary>
internal static class RequestBody
{
    /// <summary>The runtime's switch without which it takes a gzip body that was cut short for a whole one.</summary>
    public const string StrictSwitch = "System.IO.Compression.UseStrictValidation";

    private const int PieceBytes = 64 << 10;
    private static readonly Lazy<bool> CutIsNoticed = new(NoticesCut);
    private static readonly string[] Units = ["bytes", "KiB", "MiB", "GiB"];

    /// <summary>Reads the body to its end.</summary>
    /// <param name="context">The request.</param>
    /// <param name="bytesMax">The limit for the body as it comes and once more for what it unpacks to.</param>
    /// <param name="lease">Counts the bytes in flight, or null.</param>
    /// <param name="take">Gets each piece.</param>
    /// <exception cref="HttpException">413 too large, 415 an encoding other than gzip (or gzip where a cut would go unnoticed), 503 too many bodies at once.</exception>
    /// <exception cref="InvalidDataException">The compressed body is damaged or not whole.</exception>
    public static async Task ReadAsync(HttpContext context, long bytesMax, IngestLease? lease, TakePiece take)
    {
        HttpRequest request = context.Request;
        if (request.ContentLength > bytesMax)
        {
            throw TooLarge(bytesMax, "");
        }

        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = bytesMax;
        }

        string encoding = request.Headers.ContentEncoding.ToString().Trim().ToLowerInvariant();
        bool gzip = encoding is "gzip" or "x-gzip";
        if (!gzip && encoding is not ("" or "identity"))
        {
            throw new HttpException(415, "Unsupported encoding", $"Content-Encoding \"{encoding}\" is not understood", "use gzip, or none");
        }

        if (gzip && !CutIsNoticed.Value)
        {
            throw new HttpException(
                415, "Compressed bodies are off", "this process unpacked gzip before the switch was set that lets a cut body be noticed",
                $"send it plain, or set {StrictSwitch} to true in the program's runtimeconfig");
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent(PieceBytes);
        long total = 0;
        try
        {
            await using Stream? unpacked = gzip ? new GZipStream(request.Body, CompressionMode.Decompress, leaveOpen: true) : null;
            Stream from = unpacked ?? request.Body;
            int read;
            while ((read = await ReadPieceAsync(context, from, buffer)) > 0)
            {
                total += read;
                if (total > bytesMax)
                {
                    throw TooLarge(bytesMax, gzip ? " once decompressed" : "");
                }

                lease?.Take(read);
                take(buffer.AsSpan(0, read));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // The server tells most faults of chunks as the client's, and a length that overflows as one of input.
    private static async ValueTask<int> ReadPieceAsync(HttpContext context, Stream from, byte[] buffer)
    {
        try
        {
            return await from.ReadAsync(buffer, context.RequestAborted);
        }
        catch (IOException e) when (e is not BadHttpRequestException && !context.RequestAborted.IsCancellationRequested)
        {
            throw new BadHttpRequestException("the body cannot be read: its chunks are not what HTTP says, or it was cut short", 400, e);
        }
    }

    // The switch is looked at once a process; somebody else's code may have been first. Trying it out is the only way to know.
    private static bool NoticesCut()
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            gzip.Write("a body that will be cut"u8);
        }

        packed.SetLength(packed.Length / 2);
        packed.Position = 0;
        try
        {
            using var unpacked = new GZipStream(packed, CompressionMode.Decompress);
            unpacked.CopyTo(Stream.Null);
            return false;
        }
        catch (InvalidDataException)
        {
            return true;
        }
    }

    private static HttpException TooLarge(long bytesMax, string when) =>
        new(413, "Body too large", $"the body is larger than {Text(bytesMax)}{when}", "send it in several requests; nothing was written");

    private static string Text(long bytes)
    {
        int unit = 0;
        while (bytes >= 1024 && bytes % 1024 == 0 && unit < Units.Length - 1)
        {
            bytes /= 1024;
            unit++;
        }

        return $"{bytes} {Units[unit]}";
    }
}

/// <summary>Bounds the bytes that all requests together are taking in.</summary>
/// <param name="bytesMax">The bound.</param>
internal sealed class IngestBudget(long bytesMax)
{
    private long _taken;

    /// <summary>Bytes held now.</summary>
    public long Taken => Interlocked.Read(ref _taken);

    /// <summary>Takes or gives back; false when the bound is passed.</summary>
    public bool TryAdd(long bytes) => Interlocked.Add(ref _taken, bytes) <= bytesMax;
}

/// <summary>One request's share of an <see cref="IngestBudget"/>, given back at its end.</summary>
/// <param name="budget">Where it is taken from.</param>
internal sealed class IngestLease(IngestBudget budget) : IDisposable
{
    private long _taken;

    /// <summary>Counts bytes that are now held.</summary>
    /// <exception cref="HttpException">503: over the bound.</exception>
    public void Take(long bytes)
    {
        _taken += bytes;
        if (!budget.TryAdd(bytes))
        {
            throw new HttpException(503, "Too much at once", "too many bodies are being taken in at once", "send this one again in a second");
        }
    }

    /// <summary>Gives everything back.</summary>
    public void Dispose()
    {
        budget.TryAdd(-_taken);
        _taken = 0;
    }
}
