// Numbers as a line of blocks, one character a number.
using System.Globalization;

namespace Millrace.Cli.Sql;

/// <summary>Draws numbers with the eight block characters, from the least to the greatest of them.</summary>
internal static class Sparkline
{
    private const string Blocks = "▁▂▃▄▅▆▇█";
    private const int CharactersMax = 60;

    /// <summary>Draws the last numbers; a number that is none, or infinite, leaves a gap. Equal numbers are drawn in the middle.</summary>
    public static string Draw(IReadOnlyList<double> values, int characters = CharactersMax)
    {
        int from = Math.Max(0, values.Count - characters);
        double least = double.PositiveInfinity, greatest = double.NegativeInfinity;
        for (int i = from; i < values.Count; i++)
        {
            if (double.IsFinite(values[i]))
            {
                least = Math.Min(least, values[i]);
                greatest = Math.Max(greatest, values[i]);
            }
        }

        return string.Create(values.Count - from, (values, from, least, greatest), static (text, state) =>
        {
            // Halves, so that the difference of two huge numbers is still one.
            double span = (state.greatest / 2) - (state.least / 2);
            for (int i = 0; i < text.Length; i++)
            {
                double value = state.values[state.from + i];
                text[i] = !double.IsFinite(value) ? ' '
                    : span > 0 ? Blocks[(int)Math.Round(((value / 2) - (state.least / 2)) / span * (Blocks.Length - 1))]
                    : Blocks[3];
            }
        });
    }

    /// <summary>Draws an array of numbers as PostgreSQL writes it, <c>{1,2,NULL}</c>; null when the text is none.</summary>
    public static string? DrawArray(string text)
    {
        if (text.Length < 2 || text[0] != '{' || text[^1] != '}')
        {
            return null;
        }

        if (text.Length == 2)
        {
            return "";
        }

        string[] parts = text[1..^1].Split(',');
        double[] values = new double[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            if (parts[i].Equals("NULL", StringComparison.OrdinalIgnoreCase))
            {
                values[i] = double.NaN;
            }
            else if (!double.TryParse(parts[i], NumberStyles.Float, CultureInfo.InvariantCulture, out values[i]))
            {
                return null;
            }
        }

        return Draw(values);
    }
}
