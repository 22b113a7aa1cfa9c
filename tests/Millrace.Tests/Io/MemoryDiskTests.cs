// The disk in memory does what a folder does: the same random steps on both, compared after each.
using Millrace.Core.Io;
using Xunit;

namespace Millrace.Tests.Io;

public class MemoryDiskTests
{
    private static readonly string[] Paths = ["a", "b", "x/a", "x/b", "x/y/a", "x", "x/y"];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void RandomStepsGiveTheSameOnBoth(int seed)
    {
        using var temp = new TempFolder();
        using var real = new RealDisk(temp.Path);
        using var memory = new MemoryDisk();
        var random = new Random(seed);
        for (int step = 0; step < 400; step++)
        {
            string path = Paths[random.Next(Paths.Length)], other = Paths[random.Next(Paths.Length)];
            int kind = random.Next(8), size = random.Next(3) == 0 ? random.Next(200_000) : random.Next(100);
            long offset = random.Next(4) == 0 ? random.Next(150_000) : random.Next(50);
            byte[] data = new byte[size];
            random.NextBytes(data);
            string what = $"seed {seed}, step {step}: {kind} {path} {other} {offset} {size}";
            Assert.True(
                Step(real, kind, path, other, offset, data) == Step(memory, kind, path, other, offset, data), what);
            foreach (string folder in new[] { "", "x", "x/y" })
            {
                Assert.True(real.List(folder).SequenceEqual(memory.List(folder)), $"{what}: names in \"{folder}\"");
            }
        }
    }

    [Fact]
    public void OneHoldsTheLock()
    {
        using var disk = new MemoryDisk();
        using (disk.Lock())
        {
            Assert.Throws<DataFolderBusyException>(disk.Lock);
        }

        disk.Lock().Dispose();
    }

    // What it gave, as text; what failed, as "failed": errors need not have the same words.
    private static string Step(IDisk disk, int kind, string path, string other, long offset, byte[] data)
    {
        try
        {
            switch (kind)
            {
                case 0:
                    disk.Open(path, DiskOpenMode.CreateNew).Dispose();
                    return "made";
                case 1:
                    using (IDiskFile file = disk.Open(path, DiskOpenMode.ReadWrite))
                    {
                        file.Write(offset, data);
                        file.Sync();
                        return file.Length.ToString(System.Globalization.CultureInfo.InvariantCulture);
                    }

                case 2:
                    using (IDiskFile file = disk.Open(path, DiskOpenMode.ReadWrite))
                    {
                        file.Truncate(offset);
                        disk.BeginSync(file).Wait();
                        return file.Length.ToString(System.Globalization.CultureInfo.InvariantCulture);
                    }

                case 3:
                    using (IDiskFile file = disk.Open(path, DiskOpenMode.Read))
                    {
                        byte[] into = new byte[data.Length + 10];
                        int count = file.Read(offset, into);
                        return Convert.ToHexString(into, 0, count);
                    }

                case 4:
                    disk.CreateFolder(path.Contains('/') ? "x/y" : "x");
                    return "folder";
                case 5:
                    disk.Delete(path);
                    return "gone";
                case 6:
                    disk.Rename(path, other);
                    return "renamed";
                default:
                    disk.Publish(path, [data, data]);
                    return disk.Exists(path) ? "published" : "lost";
            }
        }
        catch (DiskException)
        {
            return "failed";
        }
    }
}
