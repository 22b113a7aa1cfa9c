// Which paths a disk takes: relative, '/'-separated, never out of the root.
namespace Millrace.Core.Io;

internal static class DiskPath
{
    /// <summary>Refuses what is absolute, empty in a part, or leads upwards. "" is the root.</summary>
    internal static string Checked(string path)
    {
        if (path.Length == 0)
        {
            return path;
        }
        foreach (string part in path.Split('/'))
        {
            if (part is "" or "." or ".." || part.AsSpan().IndexOfAny('\\', '\0', ':') >= 0)
            {
                throw new DiskException(path, "path", 0, "a path must be relative to the data folder, without '..', '\\', ':' or empty parts");
            }
        }
        return path;
    }

    /// <summary>The folder that holds the path; "" for the root.</summary>
    internal static string FolderOf(string path) => path.LastIndexOf('/') is >= 0 and int slash ? path[..slash] : "";
}
