// AddMillrace and its kin in a host: opened, asked, watched, closed.
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Core;
using Millrace.Core.Io;
using Npgsql;
using Xunit;

namespace Millrace.Tests.Library;

public class HostingTests
{
    [Fact]
    public async Task AHostOpensFillsAndClosesItsDatabase()
    {
        using var temp = new TempFolder();
        for (int run = 1; run <= 2; run++)
        {
            HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
            builder.Services.AddMillrace(o =>
            {
                o.Folder = temp.Path;
                o.Create<Outer.HTTPPoint>();
                o.Statements.Add("CREATE MATERIALIZED VIEW IF NOT EXISTS m AS SELECT count(*) AS n FROM points");
            });
            using IHost host = builder.Build();
            await host.StartAsync();
            Database db = host.Services.GetRequiredService<Database>();
            await db.AppendAsync([new Outer.HTTPPoint { At = DateTime.UtcNow }]);
            Assert.Equal([(long)run], await db.QueryAsync<long>("SELECT n FROM m"));
            await host.StopAsync();
        }
    }

    [Fact]
    public async Task AFolderOrMemoryMustBeChosen()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddMillrace(_ => { });
        using IHost host = builder.Build();
        OptionsValidationException e = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());
        Assert.Contains("data folder", e.Message);
    }

    [Fact]
    public async Task DoorsOpenInFrontOfTheSameDatabase()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        var log = new LogLines();
        builder.Logging.AddProvider(log);
        builder.Services.AddMillrace(o => o.InMemory = true);
        builder.Services.AddMillraceDoors(o => o with { Postgres = new(System.Net.IPAddress.Loopback, 0), Http = null });
        using IHost host = builder.Build();
        await host.StartAsync();
        await host.Services.GetRequiredService<Database>().ExecuteAsync("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (7)");
        MillraceDoors doors = host.Services.GetRequiredService<MillraceDoors>();
        await using (var connection = new NpgsqlConnection($"Host=127.0.0.1;Port={doors.Host!.Postgres!.Port};Username=millrace;Database=millrace;Pooling=false"))
        {
            await connection.OpenAsync();
            await using var command = new NpgsqlCommand("SELECT id FROM t", connection);
            Assert.Equal(7, await command.ExecuteScalarAsync());
        }

        await host.StopAsync();
        Assert.Null(doors.Host);

        // Where the doors are is told once, and by the doors: lines as of a second host would be taken for the program's own.
        Assert.Single(log.Text, l => l.Contains("listen", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task HealthFollowsTheViews()
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton(await Database.OpenInMemoryAsync(new DatabaseOptions { StateBytesMax = 200_000 }));
        services.AddHealthChecks().AddMillrace();
        await using ServiceProvider provider = services.BuildServiceProvider();
        HealthCheckService health = provider.GetRequiredService<HealthCheckService>();
        Assert.Equal(HealthStatus.Healthy, (await health.CheckHealthAsync()).Status);
        Database db = provider.GetRequiredService<Database>();
        await db.ExecuteAsync("CREATE STREAM s (k text)");
        await db.ExecuteAsync("CREATE MATERIALIZED VIEW big AS SELECT k, count(*) AS n FROM s GROUP BY k");
        await db.ExecuteAsync("INSERT INTO s SELECT 'a key that is not short at all ' || i FROM generate_series(1, 20000) AS g(i)");
        await db.ExecuteAsync("FLUSH");
        HealthReport report = await health.CheckHealthAsync();
        Assert.Equal(HealthStatus.Degraded, report.Status);
        Assert.Contains("big", report.Entries["millrace"].Description);
    }

    [Fact]
    public async Task CallsAreTracedAndMeasuredWithoutTheirValues()
    {
        string relation = "traced_" + Guid.NewGuid().ToString("N");
        List<Activity> activities = [];
        using var listener = new ActivityListener
        {
            ShouldListenTo = s => s.Name == MillraceDiagnostics.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = a =>
            {
                lock (activities)
                {
                    activities.Add(a);
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        Dictionary<string, long> measured = [];
        using var meters = new MeterListener();
        meters.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter.Name == MillraceDiagnostics.Name)
            {
                l.EnableMeasurementEvents(instrument);
            }
        };
        meters.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            if (tags.ToArray().Any(t => t.Key == "millrace.object" && (string?)t.Value == relation))
            {
                measured[instrument.Name] = value;
            }
        });
        meters.Start();
        await using Database db = await Database.OpenInMemoryAsync();
        await db.ExecuteAsync($"CREATE TABLE {relation} (id int PRIMARY KEY)");
        using (Activity parent = new Activity("test").Start())
        {
            await db.ExecuteAsync($"INSERT INTO {relation} VALUES (1), (2)");
            await Assert.ThrowsAsync<SqlException>(() => db.ExecuteAsync($"INSERT INTO {relation} VALUES (2)"));
            Activity[] ours;
            lock (activities)
            {
                ours = [.. activities.Where(a => a.TraceId == parent.TraceId)];
            }

            Assert.Equal(["INSERT", "INSERT"], ours.Select(a => a.DisplayName));
            Assert.Equal([null, "23505"], ours.Select(a => a.GetTagItem("error.type")));
            Assert.All(ours, a => Assert.Equal("millrace", a.GetTagItem("db.system.name")));
            Assert.DoesNotContain(ours, a => a.TagObjects.Any(t => t.Value?.ToString()?.Contains(relation, StringComparison.Ordinal) == true));
        }

        meters.RecordObservableInstruments();
        Assert.Equal(2, measured["millrace.object.changes"]);
    }

    [Fact]
    public async Task TimePassesWhenATestSaysSo()
    {
        var clock = new ManualClock(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        await using Database db = await Database.OpenInMemoryAsync(new DatabaseOptions { Clock = clock });
        await db.ExecuteAsync("CREATE TABLE t (id int PRIMARY KEY, at timestamptz)");
        await db.ExecuteAsync("CREATE MATERIALIZED VIEW m AS SELECT id FROM t WHERE at > now() - INTERVAL '1 minute'");
        await db.ExecuteAsync("INSERT INTO t SELECT i, now() + i * INTERVAL '1 minute' FROM generate_series(0, 9) AS g(i)");
        for (int passed = 1; passed <= 10; passed++)
        {
            clock.Advance(TimeSpan.FromMinutes(1));
            await db.ExecuteAsync("FLUSH");
            Assert.Equal(Enumerable.Range(passed, 10 - passed), await db.QueryAsync<int>("SELECT id FROM m ORDER BY id"));
        }
    }

    [Fact]
    public async Task WhatIsInMemoryHasNoBackup()
    {
        await using Database db = await Database.OpenInMemoryAsync();
        SqlException e = await Assert.ThrowsAsync<SqlException>(() => db.ExecuteAsync("BACKUP TO '/nowhere'"));
        Assert.Equal("0A000", e.SqlState);
    }
}
