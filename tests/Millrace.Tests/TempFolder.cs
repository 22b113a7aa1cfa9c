// A folder of its own for one test, gone afterwards.
namespace Millrace.Tests;

internal sealed class TempFolder : IDisposable
{
    internal string Path { get; } = Directory.CreateTempSubdirectory("millrace-test-").FullName;

    internal string In(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (IOException)
        {
            // A process that a test killed may still be letting go; the system cleans its temporary folder.
        }
    }
}
