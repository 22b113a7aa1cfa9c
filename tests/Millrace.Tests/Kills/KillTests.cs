// The real server, killed in the middle of four writers' work, again and again on the same folder; and with system calls that fail.
using System.Diagnostics;
using System.Globalization;
using Millrace.Tests.Cli;
using Npgsql;
using Xunit;

namespace Millrace.Tests.Kills;

public sealed class KillTests
{
    // A checkpoint every few dozen transactions; with each, rows become small segments, which are merged up to some hundred rows.
    internal static readonly string[] SmallSizes = ["--segment-rows", "400", "--segment-bytes", "2000", "--checkpoint-bytes", "20000"];

    private static readonly int Kills = int.Parse(Environment.GetEnvironmentVariable("MILLRACE_TORTURE") ?? "20", CultureInfo.InvariantCulture);

    /// <summary>
    /// kill −9 at any moment of writing, sealing, merging, checkpointing and retention, whose sizes are small enough that they happen all the time.
    /// ./dev torture does it 200 times.
    /// </summary>
    [UnixFact]
    public async Task WhatWasAcknowledgedSurvivesKillMinusNine()
    {
        using var folder = new Cli.TempFolder();
        var work = new Workload();
        var random = new Random(Kills == 20 ? 20260131 : Environment.TickCount);
        for (int round = 0; round <= Kills; round++)
        {
            using CliProcess server = Start(folder.Path);
            Dictionary<string, string> doors = await server.ReadyAsync();
            await using (var connection = new NpgsqlConnection(Workload.Connection(doors["pg"])))
            {
                await connection.OpenAsync();
                if (round == 0)
                {
                    await Workload.CreateAsync(connection);
                }

                await work.CheckAsync(connection);
            }

            if (round == Kills)
            {
                server.Terminate();
                Assert.Equal(0, await server.WaitAsync());
                break;
            }

            long before = work.Acknowledged;
            Task writing = work.WriteAsync(doors["pg"], doors["http"], round * 100);
            var watch = Stopwatch.StartNew();
            while (work.Acknowledged < before + (round % 2 == 0 ? 20 : Workload.Writers) && watch.Elapsed < TimeSpan.FromSeconds(60))
            {
                await Task.Delay(1);
            }

            await Task.Delay(random.Next(250));
            server.KillHard();
            await writing.WaitAsync(TimeSpan.FromSeconds(30));
            Assert.True(work.Acknowledged > before, $"round {round}: nothing was written; {server.Error}");
        }

        Assert.True(work.Acknowledged > 8 * Kills, $"too tame: {work.Acknowledged} transactions");
        Assert.True(work.SegmentsSeen > 2 && work.LetGo > 0, $"too tame: {work.SegmentsSeen} segments, {work.LetGo} rows let go");
    }

    /// <summary>T2 and T4 for the whole server: one sync fails; the waiting writes fail, the process ends within a second, the rest is there.</summary>
    [StraceTheory]
    [InlineData(12)]
    [InlineData(30)]
    [InlineData(57)]
    public async Task TheServerEndsWhenASyncFails(int call)
    {
        using var folder = new Cli.TempFolder();
        var work = new Workload();
        using (CliProcess first = Start(folder.Path))
        {
            Dictionary<string, string> doors = await first.ReadyAsync();
            await using var connection = new NpgsqlConnection(Workload.Connection(doors["pg"]));
            await connection.OpenAsync();
            await Workload.CreateAsync(connection);
            first.KillHard();
            await first.WaitAsync();
        }

        using (var server = new CliProcess(
            ["serve", "--data", folder.Path, "--pg", "127.0.0.1:0", "--http", "127.0.0.1:0"],
            under: ["strace", "-f", "-qqq", "--seccomp-bpf", "-o", "/dev/null", "-e", "trace=fdatasync", "-e", $"inject=fdatasync:error=EIO:when={call}"]))
        {
            Dictionary<string, string> doors = await server.ReadyAsync();
            Task writing = work.WriteAsync(doors["pg"], doors["http"], call);
            Assert.NotEqual(0, await server.WaitAsync());
            await writing.WaitAsync(TimeSpan.FromSeconds(10));
            Assert.Contains("the disk failed", server.Error, StringComparison.Ordinal);
        }

        using CliProcess again = Start(folder.Path);
        Dictionary<string, string> reopened = await again.ReadyAsync();
        await using var reader = new NpgsqlConnection(Workload.Connection(reopened["pg"]));
        await reader.OpenAsync();
        await work.CheckAsync(reader);
    }

    private static CliProcess Start(string data) => new(["serve", "--data", data, "--pg", "127.0.0.1:0", "--http", "127.0.0.1:0", .. SmallSizes]);
}
