// What all parts of a binder share while one statement is bound.
using System.Runtime.CompilerServices;
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>What all parts of a binder share while one statement is bound.</summary>
internal sealed class BindContext(CatalogSnapshot catalog, FunctionCatalog functions, BindOptions options)
{
    private readonly List<CatalogObject> _views = [];

    /// <summary>The names there are: looked up along the session's path in the statement itself, in public in the texts of views and functions.</summary>
    public CatalogSnapshot Catalog { get; private set; } = catalog;

    /// <summary>The schema of each name that the statement writes without one, where the session's path is not public alone.</summary>
    public Dictionary<Syntax.ObjectName, string> Schemas { get; } = new(ReferenceEqualityComparer.Instance);

    public FunctionCatalog Functions { get; } = functions;

    public BindOptions Options { get; } = options;

    /// <summary>Types of the parameters so far; unknown until a use gives them one.</summary>
    public List<SqlType> Parameters { get; } = [.. options.ParameterTypes.Select(t => t ?? SqlType.Unknown)];

    /// <summary>Names of the parameters by index; empty where they have numbers only.</summary>
    public IReadOnlyList<string> ParameterNames { get; set; } = options.ParameterNames;

    /// <summary>How many parameters there may be.</summary>
    public int ParametersMax { get; set; } = 65535;

    /// <summary>Parameters that the statement uses, by index.</summary>
    public HashSet<int> UsedParameters { get; } = [];

    /// <summary>True while a query is bound that is kept up to date or followed, and not run once.</summary>
    public bool FollowsChanges { get; set; }

    /// <summary>True while the text of a view is bound: positions are not those of the statement.</summary>
    public bool IsInsideView => _views.Count > 0;

    /// <summary>Identities of the objects read.</summary>
    public SortedSet<int> DependsOn { get; } = [];

    /// <summary>Identities of the relations that the statement itself names.</summary>
    public SortedSet<int> Named { get; } = [];

    /// <summary>True while the text of a view is bound.</summary>
    public bool IsInView => _views.Count > 0;

    /// <summary>How many times the statement names a file to read.</summary>
    public int FilesRead { get; set; }

    /// <summary>Identities of the functions written in SQL whose calls were replaced by their bodies.</summary>
    public SortedSet<int> FunctionsUsed { get; } = [];

    /// <summary>How many bodies of such functions are being bound, one within the other.</summary>
    public int FunctionDepth { get; set; }

    public List<string> Notices { get; } = [];

    /// <summary>Where in the text an expression came from, by identity of the expression.</summary>
    public Dictionary<ScalarExpr, int> Positions { get; } = new(ReferenceEqualityComparer.Instance);

    /// <summary>What plans do not show of where their columns come from, by identity of the plan.</summary>
    public Dictionary<PlanNode, OriginFact> Origins { get; } = new(ReferenceEqualityComparer.Instance);

    /// <summary>Throws when the stack is nearly used up: an overflow could not be caught.</summary>
    public static void CheckDepth(int position)
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw new SqlException("54001", "stack depth limit exceeded", position, "split the statement: its parts are nested too deeply");
        }
    }

    /// <summary>Runs <paramref name="bind"/> for the text of a view, so that a view can never contain itself.</summary>
    public T InsideView<T>(CatalogObject view, Func<T> bind)
    {
        if (_views.Exists(v => v.Id == view.Id) || _views.Count > 64)
        {
            throw new SqlException("42P17", $"infinite recursion detected in rules for relation \"{view.Namespace}.{view.Name}\"");
        }

        _views.Add(view);
        T result = InPublic(bind);
        _views.RemoveAt(_views.Count - 1);
        return result;
    }

    /// <summary>Runs <paramref name="bind"/> for a text that is kept: what it names without a schema is in public, whoever reads it.</summary>
    public T InPublic<T>(Func<T> bind)
    {
        CatalogSnapshot catalog = Catalog;
        Catalog = catalog.WithPath(["public"]);
        try
        {
            return bind();
        }
        finally
        {
            Catalog = catalog;
        }
    }

    /// <summary>Notes the schema of a name that the statement writes without one, so that it can be kept with it.</summary>
    public void Qualify(Syntax.ObjectName name, string schema)
    {
        if (Catalog.PathKey.Length > 0)
        {
            Schemas[name] = schema;
        }
    }

    /// <summary>An object as the view that is being bound knows it: without the columns added after the view was made.</summary>
    public CatalogObject AsSeenByView(CatalogObject found)
    {
        CatalogObject? view = _views.Count == 0 ? null : _views[^1];
        for (int i = 0; i < view?.InputWidths.Count; i++)
        {
            if (view.DependsOn[i] == found.Id && view.InputWidths[i] < found.Columns.Count)
            {
                return found with { Columns = new Schema([.. found.Columns.Fields.Take(view.InputWidths[i])]) };
            }
        }

        return found;
    }

    /// <summary>Parses the text of a view, one statement.</summary>
    public Syntax.Statement Parse(string text) => Options.Parse is { } parse ? parse(text) : Syntax.SqlParser.Parse(text) is [var statement]
        ? statement
        : throw new BugException("BUG: a view's text is not one statement");

    /// <summary>Gives a parameter its type; the first use decides.</summary>
    public SqlType SetParameter(int index, SqlType type)
    {
        if (Parameters[index].Id == TypeId.Unknown)
        {
            Parameters[index] = type;
        }

        return Parameters[index];
    }
}
