// The rows of the TSBS cpu-only use case: 10 tags, 10 whole numbers between 0 and 100, a row every 10 s and host.
using System.Globalization;
using System.Text;

namespace Millrace.Bench;

/// <summary>Makes such rows as line protocol and as CSV, the same ones for the same number.</summary>
internal static class CpuRows
{
    private const int Hosts = 100;
    private static readonly string[] Fields =
        ["usage_user", "usage_system", "usage_idle", "usage_nice", "usage_iowait", "usage_irq", "usage_softirq", "usage_steal", "usage_guest", "usage_guest_nice"];

    private static readonly string[] TagNames =
        ["hostname", "region", "datacenter", "rack", "os", "arch", "team", "service", "service_version", "service_environment"];

    /// <summary>The statement for a stream of them.</summary>
    public static string Create { get; } = "CREATE STREAM cpu (time timestamptz, " + string.Join(", ", TagNames.Select(t => t + " text")) + ", "
        + string.Join(", ", Fields.Select(f => f + " bigint")) + ") WITH (event_time = 'time', key = '" + string.Join(", ", TagNames) + "')";

    /// <summary>The names of CSV's fields.</summary>
    public static string Header { get; } = "time," + string.Join(',', TagNames) + "," + string.Join(',', Fields);

    /// <summary>Rows as line protocol.</summary>
    public static byte[] Lines(int rows) => Make(rows, (text, host, time, values) =>
    {
        text.Append("cpu");
        string[] tags = Tags(host);
        for (int i = 0; i < tags.Length; i++)
        {
            text.Append(',').Append(TagNames[i]).Append('=').Append(tags[i]);
        }

        for (int i = 0; i < values.Length; i++)
        {
            text.Append(i == 0 ? ' ' : ',').Append(Fields[i]).Append('=').Append(values[i]).Append('i');
        }

        text.Append(' ').Append(time.Ticks * 100).Append('\n');
    });

    /// <summary>Rows as CSV, without a header.</summary>
    public static byte[] Csv(int rows) => Make(rows, (text, host, time, values) =>
    {
        text.Append(CultureInfo.InvariantCulture, $"{DateTime.UnixEpoch + time:yyyy-MM-dd HH:mm:ss}+00,").AppendJoin(',', Tags(host)).Append(',');
        text.AppendJoin(',', values).Append('\n');
    });

    private static byte[] Make(int rows, Action<StringBuilder, int, TimeSpan, int[]> row)
    {
        var random = new Random(42);
        int[][] values = [.. Enumerable.Range(0, Hosts).Select(_ => Enumerable.Range(0, Fields.Length).Select(_ => random.Next(101)).ToArray())];
        var text = new StringBuilder();
        for (int i = 0; i < rows; i++)
        {
            int[] now = values[i % Hosts];
            for (int f = 0; f < now.Length; f++)
            {
                now[f] = Math.Clamp(now[f] + random.Next(-1, 2), 0, 100);
            }

            row(text, i % Hosts, TimeSpan.FromSeconds(1_451_606_400 + (i / Hosts * 10)), now);
        }

        return Encoding.ASCII.GetBytes(text.ToString());
    }

    private static string[] Tags(int host) =>
    [
        $"host_{host}", "eu-central-1", $"eu-central-1{"ab"[host % 2]}", $"{host % 97}", host % 3 == 0 ? "Ubuntu16.10" : "Ubuntu15.10", host % 2 == 0 ? "x64" : "x86",
        host % 4 == 0 ? "SF" : "NYC", $"{host % 19}", $"{host % 2}", host % 3 == 0 ? "production" : "staging",
    ];
}
