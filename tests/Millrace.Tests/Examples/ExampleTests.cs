// The examples run, and print what they promise.
using System.Diagnostics;
using Xunit;

namespace Millrace.Tests.Examples;

public class ExampleTests
{
    [Fact]
    public async Task TheEmbeddedExampleFollowsItsView()
    {
        // Same layout and configuration as this test's own output: …/bin/Release/net10.0/.
        string[] output = AppContext.BaseDirectory.TrimEnd('/', '\\').Replace('\\', '/').Split('/')[^3..];
        string root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "Millrace.slnx")))
        {
            root = Path.GetDirectoryName(root)!;
        }

        string program = Path.Combine([root, "examples", "embedded", .. output, "embedded.dll"]);
        Assert.True(File.Exists(program), $"{program} is missing: build the whole solution first");
        string folder = Directory.CreateTempSubdirectory("millrace-example-").FullName;
        try
        {
            for (int run = 1; run <= 2; run++)
            {
                var start = new ProcessStartInfo("dotnet", [program, folder]) { RedirectStandardOutput = true, RedirectStandardError = true };
                using Process process = Process.Start(start)!;
                Task<string> errors = process.StandardError.ReadToEndAsync();
                string text = await process.StandardOutput.ReadToEndAsync();
                await process.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(2));
                Assert.Equal((0, ""), (process.ExitCode, await errors));
                Assert.Contains($"{5 * run} orders kept in {folder}", text);
                Assert.Contains("Wien", text);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
