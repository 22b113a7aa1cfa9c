// What the tests of the log share.
using Millrace.Log;

namespace Millrace.Tests.Log;

internal static class LogTools
{
    /// <summary>A payload that names its record in the first byte and differs everywhere from its neighbours'.</summary>
    internal static byte[] Payload(int record, int length)
    {
        byte[] payload = new byte[length];
        for (int i = 0; i < length; i++)
        {
            payload[i] = (byte)(record + (i * 31) + ((i >> 8) * record));
        }
        return payload;
    }

    internal static List<byte[]> ReadAll(WriteAheadLog log)
    {
        var found = new List<byte[]>();
        using LogReader reader = log.ReadFrom(log.First);
        while (reader.TryRead(out _, out ReadOnlyMemory<byte> payload))
        {
            found.Add(payload.ToArray());
        }
        return found;
    }
}
