// Walks the rows of a result, so that a portal can stop after some and go on later.
using Millrace.Core;
using Millrace.Doors.Formats;
using Millrace.Formats;

namespace Millrace.Doors.Postgres;

/// <summary>A place in a result.</summary>
internal sealed class RowCursor(Schema columns, IReadOnlyList<Batch> batches, short[] formats, Session session)
{
    private readonly ValueWriter[] _writers = Writers(columns, formats, session.TimeZone, session);
    private int _batch;
    private int _row;

    /// <summary>One writer a column, in the format asked for.</summary>
    public static ValueWriter[] Writers(Schema columns, short[] formats, TimeZoneInfo zone, Session? session = null)
    {
        var writers = new ValueWriter[columns.Count];
        for (int i = 0; i < writers.Length; i++)
        {
            SqlType type = columns[i].Type;
            writers[i] = BindMessage.FormatOf(formats, i) == 1 ? Binary(type, session) : TextWrite.For(type, zone);
        }

        return writers;
    }

    // regclass and its kin are names in an answer, and numbers in binary.
    private static ValueWriter Binary(SqlType type, Session? session) => type.RegOid == 0 || session is null
        ? BinaryWrite.For(type)
        : (to, column, row) => BinaryWrite.Int32(to, session.NumberOf(type, System.Text.Encoding.UTF8.GetString(((BytesColumn)column).Span(row))));

    /// <summary>Passes over up to <paramref name="most"/> rows; gives how many there were.</summary>
    public long Skip(long most)
    {
        long passed = 0;
        for (; _batch < batches.Count; _batch++, _row = 0)
        {
            int here = (int)Math.Min(batches[_batch].Count - _row, most - passed);
            passed += here;
            _row += here;
            if (_row < batches[_batch].Count)
            {
                break;
            }
        }

        return passed;
    }

    /// <summary>Sends up to <paramref name="rowsMax"/> rows (0: all).</summary>
    /// <returns>Rows sent, and whether more are left.</returns>
    public async ValueTask<(long Sent, bool More)> SendAsync(MessageOutput output, int rowsMax, CancellationToken cancellation)
    {
        long sent = 0;
        for (; _batch < batches.Count; _batch++, _row = 0)
        {
            Batch batch = batches[_batch];
            while (_row < batch.Count)
            {
                if (sent == rowsMax && rowsMax > 0)
                {
                    return (sent, true);
                }

                output.DataRow(batch.Columns, _writers, _row++);
                sent++;
                if (output.Full)
                {
                    cancellation.ThrowIfCancellationRequested();
                    await output.FlushAsync().ConfigureAwait(false);
                }
            }
        }

        return (sent, false);
    }
}
