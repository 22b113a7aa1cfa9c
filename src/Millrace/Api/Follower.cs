// Who follows a query at this moment, and how far behind.
namespace Millrace;

/// <summary>One that follows a query.</summary>
/// <param name="Id">Tells it from the others.</param>
/// <param name="Query">What it follows: a query, or an endpoint with its arguments.</param>
/// <param name="Via">How: <c>events</c>, <c>websocket</c>, <c>session</c> (SUBSCRIBE), <c>library</c>.</param>
/// <param name="Client">Where it is, or what it calls itself; null when it does not say.</param>
/// <param name="StartedMicros">Since when, µs since 1970.</param>
/// <param name="Epoch">The epoch it has reached.</param>
/// <param name="Behind">Changes that wait for it: epochs of a shared feed, batches of a session.</param>
/// <param name="LagMicros">How old the oldest change is that waits for it; 0 when none does.</param>
/// <param name="Rows">Rows of change it has taken.</param>
/// <param name="Merged">Epochs that it got merged into later ones, because it was slow or wished so.</param>
/// <param name="Lost">Epochs whose changes were gone before it came for them: it was given the answer anew.</param>
/// <param name="SharedWith">Others who follow the same feed.</param>
/// <param name="Bytes">Bytes held for it; those of a shared feed are held once for all of its readers.</param>
public sealed record Follower(
    long Id, string Query, string Via, string? Client, long StartedMicros, long Epoch, long Behind, long LagMicros, long Rows, long Merged, long Lost,
    int SharedWith, long Bytes);
