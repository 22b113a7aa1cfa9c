// SELECT's expressions: one column each; columns that are only renamed or reordered are passed on as they are.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>Computes expressions over each row; linear, so weights pass through.</summary>
internal sealed class Project : Operator
{
    private readonly int[] _source; // the input column, or −1 − the computed column
    private readonly CompiledExpressions? _compiled;
    private readonly ColumnBuilder[] _builders;
    private readonly Column[] _columns;
    private readonly EvalContext _context;
    private readonly Func<string> _detail;

    public Project(IReadOnlyList<ScalarExpr> expressions, Schema input, Schema columns, EvalErrors errors, EvalContext context)
        : base(columns)
    {
        _context = context;
        _source = new int[expressions.Count];
        _columns = new Column[expressions.Count];
        var computed = new List<ScalarExpr>();
        for (int i = 0; i < _source.Length; i++)
        {
            if (expressions[i] is ColumnExpr column)
            {
                _source[i] = column.Index;
            }
            else
            {
                _source[i] = -1 - computed.Count;
                computed.Add(expressions[i]);
            }
        }

        _builders = [.. computed.Select(e => ColumnBuilder.For(e.Type))];
        _compiled = computed.Count == 0 ? null : CompiledExpressions.Compile(computed, input, errors);
        _detail = () => string.Join(", ", expressions.Select(e => PlanText.Of(e, input)));
    }

    /// <inheritdoc/>
    public override string Name => "Project";

    /// <inheritdoc/>
    public override string Detail => _detail();

    /// <inheritdoc/>
    public override void Process(int port, Batch input, IOutput output)
    {
        if (_compiled is not null)
        {
            foreach (ColumnBuilder builder in _builders)
            {
                builder.Reset();
            }

            _compiled.Run(input, _builders, _context);
        }

        for (int i = 0; i < _columns.Length; i++)
        {
            _columns[i] = _source[i] >= 0 ? input.Columns[_source[i]] : _builders[-1 - _source[i]].View();
        }

        output.Emit(new Batch(_columns, input.Count, input.Weights));
    }
}
