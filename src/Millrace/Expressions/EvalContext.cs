// What an expression may know beside its row: the epoch's time, the session's zone, memory for the texts it makes.
using System.Numerics;
using System.Text.RegularExpressions;
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>What happens to a row for which an expression fails.</summary>
internal enum EvalErrors
{
    /// <summary>The <see cref="SqlException"/> surfaces: one-time queries and DML.</summary>
    Throw,
    /// <summary>The value is NULL (a filter drops the row) and the failure is counted: materialized views.</summary>
    Null,
    /// <summary>
    /// The value is NULL and the failure is weighed (<see cref="EvalContext.FailedWeight"/>): for a query that failed, to find out whether a row of its answer fails or one that was taken back.
    /// </summary>
    Weigh,
}

/// <summary>The surroundings of an evaluation. Owned by one worker; not shared.</summary>
internal sealed class EvalContext
{
    private readonly BuilderPool[] _builders = new BuilderPool[64]; // by type
    private readonly Dictionary<(ByteSlice Pattern, RegexOptions Options), SqlPattern> _regexes = [];
    private ulong _buildersUsed; // a bit a type

    private struct BuilderPool
    {
        public List<ColumnBuilder>? Builders;
        public int Used;
    }

    /// <summary>The time of now(), µs since 1970 UTC: the epoch's in a view, the statement's otherwise.</summary>
    public long NowMicros { get; set; }

    /// <summary>The session's time zone.</summary>
    public TimeZoneInfo TimeZone { get; set; } = TimeZoneInfo.Utc;

    /// <summary>The name of the session's user.</summary>
    public string User { get; set; } = "millrace";

    /// <summary>What system information functions look at; null in materialized views.</summary>
    public SystemContext? System { get; set; }

    /// <summary>Random numbers for volatile functions.</summary>
    public Random Random { get; set; } = new(1);

    /// <summary>Memory for texts made while a row is evaluated.</summary>
    public Scratch Scratch { get; } = new();

    /// <summary>The constants of the loop that runs; see <see cref="SharedExpr"/>.</summary>
    public object[] Slots { get; set; } = [];

    /// <summary>Failures turned into NULL so far (<see cref="EvalErrors.Null"/>).</summary>
    public long Errors { get; private set; }

    /// <summary>The message of the last of them.</summary>
    public string? LastError { get; private set; }

    /// <summary>Frees what the row before has made; called once a row.</summary>
    public void NextRow()
    {
        Scratch.Reset();
        while (_buildersUsed != 0)
        {
            _builders[BitOperations.TrailingZeroCount(_buildersUsed)].Used = 0;
            _buildersUsed &= _buildersUsed - 1;
        }
    }

    /// <summary>An empty builder to use within one row.</summary>
    public ColumnBuilder NewBuilder(SqlType type)
    {
        if (type.Id is TypeId.Array or TypeId.Row)
        {
            return ColumnBuilder.For(type);
        }

        ref BuilderPool pool = ref _builders[(int)type.Id];
        pool.Builders ??= [];
        if (pool.Used == pool.Builders.Count)
        {
            pool.Builders.Add(ColumnBuilder.For(SqlType.Of(type.Id)));
        }

        if (pool.Used == 0)
        {
            _buildersUsed |= 1UL << (int)type.Id;
        }

        ColumnBuilder builder = pool.Builders[pool.Used++];
        builder.Reset();
        return builder;
    }

    /// <summary>A compiled regular expression, kept for the next row.</summary>
    public SqlPattern Regex(ByteSlice pattern, RegexOptions options)
    {
        if (!_regexes.TryGetValue((pattern, options), out SqlPattern? regex))
        {
            if (_regexes.Count >= 100)
            {
                _regexes.Clear();
            }

            regex = RegexFunctions.Make(pattern.ToString(), options);
            _regexes.Add((ByteSlice.From(pattern.Span.ToArray()), options), regex);
        }

        return regex;
    }

    /// <summary>The weights of the rows whose failure became NULL, summed up: 0 when all of them were taken back.</summary>
    public long FailedWeight { get; private set; }

    /// <summary>Counts a failure of a row of some weight that became NULL.</summary>
    public void Weigh(SqlException error, long weight)
    {
        FailedWeight += weight;
        Report(error);
    }

    /// <summary>Counts a failure that became NULL.</summary>
    public void Report(SqlException error)
    {
        Errors++;
        LastError = error.Message;
    }

    /// <summary>Takes over the failures counted by another thread.</summary>
    public void Report(EvalContext other)
    {
        Errors += other.Errors;
        LastError ??= other.LastError;
    }
}
