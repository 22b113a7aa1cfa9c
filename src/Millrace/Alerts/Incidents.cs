// The incidents of one alert: what has appeared and left, against what has been told. Pure: no clock, no network.
using System.Security.Cryptography;
using System.Text;
using Millrace.Core;
using Millrace.Engine;

namespace Millrace.Alerts;

/// <summary>
/// Compares the answer of an alert's query with what has been told of it. Of each key at most two messages wait, that it began and that it ended: what comes
/// and goes while nobody takes messages is one incident, however often it does. So what waits is bounded, whatever happens and however long.
/// </summary>
/// <param name="columns">The columns of the query.</param>
/// <param name="key">Those that name a row; null for all of them.</param>
/// <param name="max">Incidents at once.</param>
internal sealed class Incidents(Schema columns, IReadOnlyList<int>? key, int max)
{
    private const int KeyBytesMax = 4 << 10;
    private const int DataBytesMax = 64 << 10;

    private readonly Dictionary<string, Incident> _byKey = new(StringComparer.Ordinal);
    private readonly HashSet<Incident> _changed = [];
    private readonly int[] _all = [.. Enumerable.Range(0, columns.Count)];
    private readonly int[] _key = [.. key ?? Enumerable.Range(0, columns.Count)];
    private readonly ByteWriter _text = new(256);
    private readonly EvalContext _context = new();

    /// <summary>True when rows have appeared for which there was no room; they are taken up when there is, if they are still there.</summary>
    public bool IsFull { get; private set; }

    /// <summary>Incidents that began since the database was opened.</summary>
    public long Began { get; private set; }

    /// <summary>Incidents that are over since then: their row has left the answer, and that was told or given up. One that comes back before has not ended.</summary>
    public long Ended { get; private set; }

    /// <summary>Incidents that ring.</summary>
    public int Firing => _byKey.Values.Count(i => i.Now.Until is null);

    /// <summary>True when there is room for rows that were passed over.</summary>
    public bool HasRoomAgain => IsFull && _byKey.Count <= max - Math.Max(1, max / 8);

    /// <summary>Takes an incident from the alert's table.</summary>
    public void Restore(IncidentRow row) => _byKey[row.Key] = new Incident(row, row) { Copies = row.Until is null ? 1 : 0 };

    /// <summary>Compares with the whole answer.</summary>
    public void Compare(IEnumerable<Batch> answer, long now)
    {
        IsFull = false;
        foreach (Incident incident in _byKey.Values)
        {
            incident.Copies = 0;
        }

        foreach (Batch batch in answer)
        {
            for (int row = 0; row < batch.Count; row++)
            {
                string name = KeyOf(batch, row);
                if (_byKey.TryGetValue(name, out Incident? incident))
                {
                    incident.Copies += batch.Weight(row);
                }
                else
                {
                    Appear(name, batch, row, batch.Weight(row), now);
                }
            }
        }

        foreach (Incident incident in _byKey.Values.ToList())
        {
            Settle(incident, now);
        }
    }

    /// <summary>Takes a change of the answer.</summary>
    public void Apply(Batch change, long now)
    {
        var net = new Dictionary<string, (long Copies, int Row)>(StringComparer.Ordinal);
        for (int row = 0; row < change.Count; row++)
        {
            string name = KeyOf(change, row);
            long weight = change.Weight(row);
            (long copies, int last) = net.GetValueOrDefault(name);
            net[name] = (copies + weight, weight > 0 ? row : last);
        }

        foreach ((string name, (long copies, int row)) in net)
        {
            if (_byKey.TryGetValue(name, out Incident? incident))
            {
                incident.Copies += copies;
                Settle(incident, now);
            }
            else if (copies > 0)
            {
                Appear(name, change, row, copies, now);
            }
        }
    }

    /// <summary>The incident whose message is next: those that were tried least often first, then those that have waited longest.</summary>
    public Incident? Next() => _byKey.Values.Where(i => i.Message is not null).MinBy(i => (i.Attempts, i.WaitsSince));

    /// <summary>The receiver has taken the next message of an incident.</summary>
    public void Delivered(Incident incident) => Advance(incident, Told.Delivered);

    /// <summary>The next message of an incident is given up. The end of what was never told of is not told either.</summary>
    public void GiveUp(Incident incident) => Advance(incident, Told.Failed);

    /// <summary>What has to be written to the alert's table so that it says what is said here; call <see cref="Saved"/> when it is.</summary>
    public Batch? Unsaved(Schema table)
    {
        var rows = new BatchBuilder(table);
        foreach (Incident incident in _changed)
        {
            if (incident.IsOver || incident.Stored != incident.Now)
            {
                incident.Stored?.AppendTo(rows, -1);
                if (!incident.IsOver)
                {
                    incident.Now.AppendTo(rows, 1);
                }
            }
        }

        return rows.Count == 0 ? null : rows.Share();
    }

    /// <summary>What was <see cref="Unsaved"/> is in the table.</summary>
    public void Saved()
    {
        foreach (Incident incident in _changed)
        {
            incident.Stored = incident.IsOver ? null : incident.Now;
        }

        _changed.Clear();
    }

    private void Advance(Incident incident, Told told)
    {
        bool began = incident.Message == true;
        incident.Attempts = 0;
        if (began)
        {
            incident.Now = incident.Now with { Told = told };
            _changed.Add(incident);
        }

        if (!began || (told == Told.Failed && incident.Now.Until is not null))
        {
            End(incident);
        }
    }

    private void Appear(string name, Batch batch, int row, long copies, long now)
    {
        // Once one was passed over its copies are not known any more: from then on only a look at the whole answer finds new ones.
        if (copies <= 0 || IsFull || _byKey.Count >= max)
        {
            IsFull |= copies > 0;
            return;
        }

        string data = JsonOf(batch, row, _all);
        var incident = new Incident(null, new IncidentRow(name, Guid.NewGuid(), now, null, Told.Pending, data.Length > DataBytesMax ? null : data)) { Copies = copies };
        _byKey.Add(name, incident);
        _changed.Add(incident);
        Began++;
    }

    private void Settle(Incident incident, long now)
    {
        bool isThere = incident.Copies > 0;
        if (isThere == incident.Now.Until is null)
        {
            return;
        }

        // Back before its end was told: then it has not ended for anybody.
        incident.Now = incident.Now with { Until = isThere ? null : now };
        incident.Attempts = incident.Now.Told == Told.Pending ? incident.Attempts : 0;
        _changed.Add(incident);
        if (!isThere && incident.Now.Told == Told.Failed)
        {
            End(incident);
        }
    }

    private void End(Incident incident)
    {
        incident.IsOver = true;
        Ended++;
        _byKey.Remove(incident.Now.Key);
        _changed.Add(incident);
        if (incident.Stored is null)
        {
            _changed.Remove(incident);
        }
    }

    private string KeyOf(Batch batch, int row)
    {
        string name = JsonOf(batch, row, _key);
        return name.Length <= KeyBytesMax ? name : $"{{\"sha256\": \"{Convert.ToHexStringLower(SHA256.HashData(_text.Written))}\"}}";
    }

    private string JsonOf(Batch batch, int row, int[] which)
    {
        _text.Reset();
        _context.NextRow();
        ValueText.AppendJsonObject(_text, columns, which, batch, row, _context);
        return Encoding.UTF8.GetString(_text.Written);
    }
}
