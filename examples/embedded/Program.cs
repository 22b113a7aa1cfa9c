// A streaming database inside a program: a stream, a live view over it, and somebody who follows the view.
using Millrace;

string folder = args.Length > 0 ? args[0] : Path.Combine(Path.GetTempPath(), "millrace-embedded");
await using var db = await Database.OpenAsync(folder);
await db.ExecuteAsync("CREATE STREAM IF NOT EXISTS orders (shop text, amount numeric(10,2), at timestamptz)");
await db.ExecuteAsync(
    "CREATE MATERIALIZED VIEW IF NOT EXISTS turnover AS SELECT shop, count(*) AS orders, sum(amount) AS total FROM orders GROUP BY shop");

using var done = new CancellationTokenSource();
Task follower = Task.Run(async () =>
{
    try
    {
        await foreach (Change<Turnover> change in db.SubscribeAsync<Turnover>("SELECT * FROM turnover", done.Token))
        {
            Console.WriteLine($"{(change.Weight > 0 ? "+" : "-")} {change.Row.Shop,-8} {change.Row.Orders,4} orders {change.Row.Total,10}");
        }
    }
    catch (OperationCanceledException)
    {
    }
});

string[] shops = ["Graz", "Linz", "Wien"];
for (int i = 0; i < 5; i++)
{
    await db.AppendAsync("orders", [new Order(shops[i % shops.Length], 9.90m + i, DateTime.UtcNow)]);
}

Console.WriteLine($"{(await db.QueryAsync<long>("SELECT count(*) FROM orders"))[0]} orders kept in {folder}");
await Task.Delay(200);
await done.CancelAsync();
await follower;

internal sealed record Order(string Shop, decimal Amount, DateTime At);

internal sealed record Turnover(string Shop, long Orders, decimal Total);
