// Which files a session's queries may read.
using Millrace.Core;

namespace Millrace;

/// <summary>Which files queries may read by path, as in <c>SELECT * FROM 'orders.csv'</c>.</summary>
public sealed class FileRule
{
    private readonly string? _folder;
    private readonly bool _any;

    private FileRule(string? folder, bool any)
    {
        _folder = folder;
        _any = any;
    }

    /// <summary>No file.</summary>
    public static FileRule None { get; } = new(null, false);

    /// <summary>Every file that this process may read; paths are relative to its working directory.</summary>
    public static FileRule Any { get; } = new(null, true);

    /// <summary>Files in one folder and the folders in it; paths are relative to it. What a link leads to is not in it.</summary>
    public static FileRule Below(string folder) => new(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)), false);

    /// <summary>Where the file of a path is.</summary>
    /// <exception cref="SqlException">42501: it may not be read; 22023: it is no path.</exception>
    internal string Resolve(string path, int position)
    {
        if (path.Length == 0 || path.Contains('\0', StringComparison.Ordinal))
        {
            throw new SqlException("22023", "that is no path of a file", position);
        }

        if (path.Contains("://", StringComparison.Ordinal))
        {
            throw new SqlException("0A000", $"'{path}' is an address: only files can be read", position, "fetch it, and name the file");
        }

        if (_any)
        {
            return Path.GetFullPath(path);
        }

        if (_folder is null)
        {
            throw new SqlException("42501", "files cannot be read from here", position,
                "a server reads files below the folder of its setting --files; millrace import and COPY … FROM STDIN send a file");
        }

        string full = Path.GetFullPath(Path.Combine(_folder, path));
        if (!full.StartsWith(_folder + Path.DirectorySeparatorChar, StringComparison.Ordinal))
        {
            throw new SqlException("42501", $"'{path}' is not below the folder that files may be read from", position, "give the path as it is from that folder");
        }

        for (string at = full; at.Length > _folder.Length; at = Path.GetDirectoryName(at)!)
        {
            if (new FileInfo(at).LinkTarget is not null)
            {
                throw new SqlException("42501", $"'{path}' leads over a link: it could lead out of the folder that files may be read from", position);
            }
        }

        return full;
    }
}
