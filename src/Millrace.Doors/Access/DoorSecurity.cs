// How the doors are secured: who has to say who he is, and with which certificate the way is closed to others.
namespace Millrace.Doors;

/// <summary>
/// The security of all doors. As it comes, everybody on this machine is trusted until the database has users; from then on everybody logs in, on every door.
/// </summary>
public sealed record DoorSecurity
{
    /// <summary>
    /// Null: everybody has to log in once there are users, and on doors that listen beyond loopback in any case. True: in any case, so that without users and
    /// admin token nobody gets in. False: beyond loopback too everybody is trusted while there are no users; the HTTP door alone can be opened like that.
    /// </summary>
    public bool? RequireLogin { get; init; }

    /// <summary>A bearer token that may do everything on the HTTP door; null for none. With it, that door always asks for a log-in.</summary>
    public string? AdminToken { get; init; }

    /// <summary>What signed tokens (JWT) are checked with on the HTTP door; null when there are none. With it, that door always asks for a log-in.</summary>
    public WebTokenKey? WebTokens { get; init; }

    /// <summary>The certificate: the HTTP door then speaks TLS alone, the PostgreSQL door offers it. Null for neither.</summary>
    public TlsCertificate? Certificate { get; init; }

    // Neither tokens nor keys in anything that is printed.
    private bool PrintMembers(System.Text.StringBuilder to)
    {
        to.Append("RequireLogin = ").Append(RequireLogin).Append(", Certificate = ").Append(Certificate is not null);
        return true;
    }
}
