// Queries answered from rollups: which there are, what the session allows, and what the user is told.
using System.Globalization;
using Millrace.Core;
using Millrace.Engine;
using Millrace.Sql;

namespace Millrace.Sessions;

internal sealed partial class LocalSession
{
    private RollupMode Rollups => _settings.Get("rollups") switch
    {
        "off" => RollupMode.Off,
        "rounded" => RollupMode.Rounded,
        _ => RollupMode.On,
    };

    private (BoundQuery Query, IReadOnlyList<RollupReport> Reports) FromRollups(BoundQuery query, DatabaseSnapshot snapshot, EvalContext context) =>
        RollupReading.Of(query, snapshot, Rollups, context, o => _transaction?.HasRowsOf(o) == true);

    private static IEnumerable<Notice> NoticesOf(IReadOnlyList<RollupReport> reports)
    {
        foreach (RollupReport report in reports)
        {
            foreach (RollupUse use in report.Uses.Where(u => !u.Gone.IsEmpty))
            {
                string missing = report.Missing.IsEmpty ? "" : $"what is gone of {TextOf(report, report.Missing)} lies in no whole window of a rollup and is missing";
                yield return new Notice(
                    "00000", $"rows of \"{report.Stream.Name}\" are gone by retention: \"{use.Rollup.View.Name}\" answers for {TextOf(report, use.Gone)}",
                    missing.Length == 0 ? null : missing);
            }
        }
    }

    private static IEnumerable<string> LinesOf(IReadOnlyList<RollupReport> reports)
    {
        foreach (RollupReport report in reports)
        {
            foreach (RollupUse use in report.Uses)
            {
                yield return $"Rollup: {use.Rollup.View.Name} (bucket {LengthOf(use.Rollup.Shape.Bucket.Size)}), closed up to {TimeOf(report, use.Rollup.ClosedUpto)}, for {TextOf(report, use.Times)}"
                    + (use.Gone.IsEmpty ? "" : $"; rows are gone of {TextOf(report, use.Gone)}");
            }

            if (report.Uses.Count > 0 && TextOf(report, report.Rows) is { Length: > 0 } rows)
            {
                yield return $"Rows: {report.Stream.Name} for {rows}";
            }

            foreach ((string name, string reason) in report.Refused)
            {
                yield return $"Rollup not used: {name}, {reason}";
            }
        }
    }

    // −infinity alone is nobody's interest.
    private static string TextOf(RollupReport report, TimeRanges times) => string.Join(" and ", times.Ranges.Where(r => r.To > TimeRanges.First).Select(r =>
        (r.From <= TimeRanges.First, r.To == long.MaxValue) switch
        {
            (true, true) => "all times",
            (true, false) => "all before " + TimeOf(report, r.To),
            (false, true) => "all from " + TimeOf(report, r.From),
            _ => $"{TimeOf(report, r.From)} to {TimeOf(report, r.To)}",
        }));

    private static string TimeOf(RollupReport report, long time) => TextFormat.ToText(BoxedValue.ToColumn(time, report.Stream.Columns[report.Stream.EventTime].Type), 0)!;

    private static string LengthOf(long micros)
    {
        (long Micros, string Name)[] units = [(86_400_000_000, "day"), (3_600_000_000, "hour"), (60_000_000, "minute"), (1_000_000, "second"), (1_000, "millisecond"), (1, "microsecond")];
        (long size, string name) = units.First(u => micros % u.Micros == 0);
        return string.Create(CultureInfo.InvariantCulture, $"{micros / size} {name}{(micros == size ? "" : "s")}");
    }
}
