// The incidents of an alert under random changes, deliveries, refusals and restarts: whoever listens hears of each key in order, and in the end the truth.
using Millrace.Alerts;
using Millrace.Core;
using Xunit;

namespace Millrace.Tests.Alerts;

public sealed class IncidentsTests
{
    private static readonly Schema Columns = new([new Field("k", SqlType.Integer), new Field("v", SqlType.Integer)]);

    private static readonly Schema Table = new([
        new Field("key", SqlType.Text), new Field("id", SqlType.Uuid), new Field("since", SqlType.TimestampTz), new Field("until", SqlType.TimestampTz),
        new Field("told", SqlType.Text), new Field("data", SqlType.Jsonb)]);

    [Fact]
    public void WhoListensHearsTheTruth()
    {
        for (int seed = 0; seed < 400; seed++)
        {
            try
            {
                new Run(seed).Go();
            }
            catch (Exception e)
            {
                throw new Xunit.Sdk.XunitException($"seed {seed}: {e}");
            }
        }
    }

    [Fact]
    public void LongKeysAndRowsStayShort()
    {
        var columns = new Schema([new Field("k", SqlType.Text)]);
        var incidents = new Incidents(columns, null, 10);
        var rows = new BatchBuilder(columns);
        ((BytesBuilder)rows.Columns[0]).Append(new byte[100_000].Select(_ => (byte)'x').ToArray());
        rows.EndRow();
        incidents.Compare([rows.Share()], 1);
        Incident incident = incidents.Next()!;
        Assert.Matches("^\\{\"sha256\": \"[0-9a-f]{64}\"\\}$", incident.Now.Key);
        Assert.Null(incident.Now.Data);
    }

    private sealed class Run(int seed)
    {
        private readonly Random _random = new(seed);
        private readonly Dictionary<(int Key, int Value), int> _answer = [];
        private readonly Dictionary<string, IncidentRow> _stored = [];
        private readonly Dictionary<string, Guid?> _heard = [];
        private readonly HashSet<string> _givenUp = [];
        private Incidents _incidents = null!;
        private bool _keyed;
        private int _max;
        private long _now;

        public void Go()
        {
            _keyed = _random.Next(2) == 0;
            _max = _random.Next(3) == 0 ? 3 : 100;
            Open();
            for (int step = 0; step < 200; step++)
            {
                _now++;
                switch (_random.Next(10))
                {
                    case < 4:
                        Change();
                        break;
                    case < 7:
                        Attempt();
                        break;
                    case 7 when _incidents.HasRoomAgain:
                        _incidents.Compare(Answer(), _now);
                        break;
                    case 8:
                        Save();
                        break;
                    case 9 when _random.Next(5) == 0:
                        // What was not saved is lost, and found again.
                        Open();
                        break;
                }
            }

            do
            {
                for (Save(); _incidents.Next() is not null; Save())
                {
                    Deliver();
                }

                _incidents.Compare(Answer(), ++_now);
                Save();
            }
            while (_incidents.Next() is not null);
            HashSet<string> ringing = [.. _heard.Where(h => h.Value is not null).Select(h => h.Key)];
            HashSet<string> there = [.. _answer.Select(a => Name(a.Key))];
            Assert.Subset(there, ringing);
            if (there.Count <= _max)
            {
                HashSet<string> known = [.. ringing, .. _stored.Values.Where(s => s.Told == Told.Failed).Select(s => s.Key)];
                Assert.Subset(known, there);
            }

            Assert.Equal(_stored.Values.Select(s => s.Key).ToHashSet(), _stored.Values.Where(s => s.Until is null).Select(s => s.Key).ToHashSet());
            Assert.True(_stored.Count <= _max);
        }

        private void Open()
        {
            _incidents = new Incidents(Columns, _keyed ? [0] : null, _max);
            foreach (IncidentRow row in _stored.Values)
            {
                _incidents.Restore(row);
            }

            _incidents.Compare(Answer(), _now);
        }

        private void Change()
        {
            var change = new BatchBuilder(Columns);
            for (int i = _random.Next(1, 4); i > 0; i--)
            {
                (int Key, int Value) row = (_random.Next(6), _random.Next(3));
                foreach ((int Key, int Value) old in _answer.Keys.Where(a => _keyed ? a.Key == row.Key : a == row && _random.Next(2) == 0).ToList())
                {
                    Put(change, old, -_answer[old]);
                    _answer.Remove(old);
                }

                if (_random.Next(3) > 0)
                {
                    int copies = _keyed ? 1 : _random.Next(1, 3);
                    Put(change, row, copies);
                    _answer[row] = _answer.GetValueOrDefault(row) + copies;
                }
            }

            if (change.Count > 0)
            {
                _incidents.Apply(change.Share(), _now);
            }
        }

        // As the runner does it: nothing is posted that is not saved, and what became of it is saved next.
        private void Attempt()
        {
            Save();
            if (_incidents.Next() is not { } next)
            {
                return;
            }

            switch (_random.Next(4))
            {
                case 0:
                    next.Attempts++;
                    break;
                case 1:
                    if (next.Message == true)
                    {
                        _givenUp.Add(next.Now.Id.ToString());
                    }
                    else
                    {
                        _heard[next.Now.Key] = null;
                    }

                    _incidents.GiveUp(next);
                    break;
                default:
                    Deliver();
                    break;
            }

            Save();
        }

        private void Deliver()
        {
            Incident next = _incidents.Next()!;
            string key = next.Now.Key;
            Assert.DoesNotContain(next.Now.Id.ToString(), _givenUp);
            if (next.Message == true)
            {
                Assert.Null(_heard.GetValueOrDefault(key));
                _heard[key] = next.Now.Id;
            }
            else
            {
                Assert.Equal(next.Now.Id, _heard[key]);
                _heard[key] = null;
            }

            _incidents.Delivered(next);
        }

        private void Save()
        {
            if (_incidents.Unsaved(Table) is { } rows)
            {
                for (int row = 0; row < rows.Count; row++)
                {
                    // As a table checks it: what is taken back is there exactly so.
                    IncidentRow of = IncidentRow.Of(rows, row);
                    if (rows.Weight(row) < 0)
                    {
                        Assert.Equal(_stored[of.Key], of);
                        _stored.Remove(of.Key);
                    }
                }

                for (int row = 0; row < rows.Count; row++)
                {
                    if (rows.Weight(row) > 0)
                    {
                        _stored.Add(IncidentRow.Of(rows, row).Key, IncidentRow.Of(rows, row));
                    }
                }
            }

            _incidents.Saved();
        }

        private IEnumerable<Batch> Answer()
        {
            var rows = new BatchBuilder(Columns);
            foreach (((int Key, int Value) row, int copies) in _answer)
            {
                Put(rows, row, copies);
            }

            return rows.Count == 0 ? [] : [rows.Share()];
        }

        private string Name((int Key, int Value) row) => _keyed ? $"{{\"k\": {row.Key}}}" : $"{{\"k\": {row.Key}, \"v\": {row.Value}}}";

        private static void Put(BatchBuilder to, (int Key, int Value) row, int weight)
        {
            ((FixedBuilder<int>)to.Columns[0]).Append(row.Key);
            ((FixedBuilder<int>)to.Columns[1]).Append(row.Value);
            to.EndRow(weight);
        }
    }
}
