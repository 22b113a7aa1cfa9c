// The start-up packet's "options": what would stand on a server's command line.
using System.Text;

namespace Millrace.Doors.Postgres;

/// <summary>Reads <c>-c name=value</c> and <c>--name=value</c>; a backslash keeps the space behind it.</summary>
internal static class StartupOptions
{
    /// <summary>The settings named in <paramref name="text"/>, in order.</summary>
    /// <exception cref="ProtocolException">Something else stands there.</exception>
    public static IReadOnlyList<(string Name, string Value)> Read(string text)
    {
        var settings = new List<(string, string)>();
        List<string> words = Split(text);
        for (int i = 0; i < words.Count; i++)
        {
            string word = words[i];
            string setting = word switch
            {
                "-c" when i + 1 < words.Count => words[++i],
                _ when word.StartsWith("-c", StringComparison.Ordinal) && word.Length > 2 => word[2..],
                _ when word.StartsWith("--", StringComparison.Ordinal) => word[2..],
                _ => throw new ProtocolException($"invalid command-line argument for server process: {word}", "42601"),
            };
            int equals = setting.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
            {
                throw new ProtocolException($"-c {setting} requires a value", "42601");
            }

            settings.Add((setting[..equals].Replace('-', '_'), setting[(equals + 1)..]));
        }

        return settings;
    }

    private static List<string> Split(string text)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        bool any = false;
        for (int i = 0; i < text.Length; i++)
        {
            if (char.IsWhiteSpace(text[i]))
            {
                if (any)
                {
                    words.Add(word.ToString());
                    word.Clear();
                    any = false;
                }

                continue;
            }

            any = true;
            i += text[i] == '\\' && i + 1 < text.Length ? 1 : 0;
            word.Append(text[i]);
        }

        if (any)
        {
            words.Add(word.ToString());
        }

        return words;
    }
}
