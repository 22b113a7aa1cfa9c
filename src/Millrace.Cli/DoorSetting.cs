// One door as the command line knows it, and how its address is written.
using System.Net;
using Millrace.Cli.Config;

namespace Millrace.Cli;

/// <summary>A door: its option, what it speaks, its customary port, and whether this version has it.</summary>
internal sealed record DoorSetting(string Name, string Speaks, int Port, bool Exists = true)
{
    /// <summary>Where it listens unless told otherwise; null for a door that does not exist yet.</summary>
    public IPEndPoint? Default => Exists ? new IPEndPoint(IPAddress.Loopback, Port) : null;

    /// <summary>Reads <c>ADDR:PORT</c>, <c>:PORT</c>, <c>PORT</c> or <c>off</c> (null).</summary>
    /// <exception cref="BadSettingException">Anything else, or a door that does not exist yet.</exception>
    public IPEndPoint? Parse(string text)
    {
        if (text == "off")
        {
            return null;
        }

        if (!Exists)
        {
            throw new BadSettingException($"the {Name} door ({Speaks}) does not exist yet", "leave it out");
        }

        int colon = text.LastIndexOf(':');
        string address = colon >= 0 ? text[..colon] : "";
        string port = colon >= 0 ? text[(colon + 1)..] : text;
        address = address is "" or "localhost" ? "127.0.0.1" : address.Trim('[', ']');
        return IPAddress.TryParse(address, out IPAddress? ip) && ushort.TryParse(port, out ushort number)
            ? new IPEndPoint(ip, number)
            : throw new BadSettingException($"\"{text}\" is not ADDR:PORT (such as 127.0.0.1:{Port}) or off", "write an address and a port");
    }
}
