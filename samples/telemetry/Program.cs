// A program whose database tells OpenTelemetry what it does. Where to is in the environment: OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL.
using System.Diagnostics;
using Millrace;
using Millrace.Core;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

using TracerProvider traces = Sdk.CreateTracerProviderBuilder()
    .ConfigureResource(r => r.AddService("shop"))
    .AddSource(MillraceDiagnostics.Name, "Shop")
    .AddOtlpExporter()
    .Build();
using MeterProvider metrics = Sdk.CreateMeterProviderBuilder()
    .ConfigureResource(r => r.AddService("shop"))
    .AddMeter(MillraceDiagnostics.Name)
    .AddOtlpExporter()
    .Build();

using var shop = new ActivitySource("Shop");
await using Database db = await Database.OpenInMemoryAsync();
await db.CreateAsync<Order>();
await db.ExecuteAsync("CREATE MATERIALIZED VIEW turnover AS SELECT shop, sum(amount) AS total FROM orders GROUP BY shop");

// The program's own span: those of the database are within it.
using (shop.StartActivity("close the day"))
{
    await db.AppendAsync([new Order("Ring", 5m), new Order("Ring", 7m), new Order("Murgasse", 30m)]);
    foreach ((string name, decimal total) in await db.QueryAsync<Turnover>("SELECT * FROM turnover ORDER BY shop"))
    {
        Console.WriteLine($"{name}: {total}");
    }

    try
    {
        await db.QueryAsync<long>("SELECT nothing FROM orders");
    }
    catch (SqlException e)
    {
        Console.WriteLine(e.SqlState);
    }
}

// What is disposed of at the end of the program sends what is left; the numbers are read once more while the database is open.
metrics.ForceFlush();

/// <summary>A row of the stream "orders".</summary>
[MillraceRow("orders")]
public partial record Order(string Shop, decimal Amount);

/// <summary>A row of the view.</summary>
[MillraceRow]
public partial record Turnover(string Shop, decimal Total);
