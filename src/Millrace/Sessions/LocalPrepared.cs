// A prepared statement of a local session.
using Millrace.Core;
using Millrace.Engine;
using Millrace.Sql;
using Millrace.Sql.Syntax;

namespace Millrace.Sessions;

/// <summary>A statement bound against a version of the catalog; bound again when the catalog has changed since.</summary>
internal sealed class LocalPrepared(LocalSession session, Statement statement, string script, IReadOnlyList<SqlType?>? parameterTypes) : PreparedStatement
{
    private BoundStatement? _bound;
    private Schema? _told;

    /// <summary>The text that the statement came in; positions count from its start.</summary>
    public string Script { get; } = script;

    /// <summary>The version of the catalog that it is bound against.</summary>
    public long Version { get; private set; } = -1;

    // The path that its names were looked up along.
    private string _path = "";

    public Statement Statement { get; } = statement;

    public BoundStatement Bound => _bound!;

    /// <summary>The lookup that it is, when it is no more than that.</summary>
    public PointRead? Point { get; private set; }

    /// <summary>The values of such a one that came in the text; then <see cref="Bound"/> has parameters in their places, and is told of as if it had none.</summary>
    public IReadOnlyList<LiteralExpr>? Constants { get; private set; }

    /// <summary>The statement alone, cut out of the script it came in.</summary>
    public override string Text { get; } = statement.End < 0 ? script : script[statement.Position..statement.End];

    public override IReadOnlyList<SqlType> Parameters => Bound.Parameters;

    /// <summary>The columns of its rows. Whoever has been told them relies on them: they do not change afterwards.</summary>
    public override Schema? Columns => _told = session.ColumnsOf(Bound);

    public override IReadOnlyList<(int Relation, int Attribute)> Origins =>
        [.. session.OriginsOf(Bound).Select(o => o == ColumnOrigin.None ? (0, 0) : (Oids.Of(o.ObjectId), o.Column + 1))];

    public override bool IsLookup => Point is not null;

    public void Rebind()
    {
        CatalogSnapshot catalog = session.Catalog;
        (PointRead Read, LiteralExpr[] Values)? point = null;
        BoundStatement bound = (parameterTypes is null && Statement is QueryStatement query ? session.KnownQueries.Bind(query, catalog, Script, out point) : null)
            ?? DatabaseEngine.Bind(Statement, catalog, Script, parameterTypes, files: session.FilesFor(Statement));
        if (_told is not null && !HaveSameTypes(_told, session.ColumnsOf(bound)))
        {
            // Before anything is executed, and as PostgreSQL says it: drivers know this error and prepare again.
            throw new SqlException("0A000", "cached plan must not change result type", hint: "a column was added or changed meanwhile: prepare the statement again");
        }

        _bound = bound;
        Point = point?.Read ?? (bound is BoundQuery whole ? PointRead.Of(whole) : null);
        Constants = point?.Values;
        Version = catalog.Version;
        _path = catalog.PathKey;
    }

    public void RebindWhenCatalogChanged()
    {
        CatalogSnapshot catalog = session.Catalog;
        if (Version != catalog.Version || _path != catalog.PathKey)
        {
            Rebind();
        }
    }

    private static bool HaveSameTypes(Schema told, Schema? now) =>
        told.Count == now?.Count && told.Fields.Index().All(f => f.Item.Type.SameAs(now[f.Index].Type));
}
