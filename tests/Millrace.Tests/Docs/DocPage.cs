// The fenced blocks of a page of documentation, and what the hidden comments in front of them say about running them.
using System.Text;

namespace Millrace.Tests.Docs;

/// <summary>A block of a page.</summary>
/// <param name="Language">What stands behind the fence.</param>
/// <param name="Text">What is in it.</param>
/// <param name="Line">The line of the fence, from 1.</param>
/// <param name="Notes">The comments directly in front of it: <c>before: SQL</c>, <c>before-sh: COMMANDS</c>, <c>fails: WORDS</c>, <c>not run: REASON</c>.</param>
internal sealed record DocBlock(string Language, string Text, int Line, IReadOnlyList<string> Notes)
{
    /// <summary>What the notes of a kind say, joined; null when there is none.</summary>
    public string? Note(string kind)
    {
        string[] found = [.. Notes.Where(n => n.StartsWith(kind + ":", StringComparison.Ordinal)).Select(n => n[(kind.Length + 1)..].Trim())];
        return found.Length == 0 ? null : string.Join('\n', found);
    }
}

/// <summary>A statement or command of a block, and the answer that the page shows for it.</summary>
/// <param name="Text">What is run.</param>
/// <param name="Answer">The rows that the comment lines directly behind it show; empty when it shows none.</param>
internal sealed record DocStep(string Text, IReadOnlyList<string> Answer);

/// <summary>Reads pages.</summary>
internal static class DocPage
{
    /// <summary>The blocks of a page.</summary>
    public static List<DocBlock> Blocks(string page)
    {
        var blocks = new List<DocBlock>();
        var notes = new List<string>();
        string[] lines = page.Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            if (lines[i].StartsWith("<!--", StringComparison.Ordinal))
            {
                var note = new StringBuilder(lines[i][4..]);
                while (!lines[i].Contains("-->", StringComparison.Ordinal))
                {
                    note.Append('\n').Append(lines[++i]);
                }

                string text = note.ToString();
                notes.Add(text[..text.IndexOf("-->", StringComparison.Ordinal)].Trim());
            }
            else if (lines[i].StartsWith("```", StringComparison.Ordinal))
            {
                int start = i++;
                var text = new StringBuilder();
                while (lines[i] != "```")
                {
                    text.Append(lines[i++]).Append('\n');
                }

                blocks.Add(new DocBlock(lines[start][3..].Trim(), text.ToString(), start + 1, [.. notes]));
                notes.Clear();
            }
            else if (lines[i].Length > 0)
            {
                notes.Clear();
            }
        }

        return blocks;
    }

    /// <summary>The statements of SQL: each ends with a semicolon at the end of a line, and comment lines directly behind it are its answer.</summary>
    public static List<DocStep> Statements(string sql)
    {
        var steps = new List<DocStep>();
        var text = new StringBuilder();
        List<string>? answer = null;
        foreach (string line in sql.Split('\n'))
        {
            string trimmed = line.Trim();
            if (answer is not null && trimmed.StartsWith("--", StringComparison.Ordinal))
            {
                answer.Add(string.Join('|', trimmed[2..].Split('|').Select(c => c.Trim())));
                continue;
            }

            answer = null;
            int comment = trimmed.IndexOf("--", StringComparison.Ordinal);
            string code = comment < 0 ? trimmed : trimmed[..comment].TrimEnd();
            if (text.Length > 0 || code.Length > 0)
            {
                text.Append(line).Append('\n');
            }

            if (code.EndsWith(';'))
            {
                answer = [];
                steps.Add(new DocStep(text.ToString().Trim(), answer));
                text.Clear();
            }
        }

        if (text.ToString().Trim().Length > 0)
        {
            steps.Add(new DocStep(text.ToString().Trim(), []));
        }

        return steps;
    }

    /// <summary>The commands of a shell block: a line each, but for lines that end with a backslash.</summary>
    public static List<string> Commands(string block) =>
        [.. block.Replace("\\\n", " ", StringComparison.Ordinal).Split('\n').Where(l => l.Trim().Length > 0 && !l.TrimStart().StartsWith('#'))];
}
