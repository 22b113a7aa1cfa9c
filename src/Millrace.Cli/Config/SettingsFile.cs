// The configuration file: a flat JSON object whose names are those of the options.
using System.Text.Json;
using Millrace.Formats;

namespace Millrace.Cli.Config;

/// <summary>The settings of a file, each with its line, and what is wrong with the file itself.</summary>
internal sealed class SettingsFile
{
    private readonly Dictionary<string, (string Text, int Line)> _settings = new(StringComparer.Ordinal);

    private SettingsFile(string? path) => Path = path;

    /// <summary>Where it is; null for none.</summary>
    public string? Path { get; }

    /// <summary>What is wrong with it.</summary>
    public List<SettingProblem> Problems { get; } = [];

    /// <summary>Reads a file, or none.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static SettingsFile Read(string? path, IReadOnlyCollection<string> known)
    {
        var file = new SettingsFile(path);
        if (path is not null)
        {
            file.Parse(File.ReadAllBytes(path), known);
        }

        return file;
    }

    /// <summary>Reads the bytes of a file.</summary>
    public static SettingsFile Parse(string path, ReadOnlySpan<byte> json, IReadOnlyCollection<string> known)
    {
        var file = new SettingsFile(path);
        file.Parse(json, known);
        return file;
    }

    /// <summary>The setting of a name; null when the file has none.</summary>
    public string? this[string name] => _settings.TryGetValue(name, out (string Text, int Line) setting) ? setting.Text : null;

    /// <summary>Where a setting stands, for messages.</summary>
    public string PlaceOf(string name) => $"{Path}, line {_settings[name].Line}";

    private void Parse(ReadOnlySpan<byte> json, IReadOnlyCollection<string> known)
    {
        // A byte order mark is what some editors write, and no setting.
        json = json.StartsWith("\uFEFF"u8) ? json[3..] : json;
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip });
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                Problems.Add(new SettingProblem(Path!, "not a JSON object of settings", "write { \"data\": \"/var/lib/millrace\" } and the like"));
                return;
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                string name = reader.GetString()!;
                int line = LineOf(json, reader.TokenStartIndex);
                reader.Read();
                Take(name, line, ref reader, known);
            }

            while (reader.Read())
            {
                // To the end: what stands behind the object is a fault too.
            }
        }
        catch (JsonException e)
        {
            Problems.Add(new SettingProblem($"{Path}, line {(e.LineNumber ?? 0) + 1}", "not a JSON object of settings: " + FirstSentence(e.Message), "mend the JSON"));
        }
    }

    private void Take(string name, int line, ref Utf8JsonReader reader, IReadOnlyCollection<string> known)
    {
        string place = $"{Path}, line {line}";
        string? text = reader.TokenType switch
        {
            JsonTokenType.String => reader.GetString(),
            JsonTokenType.Number => System.Text.Encoding.UTF8.GetString(reader.ValueSpan),
            _ => null,
        };
        if (!known.Contains(name))
        {
            string? nearest = RowRules.Nearest(name, known);
            Problems.Add(new SettingProblem(
                place, $"there is no setting \"{name}\"", nearest is null ? $"there are {string.Join(", ", known)}" : $"did you mean \"{nearest}\"?"));
        }
        else if (text is null)
        {
            Problems.Add(new SettingProblem(place, $"\"{name}\" is neither a text nor a number", $"write it as on the command line: \"{name}\": \"…\""));
        }
        else if (!_settings.TryAdd(name, (text, line)))
        {
            Problems.Add(new SettingProblem(place, $"\"{name}\" is there a second time (the first: line {_settings[name].Line})", "leave one"));
        }

        reader.Skip();
    }

    private static int LineOf(ReadOnlySpan<byte> json, long at) => json[..(int)at].Count((byte)'\n') + 1;

    private static string FirstSentence(string message)
    {
        int end = message.IndexOf(". ", StringComparison.Ordinal);
        return end < 0 ? message.TrimEnd('.') : message[..end];
    }
}
