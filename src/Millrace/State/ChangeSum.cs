// Sums up changes of whole rows, so that what an operator gives and takes back in one epoch cancels out.
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>Collects rows with weights and gives what does not cancel.</summary>
internal sealed class ChangeSum(Schema columns)
{
    private readonly RowCodec _codec = RowCodec.Of(columns);
    private readonly EncodedRows _encoded = new();
    private readonly BatchBuilder _output = new(columns);
    private readonly List<int> _order = [];
    private RowStore _rows = new(retractable: true);

    /// <summary>Adds all rows of a batch, each <paramref name="sign"/> times its weight.</summary>
    public void Add(Batch batch, int sign)
    {
        _codec.Encode(batch, _encoded);
        for (int i = 0; i < batch.Count; i++)
        {
            _rows.Change(0, _encoded.Row(i), sign * batch.Weight(i), 0);
        }
    }

    /// <summary>Emits what is left, and starts anew.</summary>
    public void Emit(IOutput output)
    {
        if (_rows.Count == 0)
        {
            return;
        }

        _output.Reset();
        _order.Clear();
        for (int row = _rows.First(0); row >= 0; row = _rows.Next(row))
        {
            _order.Add(row);
        }

        // The chain runs from the latest to the first; what was taken back was added first.
        for (int i = _order.Count - 1; i >= 0; i--)
        {
            _codec.Decode(_rows.Row(_order[i]), _output.Columns);
            _output.EndRow(_rows.Weight(_order[i]));
        }

        _rows = new RowStore(retractable: true);
        output.Emit(_output.View());
    }
}
