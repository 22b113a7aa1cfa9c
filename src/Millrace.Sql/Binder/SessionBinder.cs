// Statements about the session and the server.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>Binds statements about the session and the server.</summary>
/// <param name="context">Shared by the statement's parts.</param>
internal sealed class SessionBinder(BindContext context)
{
    private const long TimeoutMax = 86_400_000_000;

    /// <summary>Binds such a statement.</summary>
    public BoundStatement Bind(Syntax.Statement statement)
    {
        switch (statement)
        {
            case Syntax.TransactionStatement s:
                return new BoundTransaction(s.Verb, s.Savepoint?.Text, s.Chain) { ReadOnly = s.ReadOnly };
            case Syntax.SetStatement s:
                return new BoundSet(s.Name, s.Text, s.Local);
            case Syntax.ResetStatement s:
                return new BoundReset(s.Name);
            case Syntax.ShowStatement s:
                return Show(s);
            case Syntax.DescribeStatement s:
                return new BoundDescribe(Relations.TryFind(context, s.Name) ?? Relations.Find(context, s.Name));
            case Syntax.FlushStatement:
                return new BoundFlush();
            case Syntax.CheckpointStatement:
                return new BoundCheckpoint();
            case Syntax.BackupStatement s:
                return new BoundBackup(s.Folder);
            case Syntax.MaintenanceStatement s:
                List<CatalogObject> named = [.. s.Tables.Select(t => Relations.Find(context, t))];
                return s.Verb == "VACUUM" && (named.Count == 0 || named.Exists(o => o.AppendOnly)) ? new BoundVacuum() : new BoundNoOp(s.Verb)
                {
                    Notices = s.Verb == "RECOVER" ? ["there is nothing to recover: a view that stands still says why, and ALTER … RESUME computes it anew"] : [],
                };
            case Syntax.RefreshStatement s:
                return Refresh(s);
            case Syntax.DeclareCursorStatement s:
                return Cursor(s);
            case Syntax.FetchStatement s:
                return new BoundFetch(s.Cursor.Text, s.Direction, s.Count, s.Move) { TimeoutMicros = Timeout(s.Options) };
            case Syntax.CloseStatement s:
                return new BoundCloseCursor(s.Cursor?.Text);
            case Syntax.PrepareStatement s:
                return Prepare(s);
            case Syntax.ExecuteStatement s:
                return Execute(s);
            case Syntax.DeallocateStatement s:
                return new BoundDeallocate(s.Name?.Text);
            case Syntax.DiscardStatement s:
                return new BoundDiscard(s.What);
            case Syntax.UnlistenStatement:
                // Pools send it with everything else that makes a connection as new; nobody can be listening.
                return new BoundNoOp("UNLISTEN");
            case Syntax.ListenStatement or Syntax.NotifyStatement:
                throw new SqlException("0A000", "LISTEN and NOTIFY are not supported", statement.Position, "use SUBSCRIBE to follow a stream, table or view");
            default:
                throw new SqlException("0A000", "this statement is not supported", statement.Position);
        }
    }

    private BoundNoOp Refresh(Syntax.RefreshStatement s) => Relations.Find(context, s.View) is { Kind: ObjectKind.MaterializedView }
        ? new BoundNoOp("REFRESH MATERIALIZED VIEW")
        : throw new SqlException("42809", $"\"{s.View.Last}\" is not a materialized view", s.View.Position, "a table or a plain view is always what it is");

    private BoundStatement Show(Syntax.ShowStatement s)
    {
        if (s.Kind is Syntax.ShowKind.Setting or Syntax.ShowKind.All)
        {
            return new BoundShow(s.Setting);
        }

        bool ofObject = s.Kind is Syntax.ShowKind.Columns or Syntax.ShowKind.Create || (s.Kind == Syntax.ShowKind.Indexes && s.Object is not null);
        CatalogObject? found = ofObject ? Relations.TryFind(context, s.Object!) ?? Relations.Find(context, s.Object!) : null;
        return new BoundShowObjects(s.Kind, found, ofObject ? null : s.Object?.Last, s.Like);
    }

    private BoundDeclareCursor Cursor(Syntax.DeclareCursorStatement s)
    {
        var dml = new DmlBinder(context);
        if (s.Subscribe is null)
        {
            return new BoundDeclareCursor(s.Name.Text, dml.Answer(s.Query!), s.Hold) { Binary = s.Binary, Scroll = s.Scroll };
        }

        if (s.Scroll == true)
        {
            throw new SqlException("0A000", "a cursor over SUBSCRIBE cannot scroll", s.Position, "changes are told once, in their order: leave SCROLL out");
        }

        if (new SubscriptionBinder(context).Cursor(s) is { } retained)
        {
            return retained;
        }

        BoundSubscribe subscribe = dml.Subscribe(s.Subscribe);
        return new BoundDeclareCursor(s.Name.Text, subscribe.Query, s.Hold)
        {
            Binary = s.Binary,
            Scroll = s.Scroll,
            Subscribe = subscribe with { Query = subscribe.Query with { DependsOn = [.. context.DependsOn] } },
        };
    }

    private static long? Timeout(IReadOnlyList<Syntax.Option> options)
    {
        long? micros = null;
        foreach (Syntax.Option option in options)
        {
            if (option.Key != "timeout")
            {
                throw new SqlException("22023", $"unrecognized FETCH option \"{option.Key}\"", option.Position, "there is timeout, such as timeout = '1s'");
            }

            micros = option.Text is { } text && TimeoutOf(text) is >= 0 and <= TimeoutMax and var given ? given
                : throw new SqlException("22023", "the timeout of FETCH is not a length of time up to a day", option.Position, "write timeout = '1s', or '0s' to wait for nothing");
        }

        return micros;
    }

    private static long? TimeoutOf(string text)
    {
        ColumnBuilder builder = ColumnBuilder.For(SqlType.Interval);
        try
        {
            TextParse.Append(builder, System.Text.Encoding.UTF8.GetBytes(text));
        }
        catch (SqlException)
        {
            return null;
        }

        Interval interval = ((FixedColumn<Interval>)builder.ToColumn()).Values[0];
        return interval.Months == 0 ? interval.Micros + (interval.Days * TimeoutMax) : null;
    }

    private BoundPrepare Prepare(Syntax.PrepareStatement s)
    {
        if (s.Target is Syntax.UserStatement or Syntax.CreateTokenStatement or Syntax.GrantStatement or Syntax.CreateAlertStatement)
        {
            // A password would be kept with the text as long as the session lasts.
            throw new SqlException("42601", "statements about users, tokens and alerts cannot be prepared", s.Target.Position, "run it at once");
        }

        SqlType[] types = [.. s.Types.Select(TypeNames.Resolve)];
        BoundStatement bound = new Binder(context.Catalog, context.Functions, context.Options with { ParameterTypes = types }).Bind(s.Target);
        return new BoundPrepare(s.Name.Text, types, s.Target, bound);
    }

    private BoundExecute Execute(Syntax.ExecuteStatement s)
    {
        var binder = new ExprBinder(context, new QueryBinder(context), Scope.Empty(null, null), null) { Clause = "EXECUTE parameters" };
        return new BoundExecute(s.Name.Text, [.. s.Args.Select(binder.Bind)]);
    }
}
