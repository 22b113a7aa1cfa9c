// Which addresses are the open internet's, by the registries of special-purpose addresses (RFC 6890 and its successors).
using System.Net;
using System.Net.Sockets;

namespace Millrace.Alerts;

/// <summary>Tells addresses that anybody can reach from those that only this machine or its network can.</summary>
internal static class PublicAddress
{
    private static readonly IPNetwork[] Special = [.. new[]
    {
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        // Of IPv6 only 2000::/3 is given out; in it, those that carry IPv4 addresses or lead nowhere.
        "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
    }.Select(n => IPNetwork.Parse(n))];

    private static readonly IPNetwork Given = IPNetwork.Parse("2000::/3");

    /// <summary>True for an address of the open internet.</summary>
    public static bool Is(IPAddress address)
    {
        address = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return (address.AddressFamily == AddressFamily.InterNetwork || Given.Contains(address)) && !Special.Any(n => n.Contains(address));
    }

    /// <summary>True when a host is written as an address, or a name, that is none of the open internet's, without asking anybody.</summary>
    public static bool IsPlainlyPrivate(string host) =>
        IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address) ? !Is(address)
        : host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase);
}
