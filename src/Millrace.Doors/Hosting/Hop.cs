// Away from the thread that serves a connection's socket.
namespace Millrace.Doors;

/// <summary>
/// The PostgreSQL door's connections are read and written without a change of threads in between (see <see cref="DoorTransport"/>): who answers at once answers from the thread that has read the
/// question, and sends the answer as well. As long as that thread is busy nobody notices that the client has gone. What may take longer goes on elsewhere first.
/// </summary>
internal static class Hop
{
    /// <summary>To be awaited before what may take longer: goes on with another thread of the pool.</summary>
    public static System.Runtime.CompilerServices.ConfiguredTaskAwaitable Away() => Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
}
