// A PostgreSQL 15 of our own in a folder, as Debian sets it up, reached over TCP on loopback; gone with the bench.
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Millrace.Bench;

/// <summary>Starts the server and runs statements.</summary>
internal sealed class PostgresPeer : IAsyncDisposable
{
    private static readonly string[] s_folders = ["/usr/lib/postgresql/15/bin", "/usr/pgsql-15/bin", "/opt/homebrew/opt/postgresql@15/bin"];

    private readonly Process _process;

    private PostgresPeer(string bin, int port, Process process) => (Bin, Port, _process) = (bin, port, process);

    /// <summary>Where its programs are.</summary>
    public string Bin { get; }

    /// <summary>Where it listens.</summary>
    public int Port { get; }

    /// <summary>A fresh cluster under a folder; null when PostgreSQL is not installed.</summary>
    public static async Task<PostgresPeer?> StartAsync(string folder)
    {
        if (s_folders.FirstOrDefault(f => File.Exists(Path.Combine(f, "initdb"))) is not { } bin)
        {
            return null;
        }

        string home = Path.Combine(folder, "postgres");
        Directory.CreateDirectory(home);
        string asUser = "";
        if (Environment.UserName == "root")
        {
            // It refuses to run as root.
            Run("chmod", $"755 {folder}");
            Run("chown", $"postgres {home}");
            asUser = "setpriv --reuid=postgres --regid=postgres --clear-groups ";
        }

        Run("sh", "-c", $"cd / && {asUser}{bin}/initdb -D {home}/data -U bench -E UTF8 --locale=C --no-sync -A trust >/dev/null");
        int port = FreePort();
        string options = string.Create(CultureInfo.InvariantCulture, $"-D {home}/data -k {home} -p {port} -c listen_addresses=127.0.0.1 -c shared_buffers=512MB -c log_min_messages=fatal");

        // The shell waits for its standard input to end: the server goes when this process does, however that happens.
        var start = new ProcessStartInfo("sh", ["-c", $"cd / && {{ {asUser}{bin}/postgres {options} & }} 2>/dev/null; p=$!; read _; kill -INT $p; wait $p"]) { RedirectStandardInput = true };
        var peer = new PostgresPeer(bin, port, Process.Start(start)!);
        for (int i = 0; ; i++)
        {
            try
            {
                await using NpgsqlConnection connection = await peer.ConnectAsync("postgres");
                await using var make = new NpgsqlCommand("CREATE DATABASE bench", connection);
                await make.ExecuteNonQueryAsync();
                return peer;
            }
            catch (Exception e) when (e is NpgsqlException or SocketException && i < 600)
            {
                await Task.Delay(50);
            }
        }
    }

    /// <summary>Runs statements one by one.</summary>
    public async Task ExecuteAsync(string statements)
    {
        await using NpgsqlConnection connection = await ConnectAsync("bench");
        foreach (string statement in statements.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            await using var command = new NpgsqlCommand(statement, connection) { CommandTimeout = 600 };
            await command.ExecuteNonQueryAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private async Task<NpgsqlConnection> ConnectAsync(string database)
    {
        var connection = new NpgsqlConnection(string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={Port};Username=bench;Database={database};Pooling=false"));
        await connection.OpenAsync();
        return connection;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static void Run(string program, params string[] arguments)
    {
        ProcessStartInfo start = arguments.Length == 1 ? new ProcessStartInfo(program, arguments[0]) : new ProcessStartInfo(program, arguments);
        using Process process = Process.Start(start)!;
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} gave {process.ExitCode}");
        }
    }
}
