// The lines of one measurement in one request, as columns.
using Millrace.Core;
using Millrace.Formats;
using Millrace.Sql;

namespace Millrace.Doors.LineProtocol;

/// <summary>
/// Gathers rows for one stream. It begins with the columns the stream has; what it has not is new and will be added. Rows name their series (the
/// measurement and tags of the line); fields are columns of their own.
/// </summary>
internal sealed class Measurement
{
    /// <summary>The event time of a stream that line protocol makes.</summary>
    public const string TimeName = "time";

    private readonly Dictionary<string, FieldColumn> _fieldsByName = [];
    private readonly Dictionary<string, TagColumn> _tagsByName = [];
    private readonly ByteMap _rawKeys = new();
    private readonly List<FieldColumn?> _byRawKey = [];
    private FieldColumn[] _order = new FieldColumn[16];
    private int _orderCount;
    private long[] _times = new long[64];
    private int[] _series = new int[64];
    private long[] _lines = new long[64];

    public Measurement(string name, CatalogObject? target)
    {
        Name = name;
        Target = target;
        Columns = target?.Columns.Count ?? 1;
        if (target is null)
        {
            return;
        }

        if (target.Kind != ObjectKind.Stream)
        {
            Refusal = new LineFault($"measurement \"{name}\" is a {(target.Kind == ObjectKind.Table ? "table" : "view")}, not a stream", Whole: true);
            return;
        }

        TimeColumn = target.EventTime >= 0 ? target.EventTime : target.Columns.IndexOf(TimeName);
        if (TimeColumn < 0 || !target.Columns[TimeColumn].Type.IsTimestamp)
        {
            Refusal = new LineFault(
                $"stream \"{name}\" has no event time for the timestamps: create it WITH (event_time = …), or with a column \"{TimeName}\" timestamptz", Whole: true);
        }
    }

    public string Name { get; }

    /// <summary>The stream as it was when the request began, or null when it is new.</summary>
    public CatalogObject? Target { get; }

    /// <summary>Why none of its lines can be written, or null.</summary>
    public LineFault? Refusal { get; }

    /// <summary>The column the timestamps go to; −1 in a new stream.</summary>
    public int TimeColumn { get; } = -1;

    public int Count { get; private set; }

    public int SeriesCount { get; private set; }

    public IReadOnlyCollection<TagColumn> Tags => _tagsByName.Values;

    public IReadOnlyCollection<FieldColumn> Fields => _fieldsByName.Values;

    public ReadOnlySpan<long> Times => _times.AsSpan(0, Count);

    /// <summary>Line numbers by row.</summary>
    public ReadOnlySpan<long> Lines => _lines.AsSpan(0, Count);

    public ReadOnlySpan<int> Series => _series.AsSpan(0, Count);

    /// <summary>Columns in all: those of the stream and new ones.</summary>
    public int Columns { get; private set; }

    /// <summary>Values that are held or will be filled up with nulls.</summary>
    public long Cells => (long)Count * _fieldsByName.Count;

    /// <summary>The field that the line before had in place <paramref name="place"/>.</summary>
    public FieldColumn? Expected(int place) => place < _orderCount ? _order[place] : null;

    /// <summary>Notes that the row has a field in a place.</summary>
    public void Took(int place, FieldColumn field)
    {
        if (place == _order.Length)
        {
            Array.Resize(ref _order, place * 2);
        }

        _order[place] = field;
        _orderCount = Math.Max(_orderCount, place + 1);
    }

    /// <summary>The field of a key as it is written, = included, or null when it is not known.</summary>
    public FieldColumn? FindRaw(ReadOnlySpan<byte> rawKey) => _rawKeys.Find(rawKey) is >= 0 and int at ? _byRawKey[at] : null;

    public FieldColumn? FindField(string name) => _fieldsByName.GetValueOrDefault(name);

    public TagColumn? FindTag(string name) => _tagsByName.GetValueOrDefault(name);

    /// <summary>Makes a field known.</summary>
    public void Add(FieldColumn field)
    {
        field.FirstRow = Count;
        _fieldsByName.Add(field.Name, field);
        Columns += field.Index < 0 ? 1 : 0;
    }

    /// <summary>Makes a tag known.</summary>
    public void Add(TagColumn tag)
    {
        _tagsByName.Add(tag.Name, tag);
        Columns += tag.Index < 0 ? 1 : 0;
    }

    /// <summary>Notes a way to write a field's key.</summary>
    public void AddRaw(ReadOnlySpan<byte> rawKey, FieldColumn field)
    {
        int at = _rawKeys.GetOrAdd(rawKey, out bool added);
        if (added)
        {
            _byRawKey.Add(field);
        }

        _byRawKey[at] = field;

        field.RawKey = rawKey.ToArray();
    }

    /// <summary>Forgets a tag that no series has.</summary>
    public void Forget(TagColumn tag)
    {
        _tagsByName.Remove(tag.Name);
        Columns -= tag.Index < 0 ? 1 : 0;
    }

    /// <summary>True when a row has the tag.</summary>
    public bool Uses(TagColumn tag)
    {
        foreach (int series in Series)
        {
            if (tag.Has(series))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Counts the series that was set last; it is taken back until then.</summary>
    public int EndSeries() => SeriesCount++;

    /// <summary>Ends a row.</summary>
    public void EndRow(int series, long timeMicros, long line)
    {
        if (Count == _times.Length)
        {
            Array.Resize(ref _times, Count * 2);
            Array.Resize(ref _series, Count * 2);
            Array.Resize(ref _lines, Count * 2);
        }

        _times[Count] = timeMicros;
        _series[Count] = series;
        _lines[Count++] = line;
    }

    /// <summary>Takes back the first <paramref name="fields"/> fields of the row that was not ended, and what was learned from it about new ones.</summary>
    public void DropRow(int fields)
    {
        for (int i = 0; i < fields; i++)
        {
            FieldColumn field = _order[i];
            field.Builder.TruncateTo(Count);
            if (field.Index < 0 && field.FirstRow == Count && _fieldsByName.Remove(field.Name))
            {
                Columns--;
                _byRawKey[_rawKeys.Find(field.RawKey)] = null;
                _orderCount = Math.Min(_orderCount, i);
            }
        }
    }
}
