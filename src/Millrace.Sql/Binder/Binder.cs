// Statement to bound statement: resolves names and types against one state of the catalog, and plans queries.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>
/// Binds statements: resolves every name and type against one state of the catalog and turns queries into plans. Pure: no clock, no I/O. One
/// binder binds one statement.
/// </summary>
/// <param name="catalog">The objects that names may stand for.</param>
/// <param name="functions">The functions, operators, aggregates and casts.</param>
/// <param name="options">Parameter types and the statement's text.</param>
public sealed class Binder(CatalogSnapshot catalog, FunctionCatalog functions, BindOptions options)
{
    private readonly BindContext _context = new(catalog, functions, options);

    /// <summary>Binds a statement.</summary>
    /// <exception cref="SqlException">The statement names what is not there, mixes types that do not mix, or asks for what is not supported.</exception>
    public BoundStatement Bind(Syntax.Statement statement)
    {
        BoundStatement bound = Dispatch(statement);
        return bound with
        {
            Parameters = [.. _context.Parameters.Select(p => p.Id == TypeId.Unknown ? SqlType.Text : p)],
            DependsOn = [.. _context.DependsOn],
            Named = [.. _context.Named],
            ReadsFiles = bound.ReadsFiles || _context.FilesRead > 0,
            Notices = [.. bound.Notices, .. _context.Notices.Distinct()],
            Qualified = _context.Schemas.Count == 0 || !IsKept(statement) ? null : Syntax.SqlFormatter.Format(statement, _context.Schemas),
        };
    }

    /// <summary>Binds the query of an endpoint, with parameters in the endpoint's order.</summary>
    /// <param name="endpoint">The endpoint.</param>
    /// <param name="follow">True to follow its answer, false to read it once.</param>
    /// <exception cref="SqlException">Something it reads has changed so that it does not work any more.</exception>
    public BoundQuery BindEndpoint(CatalogObject endpoint, bool follow = false)
    {
        BoundQuery query = new EndpointBinder(_context).Query(endpoint);
        query = follow ? DmlBinder.Followed(_context, query, -1) : query;
        return query with { Parameters = [.. _context.Parameters], DependsOn = [.. _context.DependsOn] };
    }

    /// <summary>Binds an expression without columns, such as a column's default; converted by assignment.</summary>
    /// <param name="expr">The expression.</param>
    /// <param name="type">The type wanted.</param>
    /// <exception cref="SqlException">It has columns, or is of another type.</exception>
    public ScalarExpr BindConstant(Syntax.Expr expr, SqlType type) => new DmlBinder(_context).Default(expr, type, "expression");

    // What goes into the catalog's history means the same wherever it is read again.
    private static bool IsKept(Syntax.Statement statement) => statement is Syntax.CreateTableStatement or Syntax.CreateViewStatement or Syntax.CreateIndexStatement
        or Syntax.CreateEndpointStatement or Syntax.CreateAlertStatement or Syntax.CreateSubscriptionStatement or Syntax.CreateSinkStatement or Syntax.CommentStatement or Syntax.GrantStatement
        or Syntax.DropStatement or Syntax.AlterStatement;

    private BoundStatement Dispatch(Syntax.Statement statement)
    {
        switch (statement)
        {
            case Syntax.QueryStatement s:
                return new DmlBinder(_context).Answer(s.Query);
            case Syntax.InsertStatement s:
                return new InsertBinder(_context).Bind(s);
            case Syntax.UpdateStatement s:
                return new DmlBinder(_context).Update(s);
            case Syntax.DeleteStatement s:
                return new DmlBinder(_context).Delete(s);
            case Syntax.TruncateStatement s:
                return new DmlBinder(_context).Truncate(s);
            case Syntax.CopyStatement s:
                return new CopyBinder(_context).Bind(s);
            case Syntax.SubscribeStatement s:
                return new DmlBinder(_context).Subscribe(s);
            case Syntax.CreateTableStatement { Kind: Syntax.ObjectKind.Stream, AsQuery: { Body: Syntax.SelectBody { From: [Syntax.ChangelogTable] } } } s:
                return new DdlBinder(_context).CreateChangelog(s);
            case Syntax.CreateTableStatement s:
                return new CreateTableBinder(_context).Bind(s);
            case Syntax.CreateViewStatement s:
                return new DdlBinder(_context).CreateView(s);
            case Syntax.CreateIndexStatement s:
                return new DdlBinder(_context).CreateIndex(s);
            case Syntax.CreateEndpointStatement s:
                return new EndpointBinder(_context).Create(s);
            case Syntax.CreateAlertStatement s:
                return new AlertBinder(_context).Create(s);
            case Syntax.CreateFunctionStatement s:
                return new FunctionBinder(_context).Create(s);
            case Syntax.CreateSinkStatement s:
                return new SinkBinder(_context).Create(s);
            case Syntax.CreateSubscriptionStatement s:
                return new SubscriptionBinder(_context).Create(s);
            case Syntax.CreateSchemaStatement s:
                return new SchemaBinder(_context).Create(s);
            case Syntax.DropStatement { Kind: Syntax.ObjectKind.Schema } s:
                return new SchemaBinder(_context).Drop(s);
            case Syntax.AlterStatement { Kind: Syntax.ObjectKind.Schema } s:
                return new SchemaBinder(_context).Alter(s);
            case Syntax.CommentStatement s:
                return new DdlBinder(_context).Comment(s);
            case Syntax.UserStatement s:
                return new AccessBinder(_context).User(s);
            case Syntax.CreateTokenStatement s:
                return new AccessBinder(_context).Token(s);
            case Syntax.GrantStatement s:
                return new AccessBinder(_context).Grant(s);
            case Syntax.DropStatement s:
                return new DdlBinder(_context).Drop(s);
            case Syntax.AlterSystemStatement s:
                return SystemSettings.Bind(s);
            case Syntax.AlterStatement s:
                return new DdlBinder(_context).Alter(s);
            case Syntax.ExplainStatement s:
                return new BoundExplain(new Binder(_context.Catalog, _context.Functions, _context.Options).Bind(s.Target), s.Analyze);
            default:
                return new SessionBinder(_context).Bind(statement);
        }
    }
}
