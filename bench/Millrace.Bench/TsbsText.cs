// The rows of TsbsData as text: line protocol, values between tabs, CSV.
using System.Globalization;
using System.Text;
using Millrace.Core;

namespace Millrace.Bench;

/// <summary>Bodies of HTTP requests, each with so many rows.</summary>
internal static class TsbsText
{
    public static List<byte[]> Lines(int rows, bool decimals, int batch) => Bodies(rows, decimals, batch, (text, data, row) =>
    {
        text.Append("cpu");
        for (int t = 0; t < TsbsData.Tags.Length; t++)
        {
            text.Append(',').Append(TsbsData.Tags[t]).Append('=').Append(Tag(data, t, row));
        }

        for (int f = 0; f < TsbsData.Fields.Length; f++)
        {
            text.Append(f == 0 ? ' ' : ',').Append(TsbsData.Fields[f]).Append('=').Append(Value(data, f, row)).Append(decimals ? "" : "i");
        }

        text.Append(' ').Append(Micros(data, row) * 1000);
    });

    /// <summary>Seconds, tags, values.</summary>
    public static List<byte[]> Tabs(int rows, bool decimals, int batch) => Bodies(rows, decimals, batch, (text, data, row) =>
    {
        text.Append(Micros(data, row) / 1_000_000);
        for (int t = 0; t < TsbsData.Tags.Length; t++)
        {
            text.Append('\t').Append(Tag(data, t, row));
        }

        for (int f = 0; f < TsbsData.Fields.Length; f++)
        {
            text.Append('\t').Append(Value(data, f, row));
        }
    });

    /// <summary>CSV: time as ISO 8601, tags, values; the first piece begins with the names.</summary>
    public static List<byte[]> Csv(int rows, bool decimals, int batch, string time = "ts", string zone = "+00")
    {
        List<byte[]> pieces = Bodies(rows, decimals, batch, (text, data, row) =>
        {
            text.Append((DateTime.UnixEpoch + TimeSpan.FromMicroseconds(Micros(data, row))).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)).Append(zone);
            for (int t = 0; t < TsbsData.Tags.Length; t++)
            {
                text.Append(',').Append(Tag(data, t, row));
            }

            for (int f = 0; f < TsbsData.Fields.Length; f++)
            {
                text.Append(',').Append(Value(data, f, row));
            }
        });
        pieces[0] = [.. Encoding.UTF8.GetBytes($"{time},{string.Join(',', TsbsData.Tags)},{string.Join(',', TsbsData.Fields)}\n"), .. pieces[0]];
        return pieces;
    }

    private static List<byte[]> Bodies(int rows, bool decimals, int batch, Action<StringBuilder, Batch, int> line)
    {
        var data = new TsbsData(TsbsBench.Hosts, decimals);
        var bodies = new List<byte[]>();
        var text = new StringBuilder();
        for (int done = 0; done < rows; done += batch)
        {
            Batch taken = data.Take(Math.Min(batch, rows - done));
            text.Clear();
            for (int row = 0; row < taken.Count; row++)
            {
                line(text, taken, row);
                text.Append('\n');
            }

            bodies.Add(Encoding.UTF8.GetBytes(text.ToString()));
        }

        return bodies;
    }

    private static string Tag(Batch data, int tag, int row) => Encoding.UTF8.GetString(((BytesColumn)data.Columns[tag]).Span(row));

    private static string Value(Batch data, int field, int row) => data.Columns[TsbsData.Tags.Length + field] is FixedColumn<double> reals
        ? reals.Values[row].ToString(CultureInfo.InvariantCulture) : ((FixedColumn<long>)data.Columns[TsbsData.Tags.Length + field]).Values[row].ToString(CultureInfo.InvariantCulture);

    private static long Micros(Batch data, int row) => ((FixedColumn<long>)data.Columns[^1]).Values[row];
}
