// The template patterns of to_char, to_date and to_timestamp, taken apart once for a constant pattern.
using System.Text;
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>A parsed date/time template.</summary>
internal sealed partial class DateTimeFormat
{
    private static readonly string[] s_months =
        ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

    private static readonly string[] s_days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

    private static readonly string[] s_roman = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"];

    // Longer patterns first, so that the first that fits is the right one.
    private static readonly string[] s_codes =
    [
        "Y,YYY", "MONTH", "SSSSS", "A.M.", "P.M.", "B.C.", "A.D.", "HH24", "HH12", "IDDD", "IYYY", "SSSS", "YYYY", "DAY", "DDD", "FF1", "FF2",
        "FF3", "FF4", "FF5", "FF6", "IYY", "MON", "TZH", "TZM", "YYY", "AM", "PM", "BC", "AD", "CC", "DD", "DY", "HH", "ID", "IW", "IY", "MI", "MM",
        "MS", "OF", "RM", "SS", "TZ", "US", "WW", "YY", "D", "I", "J", "Q", "W", "Y",
    ];

    private readonly List<Node> _nodes = [];

    private readonly record struct Node(string Code, string Text, bool Fill, string Suffix);

    /// <summary>The fields that a pattern may print.</summary>
    public struct Parts
    {
        public int Year;
        public int Month;
        public int Day;
        public int Days;
        public long Micros;
        public bool IsInterval;
        public int? OffsetSeconds;
        public string Zone;
    }

    public DateTimeFormat(ReadOnlySpan<byte> pattern)
    {
        string p = Encoding.UTF8.GetString(pattern);
        bool fill = false;
        var literal = new StringBuilder();
        for (int i = 0; i < p.Length;)
        {
            if (p[i] == '"')
            {
                for (i++; i < p.Length && p[i] != '"'; i++)
                {
                    i += p[i] == '\\' && i + 1 < p.Length ? 1 : 0;
                    literal.Append(p[i]);
                }

                i++;
                continue;
            }

            if (p[i] == '\\' && i + 1 < p.Length && p[i + 1] == '"')
            {
                literal.Append('"');
                i += 2;
                continue;
            }

            if (StartsWith(p, i, "FM") || StartsWith(p, i, "FX") || StartsWith(p, i, "TM"))
            {
                fill |= char.ToUpperInvariant(p[i + 1]) == 'M' && char.ToUpperInvariant(p[i]) == 'F';
                i += 2;
                continue;
            }

            string? code = Array.Find(s_codes, c => StartsWith(p, i, c));
            if (code is null)
            {
                literal.Append(p[i++]);
                continue;
            }

            Flush(literal);
            string text = p.Substring(i, code.Length);
            i += code.Length;
            string suffix = StartsWith(p, i, "TH") ? p.Substring(i, 2) : "";
            i += suffix.Length;
            _nodes.Add(new Node(code, text, fill, suffix));
            fill = false;
        }

        Flush(literal);
        _unit = Finest();
    }

    private static bool StartsWith(string p, int at, string code) => string.Compare(p, at, code, 0, code.Length, StringComparison.OrdinalIgnoreCase) == 0;

    private void Flush(StringBuilder literal)
    {
        if (literal.Length > 0)
        {
            _nodes.Add(new Node("", literal.ToString(), false, ""));
            literal.Clear();
        }
    }

    /// <summary>Writes the fields by the pattern.</summary>
    public ByteSlice Format(in Parts v, EvalContext context)
    {
        var text = new StringBuilder();
        foreach (Node node in _nodes)
        {
            int start = text.Length;
            Write(text, node, v);
            if (node.Suffix.Length > 0)
            {
                string th = Ordinal(text.ToString(start, text.Length - start));
                text.Append(node.Suffix[0] == 'T' ? th.ToUpperInvariant() : th);
            }
        }

        return context.Scratch.Copy(text.ToString());
    }

    internal static string Ordinal(string digits)
    {
        digits = digits.TrimEnd();
        bool teen = digits.Length > 1 && digits[^2] == '1';
        return digits[^1] switch
        {
            '1' when !teen => "st",
            '2' when !teen => "nd",
            '3' when !teen => "rd",
            _ => "th",
        };
    }

    private static void Write(StringBuilder text, Node node, in Parts v)
    {
        long seconds = v.Micros / Calendar.SecondMicros;
        int fraction = (int)(Math.Abs(v.Micros) % Calendar.SecondMicros);
        long hour = seconds / 3600;
        int iso = v.IsInterval ? v.Year : Calendar.IsoWeek(v.Days).Year;
        int year = v.IsInterval || v.Year > 0 ? v.Year : 1 - v.Year;
        int dayOfYear = v.IsInterval ? (v.Year * 360) + (v.Month * 30) + v.Day : Calendar.DayOfYear(v.Year, v.Month, v.Day);
        switch (node.Code)
        {
            case "":
                text.Append(node.Text);
                break;
            case "HH" or "HH12":
                Number(text, hour % 12 == 0 ? 12 : Math.Abs(hour % 12), 2, node);
                break;
            case "HH24":
                Number(text, hour, 2, node);
                break;
            case "MI":
                Number(text, Math.Abs(seconds / 60 % 60), 2, node);
                break;
            case "SS":
                Number(text, Math.Abs(seconds % 60), 2, node);
                break;
            case "SSSS" or "SSSSS":
                Number(text, seconds, 0, node);
                break;
            case "MS" or "FF3":
                Number(text, fraction / 1000, 3, node with { Fill = false });
                break;
            case "US" or "FF6":
                Number(text, fraction, 6, node with { Fill = false });
                break;
            case "FF1" or "FF2" or "FF4" or "FF5":
                text.Append(fraction.ToString("000000")[..(node.Code[2] - '0')]);
                break;
            case "AM" or "PM":
                Cased(text, hour % 24 >= 12 ? "PM" : "AM", node.Text);
                break;
            case "A.M." or "P.M.":
                Cased(text, hour % 24 >= 12 ? "P.M." : "A.M.", node.Text);
                break;
            case "BC" or "AD":
                Cased(text, v.Year > 0 ? "AD" : "BC", node.Text);
                break;
            case "B.C." or "A.D.":
                Cased(text, v.Year > 0 ? "A.D." : "B.C.", node.Text);
                break;
            case "YYYY":
                Number(text, year, 4, node);
                break;
            case "Y,YYY":
                text.Append(year / 1000).Append(',').Append((year % 1000).ToString("000"));
                break;
            case "YYY" or "YY" or "Y":
                Number(text, year % (int)Math.Pow(10, node.Code.Length), node.Code.Length, node);
                break;
            case "IYYY":
                Number(text, iso, 4, node);
                break;
            case "IYY" or "IY" or "I":
                Number(text, iso % (int)Math.Pow(10, node.Code.Length), node.Code.Length, node);
                break;
            case "MONTH":
                Named(text, v.Month > 0 ? s_months[v.Month - 1] : "", 9, node);
                break;
            case "MON":
                Named(text, v.Month > 0 ? s_months[v.Month - 1][..3] : "", 3, node);
                break;
            case "MM":
                Number(text, v.Month, 2, node);
                break;
            case "DAY":
                Named(text, s_days[Calendar.DayOfWeek(v.Days)], 9, node);
                break;
            case "DY":
                Named(text, s_days[Calendar.DayOfWeek(v.Days)][..3], 3, node);
                break;
            case "DDD":
                Number(text, dayOfYear, 3, node);
                break;
            case "IDDD":
                Number(text, ((Calendar.IsoWeek(v.Days).Week - 1) * 7) + ((Calendar.DayOfWeek(v.Days) + 6) % 7) + 1, 3, node);
                break;
            case "DD":
                Number(text, v.Day, 2, node);
                break;
            case "D":
                Number(text, Calendar.DayOfWeek(v.Days) + 1, 1, node);
                break;
            case "ID":
                Number(text, ((Calendar.DayOfWeek(v.Days) + 6) % 7) + 1, 1, node);
                break;
            case "W":
                Number(text, ((v.Day - 1) / 7) + 1, 1, node);
                break;
            case "WW":
                Number(text, ((dayOfYear - 1) / 7) + 1, 2, node);
                break;
            case "IW":
                Number(text, Calendar.IsoWeek(v.Days).Week, 2, node);
                break;
            case "CC":
                Number(text, DateTimeFields.OfDay(DateTimeField.Century, v.Days), 2, node);
                break;
            case "J":
                Number(text, v.Days + 2_440_588L, 0, node);
                break;
            case "Q":
                Number(text, ((Math.Max(v.Month, 1) - 1) / 3) + 1, 1, node);
                break;
            case "RM":
                Named(text, v.Month > 0 ? s_roman[v.Month - 1] : "", 4, node.Text[0] == 'R' ? node with { Text = "RM" } : node);
                break;
            case "TZ":
                Cased(text, v.Zone, node.Text);
                break;
            case "TZH":
                text.Append(v.OffsetSeconds < 0 ? '-' : '+').Append((Math.Abs(v.OffsetSeconds ?? 0) / 3600).ToString("00"));
                break;
            case "TZM":
                text.Append((Math.Abs(v.OffsetSeconds ?? 0) / 60 % 60).ToString("00"));
                break;
            case "OF":
                int offset = Math.Abs(v.OffsetSeconds ?? 0);
                text.Append(v.OffsetSeconds < 0 ? '-' : '+').Append((offset / 3600).ToString("00"));
                text.Append(offset % 3600 == 0 ? "" : ":" + (offset / 60 % 60).ToString("00"));
                break;
        }
    }

    private static void Number(StringBuilder text, long value, int width, Node node) =>
        text.Append(node.Fill || width == 0 ? value.ToString() : value.ToString(new string('0', width)));

    private static void Cased(StringBuilder text, string value, string pattern) =>
        text.Append(char.IsLower(pattern[0]) ? value.ToLowerInvariant() : value);

    private static void Named(StringBuilder text, string name, int width, Node node)
    {
        string cased = char.IsLower(node.Text[0]) ? name.ToLowerInvariant()
            : char.IsUpper(node.Text[1]) ? name.ToUpperInvariant() : name;
        text.Append(node.Fill ? cased : cased.PadRight(width));
    }

    /// <summary>Reads a text by the pattern: the local time, and the offset when the pattern has one.</summary>
    /// <exception cref="SqlException">22007 when the text does not follow the pattern, 22008 when a field is out of range.</exception>
    public (long Timestamp, int? OffsetSeconds) Parse(string s)
    {
        int at = 0;
        long year = 0;
        int month = 1, day = 1, hour = 0, minute = 0, second = 0, dayOfYear = 0, offsetHours = 0, offsetMinutes = 0;
        long micros = 0, julian = -1, isoYear = -1;
        int isoWeek = 1, isoDay = 1;
        bool bc = false, hasOffset = false, negativeOffset = false;
        bool? afternoon = null;
        for (int n = 0; n < _nodes.Count && at < s.Length; n++)
        {
            Node node = _nodes[n];
            bool open = node.Fill || n + 1 == _nodes.Count || (_nodes[n + 1].Code == "" && !char.IsAsciiDigit(_nodes[n + 1].Text[0]));
            switch (node.Code)
            {
                case "":
                    foreach (char c in node.Text)
                    {
                        bool separator = !char.IsLetterOrDigit(c);
                        if (at < s.Length && (!separator || !char.IsLetterOrDigit(s[at])) && !(separator && s[at] is '+' or '-' && c != s[at] && c != ' '))
                        {
                            at++;
                        }
                    }

                    while (at < s.Length && char.IsWhiteSpace(s[at]))
                    {
                        at++;
                    }

                    break;
                case "YYYY" or "YYY" or "YY" or "Y" or "Y,YYY":
                    int before = at;
                    year = Read(s, ref at, node.Code == "YYYY" ? 4 : node.Code.Length, open, node);
                    int digits = at - before;
                    year += node.Code != "YYYY" && digits <= 2 ? (year < 70 ? 2000 : 1900) : node.Code == "YYY" && digits == 3 ? (year < 520 ? 2000 : 1000) : 0;
                    break;
                case "IYYY":
                    isoYear = Read(s, ref at, 4, open, node);
                    break;
                case "IW":
                    isoWeek = (int)Read(s, ref at, 2, open, node);
                    break;
                case "ID":
                    isoDay = (int)Read(s, ref at, 1, open, node);
                    break;
                case "MM":
                    month = (int)Read(s, ref at, 2, open, node);
                    break;
                case "MONTH" or "MON":
                    month = Name(s, ref at, s_months, node) + 1;
                    break;
                case "DAY" or "DY":
                    Name(s, ref at, s_days, node);
                    break;
                case "DD":
                    day = (int)Read(s, ref at, 2, open, node);
                    break;
                case "DDD":
                    dayOfYear = (int)Read(s, ref at, 3, open, node);
                    break;
                case "J":
                    julian = Read(s, ref at, 9, open, node);
                    break;
                case "HH" or "HH12" or "HH24":
                    hour = (int)Read(s, ref at, 2, open, node);
                    InRange(hour, 0, 24, s);
                    break;
                case "MI":
                    minute = (int)Read(s, ref at, 2, open, node);
                    InRange(minute, 0, 59, s);
                    break;
                case "SS":
                    second = (int)Read(s, ref at, 2, open, node);
                    InRange(second, 0, 60, s);
                    break;
                case "SSSS" or "SSSSS":
                    second = (int)Read(s, ref at, 5, open, node);
                    break;
                case "MS" or "US" or "FF1" or "FF2" or "FF3" or "FF4" or "FF5" or "FF6":
                    int width = node.Code == "MS" ? 3 : node.Code == "US" ? 6 : node.Code[2] - '0';
                    int from = at;
                    micros = Read(s, ref at, width, false, node) * (long)Math.Pow(10, 6 - (at - from));
                    break;
                case "AM" or "PM" or "A.M." or "P.M.":
                    afternoon = char.ToUpperInvariant(s[at]) == 'P';
                    at = Math.Min(s.Length, at + node.Code.Length);
                    break;
                case "BC" or "AD" or "B.C." or "A.D.":
                    bc = char.ToUpperInvariant(s[at]) == 'B';
                    at = Math.Min(s.Length, at + node.Code.Length);
                    break;
                case "TZH" or "OF":
                    hasOffset = true;
                    negativeOffset = s[at] == '-';
                    at += s[at] is '-' or '+' ? 1 : 0;
                    offsetHours = (int)Read(s, ref at, 2, false, node);
                    if (node.Code == "OF" && at < s.Length && s[at] == ':')
                    {
                        at++;
                        offsetMinutes = (int)Read(s, ref at, 2, false, node);
                    }

                    break;
                case "TZM":
                    offsetMinutes = (int)Read(s, ref at, 2, open, node);
                    break;
                default:
                    throw new SqlException("0A000", $"formatting code \"{node.Text}\" is not supported for reading");
            }
        }

        if (afternoon is { } pm)
        {
            InRange(hour, 1, 12, s);
            hour = (hour % 12) + (pm ? 12 : 0);
        }

        year = year == 0 ? 1 : year;
        year = bc ? 1 - year : year;
        InRange(month, 1, 12, s);
        InRange(day, 1, Calendar.DaysInMonth(year, month), s);
        long days = julian >= 0 ? julian - 2_440_588
            : isoYear >= 0 ? Calendar.DaysFrom(isoYear, 1, 4) - ((Calendar.DayOfWeek((int)Calendar.DaysFrom(isoYear, 1, 4)) + 6) % 7) + ((isoWeek - 1) * 7) + isoDay - 1
            : dayOfYear > 0 ? Calendar.DaysFrom(year, 1, 1) + dayOfYear - 1 : Calendar.DaysFrom(year, month, day);
        long result = (days * Calendar.DayMicros) + (((hour * 3600L) + (minute * 60) + second) * Calendar.SecondMicros) + micros;
        int offset = (offsetHours * 3600) + (offsetMinutes * 60);
        return (result, hasOffset ? (negativeOffset ? -offset : offset) : null);
    }

    private static void InRange(int value, int min, int max, string text)
    {
        if (value < min || value > max)
        {
            throw new SqlException("22008", $"date/time field value out of range: \"{text}\"");
        }
    }

    private static long Read(string s, ref int at, int width, bool open, Node node)
    {
        while (at < s.Length && char.IsWhiteSpace(s[at]))
        {
            at++;
        }

        int start = at;
        long value = 0;
        while (at < s.Length && char.IsAsciiDigit(s[at]) && (open || at - start < width) && at - start < 10)
        {
            value = (value * 10) + s[at++] - '0';
        }

        if (at == start)
        {
            string found = s.Substring(start, Math.Min(width, s.Length - start));
            throw new SqlException("22007", $"invalid value \"{found}\" for \"{node.Text}\"", detail: "Value must be an integer.");
        }

        if (node.Suffix.Length > 0)
        {
            at = Math.Min(s.Length, at + 2);
        }

        return value;
    }

    private static int Name(string s, ref int at, string[] names, Node node)
    {
        for (int i = 0; i < names.Length; i++)
        {
            foreach (int length in (ReadOnlySpan<int>)[names[i].Length, 3])
            {
                if (string.Compare(s, at, names[i], 0, length, StringComparison.OrdinalIgnoreCase) == 0)
                {
                    at += length;
                    return i;
                }
            }
        }

        throw new SqlException("22007", $"invalid value \"{s[at..]}\" for \"{node.Text}\"",
            detail: "The given value did not match any of the allowed values for this field.");
    }
}
