// Runs tests/sql/*.slt: statements, queries and their answers as a user could have typed them, against a database in this process.
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Millrace.Core;
using Millrace.Log;
using Xunit;

namespace Millrace.Tests.Slt;

/// <summary>
/// Blocks stand apart by empty lines: <c>statement ok</c>, <c>statement error 22012</c> (then SQL), <c>query</c> or <c>query rowsort</c> (then SQL,
/// a line <c>----</c> and the rows, values apart by <c>|</c>), <c>reopen</c> (close and open again: from the checkpoint). <c>#</c> starts a comment.
/// MILLRACE_GOLDEN=1 writes the rows that come instead of comparing: read what it has changed.
/// </summary>
public sealed class SltTests
{
    public static TheoryData<string> Files => [.. Directory.EnumerateFiles(Folder(), "*.slt").Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Answers_are_as_written(string file)
    {
        using var folder = new TempFolder();
        Database database = await Database.OpenAsync(folder.Path, new DatabaseOptions { Durability = Durability.None });
        Session session = database.NewSession();
        var changed = new List<(Block Block, string Answer)>();
        try
        {
            foreach (Block block in Read(Path.Combine(Folder(), file)))
            {
                if (block.Head == "reopen")
                {
                    await session.DisposeAsync();
                    await database.DisposeAsync();
                    database = await Database.OpenAsync(folder.Path, new DatabaseOptions { Durability = Durability.None });
                    session = database.NewSession();
                    continue;
                }

                string where = string.Create(CultureInfo.InvariantCulture, $"{file}:{block.Line}");
                string[] head = block.Head.Split(' ');
                string answer;
                try
                {
                    IReadOnlyList<StatementResult> results = await session.ExecuteAsync(block.Sql);
                    answer = head[0] == "query" ? Rows(results[^1], sorted: head.Contains("rowsort")) : "ok";
                }
                catch (SqlException e)
                {
                    answer = "error " + e.SqlState + (head is ["statement", "error", ..] ? "" : " " + e.Message);
                }

                string expected = head[0] == "query" ? block.Answer : block.Head["statement ".Length..];
                if (expected != answer && head[0] == "query" && !answer.StartsWith("error ", StringComparison.Ordinal) && Environment.GetEnvironmentVariable("MILLRACE_GOLDEN") == "1")
                {
                    changed.Add((block, answer));
                    continue;
                }

                Assert.True(expected == answer, $"{where}\n{block.Sql}\nexpected:\n{expected}\nfound:\n{answer}");
            }

            if (changed.Count > 0)
            {
                Accept(Path.Combine(Folder(), file), changed);
            }
        }
        finally
        {
            await session.DisposeAsync();
            await database.DisposeAsync();
        }
    }

    private static void Accept(string path, List<(Block Block, string Answer)> changed)
    {
        List<string> lines = [.. File.ReadAllLines(path)];
        foreach ((Block block, string answer) in Enumerable.Reverse(changed))
        {
            int from = lines.IndexOf("----", block.Line) + 1;
            lines.RemoveRange(from, block.Answer.Length == 0 ? 0 : block.Answer.Split('\n').Length);
            lines.InsertRange(from, answer.Length == 0 ? [] : answer.Split('\n'));
        }

        File.WriteAllLines(path, lines);
    }

    private static string Rows(StatementResult result, bool sorted)
    {
        var rows = new List<string>();
        foreach (Batch batch in result.Batches)
        {
            for (int r = 0; r < batch.Count; r++)
            {
                rows.Add(string.Join('|', Enumerable.Range(0, result.Columns!.Count).Select(c => batch.Columns[c].IsNull(r) ? "NULL" : TextFormat.ToText(batch.Columns[c], r))));
            }
        }

        if (sorted)
        {
            rows.Sort(StringComparer.Ordinal);
        }

        return string.Join('\n', rows);
    }

    private static IEnumerable<Block> Read(string path)
    {
        string[] lines = File.ReadAllLines(path);
        for (int i = 0; i < lines.Length; i++)
        {
            if (lines[i].Length == 0 || lines[i][0] == '#')
            {
                continue;
            }

            string head = lines[i];
            int line = i + 1;
            var sql = new StringBuilder();
            for (i++; i < lines.Length && lines[i].Length > 0 && lines[i] != "----"; i++)
            {
                sql.Append(lines[i]).Append('\n');
            }

            var answer = new List<string>();
            if (i < lines.Length && lines[i] == "----")
            {
                for (i++; i < lines.Length && lines[i].Length > 0; i++)
                {
                    answer.Add(lines[i]);
                }
            }

            yield return new Block(head, line, sql.ToString(), string.Join('\n', answer));
        }
    }

    private static string Folder([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../sql"));

    private sealed record Block(string Head, int Line, string Sql, string Answer);
}
