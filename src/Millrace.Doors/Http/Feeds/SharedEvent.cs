// A change as all who follow one feed in one form get it: its bytes are made once.
using System.Buffers;

namespace Millrace.Doors.Http.Feeds;

/// <summary>An event with ready bytes.</summary>
internal sealed class SharedEvent
{
    /// <param name="name">The event's name.</param>
    /// <param name="id">The place that a reader is at with it.</param>
    /// <param name="data">Its JSON.</param>
    public SharedEvent(ReadOnlySpan<byte> name, string id, byte[] data)
    {
        Id = id;
        Data = data;
        var frame = new ArrayBufferWriter<byte>(data.Length + 64);
        EventStream.WriteFrame(frame, name, id, data);
        Frame = frame.WrittenMemory;
    }

    /// <summary>The place that a reader is at with it.</summary>
    public string Id { get; }

    /// <summary>The JSON.</summary>
    public byte[] Data { get; }

    /// <summary>All of it as a server-sent event.</summary>
    public ReadOnlyMemory<byte> Frame { get; }
}
