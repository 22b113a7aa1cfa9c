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

    /// <summary>Who has to log in, and TLS.</summary>
    public DoorSecurity Security { get; init; } = new();

    /// <summary>Where alerts are posted to: public, any or off.</summary>
    public string Alerts { get; init; } = "public";

    /// <summary>Bytes of state that views and subscriptions may hold together; null for any number.</summary>
    public long? StateBytes { get; init; }

    /// <summary>Threads that compute views; null for one a core.</summary>
    public int? Workers { get; init; }

    /// <summary>The doors as the host wants them.</summary>
    public DoorHostOptions DoorOptions() => new() { Postgres = Postgres, Http = Http, HttpOptions = HttpOptions, Security = Security };
}

/// <summary>The options that say where a server keeps its data and where it listens, and how they become <see cref="Settings"/>.</summary>
internal sealed class SettingsReader
{
    private const string AdminTokenName = "admin-token";
    private const string AdminTokenVariable = "MILLRACE_ADMIN_TOKEN";
    private const int WorkersMax = 256;
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
        Add("auth", "required: nobody gets in without a log-in, users or not; none: while there are no users whoever reaches the HTTP door may do everything, from "
            + "beyond loopback too (default: log-ins once there are users)", "MODE");
        Add("tls-cert", "PEM file with the certificate, and those between it and a root: the HTTP door then speaks TLS alone, the PostgreSQL door offers it", "FILE");
        Add("tls-key", "PEM file with the certificate's key", "FILE");
        Add("alerts", "Where alerts may be posted to: public (addresses of the open internet), any (this machine and private networks too), off (default public)", "MODE");
        Add("segment-rows", "Rows of a stream that are sealed together (default 1048576)", "ROWS");
        Add("segment-bytes", "Bytes of a stream's rows in memory after which they are sealed (default 134217728)", "BYTES");
        Add("state-bytes", "Bytes of state that all views may hold together; the one that grows beyond is paused (default any number)", "BYTES");
        Add("workers", "Threads that compute views (default: one a core)", "THREADS");
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
        if (auth is not (null or "none" or "required"))
        {
            throw new UsageException($"{authSource}: \"{auth}\" is neither required nor none");
        }

        (string? certificate, string certificateSource) = Get("tls-cert");
        (string? key, string keySource) = Get("tls-key");
        if (certificate is null != key is null)
        {
            throw new UsageException($"{(key is null ? certificateSource : keySource)} is given without {(key is null ? "tls-key" : "tls-cert")}: a certificate and its key belong together");
        }

        (string? alerts, string alertsSource) = Get("alerts");
        if (alerts is not (null or "public" or "any" or "off"))
        {
            throw new UsageException($"{alertsSource}: \"{alerts}\" is none of public, any and off");
        }

        var addresses = new Dictionary<string, IPEndPoint?>();
        foreach (DoorSetting door in _doors)
        {
            (string? text, string source) = Get(door.Name);
            IPEndPoint? address = door.Parse(text, source);
            addresses[door.Name] = address;
        }

        // Not an option: what stands on a command line is there for everybody on the machine to read.
        string? adminToken = Environment.GetEnvironmentVariable(AdminTokenVariable) is { Length: > 0 } preset ? preset : file.GetValueOrDefault(AdminTokenName);
        if (adminToken is { Length: < 16 })
        {
            throw new UsageException($"{AdminTokenVariable}: a token that may do everything has 16 characters at least; openssl rand -hex 32 makes a good one");
        }

        return new Settings(
            data ?? dataDefault,
            ParseDurability(durability, durabilitySource),
            addresses[KnownDoors.Postgres.Name],
            addresses[KnownDoors.Http.Name],
            new HttpDoorOptions { AllowedHosts = List(Get("http-hosts").Text), AllowedOrigins = List(Get("http-origins").Text) })
        {
            Security = new DoorSecurity
            {
                RequireLogin = auth switch { "required" => true, "none" => false, _ => null },
                AdminToken = adminToken,
                Certificate = certificate is null ? null : TlsCertificate.Load(certificate, key!),
            },
            Alerts = alerts ?? "public",
            Sizes = (Count("segment-rows"), Count("segment-bytes"), Count("checkpoint-bytes")),
            StateBytes = Count("state-bytes"),
            Workers = Count("workers") is { } workers ? (int)Math.Min(workers, WorkersMax) : null,
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
                if (!_options.ContainsKey(property.Name) && property.Name != AdminTokenName)
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
