// Stretches of time in which a partition's rows are to be worked out anew.
namespace Millrace.Engine;

/// <summary>Lists of stretches, both ends belonging to them.</summary>
internal static class Stretches
{
    /// <summary>Sorts the stretches and makes one of those that meet.</summary>
    public static void Join(List<(long Low, long High)> stretches)
    {
        if (stretches.Count == 0)
        {
            return;
        }

        stretches.Sort();
        int kept = 0;
        for (int i = 1; i < stretches.Count; i++)
        {
            if (stretches[i].Low <= stretches[kept].High)
            {
                stretches[kept] = (stretches[kept].Low, Math.Max(stretches[kept].High, stretches[i].High));
            }
            else
            {
                stretches[++kept] = stretches[i];
            }
        }

        stretches.RemoveRange(kept + 1, stretches.Count - kept - 1);
    }
}
