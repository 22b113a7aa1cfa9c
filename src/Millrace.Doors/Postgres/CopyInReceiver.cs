// COPY … FROM STDIN: the client's data, in pieces cut anywhere, into batches for the engine.
using System.Text;
using Millrace.Core;
using Millrace.Formats;
using Millrace.Sql;

namespace Millrace.Doors.Postgres;

/// <summary>Receives one COPY.</summary>
internal static class CopyInReceiver
{
    private const int BatchRows = 8192;

    /// <summary>Receives the data and commits it.</summary>
    /// <returns>Rows copied; null when the client has gone in the middle.</returns>
    /// <exception cref="RowException">A bad row; nothing of the COPY stays.</exception>
    /// <exception cref="SqlException">The client gave up (57014), or the engine refuses the rows.</exception>
    public static async ValueTask<long?> RunAsync(SessionContext context, CopyIn copy, CancellationToken cancellation)
    {
        CopyFormat format = copy.Format;
        bool binary = format.Kind == CopyKind.Binary;
        MessageOutput output = context.Output;
        output.Begin('G').Byte(binary ? (byte)1 : (byte)0).Int16(copy.Columns.Count);
        for (int i = 0; i < copy.Columns.Count; i++)
        {
            output.Int16(binary ? 1 : 0);
        }

        output.End();
        await output.FlushAsync().ConfigureAwait(false);

        RowReader? rows = binary ? null : new RowReader(copy.Columns, format, format.Header ? HeaderUse.Skip : HeaderUse.None);
        BinaryRowReader? binaryRows = binary ? new BinaryRowReader(copy.Columns) : null;
        BatchBuilder builder = rows?.Rows ?? binaryRows!.Rows;
        while (true)
        {
            // A cancel only ends a statement that the engine is busy with: here it is looked at between two messages.
            cancellation.ThrowIfCancellationRequested();
            if (!await context.Input.NextAsync(cancellation).ConfigureAwait(false))
            {
                return null;
            }

            switch (context.Input.Type)
            {
                case (byte)'d':
                    rows?.Write(context.Input.Body);
                    binaryRows?.Write(context.Input.Body);
                    if (builder.Count >= BatchRows)
                    {
                        await Hand(copy, builder, cancellation).ConfigureAwait(false);
                    }

                    break;
                case (byte)'c':
                    rows?.Complete();
                    binaryRows?.Complete();
                    if (builder.Count > 0)
                    {
                        await Hand(copy, builder, cancellation).ConfigureAwait(false);
                    }

                    return await copy.CompleteAsync(cancellation).ConfigureAwait(false);
                case (byte)'f':
                    throw new SqlException("57014", $"COPY from stdin failed: {Reason(context.Input.Body)}");
                case (byte)'H' or (byte)'S':
                    break;
                case (byte)'X':
                    return null;
                default:
                    throw new ProtocolException($"unexpected message type 0x{context.Input.Type:X2} during COPY from stdin");
            }
        }
    }

    private static async ValueTask Hand(CopyIn copy, BatchBuilder builder, CancellationToken cancellation)
    {
        Batch batch = builder.ToBatch();
        builder.Reset();
        await copy.WriteAsync(batch, cancellation).ConfigureAwait(false);
    }

    private static string Reason(ReadOnlySpan<byte> body) => Encoding.UTF8.GetString(body.TrimEnd((byte)0));
}
