// SELECT … FROM object WHERE key = value: rows that are looked up by their key, with nothing made for it but their columns.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>
/// A query that is no more than a lookup: every condition compares a column with a value, the columns compared are those that a key or an index begins with, and
/// what is selected are columns. For such a query the operators would cost a hundred times what it does. Everything else is <see cref="QueryRunner"/>'s.
/// Made once for a plan, used with any values, from any thread.
/// </summary>
internal sealed class PointRead
{
    private readonly ScanPlan _scan;
    private readonly Dictionary<int, ScalarExpr> _terms;
    private readonly int[]? _columns;
    private volatile Place? _place;

    private PointRead(ScanPlan scan, Dictionary<int, ScalarExpr> terms, int[]? columns)
    {
        _scan = scan;
        _terms = terms;
        _columns = columns;
    }

    /// <summary>What is read.</summary>
    public CatalogObject Object => _scan.Object;

    /// <summary>The lookup that a query is; null when it is more, or reads what is not kept by key.</summary>
    public static PointRead? Of(BoundQuery query)
    {
        PlanNode plan = query.Plan;
        int[]? columns = null;
        if (plan is ProjectPlan project)
        {
            if (!project.Expressions.All(e => e is ColumnExpr))
            {
                return null;
            }

            columns = [.. project.Expressions.Select(e => ((ColumnExpr)e).Index)];
            plan = project.Input;
        }

        if (query.Order.Count > 0 || plan is not FilterPlan { Input: ScanPlan { Narrowed: false, Object: { Id: > 0, Kind: ObjectKind.Table or ObjectKind.MaterializedView } } scan } filter)
        {
            return null;
        }

        var terms = new Dictionary<int, ScalarExpr>();
        foreach (ScalarExpr term in filter.Predicate is AndExpr and ? and.Arguments : [filter.Predicate])
        {
            if (term is not CallExpr { Function.Name: "=", Arguments: [var a, var b] }
                || (a as ColumnExpr ?? b as ColumnExpr) is not { } column
                || (IsValue(a) ? a : IsValue(b) ? b : null) is not { } value
                || !value.Type.SameAs(column.Type) || !terms.TryAdd(column.Index, value))
            {
                return null;
            }
        }

        return new PointRead(scan, terms, columns);
    }

    /// <summary>The rows; null when the operators must find them.</summary>
    /// <param name="values">By parameter; constants or nothing.</param>
    /// <param name="snapshot">What is read.</param>
    /// <param name="scan">Gives the rows that begin with a prefix, of an object or an index of it.</param>
    public List<Batch>? Run(IReadOnlyList<LiteralExpr> values, DatabaseSnapshot snapshot, Func<CatalogObject, RowRange, IEnumerable<Batch>> scan)
    {
        Place place = _place is { } known && known.Version == snapshot.Catalog.Version ? known : _place = Find(snapshot);
        if (place.Codec is not { } codec)
        {
            return null;
        }

        var key = new Column[place.Terms.Length];
        for (int i = 0; i < key.Length; i++)
        {
            LiteralExpr value = place.Terms[i] is ParameterExpr parameter ? values[parameter.Index] : (LiteralExpr)place.Terms[i];
            if (value.Value is null)
            {
                return []; // nothing equals NULL
            }

            if (!value.Type.SameAs(place.Terms[i].Type))
            {
                return null;
            }

            key[i] = BoxedValue.ToColumn(value.Value, place.Terms[i].Type);
        }

        var encoded = new EncodedRows();
        codec.Encode(new Batch(key, 1), encoded);
        var found = new List<Batch>(1);
        foreach (Batch batch in scan(_scan.Object, new RowRange(place.Id, encoded.Key(0).ToArray())))
        {
            if (batch.Weights is not null)
            {
                return null;
            }

            found.Add(_columns is null ? batch : new Batch(Array.ConvertAll(_columns, c => batch.Columns[c]), batch.Count));
        }

        return found;
    }

    private static bool IsValue(ScalarExpr expr) => expr is ParameterExpr or LiteralExpr;

    // The object itself or an index of it, whose key begins with all columns that are compared and no others.
    private Place Find(DatabaseSnapshot snapshot)
    {
        foreach ((int id, RowLayout layout) in KeyLookup.Places(_scan.Object, snapshot))
        {
            if (layout.Key.Count >= _terms.Count && layout.Key.Take(_terms.Count).All(_terms.ContainsKey))
            {
                int[] columns = [.. layout.Key.Take(_terms.Count)];
                return new Place(snapshot.Catalog.Version, id, RowCodec.Of(layout.Schema, columns, exact: false), Array.ConvertAll(columns, c => _terms[c]));
            }
        }

        return new Place(snapshot.Catalog.Version, 0, null, []);
    }

    /// <summary>Where rows are looked up in one state of the catalog; without a codec nowhere.</summary>
    private sealed record Place(long Version, int Id, RowCodec? Codec, ScalarExpr[] Terms);
}
