// Tells systemd how far the server is: one datagram to the socket that NOTIFY_SOCKET names (sd_notify(3)).
using System.Net.Sockets;
using System.Text;

namespace Millrace.Cli;

/// <summary>The one who started the server, if he asked to be told. Who was not started by systemd tells nobody.</summary>
internal sealed class Supervisor(string? socket)
{
    /// <summary>The supervisor of this process.</summary>
    public static Supervisor Current { get; } = new(OperatingSystem.IsLinux() ? Environment.GetEnvironmentVariable("NOTIFY_SOCKET") : null);

    /// <summary>Every door is open.</summary>
    public void Ready(string status) => Say($"READY=1\nSTATUS={status}");

    /// <summary>The end has begun.</summary>
    public void Stopping() => Say("STOPPING=1\nSTATUS=draining");

    private void Say(string state)
    {
        if (string.IsNullOrEmpty(socket))
        {
            return;
        }

        try
        {
            // A leading @ stands for the zero byte of an abstract address.
            using var to = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            to.Connect(new UnixDomainSocketEndPoint(socket[0] == '@' ? '\0' + socket[1..] : socket));
            to.Send(Encoding.UTF8.GetBytes(state));
        }
        catch (SocketException)
        {
            // Who does not listen has nobody to be told; the server serves all the same.
        }
    }
}
