// A prepared statement of a local session.
using Millrace.Core;
using Millrace.Engine;
using Millrace.Sql;
using Millrace.Sql.Syntax;

namespace Millrace.Sessions;

/// <summary>A statement bound against a version of the catalog; bound again when the catalog has changed since.</summary>
internal sealed class LocalPrepared(LocalSession session, Statement statement, string script, IReadOnlyList<SqlType?>? parameterTypes) : PreparedStatement
{
    private long _version = -1;

    /// <summary>The text that the statement came in; positions count from its start.</summary>
    public string Script { get; } = script;
    private BoundStatement? _bound;

    public Statement Statement { get; } = statement;

    public BoundStatement Bound => _bound!;

    /// <summary>The statement alone, cut out of the script it came in.</summary>
    public override string Text { get; } = statement.End < 0 ? script : script[statement.Position..statement.End];

    public override IReadOnlyList<SqlType> Parameters => Bound.Parameters;

    public override Schema? Columns => session.ColumnsOf(Bound);

    public void Rebind()
    {
        CatalogSnapshot catalog = session.Catalog;
        _bound = DatabaseEngine.Bind(Statement, catalog, Script, parameterTypes);
        _version = catalog.Version;
    }

    public void RebindWhenCatalogChanged()
    {
        if (_version != session.Catalog.Version)
        {
            Rebind();
        }
    }
}
