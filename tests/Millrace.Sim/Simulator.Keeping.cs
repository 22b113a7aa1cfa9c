// Retention and backups as acts: rules that change on live streams, and copies of a live database that are restored and looked through.
using Millrace.Core;
using Millrace.Engine;

namespace Millrace.Sim;

internal sealed partial class Simulator
{
    private readonly List<(Task<BackupFolder> Done, SimDisk Target)> _backups = [];

    // The latest that the clock has shown: no epoch is of a later time.
    private long _latest = new SimClock().UtcNowMicros;

    private void Pass(TimeSpan time)
    {
        _clock.Advance(time);
        _latest = Math.Max(_latest, _clock.UtcNowMicros);
    }

    private DefinitionAct? Keep(Model model)
    {
        SimObject[] streams = [.. model.Objects.Values.Where(o => o.Kind == SimKind.Stream)];
        if (streams.Length == 0)
        {
            return null;
        }

        SimObject o = streams[_random.Next(streams.Length)];

        // Around the times that rows have: those of their own, or those of their commits.
        long seconds = _random.OneIn(8) ? 86_400
            : o.Watermarked ? Math.Max(1, ((_clock.UtcNowMicros - _rowTime) / Second) + _random.Between(-5, 40)) : _random.Between(1, 60);
        long bytes = _random.Between(100, 3_000);
        (string what, Func<Keeping, (long?, long?)> rule) = _random.Next(6) switch
        {
            0 => ("RESET (retention, retention_bytes)", (Func<Keeping, (long?, long?)>)(_ => (null, null))),
            1 => ("RESET (retention)", k => (null, k.Bytes)),
            2 => ($"SET (retention_bytes = '{bytes} bytes')", k => (k.Seconds, bytes)),
            3 => ($"SET (retention = '{seconds} seconds', retention_bytes = '{bytes} bytes')", _ => (seconds, bytes)),
            _ => ($"SET (retention = '{seconds} seconds')", k => (seconds, k.Bytes)),
        };
        return new DefinitionAct($"ALTER STREAM {o.Name} {what}", m =>
        {
            if (m.Find(o.Name) is not { Kind: SimKind.Stream } found)
            {
                return (m, "42P01");
            }

            (long? after, long? size) = rule(found.Keeps);
            return (m with { Objects = m.Objects.SetItem(found.Id, found with { Keeps = found.Keeps.Then(after, size, _latest) }) }, null);
        });
    }

    private void CheckForgotten()
    {
        if (_weather is Weather.Fair or Weather.PowerCut && _clock.UtcNowMicros >= _latest)
        {
            // What was being sealed when its time had come goes with the next tick.
            Pass(TimeSpan.FromSeconds(1));
            Settle();
            Counts.Gone += _oracle.CheckForgotten(_engine!.Current);
        }
    }

    private void BackUp()
    {
        _story.Tell("backup");
        var target = new SimDisk(_random.NextULong()) { CompleteAtOnce = true };
        var request = new BackupRequest(target, "/backup", default);
        _engine!.Submit(request);
        _backups.Add((request.Task, target));
    }

    // As of the epoch of its beginning: all that was acknowledged by then, and nothing of what came after.
    private void RestoreBackups()
    {
        foreach ((Task<BackupFolder> done, SimDisk target) in _backups.Where(b => b.Done.IsCompleted))
        {
            if (done.IsFaulted)
            {
                if (_weather is Weather.Fair or Weather.PowerCut && done.Exception!.InnerException is not SqlException { SqlState: "55006" })
                {
                    throw new SimFailure($"a backup failed: {done.Exception!.InnerException}");
                }

                continue;
            }

            Model model = _oracle.ModelAt(done.Result.Epoch) ?? throw new SimFailure($"a backup is of epoch {done.Result.Epoch}, which nobody has seen");
            var restored = new SimDisk(_random.NextULong()) { CompleteAtOnce = true };
            BackupFolder.Restore(target, restored, _ => { });
            for (int start = _random.Between(1, 2); start > 0; start--)
            {
                using var engine = new DatabaseEngine(restored, _options);
                if (engine.RecoveryWarnings.Count > 0)
                {
                    throw new SimFailure($"a restored folder warns: {engine.RecoveryWarnings[0]}");
                }

                Oracle.CheckAll(model, engine.Current);
            }

            Counts.Backups++;
            _story.Tell($"  restored as of epoch {done.Result.Epoch}");
        }

        _backups.RemoveAll(b => b.Done.IsCompleted);
    }
}
