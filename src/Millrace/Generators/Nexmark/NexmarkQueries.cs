// The Nexmark queries, read from nexmark.sql beside this file.
using System.Text;

namespace Millrace.Generators.Nexmark;

/// <summary>A query of the benchmark.</summary>
/// <param name="Name">q0 to q23; also the name of the view.</param>
/// <param name="Title">What it is about.</param>
/// <param name="Definition">The CREATE MATERIALIZED VIEW statement.</param>
public sealed record NexmarkQuery(string Name, string Title, string Definition)
{
    /// <summary>The query behind <c>AS</c>.</summary>
    public string Sql => Definition[(Definition.IndexOf(" AS", StringComparison.Ordinal) + 3)..].Trim();
}

/// <summary>The benchmark as SQL.</summary>
public static class NexmarkQueries
{
    private const string SchemaHeader = "schema";

    private static readonly Dictionary<string, (string Title, string Text)> s_sections = Read();

    /// <summary>The streams person, auction and bid, and the table side_input with its rows.</summary>
    public static string Schema => s_sections[SchemaHeader].Text;

    /// <summary>All queries, in order.</summary>
    public static IReadOnlyList<NexmarkQuery> All { get; } =
        [.. s_sections.Where(s => s.Key != SchemaHeader).Select(s => new NexmarkQuery(s.Key, s.Value.Title, s.Value.Text))];

    /// <summary>The query of that name, or null.</summary>
    public static NexmarkQuery? Find(string name) => All.FirstOrDefault(q => q.Name == name);

    // A section begins with a line "-- name" or "-- name: title".
    private static Dictionary<string, (string, string)> Read()
    {
        using Stream stream = typeof(NexmarkQueries).Assembly.GetManifestResourceStream("nexmark.sql")!;
        using var reader = new StreamReader(stream);
        var sections = new Dictionary<string, (string, string)>();
        string? name = null;
        string title = "";
        var text = new StringBuilder();
        for (string? line = reader.ReadLine(); ; line = reader.ReadLine())
        {
            if (line is null || line.StartsWith("-- ", StringComparison.Ordinal))
            {
                if (name is not null)
                {
                    sections.Add(name, (title, text.ToString().Trim().TrimEnd(';')));
                }

                if (line is null)
                {
                    return sections;
                }

                string[] header = line[3..].Split(':', 2, StringSplitOptions.TrimEntries);
                name = header[0].Contains(' ') || header[0].Length == 0 ? null : header[0];
                title = header.Length > 1 ? header[1] : "";
                text.Clear();
            }
            else
            {
                text.Append(line).Append('\n');
            }
        }
    }
}
