// Who does the work of an epoch that does not depend on one another: the engine's thread alone, or threads beside it.
using System.Runtime.ExceptionServices;

namespace Millrace.Engine;

/// <summary>
/// Does pieces of work of which none touches what another one touches, in any order, and comes back when all are done. What comes out of the pieces is the same
/// whoever does them: the number of workers says how fast an answer is there, never what it is.
/// </summary>
internal abstract class Workers
{
    /// <summary>The caller's thread does everything, in order.</summary>
    public static readonly Workers Alone = new OnlyCaller();

    /// <summary>Threads that work, the caller's included.</summary>
    public abstract int Count { get; }

    /// <summary>
    /// Calls <paramref name="work"/> once for each number below <paramref name="pieces"/>. When pieces fail the others are done all the same, and the failure of
    /// the first of them in order surfaces.
    /// </summary>
    public abstract void Run(int pieces, Action<int> work);

    private sealed class OnlyCaller : Workers
    {
        public override int Count => 1;

        public override void Run(int pieces, Action<int> work)
        {
            ExceptionDispatchInfo? failed = null;
            for (int i = 0; i < pieces; i++)
            {
                try
                {
                    work(i);
                }
                catch (Exception e)
                {
                    failed ??= ExceptionDispatchInfo.Capture(e);
                }
            }

            failed?.Throw();
        }
    }
}
