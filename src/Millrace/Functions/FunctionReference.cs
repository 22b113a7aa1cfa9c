// The reference of functions and operators, written from what they say of themselves: docs/sql-functions.md.
using System.Text;
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>Writes the reference.</summary>
internal static class FunctionReference
{
    /// <summary>Between an example's expression and its result.</summary>
    public const string Gives = " → ";

    /// <summary>The heading of what clients ask of PostgreSQL's catalog: no examples, most of it is there so that tools work.</summary>
    public const string CatalogGroup = "System information";

    /// <summary>The rows that the examples of aggregates and window functions are over.</summary>
    public const string SampleRows = """
        (VALUES
          (1, 2.0::float8, 'ann', true,  TIMESTAMPTZ '2026-01-01 00:00:00+00'),
          (2, 4.0,         'bob', true,  '2026-01-01 00:00:10+00'),
          (2, 5.0,         'cas', false, '2026-01-01 00:00:20+00'),
          (4, 9.0,         'dan', NULL,  '2026-01-01 00:00:30+00')) AS t (x, y, name, ok, ts)
        """;

    private const int TypesMax = 7;

    /// <summary>The whole page.</summary>
    public static string Write(FunctionCatalog catalog)
    {
        string[] groups = [.. catalog.Scalars.Select(f => f.Group).Distinct().OrderBy(g => g == CatalogGroup)];
        IGrouping<string, ScalarFunction>[] scalars = [.. catalog.Scalars.Where(f => !SpecialForms.IsInner(f.Name)).GroupBy(f => f.Name)];
        IGrouping<string, AggregateFunction>[] aggregates = [.. catalog.Aggregates.Where(f => !SpecialForms.IsInner(f.Name)).GroupBy(f => f.Name)];
        int operators = scalars.Count(f => IsOperator(f.Key));
        int windows = catalog.WindowFunctions.Count();
        var page = new StringBuilder();
        page.Append(System.Globalization.CultureInfo.InvariantCulture, $"""
            # Functions and operators

            Written by `./dev docs` from what the functions say of themselves, and compared with it by a test; so is every example with its result.

            {scalars.Length - operators + aggregates.Length + windows + SpecialForms.All.Count} functions and forms, {operators} operators.
            Names are PostgreSQL's where it has the function, and so are the results.
            A NULL argument gives NULL unless the text says otherwise. `/` stands between types that are taken alike.


            """);
        Table(page, "Forms with a syntax of their own", SpecialForms.All.Select(f => (f.Form, f.Doc, f.Example)));
        foreach (string group in groups)
        {
            Table(page, group, scalars.Where(f => f.First().Group == group).OrderBy(f => IsOperator(f.Key) ? 0 : 1).ThenBy(f => f.Key, StringComparer.Ordinal).Select(f =>
                (Forms([.. f.Select(o => (Form(o), Result(o.Returns, o.Parameters)))]), Docs(f.Select(o => o.Doc)),
                    f.Select(o => o.Example).FirstOrDefault(e => e.Contains(Gives, StringComparison.Ordinal)) ?? "")));
        }

        page.Append("## Aggregates\n\nExact also when rows are taken back or changed. Each takes `FILTER (WHERE …)`, and `DISTINCT` where that changes anything. The examples are over\n\n```sql\n")
            .Append(SampleRows).Append("\n```\n\n");
        Table(page, null, aggregates.OrderBy(f => f.Key, StringComparer.Ordinal).Select(f =>
            (Forms([.. f.Select(o => (Form(o), Result(o.Returns, o.Parameters)))]), Docs(f.Select(o => o.Doc)), f.First().Example)));
        page.Append("## Window functions\n\nCalled `OVER (PARTITION BY … ORDER BY … frame)`, as every aggregate may be. The examples give one value for each row above.\n\n");
        Table(page, null, catalog.WindowFunctions.OrderBy(f => f.Name, StringComparer.Ordinal).Select(f =>
            (Forms([(Form(f.Name, f.Parameters, f.Optional, false), Result(f.Returns, f.Parameters))]), f.Doc, f.Example)));
        Casts(page, catalog);
        return page.ToString();
    }

    /// <summary>True for names that are written between or in front of their arguments.</summary>
    public static bool IsOperator(string name) => !char.IsLetter(name[0]) && name[0] != '_';

    private static void Table(StringBuilder page, string? heading, IEnumerable<(string Form, string Doc, string Example)> rows)
    {
        if (heading is not null)
        {
            page.Append("## ").Append(heading).Append("\n\n");
        }

        page.Append("| form | what it gives | example |\n| --- | --- | --- |\n");
        foreach ((string form, string doc, string example) in rows)
        {
            string[] parts = example.Split(Gives, 2);
            string shown = example.Length == 0 ? "" : parts.Length == 2 ? $"{Code(parts[0])}{Gives}{Code(parts[1])}" : Code(example);
            page.Append("| ").Append(form).Append(" | ").Append(Escaped(doc)).Append(" | ").Append(shown).Append(" |\n");
        }

        page.Append('\n');
    }

    private static void Casts(StringBuilder page, FunctionCatalog catalog)
    {
        page.Append("## Conversions\n\nWritten `CAST(x AS type)` or `x::type`. *By itself* where an expression needs the type, *when stored* in a column, else only where it is written.\n\n")
            .Append("| from | by itself | when stored | when written |\n| --- | --- | --- | --- |\n");
        foreach (IGrouping<string, CastDescriptor> from in catalog.Casts.GroupBy(c => c.From.ToString()).OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            string To(CastContext context) => string.Join(", ", from.Where(c => c.Context == context).Select(c => c.To.ToString()).Order(StringComparer.Ordinal));
            page.Append(System.Globalization.CultureInfo.InvariantCulture, $"| {from.Key} | {To(CastContext.Implicit)} | {To(CastContext.Assignment)} | {To(CastContext.Explicit)} |\n");
        }
    }

    // Overloads that differ in types only are one form, with the types of each place.
    private static string Forms(IReadOnlyList<((string Name, string[][] Places, bool Variadic, int Optional) Form, string Result)> overloads)
    {
        var lines = new List<string>();
        foreach (var alike in overloads.GroupBy(o => (o.Form.Places.Length, o.Form.Variadic, o.Form.Optional)))
        {
            string[] places = [.. Enumerable.Range(0, alike.Key.Length).Select(i => Types(alike.SelectMany(o => o.Form.Places[i])))];
            string result = Types(alike.Select(o => o.Result));
            lines.Add($"{Code(Call(alike.First().Form.Name, places, alike.Key.Variadic, alike.Key.Optional))}{Gives}{Escaped(result)}");
        }

        return string.Join("<br>", lines);
    }

    private static string Call(string name, string[] places, bool variadic, int optional)
    {
        if (IsOperator(name))
        {
            return name == "[]" ? $"{places[0]}[{places[1]}]" : name == "[:]" ? $"{places[0]}[{places[1]}:{places[2]}]"
                : places.Length == 1 ? $"{name} {places[0]}" : $"{places[0]} {name} {places[1]}";
        }

        var call = new StringBuilder(name).Append('(');
        for (int i = 0; i < places.Length; i++)
        {
            call.Append(i >= places.Length - optional ? i > 0 ? " [, " : "[" : i > 0 ? ", " : "").Append(places[i]);
        }

        return call.Append(variadic ? ", …" : "").Append(']', optional).Append(')').ToString();
    }

    private static (string Name, string[][] Places, bool Variadic, int Optional) Form(ScalarFunction f) => Form(f.Name, f.Parameters, f.Optional, f.Variadic);

    private static (string Name, string[][] Places, bool Variadic, int Optional) Form(AggregateFunction f) =>
        f.Hypothetical ? (f.Name, [["any"]], true, 0) : f.Name == "count" && f.Parameters.Count == 0 ? (f.Name, [["*"]], false, 0) : Form(f.Name, f.Parameters, 0, false);

    private static (string Name, string[][] Places, bool Variadic, int Optional) Form(string name, IReadOnlyList<ParameterType> parameters, int optional, bool variadic) =>
        (name, [.. parameters.Select(p => new[] { TypeName(p) })], variadic, optional);

    private static string Types(IEnumerable<string> types)
    {
        string[] different = [.. types.Distinct()];
        return different.Length <= TypesMax ? string.Join(" / ", different) : "any type";
    }

    private static string TypeName(ParameterType p) => p.Type?.ToString() ?? p.Family switch
    {
        Polymorphic.AnyArray => "array",
        Polymorphic.AnyElement => "value",
        _ => "any",
    };

    private static string Result(Func<IReadOnlyList<SqlType>, SqlType> returns, IReadOnlyList<ParameterType> parameters)
    {
        // What it gives for a type that nothing else has: where it comes back, it is the argument's.
        SqlType[] actual = [.. parameters.Select(p => p.Type ?? (p.Family == Polymorphic.AnyArray ? SqlType.ArrayOf(SqlType.Uuid) : SqlType.Uuid))];
        SqlType result = returns(actual);
        bool own = parameters.All(p => p.Type is null || !p.Type.Equals(SqlType.Uuid)) && parameters.Any(p => p.Type is null);
        return !own ? result.ToString() : result.Equals(SqlType.Uuid) ? "value" : result.Equals(SqlType.ArrayOf(SqlType.Uuid)) ? "array" : result.ToString();
    }

    private static string Docs(IEnumerable<string> docs) => string.Join("; ", docs.Distinct());

    private static string Code(string text) => text.Contains('`', StringComparison.Ordinal) ? $"`` {Piped(text)} ``" : $"`{Piped(text)}`";

    private static string Escaped(string text) => Piped(text).Replace("<", "&lt;", StringComparison.Ordinal);

    private static string Piped(string text) => text.Replace("|", "\\|", StringComparison.Ordinal).Replace("\n", " ", StringComparison.Ordinal);
}
