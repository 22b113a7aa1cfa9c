// Workers of a simulation: one thread, and an order drawn from the seed. What comes out must not depend on it.
using Millrace.Engine;

namespace Millrace.Sim;

/// <summary>Does the pieces of each round in an order of its own.</summary>
internal sealed class SimWorkers(SimRandom random) : Workers
{
    public override int Count => 4;

    public override void Run(int pieces, Action<int> work)
    {
        int[] order = [.. Enumerable.Range(0, pieces)];
        for (int i = pieces - 1; i > 0; i--)
        {
            int other = random.Next(i + 1);
            (order[i], order[other]) = (order[other], order[i]);
        }

        Alone.Run(pieces, i => work(order[i]));
    }
}
