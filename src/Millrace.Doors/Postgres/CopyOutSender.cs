// COPY … TO STDOUT: a result as text, CSV or binary rows.
using Millrace.Core;
using Millrace.Doors.Formats;
using Millrace.Formats;
using Millrace.Sql;

namespace Millrace.Doors.Postgres;

/// <summary>Sends one COPY.</summary>
internal static class CopyOutSender
{
    /// <summary>Sends the rows, without CommandComplete.</summary>
    public static async ValueTask RunAsync(SessionContext context, StatementResult result, CopyFormat format, CancellationToken cancellation)
    {
        MessageOutput output = context.Output;
        Schema columns = result.Columns ?? Schema.Empty;
        bool binary = format.Kind == CopyKind.Binary;
        output.Begin('H').Byte(binary ? (byte)1 : (byte)0).Int16(columns.Count);
        for (int i = 0; i < columns.Count; i++)
        {
            output.Int16(binary ? 1 : 0);
        }

        output.End();
        ValueWriter[] writers = RowCursor.Writers(columns, [binary ? (short)1 : (short)0], TimeZoneInfo.Utc, context.Session);
        RowWriter? text = binary ? null : new RowWriter(columns, format);
        if (text is not null && format.Header)
        {
            output.Begin('d');
            text.WriteHeader(output.Buffer);
            output.End();
        }

        // The layout's head travels with the first row, or with the end: clients count on one message a row.
        bool first = binary;
        foreach (Batch batch in result.Batches)
        {
            for (int row = 0; row < batch.Count; row++)
            {
                output.Begin('d');
                if (text is not null)
                {
                    text.WriteRow(output.Buffer, batch.Columns, row);
                }
                else
                {
                    WriteHead(output, ref first);
                    output.Int16(columns.Count);
                    for (int i = 0; i < writers.Length; i++)
                    {
                        BinaryWrite.Field(output.Buffer, batch.Columns[i], row, writers[i]);
                    }
                }

                output.End();
                if (output.Full)
                {
                    cancellation.ThrowIfCancellationRequested();
                    await output.FlushAsync().ConfigureAwait(false);
                }
            }
        }

        if (binary)
        {
            output.Begin('d');
            WriteHead(output, ref first);
            output.Int16(-1).End();
        }

        output.Empty('c');
    }

    private static void WriteHead(MessageOutput output, ref bool first)
    {
        if (first)
        {
            output.Buffer.Write(BinaryRowReader.Signature);
            output.Int32(0).Int32(0);
            first = false;
        }
    }
}
