// One lifetime of the whole database from one seed: a random workload over a disk that tears, fills up and fails, and restarts in between.
using Millrace.Core;
using Millrace.Core.Io;
using Millrace.Engine;
using Millrace.Log;

namespace Millrace.Sim;

/// <summary>What a lifetime did, for saying whether lifetimes are wild enough.</summary>
internal sealed class SimCounts
{
    internal long Acknowledged { get; set; }

    internal long InDoubtKept { get; set; }

    internal long PowerCuts { get; set; }

    internal long Restarts { get; set; }

    internal long SyncFailures { get; set; }

    internal long DiskRefusals { get; set; }

    internal long Checkpoints { get; set; }

    internal long ViewsChecked { get; set; }

    internal long Seals { get; set; }

    internal long Backups { get; set; }

    internal long Gone { get; set; }

    internal SortedDictionary<string, int> Views { get; } = new(StringComparer.Ordinal);

    internal SortedDictionary<string, int> Unsupported { get; } = new(StringComparer.Ordinal);

    internal void Add(SimCounts other)
    {
        Acknowledged += other.Acknowledged;
        InDoubtKept += other.InDoubtKept;
        PowerCuts += other.PowerCuts;
        Restarts += other.Restarts;
        SyncFailures += other.SyncFailures;
        DiskRefusals += other.DiskRefusals;
        Checkpoints += other.Checkpoints;
        ViewsChecked += other.ViewsChecked;
        Seals += other.Seals;
        Backups += other.Backups;
        Gone += other.Gone;
        foreach ((string name, int count) in other.Views)
        {
            Views[name] = Views.GetValueOrDefault(name) + count;
        }

        foreach ((string name, int count) in other.Unsupported)
        {
            Unsupported[name] = Unsupported.GetValueOrDefault(name) + count;
        }
    }

    public override string ToString() =>
        $"{Acknowledged} acknowledged, {InDoubtKept} kept though in doubt, {PowerCuts} power cuts, {Restarts} restarts, {SyncFailures} failed syncs, "
        + $"{DiskRefusals} refused by the disk, {Checkpoints} checkpoints, {Seals} segments made, {Backups} backups restored, {Gone} rows let go, {ViewsChecked} views compared; views made: "
        + string.Join(", ", Views.Select(v => $"{v.Key} {v.Value}")) + (Unsupported.Count == 0 ? "" : "; not supported: " + string.Join(", ", Unsupported.Select(v => $"{v.Key} {v.Value}")));
}

/// <summary>Runs one lifetime. Everything that happens follows from the seed.</summary>
internal sealed partial class Simulator
{
    private readonly SimRandom _random;
    private readonly SimDisk _disk;
    private readonly SimClock _clock = new();
    private readonly Story _story;
    private readonly Oracle _oracle;
    private readonly EngineOptions _options;
    private readonly List<Follower> _followers = [];
    private readonly List<(DatabaseSnapshot Snapshot, Model Model)> _held = [];
    private DatabaseEngine? _engine;
    private Weather _weather;
    private bool _mayRefuse;
    private bool _isReconciled;
    private bool _crashed;
    private long _sealsCounted;

    internal Simulator(ulong seed, TextWriter? print = null)
    {
        _random = new SimRandom(seed);
        _disk = new SimDisk(_random.NextULong()) { CompleteAtOnce = _random.OneIn(3) ? true : null };
        _story = new Story(print);
        _oracle = new Oracle(_story);
        _options = new EngineOptions
        {
            Clock = _clock,
            Log = new LogOptions
            {
                Durability = _random.Next(12) switch { 0 => Durability.Os, 1 => Durability.None, _ => Durability.Fsync },
                FileBytes = _random.Between(1_000, 20_000),
                Random = _random.NextULong,
                VerifyAll = _random.OneIn(2),
            },
            TailBytesMax = _random.OneIn(2) ? 0 : _random.Between(100, 5_000),
            CheckpointLogBytes = _random.OneIn(2) ? _random.Between(1_000, 10_000) : long.MaxValue,
            EpochBytesMax = _random.OneIn(3) ? 200 : 1 << 20,
            SealRows = _random.OneIn(3) ? 1 << 20 : _random.Between(1, 80),
            Workers = new SimWorkers(new SimRandom(seed ^ 0x9E37_79B9_7F4A_7C15)),
            WorkersRowsMin = 0,
            SplitViews = seed % 4 != 0,
            PieceBytesMin = seed % 3 == 0 ? 64L << 10 : 1 + (long)(seed % 500),
            SectionBytesMin = seed % 5 < 2 ? 64L << 10 : 1 + (long)(seed % 700),
            SealBytes = _random.OneIn(2) ? 1 << 20 : _random.Between(200, 5_000),
        };
    }

    /// <summary>What goes wrong in one life.</summary>
    private enum Weather
    {
        Fair,
        PowerCut,
        SyncFails,
        WriteFailsOnce,
        DiskFull,
    }

    internal SimCounts Counts { get; } = new();

    internal ulong Hash => _story.Hash;

    /// <summary>Runs the lifetime.</summary>
    /// <exception cref="SimFailure">The database did not do what it must; the message ends with the last lines of the story.</exception>
    internal void Run()
    {
        try
        {
            int lives = _random.Between(2, 4);
            for (int life = 0; life < lives; life++)
            {
                OneLife(life == 0 ? 30 : 14);
            }

            SetWeather(Weather.Fair);
            Open();
            CheckEverything();
            Close();
            Open();
            CheckEverything();
            Close();
            Counts.Acknowledged += _oracle.Acknowledged;
            Counts.DiskRefusals += _oracle.DiskRefusals;
            foreach ((string what, int times) in _oracle.Unsupported)
            {
                Counts.Unsupported[what] = Counts.Unsupported.GetValueOrDefault(what) + times;
            }

            Counts.InDoubtKept += _oracle.InDoubtKept;
            _story.Tell($"end: {_disk.Operations} disk operations");
        }
        catch (Exception e)
        {
            throw new SimFailure($"{(e is SimFailure ? e.Message : e.ToString())}\nthe last of the story:\n{_story.Tail}");
        }
    }

    private void OneLife(int acts)
    {
        Weather weather = _random.Next(10) switch { <= 3 => Weather.PowerCut, 4 => Weather.SyncFails, 5 => Weather.WriteFailsOnce, 6 => Weather.DiskFull, _ => Weather.Fair };
        SetWeather(weather);
        try
        {
            Open();
            int count = _random.Between(1, acts);
            for (int i = 0; i < count && _engine!.Failure is null; i++)
            {
                OneStep();
            }

            if (_engine!.Failure is not null)
            {
                EndFailed();
                return;
            }

            switch (_random.Next(4))
            {
                case 0 or 1:
                    Close();
                    return;
                case 2:
                    _story.Tell("kill -9");
                    Restart();
                    return;
                default:
                    throw new SimPowerCutException();
            }
        }
        catch (SimPowerCutException)
        {
            _story.Tell("power cut");
            Counts.PowerCuts++;
            ReadAnswers();
            _disk.Crash();
            _crashed = true;
            Forget();
        }
        catch (DiskException e) when (_weather is Weather.SyncFails or Weather.WriteFailsOnce or Weather.DiskFull)
        {
            // As the thread around the engine does: what cannot go on stops, and everything that waits is refused.
            _story.Tell($"the disk failed: {e.Message}");
            _engine?.Abandon(e);
            EndFailed();
        }
    }

    private void SetWeather(Weather weather)
    {
        _weather = weather;
        _mayRefuse = weather is Weather.WriteFailsOnce or Weather.DiskFull;
        _disk.Fault = null;
        _disk.OperationsToPowerCut = -1;
        _disk.CapacityBytes = long.MaxValue;
        _story.Tell($"-- {weather}");
        int after = _random.Next(60);
        switch (weather)
        {
            case Weather.PowerCut:
                _disk.OperationsToPowerCut = _random.Next(150);
                break;
            case Weather.SyncFails:
                _disk.Fault = (op, _) => op is SimOp.Sync or SimOp.SyncFolder && after-- <= 0 ? Posix.EIO : 0;
                break;
            case Weather.WriteFailsOnce:
                _disk.Fault = (op, _) => op is SimOp.Write && after-- == 0 ? Posix.EIO : 0;
                break;
            case Weather.DiskFull when _oracle.Acknowledged > 0 && _random.OneIn(2):
                ToggleFull(); // it must start all the same
                break;
        }
    }

    private void Open()
    {
        int tries = 0;
        _isReconciled = false;
        while (true)
        {
            try
            {
                _engine = new DatabaseEngine(_disk, _options);
                break;
            }
            catch (Exception e) when (e is DiskException or DataFolderException && _weather is Weather.SyncFails or Weather.WriteFailsOnce && tries++ == 0)
            {
                _story.Tell($"does not start: {e.Message}");
                _disk.Restart();
                SetWeather(Weather.Fair);
            }
        }

        _story.Tell($"started: {_engine.RecoverySummary}");
        foreach (string warning in _engine.RecoveryWarnings)
        {
            throw new SimFailure($"recovery warns, though nothing was damaged: {warning}");
        }

        _oracle.Reconcile(_engine.Current, _options.Log.Durability == Durability.None || (_options.Log.Durability == Durability.Os && _crashed));
        _isReconciled = true;
        _crashed = false;
        CheckEverything();
    }

    private void Close()
    {
        if (_random.OneIn(2))
        {
            Settle();
        }
        _story.Tell("close");
        _engine!.Dispose();
        _oracle.ReadAnswers(_mayRefuse, stopped: true);
        Restart();
    }

    // A sync failed, or something else that the engine does not survive: it refuses, the process ends, and perhaps the power goes too.
    private void EndFailed()
    {
        _story.Tell("stopped: " + (_engine?.Failure?.Message ?? "while starting"));
        Counts.SyncFailures++;
        if (_engine is not null)
        {
            if (_weather is Weather.Fair or Weather.PowerCut or Weather.DiskFull)
            {
                throw new SimFailure($"the engine stopped although only {_weather}: {_engine.Failure}");
            }

            ReadAnswers();
            Task refused = new WriteAct([]).Submit(_engine);
            _engine.Step();
            if (!refused.IsFaulted)
            {
                throw new SimFailure("an engine that has stopped takes writes");
            }
        }

        if (_random.OneIn(2))
        {
            _disk.Crash();
            _crashed = true;
        }

        Restart();
    }

    private void Restart()
    {
        Counts.Restarts++;
        _disk.Restart();
        Forget();
    }

    private void Forget()
    {
        _engine = null;
        _sealsCounted = 0;
        _followers.Clear();
        _held.Clear();
        _checkpoints.Clear();
        _backups.Clear();
    }

    private void ReadAnswers()
    {
        // Before it is known what became of them, those that wait are of the lifetime before.
        if (_engine is not null && _isReconciled)
        {
            _oracle.ReadAnswers(_mayRefuse, _engine.Failure is not null);
        }
    }

    /// <summary>Steps the engine until nothing is left to do.</summary>
    private void Settle()
    {
        while (_engine!.Step() || !_engine.IsIdle)
        {
            _disk.Poll();
        }

        ReadAnswers();
    }

    private void CheckEverything()
    {
        Model model = _oracle.Model;
        Oracle.CheckAll(model, _engine!.Current);
        _oracle.CheckEmitted(_engine.Current);
        CompareWithBatch(foreignOnly: true);
        Counts.Seals += _engine.SealsTotal - _sealsCounted;
        _sealsCounted = _engine.SealsTotal;
        Counts.ViewsChecked += model.Objects.Values.Count(o => o.Kind == SimKind.View);
        _story.Tell($"  all as it must be at epoch {_engine.Current.Epoch}");
    }
}
