// A database of plain memory behind the HTTP door, so that the door is tested without the engine.
using System.Net;
using System.Threading.Channels;
using Millrace.Core;
using Millrace.Doors;
using Millrace.Doors.Http;
using Millrace.Feeds;
using Millrace.Sql;
using Millrace.Sql.Syntax;
using ObjectKind = Millrace.Sql.ObjectKind;

namespace Millrace.Tests.Doors.Http;

internal sealed class FakeDatabase
{
    public static readonly CatalogObject Clicks = new()
    {
        Id = 1,
        Name = "clicks",
        Kind = ObjectKind.Stream,
        AppendOnly = true,
        EventTime = 2,
        Definition = "CREATE STREAM clicks (…)",
        Columns = new Schema([new("id", SqlType.BigInt, Nullable: false), new("who", SqlType.Text), new("at", SqlType.TimestampTz)]),
    };

    public static readonly CatalogObject Totals = new()
    {
        Id = 2,
        Name = "totals",
        Kind = ObjectKind.MaterializedView,
        PrimaryKey = [0],
        DependsOn = [1],
        Definition = "CREATE MATERIALIZED VIEW totals AS …",
        Columns = new Schema([new("who", SqlType.Text), new("n", SqlType.BigInt)]),
    };

    public List<Batch> Appended { get; } = [];

    public Channel<SubscriptionEvent> Feed { get; } = Channel.CreateUnbounded<SubscriptionEvent>();

    public Func<string, IReadOnlyList<StatementResult>> Answer { get; set; } = _ => [];

    public List<string> Executed { get; } = [];

    public HttpBackend Backend => new()
    {
        Catalog = () => new CatalogSnapshot([Clicks, Totals]),
        NewSession = () => new FakeSession(this),
        AppendAsync = (_, batch, _) =>
        {
            lock (Appended)
            {
                Appended.Add(batch);
                return ValueTask.FromResult(Appended.Sum(b => (long)b.Count) - batch.Count);
            }
        },
        AppendAllAsync = (writes, _) =>
        {
            lock (Appended)
            {
                Appended.AddRange(writes.Select(w => w.Batch));
                return ValueTask.CompletedTask;
            }
        },
        Statistics = () => new DatabaseStatistics(
            7, 1.5, 100, 200, 150, 3, 2, 1, [new ObjectStatistics(1, 3, 3, 64, 3, 1_700_000_000_000_000, null), new ObjectStatistics(2, 3, null, 10, 4, null, "division by zero")]),
        GraphAsync = () => ValueTask.FromResult(new DataflowGraph(
            [new OperatorStatistics("2.0", 2, "aggregate", "by who", 10, 5, 3, 300, 1_000)], [new GraphEdge("object:1", "2.0", 10)])),
        HasFailed = () => false,
        Follow = async (query, since, _, cancellation) =>
        {
            FollowedStatement.Of(SqlParser.Parse(query));
            var source = new Subscription(Totals.Columns, [0], Feed.Reader, () => ValueTask.CompletedTask) { Epoch = 5 };
            var feed = new SharedFeed(source, new FeedQuery(true, null, 1 << 20), new FeedBudget(1 << 20));
            await feed.Started.WaitAsync(cancellation);
            return new FeedReader(feed, since, () => { });
        },
    };

    public Task<DoorHost> StartAsync(HttpDoorOptions? options = null) => DoorHost.StartAsync(
        Backend, Backend.NewSession, new DoorHostOptions { Http = new IPEndPoint(IPAddress.Loopback, 0), Postgres = null, HttpOptions = options ?? new HttpDoorOptions() });
}

internal sealed class FakeSession(FakeDatabase database) : Session
{
    public override TransactionStatus Status => TransactionStatus.Idle;

    public override IReadOnlyDictionary<string, string> Settings { get; } = new Dictionary<string, string>();

    public override void Set(string name, string value)
    {
    }

    public override IReadOnlyList<Statement> Parse(string text) => SqlParser.Parse(text);

    public override PreparedStatement Prepare(Statement statement, string text, IReadOnlyList<SqlType?>? parameterTypes = null) => new Prepared(text);

    public override ValueTask<StatementResult> ExecuteAsync(
        PreparedStatement statement, IReadOnlyList<LiteralExpr>? parameters = null, CancellationToken cancellation = default) => ValueTask.FromResult(new StatementResult
        {
            CommandTag = "SUBSCRIBE",
            Epoch = 5,
            Subscription = new Subscription(FakeDatabase.Totals.Columns, [0], database.Feed.Reader, () => ValueTask.CompletedTask),
        });

    public override ValueTask<IReadOnlyList<StatementResult>> ExecuteAsync(
        IReadOnlyList<Statement> statements, string text, CancellationToken cancellation = default)
    {
        database.Executed.Add(text);
        return ValueTask.FromResult(database.Answer(text));
    }

    public override void BeginImplicit()
    {
    }

    public override ValueTask EndImplicitAsync(bool commit, CancellationToken cancellation = default) => ValueTask.CompletedTask;

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private sealed class Prepared(string text) : PreparedStatement
    {
        public override string Text => text;

        public override IReadOnlyList<SqlType> Parameters => [];

        public override Schema? Columns => null;
    }
}
