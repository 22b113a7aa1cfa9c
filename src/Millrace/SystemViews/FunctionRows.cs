// pg_proc: the function catalog as PostgreSQL would list it, and the functions that pg_type refers to.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>One function, of whatever kind.</summary>
/// <param name="Oid">Its number.</param>
/// <param name="Name">Its name.</param>
/// <param name="Kind">pg_proc's kind: f, a, w.</param>
/// <param name="Parameters">Its parameters.</param>
/// <param name="Result">Its result's type, null when that depends on the arguments.</param>
/// <param name="Variadic">True when the last parameter may repeat.</param>
internal sealed record FunctionEntry(int Oid, string Name, string Kind, IReadOnlyList<ParameterType> Parameters, SqlType? Result, bool Variadic)
{
    /// <summary>The parameters as SQL.</summary>
    public string Arguments => string.Join(", ", Parameters.Select((p, i) =>
        (Variadic && i == Parameters.Count - 1 ? "VARIADIC " : "") + (p.Type?.ToString() ?? TypeRows.Format(FunctionRows.OidOf(p), null))));
}

/// <summary>Functions by number.</summary>
internal static class FunctionRows
{
    /// <summary>Every function with a name (operators have none) in the catalog's order.</summary>
    public static IEnumerable<FunctionEntry> Entries(FunctionCatalog catalog)
    {
        int oid = Oids.FirstFunction;
        foreach (ScalarFunction f in catalog.Scalars)
        {
            if (f.Name.Length > 0 && (char.IsAsciiLetter(f.Name[0]) || f.Name[0] == '_'))
            {
                yield return new FunctionEntry(oid++, f.Name, "f", f.Parameters, Result(f.Returns, f.Parameters), f.Variadic);
            }
        }

        foreach (AggregateFunction f in catalog.Aggregates)
        {
            yield return new FunctionEntry(oid++, f.Name, "a", f.Parameters, Result(f.Returns, f.Parameters), false);
        }

        foreach (WindowFunction f in catalog.WindowFunctions)
        {
            yield return new FunctionEntry(oid++, f.Name, "w", f.Parameters, Result(f.Returns, f.Parameters), false);
        }
    }

    /// <summary>The function with this number; null when there is none.</summary>
    public static FunctionEntry? Find(SystemContext context, int oid) => Entries(context.Functions).FirstOrDefault(f => f.Oid == oid);

    /// <summary>The oid of a parameter's type.</summary>
    public static int OidOf(ParameterType type) => type switch
    {
        { Type: { } t } => PgType.Of(t).Oid,
        { Family: Polymorphic.AnyElement } => 2283,
        { Family: Polymorphic.AnyArray } => 2277,
        _ => 2276,
    };

    /// <summary>pg_proc.</summary>
    public static void Functions(SystemContext context, RelationRows rows)
    {
        foreach (FunctionEntry f in Entries(context.Functions))
        {
            Add(rows, f.Oid, f.Name, f.Kind, f.Result is null ? 2283 : PgType.Of(f.Result).Oid, [.. f.Parameters.Select(OidOf)]);
        }

        var done = new HashSet<int> { 0 };
        foreach (TypeLine t in TypeRows.Lines.Values)
        {
            for (int i = 0; i < t.Functions.Length; i++)
            {
                if (done.Add(t.Functions[i]))
                {
                    Add(rows, t.Functions[i], t.FunctionNames[i], "f", i is 0 or 2 ? t.Oid : 2275, [i is 0 or 2 ? 2275 : t.Oid]);
                }
            }
        }
    }

    private static void Add(RelationRows rows, int oid, string name, string kind, int result, int[] arguments) => rows.Add(
        ("oid", oid),
        ("proname", name),
        ("pronamespace", 11),
        ("proowner", Oids.Role),
        ("prolang", 12),
        ("procost", 1f),
        ("prokind", kind),
        ("proisstrict", true),
        ("provolatile", "i"),
        ("proparallel", "s"),
        ("pronargs", arguments.Length),
        ("prorettype", result),
        ("proargtypes", arguments),
        ("prosrc", name));

    private static SqlType? Result(Func<IReadOnlyList<SqlType>, SqlType> returns, IReadOnlyList<ParameterType> parameters)
    {
        if (parameters.Any(p => p.Type is null))
        {
            return null;
        }

        return returns([.. parameters.Select(p => p.Type!)]);
    }
}
