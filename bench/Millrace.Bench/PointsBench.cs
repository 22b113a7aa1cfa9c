// Point reads of a view by its key with pgbench, from Millrace and from PostgreSQL in turns.
using System.Diagnostics;
using System.Globalization;
using System.Net;
using Millrace.Doors;
using Millrace.Log;

namespace Millrace.Bench;

/// <summary>
/// 100,000 keys in a materialized view of sums; PostgreSQL has the same view with a unique index on the key, all of it in memory. Debian's pgbench draws a key
/// and reads its row, over TCP on loopback, as simple queries and as prepared ones, with one client and with eight. Where PostgreSQL is not installed, the part is left out.
/// </summary>
internal static class PointsBench
{
    private const int Keys = 100_000;
    private const int Seconds = 4;

    private static readonly (string Protocol, int Clients)[] s_kinds = [("simple", 1), ("simple", 8), ("prepared", 1), ("prepared", 8)];

    private static readonly string s_script = string.Create(CultureInfo.InvariantCulture, $"\\set aid random(1, {Keys})\nSELECT total FROM balances WHERE aid = :aid;\n");

    public static async Task RunAsync(BenchOptions options, Report report)
    {
        using TestFolder folder = TestFolder.Make();
        await using PostgresPeer? postgres = await PostgresPeer.StartAsync(folder.Path);
        if (postgres is null)
        {
            Progress.Say($"{DoorsBench.Name}: points left out, there is no PostgreSQL (apt-get install postgresql-15)");
            return;
        }

        string script = Path.Combine(folder.Path, "point.sql");
        await File.WriteAllTextAsync(script, s_script);
        string rows = string.Create(CultureInfo.InvariantCulture, $"generate_series(1, {10 * Keys}) AS t(i)");
        await postgres.ExecuteAsync(
            $"""
            CREATE TABLE entries (aid int NOT NULL, delta int NOT NULL);
            INSERT INTO entries SELECT i % {Keys} + 1, i % 100 FROM {rows};
            CREATE MATERIALIZED VIEW balances AS SELECT aid, sum(delta) AS total FROM entries GROUP BY aid;
            CREATE UNIQUE INDEX ON balances (aid);
            VACUUM ANALYZE balances
            """);
        await using Database database = await Database.OpenAsync(Path.Combine(folder.Path, "millrace"), new DatabaseOptions { Durability = Durability.Os });
        await database.ExecuteAsync(
            $"""
            CREATE STREAM entries (aid int NOT NULL, delta int NOT NULL);
            CREATE MATERIALIZED VIEW balances AS SELECT aid, sum(delta) AS total FROM entries GROUP BY aid;
            INSERT INTO entries SELECT i % {Keys} + 1, i % 100 FROM {rows}
            """);
        await using DoorHost doors = await DoorHost.StartAsync(database, new DoorHostOptions { Postgres = new IPEndPoint(IPAddress.Loopback, 0), Http = null });
        (string Name, int Port)[] servers = [("Millrace", doors.Postgres!.Port), ("PostgreSQL", postgres.Port)];
        foreach ((string protocol, int clients) in s_kinds)
        {
            // The runtime compiles what is hot anew in the background.
            Tps(postgres, script, protocol, clients, servers[0].Port, 3);
            List<double>[] rates = [[], []];
            for (int run = 0; run < options.Runs; run++)
            {
                for (int s = 0; s < servers.Length; s++)
                {
                    Progress.Say($"{DoorsBench.Name}: {servers[s].Name}, {protocol}, {clients} clients, run {run + 1}");
                    rates[s].Add(Tps(postgres, script, protocol, clients, servers[s].Port, Seconds));
                }
            }

            string what = string.Create(CultureInfo.InvariantCulture, $"point read, {protocol}, {clients} client{(clients == 1 ? "" : "s")}");
            for (int s = 0; s < servers.Length; s++)
            {
                report.Add(DoorsBench.Name, $"{what}, {servers[s].Name}", "reads/s", [.. rates[s]]);
            }

            report.Add(DoorsBench.Name, $"{what}, Millrace / PostgreSQL", "%", [.. rates[0].Zip(rates[1], (a, b) => a / b * 100)]);
        }
    }

    private static double Tps(PostgresPeer postgres, string script, string protocol, int clients, int port, int seconds)
    {
        var start = new ProcessStartInfo(Path.Combine(postgres.Bin, "pgbench"), string.Create(
            CultureInfo.InvariantCulture, $"-h 127.0.0.1 -p {port} -U bench -n -M {protocol} -c {clients} -j 1 -T {seconds} -f {script} bench"))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        int at = text.IndexOf("tps = ", StringComparison.Ordinal);
        return process.ExitCode == 0 && at >= 0 ? double.Parse(text[(at + 6)..].Split(' ')[0], CultureInfo.InvariantCulture)
            : throw new InvalidOperationException($"pgbench gave {process.ExitCode}: {text} {error.Result}");
    }
}
