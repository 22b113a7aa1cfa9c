// Retention: what has outlived its time or its size is let go where the log says so, beside writes or in an epoch of its own.
namespace Millrace.Engine;

internal sealed partial class DatabaseEngine
{
    // What is being sealed or merged goes when that is done: else it would come back with the new segment.
    private IEnumerable<CommitEntry> Outlived(long now)
    {
        foreach (ObjectState o in _objects.Values)
        {
            if (o.AppendedRows is { } rows && o != _sealing?.Target && _catalog.RetentionOf(o.Id) is var keep && keep != default && rows.Outlived(keep, now) is { } gone)
            {
                yield return new CommitEntry(EntryKind.Segments, o.Id, null, null, gone);
            }
        }
    }

    // At the end of an epoch, for what its record could not yet say: rows that came too late, a rule that is new, segments that were added. Nobody sees them.
    private bool LetGo()
    {
        List<CommitEntry> gone = [.. Outlived(_time)];
        return gone.Count > 0 && CommitAlone(gone, _time);
    }
}
