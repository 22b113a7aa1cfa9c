// Retention: what has outlived its time or its size is let go where the log says so, beside writes or in an epoch of its own.
namespace Millrace.Engine;

internal sealed partial class DatabaseEngine
{
    private bool _outlivedLook;
    private bool _sealEnded;

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

    // When no write waits that could take it along; and between two seals, as the next one could be of the same rows.
    private bool LetGo()
    {
        _sealEnded = false;
        if (!_outlivedLook)
        {
            return false;
        }

        _outlivedLook = false;
        List<CommitEntry> gone = [.. Outlived(_time)];
        return gone.Count > 0 && CommitAlone(gone, NextTime());
    }
}
