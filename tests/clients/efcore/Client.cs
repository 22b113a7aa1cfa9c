// Entity Framework Core against a running Millrace: what its scaffolding makes of tables and views, queries, and changes. host:port as argument.
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using Microsoft.EntityFrameworkCore.Scaffolding;
using Microsoft.EntityFrameworkCore.Scaffolding.Metadata;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Npgsql.EntityFrameworkCore.PostgreSQL.Design.Internal;

string[] at = args[0].Split(':');
string connect = $"Host={at[0]};Port={at[1]};Username=millrace;Database=millrace;Timeout=20;Command Timeout=20";
int passed = 0, failed = 0;

async Task Check(string name, Func<Task> body)
{
    try
    {
        await body();
        passed++;
        Console.WriteLine("ok   " + name);
    }
    catch (Exception e)
    {
        failed++;
        Console.WriteLine($"FAIL {name}: {e}");
    }
}

static void Same(string wanted, string got)
{
    if (wanted != got)
    {
        throw new InvalidDataException($"wanted {wanted}\ngot    {got}");
    }
}

await using NpgsqlDataSource source = NpgsqlDataSource.Create(connect);
async Task Run(params string[] statements)
{
    foreach (string sql in statements)
    {
        await using NpgsqlCommand command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}

await Run("drop materialized view if exists ef_totals", "drop view if exists ef_big", "drop table if exists ef_order", "drop table if exists ef_customer", "drop stream if exists ef_click");
await Run(
    "CREATE TABLE ef_customer (id int PRIMARY KEY, name varchar(40) NOT NULL, since timestamptz)",
    "CREATE TABLE ef_order (id bigint PRIMARY KEY, customer_id int NOT NULL, amount numeric(10,2) NOT NULL DEFAULT 1.5, note text, tags text[])",
    "CREATE INDEX ef_order_customer ON ef_order (customer_id)",
    "CREATE STREAM ef_click (ts timestamptz, page text, WATERMARK FOR ts AS ts - INTERVAL '5 seconds')",
    "CREATE VIEW ef_big AS SELECT id, amount FROM ef_order WHERE amount > 100",
    "CREATE MATERIALIZED VIEW ef_totals AS SELECT customer_id, count(*) AS orders, sum(amount) AS total FROM ef_order GROUP BY customer_id");

var services = new ServiceCollection();
services.AddEntityFrameworkDesignTimeServices();
new NpgsqlDesignTimeServices().ConfigureDesignTimeServices(services);
await using ServiceProvider provider = services.BuildServiceProvider();
using IServiceScope scope = provider.CreateScope();
string[] relations = ["ef_customer", "ef_order", "ef_click", "ef_big", "ef_totals"];

await Check("the scaffolding's model of tables, streams and views", () =>
{
    DatabaseModel model = scope.ServiceProvider.GetRequiredService<IDatabaseModelFactory>().Create(connect, new DatabaseModelFactoryOptions(relations, []));
    string text = string.Join('\n', model.Tables.OrderBy(t => t.Name).Select(t =>
        $"{(t is DatabaseView ? "view" : "table")} {t.Name} key({string.Join(',', t.PrimaryKey?.Columns.Select(c => c.Name) ?? [])}) "
        + string.Join(", ", t.Columns.Select(c => $"{c.Name} {c.StoreType}{(c.IsNullable ? "" : "!")}{(c.DefaultValueSql is { } d ? "=" + d : "")}"))
        + string.Concat(t.Indexes.Select(i => $" index {i.Name}({string.Join(',', i.Columns.Select(c => c.Name))})"))));
    Same(
        """
        view ef_big key() id bigint!, amount numeric(10,2)!
        table ef_click key() ts timestamp with time zone, page text
        table ef_customer key(id) id integer!, name character varying(40)!, since timestamp with time zone
        table ef_order key(id) id bigint!, customer_id integer!, amount numeric(10,2)!=1.5, note text, tags text[] index ef_order_customer(customer_id)
        view ef_totals key() customer_id integer!, orders bigint, total numeric
        """, text);
    return Task.CompletedTask;
});
await Check("the classes that are scaffolded", () =>
{
    ScaffoldedModel code = scope.ServiceProvider.GetRequiredService<IReverseEngineerScaffolder>().ScaffoldModel(
        connect, new DatabaseModelFactoryOptions(relations, []), new ModelReverseEngineerOptions(),
        new ModelCodeGenerationOptions
        {
            ContextName = "Shop",
            Language = "C#",
            RootNamespace = "Shop",
            ModelNamespace = "Shop",
            ContextNamespace = "Shop",
            UseNullableReferenceTypes = true,
            ConnectionString = connect,
        });
    Same("EfBig.cs EfClick.cs EfCustomer.cs EfOrder.cs EfTotal.cs", string.Join(' ', code.AdditionalFiles.Select(f => f.Path).Order(StringComparer.Ordinal)));
    foreach (string part in new[] { "public decimal Amount { get; set; }", "public List<string>? Tags { get; set; }", "public long Id { get; set; }" })
    {
        Same("True " + part, code.AdditionalFiles.Single(f => f.Path == "EfOrder.cs").Code.Contains(part, StringComparison.Ordinal) + " " + part);
    }

    Same("True", code.ContextFile.Code.Contains("ToView(\"ef_big\")", StringComparison.Ordinal).ToString());
    return Task.CompletedTask;
});
await Check("SaveChanges: insert, update, delete in one transaction", async () =>
{
    await using (var shop = new Shop(connect))
    {
        shop.AddRange(new Customer { Id = 1, Name = "Ada", Since = new DateTime(2024, 1, 1, 0, 0, 0, DateTimeKind.Utc) }, new Customer { Id = 2, Name = "Bob" });
        shop.AddRange(Enumerable.Range(1, 10).Select(i => new Order { Id = i, CustomerId = 1 + (i % 2), Amount = i * 50, Tags = i == 3 ? ["a", "b"] : null }));
        Same("12", $"{await shop.SaveChangesAsync()}");
    }

    await using (var shop = new Shop(connect))
    {
        Order order = await shop.Orders.SingleAsync(o => o.Id == 3);
        order.Note = "changed";
        shop.Remove(await shop.Orders.SingleAsync(o => o.Id == 10));
        Same("2", $"{await shop.SaveChangesAsync()}");
    }
});
await Check("LINQ: filters, lists, joins, groups, pages, array and date functions", async () =>
{
    await using var shop = new Shop(connect);
    int[] ids = [1, 3, 99];
    Same("1,3", string.Join(',', await shop.Orders.Where(o => ids.Contains((int)o.Id)).OrderBy(o => o.Id).Select(o => o.Id).ToListAsync()));
    Same("3", string.Join(',', await shop.Orders.Where(o => o.Note!.StartsWith("chan") && o.Tags!.Contains("a")).Select(o => o.Id).ToListAsync()));
    Same("Bob 450.00,Bob 350.00", string.Join(',', (await shop.Orders.Join(shop.Customers, o => o.CustomerId, c => c.Id, (o, c) => new { o, c.Name })
        .Where(x => x.o.Amount > 300).OrderByDescending(x => x.o.Amount).Where(x => x.Name == "Bob").Take(2).ToListAsync()).Select(x => FormattableString.Invariant($"{x.Name} {x.o.Amount}"))));
    Same("1 4 1000.00;2 5 1250.00", string.Join(';', (await shop.Orders.GroupBy(o => o.CustomerId).Select(g => new { g.Key, N = g.Count(), Sum = g.Sum(o => o.Amount) })
        .OrderBy(g => g.Key).ToListAsync()).Select(g => FormattableString.Invariant($"{g.Key} {g.N} {g.Sum}"))));
    Same("4,5", string.Join(',', await shop.Orders.OrderBy(o => o.Id).Skip(3).Take(2).Select(o => o.Id).ToListAsync()));
    Same("Ada", string.Join(',', await shop.Customers.Where(c => c.Since!.Value.Year == 2024 && c.Orders.Any()).Select(c => c.Name).ToListAsync()));
    Same("True", $"{await shop.Orders.AnyAsync(o => o.Amount > 400)}");
});
await Check("Include, and a view and a materialized view as entities without keys", async () =>
{
    await using var shop = new Shop(connect);
    Same("Ada 4,Bob 5", string.Join(',', (await shop.Customers.Include(c => c.Orders).OrderBy(c => c.Id).ToListAsync()).Select(c => $"{c.Name} {c.Orders.Count}")));
    Same("1 4 1000.00,2 5 1250.00", string.Join(',', (await shop.Totals.OrderBy(t => t.CustomerId).ToListAsync()).Select(t => FormattableString.Invariant($"{t.CustomerId} {t.Orders} {t.Sum}"))));
    Same("7", $"{await shop.Set<Big>().CountAsync()}");
});
await Check("ExecuteUpdate, ExecuteDelete, raw SQL and a transaction that is rolled back", async () =>
{
    await using var shop = new Shop(connect);
    await using (var transaction = await shop.Database.BeginTransactionAsync())
    {
        Same("4", $"{await shop.Orders.Where(o => o.CustomerId == 1).ExecuteUpdateAsync(s => s.SetProperty(o => o.Amount, o => o.Amount + 1))}");
        Same("5", $"{await shop.Orders.Where(o => o.CustomerId == 2).ExecuteDeleteAsync()}");
        await transaction.RollbackAsync();
    }

    Same("9", $"{await shop.Orders.CountAsync()}");
    int least = 8;
    Same("8,9", string.Join(',', (await shop.Orders.FromSql($"SELECT * FROM ef_order WHERE id >= {least}").OrderBy(o => o.Id).ToListAsync()).Select(o => o.Id)));
    Same("True", $"{await shop.Database.CanConnectAsync()}");
});

await Run("drop materialized view ef_totals", "drop view ef_big", "drop table ef_order", "drop table ef_customer", "drop stream ef_click");
Console.WriteLine($"{passed} passed, {failed} failed, 0 skipped");
return failed == 0 ? 0 : 1;

/// <summary>The tables and views of this script.</summary>
internal sealed class Shop(string connect) : DbContext
{
    public DbSet<Customer> Customers => Set<Customer>();

    public DbSet<Order> Orders => Set<Order>();

    public DbSet<Total> Totals => Set<Total>();

    protected override void OnConfiguring(DbContextOptionsBuilder options) => options.UseNpgsql(connect);

    protected override void OnModelCreating(ModelBuilder model)
    {
        model.Entity<Customer>(e =>
        {
            e.ToTable("ef_customer");
            e.Property(c => c.Id).HasColumnName("id").ValueGeneratedNever();
            e.Property(c => c.Name).HasColumnName("name");
            e.Property(c => c.Since).HasColumnName("since");
            e.HasMany(c => c.Orders).WithOne().HasForeignKey(o => o.CustomerId);
        });
        model.Entity<Order>(e =>
        {
            e.ToTable("ef_order");
            e.Property(o => o.Id).HasColumnName("id").ValueGeneratedNever();
            e.Property(o => o.CustomerId).HasColumnName("customer_id");
            e.Property(o => o.Amount).HasColumnName("amount");
            e.Property(o => o.Note).HasColumnName("note");
            e.Property(o => o.Tags).HasColumnName("tags");
        });
        model.Entity<Total>(e =>
        {
            e.ToView("ef_totals").HasNoKey();
            e.Property(t => t.CustomerId).HasColumnName("customer_id");
            e.Property(t => t.Orders).HasColumnName("orders");
            e.Property(t => t.Sum).HasColumnName("total");
        });
        model.Entity<Big>(e =>
        {
            e.ToView("ef_big").HasNoKey();
            e.Property(b => b.Id).HasColumnName("id");
        });
    }
}

internal sealed class Customer
{
    public int Id { get; set; }

    public string Name { get; set; } = "";

    public DateTime? Since { get; set; }

    public List<Order> Orders { get; set; } = [];
}

internal sealed class Order
{
    public long Id { get; set; }

    public int CustomerId { get; set; }

    public decimal Amount { get; set; }

    public string? Note { get; set; }

    public string[]? Tags { get; set; }
}

internal sealed class Total
{
    public int CustomerId { get; set; }

    public long Orders { get; set; }

    public decimal Sum { get; set; }
}

internal sealed class Big
{
    public long Id { get; set; }
}
