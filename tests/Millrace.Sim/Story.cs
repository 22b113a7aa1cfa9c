// What happened in a lifetime, as lines; and a hash of them, by which two runs of a seed are compared.
using System.Text;

namespace Millrace.Sim;

/// <summary>A disagreement between the database and the oracle.</summary>
internal sealed class SimFailure(string message) : Exception(message);

/// <summary>Collects the story. Lines are always hashed; printed or kept only when asked.</summary>
internal sealed class Story(TextWriter? print = null)
{
    private const int TailLines = 40;
    private readonly Queue<string> _tail = new();

    /// <summary>FNV-1a over all lines.</summary>
    internal ulong Hash { get; private set; } = 14695981039346656037;

    /// <summary>The last lines, for the report of a failure.</summary>
    internal string Tail => string.Join('\n', _tail);

    internal void Tell(string line)
    {
        foreach (byte b in Encoding.UTF8.GetBytes(line))
        {
            Hash = (Hash ^ b) * 1099511628211;
        }

        print?.WriteLine(line);
        _tail.Enqueue(line);
        if (_tail.Count > TailLines)
        {
            _tail.Dequeue();
        }
    }
}
