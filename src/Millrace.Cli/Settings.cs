// Where serve's and demo's settings come from: option before environment before file before default.
using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Text.Json;
using Millrace.Doors;
using Millrace.Doors.Http;
using Millrace.Log;

namespace Millrace.Cli;

/// <summary>The settings of a server.</summary>
internal sealed record Settings(string Data, Durability Durability, IPEndPoint? Postgres, IPEndPoint? Http, HttpDoorOptions HttpOptions)
{
    /// <summary>Rows, bytes in memory and log bytes after which rows are sealed and checkpoints are made; null: as the library has it.</summary>
    public (long? SegmentRows, long? SegmentBytes, long? CheckpointBytes) Sizes { get; init; }

    /// <summary>The doors as the host wants them.</summary>
    public DoorHostOptions DoorOptions() => new() { Postgres = Postgres, Http = Http, HttpOptions = HttpOptions };
}

/// <summary>The options that say where a server keeps its data and where it listens, and how they become <see cref="Settings"/>.</summary>
internal sealed class SettingsReader
{
    private static readonly string[] Durabilities = ["fsync", "os", "none"];
    private readonly IReadOnlyList<DoorSetting> _doors;
    private readonly Dictionary<string, Option<string?>> _options = [];
    private readonly Option<string?> _config = new("--config") { Description = "JSON file with settings named like the options", HelpName = "FILE" };

    public SettingsReader(Command command, IReadOnlyList<DoorSetting> doors)
    {
        _doors = doors;
        Add("data", "Folder that holds the data, made if it does not exist", "DIR");
        foreach (DoorSetting door in doors)
        {
            Add(door.Name, door.Exists
                ? $"{door.Speaks}: address to listen on, or off (default 127.0.0.1:{door.Port})"
                : $"{door.Speaks}: this door does not exist yet", "ADDR:PORT");
        }

        Add("durability", "What an acknowledgement means: fsync (on disk), os, none (default fsync)", "MODE");
        Add("http-hosts", "Host names the HTTP door answers to besides localhost, separated by commas", "NAMES");
        Add("http-origins", "Origins whose pages may use the HTTP door, separated by commas", "ORIGINS");
        Add("auth", "none: whoever reaches an address beyond loopback may do everything", "MODE");
        Add("segment-rows", "Rows of a stream that are sealed together (default 1048576)", "ROWS");
        Add("segment-bytes", "Bytes of a stream's rows in memory after which they are sealed (default 134217728)", "BYTES");
        Add("checkpoint-bytes", "Bytes of log after which a checkpoint is made (default 268435456)", "BYTES");
        foreach (Option<string?> option in _options.Values)
        {
            command.Add(option);
        }

        command.Add(_config);

        void Add(string name, string description, string help) =>
            _options.Add(name, new Option<string?>("--" + name) { Description = description, HelpName = help });
    }

    /// <summary>Reads the settings.</summary>
    /// <exception cref="UsageException">One cannot be used as given; the message names its source.</exception>
    public Settings Read(ParseResult parsed, string dataDefault)
    {
        Dictionary<string, string> file = ReadFile(parsed.GetValue(_config) ?? Environment.GetEnvironmentVariable("MILLRACE_CONFIG"));
        (string? data, _) = Get("data");
        (string? durability, string durabilitySource) = Get("durability");
        (string? auth, string authSource) = Get("auth");
        if (auth is not (null or "none"))
        {
            throw new UsageException($"{authSource}: \"{auth}\" is not understood; the only decision there is so far is none");
        }

        var addresses = new Dictionary<string, IPEndPoint?>();
        foreach (DoorSetting door in _doors)
        {
            (string? text, string source) = Get(door.Name);
            IPEndPoint? address = door.Parse(text, source);
            CheckLoopback(door, address, source, auth);
            addresses[door.Name] = address;
        }

        return new Settings(
            data ?? dataDefault,
            ParseDurability(durability, durabilitySource),
            addresses[KnownDoors.Postgres.Name],
            addresses[KnownDoors.Http.Name],
            new HttpDoorOptions { AllowedHosts = List(Get("http-hosts").Text), AllowedOrigins = List(Get("http-origins").Text) })
        {
            Sizes = (Count("segment-rows"), Count("segment-bytes"), Count("checkpoint-bytes")),
        };

        long? Count(string name)
        {
            (string? text, string source) = Get(name);
            return text is null ? null : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long count) && count > 0 ? count
                : throw new UsageException($"{source}: \"{text}\" is not a whole number above 0");
        }

        (string? Text, string Source) Get(string name)
        {
            if (parsed.GetValue(_options[name]) is { } given)
            {
                return (given, "--" + name);
            }

            string variable = "MILLRACE_" + name.ToUpperInvariant().Replace('-', '_');
            return Environment.GetEnvironmentVariable(variable) is { Length: > 0 } set ? (set, variable)
                : (file.GetValueOrDefault(name), $"\"{name}\" in the configuration file");
        }
    }

    // Beyond loopback there are strangers, and there are no passwords yet: somebody has to have decided that this is fine.
    private static void CheckLoopback(DoorSetting door, IPEndPoint? address, string source, string? auth)
    {
        if (address is null || IPAddress.IsLoopback(address.Address))
        {
            return;
        }

        if (door == KnownDoors.Postgres)
        {
            throw new UsageException($"{source}: {address} is beyond loopback, where the PostgreSQL door does not listen until it has passwords; "
                + "use 127.0.0.1 and a tunnel (ssh -L)");
        }

        if (auth is null)
        {
            throw new UsageException($"{source}: {address} is beyond loopback and there are no credentials yet; "
                + "use 127.0.0.1 behind a proxy that asks for them, or decide with --auth none that everybody there may do everything");
        }
    }

    private static Durability ParseDurability(string? text, string source) => text switch
    {
        null or "fsync" => Durability.Fsync,
        "os" => Durability.Os,
        "none" => Durability.None,
        _ => throw new UsageException($"{source}: \"{text}\" is not one of {string.Join(", ", Durabilities)}"),
    };

    private static string[] List(string? text) => text?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];

    private Dictionary<string, string> ReadFile(string? path)
    {
        var settings = new Dictionary<string, string>();
        if (path is null)
        {
            return settings;
        }

        try
        {
            using JsonDocument json = JsonDocument.Parse(
                File.ReadAllBytes(path), new JsonDocumentOptions { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip });
            foreach (JsonProperty property in json.RootElement.EnumerateObject())
            {
                if (!_options.ContainsKey(property.Name))
                {
                    throw new UsageException($"{path}: there is no setting \"{property.Name}\"; there are {string.Join(", ", _options.Keys)}");
                }

                settings[property.Name] = property.Value.ValueKind == JsonValueKind.String ? property.Value.GetString()! : property.Value.GetRawText();
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new UsageException($"{path}: not a JSON object of settings: {e.Message}");
        }

        return settings;
    }
}
