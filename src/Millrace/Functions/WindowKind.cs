// What a window function computes: what descriptors name and the window operator evaluates.
namespace Millrace.Engine;

/// <summary>The body of a window function's descriptor.</summary>
internal enum WindowKind
{
    /// <summary>row_number().</summary>
    RowNumber,
    /// <summary>rank().</summary>
    Rank,
    /// <summary>dense_rank().</summary>
    DenseRank,
    /// <summary>percent_rank().</summary>
    PercentRank,
    /// <summary>cume_dist().</summary>
    CumeDist,
    /// <summary>ntile(buckets).</summary>
    Ntile,
    /// <summary>lag(value, offset = 1, default = null).</summary>
    Lag,
    /// <summary>lead(value, offset = 1, default = null).</summary>
    Lead,
    /// <summary>first_value(value).</summary>
    FirstValue,
    /// <summary>last_value(value).</summary>
    LastValue,
    /// <summary>nth_value(value, n).</summary>
    NthValue,
}
