// The budget of state: who is paused when it is used up, who stands still because of that, and how a view goes on.
using Millrace.Core;
using Millrace.Sql;
using Millrace.Sql.Syntax;

namespace Millrace.Engine;

internal sealed partial class DatabaseEngine
{
    private long? _stateBytesSet;
    private ViewState? _victim;
    private string _victimReason = "";
    private bool _pausing;

    /// <summary>How many bytes of state views and subscriptions may hold together; MaxValue for any number.</summary>
    public long StateBytesMax => _stateBytesSet ?? _options.StateBytesMax;

    private bool HasBudget => StateBytesMax < long.MaxValue;

    /// <summary>
    /// After the views have been computed. Pausing is a statement of its own in the log, right after this epoch: a replay does not measure anything, it
    /// pauses where the log says so.
    /// </summary>
    private void CheckBudget()
    {
        if (!HasBudget)
        {
            return;
        }

        long total = 0;
        ViewState? grown = null;
        ViewState? largest = null;
        foreach (ObjectState o in _objects.Values)
        {
            if (o is not ViewState view)
            {
                continue;
            }

            bool grew = (view.TouchedEpoch == _epoch || view.MeasuredBytes < 0) && view.MeasureState() > 0;
            total += view.MeasuredBytes;
            grown = grew && view.MeasuredBytes > (grown?.MeasuredBytes ?? 0) ? view : grown;
            largest = view.MeasuredBytes > (largest?.MeasuredBytes ?? 0) ? view : largest;
        }

        Subscriber? greedy = null;
        long most = 0;
        foreach (Subscriber subscriber in _subscribers)
        {
            long bytes = subscriber.Closed ? 0 : subscriber.Feed.StateBytes;
            total += bytes;
            (greedy, most) = bytes > most ? (subscriber, bytes) : (greedy, most);
        }

        if (total <= StateBytesMax)
        {
            return;
        }

        // Of those that have grown the largest; of all when the budget has become smaller.
        ViewState? victim = grown ?? largest;
        if (most > (victim?.MeasuredBytes ?? 0))
        {
            greedy!.Close(new SqlException(
                "53200", $"subscription dropped: the state of all views and subscriptions came to {total} bytes, {SystemSettings.StateBytes} is {StateBytesMax}; this one had {most}",
                hint: "follow a materialized view instead of a query over many rows"), _epoch, _time);
        }
        else if (victim is not null)
        {
            _victim = victim;
            _victimReason = $"the state of all views and subscriptions came to {total} bytes, {SystemSettings.StateBytes} is {StateBytesMax}; this view had {victim.MeasuredBytes}";
        }
    }

    private bool PauseVictim()
    {
        if (_victim is not { } view)
        {
            return false;
        }

        _victim = null;
        string reason = _victimReason;
        if (_objects.GetValueOrDefault(view.Id) != view || view.Error is not null)
        {
            return true;
        }

        string text = SqlFormatter.Format(new AlterStatement(
            view.Definition.CalledSubscription ? Sql.Syntax.ObjectKind.Subscription : view.Definition.SinkInto > 0 ? Sql.Syntax.ObjectKind.Sink : Sql.Syntax.ObjectKind.MaterializedView,
            new ObjectName([new Name(view.Definition.Namespace), new Name(view.Definition.Name)]), false,
            [new PauseAction([new Option("reason", new StringLiteral(reason))])]));
        _pausing = true;
        try
        {
            Define(new DefinitionRequest(SqlParser.Parse(text)[0], text));
            _options.Warning?.Invoke($"view \"{view.Definition.Name}\" is paused: {reason}");
        }
        catch (SqlException)
        {
            // The disk is full: writes are refused for the same reason, so nothing grows; the next epoch looks again.
        }
        finally
        {
            _pausing = false;
        }

        return true;
    }

    // What is left for a view that is being made or resumed. A replay has nobody to refuse.
    private long StateBytesLeft()
    {
        if (!HasBudget || !_recovered)
        {
            return long.MaxValue;
        }

        return StateBytesMax - _objects.Values.OfType<ViewState>().Sum(v => v.Error is null ? v.Feed.StateBytes : 0)
            - _subscribers.Sum(s => s.Closed ? 0 : s.Feed.StateBytes);
    }

    private ViewRebuild Rebuild(CatalogObject o)
    {
        var view = (ViewState)_objects[o.Id];
        foreach (int id in view.InputIds)
        {
            if (_recovered && _objects[id].Still is not null)
            {
                throw new SqlException(
                    "55000", $"view \"{o.Name}\" reads \"{_objects[id].Definition.Name}\", which stands still", hint: $"resume \"{_objects[id].Definition.Name}\" first");
            }
        }

        CheckReproducible(o, view, "resumed");
        return new ViewRebuild(view);
    }

    private void CheckReproducible(CatalogObject o, ViewState view, string what)
    {
        if ((Reproducible.WhyNot(view.Query.Plan) ?? (view.KeepsRows ? null : "it keeps no rows of its own, and would write all of them again")
            ?? (_catalog.All.Any(x => x.PartOf == o.Id) ? "which rows came late is known only when they come" : null)) is { } why)
        {
            throw new SqlException("55000", $"view \"{o.Name}\" cannot be {what}: {why}", hint: "drop it and create it anew");
        }
    }

    // Somebody begins or ceases to stand still: what reads it, directly or not, has no answer meanwhile, though it goes on with what else it reads.
    private void SpreadStill()
    {
        foreach (ObjectState o in _objects.Values)
        {
            IEnumerable<int> inputs = o is ViewState view ? view.InputIds : o is IndexState ? o.Definition.DependsOn : [];
            ObjectState? still = inputs.Select(id => _objects[id]).FirstOrDefault(i => i.Still is not null);
            string? message = still is null ? null : $"\"{o.Definition.Name}\" waits for what it reads: {still.Still!.Message}";
            if (message != o.Blocked?.Message)
            {
                o.Blocked = message is null ? null : new SqlException("55000", message, hint: still!.Still!.Hint);
                _dirty.Add(o.Id);
            }
        }

        foreach (Subscriber subscriber in _subscribers)
        {
            if (!subscriber.Closed && subscriber.Feed.Inputs.Select(i => _objects.GetValueOrDefault(i.Id)?.Still).FirstOrDefault(s => s is not null) is { } still)
            {
                subscriber.Close(still, _epoch, _time);
            }
        }
    }
}
