// PostgreSQL's choice among functions or operators of one name by the types of the arguments.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>A candidate for a call: what scalar functions, aggregates and window functions have in common.</summary>
/// <param name="Function">The candidate itself.</param>
/// <param name="Parameters">Its parameters.</param>
/// <param name="Variadic">True when the last parameter may repeat.</param>
/// <param name="Optional">How many trailing parameters may be left out.</param>
/// <param name="Returns">The result's type.</param>
internal sealed record Candidate(
    object Function, IReadOnlyList<ParameterType> Parameters, bool Variadic, int Optional, Func<IReadOnlyList<SqlType>, SqlType> Returns)
{
    public static Candidate Of(ScalarFunction f) => new(f, f.Parameters, f.Variadic, f.Optional, f.Returns);

    public static Candidate Of(AggregateFunction f) => new(f, f.Parameters, false, 0, f.Returns);

    public static Candidate Of(WindowFunction f) => new(f, f.Parameters, false, f.Optional, f.Returns);

    /// <summary>True when it can be called with that many arguments.</summary>
    public bool Takes(int count) =>
        count >= Parameters.Count - Optional - (Variadic ? 1 : 0) && (Variadic || count <= Parameters.Count);

    /// <summary>The parameter that an argument goes to.</summary>
    public ParameterType At(int argument) => Parameters[Math.Min(argument, Parameters.Count - 1)];
}

/// <summary>A candidate chosen.</summary>
/// <param name="Candidate">Which.</param>
/// <param name="ArgumentTypes">What the arguments must be converted to; unknown leaves one as it is.</param>
internal sealed record Resolution(Candidate Candidate, IReadOnlyList<SqlType> ArgumentTypes);

/// <summary>Chooses among overloads as PostgreSQL does (chapter 10 of its manual).</summary>
internal static class OverloadResolver
{
    /// <summary>The best candidate; null with <paramref name="ambiguous"/> telling whether none or several fit.</summary>
    public static Resolution? Resolve(
        IReadOnlyList<Candidate> candidates, IReadOnlyList<SqlType> arguments, bool isOperator, FunctionCatalog functions, out bool ambiguous)
    {
        ambiguous = false;
        List<Candidate> fitting = [.. candidates.Where(c => c.Takes(arguments.Count))];
        if (Exact(fitting, arguments) is { } exact)
        {
            return Bound(exact, arguments, functions);
        }

        if (isOperator && arguments.Count == 2 && arguments[0].Id == TypeId.Unknown != (arguments[1].Id == TypeId.Unknown))
        {
            SqlType known = arguments[0].Id == TypeId.Unknown ? arguments[1] : arguments[0];
            if (Exact(fitting, [known, known]) is { } assumed)
            {
                return Bound(assumed, [known, known], functions);
            }
        }

        List<Resolution> possible = [.. fitting.Select(c => Bound(c, arguments, functions)).OfType<Resolution>()];
        if (possible.Count > 1)
        {
            possible = Best(possible, r => Enumerable.Range(0, arguments.Count).Count(i => IsExact(r, i, arguments[i])));
        }

        if (possible.Count > 1)
        {
            possible = Best(possible, r => Enumerable.Range(0, arguments.Count).Count(i =>
                arguments[i].Id != TypeId.Unknown && (IsExact(r, i, arguments[i]) || PrefersAt(r, i, arguments[i]))));
        }

        if (possible.Count > 1 && arguments.Any(a => a.Id == TypeId.Unknown))
        {
            possible = ByCategory(possible, arguments);
        }

        if (possible.Count > 1)
        {
            possible = AssumeSame(possible, arguments, functions);
        }

        if (possible.Count > 1)
        {
            List<Resolution> concrete = [.. possible.Where(r => r.Candidate.Parameters.All(p => p.Type is not null))];

            // Where only polymorphic ones are left, "an array" says more than "anything".
            possible = concrete.Count > 0 ? concrete : Best(possible, r => r.Candidate.Parameters.Count(p => p.Family == Polymorphic.AnyArray));
        }

        ambiguous = possible.Count > 1;
        return possible.Count == 1 ? possible[0] : null;
    }

    private static Candidate? Exact(IEnumerable<Candidate> candidates, IReadOnlyList<SqlType> arguments) =>
        candidates.FirstOrDefault(c => Enumerable.Range(0, arguments.Count).All(i => c.At(i).Type is { } t && t.SameAs(arguments[i])));

    private static bool IsExact(Resolution r, int i, SqlType argument) => r.Candidate.At(i).Type is { } t && t.SameAs(argument);

    private static bool PrefersAt(Resolution r, int i, SqlType argument) =>
        TypeRules.IsPreferred(r.ArgumentTypes[i]) && TypeRules.Category(r.ArgumentTypes[i]) == TypeRules.Category(argument);

    private static List<Resolution> Best(List<Resolution> list, Func<Resolution, int> score)
    {
        int best = list.Max(score);
        return [.. list.Where(r => score(r) == best)];
    }

    /// <summary>Untyped literals: prefer text where some candidate takes it, else the one category that all agree on, and its preferred type.</summary>
    private static List<Resolution> ByCategory(List<Resolution> list, IReadOnlyList<SqlType> arguments)
    {
        for (int i = 0; i < arguments.Count && list.Count > 1; i++)
        {
            if (arguments[i].Id != TypeId.Unknown)
            {
                continue;
            }

            char[] categories = [.. list.Where(r => r.ArgumentTypes[i].Id != TypeId.Unknown)
                .Select(r => TypeRules.Category(r.ArgumentTypes[i])).Distinct()];
            char category = categories.Contains('S') ? 'S' : categories.Length == 1 ? categories[0] : '?';
            if (category == '?')
            {
                continue;
            }

            List<Resolution> kept = [.. list.Where(r => TypeRules.Category(r.ArgumentTypes[i]) == category)];
            List<Resolution> preferred = [.. kept.Where(r => TypeRules.IsPreferred(r.ArgumentTypes[i]))];
            list = preferred.Count > 0 ? preferred : kept.Count > 0 ? kept : list;
        }

        return list;
    }

    /// <summary>When all typed arguments have one type, the untyped ones are taken to have it too.</summary>
    private static List<Resolution> AssumeSame(List<Resolution> list, IReadOnlyList<SqlType> arguments, FunctionCatalog functions)
    {
        SqlType[] known = [.. arguments.Where(a => a.Id != TypeId.Unknown)];
        if (known.Length == 0 || known.Length == arguments.Count || !known.All(t => t.SameAs(known[0])))
        {
            return list;
        }

        SqlType[] assumed = [.. arguments.Select(_ => known[0])];
        Resolution[] fits = [.. list.Select(r => Bound(r.Candidate, assumed, functions)).OfType<Resolution>()];
        return fits.Length == 1 ? [fits[0]] : list;
    }

    /// <summary>The types the arguments are converted to for a candidate; null when one cannot be.</summary>
    private static Resolution? Bound(Candidate candidate, IReadOnlyList<SqlType> arguments, FunctionCatalog functions)
    {
        var elements = new List<SqlType>();
        bool polymorphic = false;
        for (int i = 0; i < arguments.Count; i++)
        {
            ParameterType p = candidate.At(i);
            if (p.Type is not null)
            {
                if (!TypeRules.IsImplicit(arguments[i], p.Type, functions))
                {
                    return null;
                }
            }
            else if (p.Family == Polymorphic.AnyElement)
            {
                polymorphic = true;
                elements.Add(arguments[i]);
            }
            else if (p.Family == Polymorphic.AnyArray)
            {
                polymorphic = true;
                if (arguments[i].Id == TypeId.Array)
                {
                    elements.Add(arguments[i].Element!);
                }
                else if (arguments[i].Id != TypeId.Unknown)
                {
                    return null;
                }
            }
        }

        SqlType? element = null;
        if (polymorphic)
        {
            element = TypeRules.Common(elements, functions);
            if (element is null || elements.Any(e => !TypeRules.IsImplicit(e, element, functions)))
            {
                return null;
            }

            element = TypeRules.Plain(element);
        }

        return new Resolution(candidate, [.. arguments.Select((a, i) => candidate.At(i) switch
        {
            { Type: { } fixedType } => fixedType,
            { Family: Polymorphic.AnyElement } => element!,
            { Family: Polymorphic.AnyArray } => SqlType.ArrayOf(element!),
            _ => a,
        })]);
    }
}
