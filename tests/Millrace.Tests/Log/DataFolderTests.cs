// The data folder: one holder, a known format, a clear word when it cannot be used.
using System.Text;
using Millrace.Core;
using Millrace.Core.Io;
using Millrace.Log;
using Millrace.Sim;
using Xunit;

namespace Millrace.Tests.Log;

public class DataFolderTests
{
    [Fact]
    public void AnEmptyFolderBecomesOneAndIsOpenedAgain()
    {
        using var temp = new TempFolder();
        using var disk = new RealDisk(temp.In("new/data"));
        DataFolder.Open(disk).Dispose();
        Assert.Equal("millrace data folder, format 1, crc ", File.ReadAllText(temp.In("new/data/FORMAT"))[..36]);
        DataFolder.Open(disk).Dispose();
    }

    /// <summary>T17.</summary>
    [Fact]
    public void TheSecondHolderIsRefused()
    {
        using var temp = new TempFolder();
        using var disk = new RealDisk(temp.Path);
        using DataFolder held = DataFolder.Open(disk);
        DataFolderBusyException e = Assert.Throws<DataFolderBusyException>(() => DataFolder.Open(new RealDisk(temp.Path)));
        Assert.DoesNotContain('\n', e.Message);
    }

    /// <summary>T19.</summary>
    [Fact]
    public void ANewerFolderIsRefused()
    {
        var disk = new SimDisk(1);
        disk.Put("FORMAT", Format(2));
        NewerFormatException e = Assert.Throws<NewerFormatException>(() => DataFolder.Open(disk));
        Assert.Equal((2, 1), ((int)e.Version, (int)e.Known));
        disk.Put("FORMAT", Format(1));
        DataFolder.Open(disk).Dispose();
    }

    [Fact]
    public void EveryFlippedBitOfTheFormatFileIsDetected()
    {
        var disk = new SimDisk(1);
        DataFolder.Open(disk).Dispose();
        byte[] content = disk.Content("FORMAT");
        for (int bit = 0; bit < (content.Length - 1) * 8; bit++)
        {
            byte[] flipped = [.. content];
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            disk.Put("FORMAT", flipped);
            Assert.Throws<CorruptionException>(() => DataFolder.Open(disk));
        }
        disk.Put("FORMAT", []);
        Assert.Throws<CorruptionException>(() => DataFolder.Open(disk));
    }

    [Fact]
    public void AFolderOfSomethingElseIsLeftAlone()
    {
        using var temp = new TempFolder();
        File.WriteAllText(temp.In("thesis.txt"), "mine");
        using var disk = new RealDisk(temp.Path);
        Assert.Contains("thesis.txt", Assert.Throws<DataFolderException>(() => DataFolder.Open(disk)).Message);
    }

    private static byte[] Format(int version)
    {
        string text = $"millrace data folder, format {version}";
        return Encoding.ASCII.GetBytes($"{text}, crc {Crc32C.Of(Encoding.ASCII.GetBytes(text)):x8}\n");
    }
}
