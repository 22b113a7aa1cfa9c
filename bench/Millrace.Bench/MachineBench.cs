// What the machine itself can do: the physical limits beside which the other figures are read.
using System.Numerics;
using System.Runtime.InteropServices;
using Millrace.Core.Io;

namespace Millrace.Bench;

/// <summary>One thread reading and copying memory beyond the caches, and the checksum of the log's records.</summary>
internal static class MachineBench
{
    private const string Name = "machine";
    private const int Bytes = 256 << 20;
    private const int RecordBytes = 1 << 20;

    public static async Task RunAsync(BenchOptions options, Report report)
    {
        byte[] from = new byte[Bytes];
        byte[] to = new byte[Bytes];
        new Random(1).NextBytes(from);
        var read = new Measure();
        var copy = new Measure();
        var check = new Measure();
        for (int run = -1; run < options.Runs; run++)
        {
            Progress.Say($"{Name}: run {run + 1} of {options.Runs}");
            Measure At(Measure m) => run < 0 ? new Measure() : m;
            long sum = 0;
            await At(read).TakeAsync(Bytes, () => sum = Sum(MemoryMarshal.Cast<byte, long>(from)));
            await At(copy).TakeAsync(Bytes, () => from.CopyTo(to, 0));
            await At(check).TakeAsync(Bytes, () =>
            {
                for (int at = 0; at < Bytes; at += RecordBytes)
                {
                    sum += Crc32C.Of(from.AsSpan(at, RecordBytes));
                }
            });
            GC.KeepAlive(sum);
        }

        foreach ((string what, Measure measure) in new[] { ("read memory", read), ("copy memory", copy), ("CRC32C of 1 MiB records", check) })
        {
            report.Add(Figure.Of(Name, what, "GB/s", measure.Wall.Select(r => r / 1e9)));
            report.Add(Figure.Of(Name, what + ", per core", "GB/CPU s", measure.Cpu.Select(r => r / 1e9)));
        }
    }

    private static long Sum(ReadOnlySpan<long> values)
    {
        Vector<long> sums = default;
        foreach (Vector<long> some in MemoryMarshal.Cast<long, Vector<long>>(values))
        {
            sums += some;
        }

        return Vector.Sum(sums);
    }
}
