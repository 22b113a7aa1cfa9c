// The functions that only make sense over a window. Their bodies are chosen by WindowKind.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>Registers the window functions.</summary>
internal static class WindowList
{
    public static void Register(FunctionRegistry r)
    {
        W(r, "row_number()", WindowKind.RowNumber, "int8", "Number of the row in its partition, from 1", "row_number() OVER (ORDER BY x, name) → 1, 2, 3, 4");
        W(r, "rank()", WindowKind.Rank, "int8", "Rank with gaps", "rank() OVER (ORDER BY x) → 1, 2, 2, 4");
        W(r, "dense_rank()", WindowKind.DenseRank, "int8", "Rank without gaps", "dense_rank() OVER (ORDER BY x) → 1, 2, 2, 3");
        W(r, "percent_rank()", WindowKind.PercentRank, "float8", "(rank − 1) / (rows − 1)", "percent_rank() OVER (ORDER BY y) → 0, 0.3333333333333333, 0.6666666666666666, 1");
        W(r, "cume_dist()", WindowKind.CumeDist, "float8", "Share of rows up to this one's peers", "cume_dist() OVER (ORDER BY x) → 0.25, 0.75, 0.75, 1");
        W(r, "ntile(int4)", WindowKind.Ntile, "int4", "Bucket of equal size the row falls into", "ntile(2) OVER (ORDER BY y) → 1, 1, 2, 2");
        W(r, "lag(elem, int4, elem)", WindowKind.Lag, "elem", "The value some rows before", "lag(x) OVER (ORDER BY y) → NULL, 1, 2, 2", 2);
        W(r, "lead(elem, int4, elem)", WindowKind.Lead, "elem", "The value some rows behind", "lead(x, 1, 0) OVER (ORDER BY y) → 2, 2, 4, 0", 2);
        W(r, "first_value(elem)", WindowKind.FirstValue, "elem", "The value of the frame's first row", "first_value(name) OVER (ORDER BY y) → ann, ann, ann, ann");
        W(r, "last_value(elem)", WindowKind.LastValue, "elem", "The value of the frame's last row", "last_value(name) OVER (ORDER BY x) → ann, cas, cas, dan");
        W(r, "nth_value(elem, int4)", WindowKind.NthValue, "elem", "The value of the frame's n-th row", "nth_value(name, 2) OVER (ORDER BY y) → NULL, bob, bob, bob");
    }

    private static void W(FunctionRegistry r, string signature, WindowKind kind, string result, string doc, string example, int optional = 0)
    {
        int open = signature.IndexOf('(');
        ParameterType[] parameters = FunctionRegistry.Parameters(signature[(open + 1)..^1]);
        r.Catalog.Add(new WindowFunction
        {
            Name = signature[..open],
            Parameters = parameters,
            Optional = optional,
            Returns = FunctionRegistry.Result(result, parameters),
            Doc = doc,
            Example = example,
            Body = kind,
        });
    }
}
