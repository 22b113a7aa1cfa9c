// English names of months and weekdays, whole or by their first three letters.
namespace Millrace.Core;

/// <summary>Finds months (1 to 12, 0 for none) and weekdays (0 is Sunday, −1 for none) by name.</summary>
internal static class DateTimeNames
{
    private static readonly string[] s_months =
        ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"];

    private static readonly string[] s_days = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

    public static int MonthOf(ReadOnlySpan<byte> word) => Ascii.Is(word, "sept"u8) ? 9 : Find(s_months, word) + 1;

    public static int WeekdayOf(ReadOnlySpan<byte> word) => Find(s_days, word);

    private static int Find(string[] names, ReadOnlySpan<byte> word)
    {
        if (word.Length >= 3)
        {
            for (int i = 0; i < names.Length; i++)
            {
                if (word.Length == 3 || word.Length == names[i].Length)
                {
                    int same = 0;
                    while (same < word.Length && (word[same] | 0x20) == names[i][same])
                    {
                        same++;
                    }

                    if (same == word.Length)
                    {
                        return i;
                    }
                }
            }
        }

        return -1;
    }
}
