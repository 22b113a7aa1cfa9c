// Limits of the PostgreSQL door.
namespace Millrace.Doors.Postgres;

/// <summary>Limits of the PostgreSQL door. The defaults are right for one machine.</summary>
public sealed record PostgresDoorOptions
{
    /// <summary>The longest message accepted, in bytes; checked before memory is taken for it. Default 64 MiB.</summary>
    public int MessageBytesMax { get; init; } = 64 << 20;

    /// <summary>Connections open at the same time. Default 200.</summary>
    public int ConnectionsMax { get; init; } = 200;

    /// <summary>How long a client may take to say who it is. Default 10 s.</summary>
    public TimeSpan StartupTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a client may leave bytes unread before it is cut off. Default 60 s.</summary>
    public TimeSpan WriteTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The clock of both.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
