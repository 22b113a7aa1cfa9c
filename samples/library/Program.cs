// The library from its package: rows with generated accessors, typed queries, a subscription, and a clock that is moved.
using System.Diagnostics;
using Millrace;
using Millrace.Core.Io;

// What a program's tracing would do: listen to the source called Millrace.
List<string> traced = [];
using var listener = new ActivityListener
{
    ShouldListenTo = source => source.Name == MillraceDiagnostics.Name,
    Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
    ActivityStopped = activity => traced.Add(activity.DisplayName),
};
ActivitySource.AddActivityListener(listener);

string folder = args.Length > 0 ? args[0] : "data";
await using (Database db = await Database.OpenAsync(folder))
{
    await db.CreateAsync<Order>();
    await db.CreateAsync<Shop>();
    await db.ExecuteAsync(
        """
        CREATE MATERIALIZED VIEW IF NOT EXISTS turnover AS
          SELECT s.city, count(*) AS orders, sum(o.amount) AS total
          FROM orders o JOIN shops s ON s.name = o.shop GROUP BY s.city
        """);

    await db.AppendAsync([new Shop("Murgasse", "Graz", null), new Shop("Ring", "Wien", OpenedOn: new DateOnly(2019, 5, 1))]);
    await db.AppendAsync(
    [
        new Order("Murgasse", 9.90m, Payment.Card, DateTime.UtcNow),
        new Order("Murgasse", 20.10m, Payment.Cash, DateTime.UtcNow),
        new Order("Ring", 5m, Payment.Card, DateTime.UtcNow),
    ]);

    foreach (Turnover row in await db.QueryAsync<Turnover>("SELECT * FROM turnover ORDER BY city"))
    {
        Console.WriteLine($"{row.City}: {row.Orders} orders, {row.Total}");
    }

    IReadOnlyList<Order> large = await db.QueryAsync<Order>("SELECT * FROM orders WHERE amount > $1", 10m);
    Console.WriteLine($"large: {large[0].Amount} by {large[0].Payment}");

    using var enough = new CancellationTokenSource();
    await foreach (Change<Turnover> change in db.SubscribeAsync<Turnover>("SELECT * FROM turnover WHERE city = 'Wien'", enough.Token))
    {
        Console.WriteLine($"{change.Weight:+#;-#} {change.Row.City} {change.Row.Total}{(change.Snapshot ? " (as it stood)" : "")}");
        if (change.Snapshot)
        {
            await db.AppendAsync([new Order("Ring", 7m, Payment.Cash, DateTime.UtcNow)]);
        }
        else if (change.Weight > 0)
        {
            break;
        }
    }
}

Console.WriteLine("traced: " + string.Join(", ", traced.Distinct()));
await Testing.AMinuteThatPassesInATestAsync();

/// <summary>A row of the stream "orders". The generator makes the code that reads and writes it.</summary>
[MillraceRow("orders", EventTime = nameof(At), Lateness = "5 seconds")]
public partial record Order(string Shop, [property: MillraceColumn(Type = "numeric(10,2)")] decimal Amount, Payment Payment, DateTime At);

/// <summary>Enums are text.</summary>
public enum Payment { Cash, Card }

/// <summary>A key makes it a table: appending is upserting.</summary>
[MillraceRow("shops", Key = nameof(Name))]
public partial record Shop(string Name, string City, DateOnly? OpenedOn);

/// <summary>What only comes out of queries needs no attribute, but gets generated code with it too.</summary>
[MillraceRow]
public partial record Turnover(string City, long Orders, decimal Total);

internal static class Testing
{
    public static async Task AMinuteThatPassesInATestAsync()
    {
        var clock = new ManualClock(new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero));
        await using Database db = await Database.OpenInMemoryAsync(new DatabaseOptions { Clock = clock });
        await db.CreateAsync<Order>();
        await db.ExecuteAsync("CREATE MATERIALIZED VIEW recent AS SELECT count(*) AS n FROM orders WHERE at > now() - INTERVAL '1 minute'");
        await db.AppendAsync([new Order("Ring", 5m, Payment.Card, clock.UtcNow.UtcDateTime)]);
        Console.WriteLine("recent: " + (await db.QueryAsync<long>("SELECT n FROM recent"))[0]);

        clock.Advance(TimeSpan.FromMinutes(2));
        await db.ExecuteAsync("FLUSH");
        Console.WriteLine("two minutes later: " + (await db.QueryAsync<long>("SELECT n FROM recent"))[0]);
    }
}
