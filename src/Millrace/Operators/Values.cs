// VALUES: constant rows, given once in the first epoch.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>Emits its rows at the end of the first epoch and never again.</summary>
internal sealed class Values : Operator
{
    private readonly CompiledExpressions[] _rows;
    private readonly EvalContext _context;
    private readonly int _count;
    private bool _done;

    public Values(IReadOnlyList<IReadOnlyList<ScalarExpr>> rows, Schema columns, EvalErrors errors, EvalContext context)
        : base(columns)
    {
        _context = context;
        _count = rows.Count;
        _rows = columns.Count == 0 ? [] : [.. rows.Select(r => CompiledExpressions.Compile(r, Schema.Empty, errors))];
    }

    /// <inheritdoc/>
    public override string Name => "Values";

    /// <inheritdoc/>
    public override string Detail => _count == 1 ? "1 row" : $"{_count} rows";

    /// <inheritdoc/>
    public override void Process(int port, Batch input, IOutput output) => Check.Fail("VALUES has no input");

    /// <inheritdoc/>
    public override void EndEpoch(in EpochInfo epoch, IOutput output)
    {
        if (_done)
        {
            return;
        }

        _done = true;
        var builder = new BatchBuilder(Columns);
        var nothing = new Batch([], 1);
        foreach (CompiledExpressions row in _rows)
        {
            row.Run(nothing, builder.Columns, _context);
        }

        builder.EndRows(_count);
        output.Emit(builder.View());
    }

    /// <inheritdoc/>
    public override void Save(ByteWriter writer) => writer.WriteByte(_done ? (byte)1 : (byte)0);

    /// <inheritdoc/>
    public override void Load(ref ByteReader reader) => _done = reader.ReadByte() != 0;
}
