// Where a server's settings come from: option before environment before file before default.
using System.CommandLine;
using System.Globalization;
using System.Net;
using Millrace.Doors;
using Millrace.Doors.Http;
using Millrace.Log;

namespace Millrace.Cli.Config;

/// <summary>A setting as it counts, for people to see. Secrets are masked.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Text">Its value, or what is taken when nobody has set it; null where that is nothing, or depends on the machine.</param>
/// <param name="Source">Who said so.</param>
internal sealed record SettingShown(string Name, string? Text, string Source);

/// <summary>All that could be found out about the settings.</summary>
/// <param name="Settings">The settings; of what cannot be used as given, the default.</param>
/// <param name="Problems">What is wrong with them, the fatal first.</param>
/// <param name="Shown">Each setting and where it comes from.</param>
internal sealed record SettingsFound(Settings Settings, IReadOnlyList<SettingProblem> Problems, IReadOnlyList<SettingShown> Shown);

/// <summary>The options of a server, and how they become <see cref="Settings"/>.</summary>
internal sealed class SettingsReader
{
    private const string AdminTokenName = "admin-token";
    private const string AdminTokenVariable = "MILLRACE_ADMIN_TOKEN";
    private const int AdminTokenLengthMin = 16;
    private const int WorkersMax = 256;
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
        Add("jwt-key", "File with what signed tokens (JWT) are checked with on the HTTP door: a public key in PEM form, or a secret of at least 32 bytes", "FILE");
        Add("alerts", "Where alerts may be posted to: public (addresses of the open internet), any (this machine and private networks too), off (default public)", "MODE");
        Add("files", "Folder below which queries may read files, as in SELECT * FROM 'orders.csv' (default: none); where there are users, superusers only", "DIR");
        Add("log", "What is written to standard error: text (warnings and errors, for people) or json (one object a line, starts and stops too; default text)", "FORM");
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

    /// <summary>Reads the settings of a server that is to start.</summary>
    /// <exception cref="UsageException">One cannot be used as given; the message names its source.</exception>
    public Settings Read(ParseResult parsed, string dataDefault)
    {
        SettingsFound found = Find(parsed, dataDefault);
        SettingProblem[] fatal = [.. found.Problems.Where(p => p.IsFatal)];
        return fatal.Length == 0 ? found.Settings
            : throw new UsageException(fatal[0] + (fatal.Length == 1 ? "" : $" (and {fatal.Length - 1} more: millrace config check tells all)"));
    }

    /// <summary>Reads the settings and collects everything that is wrong with them.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="dataDefault">The data folder if nobody names one.</param>
    /// <param name="path">The configuration file, before the one that option and environment name.</param>
    /// <exception cref="IOException">The configuration file cannot be read.</exception>
    public SettingsFound Find(ParseResult parsed, string dataDefault, string? path = null)
    {
        var file = SettingsFile.Read(path ?? parsed.GetValue(_config) ?? Variable("MILLRACE_CONFIG"), [.. _options.Keys, AdminTokenName]);
        var problems = new List<SettingProblem>(file.Problems);
        var shown = new List<SettingShown>();

        string data = Take("data", dataDefault, text => text);
        var addresses = new Dictionary<string, IPEndPoint?>();
        foreach (DoorSetting door in _doors)
        {
            addresses[door.Name] = Take(door.Name, door.Default, door.Parse);
        }

        Durability durability = Choice("durability", ("fsync", Durability.Fsync), ("os", Durability.Os), ("none", Durability.None));
        string[] hosts = Take("http-hosts", [], List);
        string[] origins = Take("http-origins", [], List);
        bool? requireLogin = Choice<bool?>("auth", (null, null), ("required", true), ("none", false));
        string? certificateFile = Take<string?>("tls-cert", null, text => text);
        string? keyFile = Take<string?>("tls-key", null, text => text);
        WebTokenKey? webTokens = Take<string?>("jwt-key", null, text => text) is { } signer ? Signer(signer) : null;
        string alerts = Choice("alerts", ("public", "public"), ("any", "any"), ("off", "off"));
        string? files = Take<string?>("files", null, text => text);
        LogForm log = Choice("log", ("text", LogForm.Text), ("json", LogForm.Json));
        long? segmentRows = Take<long?>("segment-rows", null, Count);
        long? segmentBytes = Take<long?>("segment-bytes", null, Count);
        long? stateBytes = Take<long?>("state-bytes", null, Count);
        long? workers = Take<long?>("workers", null, Count);
        long? checkpointBytes = Take<long?>("checkpoint-bytes", null, Count);
        string? adminToken = AdminToken();

        var settings = new Settings(
            data, durability, addresses[KnownDoors.Postgres.Name], addresses[KnownDoors.Http.Name],
            new HttpDoorOptions { AllowedHosts = hosts, AllowedOrigins = origins })
        {
            Security = new DoorSecurity { RequireLogin = requireLogin, AdminToken = adminToken, WebTokens = webTokens, Certificate = Certificate(certificateFile, keyFile) },
            Alerts = alerts,
            FilesFolder = files,
            Log = log,
            Sizes = (segmentRows, segmentBytes, checkpointBytes),
            StateBytes = stateBytes,
            Workers = workers is { } threads ? (int)Math.Min(threads, WorkersMax) : null,
        };
        problems.AddRange(SettingsCheck.Problems(settings));
        problems.AddRange(SettingsCheck.Files(file.Path is not null && file[AdminTokenName] is not null ? file.Path : null, keyFile, webTokens?.Algorithm == "HS256" ? Get("jwt-key").Text : null));
        problems.AddRange(SettingsCheck.Environment(System.Environment.GetEnvironmentVariables().Keys.Cast<string>(), _options.Keys.Select(VariableOf)));
        return new SettingsFound(settings, [.. problems.OrderBy(p => !p.IsFatal)], shown);

        T Take<T>(string name, T fallback, Func<string, T> read, string? said = null)
        {
            (string? text, string source) = Get(name);
            shown.Add(new SettingShown(name, text ?? said ?? (fallback is string or IPEndPoint ? fallback.ToString() : null), source));
            if (text is null)
            {
                return fallback;
            }

            try
            {
                return read(text);
            }
            catch (BadSettingException e)
            {
                problems.Add(new SettingProblem(source, e.Message, e.Fix));
                return fallback;
            }
        }

        T Choice<T>(string name, params (string? Word, T Value)[] choices) => Take(name, choices[0].Value, text =>
        {
            foreach ((string? word, T value) in choices)
            {
                if (word == text)
                {
                    return value;
                }
            }

            string[] words = [.. choices.Select(c => c.Word).OfType<string>()];
            throw new BadSettingException($"\"{text}\" is not one of {string.Join(", ", words)}", "write one of them, or leave it out");
        }, choices[0].Word);

        (string? Text, string Source) Get(string name) =>
            parsed.GetValue(_options[name]) is { } given ? (given, "--" + name)
            : Variable(VariableOf(name)) is { } set ? (set, VariableOf(name))
            : file[name] is { } written ? (written, file.PlaceOf(name))
            : (null, "default");

        // Not an option: what stands on a command line is there for everybody on the machine to read.
        string? AdminToken()
        {
            (string? token, string source) = Variable(AdminTokenVariable) is { } preset ? (preset, AdminTokenVariable)
                : file[AdminTokenName] is { } written ? (written, file.PlaceOf(AdminTokenName)) : (null, "default");
            shown.Add(new SettingShown(AdminTokenName, token is null ? null : "(set)", source));
            if (token is { Length: < AdminTokenLengthMin })
            {
                problems.Add(new SettingProblem(
                    source, $"a token that may do everything has {AdminTokenLengthMin} characters at least", "openssl rand -hex 32 makes a good one"));
                return null;
            }

            return token;
        }

        WebTokenKey? Signer(string path)
        {
            try
            {
                return WebTokenKey.Load(path);
            }
            catch (DoorException e)
            {
                problems.Add(new SettingProblem(Get("jwt-key").Source, e.Message, "openssl rand -hex 32 > FILE makes a secret; or give the public key of whoever makes the tokens"));
                return null;
            }
        }

        TlsCertificate? Certificate(string? certificate, string? key)
        {
            if (certificate is null != key is null)
            {
                string given = certificate is null ? "tls-key" : "tls-cert", missing = certificate is null ? "tls-cert" : "tls-key";
                problems.Add(new SettingProblem(Get(given).Source, $"{given} is given without {missing}: a certificate and its key belong together", $"give {missing} too"));
            }

            if (certificate is null || key is null)
            {
                return null;
            }

            try
            {
                return TlsCertificate.Load(certificate, key);
            }
            catch (DoorException e)
            {
                problems.Add(new SettingProblem(Get("tls-cert").Source, e.Message, "give PEM files that this user may read"));
                return null;
            }
        }
    }

    /// <summary>The variable of a setting.</summary>
    private static string VariableOf(string name) => "MILLRACE_" + name.ToUpperInvariant().Replace('-', '_');

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? text : null;

    private static string[] List(string text) => text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private static long? Count(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long count) && count > 0 ? count
        : throw new BadSettingException($"\"{text}\" is not a whole number above 0", "write digits alone, such as 1048576");
}

/// <summary>A setting's text cannot be used; who knows where it stands makes a <see cref="SettingProblem"/> of it.</summary>
internal sealed class BadSettingException(string cause, string fix) : Exception(cause)
{
    /// <summary>What to do.</summary>
    public string Fix { get; } = fix;
}
