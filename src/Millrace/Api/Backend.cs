// What one connection is doing at this moment.
namespace Millrace;

/// <summary>A connection and what it is doing, as <c>pg_stat_activity</c> and <c>pg_stat_ssl</c> show it.</summary>
/// <param name="Id">The number by which <c>pg_cancel_backend</c> and <c>pg_terminate_backend</c> know it.</param>
/// <param name="User">Whose it is; null where everybody is trusted.</param>
/// <param name="Application">What the client calls itself; may be empty.</param>
/// <param name="Address">The client's address; null when it has none.</param>
/// <param name="Port">The client's port, or −1.</param>
/// <param name="StartedMicros">Since when, µs since 1970.</param>
/// <param name="TransactionMicros">When its transaction began; 0 outside of one.</param>
/// <param name="StatementMicros">When its statement began, or the last one, while none runs; 0 before the first.</param>
/// <param name="ChangedMicros">Since when it has been in its state.</param>
/// <param name="State">active, idle, idle in transaction, or idle in transaction (aborted).</param>
/// <param name="Query">The statement that it runs or ran last, its beginning when it is long; statements that may have a secret in them are withheld.</param>
public sealed record Backend(
    int Id, string? User, string Application, string? Address, int Port, long StartedMicros, long TransactionMicros, long StatementMicros, long ChangedMicros,
    string State, string Query)
{
    /// <summary>The version of TLS, as <c>TLSv1.3</c>; null without encryption.</summary>
    public string? TlsVersion { get; init; }

    /// <summary>How the connection is encrypted; null without encryption.</summary>
    public string? TlsCipher { get; init; }

    /// <summary>The cipher's key, bits; 0 without encryption.</summary>
    public int TlsBits { get; init; }
}
