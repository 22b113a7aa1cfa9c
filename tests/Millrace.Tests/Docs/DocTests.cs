// Every statement and every command in README.md and docs runs, page by page, against a server; what a page shows as an answer is the answer.
using Xunit;

namespace Millrace.Tests.Docs;

public sealed class DocTests
{
    // What cannot run here, with the reason that stands in the page. The list may shrink.
    private static readonly string[] NotRun =
    [
        "README.md: a clone", "README.md: these tests", "docs/operations.md: it takes root",
    ];

    // The reference of functions has a test of its own, which runs each example and compares its result.
    public static TheoryData<string> Pages => [.. AllPages().Where(p => p != "docs/sql-functions.md" && DocPage.Blocks(Text(p)).Any(b => b.Language is "sql" or "sh"))];

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task ThePageRuns(string page)
    {
        await using DocServer server = await DocServer.StartAsync();
        foreach (DocBlock block in DocPage.Blocks(Text(page)).Where(b => b.Language is "sql" or "sh" && b.Note("not run") is null))
        {
            try
            {
                if (block.Note("before") is { } sql)
                {
                    await server.RunSqlAsync(sql, null);
                }

                if (block.Note("before-sh") is { } commands)
                {
                    await server.RunShellAsync(commands);
                }

                if (block.Language == "sql")
                {
                    await server.RunSqlAsync(block.Text, block.Note("fails"));
                }
                else
                {
                    foreach (string command in DocPage.Commands(block.Text))
                    {
                        await server.RunShellAsync(command);
                    }
                }
            }
            catch (Exception e) when (e is not DocException)
            {
                throw new DocException($"{page}, block of line {block.Line}: {e.Message}", e);
            }
        }
    }

    [Fact]
    public void FewBlocksAreNotRun()
    {
        IEnumerable<string> found =
            from page in AllPages()
            from block in DocPage.Blocks(Text(page))
            let reason = block.Note("not run")
            where reason is not null
            select $"{page}: {reason}";
        Assert.Equal(NotRun, found);
    }

    [Fact]
    public void ShellIsWrittenAsSuch()
    {
        // A block of another name would not be run.
        foreach (string page in AllPages())
        {
            foreach (DocBlock block in DocPage.Blocks(Text(page)).Where(b => b.Language is not ("sql" or "sh")))
            {
                Assert.True(
                    block.Language is "json" or "toml" or "csharp" or "text" or "yaml",
                    $"{page}, line {block.Line}: a block of \"{block.Language}\": is it sql, sh, json, toml, csharp, yaml or text?");
            }
        }
    }

    [Fact]
    public void PagesThatAreNamedExist()
    {
        foreach (string page in AllPages())
        {
            foreach (System.Text.RegularExpressions.Match named in System.Text.RegularExpressions.Regex.Matches(Text(page), @"`(docs/[a-z/-]+\.md)`"))
            {
                Assert.True(File.Exists(Path.Combine(DocServer.Root, named.Groups[1].Value)), $"{page} names {named.Groups[1].Value}, which is not there");
            }
        }
    }

    [Fact]
    public void APageIsReadAsItIsWritten()
    {
        List<DocBlock> blocks = DocPage.Blocks("a\n<!-- before: X;\nY; -->\n<!-- fails: no -->\n\n```sql\nSELECT 1;\n```\n<!-- not run: why -->\nb\n```sh\nls\n```\n");
        Assert.Equal(["sql", "sh"], blocks.Select(b => b.Language));
        Assert.Equal(("X;\nY;", "no", null, 6), (blocks[0].Note("before"), blocks[0].Note("fails"), blocks[0].Note("not run"), blocks[0].Line));
        Assert.Null(blocks[1].Note("not run"));
        List<DocStep> steps = DocPage.Statements("-- first\nSELECT a,\n  b;   -- why; so\n--  1 | x\n-- 2|y\n\n-- next\nSELECT 2\n");
        Assert.Equal(["SELECT a,\n  b;   -- why; so", "SELECT 2"], steps.Select(s => s.Text));
        Assert.Equal(["1|x", "2|y"], steps[0].Answer);
        Assert.Equal(["curl  a", "b"], DocPage.Commands("curl \\\na\n# c\nb\n"));
    }

    private static IEnumerable<string> AllPages() =>
        Directory.EnumerateFiles(Path.Combine(DocServer.Root, "docs"), "*.md", SearchOption.AllDirectories)
            .Select(p => Path.GetRelativePath(DocServer.Root, p).Replace('\\', '/'))
            .Where(p => !p.StartsWith("docs/decisions/", StringComparison.Ordinal))
            .Prepend("README.md").Order(StringComparer.Ordinal);

    private static string Text(string page) => File.ReadAllText(Path.Combine(DocServer.Root, page)).ReplaceLineEndings("\n");
}

/// <summary>A page is not true.</summary>
internal sealed class DocException(string message, Exception? inner = null) : Exception(message, inner);
