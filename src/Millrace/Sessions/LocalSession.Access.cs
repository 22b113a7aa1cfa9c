// What the session's user may do, looked up anew for each statement, so that what is revoked is gone at once.
using System.Security.Cryptography;
using Millrace.Access;
using Millrace.Core;
using Millrace.Engine;
using Millrace.Files;
using Millrace.Sql;
using Millrace.Sql.Syntax;

namespace Millrace.Sessions;

internal sealed partial class LocalSession
{
    private string? _user;

    public override string? User
    {
        get => _user;
        set
        {
            _user = value;
            _settings.Introduce(value ?? SystemContext.Owner, Principal.MayAll(_database.Catalog, value));
        }
    }

    /// <summary>What the binder is told of files: nothing in a statement whose query is kept, since a file does not say when it changes.</summary>
    internal Func<string, int, CatalogObject>? FilesFor(Statement statement)
    {
        Statement target = statement is ExplainStatement explain ? explain.Target : statement;
        if (target is not (QueryStatement or InsertStatement or UpdateStatement or DeleteStatement or CopyStatement or DeclareCursorStatement or PrepareStatement or CreateTableStatement))
        {
            return null;
        }

        int count = 0;
        return (path, position) =>
        {
            // Before anything is looked at: what is there and what is not is not for everybody to know.
            if (_user is not null && !Principal.MayAll(_database.Catalog, _user))
            {
                throw new SqlException("42501", "permission denied to read files", position, "only a superuser may");
            }

            return FileTables.Open(path, Files, position, ++count);
        };
    }

    /// <summary>Checks that a user may run a statement.</summary>
    /// <param name="user">The user; null for whoever is trusted with everything.</param>
    /// <param name="catalog">What he may do.</param>
    /// <param name="bound">The statement.</param>
    /// <exception cref="SqlException">42501: he may not; 28000: there is no such user any more.</exception>
    internal static void Authorize(string? user, CatalogSnapshot catalog, BoundStatement bound)
    {
        if (user is null)
        {
            return;
        }

        Principal who = Principal.Of(catalog, user) ?? throw new SqlException("28000", $"role \"{user}\" does not exist any more");
        if (who.IsSuperuser)
        {
            return;
        }

        if (bound.ReadsFiles)
        {
            throw new SqlException("42501", "permission denied to read files", hint: "only a superuser may");
        }

        switch (bound)
        {
            case BoundExplain explain:
                Authorize(user, catalog, explain.Inner);
                break;
            case BoundQuery or BoundSubscribe or BoundCopyTo { File: null } or BoundDeclareCursor:
                Read();
                break;
            case BoundInsert b:
                Write(b.Target, reads: b.Returning is not null || b.OnConflict is { Set.Count: > 0 });
                break;
            case BoundUpdate b:
                Write(b.Target, reads: true);
                break;
            case BoundDelete b:
                Write(b.Target, reads: true);
                break;
            case BoundCopyFrom { File: null } b:
                Write(b.Target, reads: false);
                break;
            case BoundTruncate b:
                foreach (CatalogObject target in b.Targets)
                {
                    Write(target, reads: false);
                }

                break;
            case BoundTransaction or BoundSet or BoundReset or BoundShow or BoundShowObjects or BoundDescribe or BoundFlush or BoundNoOp or BoundPrepare or BoundExecute
                or BoundDeallocate or BoundFetch or BoundCloseCursor or BoundDiscard:
                // What is prepared is asked for when it is executed; what a cursor gives was asked for when it was declared.
                break;
            default:
                throw new SqlException("42501", $"must be superuser to run {bound.Tag}");
        }

        // Which rows a condition finds, how many, and what an expression says of a value it cannot take, tells what is there: that is reading.
        void Write(CatalogObject target, bool reads)
        {
            if (!who.CanWrite(target) || (reads && !who.CanRead(target)))
            {
                throw Principal.Denied(target);
            }

            Read();
        }

        void Read()
        {
            // What views read is their maker's affair, not the reader's.
            foreach (int id in bound.Named)
            {
                if (catalog.Find(id) is { } o && !who.CanRead(o))
                {
                    throw Principal.Denied(o);
                }
            }
        }
    }

    // Users and tokens: what is written to the log holds a verifier or a hash in the secret's place.
    private async ValueTask<StatementResult> DefineAccessAsync(BoundStatement bound, LocalPrepared prepared, CancellationToken cancellation)
    {
        if (bound is BoundNoOp)
        {
            return Done(bound);
        }

        RefuseReadOnly(bound);
        await CommitPendingAsync(cancellation).ConfigureAwait(false);
        string? token = null;
        Statement[] statements = (bound.Qualified is { } qualified ? SqlParser.Parse(qualified)[0] : prepared.Statement) switch
        {
            UserStatement { Password: { Length: > 0 } password } s when ScramVerifier.Parse(password) is null =>
                [s with { Password = ScramVerifier.Create(password, RandomNumberGenerator.GetBytes(16)).ToString() }],
            CreateTokenStatement s when s.Options.All(o => o.Key != AccessOptions.Hash) =>
                [s with { Options = [.. s.Options, new Option(AccessOptions.Hash, new StringLiteral(BearerToken.Hash(token = BearerToken.Of(RandomNumberGenerator.GetBytes(32)))))] }],
            GrantStatement s => [.. s.Users.Select(u => s with { Users = [u] })],
            Statement other => [other],
        };
        DefinitionResult? result = null;
        var notices = new List<Notice>();
        foreach (Statement statement in statements)
        {
            string text = SqlFormatter.Format(statement);
            result = await _database.SubmitAsync(new DefinitionRequest(SqlParser.Parse(text)[0], text), cancellation).ConfigureAwait(false);
            notices.AddRange(result.Notices.Select(n => new Notice("01000", n)));
        }

        _transaction?.Refresh(_database.Engine.Current);
        if (bound is not BoundCreateToken)
        {
            return new StatementResult { CommandTag = result!.Tag, Notices = notices, Epoch = result.Epoch };
        }

        Batch row = TextRows.ToBatch(TokenColumns, [[result!.Object!.Name, token]]);
        return new StatementResult
        {
            CommandTag = result.Tag,
            Columns = TokenColumns,
            Batches = [row],
            RowCount = 1,
            Epoch = result.Epoch,
            Notices = token is null ? [] : [new Notice("00000", "the token is told this once: only its hash is kept")],
        };
    }

    private static Schema TokenColumns { get; } = TextRows.Schema("name", "token");
}
