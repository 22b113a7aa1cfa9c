// The rows of a batch that an operator has chosen, given on: as they came when they are all of them, copied otherwise.
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>Room for the numbers of chosen rows, and for the rows themselves on their way out.</summary>
internal sealed class SomeRows(Schema columns)
{
    private readonly BatchBuilder _copy = new(columns);
    private int[] _numbers = [];

    /// <summary>Where the chosen rows' numbers go, ascending; holds at least <paramref name="count"/>.</summary>
    public int[] Room(int count)
    {
        if (_numbers.Length < count)
        {
            _numbers = new int[count];
        }

        return _numbers;
    }

    /// <summary>Gives the rows whose numbers are the first <paramref name="count"/> in <see cref="Room"/>.</summary>
    public void Emit(Batch input, int count, IOutput output)
    {
        if (count == input.Count)
        {
            output.Emit(input);
        }
        else if (count > 0)
        {
            _copy.Reset();
            _copy.AppendRows(input, _numbers.AsSpan(0, count));
            output.Emit(_copy.View());
        }
    }
}
