// The house rules as a test: each failure names the file, the rule, and what to do instead.
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Xunit;

namespace Millrace.Tests.Tidy;

public partial class TidyTests
{
    private const int LinesMax = 600;
    private const int ColumnsMax = 200;

    private static readonly string Root = FindRoot();

    // Where time, threads, files and chance may be touched below the doors.
    private static readonly string[] Impure =
    [
        "src/Millrace.Core/Io/", "src/Millrace/Engine/EngineThread.cs", "src/Millrace/Engine/WorkerThreads.cs",
        "src/Millrace/Api/", "src/Millrace/Sessions/", "src/Millrace/Feeds/", "src/Millrace/Alerts/", "src/Millrace/Dataflow.cs",
        "src/Millrace.Log/LogOptions.cs", "src/Millrace/SystemViews/", "src/Millrace/Files/", "src/Millrace/Generators/GeneratorHub.cs",
    ];

    [Fact]
    public void SourceFilesKeepTheHouseRules()
    {
        List<string> faults = [];
        foreach (string folder in new[] { "src", "tests", "bench", "examples" })
        {
            foreach (string file in Directory.EnumerateFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories))
            {
                string path = Path.GetRelativePath(Root, file).Replace('\\', '/');
                if (!NotOurs().IsMatch(path))
                {
                    faults.AddRange(FaultsOf(path).Select(f => path + ": " + f));
                }
            }
        }

        Assert.True(faults.Count == 0, string.Join("\n", faults));
    }

    private static List<string> FaultsOf(string path)
    {
        string text = File.ReadAllText(Path.Combine(Root, path));
        string[] lines = text.Split('\n');
        var faults = new List<string>();
        if (!lines[0].TrimStart('\uFEFF').StartsWith("// ", StringComparison.Ordinal))
        {
            faults.Add("the first line says in one sentence what the file is for: // …");
        }

        if (lines.Length > LinesMax)
        {
            faults.Add($"{lines.Length} lines, at most {LinesMax}: does it hold one idea? Split it along the ideas it holds");
        }

        for (int i = 0; i < lines.Length; i++)
        {
            if (lines[i].Length > ColumnsMax)
            {
                faults.Add($"line {i + 1}: {lines[i].Length} characters, at most {ColumnsMax}");
            }

            if (lines[i].Length > 0 && char.IsWhiteSpace(lines[i][^1]))
            {
                faults.Add($"line {i + 1}: white space at the end (dotnet format removes it)");
            }
        }

        bool isProduct = path.StartsWith("src/", StringComparison.Ordinal);
        if (isProduct && Unfinished().Match(text) is { Success: true } unfinished)
        {
            faults.Add($"\"{unfinished.Value.Trim()}\": finish it, refuse it with SQLSTATE 0A000 and a hint, or put it into an issue");
        }

        bool isBelowDoors = isProduct && !path.StartsWith("src/Millrace.Doors/", StringComparison.Ordinal) && !path.StartsWith("src/Millrace.Cli/", StringComparison.Ordinal);
        if (isBelowDoors && !Impure.Any(p => path.StartsWith(p, StringComparison.Ordinal)) && ImpureCalls().Match(text) is { Success: true } impure)
        {
            faults.Add($"\"{impure.Value}\": clock, chance, threads and files come in from outside (IClock, IDisk), so that the simulator can give its own");
        }

        return faults;
    }

    [Theory]
    [InlineData("Millrace.Core", "")]
    [InlineData("Millrace.Log", "Millrace.Core")]
    [InlineData("Millrace.Store", "Millrace.Core")]
    [InlineData("Millrace.Sql", "Millrace.Core")]
    [InlineData("Millrace.Formats", "Millrace.Core Millrace.Sql")]
    [InlineData("Millrace.Generator", "")]
    [InlineData("Millrace", "Millrace.Core Millrace.Formats Millrace.Log Millrace.Sql Millrace.Store")]
    [InlineData("Millrace.Doors", "Millrace")]
    [InlineData("Millrace.Cli", "Millrace.Doors")]
    public void ProjectsDependInOneDirection(string project, string allowed)
    {
        XDocument file = XDocument.Load(Path.Combine(Root, "src", project, project + ".csproj"));
        IEnumerable<string> references = file.Descendants("ProjectReference").Select(r => Path.GetFileNameWithoutExtension((string)r.Attribute("Include")!)).Order();
        Assert.Equal(allowed, string.Join(' ', references));
    }

    [Fact]
    public void DoorsDoNotKnowOneAnother()
    {
        string doors = Path.Combine(Root, "src", "Millrace.Doors");
        foreach (string folder in new[] { "Postgres", "Http" })
        {
            string other = folder == "Http" ? "Millrace.Doors.Postgres" : "Millrace.Doors.Http";
            foreach (string file in Directory.EnumerateFiles(Path.Combine(doors, folder), "*.cs", SearchOption.AllDirectories))
            {
                Assert.False(
                    File.ReadAllText(file).Contains($"using {other};", StringComparison.Ordinal),
                    $"{file} uses {other}: what two doors share belongs into Formats");
            }
        }
    }

    [Theory]
    [InlineData("README.md")]
    [InlineData("ARCHITECTURE.md")]
    [InlineData("CONTRIBUTING.md")]
    public void PathsNamedInTheMapsExist(string document)
    {
        string text = File.ReadAllText(Path.Combine(Root, document));
        foreach (Match match in NamedPath().Matches(text))
        {
            string path = match.Groups[1].Value.TrimEnd('/');
            Assert.True(
                File.Exists(Path.Combine(Root, path)) || Directory.Exists(Path.Combine(Root, path)),
                $"{document} names {path}, which is not there: mend the document");
        }
    }

    private static string FindRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Millrace.slnx")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? throw new InvalidOperationException("the tests run inside the source tree");
    }

    [GeneratedRegex("/(obj|bin|node_modules)/")]
    private static partial Regex NotOurs();

    [GeneratedRegex(@"NotImplementedException|// *(TODO|FIXME|HACK)\b")]
    private static partial Regex Unfinished();

    [GeneratedRegex(@"\b(DateTime(Offset)?\.(Utc)?Now|Thread\.Sleep|new Thread\(|Task\.Run|Task\.Delay|new Random\(|Random\.Shared|File\.(Open|Read|Write)\w*|new FileStream)\b")]
    private static partial Regex ImpureCalls();

    [GeneratedRegex(@"`((?:src|tests|bench|docs|examples|scripts)/[A-Za-z0-9_./-]+)`")]
    private static partial Regex NamedPath();
}
