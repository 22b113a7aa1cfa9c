// Hidden row ids for tables without a primary key.
namespace Millrace.Engine;

/// <summary>Hands out hidden row ids, each once; used by the engine and by transactions on other threads. Ids of what is undone are not used again.</summary>
internal sealed class RowIdSource
{
    private long _next = 1;

    public long Next => Volatile.Read(ref _next);

    public long[] Take(int count)
    {
        long first = Interlocked.Add(ref _next, count) - count;
        long[] ids = new long[count];
        for (int i = 0; i < ids.Length; i++)
        {
            ids[i] = first + i;
        }

        return ids;
    }

    /// <summary>Notes an id found in the log. Called while recovering, by one thread.</summary>
    public void Used(long id) => _next = Math.Max(_next, id + 1);
}
