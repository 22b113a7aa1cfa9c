// The folder that holds a database: taken by one process, of a format this build knows.
using System.Globalization;
using System.Text;
using Millrace.Core;
using Millrace.Core.Io;

namespace Millrace.Log;

/// <summary>A data folder that this process holds. Its FORMAT file names the version of everything in it.</summary>
public sealed class DataFolder : IDisposable
{
    /// <summary>The newest format of a data folder that this build reads, and the one it writes.</summary>
    public const int FormatVersion = 1;

    /// <summary>The file that makes a folder a backup.</summary>
    public const string BackupManifest = "BACKUP";

    private const string FormatFile = "FORMAT";
    private const string Before = "millrace data folder, format ";
    private const string Between = ", crc ";
    private readonly IDisposable held;

    private DataFolder(IDisposable held) => this.held = held;

    /// <summary>
    /// Takes the disk's root as data folder; an empty one becomes one. Throws <see cref="DataFolderBusyException"/>, <see cref="NewerFormatException"/>
    /// or <see cref="DataFolderException"/> with a one-line message, <see cref="CorruptionException"/> when the FORMAT file is damaged.
    /// </summary>
    public static DataFolder Open(IDisk disk)
    {
        IDisposable held;
        try
        {
            held = disk.Lock();
        }
        catch (DiskException e)
        {
            throw new DataFolderException($"the data folder cannot be used: {e.Message}", e);
        }
        try
        {
            CheckFormat(disk);
            return new DataFolder(held);
        }
        catch (DiskException e)
        {
            held.Dispose();
            throw new DataFolderException($"the data folder cannot be used: {e.Message}", e);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>Lets go of the folder.</summary>
    public void Dispose() => held.Dispose();

    private static void CheckFormat(IDisk disk)
    {
        if (disk.Exists(FormatFile))
        {
            ReadFormat(disk);
            disk.SyncFolder(""); // who made it may have ended before its name was durable
            return;
        }
        foreach (string name in disk.List(""))
        {
            // LOCK is ours, lost+found is a file system's own, and a .tmp is a first start that was cut short.
            if (name == BackupManifest)
            {
                throw new DataFolderException("this folder is a backup; make a data folder of it first: millrace restore BACKUP DATA");
            }

            if (name is not ("LOCK" or "lost+found") && !name.EndsWith(IDisk.TemporarySuffix, StringComparison.Ordinal))
            {
                throw new DataFolderException($"not a Millrace data folder: it has no {FormatFile} file but holds '{name}'; name an empty or new folder");
            }
        }
        Create(disk);
    }

    /// <summary>Makes a data folder of what is there, by the file that says so.</summary>
    public static void Create(IDisk disk)
    {
        string text = Before + FormatVersion.ToString(CultureInfo.InvariantCulture);
        string line = $"{text}{Between}{Crc32C.Of(Encoding.ASCII.GetBytes(text)):x8}\n";
        disk.Publish(FormatFile, [Encoding.ASCII.GetBytes(line)]);
    }

    private static void ReadFormat(IDisk disk)
    {
        byte[] bytes = new byte[128];
        using IDiskFile file = disk.Open(FormatFile, DiskOpenMode.Read);
        string found = Encoding.Latin1.GetString(bytes, 0, file.Read(0, bytes));
        string line = found.Split('\n')[0];
        int cut = line.LastIndexOf(Between, StringComparison.Ordinal);
        bool sound = cut > Before.Length && line.StartsWith(Before, StringComparison.Ordinal)
            && line[(cut + Between.Length)..] == Crc32C.Of(Encoding.Latin1.GetBytes(line[..cut])).ToString("x8", CultureInfo.InvariantCulture);
        if (!sound || !int.TryParse(line.AsSpan(Before.Length, cut - Before.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int version))
        {
            throw new CorruptionException(FormatFile, 0, $"'{Before}N{Between}CRC'", $"'{line}'");
        }
        if (version > FormatVersion)
        {
            throw new NewerFormatException($"the data folder ({FormatFile})", version, FormatVersion);
        }
    }
}
