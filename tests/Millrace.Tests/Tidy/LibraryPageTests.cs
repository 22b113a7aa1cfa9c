// The code in docs/library.md is that of the samples, which the client test "package" builds and runs.
using Xunit;

namespace Millrace.Tests.Tidy;

public class LibraryPageTests
{
    [Fact]
    public void WhatThePageShowsIsInASample()
    {
        string root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "Millrace.slnx")))
        {
            root = Path.GetDirectoryName(root)!;
        }

        string samples = string.Concat(
            Directory.EnumerateDirectories(Path.Combine(root, "samples")).Select(sample => File.ReadAllText(Path.Combine(sample, "Program.cs"))));
        string[] pieces = File.ReadAllText(Path.Combine(root, "docs", "library.md")).Split("```csharp\n");
        Assert.True(pieces.Length > 10, "the page has lost its code");
        foreach (string piece in pieces.Skip(1))
        {
            string code = piece[..piece.IndexOf("```", StringComparison.Ordinal)];
            Assert.True(samples.Contains(code, StringComparison.Ordinal), "docs/library.md shows code that is in no sample:\n" + code);
        }
    }
}
