// Transcripts in tests/wire/postgres: what a client sends, what the door answers, message by message, over a real database.
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Xunit;

namespace Millrace.Tests.Doors.Postgres;

/// <summary>
/// A transcript's lines: <c>&gt; T body</c> sends a message (see <see cref="RawClient.Message"/>), <c>&lt; T body</c> is the next message expected.
/// In bodies that come back, zero bytes are written ^, other control bytes \xNN; <c>...</c> at the end of a line stands for anything.
/// </summary>
public sealed class WireTranscriptTests
{
    public static TheoryData<string> Files => new(Directory.GetFiles(Folder(), "*.txt").Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Transcript(string file)
    {
        using var folder = new TempFolder();
        await using Database database = await Database.OpenAsync(folder.In("data"));
        await using DoorHost host = await DoorHost.StartAsync(database.NewSession);
        using RawClient client = RawClient.Login(host.Port);
        string[] lines = await File.ReadAllLinesAsync(Path.Combine(Folder(), file));
        for (int i = 0; i < lines.Length; i++)
        {
            string line = lines[i];
            if (line.StartsWith("> ", StringComparison.Ordinal))
            {
                client.Message(line[2], line.Length > 4 ? line[4..].Replace("\\n", "\n", StringComparison.Ordinal).Replace("\\t", "\t", StringComparison.Ordinal) : "");
            }
            else if (line.StartsWith("< ", StringComparison.Ordinal))
            {
                (char type, string body) = client.Read();
                string got = $"< {type} {Show(body)}".TrimEnd();
                bool same = line.EndsWith("...", StringComparison.Ordinal) ? got.StartsWith(line[..^3], StringComparison.Ordinal) : got == line;
                Assert.True(same, $"{file}:{i + 1}: wanted {line}\n{file}:{i + 1}: got    {got}");
            }
            else
            {
                Assert.True(line.Length == 0 || line[0] == '#', $"{file}:{i + 1}: neither >, < nor #");
            }
        }
    }

    private static string Show(string body)
    {
        var text = new StringBuilder();
        foreach (char c in body)
        {
            text.Append(c switch
            {
                '\0' => "^",
                '\n' => "\\n",
                '\t' => "\\t",
                < ' ' or '\uFFFD' => "\\x" + (c == '\uFFFD' ? "??" : ((int)c).ToString("X2", CultureInfo.InvariantCulture)),
                _ => c.ToString(),
            });
        }

        return text.ToString();
    }

    private static string Folder([CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "..", "wire", "postgres");
}
