// The part of a line before its fields: measurement and tags. Most lines repeat one that was seen: it is looked up by its bytes as they are.
using System.Text;
using Millrace.Core;
using Millrace.Formats;
using Millrace.Sql;

namespace Millrace.Doors.LineProtocol;

internal sealed partial class LineReader
{
    private const byte Comma = (byte)',';
    private const byte Equal = (byte)'=';
    private const byte Escape = (byte)'\\';

    private readonly ByteMap _seriesMap = new();
    private readonly Dictionary<string, Measurement> _byName = [];
    private readonly List<TagColumn> _setTags = [];
    private readonly List<TagColumn> _newTags = [];
    private Series[] _series = new Series[16];
    private int _lastSeries = -1;
    private int _newStreams;
    private int _badValues;
    private byte[] _name = [];
    private byte[] _value = [];

    /// <summary>What is known of a series. Next is the one that followed it last time: senders go through their series in turn.</summary>
    private record struct Series(Measurement? Measurement, int Number, LineFault? Fault, int Next);

    private LineFault? ReadSeries(ReadOnlySpan<byte> text, ref int at, out int number)
    {
        int index;
        ReadOnlySpan<byte> rest = text[at..];
        if (_lastSeries >= 0 && _series[_lastSeries].Next is >= 0 and var next && rest.StartsWith(_seriesMap[next]) && rest[_seriesMap[next].Length] == (byte)' ')
        {
            index = next;
            at += _seriesMap[next].Length;
        }
        else
        {
            int length = SeriesLength(rest);
            if (rest[length] == (byte)'\n')
            {
                number = 0;
                at += length;
                return NoFields(rest[..length]);
            }

            ReadOnlySpan<byte> raw = rest[..length];
            at += length;
            if (!_isText && !IsText(raw))
            {
                number = 0;
                return LineFault.InvalidText;
            }

            index = _seriesMap.GetOrAdd(raw, out bool added);
            if (added)
            {
                Learn(index, raw);
            }

            if (_lastSeries >= 0)
            {
                _series[_lastSeries].Next = index;
            }
        }

        _lastSeries = index;
        ref Series series = ref _series[index];
        number = series.Number;
        _measurement = series.Measurement;
        return series.Fault;
    }

    // Up to the first space that is not escaped, or to the end of the line.
    private static int SeriesLength(ReadOnlySpan<byte> rest)
    {
        int at = 0;
        while (true)
        {
            at += rest[at..].IndexOfAny((byte)' ', (byte)'\n', Escape);
            if (rest[at] != Escape)
            {
                return at;
            }

            // A backslash takes the next byte along, but never the end of the line.
            at += rest[at + 1] == (byte)'\n' ? 1 : 2;
        }
    }

    // A line that is over before its fields begin: says what is wrong with its beginning first.
    private LineFault NoFields(ReadOnlySpan<byte> raw)
    {
        raw = raw.TrimEnd((byte)'\r');
        int at = 0;
        return SplitName(raw, ref at, isMeasurement: true, ref _name).IsEmpty ? LineFault.MissingMeasurement : LineFault.MissingFields;
    }

    private void Learn(int index, ReadOnlySpan<byte> raw)
    {
        if (index == _series.Length)
        {
            Array.Resize(ref _series, index * 2);
        }

        LineFault? fault = ParseSeries(raw, out Measurement? measurement);
        if (fault is not null)
        {
            foreach (TagColumn tag in _setTags)
            {
                tag.Clear(measurement!.SeriesCount);
            }

            foreach (TagColumn tag in _newTags)
            {
                measurement!.Forget(tag);
            }
        }

        _setTags.Clear();
        _newTags.Clear();
        _series[index] = fault is null ? new Series(measurement, measurement!.EndSeries(), null, -1) : new Series(null, 0, fault, -1);
    }

    private LineFault? ParseSeries(ReadOnlySpan<byte> raw, out Measurement? measurement)
    {
        int at = 0;
        measurement = null;
        ReadOnlySpan<byte> name = SplitName(raw, ref at, isMeasurement: true, ref _name);
        if (name.IsEmpty)
        {
            return LineFault.MissingMeasurement;
        }

        if (name.Length > LineLimits.NameBytesMax)
        {
            return LineFault.NameTooLong;
        }

        measurement = MeasurementOf(Encoding.UTF8.GetString(name));
        if (measurement.Refusal is not null)
        {
            return measurement.Refusal;
        }

        while (at < raw.Length)
        {
            at++; // the comma
            ReadOnlySpan<byte> key = SplitName(raw, ref at, isMeasurement: false, ref _name);
            if (key.IsEmpty)
            {
                return LineFault.MissingTagKey;
            }

            if (at == raw.Length || raw[at] != Equal)
            {
                return LineFault.MissingTagValue;
            }

            at++;
            ReadOnlySpan<byte> value = SplitName(raw, ref at, isMeasurement: false, ref _value);
            if (value.IsEmpty)
            {
                return LineFault.MissingTagValue;
            }

            if (at < raw.Length && raw[at] == Equal)
            {
                return LineFault.InvalidTagFormat;
            }

            if (key.Length > LineLimits.NameBytesMax)
            {
                return LineFault.NameTooLong;
            }

            if (SetTag(measurement, Encoding.UTF8.GetString(key), value) is { } bad)
            {
                return bad;
            }
        }

        return null;
    }

    private Measurement MeasurementOf(string name)
    {
        if (_byName.TryGetValue(name, out Measurement? known))
        {
            return known;
        }

        CatalogObject? target = find(name);
        if (target is null && ++_newStreams > limits.NewStreamsMax)
        {
            throw new LineLimitException($"more than {limits.NewStreamsMax} measurements are new");
        }

        var measurement = new Measurement(name, target);
        _byName.Add(name, measurement);
        Measurements.Add(measurement);
        return measurement;
    }

    private LineFault? SetTag(Measurement measurement, string name, ReadOnlySpan<byte> value)
    {
        TagColumn? tag = measurement.FindTag(name);
        if (tag is null)
        {
            CatalogObject? target = measurement.Target;
            int index = target?.Columns.IndexOf(name) ?? -1;
            if (IsTime(measurement, name, index))
            {
                return new LineFault($"tag \"{name}\" has the name of the time", Whole: false);
            }

            if (measurement.FindField(name) is { } field)
            {
                return LineFault.Conflict(name, measurement.Name, "tag", FieldColumn.TypeName(field.Type));
            }

            if (index < 0 && measurement.Columns >= limits.ColumnsMax)
            {
                return TooManyColumns(measurement);
            }

            measurement.Add(tag = new TagColumn(name, index < 0 ? SqlType.Text : target!.Columns[index].Type, index));
            _newTags.Add(tag);
        }

        if (tag.Has(measurement.SeriesCount))
        {
            return LineFault.DuplicateTags;
        }

        if (tag.Type.Id != TypeId.Text || tag.Type.Precision >= 0)
        {
            if (TryParse(ColumnBuilder.For(tag.Type), value) is { } bad)
            {
                return bad;
            }
        }

        tag.Set(measurement.SeriesCount, value);
        _setTags.Add(tag);
        return null;
    }

    private static bool IsTime(Measurement measurement, string name, int index) =>
        measurement.TimeColumn >= 0 ? index == measurement.TimeColumn : name == Measurement.TimeName;

    private LineFault TooManyColumns(Measurement measurement) => new($"measurement \"{measurement.Name}\" has {limits.ColumnsMax} columns, the most there can be", Whole: true);

    // A value for a column whose type has rules of its own. Such refusals are costly, so their number is bounded.
    private LineFault? TryParse(ColumnBuilder builder, ReadOnlySpan<byte> value)
    {
        try
        {
            TextParse.Append(builder, value);
            return null;
        }
        catch (SqlException e)
        {
            return ++_badValues <= limits.BadValuesMax ? new LineFault(e.Message) : throw new LineLimitException($"more than {limits.BadValuesMax} values are bad: {e.Message}");
        }
    }

    // Up to a comma or, but in a measurement, an equals sign that is not escaped; the escapes of these and of spaces undone.
    private static ReadOnlySpan<byte> SplitName(ReadOnlySpan<byte> raw, ref int at, bool isMeasurement, ref byte[] scratch)
    {
        int start = at;
        int length = isMeasurement ? raw[at..].IndexOfAny(Comma, Escape) : raw[at..].IndexOfAny(Comma, Escape, Equal);
        if (length < 0 || raw[at + length] != Escape)
        {
            at = length < 0 ? raw.Length : at + length;
            return raw[start..at];
        }

        if (scratch.Length < raw.Length)
        {
            scratch = new byte[Math.Max(raw.Length, 256)];
        }

        int used = 0;
        for (; at < raw.Length && raw[at] != Comma && (isMeasurement || raw[at] != Equal); at++)
        {
            if (raw[at] == Escape && at + 1 < raw.Length)
            {
                // A backslash goes with the next byte, and stays unless that byte needs it.
                if (raw[at + 1] is not (Comma or (byte)' ') && (isMeasurement || raw[at + 1] != Equal))
                {
                    scratch[used++] = Escape;
                }

                at++;
            }

            scratch[used++] = raw[at];
        }

        return scratch.AsSpan(0, used);
    }
}
