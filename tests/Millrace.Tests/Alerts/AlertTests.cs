// Alerts from definition to delivery: what is posted and when, retries, restarts, limits, and that no address shows. Time and network are the test's own.
using System.Text.Json;
using System.Threading.Channels;
using Millrace.Alerts;
using Millrace.Core;
using Xunit;

namespace Millrace.Tests.Alerts;

public sealed class AlertTests : IAsyncLifetime
{
    private const string Address = "https://hooks.example/T0/secret-path?key=secret-query";
    private readonly TempFolder _folder = new();
    private readonly Receiver _receiver = new();
    private Database _database = null!;

    public async Task InitializeAsync()
    {
        await OpenAsync();
        await Run("CREATE TABLE temps (host text PRIMARY KEY, c int)");
    }

    public async Task DisposeAsync()
    {
        await _database.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task ARowThatAppearsFiresAndOneThatLeavesResolves()
    {
        await Run($"CREATE ALERT hot ON (SELECT host, c FROM temps WHERE c > 80) NOTIFY '{Address}' WITH (authorization = 'Bearer abc', secret = 'key')");
        await Run("INSERT INTO temps VALUES ('a', 90), ('b', 20)");
        WebhookPost fired = await _receiver.TakeAsync();
        using JsonDocument first = JsonDocument.Parse(fired.Body);
        Assert.Equal("hot", first.RootElement.GetProperty("alert").GetString());
        Assert.Equal("firing", first.RootElement.GetProperty("state").GetString());
        Assert.Equal("""{"host": "a"}""", first.RootElement.GetProperty("key").GetRawText());
        Assert.Equal(90, first.RootElement.GetProperty("row").GetProperty("c").GetInt32());
        Assert.Equal((new Uri(Address), "Bearer abc"), (fired.Address, fired.Authorization));
        Assert.Equal("sha256=" + Convert.ToHexStringLower(System.Security.Cryptography.HMACSHA256.HashData("key"u8, fired.Body)), fired.Signature);

        // A row that changes and stays says nothing; the next that leaves does.
        await Run("UPDATE temps SET c = 95 WHERE host = 'a'");
        await Run("DELETE FROM temps WHERE host = 'a'");
        WebhookPost resolved = await _receiver.TakeAsync();
        using JsonDocument second = JsonDocument.Parse(resolved.Body);
        Assert.Equal("resolved", second.RootElement.GetProperty("state").GetString());
        Assert.Equal(first.RootElement.GetProperty("id").GetString(), second.RootElement.GetProperty("id").GetString());
        Assert.Equal(90, second.RootElement.GetProperty("row").GetProperty("c").GetInt32());
        Assert.True(second.RootElement.GetProperty("until").GetDateTimeOffset() >= second.RootElement.GetProperty("since").GetDateTimeOffset());
        await UntilAsync("SELECT count(*)::text FROM hot", "0");
        Assert.Equal("hot 0 1 1 2 0", Counted());

        // The same row again is another incident.
        await Run("INSERT INTO temps VALUES ('a', 99)");
        Assert.NotEqual(fired.Delivery, (await _receiver.TakeAsync()).Delivery);
        await UntilAsync("SELECT count(*)::text FROM hot WHERE told = 'delivered'", "1");
        Assert.Equal("firing 1 0 3", await One("SELECT state || ' ' || firing || ' ' || outstanding || ' ' || delivered FROM millrace.alerts"));
        Assert.Equal("hot 1 2 1 3 0", Counted());
    }

    // Counted at the latest when the table says that it was told.
    private string Counted() => string.Join('\n', _database.Statistics().Alerts.Select(a => $"{a.Name} {a.Firing} {a.FiredTotal} {a.ResolvedTotal} {a.DeliveredTotal} {a.FailedTotal}"));

    [Fact]
    public async Task WhatWasToldIsNotToldAgainAfterARestart()
    {
        await Run("INSERT INTO temps VALUES ('a', 90), ('b', 91), ('c', 92)");
        await Run($"CREATE ALERT hot ON (SELECT host FROM temps WHERE c > 80) NOTIFY '{Address}'");
        HashSet<string> told = [(await _receiver.TakeAsync()).Delivery, (await _receiver.TakeAsync()).Delivery, (await _receiver.TakeAsync()).Delivery];
        await UntilAsync("SELECT count(*)::text FROM hot WHERE told = 'delivered'", "3");
        for (int round = 0; round < 2; round++)
        {
            await ReopenAsync(checkpoint: round == 0);
            await Run($"INSERT INTO temps VALUES ('n{round}', 90)");
            WebhookPost next = await _receiver.TakeAsync();
            Assert.True(told.Add(next.Delivery));
            Assert.Contains($"n{round}", Text(next), StringComparison.Ordinal);
            await UntilAsync("SELECT count(*)::text FROM hot WHERE told = 'delivered'", $"{4 + round}");
        }

        // What left while the database was closed for its alerts is told when it is open again.
        await ReopenAsync(checkpoint: false, deliver: false);
        Assert.Equal("off", await One("SELECT state FROM millrace.alerts"));
        await Run("DELETE FROM temps WHERE host = 'b'; INSERT INTO temps VALUES ('d', 99)");
        await ReopenAsync(checkpoint: false);
        string[] both = [Text(await _receiver.TakeAsync()), Text(await _receiver.TakeAsync())];
        Assert.Contains(both, m => m.Contains("resolved", StringComparison.Ordinal) && m.Contains("\"b\"", StringComparison.Ordinal));
        Assert.Contains(both, m => m.Contains("firing", StringComparison.Ordinal) && m.Contains("\"d\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task WhatComesAndGoesRightBehindTheDefinitionIsSeen()
    {
        await Run($"CREATE ALERT hot ON (SELECT host FROM temps WHERE c > 80) NOTIFY '{Address}'");
        await Run("INSERT INTO temps VALUES ('a', 90)");
        await Run("DELETE FROM temps");
        string[] both = [(await _receiver.TakeAsync()).Delivery, (await _receiver.TakeAsync()).Delivery];
        Assert.Equal(both[0].Replace("firing", "resolved", StringComparison.Ordinal), both[1]);
    }

    [Fact]
    public async Task AfterACrashTheLogSaysWhatWasTold()
    {
        await Run($"CREATE ALERT hot ON (SELECT host FROM temps WHERE c > 80) NOTIFY '{Address}'; INSERT INTO temps VALUES ('a', 90), ('b', 91)");
        await _receiver.TakeAsync();
        await _receiver.TakeAsync();
        await UntilAsync("SELECT count(*)::text FROM hot WHERE told = 'delivered'", "2");

        // A copy of the live folder is what a crash leaves: no last checkpoint, everything is in the log.
        foreach (string file in Directory.GetFiles(_folder.In("data"), "*", SearchOption.AllDirectories).Where(f => Path.GetFileName(f) != "LOCK"))
        {
            string to = Path.Combine(_folder.In("copy"), Path.GetRelativePath(_folder.In("data"), file));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(file, to);
        }

        await _database.DisposeAsync();
        _database = await Database.OpenAsync(_folder.In("copy"), new DatabaseOptions { AlertTransport = _receiver.PostAsync, AlertPause = _receiver.PauseAsync });
        await Run("INSERT INTO temps VALUES ('c', 92)");
        Assert.Contains("\"c\"", Text(await _receiver.TakeAsync()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AMessageThatIsCutOffIsPostedAgainUnderTheSameName()
    {
        _receiver.Holds = true;
        await Run($"CREATE ALERT hot ON (SELECT host FROM temps WHERE c > 80) NOTIFY '{Address}'; INSERT INTO temps VALUES ('a', 90)");
        WebhookPost first = await _receiver.TakeAsync();
        await _database.DisposeAsync();
        _receiver.Holds = false;
        await OpenAsync();
        WebhookPost second = await _receiver.TakeAsync();
        Assert.Equal((first.Delivery, Text(first)), (second.Delivery, Text(second)));
    }

    [Fact]
    public async Task TheExamplesOfTheBooksWork()
    {
        await Run("CREATE STREAM clicks (page text, took_ms double precision, at timestamptz, WATERMARK FOR at AS at - INTERVAL '5 seconds'); "
            + "CREATE MATERIALIZED VIEW per_minute AS SELECT page, window_start, count(*) AS clicks, avg(took_ms) AS avg_ms FROM TUMBLE(clicks, at, INTERVAL '1 minute') GROUP BY page, window_start");
        await Run("CREATE ALERT slow ON (SELECT page, avg_ms FROM per_minute WHERE avg_ms > 500 AND window_start > now() - INTERVAL '5 minutes') NOTIFY 'https://hooks.example/…'");
        await Run($"CREATE ALERT hot ON (SELECT host, max(c) AS c FROM temps GROUP BY host HAVING max(c) > 80) NOTIFY '{Address}'");
        await Run("INSERT INTO temps VALUES ('a', 90); INSERT INTO clicks VALUES ('/', 900, now())");
        string[] two = [Text(await _receiver.TakeAsync()), Text(await _receiver.TakeAsync())];
        Assert.Contains(two, m => m.Contains("\"key\":{\"host\": \"a\"},\"row\":{\"c\": 90, \"host\": \"a\"}", StringComparison.Ordinal));
        Assert.Contains(two, m => m.Contains("\"alert\":\"slow\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task WhatIsNotTakenIsTriedAgainUnderTheSameName()
    {
        _receiver.Answers.Enqueue(new WebhookAnswer(false, false, "the receiver answers 503"));
        _receiver.Answers.Enqueue(new WebhookAnswer(false, false, "the receiver answers 503"));
        await Run($"CREATE ALERT hot ON (SELECT host FROM temps WHERE c > 80) NOTIFY '{Address}'");
        await Run("INSERT INTO temps VALUES ('a', 90)");
        WebhookPost first = await _receiver.TakeAsync();
        Assert.Equal(TimeSpan.FromSeconds(1), await _receiver.PausedAsync());
        Assert.Equal("retrying 1 the receiver answers 503", await One("SELECT state || ' ' || retries || ' ' || last_error FROM millrace.alerts"));

        // It comes and goes meanwhile: still one incident, told from its beginning.
        await Run("DELETE FROM temps; INSERT INTO temps VALUES ('a', 91)");
        _receiver.GoOn();
        WebhookPost second = await _receiver.TakeAsync();
        Assert.Equal(TimeSpan.FromSeconds(2), await _receiver.PausedAsync());
        await Run("DELETE FROM temps");
        await UntilAsync("SELECT count(until)::text FROM hot", "1");
        _receiver.GoOn();
        WebhookPost third = await _receiver.TakeAsync();
        WebhookPost fourth = await _receiver.TakeAsync();
        Assert.Equal((first.Delivery, first.Delivery), (second.Delivery, third.Delivery));
        Assert.Equal(first.Body, third.Body);
        Assert.Equal(first.Delivery.Replace("firing", "resolved", StringComparison.Ordinal), fourth.Delivery);
        await UntilAsync("SELECT count(*)::text FROM hot", "0");
        Assert.Equal("quiet 2 0 2", await One("SELECT state || ' ' || delivered || ' ' || failed || ' ' || retries FROM millrace.alerts"));
    }

    [Fact]
    public async Task WhatIsRefusedOrTooOldIsGivenUpAndItsEndNotTold()
    {
        _receiver.Answers.Enqueue(new WebhookAnswer(false, true, "the receiver answers 404"));
        await Run($"CREATE ALERT hot ON (SELECT host FROM temps WHERE c > 80) NOTIFY '{Address}' WITH (retry_for = '0.000001 s')");
        await Run("INSERT INTO temps VALUES ('a', 90)");
        Assert.Contains("\"a\"", Text(await _receiver.TakeAsync()), StringComparison.Ordinal);
        await UntilAsync("SELECT told FROM hot", "failed");
        await Run("DELETE FROM temps");
        await UntilAsync("SELECT count(*)::text FROM hot", "0");
        _receiver.Answers.Enqueue(new WebhookAnswer(false, false, "no connection"));
        await Run("INSERT INTO temps VALUES ('b', 90)");
        Assert.Contains("\"b\"", Text(await _receiver.TakeAsync()), StringComparison.Ordinal);
        await _receiver.PausedAsync();
        _receiver.GoOn();
        await UntilAsync("SELECT told FROM hot", "failed");
        Assert.Equal("2 no connection", await One("SELECT failed || ' ' || last_error FROM millrace.alerts"));
        await Run("DELETE FROM temps");
        await Run("INSERT INTO temps VALUES ('c', 90)");
        Assert.Contains("\"c\"", Text(await _receiver.TakeAsync()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task MoreThanMayRingWaitUntilThereIsRoom()
    {
        await Run($"CREATE ALERT hot ON (SELECT host FROM temps WHERE c > 80) NOTIFY '{Address}' WITH (max_outstanding = 2)");
        await Run("INSERT INTO temps SELECT 'h' || x, 90 FROM generate_series(1, 5) AS g(x)");
        var firing = new HashSet<string>();
        for (int round = 0; round < 2; round++)
        {
            firing.Add(HostOf(await _receiver.TakeAsync(), "firing"));
        }

        await UntilAsync("SELECT count(*)::text FROM hot WHERE told = 'delivered'", "2");
        Assert.Equal("full 2 2", await One("SELECT state || ' ' || firing || ' ' || delivered FROM millrace.alerts"));
        while (firing.Count < 5)
        {
            await Run($"DELETE FROM temps WHERE host = '{firing.Last()}'");
            string[] two = [Text(await _receiver.TakeAsync()), Text(await _receiver.TakeAsync())];
            Assert.Contains(two, m => m.Contains("resolved", StringComparison.Ordinal));
            Assert.True(firing.Add(HostOf(two.Single(m => m.Contains("firing", StringComparison.Ordinal)))));
        }

        Assert.Equal("firing", await One("SELECT state FROM millrace.alerts"));
    }

    [Fact]
    public async Task RowsWithoutAKeyAreCountedAndTimeLetsThemLeave()
    {
        await Run("CREATE STREAM errors (message text, at timestamptz)");
        await Run($"CREATE ALERT errors_now ON (SELECT message FROM errors WHERE at > now() - INTERVAL '5 minutes') NOTIFY '{Address}'");
        await Run("INSERT INTO errors VALUES ('x', now() + INTERVAL '1 day'), ('x', now() + INTERVAL '1 day'), ('old', now() - INTERVAL '1 hour'), ('y', now() + INTERVAL '1 day')");
        string[] two = [Text(await _receiver.TakeAsync()), Text(await _receiver.TakeAsync())];
        Assert.Equal(["x", "y"], two.Select(t => JsonDocument.Parse(t).RootElement.GetProperty("row").GetProperty("message").GetString()).Order(StringComparer.Ordinal));
        await UntilAsync("SELECT count(*)::text FROM errors_now WHERE told = 'delivered'", "2", "errors_now");
    }

    [Fact]
    public async Task AnAlertIsDroppedWithItsTableAndKeepsWhatItReads()
    {
        await Run($"CREATE ALERT hot ON (SELECT host FROM temps WHERE c > 80) NOTIFY '{Address}'");
        Assert.Equal("hot alert", await One("SHOW ALERTS", 2));
        await StateAsync("2BP01", "DROP TABLE temps");
        await StateAsync("2BP01", "DROP TABLE hot");
        await StateAsync("2BP01", "ALTER TABLE temps RENAME COLUMN c TO d");
        await StateAsync("42809", "INSERT INTO hot (key) VALUES ('x')");
        await StateAsync("42809", "DELETE FROM hot");
        await StateAsync("42809", "ALTER TABLE hot ADD COLUMN x int");
        await StateAsync("42710", $"CREATE ALERT hot ON (SELECT host FROM temps WHERE c > 80) NOTIFY '{Address}'");
        await Run($"CREATE ALERT IF NOT EXISTS hot ON (SELECT host FROM temps WHERE c > 80) NOTIFY '{Address}'");
        await Run("DROP ALERT hot; DROP ALERT IF EXISTS hot");
        await StateAsync("42704", "DROP ALERT hot");
        await StateAsync("42P01", "SELECT * FROM hot");
        await Run($"CREATE ALERT hot ON (SELECT host FROM temps WHERE c > 80) NOTIFY '{Address}'; DROP TABLE temps CASCADE");
        Assert.Equal("0", await One("SELECT count(*)::text FROM millrace.alerts"));
    }

    [Fact]
    public async Task MistakesAreToldWithAWayOut()
    {
        await Run("CREATE STREAM s (x int, at timestamptz)");
        foreach ((string state, string sql) in new[]
        {
            ("0A000", "ON (SELECT x FROM s) NOTIFY 'https://h.example/'"), ("0A000", "ON (SELECT name FROM millrace.objects) NOTIFY 'https://h.example/'"),
            ("42701", "ON (SELECT host, host FROM temps) NOTIFY 'https://h.example/'"), ("42P01", "ON (SELECT x FROM nothing) NOTIFY 'https://h.example/'"),
            ("22023", "ON (SELECT host FROM temps) NOTIFY 'ftp://h.example/'"), ("22023", "ON (SELECT host FROM temps) NOTIFY '/etc/passwd'"),
            ("22023", "ON (SELECT host FROM temps) NOTIFY 'https://me:pass@h.example/'"), ("22023", "ON (SELECT host FROM temps) NOTIFY 'https://h.example/' WITH (retry_for = 'soon')"),
            ("22023", "ON (SELECT host FROM temps) NOTIFY 'https://h.example/' WITH (max_outstanding = 0)"),
            ("22023", "ON (SELECT host FROM temps) NOTIFY 'https://h.example/' WITH (secret = 'a\nb')"), ("22023", "ON (SELECT host FROM temps) NOTIFY 'https://h.example/' WITH (colour = 'red')"),
            ("42601", "ON SELECT host FROM temps NOTIFY 'https://h.example/'"), ("42601", "ON (SELECT host FROM temps)"),
        })
        {
            await StateAsync(state, "CREATE ALERT bad " + sql);
        }

        await StateAsync("42P07", "CREATE ALERT temps ON (SELECT host FROM temps) NOTIFY 'https://h.example/'");
    }

    [Fact]
    public async Task NoAddressOrSecretShows()
    {
        await Run($"CREATE ALERT hot ON (SELECT host FROM temps WHERE c > 80) NOTIFY '{Address}' WITH (authorization = 'Bearer secret-token', secret = 'secret-key')");
        await ReopenAsync(checkpoint: true);
        StatementResult relations = (await All("SELECT n.nspname || '.' || quote_ident(c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind <> 'i'"));
        Assert.True(relations.RowCount > 50);
        foreach (string relation in relations.Batches.SelectMany(b => Enumerable.Range(0, b.Count).Select(r => TextFormat.ToText(b.Columns[0], r)!)))
        {
            StatementResult rows = (await All("SELECT * FROM " + relation));
            Assert.DoesNotContain("secret-", string.Join('\n', rows.Batches.SelectMany(b =>
                Enumerable.Range(0, b.Count).SelectMany(r => Enumerable.Range(0, b.Columns.Length).Select(c => TextFormat.ToText(b.Columns[c], r))))), StringComparison.Ordinal);
        }

        Assert.Equal("https://hooks.example/…", await One("SELECT address FROM millrace.alerts"));
        Assert.DoesNotContain("secret-", await One("SHOW CREATE TABLE hot", 2), StringComparison.Ordinal);
        foreach (string wrong in new[]
        {
            $"CREATE ALERT x ON (SELECT host FROM temps) NOTIFY '{Address}' '{Address}'", $"CREATE ALERT hot ON (SELECT host FROM temps) NOTIFY '{Address}'",
            $"CREATE ALERT x ON (SELECT host FROM temps) NOTIFY \"{Address}\"", $"CREATE ALERT x ON (SELECT host FROM temps) NOTIFY 'x{Address}'",
            $"PREPARE p AS CREATE ALERT x ON (SELECT host FROM temps) NOTIFY '{Address}'", "CREATE ALERT x ON (SELECT host FROM temps) NOTIFY 'https://h.example' WITH (secret = 'secret-é')",
        })
        {
            var e = await Record.ExceptionAsync(() => _database.ExecuteAsync(wrong)) as SqlException;
            Assert.True(e is not null, wrong);
            Assert.DoesNotContain("secret-", $"{e.Message} {e.Detail} {e.Hint}", StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task OnlySuperusersDefineAlerts()
    {
        await Run("CREATE USER app; GRANT ALL ON ALL TABLES TO app");
        await using Session app = _database.NewSession();
        app.User = "app";
        foreach (string sql in new[] { $"CREATE ALERT x ON (SELECT host FROM temps) NOTIFY '{Address}'", "DROP ALERT IF EXISTS x" })
        {
            Assert.Equal("42501", (await Assert.ThrowsAsync<SqlException>(() => app.ExecuteAsync(sql).AsTask())).SqlState);
        }
    }

    private Task OpenAsync(bool deliver = true) => OpenAsync(_receiver.PostAsync, deliver);

    private async Task OpenAsync(Func<WebhookPost, CancellationToken, Task<WebhookAnswer>> transport, bool deliver) => _database = await Database.OpenAsync(
        _folder.In("data"), new DatabaseOptions { AlertTransport = transport, AlertPause = _receiver.PauseAsync, DeliverAlerts = deliver });

    private async Task ReopenAsync(bool checkpoint, bool deliver = true)
    {
        if (checkpoint)
        {
            await Run("CHECKPOINT");
        }

        await _database.DisposeAsync();
        await OpenAsync(deliver);
    }

    private Task<StatementResult> All(string sql) => _database.ExecuteAsync(sql);

    private async Task Run(string sql) => await _database.ExecuteAsync(sql);

    private async Task<string> One(string sql, int columns = 1)
    {
        StatementResult result = await _database.ExecuteAsync(sql);
        Assert.Equal(1, result.RowCount);
        return string.Join(' ', Enumerable.Range(0, columns).Select(c => TextFormat.ToText(result.Batches[0].Columns[c], 0)));
    }

    private async Task StateAsync(string state, string sql)
    {
        var e = await Record.ExceptionAsync(() => _database.ExecuteAsync(sql)) as SqlException;
        Assert.True(e?.SqlState == state, $"{sql}: {e?.SqlState} {e?.Message}");
    }

    // What follows a message is noted behind it, in the alert's table: looked at whenever that has changed.
    private async Task UntilAsync(string sql, string wanted, string table = "hot")
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await using FeedReader changes = await _database.FollowAsync("SELECT * FROM " + table);
        while (true)
        {
            StatementResult result = await _database.ExecuteAsync(sql);
            string? got = result.RowCount == 1 ? TextFormat.ToText(result.Batches[0].Columns[0], 0) : null;
            if (got == wanted)
            {
                return;
            }

            try
            {
                await changes.WaitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"{sql}: {got} instead of {wanted}");
            }

            while (changes.Next() is not null)
            {
            }
        }
    }

    private static string Text(WebhookPost post) => System.Text.Encoding.UTF8.GetString(post.Body);

    private static string HostOf(WebhookPost post, string state)
    {
        Assert.EndsWith(state, post.Delivery, StringComparison.Ordinal);
        return HostOf(Text(post));
    }

    private static string HostOf(string message) => JsonDocument.Parse(message).RootElement.GetProperty("key").GetProperty("host").GetString()!;

    /// <summary>The other side: takes messages, answers as told, and holds the time between attempts.</summary>
    private sealed class Receiver
    {
        private readonly Channel<WebhookPost> _posts = Channel.CreateUnbounded<WebhookPost>();
        private readonly Channel<(TimeSpan Time, TaskCompletionSource Over)> _pauses = Channel.CreateUnbounded<(TimeSpan, TaskCompletionSource)>();
        private TaskCompletionSource? _over;

        public System.Collections.Concurrent.ConcurrentQueue<WebhookAnswer> Answers { get; } = [];

        /// <summary>True to answer nobody.</summary>
        public bool Holds { get; set; }

        public Task<WebhookAnswer> PostAsync(WebhookPost post, CancellationToken cancellation)
        {
            _posts.Writer.TryWrite(post);
            return Holds ? new TaskCompletionSource<WebhookAnswer>().Task.WaitAsync(cancellation)
                : Task.FromResult(Answers.TryDequeue(out WebhookAnswer answer) ? answer : new WebhookAnswer(true, false, null));
        }

        public Task PauseAsync(TimeSpan time, CancellationToken cancellation)
        {
            var over = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _pauses.Writer.TryWrite((time, over));
            return over.Task.WaitAsync(cancellation);
        }

        public async Task<WebhookPost> TakeAsync() => await _posts.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(60));

        public async Task<TimeSpan> PausedAsync()
        {
            (TimeSpan time, _over) = await _pauses.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(60));
            return time;
        }

        public void GoOn() => _over!.SetResult();
    }
}
