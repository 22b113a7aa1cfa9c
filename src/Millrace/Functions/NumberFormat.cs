// The template patterns of to_char and to_number for numbers, taken apart once for a constant pattern.
using System.Text;
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>A parsed number template.</summary>
internal sealed class NumberFormat
{
    private static readonly string[] s_codes = ["EEEE", "FM", "MI", "PL", "PR", "SG", "TH", "9", "0", ".", "D", ",", "G", "S", "L", "$", "V"];

    private readonly List<(string Code, string Text)> _tokens = [];
    private readonly bool _fill;
    private readonly int _before;
    private readonly int _after;
    private readonly bool _shift;
    private readonly bool _exponent;
    private readonly bool _ownSign;
    private readonly int _firstZero = int.MaxValue;
    private readonly int _lastZeroAfter;

    public NumberFormat(ReadOnlySpan<byte> pattern)
    {
        string p = Encoding.UTF8.GetString(pattern);
        bool point = false;
        for (int i = 0; i < p.Length;)
        {
            if (p[i] == '"')
            {
                int end = p.IndexOf('"', i + 1);
                end = end < 0 ? p.Length : end;
                _tokens.Add(("", p[(i + 1)..end]));
                i = end + 1;
                continue;
            }

            string? code = Array.Find(s_codes, c => string.Compare(p, i, c, 0, c.Length, StringComparison.OrdinalIgnoreCase) == 0);
            string text = p.Substring(i, code?.Length ?? 1);
            i += text.Length;
            switch (code)
            {
                case "FM":
                    _fill = true;
                    continue;
                case "9" or "0":
                    if (point)
                    {
                        _after++;
                        _lastZeroAfter = code == "0" ? _after : _lastZeroAfter;
                    }
                    else
                    {
                        _firstZero = code == "0" ? Math.Min(_firstZero, _before) : _firstZero;
                        _before++;
                    }

                    break;
                case "." or "D":
                    if (point)
                    {
                        throw new SqlException("42601", "multiple decimal points");
                    }

                    point = true;
                    break;
                case "V":
                    point = _shift = true;
                    break;
                case "EEEE":
                    _exponent = true;
                    break;
                case "S" or "MI" or "PL" or "PR" or "SG":
                    _ownSign = true;
                    break;
            }

            _tokens.Add((code ?? "", text));
        }
    }

    /// <summary>Writes a number by the pattern.</summary>
    public string Format(Numeric value)
    {
        if (value.IsNaN)
        {
            return _fill ? "NaN" : "NaN".PadLeft(_before + (_after > 0 ? _after + 1 : 0) + 1);
        }

        if (_exponent)
        {
            return Scientific(value);
        }

        Numeric rounded = _shift ? (value * Numeric.Create((Int128)Math.Pow(10, _after), 0)).Round(0) : value.Round(_after);
        bool negative = rounded.Sign < 0;
        string digits = rounded.Abs().ToString();
        int dot = digits.IndexOf('.');
        string whole = dot < 0 ? digits : digits[..dot];
        string fraction = dot < 0 ? "" : digits[(dot + 1)..];
        int before = _shift ? _before + _after : _before;
        bool overflow = whole.Length > before && whole != "0";
        if (whole == "0" && (_after > 0 && !_shift))
        {
            whole = "";
        }

        if (overflow)
        {
            whole = new string('#', before);
            fraction = new string('#', _after);
        }

        int shown = _fill ? Math.Max(_lastZeroAfter, fraction.TrimEnd('0').Length) : fraction.Length;
        return Lay(whole, fraction[..Math.Min(shown, fraction.Length)], before, negative);
    }

    private string Lay(string whole, string fraction, int before, bool negative)
    {
        var text = new StringBuilder();
        int position = 0;
        int after = 0;
        bool started = false;
        bool point = false;
        for (int t = 0; t < _tokens.Count; t++)
        {
            (string code, string literal) = _tokens[t];
            switch (code)
            {
                case "9" or "0" when !point || _shift:
                    int digit = position - (before - whole.Length);
                    bool zero = _firstZero <= position;
                    if (digit >= 0 || zero)
                    {
                        Start(text, ref started, negative);
                        text.Append(digit >= 0 ? whole[digit] : '0');
                    }
                    else if (!_fill)
                    {
                        text.Append(' ');
                    }

                    position++;
                    break;
                case "9" or "0":
                    text.Append(after < fraction.Length ? fraction[after].ToString() : "");
                    after++;
                    break;
                case "." or "D":
                    Start(text, ref started, negative);
                    point = true;
                    text.Append('.');
                    break;
                case "V":
                    point = true;
                    break;
                case "," or "G":
                    text.Append(started ? "," : _fill ? "" : " ");
                    break;
                case "S":
                    if (position == 0 && !started)
                    {
                        // A leading S stands at the first digit.
                        break;
                    }

                    text.Append(negative ? '-' : '+');
                    break;
                case "SG":
                    text.Append(negative ? '-' : '+');
                    break;
                case "MI":
                    text.Append(negative ? "-" : _fill ? "" : " ");
                    break;
                case "PL":
                    text.Append(!negative ? "+" : _fill ? "" : " ");
                    break;
                case "PR":
                    text.Append(negative ? ">" : _fill ? "" : " ");
                    break;
                case "L" or "$":
                    text.Append(code == "$" ? "$" : _fill ? "" : " ");
                    break;
                case "TH":
                    if (!negative && fraction.Length == 0)
                    {
                        string th = DateTimeFormat.Ordinal(text.ToString());
                        text.Append(literal[0] == 'T' ? th.ToUpperInvariant() : th);
                    }

                    break;
                default:
                    text.Append(literal);
                    break;
            }
        }

        return text.ToString();
    }

    private void Start(StringBuilder text, ref bool started, bool negative)
    {
        if (started)
        {
            return;
        }

        started = true;
        if (_tokens.Exists(t => t.Code == "PR"))
        {
            text.Append(negative ? "<" : _fill ? "" : " ");
        }
        else if (_tokens.FindIndex(t => t.Code == "S") is var s && s >= 0 && s < _tokens.FindIndex(t => t.Code is "9" or "0"))
        {
            text.Append(negative ? '-' : '+');
        }
        else if (!_ownSign)
        {
            text.Append(negative ? "-" : _fill ? "" : " ");
        }
    }

    private string Scientific(Numeric value)
    {
        string digits = value.Abs().Unscaled.ToString();
        int exponent = value.Unscaled == 0 ? 0 : digits.Length - 1 - value.Scale;
        Numeric mantissa = value.Unscaled == 0 ? Numeric.Create(0, _after) : Numeric.Create(value.Abs().Unscaled, digits.Length - 1).Round(_after);
        if (mantissa >= Numeric.From(10))
        {
            exponent++;
            mantissa = (mantissa / Numeric.From(10)).Round(_after);
        }

        return (value.Sign < 0 ? "-" : _fill ? "" : " ") + mantissa + "e" + (exponent < 0 ? "-" : "+") + Math.Abs(exponent).ToString("00");
    }

    /// <summary>Reads a number: digits and the point count, signs and brackets make it negative, the rest is passed over.</summary>
    /// <exception cref="SqlException">22P02 when there is no digit.</exception>
    public Numeric Parse(string text)
    {
        var digits = new StringBuilder();
        bool negative = false;
        int after = 0;
        bool point = false;
        foreach (char c in text)
        {
            if (char.IsAsciiDigit(c))
            {
                if (!point || after++ < _after)
                {
                    digits.Append(c);
                }
            }
            else if (c == '.' && !point)
            {
                point = true;
                digits.Append('.');
            }
            else
            {
                negative |= c is '-' or '<';
            }
        }

        if (digits.Length == 0)
        {
            throw new SqlException("22P02", $"invalid input syntax for type numeric: \"{text}\"");
        }

        Numeric value = Numeric.Parse(Encoding.ASCII.GetBytes(digits.ToString()));
        return negative ? -value : value;
    }
}
