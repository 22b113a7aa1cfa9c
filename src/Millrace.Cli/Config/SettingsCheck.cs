// Settings that can be used each by itself and not together, or that are less safe than they look.
using System.Net;
using Millrace.Doors;
using Millrace.Formats;
using Millrace.Log;

namespace Millrace.Cli.Config;

/// <summary>The rules over several settings at once.</summary>
internal static class SettingsCheck
{
    // Variables that are no settings of a server: what the shell, import and failures look at, and what the tests do.
    private static readonly string[] OtherVariables =
        ["MILLRACE_ADMIN_TOKEN", "MILLRACE_CONFIG", "MILLRACE_USER", "MILLRACE_PASSWORD", "MILLRACE_TOKEN", "MILLRACE_TRACE", "MILLRACE_HISTORY", "MILLRACE_BIN", "MILLRACE_GOLDEN", "MILLRACE_SEED",
         "MILLRACE_SEEDS", "MILLRACE_TORTURE"];

    /// <summary>What is wrong with settings.</summary>
    public static IEnumerable<SettingProblem> Problems(Settings settings)
    {
        bool openHttp = IsBeyond(settings.Http), openPostgres = IsBeyond(settings.Postgres);
        if (settings.Http is null && settings.Postgres is null)
        {
            yield return new SettingProblem("--pg, --http", "every door is off", "leave one open, or use the folder without a server: millrace sql --data DIR");
        }

        if (settings is { Http: { Port: > 0 } http, Postgres: { } postgres } && http.Port == postgres.Port
            && (http.Address.Equals(postgres.Address) || IsAny(http) || IsAny(postgres)))
        {
            yield return new SettingProblem("--pg, --http", $"both doors are to listen on port {http.Port}", "give each a port of its own");
        }

        if (settings.Security.Certificate is null)
        {
            foreach ((string name, IPEndPoint? door) in new[] { ("pg", settings.Postgres), ("http", settings.Http) })
            {
                if (IsBeyond(door))
                {
                    yield return new SettingProblem(
                        "--" + name, $"{door} is beyond loopback without TLS: {(name == "pg" ? "" : "passwords, tokens and ")}rows can be read on the way",
                        "give --tls-cert and --tls-key, or listen on 127.0.0.1 behind something that does TLS", IsFatal: false);
                }
            }
        }
        else
        {
            foreach (SettingProblem problem in Validity(settings.Security.Certificate, DateTime.UtcNow))
            {
                yield return problem;
            }
        }

        if (openHttp && settings.Security.RequireLogin == false && settings.Security.AdminToken is null)
        {
            yield return new SettingProblem(
                "--auth", "none, and the HTTP door is beyond loopback: while there are no users whoever reaches it may read, write and drop everything",
                "leave --auth out, and make a user or set MILLRACE_ADMIN_TOKEN", IsFatal: false);
        }

        if (settings.Alerts == "any" && (openHttp || openPostgres))
        {
            yield return new SettingProblem(
                "--alerts", "any, and a door is beyond loopback: who may make alerts can have this machine post to addresses behind its firewall",
                "leave it at public, unless the receivers are on a private network", IsFatal: false);
        }

        if (settings.Durability != Durability.Fsync)
        {
            yield return new SettingProblem(
                "--durability", settings.Durability == Durability.Os ? "os: acknowledged rows are lost when the machine loses power" : "none: acknowledged rows are lost when the process is killed",
                "fsync is the default", IsFatal: false);
        }

        foreach (string origin in settings.HttpOptions.AllowedOrigins.Where(o => o != "*" && !IsOrigin(o)))
        {
            yield return new SettingProblem("--http-origins", $"\"{origin}\" is no origin, no page will ever come from it", "write scheme, host and port alone: https://app.example", IsFatal: false);
        }

        foreach (string host in settings.HttpOptions.AllowedHosts.Where(h => h.AsSpan().ContainsAny("/*") || (h.Contains(':') && !h.StartsWith('['))))
        {
            yield return new SettingProblem("--http-hosts", $"\"{host}\" is no host name, no request will name it", "write names without scheme, port and stars: db.example", IsFatal: false);
        }

        if (settings.StateBytes > GC.GetGCMemoryInfo().TotalAvailableMemoryBytes)
        {
            yield return new SettingProblem("--state-bytes", $"{settings.StateBytes} is more memory than this process can have", "half of the machine's memory is a good beginning", IsFatal: false);
        }
    }

    /// <summary>Files with secrets that others may read.</summary>
    public static IEnumerable<SettingProblem> Files(string? withToken, string? key, string? signer)
    {
        foreach ((string? path, string what) in new[] { (withToken, "holds the admin token"), (key, "is a private key"), (signer, "holds the secret that tokens are signed with") })
        {
            if (path is not null && !OperatingSystem.IsWindows() && File.Exists(path) && (File.GetUnixFileMode(path) & UnixFileMode.OtherRead) != 0)
            {
                yield return new SettingProblem(path, $"it {what}, and everybody on this machine may read it", $"chmod 640 {path}", IsFatal: false);
            }
        }
    }

    /// <summary>Variables that look like settings and are none.</summary>
    public static IEnumerable<SettingProblem> Environment(IEnumerable<string> variables, IEnumerable<string> settings)
    {
        string[] known = [.. settings, .. OtherVariables];
        foreach (string variable in variables.Where(v => v.StartsWith("MILLRACE_", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            if (!known.Contains(variable) && !variable.StartsWith("MILLRACE_DIFF_", StringComparison.Ordinal))
            {
                string? nearest = RowRules.Nearest(variable, known);
                yield return new SettingProblem(variable, "nothing looks at this variable", nearest is null ? "docs/command-line.md lists them" : $"did you mean {nearest}?", IsFatal: false);
            }
        }
    }

    internal static IEnumerable<SettingProblem> Validity(TlsCertificate certificate, DateTime now)
    {
        DateTime from = certificate.Certificate.NotBefore.ToUniversalTime(), to = certificate.Certificate.NotAfter.ToUniversalTime();
        if (now < from || now > to)
        {
            yield return new SettingProblem("--tls-cert", $"the certificate is valid from {from:yyyy-MM-dd} to {to:yyyy-MM-dd}, and not today: clients will refuse it", "renew it", IsFatal: false);
        }
        else if (to - now < TimeSpan.FromDays(14))
        {
            yield return new SettingProblem("--tls-cert", $"the certificate ends on {to:yyyy-MM-dd}", "renew it, and restart the server then", IsFatal: false);
        }
    }

    private static bool IsBeyond(IPEndPoint? door) => door is not null && !IPAddress.IsLoopback(door.Address);

    private static bool IsAny(IPEndPoint door) => door.Address.Equals(IPAddress.Any) || door.Address.Equals(IPAddress.IPv6Any);

    private static bool IsOrigin(string text) => Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https" && uri.GetLeftPart(UriPartial.Authority) == text;
}
