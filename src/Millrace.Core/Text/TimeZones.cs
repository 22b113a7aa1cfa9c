// Time zones by IANA name, abbreviation or fixed offset.
using System.Collections.Concurrent;
using System.Text;

namespace Millrace.Core;

/// <summary>Finds time zones and converts between their local time and UTC (both µs since 1970).</summary>
public static class TimeZones
{
    private static readonly ConcurrentDictionary<string, TimeZoneInfo?> s_known = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The zone called <paramref name="name"/> (UTF-8), or null.</summary>
    public static TimeZoneInfo? Find(ReadOnlySpan<byte> name) => name.Length is 0 or > 64 ? null : Find(Encoding.UTF8.GetString(name));

    /// <summary>The zone called <paramref name="name"/>: an IANA name, an abbreviation of North America or Europe, or null.</summary>
    public static TimeZoneInfo? Find(string name)
    {
        if (s_known.TryGetValue(name, out TimeZoneInfo? zone))
        {
            return zone;
        }

        if (s_known.Count > 2000)
        {
            s_known.Clear();
        }

        return s_known[name] = Load(name);
    }

    private static TimeZoneInfo? Load(string name)
    {
        string upper = name.ToUpperInvariant();
        double? hours = upper switch
        {
            "UTC" or "GMT" or "Z" or "ZULU" or "WET" or "UCT" => 0,
            "CET" or "BST" or "MET" => 1,
            "CEST" or "EET" => 2,
            "EEST" or "MSK" => 3,
            "IST" => 5.5,
            "JST" => 9,
            "EST" => -5,
            "EDT" or "AST" => -4,
            "CST" => -6,
            "CDT" => -5,
            "MST" => -7,
            "MDT" => -6,
            "PST" => -8,
            "PDT" => -7,
            _ => null,
        };
        if (hours is { } h)
        {
            return h == 0 ? TimeZoneInfo.Utc : TimeZoneInfo.CreateCustomTimeZone(upper, TimeSpan.FromHours(h), upper, upper);
        }

        if (!name.Contains('/') && !TimeZoneInfo.TryFindSystemTimeZoneById(name, out _))
        {
            return null;
        }

        return TimeZoneInfo.TryFindSystemTimeZoneById(name, out TimeZoneInfo? found) ? found : FindAnyCase(name);
    }

    private static TimeZoneInfo? FindAnyCase(string name) =>
        TimeZoneInfo.GetSystemTimeZones().FirstOrDefault(z => string.Equals(z.Id, name, StringComparison.OrdinalIgnoreCase));

    /// <summary>Seconds east of UTC that hold in <paramref name="zone"/> at a UTC instant.</summary>
    public static int OffsetAt(TimeZoneInfo zone, long utcMicros)
    {
        if (ReferenceEquals(zone, TimeZoneInfo.Utc))
        {
            return 0;
        }

        long ticks = Math.Clamp((utcMicros / 1_000_000 * 10_000_000) + DateTime.UnixEpoch.Ticks, DateTime.MinValue.Ticks, DateTime.MaxValue.Ticks);
        return (int)zone.GetUtcOffset(new DateTime(utcMicros is > 253_402_300_799_000_000 or < -62_135_596_800_000_000
            ? (utcMicros > 0 ? DateTime.MaxValue.Ticks : DateTime.MinValue.Ticks) : ticks, DateTimeKind.Utc)).TotalSeconds;
    }

    /// <summary>The UTC instant of a local time: in a gap the time shifted forward, in an overlap the standard (later) one, as PostgreSQL does.</summary>
    public static long ToUtc(TimeZoneInfo zone, long localMicros)
    {
        if (Calendar.IsInfinite(localMicros) || ReferenceEquals(zone, TimeZoneInfo.Utc))
        {
            return localMicros;
        }

        long before = OffsetAt(zone, localMicros - Calendar.DayMicros) * Calendar.SecondMicros;
        long after = OffsetAt(zone, localMicros + Calendar.DayMicros) * Calendar.SecondMicros;
        if (before == after)
        {
            return localMicros - before;
        }

        bool beforeHolds = OffsetAt(zone, localMicros - before) * Calendar.SecondMicros == before;
        bool afterHolds = OffsetAt(zone, localMicros - after) * Calendar.SecondMicros == after;
        return afterHolds ? localMicros - after : beforeHolds ? localMicros - before : localMicros - before;
    }

    /// <summary>The local time of a UTC instant.</summary>
    public static long ToLocal(TimeZoneInfo zone, long utcMicros) =>
        Calendar.IsInfinite(utcMicros) ? utcMicros : utcMicros + (OffsetAt(zone, utcMicros) * Calendar.SecondMicros);
}
