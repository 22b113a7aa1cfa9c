// Line protocol read the slow and plain way, from its description: what the fast reader is compared with.
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Millrace.Tests.Doors.LineProtocol;

/// <summary>A row: where it belongs, when it is, and its values as text with their types.</summary>
internal sealed record PlainRow(string Measurement, long Line, long Micros, SortedDictionary<string, string> Tags, SortedDictionary<string, string> Fields)
{
    public override string ToString() =>
        $"{Line} {Measurement} [{string.Join(',', Tags.Select(t => $"{t.Key}={t.Value}"))}] {string.Join(',', Fields.Select(f => $"{f.Key}={f.Value}"))} @{Micros}";
}

/// <summary>Reads a whole body; bytes are characters 0 to 255.</summary>
internal sealed partial class PlainLines(string body, long now)
{
    private readonly Dictionary<string, (HashSet<string> Tags, Dictionary<string, string> Types)> _known = [];
    private readonly HashSet<string> _refusedSeries = [];
    private readonly HashSet<string> _goodSeries = [];
    private int _at;

    public List<PlainRow> Rows { get; } = [];

    public List<long> Bad { get; } = [];

    private char Here => _at < body.Length ? body[_at] : '\n';

    public PlainLines Read()
    {
        while (_at < body.Length)
        {
            long line = 1 + body[.._at].Count(c => c == '\n');
            try
            {
                ReadLine(line);
            }
            catch (FormatException)
            {
                Bad.Add(line);
                SkipLine();
            }
        }

        return this;
    }

    private void SkipLine()
    {
        for (; _at < body.Length && body[_at] != '\n'; _at++)
        {
            if (body[_at] == '"' && _at > 0 && body[_at - 1] == '=')
            {
                Match quoted = Quoted().Match(body, _at);
                _at = quoted.Success ? _at + quoted.Length - 1 : body.Length;
            }
        }

        _at++;
    }

    private void ReadLine(long line)
    {
        int start = _at;
        SkipBlanks();
        if (Here is '\n' or '#')
        {
            int end = body.IndexOf('\n', _at);
            _at = end < 0 ? body.Length : end + 1;
            return;
        }

        string series = Series().Match(body, _at).Value;
        _at += series.Length;
        if (Here == '\n')
        {
            throw new FormatException();
        }

        (string measurement, SortedDictionary<string, string> tags) = Split(series);
        (HashSet<string> knownTags, Dictionary<string, string> types) = _known[measurement];
        SkipBlanks();
        var fields = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var newTypes = new Dictionary<string, string>(types);
        while (true)
        {
            string rawKey = FieldKey().Match(body, _at).Value;
            _at += rawKey.Length;
            string key = Plain(rawKey, ",= ");
            Demand(rawKey.Length > 0 && Here == '=');
            _at++;
            Demand(key.Length <= 256 && key != "time");
            (string type, string value) = Value();
            Demand(!knownTags.Contains(key) && newTypes.GetValueOrDefault(key, type) == type);
            newTypes[key] = type;
            fields[key] = type + value;
            if (Here == ',')
            {
                _at++;
                continue;
            }

            Demand(Here is ' ' or '\t' or '\r' or '\n');
            break;
        }

        SkipBlanks();
        long micros = now;
        if (Here != '\n')
        {
            Match time = Time().Match(body, _at);
            Demand(time.Success);
            _at += time.Length;
            Demand(Here is ' ' or '\t' or '\r' or '\n');
            decimal nanos = decimal.Parse(time.Value[..Math.Min(time.Length, 25)], CultureInfo.InvariantCulture);
            Demand(time.Length <= 20 && nanos is >= -9223372036854775806m and <= 9223372036854775806m && time.Value.TrimStart('-').Length <= 19);
            micros = (long)Math.Floor(nanos / 1000);
            SkipBlanks();
            Demand(Here == '\n');
        }

        Demand(IsText(body[start.._at]));
        _at++;
        _known[measurement] = (knownTags, newTypes);
        Rows.Add(new PlainRow(measurement, line, micros, tags, fields));
    }

    private (string, SortedDictionary<string, string>) Split(string series)
    {
        Demand(IsText(series) && !_refusedSeries.Contains(series));
        _refusedSeries.Add(series);
        List<string> parts = [.. Parts(series, ',')];
        string measurement = Plain(parts[0], ", ");
        Demand(measurement.Length is > 0 and <= 256);
        if (!_known.TryGetValue(measurement, out (HashSet<string> Tags, Dictionary<string, string> Types) known))
        {
            _known.Add(measurement, known = ([], []));
        }

        var tags = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (string part in parts.Skip(1))
        {
            string[] pair = [.. Parts(part, '=')];
            Demand(pair.Length == 2 && pair[0].Length > 0 && pair[1].Length > 0);
            string key = Plain(pair[0], ",= ");
            Demand(key.Length <= 256 && key != "time" && tags.TryAdd(key, Plain(pair[1], ",= ")));
            Demand(_goodSeries.Contains(series) || !known.Types.ContainsKey(key));
        }

        known.Tags.UnionWith(tags.Keys);
        _refusedSeries.Remove(series);
        _goodSeries.Add(series);
        return (measurement, tags);
    }

    private (string Type, string Value) Value()
    {
        if (Here == '"')
        {
            Match quoted = Quoted().Match(body, _at);
            Demand(quoted.Success);
            _at += quoted.Length;
            return ("s", Plain(quoted.Value[1..^1], "\"\\", both: true));
        }

        if (Boolean().Match(body, _at) is { Success: true } boolean)
        {
            _at += boolean.Length;
            return ("b", boolean.Value[0] is 't' or 'T' ? "t" : "f");
        }

        Match number = Number().Match(body, _at);
        Demand(number.Success);
        _at += number.Length;
        string digits = number.Value[..^1];
        switch (number.Value[^1])
        {
            case 'i':
                Demand(long.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long integer));
                return ("i", integer.ToString(CultureInfo.InvariantCulture));
            case 'u':
                Demand(ulong.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out ulong unsigned));
                return ("u", unsigned.ToString(CultureInfo.InvariantCulture));
            default:
                double value = double.Parse(number.Value, CultureInfo.InvariantCulture);
                Demand(double.IsFinite(value));
                return ("f", BitConverter.DoubleToInt64Bits(value).ToString("X16", CultureInfo.InvariantCulture));
        }
    }

    private void SkipBlanks()
    {
        while (_at < body.Length && body[_at] is ' ' or '\t' or '\r')
        {
            _at++;
        }
    }

    // Cuts at a character that no backslash goes before; a backslash goes with the next character.
    private static IEnumerable<string> Parts(string text, char at)
    {
        int start = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\')
            {
                i++;
            }
            else if (text[i] == at)
            {
                yield return text[start..i];
                start = i + 1;
            }
        }

        yield return text[start..];
    }

    private static string Plain(string text, string escaped, bool both = false)
    {
        var plain = new StringBuilder();
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 1 < text.Length)
            {
                plain.Append(escaped.Contains(text[i + 1], StringComparison.Ordinal) ? "" : "\\");
                i++;
            }

            plain.Append(text[i]);
        }

        return plain.ToString();
    }

    private static void Demand(bool holds)
    {
        if (!holds)
        {
            throw new FormatException();
        }
    }

    private static bool IsText(string latin) => !latin.Contains('\0', StringComparison.Ordinal) && System.Text.Unicode.Utf8.IsValid(Encoding.Latin1.GetBytes(latin));

    [GeneratedRegex(@"\G(?:\\[^\n]|[^ \n\\]|\\(?=\n|\z))*", RegexOptions.Singleline)]
    private static partial Regex Series();

    [GeneratedRegex(@"\G(?:\\[^\n]|[^ ,=\n\\]|\\(?=\n|\z))*", RegexOptions.Singleline)]
    private static partial Regex FieldKey();

    [GeneratedRegex(@"\G""(?:\\.|[^""\\])*""", RegexOptions.Singleline)]
    private static partial Regex Quoted();

    [GeneratedRegex(@"\G(?:true|True|TRUE|t|T|false|False|FALSE|f|F)(?=[, \t\r\n]|\z)")]
    private static partial Regex Boolean();

    [GeneratedRegex(@"\G-?(?:[0-9]+[iu]|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)")]
    private static partial Regex Number();

    [GeneratedRegex(@"\G-?[0-9]+")]
    private static partial Regex Time();
}
