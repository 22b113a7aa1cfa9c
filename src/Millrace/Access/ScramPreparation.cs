// What SASLprep makes of a password (RFC 4013), as far as that can be said without Unicode's tables, which this process does not load.
using System.Globalization;
using System.Text;

namespace Millrace.Access;

/// <summary>
/// Prepares passwords: spaces become plain ones, invisible characters go. What clients would change in other ways (compatibility forms, accents that stand
/// alone) is not accepted in a password, since the server could not tell what they make of it.
/// </summary>
internal static class ScramPreparation
{
    // Letters and signs that normalization form KC leaves as they are: within these ranges, but for the exceptions.
    private static readonly (int From, int To)[] Steady =
    [
        (0x20, 0x7E), (0xA1, 0xA7), (0xA9, 0xA9), (0xAB, 0xAC), (0xAE, 0xAE), (0xB0, 0xB1), (0xB6, 0xB7), (0xBB, 0xBB), (0xBF, 0x131), (0x134, 0x13E), (0x141, 0x148),
        (0x14A, 0x17E), (0x180, 0x1C3), (0x1CD, 0x1F0), (0x1F4, 0x24F), (0x386, 0x386), (0x388, 0x3CE), (0x400, 0x481), (0x48A, 0x52F), (0x5D0, 0x5EA), (0x620, 0x64A),
        (0x905, 0x939), (0x1E00, 0x1E99), (0x1EA0, 0x1EFF), (0x2010, 0x2010), (0x2012, 0x2016), (0x2018, 0x2023), (0x20A0, 0x20A7), (0x20A9, 0x20BF), (0x3041, 0x3096),
        (0x30A1, 0x30FE), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0x1F300, 0x1F64F), (0x1F680, 0x1F6FF), (0x1F900, 0x1F9FF),
    ];

    /// <summary>The prepared form; null when it cannot be said.</summary>
    public static string? Prepare(string password)
    {
        if (Ascii.IsValid(password))
        {
            return password;
        }

        var mapped = new StringBuilder(password.Length);
        for (int i = 0; i < password.Length;)
        {
            if (!Rune.TryGetRuneAt(password, i, out Rune rune))
            {
                return null;
            }

            i += rune.Utf16SequenceLength;
            if (Rune.GetUnicodeCategory(rune) == UnicodeCategory.SpaceSeparator || rune.Value == 0x200B)
            {
                mapped.Append(' ');
            }
            else if (Array.Exists(Steady, s => rune.Value >= s.From && rune.Value <= s.To))
            {
                mapped.Append(rune.ToString());
            }
            else if (!MapsToNothing(rune.Value))
            {
                return null;
            }
        }

        return mapped.ToString();
    }

    // RFC 3454, table B.1.
    private static bool MapsToNothing(int c) => c is 0x00AD or 0x034F or 0x1806 or (>= 0x180B and <= 0x180D) or 0x200C or 0x200D or 0x2060 or (>= 0xFE00 and <= 0xFE0F) or 0xFEFF;
}
