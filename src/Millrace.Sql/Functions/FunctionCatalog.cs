// All functions, aggregates and casts a binder may resolve to.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>The functions, operators, aggregates, window functions and casts by name. Filled once by the engine, then read-only.</summary>
public sealed class FunctionCatalog
{
    private readonly Dictionary<string, List<ScalarFunction>> _scalars = [];
    private readonly Dictionary<string, List<AggregateFunction>> _aggregates = [];
    private readonly Dictionary<string, List<WindowFunction>> _windows = [];
    private readonly Dictionary<(TypeId From, TypeId To), CastDescriptor> _casts = [];

    /// <summary>Evaluates an expression without columns and parameters; null until the engine gives its evaluator. May throw <see cref="SqlException"/>.</summary>
    public Func<ScalarExpr, LiteralExpr>? Fold { get; set; }

    /// <summary>System relations that are called in FROM as functions without arguments, by name.</summary>
    public IReadOnlyDictionary<string, CatalogObject> Relations { get; init; } = new Dictionary<string, CatalogObject>();

    /// <summary>The parameters of functions whose arguments may be given by name, with what stands for those that are left out (null: they may not be).</summary>
    public Dictionary<string, IReadOnlyList<(string Name, string? Default)>> ParameterNames { get; } = [];

    /// <summary>Every scalar function and operator.</summary>
    public IEnumerable<ScalarFunction> Scalars => _scalars.Values.SelectMany(f => f);

    /// <summary>Every aggregate.</summary>
    public IEnumerable<AggregateFunction> Aggregates => _aggregates.Values.SelectMany(f => f);

    /// <summary>Every window-only function.</summary>
    public IEnumerable<WindowFunction> WindowFunctions => _windows.Values.SelectMany(f => f);

    /// <summary>Every cast.</summary>
    public IEnumerable<CastDescriptor> Casts => _casts.Values;

    /// <summary>Adds a scalar function or operator.</summary>
    public void Add(ScalarFunction function) => AddTo(_scalars, function.Name, function);

    /// <summary>Adds an aggregate.</summary>
    public void Add(AggregateFunction function) => AddTo(_aggregates, function.Name, function);

    /// <summary>Adds a window function.</summary>
    public void Add(WindowFunction function) => AddTo(_windows, function.Name, function);

    /// <summary>Adds a cast.</summary>
    public void Add(CastDescriptor cast) => _casts.Add((cast.From.Id, cast.To.Id), cast);

    /// <summary>The overloads of a scalar function or operator; empty when there is none.</summary>
    public IReadOnlyList<ScalarFunction> FindScalars(string name) => _scalars.TryGetValue(name, out List<ScalarFunction>? list) ? list : [];

    /// <summary>The overloads of an aggregate; empty when there is none.</summary>
    public IReadOnlyList<AggregateFunction> FindAggregates(string name) => _aggregates.TryGetValue(name, out List<AggregateFunction>? list) ? list : [];

    /// <summary>The overloads of a window function; empty when there is none.</summary>
    public IReadOnlyList<WindowFunction> FindWindowFunctions(string name) => _windows.TryGetValue(name, out List<WindowFunction>? list) ? list : [];

    /// <summary>The cast between two simple types, or null. Array casts element by element are made by the binder's caller.</summary>
    public CastDescriptor? FindCast(SqlType from, SqlType to) => _casts.GetValueOrDefault((from.Id, to.Id));

    private static void AddTo<T>(Dictionary<string, List<T>> map, string name, T function)
    {
        if (!map.TryGetValue(name, out List<T>? list))
        {
            map.Add(name, list = []);
        }

        list.Add(function);
    }
}
