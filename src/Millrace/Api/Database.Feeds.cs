// Following queries: one live feed for each, however many follow it.
using Millrace.Core;
using Millrace.Engine;
using Millrace.Feeds;
using Millrace.Sessions;
using Millrace.Sql;
using Millrace.Sql.Syntax;

namespace Millrace;

public sealed partial class Database
{
    private readonly FeedHub _feeds;

    /// <summary>
    /// Follows a query (SELECT …, or SUBSCRIBE …): its answer, then every change, whole epochs at a time. Those who follow the same query share one feed, whose
    /// past changes are held in bounded memory, so that a reader may be slow, or come back with the place it had.
    /// </summary>
    /// <param name="sql">The query, one statement without parameters.</param>
    /// <param name="since">The <see cref="FeedReader.Place"/> that the reader had, or null.</param>
    /// <param name="user">Whose permissions count; null for whoever is trusted with everything.</param>
    /// <param name="cancellation">Cancels the wait.</param>
    /// <exception cref="SqlException">The query is wrong; 42501: he may not read what it reads; 53200, 53400: too much is followed already.</exception>
    public ValueTask<FeedReader> FollowAsync(string sql, string? since = null, string? user = null, CancellationToken cancellation = default)
    {
        SubscribeStatement statement = FollowedStatement.Of(SqlParser.Parse(sql));
        CatalogSnapshot catalog = Catalog;
        var bound = (BoundSubscribe)DatabaseEngine.Bind(statement, catalog, sql);
        LocalSession.Authorize(user, catalog, bound);
        if (bound.Parameters.Count > 0)
        {
            throw new SqlException("42P02", "a query that is followed has no parameters", statement.Position, "write the values, or follow an endpoint");
        }

        return FollowAsync($"{catalog.Version}:{SqlFormatter.Format(statement)}", WithBinding(bound), since, cancellation);
    }

    /// <summary>Checks that a user may follow a query still.</summary>
    /// <param name="sql">The query.</param>
    /// <param name="user">Whose permissions count; null for whoever is trusted with everything.</param>
    /// <exception cref="SqlException">42501, 28000: he may not, or is gone; others: the query does not hold any more.</exception>
    public void AuthorizeFollow(string sql, string? user)
    {
        if (user is not null)
        {
            CatalogSnapshot catalog = Catalog;
            LocalSession.Authorize(user, catalog, DatabaseEngine.Bind(FollowedStatement.Of(SqlParser.Parse(sql)), catalog, sql));
        }
    }

    /// <summary>Follows an endpoint's answer.</summary>
    /// <exception cref="SqlException">It cannot be followed.</exception>
    public ValueTask<FeedReader> FollowAsync(
        PublishedQuery query, IReadOnlyList<LiteralExpr> arguments, string? since = null, CancellationToken cancellation = default)
    {
        // The text forms of the values, each with its length in front, so that no two lists of values look alike.
        string values = string.Concat(arguments.Select(a => a.Value is null ? "-" : TextFormat.ToText(BoxedValue.ToColumn(a.Value, a.Type), 0) is { } t ? $"{t.Length}.{t}" : "-"));
        return FollowAsync($"{query.CatalogVersion}/{query.Definition.Id}/{values}", query.ToFollow(arguments), since, cancellation);
    }

    /// <summary>Follows the query of an alert.</summary>
    /// <exception cref="SqlException">It cannot be followed.</exception>
    internal ValueTask<FeedReader> FollowAlertAsync(CatalogObject alert, CancellationToken cancellation)
    {
        CatalogSnapshot catalog = Catalog;
        BoundQuery query = new Binder(catalog, FunctionLibrary.Catalog, BindOptions.Default).BindEndpoint(alert, follow: true);
        return FollowAsync($"{catalog.Version}/{alert.Id}/alert", query, null, cancellation);
    }

    internal FollowerList FollowerList { get; }

    /// <summary>All who follow a query now, with how far behind they are.</summary>
    public IReadOnlyList<Follower> Followers() => FollowerList.All();

    /// <summary>Feeds that are followed, and the bytes they hold.</summary>
    public (int Feeds, long Bytes) FeedCounters => (_feeds.Count, _feeds.Bytes);

    private ValueTask<FeedReader> FollowAsync(string key, BoundQuery query, string? since, CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        return _feeds.FollowAsync(key, since, budget => OpenFeedAsync(query, budget), cancellation);
    }

    private static BoundQuery WithBinding(BoundSubscribe bound) => bound.Query with { DependsOn = bound.DependsOn };

    private async Task<SharedFeed> OpenFeedAsync(BoundQuery query, FeedBudget budget)
    {
        // What is only ever added to, and by its inputs alone, can be read when somebody asks; anything else is kept as it was pushed.
        bool keeps = !query.Plan.AppendOnly || query.EmitOnClose || !PlanFacts.IsSteady(query.Plan);
        Subscriber subscriber = await SubmitAsync(new SubscribeRequest(query, keeps, progress: true, Options.FeedsBytesMax), default).ConfigureAwait(false);
        var source = new Subscription(subscriber.Columns, subscriber.Key, subscriber.Reader, async () =>
        {
            subscriber.Close(null);
            await SubmitAsync(new UnsubscribeRequest(subscriber), CancellationToken.None).ConfigureAwait(false);
        })
        { Epoch = subscriber.Epoch };
        return new SharedFeed(source, new FeedQuery(keeps, keeps ? null : cancellation => ReadForFeed(query, cancellation), Options.SubscriptionBytesMax), budget);
    }

    private (long Epoch, List<Batch> Rows) ReadForFeed(BoundQuery query, CancellationToken cancellation)
    {
        DatabaseSnapshot snapshot = Engine.Current;
        return (snapshot.Epoch, [.. new LocalSession(this).Read(query, snapshot, cancellation).Batches]);
    }
}

/// <summary>The statement behind a text that is to be followed.</summary>
internal static class FollowedStatement
{
    /// <summary>A query as SUBSCRIBE, or the SUBSCRIBE itself.</summary>
    /// <exception cref="SqlException">It is something else, or more than one.</exception>
    public static SubscribeStatement Of(IReadOnlyList<Statement> statements)
    {
        if (statements.Count != 1)
        {
            throw new SqlException("42601", "exactly one statement can be followed", statements.Count > 1 ? statements[1].Position : 0);
        }

        return statements[0] switch
        {
            QueryStatement q => new SubscribeStatement(null, q.Query, []) { Position = q.Position, End = q.End },
            SubscribeStatement s => s,
            Statement other => throw new SqlException("25006", "only a query can be followed: GET changes nothing", other.Position, "POST it to /v1/sql"),
        };
    }
}
