// A subscriber of the simulator: what it was sent must add up to the answer at every epoch.
using Millrace.Core;
using Millrace.Engine;

namespace Millrace.Sim;

/// <summary>Adds up snapshot and changes. An append-only query's rows arrive in order; weights are added up all the same.</summary>
internal sealed class Follower(SimQuery query, Subscriber subscriber)
{
    private readonly Dictionary<string, long> _rows = [];
    private long _epoch = -1;

    /// <summary>The feed has ended, because something it reads was dropped.</summary>
    internal bool Ended { get; private set; }

    internal IReadOnlyList<int> Inputs => query.Inputs;

    internal string Name => query.Name;

    /// <summary>Reads what is there and checks the state at the last epoch of it, and at the present one.</summary>
    internal void Read(Oracle oracle, bool thorough)
    {
        while (!Ended && subscriber.Reader.TryRead(out SubscriptionEvent? e))
        {
            if (e.Kind == SubscriptionEventKind.Error)
            {
                Ended = true;
                if (query.Inputs.All(oracle.Model.Objects.ContainsKey))
                {
                    throw new SimFailure($"subscription to {query.Sql} ended: {e.Error!.Message}");
                }

                return;
            }

            if (e.Epoch < _epoch)
            {
                throw new SimFailure($"subscription to {query.Sql}: epoch {e.Epoch} after epoch {_epoch}");
            }

            if (thorough && e.Epoch > _epoch && _epoch >= 0)
            {
                Check(oracle);
            }

            _epoch = e.Epoch;
            Add(e.Batch);
        }

        if (!Ended)
        {
            _epoch = oracle.Epoch;
            Check(oracle);
        }
    }

    private void Add(Batch? batch)
    {
        for (int i = 0; i < (batch?.Count ?? 0); i++)
        {
            string text = SimText.Row(batch!, i, query.Columns.Length);
            long weight = _rows.GetValueOrDefault(text) + batch!.Weight(i);
            if (weight == 0)
            {
                _rows.Remove(text);
            }
            else
            {
                _rows[text] = weight;
            }
        }
    }

    private void Check(Oracle oracle)
    {
        if (oracle.ModelAt(_epoch) is not { } model || !query.Inputs.All(model.Objects.ContainsKey))
        {
            return;
        }

        List<string> expected = [.. query.Compute(model).Select(r => SimText.Row(r, query.Columns))];
        expected.Sort(StringComparer.Ordinal);
        if (Oracle.FirstDifference(expected, Oracle.Expand(_rows)) is { } difference)
        {
            throw new SimFailure($"subscription to {query.Name}: {query.Sql} at epoch {_epoch}: {difference}");
        }
    }
}
