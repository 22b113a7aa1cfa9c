// The name at the end of an address, as it was meant: routing leaves %2F as it is, so that a name with a slash in it was another one.
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace Millrace.Doors.Http;

/// <summary>Reads the part <c>{name}</c> of an address.</summary>
internal static class RouteName
{
    /// <summary>The name.</summary>
    public static string Of(HttpContext context)
    {
        string routed = (string)context.GetRouteValue("name")!;
        if (!routed.Contains('%', StringComparison.Ordinal) || context.Features.Get<IHttpRequestFeature>()?.RawTarget is not { } target)
        {
            return routed;
        }

        string path = target.Split('?', 2)[0].TrimEnd('/');
        return Uri.UnescapeDataString(path[(path.LastIndexOf('/') + 1)..]);
    }
}
