// Numbers of rows: the hidden row ids of tables without a primary key, and identity columns.
namespace Millrace.Engine;

/// <summary>Hands out numbers, each once; used by the engine and by transactions on other threads. Those of what is undone are not used again.</summary>
internal sealed class RowIdSource(long first = 1)
{
    private long _next = first;

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

    /// <summary>Notes a number that a row has: it is not handed out any more, nor are those before it.</summary>
    public void Used(long id)
    {
        for (long next = Volatile.Read(ref _next); next <= id && id < long.MaxValue;)
        {
            next = Interlocked.CompareExchange(ref _next, id + 1, next) is var seen && seen == next ? id + 1 : seen;
        }
    }
}
