// Text that repeats itself in pieces, as log lines and JSON do: all strings of the block together, compressed.
// The format is RFC 7932 (Brotli), by the runtime's own encoder and decoder.
using System.IO.Compression;
using Millrace.Core;

namespace Millrace.Store.Codecs;

/// <summary>Layout: the lengths as a block of integers, then a length and the Brotli stream of the bytes of all strings.</summary>
internal sealed class BrotliTextCodec(byte id, string name) : TextCodec(id, name)
{
    // Beyond this a few bytes could ask for gigabytes; what shrinks more has few distinct strings, and is better off in a dictionary.
    private const int RatioMax = 256;

    // It has to be worth the time that unpacking takes.
    private const double Bias = 1.2;
    private const int BytesMin = 128;
    private const int ProbeBytes = 8192;

    // Looking for repeated pieces for longer than quality 1 does pays on log lines and not on random letters; than 2, hardly ever (docs/decisions/codecs.md).
    private const int QuickQuality = 1;
    private const int Quality = 2;
    private const double GainMin = 0.05;
    private const int WindowBits = 18;

    public override double Estimate(TextProfile profile) => profile.Compressed is { } bytes
        ? profile.Lengths.Choose(IntegerBlock.DepthMax).Bits + (8.0 * bytes.Length * Bias)
        : double.PositiveInfinity;

    public override void Encode(TextProfile profile, ByteWriter writer)
    {
        TextBlock.WriteLengths(profile, writer);
        writer.WriteBytes(profile.Compressed);
    }

    public override void Decode(ref ByteReader reader, Span<int> lengths, BytesBuilder into)
    {
        int bytes = TextBlock.ReadLengths(ref reader, lengths);
        ReadOnlySpan<byte> compressed = reader.ReadBytes();
        if (compressed.IsEmpty || bytes > (long)compressed.Length * RatioMax || WindowIsLarge(compressed[0]))
        {
            throw new FormatException($"{bytes} bytes of text from {compressed.Length}");
        }

        Span<byte> to = into.Reserve(bytes);
        if (!BrotliDecoder.TryDecompress(compressed, to[..bytes], out int written) || written != bytes)
        {
            throw new FormatException("compressed text is damaged");
        }
    }

    /// <summary>The strings of <paramref name="text"/> compressed; null when a part of them hardly shrinks, or all of them shrink beyond what a reader takes.</summary>
    public static byte[]? TryCompress(ReadOnlySpan<byte> text)
    {
        if (text.Length < BytesMin)
        {
            return null;
        }

        using var room = new Rented<byte>(BrotliEncoder.GetMaxCompressedLength(text.Length));
        int quality = Quality;
        if (text.Length > 2 * ProbeBytes)
        {
            ReadOnlySpan<byte> probe = text.Slice((text.Length - ProbeBytes) / 2, ProbeBytes);
            if (!BrotliEncoder.TryCompress(probe, room.Span, out int quick, QuickQuality, WindowBits) || quick > ProbeBytes * 0.9)
            {
                return null;
            }

            quality = BrotliEncoder.TryCompress(probe, room.Span, out int longer, Quality, WindowBits) && longer < quick * (1 - GainMin) ? Quality : QuickQuality;
        }

        return BrotliEncoder.TryCompress(text, room.Span, out int written, quality, WindowBits) && text.Length <= (long)written * RatioMax
            ? room.Span[..written].ToArray()
            : null;
    }

    // RFC 7932, section 9.1: windows of more than 2^18 bytes, which the writer never asks for and the decoder would make room for.
    private static bool WindowIsLarge(byte first) => (first & 1) != 0 && (first >> 1 & 7) > 1;
}
