// What the other side said is not the protocol: the connection cannot go on.
namespace Millrace.Doors.Postgres;

/// <summary>The byte stream breaks the protocol. The door answers with a FATAL error and closes.</summary>
internal sealed class ProtocolException(string message, string sqlState = "08P01") : Exception(message)
{
    /// <summary>SQLSTATE of the FATAL error.</summary>
    public string SqlState { get; } = sqlState;

    /// <summary>True when the client speaks HTTP, and is best answered in it.</summary>
    public bool IsHttp { get; init; }
}
