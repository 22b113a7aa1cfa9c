// Arithmetic of intervals by PostgreSQL's rules: a month is 30 days and a day 24 hours where the parts must meet.
namespace Millrace.Core;

public readonly partial record struct Interval : IComparable<Interval>
{
    /// <summary>The length with 30-day months, in µs: what order and equality in SQL go by.</summary>
    public Int128 Span => ((((Int128)Months * 30) + Days) * Calendar.DayMicros) + Micros;

    /// <summary>Compares lengths with 30-day months; 1 mon and 30 days compare as equal although they are not the same value.</summary>
    public int CompareTo(Interval other) => Months == other.Months && Days == other.Days ? Micros.CompareTo(other.Micros) : Span.CompareTo(other.Span);

    /// <summary>Part by part.</summary>
    /// <exception cref="SqlException">22008 when a part overflows.</exception>
    public static Interval operator +(Interval a, Interval b) =>
        Of((Int128)a.Months + b.Months, (Int128)a.Days + b.Days, (Int128)a.Micros + b.Micros);

    /// <summary>Part by part.</summary>
    /// <exception cref="SqlException">22008 when a part overflows.</exception>
    public static Interval operator -(Interval a, Interval b) =>
        Of((Int128)a.Months - b.Months, (Int128)a.Days - b.Days, (Int128)a.Micros - b.Micros);

    /// <summary>Each part negated.</summary>
    /// <exception cref="SqlException">22008 when a part overflows.</exception>
    public static Interval operator -(Interval a) => Of(-(Int128)a.Months, -(Int128)a.Days, -(Int128)a.Micros);

    /// <summary>Scaled; fractions of months fall to days, of days to time.</summary>
    /// <exception cref="SqlException">22008 when a part overflows.</exception>
    public static Interval operator *(Interval a, double factor) => Scale(a, a.Months * factor, a.Days * factor, a.Micros * factor);

    /// <summary>Divided; fractions of months fall to days, of days to time.</summary>
    /// <exception cref="SqlException">22012 for zero, 22008 when a part overflows.</exception>
    public static Interval operator /(Interval a, double divisor)
    {
        if (divisor == 0)
        {
            throw new SqlException("22012", "division by zero");
        }

        return Scale(a, a.Months / divisor, a.Days / divisor, a.Micros / divisor);
    }

    private static Interval Scale(Interval a, double months, double days, double micros)
    {
        CheckInt(months);
        CheckInt(days);
        int wholeMonths = (int)months;
        int wholeDays = (int)days;
        double fractionDays = RoundMicros((months - wholeMonths) * 30);
        double seconds = RoundMicros((days - wholeDays + fractionDays - (int)fractionDays) * 86_400);
        Int128 sumDays = wholeDays;
        if (Math.Abs(seconds) >= 86_400)
        {
            sumDays += (int)(seconds / 86_400);
            seconds -= (int)(seconds / 86_400) * 86_400;
        }

        sumDays += (int)fractionDays;
        double time = Math.Round(micros + (seconds * 1_000_000), MidpointRounding.ToEven);
        if (double.IsNaN(time) || Math.Abs(time) >= 9.2233720368547758e18)
        {
            OutOfRange();
        }

        return Of(wholeMonths, sumDays, (long)time);
    }

    private static double RoundMicros(double value) => Math.Round(value * 1_000_000, MidpointRounding.ToEven) / 1_000_000;

    private static void CheckInt(double value)
    {
        if (!(value > int.MinValue - 1.0 && value < int.MaxValue + 1.0))
        {
            OutOfRange();
        }
    }

    private static void OutOfRange() => throw new SqlException("22008", "interval out of range");

    internal static Interval Of(Int128 months, Int128 days, Int128 micros)
    {
        if (months != (int)months || days != (int)days || micros != (long)micros)
        {
            OutOfRange();
        }

        return new Interval((int)months, (int)days, (long)micros);
    }

    /// <summary>Whole days of 24 hours moved from time to days; signs made to agree.</summary>
    public Interval JustifyHours()
    {
        Int128 days = Days + (Micros / Calendar.DayMicros);
        long micros = Micros % Calendar.DayMicros;
        if (days > 0 && micros < 0)
        {
            return Of(Months, days - 1, micros + Calendar.DayMicros);
        }

        return days < 0 && micros > 0 ? Of(Months, days + 1, micros - Calendar.DayMicros) : Of(Months, days, micros);
    }

    /// <summary>Whole months of 30 days moved from days to months; signs made to agree.</summary>
    public Interval JustifyDays()
    {
        Int128 months = (Int128)Months + (Days / 30);
        int days = Days % 30;
        if (months > 0 && days < 0)
        {
            return Of(months - 1, days + 30, Micros);
        }

        return months < 0 && days > 0 ? Of(months + 1, days - 30, Micros) : Of(months, days, Micros);
    }

    /// <summary>Both of the above, with one sign throughout.</summary>
    public Interval Justify()
    {
        Int128 total = Span;
        Int128 months = total / (30 * Calendar.DayMicros);
        Int128 rest = total % (30 * Calendar.DayMicros);
        return Of(months, rest / Calendar.DayMicros, rest % Calendar.DayMicros);
    }

    /// <summary>The text in PostgreSQL's postgres style, such as <c>1 day 02:00:00</c>.</summary>
    public override string ToString()
    {
        var writer = new ByteWriter(48);
        IntervalText.Append(writer, this);
        return System.Text.Encoding.UTF8.GetString(writer.Written);
    }
}
