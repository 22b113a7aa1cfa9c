// A change as all who follow one feed in one form get it: its bytes are made once, and held once.
using System.Buffers;

namespace Millrace.Doors.Http.Feeds;

/// <summary>An event with ready bytes.</summary>
internal sealed class SharedEvent
{
    // The end of a frame, behind its data.
    private const int EndBytes = 2;
    private readonly int _dataBytes;

    /// <param name="name">The event's name.</param>
    /// <param name="id">The place that a reader is at with it.</param>
    /// <param name="data">Its JSON; it is copied.</param>
    public SharedEvent(ReadOnlySpan<byte> name, string id, ReadOnlySpan<byte> data)
    {
        Id = id;
        _dataBytes = data.Length;
        var frame = new ArrayBufferWriter<byte>(data.Length + name.Length + id.Length + 32);
        EventStream.WriteFrame(frame, name, id, data);
        Frame = frame.WrittenMemory;
    }

    /// <summary>The place that a reader is at with it.</summary>
    public string Id { get; }

    /// <summary>The JSON.</summary>
    public ReadOnlyMemory<byte> Data => Frame.Slice(Frame.Length - EndBytes - _dataBytes, _dataBytes);

    /// <summary>All of it as a server-sent event.</summary>
    public ReadOnlyMemory<byte> Frame { get; }
}
