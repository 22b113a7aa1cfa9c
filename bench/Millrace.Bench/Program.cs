// Benchmarks by name: ./dev bench NAME… [--runs N] [--events N] [--only NAME] [--json FILE]; without a name, all of them. Figures and what limits them: bench/RESULTS.md.
using Millrace.Bench;

if (args is [SubscribersServer.Argument])
{
    return await SubscribersServer.ServeAsync();
}

Dictionary<string, Func<BenchOptions, Report, Task>> benches = new()
{
    ["machine"] = MachineBench.RunAsync,
    ["tumble"] = TumbleBench.RunAsync,
    ["nexmark"] = NexmarkBench.RunAsync,
    ["live"] = LiveBench.RunAsync,
    ["log"] = LogBench.RunAsync,
    ["codecs"] = CodecsBench.RunAsync,
    ["store"] = StoreBench.RunAsync,
    ["rollups"] = RollupsBench.RunAsync,
    ["tsbs"] = TsbsBench.RunAsync,
    ["growth"] = GrowthBench.RunAsync,
    ["import"] = ImportBench.RunAsync,
    ["lines"] = LinesBench.RunAsync,
    ["doors"] = DoorsBench.RunAsync,
    ["idle"] = IdleBench.RunAsync,
    ["windows"] = WindowBench.RunAsync,
    ["checkpoint"] = CheckpointBench.RunAsync,
};

BenchOptions? options = BenchOptions.Parse(args, benches.Keys);
if (options is null)
{
    Console.Error.WriteLine($"usage: ./dev bench [{string.Join(" | ", benches.Keys)}]… [--runs N] [--events N] [--only NAME] [--json FILE]");
    return 2;
}

var report = new Report();
foreach (string name in options.Names)
{
    Progress.Say(name);
    await benches[name](options, report);
}

Progress.Clear();
report.Print(Console.Out);
if (options.Json is not null)
{
    report.WriteJson(options.Json);
}

return 0;
