// A template that remembers what it printed prints what a fresh one would.
using Millrace.Core;
using Millrace.Engine;
using Xunit;

namespace Millrace.Tests.Functions;

public sealed class DateTimeFormatTests
{
    private static readonly string[] s_patterns =
    [
        "YYYY-MM-DD", "HH24:MI", "HH12 AM", "DD Mon YYYY HH24:MI:SS", "SSSS", "MS", "FF2", "Day, DDth", "IYYY-IW-ID", "J", "Q CC BC", "HH:MI:SS.US", "\"no field\"", "W WW DDD RM",
    ];

    [Fact]
    public void RememberedTextsAreRight()
    {
        var random = new Random(3);
        var context = new EvalContext();
        foreach (string pattern in s_patterns)
        {
            var format = new DateTimeFormat(System.Text.Encoding.UTF8.GetBytes(pattern));
            int remembered = 0;
            long time = 0;
            for (int i = 0; i < 2_000; i++)
            {
                // Mostly near the time before, across midnight and 1970, sometimes far away.
                time = random.Next(50) == 0 ? random.NextInt64(-(1L << 54), 1L << 54) : time + random.NextInt64(-400_000_000, 500_000_000);
                string expected = Print(new DateTimeFormat(System.Text.Encoding.UTF8.GetBytes(pattern)), time, context);
                if (format.Remembered(time) is { } text)
                {
                    remembered++;
                    Assert.True(expected == text.ToString(), $"{pattern} of {time}: {expected}, remembered {text}");
                }

                format.Remember(time, context.Scratch.Copy(expected));
            }

            Assert.True(remembered > 0 || pattern is "MS" or "FF2" or "HH:MI:SS.US" or "DD Mon YYYY HH24:MI:SS" or "SSSS", pattern);
        }
    }

    private static string Print(DateTimeFormat format, long time, EvalContext context)
    {
        (int days, long micros) = Calendar.Split(time);
        (int year, int month, int day) = Calendar.Date(days);
        return format.Format(new DateTimeFormat.Parts { Year = year, Month = month, Day = day, Days = days, Micros = micros, Zone = "" }, context).ToString();
    }
}
