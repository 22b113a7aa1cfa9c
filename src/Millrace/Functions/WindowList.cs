// The functions that only make sense over a window. Their bodies are chosen by WindowKind.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>Registers the window functions.</summary>
internal static class WindowList
{
    public static void Register(FunctionRegistry r)
    {
        W(r, "row_number()", WindowKind.RowNumber, "int8", "Number of the row in its partition, from 1");
        W(r, "rank()", WindowKind.Rank, "int8", "Rank with gaps");
        W(r, "dense_rank()", WindowKind.DenseRank, "int8", "Rank without gaps");
        W(r, "percent_rank()", WindowKind.PercentRank, "float8", "(rank − 1) / (rows − 1)");
        W(r, "cume_dist()", WindowKind.CumeDist, "float8", "Share of rows up to this one's peers");
        W(r, "ntile(int4)", WindowKind.Ntile, "int4", "Bucket of equal size the row falls into");
        W(r, "lag(elem, int4, elem)", WindowKind.Lag, "elem", "The value some rows before", 2);
        W(r, "lead(elem, int4, elem)", WindowKind.Lead, "elem", "The value some rows behind", 2);
        W(r, "first_value(elem)", WindowKind.FirstValue, "elem", "The value of the frame's first row");
        W(r, "last_value(elem)", WindowKind.LastValue, "elem", "The value of the frame's last row");
        W(r, "nth_value(elem, int4)", WindowKind.NthValue, "elem", "The value of the frame's n-th row");
    }

    private static void W(FunctionRegistry r, string signature, WindowKind kind, string result, string doc, int optional = 0)
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
            Body = kind,
        });
    }
}
