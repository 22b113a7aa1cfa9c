// What the HTTP door uses of a database, as plain functions, so that its tests need no engine.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Doors.Http;

/// <summary>The verbs of <see cref="Database"/> that the HTTP door calls.</summary>
internal sealed record HttpBackend
{
    public required Func<CatalogSnapshot> Catalog { get; init; }

    public required Func<Session> NewSession { get; init; }

    public required Func<string, Batch, CancellationToken, ValueTask<long>> AppendAsync { get; init; }

    public required Func<IReadOnlyList<(string Name, Batch Batch)>, CancellationToken, ValueTask> AppendAllAsync { get; init; }

    public required Func<DatabaseStatistics> Statistics { get; init; }

    public required Func<ValueTask<DataflowGraph>> GraphAsync { get; init; }

    public required Func<bool> HasFailed { get; init; }

    public Func<string, PublishedQuery?> Endpoint { get; init; } = _ => null;

    public Func<string, string?, string?, CancellationToken, ValueTask<FeedReader>> Follow { get; init; } = (_, _, _, _) => throw new NotSupportedException();

    public Action<string, string?> AuthorizeFollow { get; init; } = (_, _) => { };

    public Func<PublishedQuery, IReadOnlyList<LiteralExpr>, string?, CancellationToken, ValueTask<FeedReader>> FollowEndpoint { get; init; } =
        (_, _, _, _) => throw new NotSupportedException();

    public static HttpBackend Of(Database database) => new()
    {
        Catalog = () => database.Catalog,
        NewSession = database.NewSession,
        AppendAsync = database.AppendAsync,
        AppendAllAsync = database.AppendAsync,
        Statistics = database.Statistics,
        GraphAsync = database.GraphAsync,
        HasFailed = () => database.Failed.IsCompleted,
        Endpoint = database.FindEndpoint,
        Follow = database.FollowAsync,
        AuthorizeFollow = database.AuthorizeFollow,
        FollowEndpoint = database.FollowAsync,
    };
}
