// A real PostgreSQL of our own: a fresh cluster in a temporary folder, reached by a Unix socket, gone with the test process.
using System.Diagnostics;
using Npgsql;
using Xunit;

namespace Millrace.Tests.Differential;

/// <summary>Debian's PostgreSQL 15, started once for all comparisons. Bytewise order, UTF-8, UTC, no syncs.</summary>
public sealed class PostgresServer : IAsyncLifetime
{
    private static readonly string[] s_folders =
        ["/usr/lib/postgresql/15/bin", "/usr/pgsql-15/bin", "/opt/homebrew/opt/postgresql@15/bin", "/usr/local/opt/postgresql@15/bin"];

    private TempFolder? _folder;
    private Process? _process;

    /// <summary>Why the tests cannot run here; null when they can.</summary>
    public static string? Missing => Bin is null
        ? "PostgreSQL 15 is not installed (apt-get install postgresql-15); looked in " + string.Join(", ", s_folders)
        : null;

    /// <summary>How to connect.</summary>
    public string ConnectionString { get; private set; } = "";

    private static string? Bin => s_folders.FirstOrDefault(f => File.Exists(Path.Combine(f, "initdb")));

    public async Task InitializeAsync()
    {
        if (Bin is not string bin)
        {
            return;
        }

        _folder = new TempFolder();
        string data = _folder.In("data");
        Directory.CreateDirectory(data);
        bool root = Environment.UserName == "root";
        if (root)
        {
            // PostgreSQL refuses to run as root.
            await RunAsync("chown", ["-R", "postgres", _folder.Path]);
        }

        string asUser = root ? "setpriv --reuid=postgres --regid=postgres --clear-groups " : "";
        await RunAsync("sh", ["-c", $"cd / && {asUser}{bin}/initdb -D {data} -U test -E UTF8 --locale=C --lc-ctype=C.UTF-8 --no-sync -A trust >/dev/null"]);

        // The shell waits for its standard input to end: the server goes when this process does, however that happens.
        string options = $"-D {data} -k {_folder.Path} -c listen_addresses= -c fsync=off -c synchronous_commit=off -c full_page_writes=off "
            + "-c timezone=UTC -c jit=off -c max_parallel_workers_per_gather=0 -c shared_buffers=32MB -c autovacuum=off -c log_min_messages=fatal";
        var start = new ProcessStartInfo("sh", ["-c", $"cd / && {{ {asUser}{bin}/postgres {options} & }} 2>/dev/null; p=$!; read _; kill -INT $p; wait $p"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        _process = Process.Start(start)!;
        ConnectionString = $"Host={_folder.Path};Port=5432;Username=test;Database=postgres;Pooling=false;Timeout=60;Command Timeout=600;No Reset On Close=true";
        var clock = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                await using var connection = new NpgsqlConnection(ConnectionString);
                await connection.OpenAsync();
                return;
            }
            catch (Exception e) when (e is NpgsqlException or IOException && clock.Elapsed < TimeSpan.FromSeconds(60))
            {
                await Task.Delay(50);
            }
        }
    }

    public async Task DisposeAsync()
    {
        if (_process is not null)
        {
            _process.StandardInput.Close();
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
            try
            {
                await _process.WaitForExitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                _process.Kill(entireProcessTree: true);
            }

            _process.Dispose();
        }

        _folder?.Dispose();
    }

    private static async Task RunAsync(string program, string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        string error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)} gave {process.ExitCode}: {error}");
    }
}

/// <summary>The tests that share the server.</summary>
[CollectionDefinition("postgres")]
public sealed class PostgresCollection : ICollectionFixture<PostgresServer>;

/// <summary>A test against PostgreSQL: skipped where it is not installed, except where CI=true.</summary>
public sealed class PostgresFactAttribute : FactAttribute
{
    public PostgresFactAttribute() => Skip = Environment.GetEnvironmentVariable("CI") == "true" ? null : PostgresServer.Missing;
}
